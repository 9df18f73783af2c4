/* Goal: UTF-16 of the lower byte first is found, with or without a mark. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec/coding_check.h"

extern const struct coding coding_utf16le;

static const char *vectors_path;

static void what_python_wrote_comes_out_and_decoys_do_not(void **state)
{
	(void)state;
	check_vectors(&coding_utf16le, vectors_path);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_python_wrote_comes_out_and_decoys_do_not),
	};

	if (argc != 2)
		return 2;
	vectors_path = argv[1];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
