/* Goal: character references come out as UTF-8; a bare ampersand is none. */
#include "codec/coding_check.h"

extern const struct coding coding_html;

static void what_is_broken_is_no_reference(void **state)
{
	static const char *const rows[] = {
		"a&b&c&d",
		"&# &#x &#xg;",
		"&#99999999;&#1114112;",
		"?a=1&amplitude=2&ltd=3",
	};

	(void)state;
	check_none(&coding_html, rows, sizeof(rows) / sizeof(rows[0]));
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(what_is_broken_is_no_reference),
	};

	return coding_main(argc, argv, &coding_html, more, sizeof(more) / sizeof(more[0]));
}
