#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "decode/sum.h"
#include "guard.h"

/* RFC 1071 section 4.1, 16 bits at a time. */
static uint16_t by_the_book(struct bytes b)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < b.len; i++)
		sum += i % 2 == 0 ? (uint64_t)b.ptr[i] << 8 : b.ptr[i];
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

static uint16_t folded(uint64_t sum)
{
	return __builtin_bswap16(sum_fold(sum));
}

/* Section 3 of RFC 1071 adds these eight bytes to ddf2. */
static void the_published_example_adds_up(void **state)
{
	static const uint8_t bytes[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(folded(sum_bytes(bytes, sizeof(bytes))), 0xddf2);
}

static void every_length_agrees_with_the_book_and_the_twin(void **state)
{
	uint8_t bytes[700];

	(void)state;
	draw_seed(1);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)draw();
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct bytes copy = guarded(bytes, len);

		assert_int_equal(folded(sum_bytes(copy.ptr, len)), by_the_book(copy));
		assert_int_equal(folded(sum_long(copy.ptr, len)), by_the_book(copy));
		assert_int_equal(folded(sum_plain(copy.ptr, len)), by_the_book(copy));
	}
	guard_free();
}

static void many_carries_are_kept(void **state)
{
	static uint8_t ones[300000];
	struct bytes all = bytes_of(ones, sizeof(ones));

	(void)state;
	memset(ones, 0xff, sizeof(ones));
	assert_int_equal(folded(sum_long(ones, sizeof(ones))), by_the_book(all));
	assert_int_equal(folded(sum_plain(ones, sizeof(ones))), 0xffff);
	assert_int_equal(sum_fold(UINT64_MAX), 0xffff);
	assert_int_equal(sum_fold(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_published_example_adds_up),
		cmocka_unit_test(every_length_agrees_with_the_book_and_the_twin),
		cmocka_unit_test(many_carries_are_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
