/* json_mask.h - which bytes of a block of 64 mean something to JSON.  Private to this room. */
#ifndef SEKISHO_UNWRAP_JSON_MASK_H
#define SEKISHO_UNWRAP_JSON_MASK_H

#include <stddef.h>
#include <stdint.h>

#define JSON_BLOCK 64

/* One bit per byte, the first byte's is the lowest.  Strings are not known here. */
struct json_masks {
	uint64_t quote, backslash;
	uint64_t open, close; /* '{' '[', '}' ']' */
	uint64_t colon, comma;
	uint64_t space;  /* and tab, CR, LF */
	uint64_t number; /* what a number may begin with: a digit, '-', '+', '.' */
	uint64_t zero, u;
	uint64_t odd; /* '%', 0x1f: something else may be coded here */
};

/* Of len (at most JSON_BLOCK) bytes at p; nothing behind them is read. */
void json_masks(const uint8_t *p, size_t len, struct json_masks *out);

/* The same in plain C: what runs on other machines, and the fast ones' twin. */
void json_masks_plain(const uint8_t *p, size_t len, struct json_masks *out);
#ifdef __x86_64__
void json_masks_avx2(const uint8_t *p, size_t len, struct json_masks *out);
void json_masks_avx512(const uint8_t *p, size_t len, struct json_masks *out);
#endif

#endif
