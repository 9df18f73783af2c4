/* Goal: percent escapes are undone with what stands next to them, and never over an empty
 * line. */
#include "codec/coding_check.h"

extern const struct coding coding_percent;

static bool out_of(const char *text, const char *plain)
{
	return comes_out(&coding_percent, bytes_text(text), bytes_text(plain));
}

static void one_escape_is_enough_only_beside_a_number(void **state)
{
	(void)state;
	assert_true(out_of("a=4111%204111", "") == false);
	assert_true(out_of("a=4111 1111 1111%201111&b", "4111 1111 1111 1111&b"));
	assert_true(out_of("cc%3D4111111111111111", "cc=4111111111111111"));
}

static void key_and_value_stay_together_up_to_an_empty_line(void **state)
{
	(void)state;
	assert_true(out_of("card=4111111111111111&exp=12%2F27%2F2026&cvv=123",
		"card=4111111111111111&exp=12/27/2026&cvv=123"));
	assert_true(out_of("key: 1\r\n\r\na%41%41b\r\n\r\nrest", "aAAb"));
	assert_false(out_of("key: 1\r\n\r\na%41%41b\r\n\r\nrest", "\r\n\r"));
	assert_false(out_of("%41\r\n\r\n%41", "A"));
}

static void a_chain_ends_where_little_is_escaped(void **state)
{
	(void)state;
	assert_int_equal(stretches(&coding_percent,
				 bytes_text("%41%42 and a long, long, long, long, long way, "
					    "and a long, long, long, long, long way %43%44")),
		2);
	assert_int_equal(
		stretches(&coding_percent, bytes_text("%41%42 and a short way %43%44")), 1);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest more[] = {
		cmocka_unit_test(one_escape_is_enough_only_beside_a_number),
		cmocka_unit_test(key_and_value_stay_together_up_to_an_empty_line),
		cmocka_unit_test(a_chain_ends_where_little_is_escaped),
	};

	return coding_main(argc, argv, &coding_percent, more, sizeof(more) / sizeof(more[0]));
}
