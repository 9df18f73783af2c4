/* Goal: records under a key, reversed, rotated or with shifted digits come out; prose, scripts
 * and noise do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "codec/coding_check.h"
#include "codec/key.h"
#include "codec/unpacking.h"

#define REVERSED_MOST 512 /* bytes of a value that is reversed as a whole */

extern const struct coding coding_xor, coding_add, coding_xor_repeating, coding_xor_three,
	coding_reversal, coding_reversed_value, coding_rot, coding_digit_shift;

#define RECORD "card_number=4539578763621486&exp=12/29&cvv=123&holder=AOI SATO"
#define RECORD_LEN (sizeof(RECORD) - 1)

static void one_byte_by_xor_comes_out_whatever_the_key(void **state)
{
	(void)state;
	for (unsigned key = 0x80; key < 0x100; key++) {
		uint8_t coded[RECORD_LEN];

		for (size_t i = 0; i < RECORD_LEN; i++)
			coded[i] = (uint8_t)RECORD[i] ^ (uint8_t)key;
		assert_true(
			comes_out(&coding_xor, bytes_of(coded, RECORD_LEN), bytes_text(RECORD)));
	}
}

static void one_byte_added_comes_out_whatever_the_key(void **state)
{
	(void)state;
	for (unsigned key = 0x80; key < 0x100; key++) {
		uint8_t coded[RECORD_LEN];

		for (size_t i = 0; i < RECORD_LEN; i++)
			coded[i] = (uint8_t)((uint8_t)RECORD[i] + key);
		assert_true(
			comes_out(&coding_add, bytes_of(coded, RECORD_LEN), bytes_text(RECORD)));
	}
}

static void two_to_four_bytes_by_xor_come_out(void **state)
{
	static const uint8_t key[4] = {0x91, 0x2c, 0xe7, 0x5a};

	(void)state;
	for (size_t period = 2; period <= 4; period++) {
		uint8_t coded[RECORD_LEN];

		for (size_t i = 0; i < RECORD_LEN; i++)
			coded[i] = (uint8_t)RECORD[i] ^ key[i % period];
		assert_true(comes_out(period == 3 ? &coding_xor_three : &coding_xor_repeating,
			bytes_of(coded, RECORD_LEN), bytes_text(RECORD)));
	}
}

static void comes_out_of_any_key(const char *text, unsigned from)
{
	uint8_t coded[512];
	size_t len = strlen(text);

	for (unsigned key = from; key < 0x100; key++) {
		for (size_t i = 0; i < len; i++)
			coded[i] = (uint8_t)text[i] ^ (uint8_t)key;
		if (!comes_out(&coding_xor, bytes_of(coded, len), bytes_text(text)))
			fail_msg("key %02x", key);
	}
}

/* Under 1 digits stay digits. */
static void a_list_without_words_comes_out_whatever_the_key(void **state)
{
	(void)state;
	comes_out_of_any_key("4539578763621486|12/29|123\n4485275742308327|08/31|321\n"
			     "5425233430109903|04/30|555\n2223000048410010|09/32|777",
		2);
}

/* By basenc(1) --base32, --base16; %-escapes by perl.  Under some keys
 * of few bits it reads as another coding. */
static void text_in_a_coding_comes_out_where_no_byte_stays_text(void **state)
{
	(void)state;
	comes_out_of_any_key("MNQXEZC7NZ2W2YTFOI6TINJTHE2TOOBXGYZTMMRRGQ4DMJTFPBYD2MJSF4ZDS", 0x80);
	comes_out_of_any_key("636172645F6E756D6265723D34353339353738373633363231343836266578"
			     "703D31322F3239",
		0x80);
	comes_out_of_any_key("%63%61%72%64%5F%6E%75%6D%62%65%72%3D%34%35%33%39%35%37%38%37%36%33"
			     "%36%32%31%34%38%36%26%65%78%70%3D%31%32%2F%32%39",
		0x80);
}

/* By rev(1), tr(1). */
static void reversed_rotated_and_shifted_records_come_out(void **state)
{
	(void)state;
	assert_true(comes_out(&coding_reversal,
		bytes_text("OTAS IOA=redloh&321=vvc&92/21=pxe&6841263678759354=rebmun_drac"),
		bytes_text(RECORD)));
	assert_true(comes_out(&coding_rot,
		bytes_text("pneq_ahzore=4539578763621486&rkc=12/29&pii=123&ubyqre=NBV FNGB"),
		bytes_text(RECORD)));
	assert_true(comes_out(&coding_digit_shift,
		bytes_text("card_number=7862801096954719&exp=45/52&cvv=456&holder=AOI SATO"),
		bytes_text(RECORD)));
}

static void texts_are_none(void **state)
{
	static const struct coding *const all[] = {&coding_xor, &coding_add, &coding_xor_repeating,
		&coding_reversal, &coding_rot, &coding_digit_shift};
	static const char *const rows[] = {
		"The order 4539578763621486 was placed on 12/29 and will be sent.",
		"!function(e,t){\"object\"==typeof exports?module.exports=t():e.lib=t()}(this)",
		"{\"id\":\"1234567890123456\",\"created\":1795161600,\"name\":\"parcel\"}",
		RECORD,
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (size_t c = 0; c < sizeof(all) / sizeof(all[0]); c++)
			assert_int_equal(stretches(all[c], bytes_text(rows[i])), 0);
}

static void noise(uint8_t *out, size_t len)
{
	uint32_t state = 20261122;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		out[i] = (uint8_t)(state >> 24);
	}
}

/* More is not gathered for: any bytes that are no text may be it. */
static void a_value_reversed_as_a_whole_is_short(void **state)
{
	uint8_t data[REVERSED_MOST + 1];

	(void)state;
	noise(data, sizeof(data));
	assert_int_equal(stretches(&coding_reversed_value, bytes_of(data, REVERSED_MOST)), 1);
	assert_int_equal(stretches(&coding_reversed_value, bytes_of(data, REVERSED_MOST + 1)), 0);
}

/* A gzip file's first ten bytes under a key, and noise behind them. */
static void what_does_not_unpack_under_its_key_is_hopeless_once_the_head_is_there(void **state)
{
	static const uint8_t magic[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	uint8_t data[KEY_HEAD], out[64];

	(void)state;
	noise(data, sizeof(data));
	for (size_t i = 0; i < sizeof(magic); i++)
		data[i] = magic[i] ^ 0xa7;
	assert_int_equal(stretches(&coding_xor, bytes_of(data, KEY_HEAD)), 1);
	assert_true(coding_xor.hopeless(unpacker, bytes_of(data, KEY_HEAD), out, sizeof(out)));
	assert_false(coding_xor.hopeless(unpacker, bytes_of(data, KEY_HEAD - 1), out, sizeof(out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_byte_by_xor_comes_out_whatever_the_key),
		cmocka_unit_test(one_byte_added_comes_out_whatever_the_key),
		cmocka_unit_test(two_to_four_bytes_by_xor_come_out),
		cmocka_unit_test(a_list_without_words_comes_out_whatever_the_key),
		cmocka_unit_test(text_in_a_coding_comes_out_where_no_byte_stays_text),
		cmocka_unit_test(reversed_rotated_and_shifted_records_come_out),
		cmocka_unit_test(texts_are_none),
		cmocka_unit_test(a_value_reversed_as_a_whole_is_short),
		cmocka_unit_test(
			what_does_not_unpack_under_its_key_is_hopeless_once_the_head_is_there),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
