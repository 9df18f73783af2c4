/* Goal: base32 of either case is found; words, hashes and names are not. */
#include "codec/coding_check.h"

extern const struct coding coding_base32;

static void words_and_mixed_case_are_none(void **state)
{
	static const char *const rows[] = {
		"ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		"AbCdEfGhIjKlMnOpQrStUvWxYz234567",
		"22222222222222222222222222222222",
	};

	(void)state;
	check_none(&coding_base32, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(words_and_mixed_case_are_none),
	};

	return coding_main(argc, argv, &coding_base32, more, sizeof(more) / sizeof(more[0]));
}
