/* fixture.h - what tests of cards share: the shipped table, random numbers from
 * a seed, cards made from the issuer ranges, and a finder written a second
 * time from what pan.h promises, without a line of sensor/pan in it. */
#ifndef SEKISHO_TEST_PAN_FIXTURE_H
#define SEKISHO_TEST_PAN_FIXTURE_H

#include "pan/pan.h"

/* The table of signatures/cards; aborts with a message if it cannot be built. */
const struct pan_table *fixture_table(void);
const char *fixture_cards_dir(void);

/* xorshift64*; never 0. */
uint64_t fixture_random(uint64_t *state);
uint64_t fixture_below(uint64_t *state, uint64_t limit);

#define NAIVE_HITS_MAX 256

struct naive_hit {
	size_t off, len;
	int tier;
	bool test, grouped, track, chip, split;
	char brand[24];
	char digits[20];
};

struct naive_issuer {
	char brand[24];
	char low[9], high[9]; /* as written */
	int length_low, length_high;
	bool luhn;
	int tier; /* 0 = off */
};

/* The rows of issuers.csv, read by a reader of its own. */
size_t naive_issuers(const struct naive_issuer **rows);

/* All hits of a whole message, in order of offset. */
size_t naive_find(struct bytes text, struct naive_hit hits[static NAIVE_HITS_MAX]);

/* A random card of that row: digits with NUL; length 0 = any allowed. False:
 * the row is off. Never one that a reader would take for a placeholder. */
bool naive_card(uint64_t *state, const struct naive_issuer *row, int length, char out[static 20]);

/* True if the digits are a card by table and check digit (no neighbours). */
bool naive_valid(const char *digits, struct naive_hit *hit);

#endif
