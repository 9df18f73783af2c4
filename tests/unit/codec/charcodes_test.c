/* Goal: lists of byte values that mean text are found; lists of plain numbers are not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_charcodes;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_charcodes, vectors_path);
}

static void plain_numbers_are_no_text(void **state)
{
	static const char *const rows[] = {
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
		"52,49,49,49,49,49,49,49,49,49,49,49",
		"52,49;49,49;49,49;49,49;49,49;49,49;49,49",
		"1052,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(stretches(&coding_charcodes, bytes_text(rows[i])), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
		cmocka_unit_test(plain_numbers_are_no_text),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
