/* Goal: a set keeps the smallest values, ascending, whatever their order and
 * however they crowd.  Oracle: qsort() of all values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>

#include "detect/card_set.h"

#define MANY 20000

static struct card_set set;
static uint64_t value[MANY];

static uint64_t next(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return *seed ^ *seed >> 29;
}

static void fill(uint32_t count, uint64_t crowd)
{
	uint64_t seed = 20261121;

	for (uint32_t i = 0; i < count; i++)
		value[i] = next(&seed) & ~crowd;
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void shuffle(uint32_t count, uint64_t seed)
{
	for (uint32_t i = count; i-- > 1;) {
		uint32_t other = (uint32_t)(next(&seed) >> 33) % (i + 1);
		uint64_t swap = value[i];
		value[i] = value[other];
		value[other] = swap;
	}
}

static void add(uint64_t quick)
{
	struct fact_card card = {.quick = quick, .digits = (uint8_t)(quick & 31)};

	if (card_set_wants(&set, quick))
		card_set_add(&set, &card);
}

static void add_all(uint32_t count, uint32_t most)
{
	card_set_start(&set, most);
	for (uint32_t i = 0; i < count; i++)
		add(value[i]);
	for (uint32_t i = 0; i < count; i++)
		add(value[i]); /* known ones change nothing */
}

/* value[] is sorted and distinct. */
static void holds(uint32_t count)
{
	const struct fact_card *card;
	uint32_t slot = 0, seen = 0;

	assert_int_equal(set.count, count);
	while ((card = card_set_next(&set, &slot)) != NULL) {
		assert_true(seen < count);
		assert_int_equal(card->quick, value[seen]);
		assert_int_equal(card->digits, value[seen] & 31);
		seen++;
	}
	assert_int_equal(seen, count);
}

static void in_any_order_the_smallest_are_kept(void **state)
{
	static const uint32_t most[] = {1, 2, 65, 100, 1000, FACT_DISTINCT_MAX};

	(void)state;
	for (size_t m = 0; m < sizeof(most) / sizeof(most[0]); m++) {
		for (uint64_t seed = 1; seed <= 3; seed++) {
			fill(MANY, 0);
			shuffle(MANY, seed);
			add_all(MANY, most[m]);
			qsort(value, MANY, sizeof(value[0]), by_value);
			assert_true(set.over);
			holds(most[m]);
		}
	}
}

static void at_the_limit_none_is_missing(void **state)
{
	(void)state;
	fill(FACT_DISTINCT_MAX, 0);
	add_all(FACT_DISTINCT_MAX, FACT_DISTINCT_MAX);
	assert_false(set.over);
	add(UINT64_MAX);
	assert_true(set.over);
	qsort(value, FACT_DISTINCT_MAX, sizeof(value[0]), by_value);
	holds(FACT_DISTINCT_MAX);
}

static void ascending_and_descending_values_are_kept(void **state)
{
	(void)state;
	for (int turn = 0; turn < 2; turn++) {
		fill(3000, 0);
		qsort(value, 3000, sizeof(value[0]), by_value);
		card_set_start(&set, 1000);
		for (uint32_t i = 0; i < 3000; i++)
			add(value[turn == 0 ? i : 2999 - i]);
		holds(1000);
	}
}

static void values_of_one_place_crowd_and_are_kept(void **state)
{
	(void)state;
	fill(120, UINT64_C(0xffff) << 48); /* all in the first place */
	add_all(120, 1000);
	qsort(value, 120, sizeof(value[0]), by_value);
	assert_false(set.over);
	holds(120);
}

static void what_finds_no_place_is_missing_and_said(void **state)
{
	(void)state;
	card_set_start(&set, 1000);
	for (uint64_t i = 0; i < 200; i++)
		add(UINT64_MAX - i); /* the last place: 129 slots */
	assert_true(set.over);
	assert_in_range(set.count, 1, 129);
}

/* -m ln(1 - set / m), by python3: round(-8192 * math.log(1 - set / 8192)) */
static void an_estimate_is_that_of_linear_counting(void **state)
{
	static const uint32_t want[][2] = {
		{0, 0}, {1, 1}, {64, 64}, {4096, 5678}, {7000, 15790}, {8000, 30748}};

	(void)state;
	for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		uint32_t got = card_estimate(want[i][0], 8192);
		uint32_t off = got > want[i][1] ? got - want[i][1] : want[i][1] - got;
		assert_true(off <= 1 + want[i][1] / 500);
		assert_true(got >= want[i][0]);
	}
	assert_true(card_estimate(8192, 8192) > card_estimate(8191, 8192));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_any_order_the_smallest_are_kept),
		cmocka_unit_test(at_the_limit_none_is_missing),
		cmocka_unit_test(ascending_and_descending_values_are_kept),
		cmocka_unit_test(values_of_one_place_crowd_and_are_kept),
		cmocka_unit_test(what_finds_no_place_is_missing_and_said),
		cmocka_unit_test(an_estimate_is_that_of_linear_counting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
