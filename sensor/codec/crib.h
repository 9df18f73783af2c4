/* crib.h - known words of card records, and what proves that a key was the right one.  Whoever
 * searches for a key shows nothing without such a proof: chance gives numbers, no words. */
#ifndef SEKISHO_CODEC_CRIB_H
#define SEKISHO_CODEC_CRIB_H

#include "base/bytes.h"

#define CRIB_COUNT 32

/* Names of a record's fields, as shops and payment providers write them; some forwards, some
 * part of a longer name. */
extern const char *const crib_words[CRIB_COUNT];

/* A number of 13..19 digits, in one run or in groups with equal separators. */
struct crib_number {
	size_t off, len;
	uint8_t count;
	char digits[19];
};

/* The first that begins in [from, text.len). */
bool crib_number(struct bytes text, size_t from, struct crib_number *out);

bool crib_luhn(const char *digits, size_t count);

/* A word of a record in text, in any case. */
bool crib_word(struct bytes text);

/* Numbers with their check digit and an expiry date beside them, or the rest of a stripe. */
size_t crib_records(struct bytes text);
bool crib_record(struct bytes text);

#endif
