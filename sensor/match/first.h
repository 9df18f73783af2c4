/* first.h - a first test for short buffers: could any of the literals stand in
 * one?  Private to this room.
 *
 * A call of Hyperscan costs a microsecond before it reads a byte, since its
 * tables are cold by then; most fields of a message are shorter than that is worth.
 * Of each literal one window of a fixed length is put in a set (a Bloom filter
 * of two bits a window, ASCII case ignored); a buffer none of whose windows is in the set
 * holds none of the literals.  The answer "may" is wrong at times, "cannot" never.
 * Image: struct first, then its set; the machine's byte order. */
#ifndef SEKISHO_MATCH_FIRST_H
#define SEKISHO_MATCH_FIRST_H

#include "match/match.h"

#define FIRST_BUFFER_MAX 256 /* longer buffers are not asked about */

struct first {
	uint64_t magic;
	uint32_t set_len; /* bytes, a power of 2; 0: the literals are too short for a test */
	uint32_t window;  /* bytes */
	uint8_t set[];
};

/* Bytes of the image for those literals. */
size_t first_bytes(const struct match_literal literals[], uint32_t count);
/* out: that many zeroed bytes, aligned to 8. */
void first_build(const struct match_literal literals[], uint32_t count, struct first *out);
/* Length of the image at the beginning of bytes; 0: there is none. */
size_t first_check(struct bytes image);
/* False: no literal stands in buf. */
bool first_may(const struct first *first, struct bytes buf);

#endif
