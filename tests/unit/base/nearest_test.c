#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/nearest.h"

static const char *const words[] = {
	"http.body", "http.host", "http.method", "dns.query", "to", "log"};

static const char *near(const char *word)
{
	return nearest_word(bytes_text(word), words, sizeof(words) / sizeof(words[0]));
}

static void a_slip_of_the_hand_finds_its_word(void **state)
{
	(void)state;
	assert_string_equal(near("http.bdoy"), "http.body");  /* swapped */
	assert_string_equal(near("http.boody"), "http.body"); /* inserted */
	assert_string_equal(near("http.hst"), "http.host");   /* deleted */
	assert_string_equal(near("dns_query"), "dns.query");  /* changed */
	assert_string_equal(near("HTTP.Method"), "http.method");
	assert_string_equal(near("tp"), "to");
}

static void what_is_far_from_all_finds_nothing(void **state)
{
	char longest[NEAREST_WORD_MAX + 2];

	(void)state;
	assert_null(near("smtp.from"));
	assert_null(near(""));
	assert_null(near("xyz"));
	assert_null(nearest_word(bytes_text("a"), words, 0));
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	const char *const one[] = {longest};
	assert_null(nearest_word(bytes_text(longest), one, 1));
	const char *const shorter[] = {longest + 1};
	assert_ptr_equal(nearest_word(bytes_text(longest + 1), shorter, 1), longest + 1);
}

static void a_third_of_the_longer_word_is_the_limit(void **state)
{
	static const char *const one[] = {"abcdefghi"};

	(void)state;
	assert_non_null(nearest_word(bytes_text("abcdefxyz"), one, 1));
	assert_null(nearest_word(bytes_text("abcdewxyz"), one, 1));
}

static void the_closest_wins_and_the_first_of_equals(void **state)
{
	static const char *const close[] = {"memory_max", "memory_min", "memory"};

	(void)state;
	assert_string_equal(nearest_word(bytes_text("memori"), close, 3), "memory");
	assert_string_equal(nearest_word(bytes_text("memory_mxx"), close, 3), "memory_max");
	assert_string_equal(nearest_word(bytes_text("memory_mox"), close, 3), "memory_max");
	assert_string_equal(nearest_word(bytes_text("memory_mqq"), close, 3), "memory_max");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_slip_of_the_hand_finds_its_word),
		cmocka_unit_test(what_is_far_from_all_finds_nothing),
		cmocka_unit_test(a_third_of_the_longer_word_is_the_limit),
		cmocka_unit_test(the_closest_wins_and_the_first_of_equals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
