#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/csv.h"
#include "guard.h"

#define SEEN_MAX 65536

/* Rows as text: fields in brackets, one row a line, "!" and the sentence for a
 * refused one, each with its line number. */
static const char *shown(struct csv csv)
{
	static char out[SEEN_MAX];
	struct csv_row row;
	size_t n = 0;
	enum csv_rc rc;

	out[0] = '\0';
	while ((rc = csv_next(&csv, &row)) != CSV_END) {
		n += (size_t)snprintf(out + n, sizeof(out) - n, "%u", row.line);
		if (rc == CSV_BAD)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "!%s", row.problem);
		for (uint32_t i = 0; i < row.count; i++)
			n += (size_t)snprintf(out + n, sizeof(out) - n, "[%.*s]",
				(int)row.field[i].len,
				row.field[i].len > 0 ? (const char *)row.field[i].ptr : "");
		n += (size_t)snprintf(out + n, sizeof(out) - n, ";");
	}
	assert_int_equal(csv_next(&csv, &row), CSV_END);
	return out;
}

static const char *read_text(const char *text)
{
	return shown(csv_of(guarded(text, strlen(text))));
}

static void rows_are_as_rfc_4180_and_python_read_them(void **state)
{
	(void)state;
	assert_string_equal(
		read_text("aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n"), "1[aaa][bbb][ccc];2[zzz][yyy][xxx];");
	assert_string_equal(read_text("aaa,bbb\nzzz,yyy"), "1[aaa][bbb];2[zzz][yyy];");
	assert_string_equal(
		read_text("\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz"), "1[aaa][b\r\nbb][ccc];3[zzz];");
	assert_string_equal(read_text("\"a\"\"b\",\"\"\"\",\"\""), "1[a\"b][\"][];");
	assert_string_equal(read_text(",\n,,\n"), "1[][];2[][][];");
	assert_string_equal(read_text(" a , b \n"), "1[ a ][ b ];");
	assert_string_equal(read_text("\"a,b\",c"), "1[a,b][c];");
	assert_string_equal(read_text("\"\"\n"), "1[];");
	assert_string_equal(read_text("a\rb,c\n"), "1[a\rb][c];");
	assert_string_equal(read_text(""), "");
	guard_free();
}

static void empty_lines_and_the_mark_are_skipped(void **state)
{
	(void)state;
	assert_string_equal(read_text("\xef\xbb\xbf"
				      "a,b\n\r\n\n\nc\n\n"),
		"1[a][b];5[c];");
	assert_string_equal(read_text("\xef\xbb\xbf"), "");
	assert_string_equal(read_text("\xef\xbb"
				      "a\n"),
		"1[\xef\xbb"
		"a];");
	assert_string_equal(read_text("a\n\xef\xbb\xbf"
				      "b\n"),
		"1[a];2[\xef\xbb\xbf"
		"b];");
	guard_free();
}

static void separator_and_comment_can_be_chosen(void **state)
{
	struct csv csv = csv_of(bytes_text("# \"text, here\na;b,c\n#x\n\"#\";d\n"));

	(void)state;
	csv.separator = ';';
	csv.comment = '#';
	assert_string_equal(shown(csv), "2[a][b,c];4[#][d];");
	csv.comment = 0;
	csv.separator = ',';
	assert_string_equal(shown(csv), "1!a quote inside a field without quotes;2[a;b][c];3[#x];"
					"4!text after a closing quote;");
}

static void one_wrong_quote_costs_one_row(void **state)
{
	(void)state;
	assert_string_equal(read_text("a,b\nc,\"d\ne,f\ng\n"),
		"1[a][b];2!a quote is opened and not closed;3[e][f];4[g];");
	assert_string_equal(
		read_text("a\"b\nc\n"), "1!a quote inside a field without quotes;2[c];");
	assert_string_equal(read_text("\"a\"b\nc\n"), "1!text after a closing quote;2[c];");
	assert_string_equal(read_text("\"a\"\rb\nc\n"), "1!text after a closing quote;2[c];");
	assert_string_equal(read_text("\""), "1!a quote is opened and not closed;");
	guard_free();
}

static void the_longest_row_is_read_and_one_more_is_refused(void **state)
{
	char text[CSV_LINE_MAX + 8];
	struct csv_row row;

	(void)state;
	for (size_t extra = 0; extra < 2; extra++) {
		size_t len = CSV_LINE_MAX + extra;

		for (int shape = 0; shape < 5; shape++) {
			memset(text, 'x', sizeof(text));
			if (shape == 1)
				text[0] = text[len - 1] = '"';
			if (shape == 2)
				text[len - 1] = ',';
			if (shape == 3)
				text[5] = ',';
			if (shape == 4)
				memcpy(text, "\"\",", 3);
			memcpy(text + len, "\r\na\n", 5);
			struct csv csv = csv_of(guarded(text, len + 4));
			assert_int_equal(csv_next(&csv, &row), extra == 0 ? CSV_ROW : CSV_BAD);
			if (extra == 1)
				assert_string_equal(row.problem, "longer than 4096 bytes");
			assert_int_equal(csv_next(&csv, &row), CSV_ROW);
			assert_int_equal(row.line, 2);
			assert_int_equal(csv_next(&csv, &row), CSV_END);
		}
	}
	guard_free();
}

static void the_most_fields_are_read_and_one_more_is_refused(void **state)
{
	char text[2 * CSV_COLUMNS_MAX + 2];
	struct csv_row row;

	(void)state;
	memset(text, ',', sizeof(text));
	struct csv csv = csv_of(guarded(text, CSV_COLUMNS_MAX - 1));
	assert_int_equal(csv_next(&csv, &row), CSV_ROW);
	assert_int_equal(row.count, CSV_COLUMNS_MAX);
	csv = csv_of(guarded(text, CSV_COLUMNS_MAX));
	assert_int_equal(csv_next(&csv, &row), CSV_BAD);
	assert_string_equal(row.problem, "more than 64 fields");
	guard_free();
}

static void no_byte_beyond_a_prefix_is_read(void **state)
{
	static const char text[] = "\xef\xbb\xbf"
				   "a,\"b\"\"c\"\r\n\r\n\"d\ne\",\r\nf,g\r\n";

	(void)state;
	for (size_t n = 0; n < sizeof(text); n++)
		(void)shown(csv_of(guarded(text, n)));
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_as_rfc_4180_and_python_read_them),
		cmocka_unit_test(empty_lines_and_the_mark_are_skipped),
		cmocka_unit_test(separator_and_comment_can_be_chosen),
		cmocka_unit_test(one_wrong_quote_costs_one_row),
		cmocka_unit_test(the_longest_row_is_read_and_one_more_is_refused),
		cmocka_unit_test(the_most_fields_are_read_and_one_more_is_refused),
		cmocka_unit_test(no_byte_beyond_a_prefix_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
