#include "pan/verify.h"

#include "base/why.h"
#include "codec/crib.h"
#include "pan/image.h"

#define DISTINCT_MIN 4

static unsigned digit_of(char c)
{
	return (unsigned)(c - '0');
}

static uint32_t number_of(const char *digits, size_t count)
{
	uint32_t value = 0;

	for (size_t i = 0; i < count; i++)
		value = value * 10 + digit_of(digits[i]);
	return value;
}

static unsigned distinct(const char *digits, size_t count)
{
	unsigned seen = 0;

	for (size_t i = 0; i < count; i++)
		seen |= 1u << digit_of(digits[i]);
	return (unsigned)__builtin_popcount(seen);
}

static bool repeats(const char *digits, size_t count, size_t period)
{
	for (size_t i = period; i < count; i++) {
		if (digits[i] != digits[i - period])
			return false;
	}
	return true;
}

/* The account number between issuer and check digit looks typed, not issued: so
 * do nearly all published test numbers, and at most 0.24 % of real ones. */
static bool test_like(const char *digits, size_t count)
{
	const char *middle = digits + 6;
	size_t len = count - 7;

	return distinct(middle, len) <= 3 || repeats(middle, len, 2) || repeats(middle, len, 4);
}

/* yymmddHHMM in front of a 16-digit id, years 2020 to 2039: order and booking
 * numbers look like that. */
static bool date_like(const char *digits, size_t count)
{
	if (count != 16)
		return false;
	uint32_t year = number_of(digits, 2), month = number_of(digits + 2, 2);
	uint32_t day = number_of(digits + 4, 2), hour = number_of(digits + 6, 2);

	return year >= 20 && year <= 39 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
	       hour <= 23 && number_of(digits + 8, 2) <= 59;
}

static bool better(const struct card_row *row, const struct card_row *best)
{
	return best == NULL || row->tier < best->tier ||
	       (row->tier == best->tier && row->prefix_len > best->prefix_len);
}

static bool row_fits(const struct card_row *row, uint32_t head, size_t count)
{
	return head >= row->low && head <= row->high &&
	       (row->lengths >> (count - CARD_DIGITS_MIN) & 1) != 0;
}

static bool is_number(const char *digits, size_t count, uint64_t number)
{
	for (size_t i = count; i > 0; i--, number /= 10) {
		if (digit_of(digits[i - 1]) != number % 10)
			return false;
	}
	return true;
}

struct found {
	const struct card_row *row;
	const struct card_test *test;
};

static struct found look_up(const struct pan_table *table, const char *digits, size_t count)
{
	const struct card_image *image = card_image(table);
	const uint16_t *list = card_part(table, image->list_off);
	const struct card_row *rows = card_part(table, image->row_off);
	const struct card_test *tests = card_part(table, image->test_off);
	uint32_t prefix = number_of(digits, 4);
	uint32_t from = image->first[prefix], to = image->first[prefix + 1];
	struct found found = {.row = NULL, .test = NULL};

	if (from == to)
		return found;
	uint32_t head = number_of(digits, 8);
	for (uint32_t i = from; i < to; i++) {
		if ((list[i] & CARD_LIST_TEST) != 0) {
			const struct card_test *test = &tests[list[i] & ~CARD_LIST_TEST];
			if (test->digits == count && is_number(digits, count, test->number))
				found.test = test;
			continue;
		}
		const struct card_row *row = &rows[list[i]];
		if (row_fits(row, head, count) && better(row, found.row) &&
			(row->luhn == 0 || pan_luhn(digits, count)))
			found.row = row;
	}
	return found;
}

bool pan_luhn(const char *digits, size_t count)
{
	return crib_luhn(digits, count);
}

enum pan_verdict pan_verify(
	const struct pan_table *table, const char *digits, size_t count, struct pan_match *match)
{
	if (count < CARD_DIGITS_MIN || count > CARD_DIGITS_MAX)
		return PAN_FAILED;
	struct found found = look_up(table, digits, count);
	if (found.row == NULL && found.test == NULL)
		return PAN_FAILED;
	if (found.test == NULL && distinct(digits, count) < DISTINCT_MIN)
		return PAN_PLACEHOLDER;
	match->brand = found.row != NULL ? found.row->brand : found.test->brand;
	match->tier = found.row != NULL ? found.row->tier : 2;
	match->shown = found.row != NULL ? found.row->shown : 6;
	match->why = WHY_BIT(match->tier == 1 ? WHY_CARD_FORMAT : WHY_CARD_FORMAT_WEAK);
	if (found.test != NULL)
		match->why |= WHY_BIT(WHY_CARD_TEST);
	else if (test_like(digits, count))
		match->why |= WHY_BIT(WHY_CARD_TEST_LIKE);
	if (date_like(digits, count))
		match->why |= WHY_BIT(WHY_CARD_DATE_LIKE);
	return PAN_CARD;
}
