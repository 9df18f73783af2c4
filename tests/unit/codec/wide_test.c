/* Goal: full-width digits and wide spaces between digits become ASCII. */
#include "codec/coding_check.h"

extern const struct coding coding_wide;

static void few_digits_are_no_number(void **state)
{
	static const char *const rows[] = {
		"\xef\xbc\x91\xef\xbc\x92\xe6\x9c\x88",
		"12\xc2\xa0"
		"345",
	};

	(void)state;
	check_none(&coding_wide, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(few_digits_are_no_number),
	};

	return coding_main(argc, argv, &coding_wide, more, sizeof(more) / sizeof(more[0]));
}
