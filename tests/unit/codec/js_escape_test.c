/* Goal: \xXX and octal escapes come out; one digit and paths do not. */
#include "codec/coding_check.h"

extern const struct coding coding_js_escape;

static void what_is_broken_is_no_escape(void **state)
{
	static const char *const rows[] = {
		"\\x4 \\xzz \\x",
		"\\1 \\2 \\9",
		"\\n\\t\\u0041\\u0042",
	};

	(void)state;
	check_none(&coding_js_escape, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(what_is_broken_is_no_escape),
	};

	return coding_main(argc, argv, &coding_js_escape, more, sizeof(more) / sizeof(more[0]));
}
