/* Goal: escapes and soft line ends are undone; query strings are no such text. */
#include "codec/coding_check.h"

extern const struct coding coding_quoted_printable;

static void a_query_string_is_not_quoted_printable(void **state)
{
	static const char *const rows[] = {
		"cc=4111111111111111&exp=1227&cvv=123",
		"page=20&size=50&q=ADDRESS",
		"AAAA==\nBBBB==\n",
		"short line=\nnext",
	};

	(void)state;
	check_none(&coding_quoted_printable, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(a_query_string_is_not_quoted_printable),
	};

	return coding_main(
		argc, argv, &coding_quoted_printable, more, sizeof(more) / sizeof(more[0]));
}
