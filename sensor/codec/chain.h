/* chain.h - texts in which single bytes are spelt out by escapes: percent, \x, &#; and the like.
 *
 * A stretch is a chain of escapes with little between them, and what stands next to it, so that
 * a key comes out together with its value; nothing reaches over an empty line. */
#ifndef SEKISHO_CODEC_CHAIN_H
#define SEKISHO_CODEC_CHAIN_H

#include "codec/coding.h"

#define ESCAPE_MAX 56 /* bytes of the longest, digits of ISO-2022-JP */
#define PUT_MAX 64    /* .. and of what one means */
#define ANY_WIDE 0    /* a lead: ESC, and whatever is not ASCII */

struct escape {
	size_t len;  /* 0: none stands there */
	bool strong; /* nothing else is written so; weak ones count only beside such */
	bool alone;  /* one is enough */
};

struct escapes {
	uint8_t lead;  /* the byte that each begins with, or ANY_WIDE */
	size_t gap;    /* literal bytes that may stand between two */
	size_t beside; /* literal bytes on each side that come along */
	struct escape (*at)(struct bytes buf, size_t at);
	/* What an escape of that length means, at most PUT_MAX bytes; returns how many. */
	size_t (*put)(const uint8_t *escape, size_t len, uint8_t *out);
	/* Whether a chain has what is wanted; NULL: two escapes, or one beside a number. */
	bool (*holds)(struct bytes chain);
};

#define CHAIN_GAP 24
#define CHAIN_BESIDE 64

bool chain_find(const struct escapes *escapes, struct bytes buf, size_t from, struct stretch *out);
/* From the first escape of a stretch to the last. */
struct bytes chain_core(const struct escapes *escapes, struct bytes coded);
size_t chain_decode(const struct escapes *escapes, struct bytes coded, uint8_t *out, size_t room);

#endif
