/* Goal: \uXXXX comes out as UTF-8; what is broken stays and is no escape. */
#include "codec/coding_check.h"

extern const struct coding coding_json_escape;

static void what_is_broken_is_no_escape(void **state)
{
	static const char *const rows[] = {
		"\\ud83d \\udcb3",
		"\\u12 \\u34 \\uzzzz",
		"\\n\\t\\x41\\x42",
	};

	(void)state;
	check_none(&coding_json_escape, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(what_is_broken_is_no_escape),
	};

	return coding_main(argc, argv, &coding_json_escape, more, sizeof(more) / sizeof(more[0]));
}
