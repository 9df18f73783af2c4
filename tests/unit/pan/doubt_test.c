/* Goal: every number of a text is told with what it lacks to be a card, and one that lacks nothing
 * is one that pan_find() tells.  Method: numbers that lack one thing each; random texts, against
 * the naive finder. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "pan/doubt.h"
#include "pan/fixture.h"

#define TEXT_MAX 400
#define ROUNDS 4000

/* Published test numbers, or none of any issuer. */
static const struct {
	const char *text;
	size_t digits; /* 0: no number is told */
	unsigned lacks;
} rows[] = {
	{"pan=4012888888881881&x", 16, 0},
	{"4012-8888-8888-1881", 16, 0},
	{"3782 822463 10005", 15, 0},
	{"a=%224012888888881881%22", 18, 0},
	{"pan=4012888888881882&x", 16, PAN_LACKS_CHECK},
	{"4012 8888 8888 1882", 16, PAN_LACKS_CHECK},
	{"id AB4012888888881881", 16, PAN_LACKS_EDGE},
	{"id AB4012888888881882", 16, PAN_LACKS_EDGE | PAN_LACKS_CHECK},
	{"4012888888881881.25", 16, PAN_LACKS_EDGE},
	{"4012-88888888-1881", 16, PAN_LACKS_GROUPS},
	{"n 40128888888818 n", 14, PAN_LACKS_LENGTH},
	{"n 40128888888818810000000 n", 23, PAN_LACKS_LENGTH},
	{"n 7112345678901234 n", 16, PAN_LACKS_ISSUER},
	{"n 7112345678 n", 10, PAN_LACKS_LENGTH | PAN_LACKS_ISSUER},
	{"n 123456789 n", 0, 0},
	{"2026-11-21 10:33", 0, 0},
	{"192.168.1.20 and 10.0.0.1", 0, 0},
	{"", 0, 0},
};

static bool first(const char *text, struct pan_doubt *out)
{
	const struct pan_doubtful what = {
		.buf = guarded(text, strlen(text)), .before_start = true, .after_end = true};

	return pan_doubt_next(fixture_table(), &what, 0, out);
}

static void each_thing_that_is_lacking_is_named(void **unused)
{
	struct pan_doubt doubt;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		bool told = first(rows[i].text, &doubt);
		if (told != (rows[i].digits > 0) ||
			(told && (doubt.digits != rows[i].digits || doubt.lacks != rows[i].lacks)))
			fail_msg("%s: %d, %zu digits, lacks %x", rows[i].text, told, doubt.digits,
				doubt.lacks);
	}
}

static void too_few_different_digits_are_a_placeholder(void **unused)
{
	char text[] = "n 4422442244224420 n";
	struct pan_doubt doubt;

	(void)unused;
	while (!pan_luhn(text + 2, 16))
		text[17]++;
	assert_true(first(text, &doubt));
	assert_int_equal(doubt.lacks, PAN_LACKS_VARIETY);
}

static void all_numbers_come_in_order_and_once(void **unused)
{
	static const char text[] = "4012888888881881,4012888888881882;7112345678901234";
	const struct pan_doubtful what = {
		.buf = bytes_text(text), .before_start = true, .after_end = true};
	struct pan_doubt doubt;
	size_t at = 0, count = 0;

	(void)unused;
	while (pan_doubt_next(fixture_table(), &what, at, &doubt)) {
		assert_int_equal(doubt.off, count * 17);
		assert_int_equal(doubt.len, 16);
		at = doubt.off + doubt.len;
		count++;
	}
	assert_int_equal(count, 3);
}

static void a_number_at_an_end_that_is_none_is_left_out(void **unused)
{
	static const char text[] = "4012888888881882 4012888888881882";
	const struct pan_doubtful what = {.buf = bytes_text(text)};
	struct pan_doubt doubt;

	(void)unused;
	assert_false(pan_doubt_next(fixture_table(), &what, 0, &doubt));
}

static void every_prefix_is_read(void **unused)
{
	struct pan_doubt doubt;

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (size_t len = 0; len <= strlen(rows[i].text); len++) {
			const struct pan_doubtful what = {.buf = guarded(rows[i].text, len)};
			if (pan_doubt_next(fixture_table(), &what, 0, &doubt))
				assert_true(doubt.off + doubt.len <= len && doubt.len > 0);
		}
	}
}

static size_t random_text(uint64_t *state, char *out)
{
	static const char other[] = " -.,=&a\"\n";
	size_t len = 0;
	char card[20];
	const struct naive_issuer *issuers;
	size_t count = naive_issuers(&issuers);

	while (len < TEXT_MAX - 40) {
		switch (fixture_below(state, 4)) {
		case 0:
			if (naive_card(state, &issuers[fixture_below(state, count)], 0, card))
				len += (size_t)snprintf(out + len, 20, "%s", card);
			break;
		case 1:
			for (uint64_t n = fixture_below(state, 20); n > 0; n--)
				out[len++] = (char)('0' + fixture_below(state, 10));
			break;
		default:
			out[len++] = other[fixture_below(state, sizeof(other) - 1)];
		}
	}
	return len;
}

static bool overlaps(const struct naive_hit *hits, size_t count, const struct pan_doubt *doubt)
{
	for (size_t i = 0; i < count; i++)
		if (hits[i].off < doubt->off + doubt->len && doubt->off < hits[i].off + hits[i].len)
			return true;
	return false;
}

static void what_lacks_nothing_is_what_the_naive_finder_finds(void **unused)
{
	static struct naive_hit hits[NAIVE_HITS_MAX];
	static char text[TEXT_MAX];
	uint64_t state = 7;
	size_t told = 0, good = 0;

	(void)unused;
	for (int round = 0; round < ROUNDS; round++) {
		size_t len = random_text(&state, text), at = 0;
		size_t count = naive_find(bytes_of(text, len), hits);
		const struct pan_doubtful what = {
			.buf = guarded(text, len), .before_start = true, .after_end = true};
		struct pan_doubt doubt;
		while (pan_doubt_next(fixture_table(), &what, at, &doubt)) {
			bool found = overlaps(hits, count, &doubt);
			if (found != (doubt.lacks == 0))
				fail_msg("%.*s at %zu: lacks %x", (int)len, text, doubt.off,
					doubt.lacks);
			at = doubt.off + doubt.len;
			told++;
			good += found;
		}
	}
	assert_true(good > ROUNDS && told > 2 * good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_thing_that_is_lacking_is_named),
		cmocka_unit_test(too_few_different_digits_are_a_placeholder),
		cmocka_unit_test(all_numbers_come_in_order_and_once),
		cmocka_unit_test(a_number_at_an_end_that_is_none_is_left_out),
		cmocka_unit_test(every_prefix_is_read),
		cmocka_unit_test(what_lacks_nothing_is_what_the_naive_finder_finds),
	};

	return cmocka_run_group_tests_name("pan doubt", tests, NULL, NULL);
}
