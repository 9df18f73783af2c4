/* Goal: the fast gates say what the plain one says, and no card is without a
 * gate however blocks cut it.  Method: a million random inputs over digits,
 * separators and others, at every alignment, ended by an unreadable page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "guard.h"
#include "pan/fixture.h"
#include "pan/gate.h"

#define INPUT_MAX 200

static size_t fill(uint64_t *state, uint8_t *out)
{
	static const char letters[] = "00112233445566778899 -.+/:x\x2f\x3a\xb0\xff";
	size_t len = fixture_below(state, INPUT_MAX + 1);
	uint64_t digits = fixture_below(state, sizeof(letters) - 1) + 1;

	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)letters[fixture_below(state, digits)];
	return len;
}

static void compare(const uint8_t *p, size_t from, size_t len)
{
	size_t plain = pan_gate_plain(p, from, len);

	assert_int_equal(pan_gate(p, from, len), plain);
#ifdef __x86_64__
	assert_int_equal(pan_gate_sse2(p, from, len), plain);
	if (__builtin_cpu_supports("avx2"))
		assert_int_equal(pan_gate_avx2(p, from, len), plain);
	if (__builtin_cpu_supports("avx512bw"))
		assert_int_equal(pan_gate_avx512(p, from, len), plain);
#endif
}

static void the_twins_agree_on_a_million_inputs(void **unused)
{
	uint64_t state = 20260131;
	uint8_t data[INPUT_MAX] = {0};
	struct bytes pages = guarded(data, sizeof(data));

	(void)unused;
	for (int i = 0; i < 1000000; i++) {
		size_t len = fill(&state, data);
		uint8_t *copy = (uint8_t *)(uintptr_t)(pages.ptr + (INPUT_MAX - len));
		memcpy(copy, data, len);
		compare(copy, fixture_below(&state, len + 1), len);
	}
	guard_free();
}

/* What a gate is, said once more byte by byte. */
static bool gate_at(const uint8_t *p, size_t i, size_t len)
{
	static const char *const forms[] = {"dddddddddddd", "dddd-ddd"};

	for (int f = 0; f < 2; f++) {
		size_t n = 0;
		while (forms[f][n] != '\0' && i + n < len &&
			(forms[f][n] == 'd' ? p[i + n] >= '0' && p[i + n] <= '9'
					    : memchr(" -.+", p[i + n], 4) != NULL))
			n++;
		if (forms[f][n] == '\0')
			return true;
	}
	return false;
}

static void the_plain_gate_is_the_first_place_of_either_form(void **unused)
{
	uint64_t state = 7;
	uint8_t data[INPUT_MAX] = {0};

	(void)unused;
	for (int i = 0; i < 50000; i++) {
		size_t len = fill(&state, data), from = fixture_below(&state, len + 1), want = from;
		while (want < len && !gate_at(data, want, len))
			want++;
		assert_int_equal(pan_gate_plain(data, from, len), want);
	}
}

static void every_written_card_has_a_gate_at_every_offset(void **unused)
{
	static const char *const cards[] = {"411111111111", "4111111111111111",
		"4111-1111-1111-1111", "3782.822463.10005", "3056 930902 5904",
		"4111+1111+1111+1111+003"};
	uint8_t data[256];

	(void)unused;
	for (size_t c = 0; c < sizeof(cards) / sizeof(cards[0]); c++) {
		for (size_t off = 0; off < 192; off++) {
			size_t len = strlen(cards[c]);
			memset(data, 'x', sizeof(data));
			memcpy(data + off, cards[c], len);
			size_t gate = pan_gate(data, 0, sizeof(data));
			assert_true(gate >= off && gate < off + len);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_twins_agree_on_a_million_inputs),
		cmocka_unit_test(the_plain_gate_is_the_first_place_of_either_form),
		cmocka_unit_test(every_written_card_has_a_gate_at_every_offset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
