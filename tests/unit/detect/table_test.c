/* Goal: the columns of a table keep the names of its head, whatever way the view is cut.
 * Method: heads as shops export them; each asked at the digits of a row, read at once, and in
 * windows that end at every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/why.h"
#include "detect/table.h"
#include "guard.h"
#include "pan/fixture.h"

#define K WHY_BIT(WHY_CARD_KEY)
#define D WHY_BIT(WHY_CARD_DECOY_KEY)

/* '#' stands where is asked. */
static const struct {
	const char *text;
	uint64_t want;
} tables[] = {
	{"order_id,card_number,total\n1,#,2\n", K},
	{"order_id,card_number,total\n#,1,2\n", D},
	{"order_id,card_number,total\n1,2,#\n", 0},
	{"a,\"card no\",c\r\n1,2,3\r\n\"x, y\",#,3\r\n", K},
	{"a;pan;c\n\"x\n;\";#;1\n", K},
	{"id\tname\tcc_number\n1\tAOI\t#\n", K},
	/* Shift_JIS, by iconv: order number, date */
	{"\x92\x8d\x95\xb6\x94\xd4\x8d\x86,\x92\x8d\x95\xb6\x93\xfa\n#,1\n", D},
	{"\x83\x4a\x81\x5b\x83\x68\x94\xd4\x8d\x86,\x92\x8d\x95\xb6\x93\xfa\n#,1\n", K},
	/* no heads */
	{"{\"card_number\":1,\n#,1\n", 0},
	{"function (card_number,id)\n#,1\n", 0},
	{"cc_number=1,id\n#,1\n", 0},
	{"card_number\n#,1\n", 0},
	{"#,card_number\n", 0},
	{"first,second\n#,1\n", 0},
};

static uint64_t ask(const char *text, size_t cut)
{
	size_t len = strlen(text), place = (size_t)(strchr(text, '#') - text);
	struct table table = {.next = 0};
	struct window window = {.buf = guarded(text, len), .to = len};

	for (size_t from = 0; from < place;) {
		size_t to = from + cut < place ? from + cut : place;
		table_read(&table, fixture_table(), &window, from, to);
		from = to;
	}
	return table_why(&table);
}

static void a_column_has_the_name_of_its_head(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		assert_int_equal(ask(tables[i].text, SIZE_MAX / 2), tables[i].want);
	guard_free();
}

static void cuts_change_nothing(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		for (size_t cut = 1; cut < strlen(tables[i].text); cut++)
			assert_int_equal(ask(tables[i].text, cut), tables[i].want);
	}
	guard_free();
}

static void behind_a_hole_there_is_no_table(void **unused)
{
	static const char text[] = "order_id,card_number\n1,2\n3,4\n";
	struct table table = {.next = 0};
	struct window window = {.buf = bytes_of(text, sizeof(text) - 1)};

	(void)unused;
	table_read(&table, fixture_table(), &window, 0, 23);
	assert_int_equal(table_why(&table), K);
	window.base = 1;
	table_read(&table, fixture_table(), &window, 23, 27);
	assert_int_equal(table_why(&table), 0);
	window.base = 0;
	table_read(&table, fixture_table(), &window, 27, 28);
	assert_int_equal(table_why(&table), 0);
}

static void columns_beyond_the_most_have_no_name(void **unused)
{
	char text[8 + COLUMNS_MAX + 64];
	struct table table = {.next = 0};
	struct window window;

	(void)unused;
	memset(text, ',', sizeof(text));
	memcpy(text, "pan,name\n", 9);
	window = (struct window){.buf = bytes_of(text, sizeof(text))};
	table_read(&table, fixture_table(), &window, 0, 9);
	assert_int_equal(table_why(&table), K);
	table_read(&table, fixture_table(), &window, 9, sizeof(text));
	assert_int_equal(table.columns.column, COLUMNS_MAX);
	assert_int_equal(table_why(&table), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_column_has_the_name_of_its_head),
		cmocka_unit_test(cuts_change_nothing),
		cmocka_unit_test(behind_a_hole_there_is_no_table),
		cmocka_unit_test(columns_beyond_the_most_have_no_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
