#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "guard.h"

static void a_needle_is_found_at_its_first_place(void **state)
{
	struct bytes hay = guarded("abcabdabcabd", 12);

	(void)state;
	assert_int_equal(bytes_find(hay, bytes_text("abc")), 0);
	assert_int_equal(bytes_find(hay, bytes_text("abd")), 3);
	assert_int_equal(bytes_find(hay, bytes_text("dabc")), 5);
	assert_int_equal(bytes_find(hay, bytes_text("")), 0);
	assert_int_equal(bytes_find(hay, bytes_text("abe")), SIZE_MAX);
	assert_int_equal(bytes_find(hay, bytes_text("abcabdabcabda")), SIZE_MAX);
	assert_int_equal(bytes_find(bytes_of(NULL, 0), bytes_text("a")), SIZE_MAX);
	assert_int_equal(bytes_find(bytes_of(NULL, 0), bytes_of(NULL, 0)), 0);
	assert_int_equal(bytes_find_byte(hay, 'd'), 5);
	assert_int_equal(bytes_find_byte(hay, 'x'), SIZE_MAX);
	assert_int_equal(bytes_find_byte(bytes_of(NULL, 0), 0), SIZE_MAX);
	guard_free();
}

static void case_is_ignored_only_for_ascii_letters(void **state)
{
	(void)state;
	assert_true(bytes_equal_nocase(bytes_text("Content-TYPE"), bytes_text("cONTENT-type")));
	assert_false(bytes_equal_nocase(bytes_text("a"), bytes_text("ab")));
	assert_false(bytes_equal_nocase(bytes_text("@"), bytes_text("`")));
	assert_false(bytes_equal_nocase(bytes_text("["), bytes_text("{")));
	assert_false(bytes_equal_nocase(bytes_text("\xc3\x84"), bytes_text("\xc3\xa4")));
	assert_true(bytes_equal_nocase(bytes_of(NULL, 0), bytes_text("")));
}

static void a_beginning_is_compared_whole(void **state)
{
	(void)state;
	assert_true(bytes_starts(bytes_text("GET /"), "GET "));
	assert_true(bytes_starts(bytes_text("GET"), ""));
	assert_false(bytes_starts(bytes_text("get /"), "GET "));
	assert_true(bytes_starts_nocase(bytes_text("get /"), "GET "));
	assert_false(bytes_starts(guarded("GE", 2), "GET"));
	assert_false(bytes_starts_nocase(guarded("GE", 2), "GET"));
	assert_false(bytes_starts(bytes_of(NULL, 0), "G"));
	guard_free();
}

static void blanks_are_trimmed_at_both_ends_only(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_trim(bytes_text(" \t\r\n a b \r\n")), bytes_text("a b")));
	assert_int_equal(bytes_trim(guarded(" \t \r\n", 5)).len, 0);
	assert_int_equal(bytes_trim(bytes_of(NULL, 0)).len, 0);
	assert_true(bytes_equal(bytes_trim(bytes_text("\fa\v")), bytes_text("\fa\v")));
	guard_free();
}

static void parts_never_reach_beyond_the_whole(void **state)
{
	struct bytes a = bytes_text("abc");

	(void)state;
	assert_true(bytes_equal(bytes_skip(a, 1), bytes_text("bc")));
	assert_int_equal(bytes_skip(a, 3).len, 0);
	assert_int_equal(bytes_skip(a, SIZE_MAX).len, 0);
	assert_true(bytes_equal(bytes_head(a, 2), bytes_text("ab")));
	assert_true(bytes_equal(bytes_head(a, SIZE_MAX), a));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_needle_is_found_at_its_first_place),
		cmocka_unit_test(case_is_ignored_only_for_ascii_letters),
		cmocka_unit_test(a_beginning_is_compared_whole),
		cmocka_unit_test(blanks_are_trimmed_at_both_ends_only),
		cmocka_unit_test(parts_never_reach_beyond_the_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
