/* restart_test.c - the pause before a child that died is started again, from the times of
 * its starts and deaths alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "keeper/restart.h"

#define MS UINT64_C(1000000)
#define LIVED (60000 * MS)

/* Started, died after that life: the pause in milliseconds. */
static uint64_t pause_after(struct restart *restart, uint64_t *now_ns, uint64_t life_ns)
{
	restart_started(restart, *now_ns);
	assert_int_equal(restart->due_ns, 0);
	*now_ns += life_ns;
	uint64_t pause_ns = restart_died(restart, *now_ns);
	assert_int_equal(restart->due_ns, *now_ns + pause_ns);
	*now_ns += pause_ns;
	return pause_ns / MS;
}

static void one_that_dies_at_once_waits_twice_as_long_each_time_up_to_ten_seconds(void **state)
{
	static const uint64_t pauses[] = {
		100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000, 10000};
	struct restart restart = {.lived_ns = LIVED};
	uint64_t now_ns = 5000 * MS;

	(void)state;
	for (size_t i = 0; i < sizeof(pauses) / sizeof(pauses[0]); i++)
		assert_int_equal(pause_after(&restart, &now_ns, 0), pauses[i]);
	for (int i = 0; i < 1000; i++)
		assert_int_equal(pause_after(&restart, &now_ns, LIVED - 1), 10000);
}

static void one_that_lived_begins_anew(void **state)
{
	struct restart restart = {.lived_ns = LIVED};
	uint64_t now_ns = 5000 * MS;

	(void)state;
	assert_int_equal(pause_after(&restart, &now_ns, 0), 100);
	assert_int_equal(pause_after(&restart, &now_ns, LIVED - 1), 200);
	assert_int_equal(pause_after(&restart, &now_ns, LIVED), 100);
	assert_int_equal(pause_after(&restart, &now_ns, 1), 200);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			one_that_dies_at_once_waits_twice_as_long_each_time_up_to_ten_seconds),
		cmocka_unit_test(one_that_lived_begins_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
