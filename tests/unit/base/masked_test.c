#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdbool.h>
#include <string.h>

#include "base/masked.h"

static void a_constant_is_kept_with_its_length(void **state)
{
	struct masked m;

	(void)state;
	memset(&m, 0xaa, sizeof(m));
	masked_literal(&m, "card-exfil");
	assert_int_equal(m.len, 10);
	assert_int_equal(m.cut, 0);
	assert_int_equal(m.zero, 0);
	assert_memory_equal(m.text, "card-exfil", 10);
	assert_int_equal(masked_size(&m), 14);
	assert_int_equal(sizeof(m), 4 + MASKED_MAX);
	masked_literal(&m, "");
	assert_int_equal(m.len, 0);
	assert_int_equal(masked_size(&m), 4);
}

static void the_longest_is_whole_and_one_more_is_cut(void **state)
{
	char text[MASKED_MAX + 2];
	struct masked m;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[MASKED_MAX] = '\0';
	masked_literal(&m, text);
	assert_int_equal(m.len, MASKED_MAX);
	assert_int_equal(m.cut, 0);
	text[MASKED_MAX] = 'b';
	text[MASKED_MAX + 1] = '\0';
	masked_literal(&m, text);
	assert_int_equal(m.len, MASKED_MAX);
	assert_int_equal(m.cut, 1);
	assert_memory_equal(m.text, text, MASKED_MAX);
}

static void no_character_is_cut_in_half(void **state)
{
	char text[MASKED_MAX + 4];
	struct masked m;

	(void)state;
	for (size_t before = MASKED_MAX - 3; before <= MASKED_MAX; before++) {
		memset(text, 'a', sizeof(text));
		memcpy(text + before, "\xe3\x81\x82", 4);
		masked_literal(&m, text);
		bool whole = before + 3 <= MASKED_MAX;
		assert_int_equal(m.len, whole ? before + 3 : before);
		assert_int_equal(m.cut, !whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_constant_is_kept_with_its_length),
		cmocka_unit_test(the_longest_is_whole_and_one_more_is_cut),
		cmocka_unit_test(no_character_is_cut_in_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
