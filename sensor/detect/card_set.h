/* card_set.h - distinct cards of one message, or of a flood of messages, beyond
 * the few that a finding carries.
 *
 * Keeps the `most` smallest keyed values, in order, whatever the order they
 * come in: so what it holds is a function of the set alone.  A keyed value's
 * top bits are its place, so adding is constant time even for who chooses the
 * cards.  250 KiB each, from a pool. */
#ifndef SEKISHO_DETECT_CARD_SET_H
#define SEKISHO_DETECT_CARD_SET_H

#include <stdbool.h>

#include "fact/fact.h"

#define CARD_SET_BITS 13
#define CARD_SET_SLOTS ((1u << CARD_SET_BITS) + 128) /* the last ones have somewhere to go */

struct card_set {
	uint32_t count, most;          /* most: at most FACT_DISTINCT_MAX */
	uint32_t top;                  /* slots from here on are empty */
	uint32_t free;                 /* card to be used again + 1, 0 = none */
	bool over;                     /* there were more: some are missing */
	uint16_t slot[CARD_SET_SLOTS]; /* card + 1, ascending by quick; 0 = empty */
	struct fact_card card[FACT_DISTINCT_MAX];
	uint8_t own[FACT_DISTINCT_MAX]; /* bits of the owner's, of each card */
};

void card_set_start(struct card_set *set, uint32_t most);
/* True: a card of that value would be kept, and is not there yet. */
bool card_set_wants(struct card_set *set, uint64_t quick);
/* Adds a card that is wanted; the largest goes if there are most already. */
void card_set_add(struct card_set *set, const struct fact_card *card);
/* Adds bits to the card of that value, if it is there. */
void card_set_note(struct card_set *set, uint64_t quick, uint8_t own);
/* Drops the cards whose bits under mask are not want; after that it is only read. */
void card_set_choose(struct card_set *set, uint8_t mask, uint8_t want);
/* The next at or behind *slot, which moves on; NULL: no more.  Ascending. */
const struct fact_card *card_set_next(const struct card_set *set, uint32_t *slot);

/* How many distinct values set that many of `bits` bits: linear counting (Whang and
 * others 1990), in whole numbers.  At least set. */
uint32_t card_estimate(uint32_t set, uint32_t bits);

#endif
