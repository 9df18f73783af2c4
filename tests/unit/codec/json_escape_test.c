/* Goal: \uXXXX comes out as UTF-8; what is broken stays and is no escape. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_json_escape;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_json_escape, vectors_path);
}

static void what_is_broken_is_no_escape(void **state)
{
	static const char *const rows[] = {
		"\\ud83d \\udcb3",
		"\\u12 \\u34 \\uzzzz",
		"\\n\\t\\x41\\x42",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_json_escape, bytes_text(rows[i])), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
		cmocka_unit_test(what_is_broken_is_no_escape),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
