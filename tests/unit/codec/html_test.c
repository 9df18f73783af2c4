/* Goal: character references come out as UTF-8; a bare ampersand is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_html;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_html, vectors_path);
}

static void what_is_broken_is_no_reference(void **state)
{
	static const char *const rows[] = {
		"a&b&c&d",
		"&# &#x &#xg;",
		"&#99999999;&#1114112;",
		"?a=1&amplitude=2&ltd=3",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_html, bytes_text(rows[i])), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
		cmocka_unit_test(what_is_broken_is_no_reference),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
