/* Goal: base64 of either alphabet is found wherever it stands and read at its own alignment;
 * words, paths and identifiers are not. */
#include "codec/coding_check.h"
#include "guard.h"

extern const struct coding coding_base64;

static bool out_of(const char *text, const char *plain)
{
	return comes_out(&coding_base64, bytes_text(text), bytes_text(plain));
}

/* domain facts: the published number at each place in a triple, plain and grouped. */
static void a_number_is_found_at_each_alignment(void **state)
{
	static const char *const rows[] = {
		"NDExMTExMTExMTExMTExMQ==", "bjQxMTExMTExMTExMTExMTE=", "bj00MTExMTExMTExMTExMTEx"};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_true(out_of(rows[i], "4111111111111111"));
	assert_true(out_of("NDExMSAxMTExIDExMTEgMTExMQ==", "4111 1111 1111 1111"));
	assert_true(out_of("NDExMS0xMTExLTExMTEtMTExMQ==", "4111-1111-1111-1111"));
}

static void a_word_before_it_does_not_move_it(void **state)
{
	(void)state;
	assert_true(out_of("Basic NDExMTExMTExMTExMTExMQ== end", "4111111111111111"));
	assert_true(out_of("the parcel is ready NDExMTExMTExMTExMTExMQ the parcel is not",
		"4111111111111111"));
	assert_true(out_of("/t/NDExMTExMTExMTExMTExMQ/x.png", "4111111111111111"));
	assert_true(out_of("/a/longer/path/to/the/thing/NDExMTExMTExMTExMTExMQ", "41111111111111"));
}

static void lines_are_one_text_and_short_ones_are_not(void **state)
{
	static const char lines[] = "eyJjYyI6IjQxMTExMTEx\r\nMTExMTExMTEiLCJleHAi\r\nOjF9";

	(void)state;
	assert_true(out_of(lines, "{\"cc\":\"4111111111111111\",\"exp\":1}"));
	assert_int_equal(stretches(&coding_base64, bytes_text(lines)), 1);
	assert_int_equal(stretches(&coding_base64,
				 bytes_text("NDExMTEx\nMTExMTEx\nMTExMQ==\nNDExMTEx\nMTExMTEx")),
		0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(a_number_is_found_at_each_alignment),
		cmocka_unit_test(a_word_before_it_does_not_move_it),
		cmocka_unit_test(lines_are_one_text_and_short_ones_are_not),
	};

	return coding_main(argc, argv, &coding_base64, more, sizeof(more) / sizeof(more[0]));
}
