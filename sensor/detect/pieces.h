/* pieces.h - what was cut into the labels of several names, put together again.
 *
 * Names stand without their domain.  Labels that all end with are dropped, then the label that
 * counts, by which they are put in order (`2`, `s2`; without one: as they came).  What is left of
 * each is joined: all of it, and its first and its last label alone, as a further one may be by
 * chance or say nothing.
 * Pure functions; nothing is kept, time is bounded by PIECES_NAMES and PIECES_ROOM. */
#ifndef SEKISHO_DETECT_PIECES_H
#define SEKISHO_DETECT_PIECES_H

#include "base/bytes.h"

#define PIECES_NAMES 32
#define PIECES_ROOM 2048 /* bytes of all names of a set together */

struct pieces {
	struct bytes name[PIECES_NAMES]; /* as they came, the last is the newest */
	uint32_t count;                  /* 1..PIECES_NAMES */
};

/* What belongs together with the newest, in order. */
struct pieces_order {
	struct bytes rest[PIECES_NAMES]; /* of each name, without what all end with */
	uint8_t from[PIECES_NAMES];      /* which name it is */
	uint32_t count;                  /* less than 2: there is nothing to join */
	uint32_t column; /* of the label that counts, from the right; PIECES_LEFTMOST: the first */
	uint32_t first;  /* what it begins with */
	bool last_ones;  /* they are the last that came, whatever their order */
};
#define PIECES_LEFTMOST 4
#define PIECES_UNCOUNTED 5 /* column: none counts */

enum pieces_way { PIECES_WHOLE, PIECES_LEFT, PIECES_RIGHT, PIECES_WAYS };

struct pieces_text {
	size_t len; /* 0: nothing, or what another way shows */
	/* Numbers of it may be taken as they stand: the last names that came count from 0 or 1,
	 * and have one label of digits besides, all of one length but for the last.  Digits that
	 * only stand in different names, as those of addresses that are asked about, are none. */
	bool plain;
	uint8_t data[PIECES_ROOM];
};

void pieces_sort(const struct pieces *pieces, struct pieces_order *out);
void pieces_join(const struct pieces_order *order, enum pieces_way way, struct pieces_text *out);

/* Bytes of the name that its domain leaves, without the dot between: the domain is its last two
 * labels, or three where the second last is one under which a country registers (co.jp). */
size_t pieces_domain(struct bytes name);
/* It may carry something: a label before the domain has a digit, capitals among small letters, or
 * is long. */
bool pieces_carries(struct bytes rest);

#endif
