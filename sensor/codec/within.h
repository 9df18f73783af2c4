/* within.h - is a text that a searched key gave written in a coding itself?  Private to this
 * room. */
#ifndef SEKISHO_CODEC_WITHIN_H
#define SEKISHO_CODEC_WITHIN_H

#include "codec/coding.h"

#define WITHIN_BYTES 192 /* no more than these are looked at */

#define WITHIN_PROVEN 1000 /* more than any look: a word or a number of a record came out */

/* look_of() what came out, and WITHIN_PROVEN. */
int within_look(struct bytes out);

/* What comes out of the one among all codings of text (the layers in mask, bits; all if 0) that
 * gives what is the clearest: within_look() of it; 0: the text is in none. */
int within(struct bytes text, uint64_t mask);

static inline uint64_t within_bit(enum layer layer)
{
	return UINT64_C(1) << layer;
}

#endif
