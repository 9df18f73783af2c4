/* verify.h - is this sequence of digits the number of a card?  Private to this room. */
#ifndef SEKISHO_PAN_VERIFY_H
#define SEKISHO_PAN_VERIFY_H

#include "pan/pan.h"

struct pan_match {
	uint64_t why; /* format or weak format, test, test-like, date-like */
	uint8_t brand, tier, shown;
};

enum pan_verdict {
	PAN_FAILED,      /* no issuer, or the check digit is wrong */
	PAN_PLACEHOLDER, /* valid, but fewer than 4 distinct digits and no test number */
	PAN_CARD,
};

/* digits: ASCII, count of them. match is set for PAN_CARD only. */
enum pan_verdict pan_verify(
	const struct pan_table *table, const char *digits, size_t count, struct pan_match *match);

#endif
