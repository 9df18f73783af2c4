/* Goal: full-width digits and wide spaces between digits become ASCII. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_wide;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_wide, vectors_path);
}

static void few_digits_are_no_number(void **state)
{
	static const char *const rows[] = {
		"\xef\xbc\x91\xef\xbc\x92\xe6\x9c\x88",
		"12\xc2\xa0"
		"345",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_wide, bytes_text(rows[i])), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
		cmocka_unit_test(few_digits_are_no_number),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
