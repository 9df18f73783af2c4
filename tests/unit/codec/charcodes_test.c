/* Goal: lists of byte values that mean text are found; lists of plain numbers are not. */
#include "codec/coding_check.h"

extern const struct coding coding_charcodes;

static void plain_numbers_are_no_text(void **state)
{
	static const char *const rows[] = {
		"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15",
		"52,49,49,49,49,49,49,49,49,49,49,49",
		"52,49;49,49;49,49;49,49;49,49;49,49;49,49",
		"1052,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049,1049",
	};

	(void)state;
	check_none(&coding_charcodes, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(plain_numbers_are_no_text),
	};

	return coding_main(argc, argv, &coding_charcodes, more, sizeof(more) / sizeof(more[0]));
}
