/* sign.h - the first pass over every byte for codings: where could something be written in one?
 * Private to this room.
 *
 * Works in blocks of SIGN_BLOCK bytes without state between them: every stretch that a coding of
 * codec/coding.def finds is so long or so dense that one of its first SIGN_LATE bytes lies in a
 * block with its sign, wherever the blocks begin. */
#ifndef SEKISHO_PAN_SIGN_H
#define SEKISHO_PAN_SIGN_H

#include "base/bytes.h"

#define SIGN_BLOCK 64
#define SIGN_LATE 192
#define SIGN_SEEN (2 * SIGN_BLOCK) /* bytes that are read for a block */

/* Consecutive blocks with any sign; one without between them does not part them. */
struct sign_region {
	size_t from, to;
	unsigned signs; /* enum sign (codec/coding.h), of all of them */
};

/* The next region that begins at or behind from with any of the signs wanted; false: none. */
bool sign_next(struct bytes buf, size_t from, unsigned wanted, struct sign_region *out);

/* Signs of one block, from which on SIGN_SEEN bytes can be read: the same in plain C, which is
 * what the fast ones are tested against, and for the processors that have them. */
unsigned sign_block_plain(const uint8_t *block, unsigned wanted);
#ifdef __x86_64__
unsigned sign_block_avx2(const uint8_t *block, unsigned wanted);
unsigned sign_block_avx512(const uint8_t *block, unsigned wanted);
#endif

#endif
