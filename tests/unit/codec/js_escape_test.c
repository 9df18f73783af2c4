/* Goal: \xXX and octal escapes come out; one digit and paths do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_js_escape;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_js_escape, vectors_path);
}

static void what_is_broken_is_no_escape(void **state)
{
	static const char *const rows[] = {
		"\\x4 \\xzz \\x",
		"\\1 \\2 \\9",
		"\\n\\t\\u0041\\u0042",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_js_escape, bytes_text(rows[i])), 0);
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
