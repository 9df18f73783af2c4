/* image.h - the layout of the section "cards": offsets only, machine's byte
 * order, made and read on the same machine.  Private to this room. */
#ifndef SEKISHO_PAN_IMAGE_H
#define SEKISHO_PAN_IMAGE_H

#include <assert.h>

#include "pan/pan.h"

#define CARD_MAGIC "SEKCARD1"
#define CARD_BRANDS_MAX 64
#define CARD_BRAND_TEXT 24
#define CARD_ROWS_MAX 4096
#define CARD_TESTS_MAX 4096
#define CARD_WORDS_MAX 4096
#define CARD_WORD_TEXT 64
#define CARD_LIST_MAX 60000
#define CARD_LIST_TEST 0x8000u /* list item: a test number, else an issuer row */
#define CARD_PREFIXES 10000    /* 4 digits */
#define CARD_DIGITS_MIN 12
#define CARD_DIGITS_MAX 19

struct card_row {
	uint32_t low, high; /* first 8 digits */
	uint8_t lengths;    /* bit n: CARD_DIGITS_MIN + n digits */
	uint8_t tier;       /* 1, 2 */
	uint8_t luhn;       /* 1: the check digit is checked */
	uint8_t brand;
	uint8_t prefix_len;
	uint8_t shown; /* 6 or 8 */
	uint8_t zero[2];
};

struct card_test {
	uint64_t number;
	uint8_t digits, brand, zero[6];
};

enum word_match { WORD_EXACT, WORD_END, WORD_PART, WORD_MATCH_COUNT };

enum word_class { /* bits: a word can be several things */
	WORD_CARD = 1,
	WORD_PARENT = 2,
	WORD_NUMBER = 4,
	WORD_EXPIRY = 8,
	WORD_DATEPART = 16,
	WORD_CODE = 32,
	WORD_HOLDER = 64,
	WORD_POSTAL = 128,
	WORD_DECOY = 256,
	WORD_SKIP = 512,
};

struct card_word {          /* in the order of edge */
	uint16_t class_bit; /* enum word_class */
	uint8_t match;      /* enum word_match */
	uint8_t edge;       /* last byte of the word; its first for WORD_PART */
	uint8_t len;
	char text[CARD_WORD_TEXT - 5];
};

struct card_image {
	char magic[8]; /* no NUL */
	uint32_t size; /* of the whole image */
	uint32_t brand_cnt, row_cnt, list_cnt, test_cnt, word_cnt;
	uint32_t brand_off, row_off, list_off, test_off, word_off, zero;
	uint16_t first[CARD_PREFIXES + 4]; /* list items of prefix p: first[p] to first[p + 1] */
};

static_assert(sizeof(struct card_row) == 16, "no holes");
static_assert(sizeof(struct card_test) == 16, "no holes");
static_assert(sizeof(struct card_word) == CARD_WORD_TEXT, "no holes");
static_assert(sizeof(struct card_image) % 8 == 0, "tables behind the head are aligned");
static_assert(CARD_ROWS_MAX < CARD_LIST_TEST && CARD_TESTS_MAX < CARD_LIST_TEST, "fits an item");

static inline const struct card_image *card_image(const struct pan_table *table)
{
	return (const struct card_image *)(const void *)table->image.ptr;
}

static inline const void *card_part(const struct pan_table *table, uint32_t off)
{
	return table->image.ptr + off;
}

#endif
