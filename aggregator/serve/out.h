/* out.h - JSON answers: a buffer that grows, ASCII out for any text in.
 *
 * Texts from the store are valid UTF-8 that a stranger chose: all beyond ASCII
 * and all controls leave as \uXXXX.  Errors (out of memory, more than
 * OUT_MAX) are sticky: failed is set, and text is no answer. */
#ifndef SEKISHO_SERVE_OUT_H
#define SEKISHO_SERVE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OUT_MAX (64u << 20)

struct out {
	char *text; /* NUL-terminated, owned: out_drop(), or whoever takes it over */
	size_t len, size;
	bool comma, failed;
};

/* name: NULL inside an array. */
void out_open(struct out *out, const char *name, char bracket); /* '{' or '[' */
void out_close(struct out *out, char bracket);                  /* '}' or ']' */
void out_string(struct out *out, const char *name, const char *text);
void out_int(struct out *out, const char *name, int64_t value);
void out_real(struct out *out, const char *name, double value);                 /* one decimal */
void out_share(struct out *out, const char *name, int64_t part, int64_t whole); /* 5 decimals */
void out_bool(struct out *out, const char *name, bool value);
void out_null(struct out *out, const char *name);
void out_time(struct out *out, const char *name, int64_t ns); /* 0: null */
void out_hex(struct out *out, const char *name, uint64_t value);
/* Words that stand in text with spaces between, as an array. */
void out_words(struct out *out, const char *name, const char *text);
/* JSON as it is. */
void out_raw(struct out *out, const char *name, const char *json);
void out_drop(struct out *out);

#endif
