/* The fast masks say what the plain ones say, of every length, before an unreadable page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "guard.h"
#include "unwrap/json_mask.h"

static void compare(const uint8_t *p, size_t len)
{
	struct json_masks want, have;

	json_masks_plain(p, len, &want);
	json_masks(p, len, &have);
	assert_memory_equal(&have, &want, sizeof(want));
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2")) {
		json_masks_avx2(p, len, &have);
		assert_memory_equal(&have, &want, sizeof(want));
	}
	if (__builtin_cpu_supports("avx512bw")) {
		json_masks_avx512(p, len, &have);
		assert_memory_equal(&have, &want, sizeof(want));
	}
#endif
}

static void the_twins_agree_on_every_byte_and_length(void **state)
{
	uint8_t data[JSON_BLOCK] = {0};
	struct bytes page = guarded(data, sizeof(data));

	(void)state;
	draw_seed(5);
	for (int round = 0; round < 200000; round++) {
		size_t len = draw() % (JSON_BLOCK + 1);
		uint8_t *copy = (uint8_t *)(uintptr_t)(page.ptr + (JSON_BLOCK - len));
		for (size_t i = 0; i < len; i++)
			copy[i] = round % 2 == 0
					  ? (uint8_t)draw()
					  : (uint8_t) "{}[]:,\"\\ \t\r\n0189/:-+.u%\x1f|"[draw() %
											  26];
		compare(copy, len);
	}
	guard_free();
}

static void the_plain_masks_have_a_bit_for_each_byte(void **state)
{
	struct json_masks masks;

	(void)state;
	json_masks_plain((const uint8_t *)"{[\"u\\\"]}:, 0%", 13, &masks);
	assert_int_equal(masks.open, 0x3);
	assert_int_equal(masks.quote, 0x24);
	assert_int_equal(masks.u, 0x8);
	assert_int_equal(masks.backslash, 0x10);
	assert_int_equal(masks.close, 0xc0);
	assert_int_equal(masks.colon, 0x100);
	assert_int_equal(masks.comma, 0x200);
	assert_int_equal(masks.space, 0x400);
	assert_int_equal(masks.zero, 0x800);
	assert_int_equal(masks.number, 0x800);
	assert_int_equal(masks.odd, 0x1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_twins_agree_on_every_byte_and_length),
		cmocka_unit_test(the_plain_masks_have_a_bit_for_each_byte),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
