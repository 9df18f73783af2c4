/* doubt.h - the numbers of a text one by one, and what each lacks to be a card: for people who ask
 * why something was not found.
 *
 * Never on the road of packets: a look at a number costs several of pan_find()'s.
 * No digit leaves it; scratch is wiped. */
#ifndef SEKISHO_PAN_DOUBT_H
#define SEKISHO_PAN_DOUBT_H

#include "pan/pan.h"

#define PAN_DOUBT_DIGITS 10 /* what is shorter nobody takes for a card's number */

struct pan_doubtful {
	struct bytes buf;
	bool before_start, after_end; /* as pan_find() has it */
};

enum pan_lack {
	PAN_LACKS_EDGE = 1,    /* it is a part of something longer */
	PAN_LACKS_CHECK = 2,   /* its check digit (Luhn) is another */
	PAN_LACKS_VARIETY = 4, /* fewer than four different digits: a placeholder */
	PAN_LACKS_GROUPS = 8,  /* no card is written in groups of these lengths */
	PAN_LACKS_ISSUER = 16, /* no issuer's range begins so */
	PAN_LACKS_LENGTH = 32, /* that issuer's cards, or all, are shorter or longer */
};

struct pan_doubt {
	size_t off, len; /* separators included */
	size_t digits;
	unsigned lacks; /* enum pan_lack bits; 0: pan_find() tells it, or one that overlaps it */
};

/* The first number that begins at or behind from: PAN_DOUBT_DIGITS digits or more in a row, or 13
 * to 19 in groups; what runs into an end that is none is left out.  False: there is none. */
bool pan_doubt_next(const struct pan_table *table, const struct pan_doubtful *text, size_t from,
	struct pan_doubt *out);

#endif
