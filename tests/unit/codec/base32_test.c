/* Goal: base32 of either case is found; words, hashes and names are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_base32;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_base32, vectors_path);
}

static void words_and_mixed_case_are_none(void **state)
{
	static const char *const rows[] = {
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"AbCdEfGhIjKlMnOpQrStUvWxYz234567",
		"22222222222222222222222222222222",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_base32, bytes_text(rows[i])), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
		cmocka_unit_test(words_and_mixed_case_are_none),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
