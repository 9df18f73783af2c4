/* Goal: the token is HMAC-SHA-256 as other programs compute it, over the digits
 * alone.  Oracle: Python's hmac and hashlib. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "pan/pan.h"

static void token_of(struct bytes buf, const struct pan_hit *hit, char out[static 33])
{
	uint8_t key[32], raw[PAN_TOKEN_LEN];

	for (uint8_t i = 0; i < 32; i++)
		key[i] = i;
	pan_token(key, buf, hit, raw);
	for (int i = 0; i < PAN_TOKEN_LEN; i++)
		snprintf(out + 2 * i, 3, "%02x", raw[i]);
}

static void token(const char *written, char out[static 33])
{
	const struct pan_hit hit = {.len = (uint32_t)strlen(written)};

	token_of(bytes_text(written), &hit, out);
}

static void tokens_are_those_of_python(void **unused)
{
	char got[33];

	(void)unused;
	token("4111111111111111", got);
	assert_string_equal(got, "ed94529da289a523d9a70c3a623dcf02");
	token("378282246310005", got);
	assert_string_equal(got, "bab8db1913d25ace7b2cbdbefa1498d3");
	token("6205500000000000004", got);
	assert_string_equal(got, "8714f9ae9d85581696ad58365fcaddbe");
}

static void separators_do_not_count(void **unused)
{
	char got[33];

	(void)unused;
	token("4111-1111-1111-1111", got);
	assert_string_equal(got, "ed94529da289a523d9a70c3a623dcf02");
	token("3782 822463 10005", got);
	assert_string_equal(got, "bab8db1913d25ace7b2cbdbefa1498d3");
}

static void packed_digits_are_the_same_number(void **unused)
{
	const uint8_t even[] = {0x5a, 8, 0x41, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x5f};
	const uint8_t odd[] = {0x37, 0x82, 0x82, 0x24, 0x63, 0x10, 0x00, 0x5f, 0x24};
	struct pan_hit hit = {.off = 2, .len = 8, .digits = 16, .form = PAN_PACKED};
	char got[33];

	(void)unused;
	token_of(bytes_of(even, sizeof(even)), &hit, got);
	assert_string_equal(got, "ed94529da289a523d9a70c3a623dcf02");
	hit.off = 0;
	hit.digits = 15;
	token_of(bytes_of(odd, sizeof(odd)), &hit, got);
	assert_string_equal(got, "bab8db1913d25ace7b2cbdbefa1498d3");
}

static void pieces_are_joined_in_the_order_of_the_number(void **unused)
{
	const char *text = "c3=10005&c1=3782&c2=822463";
	const struct pan_hit hit = {.off = 3,
		.len = 23,
		.digits = 15,
		.form = PAN_SPLIT,
		.piece = {{9, 4}, {17, 6}, {0, 5}}};
	char got[33];

	(void)unused;
	token_of(bytes_text(text), &hit, got);
	assert_string_equal(got, "bab8db1913d25ace7b2cbdbefa1498d3");
}

static void luhn_knows_its_published_examples(void **unused)
{
	(void)unused;
	assert_true(pan_luhn("49927398716", 11)); /* ISO/IEC 7812-1 annex B in the textbooks */
	assert_false(pan_luhn("49927398717", 11));
	assert_true(pan_luhn("4992739871600006", 11));
	assert_true(pan_luhn("490154203237518", 15)); /* IMEI of 3GPP TS 23.003 */
	assert_true(pan_luhn("0", 1));
	assert_false(pan_luhn("", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tokens_are_those_of_python),
		cmocka_unit_test(separators_do_not_count),
		cmocka_unit_test(packed_digits_are_the_same_number),
		cmocka_unit_test(pieces_are_joined_in_the_order_of_the_number),
		cmocka_unit_test(luhn_knows_its_published_examples),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
