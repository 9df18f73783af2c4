#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/safe_text.h"
#include "guard.h"

struct range {
	uint32_t first, last;
};

/* Characters of Unicode 14 that are controls, format, surrogates, private,
 * separators of lines or no characters at all; by Python's unicodedata. */
static const struct range hidden[] = {
	{0x0, 0x1f},
	{0x7f, 0x9f},
	{0xad, 0xad},
	{0x600, 0x605},
	{0x61c, 0x61c},
	{0x6dd, 0x6dd},
	{0x70f, 0x70f},
	{0x890, 0x891},
	{0x8e2, 0x8e2},
	{0x180e, 0x180e},
	{0x200b, 0x200f},
	{0x2028, 0x202e},
	{0x2060, 0x206f}, /* with U+2065, which is kept for the same use */
	{0xd800, 0xf8ff},
	{0xfdd0, 0xfdef},
	{0xfeff, 0xfeff},
	{0xfff9, 0xfffb},
	{0xfffe, 0xffff},
	{0x110bd, 0x110bd},
	{0x110cd, 0x110cd},
	{0x13430, 0x13438},
	{0x1bca0, 0x1bca3},
	{0x1d173, 0x1d17a},
	{0x1fffe, 0x1ffff},
	{0x2fffe, 0x2ffff},
	{0x3fffe, 0x3ffff},
	{0x4fffe, 0x4ffff},
	{0x5fffe, 0x5ffff},
	{0x6fffe, 0x6ffff},
	{0x7fffe, 0x7ffff},
	{0x8fffe, 0x8ffff},
	{0x9fffe, 0x9ffff},
	{0xafffe, 0xaffff},
	{0xbfffe, 0xbffff},
	{0xcfffe, 0xcffff},
	{0xdfffe, 0xdffff},
	{0xe0001, 0xe0001},
	{0xe0020, 0xe007f},
	{0xefffe, 0x10ffff},
};

static bool is_hidden(uint32_t c)
{
	if (c >= 0xe0000) /* tags, selectors and private planes: nothing that shows by itself */
		return true;
	for (size_t i = 0; i < sizeof(hidden) / sizeof(hidden[0]); i++)
		if (c >= hidden[i].first && c <= hidden[i].last)
			return true;
	return false;
}

/* Encodes also what UTF-8 forbids (surrogates). */
static size_t encode(uint32_t c, uint8_t out[static 4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	size_t len = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--, c >>= 6)
		out[i] = (uint8_t)(0x80 | (c & 0x3f));
	out[0] = (uint8_t)((0xf00u >> len & 0xf0) | c);
	return len;
}

static void every_character_is_shown_or_hidden_as_unicode_says(void **state)
{
	uint8_t utf8[4];

	(void)state;
	for (uint32_t c = 0; c <= 0x10ffff; c++) {
		size_t len = encode(c, utf8);

		if (safe_char(bytes_of(utf8, len)) != (is_hidden(c) ? 0 : len))
			fail_msg("U+%04X", c);
	}
}

static void bytes_that_are_no_utf8_have_no_character(void **state)
{
	/* RFC 3629 section 3: overlong, surrogates, beyond U+10FFFF, cut, stray. */
	static const char *const rows[] = {"\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xe0\x9f\xbf",
		"\xf0\x80\x80\xaf", "\xf0\x8f\xbf\xbf", "\xed\xa0\x80", "\xed\xbf\xbf",
		"\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xfe", "\x80", "\xbf", "\xc3",
		"\xe3\x81", "\xf0\x9f\x98", "\xc3(", "\xe3\x81(", "\xe3(\x81", "\xf0\x9f\x98(",
		"\xf8\x88\x80\x80\x80"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(safe_char(guarded(rows[i], strlen(rows[i]))), 0);
	assert_int_equal(safe_char(bytes_of(NULL, 0)), 0);
	guard_free();
}

static void check_text(const char *hostile, size_t len, const char *wanted)
{
	char out[256];

	assert_int_equal(safe_text(out, sizeof(out), guarded(hostile, len)), strlen(wanted));
	assert_string_equal(out, wanted);
}

static void what_a_terminal_obeys_is_escaped(void **state)
{
	(void)state;
	check_text("plain text 123 ~", 16, "plain text 123 ~");
	check_text("\x1b[2J\a\r\n\t", 8, "\\x1b[2J\\x07\\x0d\\x0a\\x09");
	check_text("\0\x7f", 2, "\\x00\\x7f");
	check_text("a\\x41", 5, "a\\x5cx41");
	check_text("\xc2\x9b"
		   "1m",
		4, "\\xc2\\x9b1m");
	check_text("\xe2\x80\xae"
		   "abc",
		6, "\\xe2\\x80\\xaeabc");
	check_text("\xe3\x81\x82\xff", 4, "\xe3\x81\x82\\xff");
	check_text("\xe3\x81", 2, "\\xe3\\x81");
	check_text("", 0, "");
	guard_free();
}

static void output_is_cut_at_whole_characters_and_escapes(void **state)
{
	static const char hostile[] = "a\x01\xe3\x81\x82"
				      "b\xf0\x9f\x98\x80";
	static const char whole[] = "a\\x01\xe3\x81\x82"
				    "b\xf0\x9f\x98\x80";
	static const size_t borders[] = {0, 1, 5, 8, 9, 13};
	char out[sizeof(whole)];

	(void)state;
	for (size_t size = 1; size <= sizeof(whole); size++) {
		size_t wanted = 0;

		for (size_t i = 0; i < 6; i++)
			if (borders[i] < size)
				wanted = borders[i];
		memset(out, 'Z', sizeof(out));
		assert_int_equal(safe_text(out, size, bytes_text(hostile)), wanted);
		assert_memory_equal(out, whole, wanted);
		assert_int_equal(out[wanted], 0);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], 'Z');
	}
}

static void a_line_is_escaped_once_however_often_it_passes(void **state)
{
	static const char hostile[] =
		"f:3: \x1b[2J \\ \\x1 \\x4z \\x41 \xe3\x81\x82 \xe2\x80\xae \xff";
	static const char wanted[] = "f:3: \\x1b[2J \\x5c \\x5cx1 \\x5cx4z \\x41 \xe3\x81\x82 "
				     "\\xe2\\x80\\xae \\xff";
	char once[128], twice[128];

	(void)state;
	safe_line(once, sizeof(once), bytes_text(hostile));
	assert_string_equal(once, wanted);
	safe_line(twice, sizeof(twice), bytes_text(once));
	assert_string_equal(twice, wanted);
	for (size_t size = 1; size < sizeof(once); size++) {
		size_t len = safe_line(twice, size, bytes_text(once));
		assert_true(len < size);
		assert_memory_equal(twice, wanted, len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_character_is_shown_or_hidden_as_unicode_says),
		cmocka_unit_test(bytes_that_are_no_utf8_have_no_character),
		cmocka_unit_test(what_a_terminal_obeys_is_escaped),
		cmocka_unit_test(output_is_cut_at_whole_characters_and_escapes),
		cmocka_unit_test(a_line_is_escaped_once_however_often_it_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
