/* bytes.h - a borrowed run of bytes, and the few things done with one.
 *
 * A struct bytes never owns: it is valid as long as what it was cut from.
 * The bytes are hostile unless a header says otherwise; there is no
 * terminating NUL. */
#ifndef SEKISHO_BASE_BYTES_H
#define SEKISHO_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct bytes {
	const uint8_t *ptr; /* may be NULL only if len is 0 */
	size_t len;
};

static inline struct bytes bytes_of(const void *ptr, size_t len)
{
	return (struct bytes){.ptr = ptr, .len = len};
}

/* A NUL-terminated text as bytes, without its NUL. */
static inline struct bytes bytes_text(const char *text)
{
	return (struct bytes){.ptr = (const uint8_t *)text, .len = strlen(text)};
}

static inline bool bytes_equal(struct bytes a, struct bytes b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

/* The part from off on; empty if off lies beyond the end. */
static inline struct bytes bytes_skip(struct bytes a, size_t off)
{
	return off >= a.len ? (struct bytes){.ptr = NULL, .len = 0}
			    : (struct bytes){.ptr = a.ptr + off, .len = a.len - off};
}

/* At most the first len bytes. */
static inline struct bytes bytes_head(struct bytes a, size_t len)
{
	return (struct bytes){.ptr = a.ptr, .len = a.len < len ? a.len : len};
}

static inline uint8_t byte_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

/* A copy with ASCII letters in lower case, to as many bytes as a has; may be in place. */
void bytes_lower(uint8_t *out, struct bytes a);

/* Equal but for ASCII case. */
bool bytes_equal_nocase(struct bytes a, struct bytes b);

/* True if a begins with the text (ASCII case ignored by the second). */
static inline bool bytes_starts(struct bytes a, const char *text)
{
	size_t len = strlen(text);

	return a.len >= len && memcmp(a.ptr, text, len) == 0;
}

bool bytes_starts_nocase(struct bytes a, const char *text);

/* First place of needle in hay, or SIZE_MAX.  An empty needle is found at 0. */
size_t bytes_find(struct bytes hay, struct bytes needle);

/* First place of the byte in a, or SIZE_MAX. */
size_t bytes_find_byte(struct bytes a, uint8_t byte);

/* Without leading and trailing SP, HTAB, CR and LF. */
struct bytes bytes_trim(struct bytes a);

#endif
