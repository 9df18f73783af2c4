/* Goal: escapes and soft line ends are undone; query strings are no such text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_quoted_printable;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_quoted_printable, vectors_path);
}

static void a_query_string_is_not_quoted_printable(void **state)
{
	static const char *const rows[] = {
		"cc=4111111111111111&exp=1227&cvv=123",
		"page=20&size=50&q=ADDRESS",
		"AAAA==\nBBBB==\n",
		"short line=\nnext",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_quoted_printable, bytes_text(rows[i])), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
		cmocka_unit_test(a_query_string_is_not_quoted_printable),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
