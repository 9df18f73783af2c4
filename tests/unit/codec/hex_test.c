/* Goal: pairs of hex digits are found in a run or apart; hashes, ids and lists are not. */
#include "codec/coding_check.h"

extern const struct coding coding_hex;

static bool out_of(const char *text, const char *plain)
{
	return comes_out(&coding_hex, bytes_text(text), bytes_text(plain));
}

static void an_odd_run_begins_where_it_reads(void **state)
{
	(void)state;
	assert_true(out_of("a34313131313131313131313131313131", "4111111111111111"));
	assert_true(out_of("34313131313131313131313131313131a", "4111111111111111"));
	assert_true(out_of("0x34313131313131313131313131313131", "4111111111111111"));
}

static void twelve_pairs_are_a_stretch_and_eleven_are_not(void **state)
{
	(void)state;
	assert_true(out_of("343131313131313131313131", "411111111111"));
	assert_int_equal(stretches(&coding_hex, bytes_text("3431313131313131313131")), 0);
	assert_true(out_of("34 31 31 31 31 31 31 31 31 31 31 31", "411111111111"));
	assert_int_equal(stretches(&coding_hex, bytes_text("34 31 31 31 31 31 31 31 31 31 31")), 0);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(an_odd_run_begins_where_it_reads),
		cmocka_unit_test(twelve_pairs_are_a_stretch_and_eleven_are_not),
	};

	return coding_main(argc, argv, &coding_hex, more, sizeof(more) / sizeof(more[0]));
}
