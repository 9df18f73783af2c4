/* Goal: threads are joined by the named edges only, at their limits, and the
 * order in which they stand changes nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correlate/component.h"

#define DAY (INT64_C(86400) * 1000000000)
#define ROWS 40

static struct component_thread row(
	int64_t thread, const char *family, const char *sink, int64_t first, int64_t last)
{
	return (struct component_thread){.thread = thread,
		.family = family,
		.sink = sink,
		.server = "203.0.113.10",
		.first = first,
		.last = last};
}

static bool pair_joined(struct component_thread a, struct component_thread b)
{
	struct component_thread forth[2] = {a, b}, back[2] = {b, a};

	component_find(forth, 2);
	component_find(back, 2);
	assert_int_equal(forth[0].root == forth[1].root, back[0].root == back[1].root);
	return forth[0].root == forth[1].root;
}

static void same_sink_joins_up_to_ninety_days(void **state)
{
	struct component_thread theft = row(1, "theft", "a.example", 1000 * DAY, 1001 * DAY);

	(void)state;
	assert_true(pair_joined(theft, row(2, "bulk", "a.example", 1091 * DAY, 1092 * DAY)));
	assert_false(pair_joined(theft, row(2, "bulk", "a.example", 1091 * DAY + 1, 1092 * DAY)));
	assert_true(pair_joined(theft, row(2, "bulk", "a.example", 900 * DAY, 910 * DAY)));
	assert_false(pair_joined(theft, row(2, "bulk", "a.example", 900 * DAY, 910 * DAY - 1)));
	assert_false(pair_joined(theft, row(2, "theft", "b.example", 1000 * DAY, 1001 * DAY)));
}

static void a_foothold_joins_seven_days_before_or_during_theft(void **state)
{
	struct component_thread theft = row(1, "theft", "a.example", 1000 * DAY, 1001 * DAY);
	struct component_thread elsewhere = row(2, "foothold", "b", 1000 * DAY, 1001 * DAY);

	(void)state;
	assert_true(pair_joined(theft, row(2, "foothold", "b", 900 * DAY, 993 * DAY)));
	assert_false(pair_joined(theft, row(2, "foothold", "b", 900 * DAY, 993 * DAY - 1)));
	assert_true(pair_joined(theft, row(2, "foothold", "b", 1001 * DAY, 1002 * DAY)));
	assert_false(pair_joined(theft, row(2, "foothold", "b", 1001 * DAY + 1, 1002 * DAY)));
	assert_false(pair_joined(theft, row(2, "bulk", "b", 1000 * DAY, 1001 * DAY)));
	elsewhere.server = "203.0.113.11";
	assert_false(pair_joined(theft, elsewhere));
}

static void rows_of_one_thread_stay_together(void **state)
{
	(void)state;
	assert_true(pair_joined(
		row(1, "theft", "a", 0, 0), row(1, "theft", "b", 500 * DAY, 500 * DAY)));
}

static uint32_t next(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void shuffled_rows_give_the_same_components(void **state)
{
	static const char *const families[] = {"theft", "foothold", "bulk"};
	static const char *const sinks[] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	static const char *const servers[] = {"1", "2", "3", "4"};
	struct component_thread rows[ROWS], shuffled[ROWS];
	uint32_t seed = 7;

	(void)state;
	for (size_t i = 0; i < ROWS; i++) {
		rows[i] = row((int64_t)i, families[next(&seed) % 3], sinks[next(&seed) % 8],
			(int64_t)(next(&seed) % 900) * DAY, 0);
		rows[i].server = servers[next(&seed) % 4];
		rows[i].last = rows[i].first + (int64_t)(next(&seed) % 5) * DAY;
	}
	component_find(rows, ROWS);
	for (int round = 0; round < 50; round++) {
		size_t place[ROWS];

		for (size_t i = 0; i < ROWS; i++) {
			size_t k = next(&seed) % (i + 1);

			shuffled[i] = shuffled[k];
			shuffled[k] = rows[i];
		}
		for (size_t i = 0; i < ROWS; i++)
			place[shuffled[i].thread] = i;
		component_find(shuffled, ROWS);
		for (size_t i = 0; i < ROWS; i++) {
			for (size_t k = 0; k < i; k++)
				assert_int_equal(rows[i].root == rows[k].root,
					shuffled[place[i]].root == shuffled[place[k]].root);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_sink_joins_up_to_ninety_days),
		cmocka_unit_test(a_foothold_joins_seven_days_before_or_during_theft),
		cmocka_unit_test(rows_of_one_thread_stay_together),
		cmocka_unit_test(shuffled_rows_give_the_same_components),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
