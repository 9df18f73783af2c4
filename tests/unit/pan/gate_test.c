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
	static const char letters[] =
		"00112233445566778899 "
		"-.+_=\":]WZk\x9f\x06\x08\x0a\x0b\x13\x14\x45\x91/x\x2f\xb0\xff";
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

static bool fits(const char *form, const uint8_t *p, size_t i, size_t len)
{
	size_t n = 0;

	while (form[n] != '\0' && i + n < len &&
		(form[n] == 'd'          ? p[i + n] >= '0' && p[i + n] <= '9'
			: form[n] == '-' ? memchr(" -.+_", p[i + n], 5) != NULL
					 : p[i + n] == (uint8_t)form[n]))
		n++;
	return form[n] == '\0';
}

/* The 4 digits at i are a value: these forms stand before it. */
static bool behind_a_key(const uint8_t *p, size_t i, size_t len)
{
	static const char *const names[] = {"d", "d]"};
	static const char *const gaps[] = {"=", "\":", "\\\":", "\": ", "\\\": ", "\":\"",
		"\\\":\"", "\": \"", "\\\": \"", "\":\\\"", "\\\":\\\"", "\": \\\"", "\\\": \\\""};
	char form[16];

	for (size_t k = 0; k < 2 * sizeof(gaps) / sizeof(gaps[0]); k++) {
		size_t before =
			(size_t)snprintf(form, sizeof(form), "%s%sdddd", names[k % 2], gaps[k / 2]);
		before -= 4;
		if (i >= before && fits(form, p, i - before, len))
			return true;
	}
	return false;
}

/* Tags 57, 5A and 9F6B, a length, and two bytes of packed digits. */
static bool tag_at(const uint8_t *p, size_t i, size_t len)
{
	if (i + 3 >= len || p[i + 2] / 16 < 1 || p[i + 2] / 16 > 9 || p[i + 2] % 16 > 9 ||
		p[i + 3] / 16 > 9 || p[i + 3] % 16 > 9)
		return false;
	if (p[i] == 0x5a)
		return p[i + 1] >= 6 && p[i + 1] <= 10;
	return (p[i] == 0x57 || (p[i] == 0x6b && i > 0 && p[i - 1] == 0x9f)) && p[i + 1] >= 10 &&
	       p[i + 1] <= 19;
}

/* What a gate is, said once more byte by byte. */
static bool gate_at(const uint8_t *p, size_t i, size_t len)
{
	return fits("dddddddddddd", p, i, len) || fits("dddd-ddd", p, i, len) ||
	       behind_a_key(p, i, len) || tag_at(p, i, len);
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
		"4111+1111+1111+1111+003", "4111_1111_1111_1111",
		"cc1=4111&cc2=1111&cc3=1111&cc4=1111",
		"\"card_no01\": \"4111\", \"card_no02\": \"1111\"",
		"\x5a\x08\x41\x11\x11\x11\x11\x11\x11\x11",
		"\x57\x0c\x41\x11\x11\x11\x11\x11\x11\x11\xd3\x01\x22\x01"};
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
