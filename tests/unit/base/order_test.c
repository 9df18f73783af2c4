#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/stamp.h"
#include "base/tuple.h"

static void both_directions_normalise_to_the_same(void **state)
{
	struct tuple a = {.src = addr_from4(0x0a000001),
		.dst = addr_from4(0x0a000002),
		.sport = 40000,
		.dport = 443,
		.tenant = 7,
		.proto = PROTO_TCP};
	struct tuple b = {.src = a.dst,
		.dst = a.src,
		.sport = 443,
		.dport = 40000,
		.tenant = 7,
		.proto = PROTO_TCP};

	(void)state;
	assert_false(tuple_normalise(&a));
	assert_true(tuple_normalise(&b));
	assert_memory_equal(&a, &b, sizeof(a));
	assert_false(tuple_normalise(&b));
}

static void ports_decide_where_addresses_are_the_same(void **state)
{
	struct tuple t = {.src = addr_from4(1), .dst = addr_from4(1), .sport = 9, .dport = 3};

	(void)state;
	assert_true(tuple_normalise(&t));
	assert_int_equal(t.sport, 3);
	assert_int_equal(t.dport, 9);
	assert_false(tuple_normalise(&t));
	t.sport = t.dport = 5;
	assert_false(tuple_normalise(&t));
}

static void stamps_order_by_time_then_class_then_place(void **state)
{
	static const struct stamp rising[] = {
		{1, 9, STAMP_TIMER, 0},
		{1, 9, STAMP_TIMER, 1},
		{1, 10, STAMP_TIMER, 0},
		{1, 2, STAMP_WAIT, 0},
		{1, 1, STAMP_PACKET, 5},
		{1, 2, STAMP_PACKET, 0},
		{2, 0, STAMP_TIMER, 0},
		{STAMP_END_NS, 0, STAMP_TIMER, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rising) / sizeof(rising[0]); i++) {
		for (size_t j = 0; j < sizeof(rising) / sizeof(rising[0]); j++) {
			int order = stamp_compare(&rising[i], &rising[j]);

			assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_directions_normalise_to_the_same),
		cmocka_unit_test(ports_decide_where_addresses_are_the_same),
		cmocka_unit_test(stamps_order_by_time_then_class_then_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
