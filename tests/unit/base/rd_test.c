#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rd.h"
#include "guard.h"

static const uint8_t data[] = {
	0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe};

static void numbers_are_big_endian_unless_named_otherwise(void **state)
{
	struct rd rd = rd_of(bytes_of(data, sizeof(data)));

	(void)state;
	assert_int_equal(rd_u8(&rd), 0x01);
	assert_int_equal(rd_u16(&rd), 0x0203);
	assert_int_equal(rd_u24(&rd), 0x040506);
	assert_int_equal(rd_u32(&rd), 0x0708f9fa);
	assert_int_equal(rd_left(&rd), 4);
	rd = rd_of(bytes_of(data, sizeof(data)));
	assert_int_equal(rd_u64(&rd), UINT64_C(0x0102030405060708));
	assert_int_equal(rd_u16le(&rd), 0xfaf9);
	assert_int_equal(rd_u32le(&rd), 0xfefdfcfb);
	assert_int_equal(rd_left(&rd), 0);
	assert_false(rd.bad);
}

static void a_read_beyond_the_end_is_bad_for_ever(void **state)
{
	(void)state;
	for (size_t n = 0; n < 8; n++) {
		struct rd rd = rd_of(guarded(data, n));

		(void)rd_u64(&rd);
		assert_true(rd.bad);
		assert_int_equal(rd_left(&rd), 0);
		assert_int_equal(rd_u8(&rd), 0);
		assert_int_equal(rd_u16(&rd), 0);
		assert_int_equal(rd_u24(&rd), 0);
		assert_int_equal(rd_u32(&rd), 0);
		assert_null(rd_bytes(&rd, 0).ptr);
		assert_true(rd.bad);
	}
	guard_free();
}

static void a_refused_read_takes_nothing_and_gives_zero(void **state)
{
	struct rd rd = rd_of(guarded(data, 3));

	(void)state;
	assert_int_equal(rd_u32(&rd), 0);
	assert_true(rd.bad);
	rd = rd_of(guarded(data, 3));
	assert_int_equal(rd_bytes(&rd, SIZE_MAX).len, 0);
	assert_true(rd.bad);
	guard_free();
}

static void a_part_ends_where_it_was_said_to(void **state)
{
	struct rd rd = rd_of(guarded(data, sizeof(data)));
	struct rd sub = rd_sub(&rd, 3);

	(void)state;
	assert_int_equal(rd_u16(&sub), 0x0102);
	assert_int_equal(rd_u16(&sub), 0);
	assert_true(sub.bad);
	assert_false(rd.bad);
	assert_int_equal(rd_u8(&rd), 0x04);
	sub = rd_sub(&rd, sizeof(data));
	assert_true(sub.bad);
	assert_true(rd.bad);
	guard_free();
}

static void an_empty_run_is_read_at_the_end(void **state)
{
	struct rd rd = rd_of(guarded(data, 2));

	(void)state;
	assert_int_equal(rd_u16(&rd), 0x0102);
	assert_int_equal(rd_bytes(&rd, 0).len, 0);
	assert_false(rd.bad);
	rd = rd_of(bytes_of(NULL, 0));
	assert_int_equal(rd_bytes(&rd, 0).len, 0);
	assert_false(rd.bad);
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(numbers_are_big_endian_unless_named_otherwise),
		cmocka_unit_test(a_read_beyond_the_end_is_bad_for_ever),
		cmocka_unit_test(a_refused_read_takes_nothing_and_gives_zero),
		cmocka_unit_test(a_part_ends_where_it_was_said_to),
		cmocka_unit_test(an_empty_run_is_read_at_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
