/* Goal: the parts of forge that have published vectors agree with them.
 * Method: FIPS 180-4, RFC 1071, RFC 4648, RFC 8259 and published test cards. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "rich.h"
#include "sha256.h"
#include "wire.h"

static void check_digit_is_that_of_published_cards(void **state)
{
	static const char *const cards[] = {"4111111111111111", "5555555555554444",
		"3530111333300000", "378282246310005", "30569309025904"};

	(void)state;
	for (size_t i = 0; i < sizeof(cards) / sizeof(cards[0]); i++) {
		size_t len = strlen(cards[i]);

		assert_int_equal(luhn_digit(cards[i], len - 1), cards[i][len - 1]);
	}
}

static bool luhn_valid(const char *card)
{
	int sum = 0;
	bool twice = false;

	for (size_t i = strlen(card); i > 0; i--, twice = !twice) {
		int d = (card[i - 1] - '0') * (twice ? 2 : 1);

		sum += d / 10 + d % 10;
	}
	return sum % 10 == 0;
}

static void every_brand_gives_valid_cards_of_its_length(void **state)
{
	static const struct {
		const char *brand, *low, *high;
		size_t len;
	} rows[] = {{"visa", "4", "4", 16}, {"mastercard", "51", "55", 16},
		{"jcb", "3528", "3589", 16}, {"amex", "37", "37", 15}, {"diners", "36", "36", 14},
		{"discover", "6011", "6011", 16}, {"unionpay", "622126", "622925", 16}};
	struct rng rng = {11};
	struct person p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		for (int n = 0; n < 500; n++) {
			size_t prefix = strlen(rows[i].low);

			assert_true(person_make(&rng, rows[i].brand, &p));
			assert_int_equal(strlen(p.card), rows[i].len);
			assert_true(luhn_valid(p.card));
			assert_true(strncmp(p.card, rows[i].low, prefix) >= 0);
			assert_true(strncmp(p.card, rows[i].high, prefix) <= 0);
			assert_int_equal(strlen(p.cvv), i == 3 ? 4 : 3);
		}
	}
	assert_false(person_make(&rng, "nobody", &p));
}

static void test_cards_come_only_when_asked_for(void **state)
{
	struct rng rng = {11};
	struct person p;

	(void)state;
	assert_true(person_make(&rng, "test", &p));
	assert_string_equal(p.card, "4111111111111111");
	for (int n = 0; n < 1000; n++) {
		assert_true(person_make(&rng, "", &p));
		assert_string_not_equal(p.card, "4111111111111111");
	}
}

static void sha256_agrees_with_fips_180_4(void **state)
{
	static const char two[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	char hex[65];

	(void)state;
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	sha256_hex(two, sizeof(two) - 1, hex);
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039"
				 "a33ce45964ff2167f6ecedd419db06c1");
}

static void checksum_is_that_of_rfc_1071(void **state)
{
	static const uint8_t data[] = {0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7};

	(void)state;
	assert_int_equal(sum_end(sum_add(0, data, sizeof(data))), 0xffff - 0xddf2);
	/* An odd byte counts as the high half of a word. */
	assert_int_equal(sum_end(sum_add(0, data, 3)), 0xffff - 0xf201);
}

static void check_coding(const char *template, enum coding coding, const char *expect)
{
	struct rng rng = {1};
	struct cast cast = {.rng = &rng};
	struct rich in = {0}, out = {0};

	assert_true(rich_expand(&in, &cast, template));
	rich_add(&out, &in, coding);
	assert_int_equal(out.text.len, strlen(expect));
	if (out.text.len > 0)
		assert_memory_equal(out.text.data, expect, out.text.len);
	rich_fini(&in);
	rich_fini(&out);
}

static void codings_agree_with_their_rfcs(void **state)
{
	(void)state;
	check_coding("", CODING_BASE64, "");
	check_coding("f", CODING_BASE64, "Zg==");
	check_coding("fo", CODING_BASE64, "Zm8=");
	check_coding("foo", CODING_BASE64, "Zm9v");
	check_coding("foob", CODING_BASE64, "Zm9vYg==");
	check_coding("fooba", CODING_BASE64, "Zm9vYmE=");
	check_coding("foobar", CODING_BASE64, "Zm9vYmFy");
	check_coding("a b&c=d/e", CODING_URL, "a+b%26c%3Dd%2Fe");
	check_coding("\\x22\\n\\\\", CODING_JSON, "\\\"\\u000a\\\\");
	check_coding("{{x} {\"y\":1}", CODING_NONE, "{x} {\"y\":1}");
}

static void marks_follow_the_card_through_every_coding(void **state)
{
	struct rng rng = {1};
	struct cast cast = {.rng = &rng};
	struct rich in = {0}, out = {0};

	(void)state;
	assert_true(rich_expand(&in, &cast, "a&b={card:jcb:dashes}"));
	rich_text(&out, "x=");
	rich_add(&out, &in, CODING_URL);
	assert_int_equal(out.mark_cnt, 1);
	assert_int_equal(out.marks[0].from, strlen("x=a%26b%3D"));
	assert_int_equal(out.marks[0].to - out.marks[0].from, 19);
	assert_memory_equal(out.text.data + out.marks[0].from, out.marks[0].person.card, 4);
	rich_fini(&in);
	rich_fini(&out);
}

static void unknown_placeholders_say_so(void **state)
{
	static const char *const rows[][2] = {
		{"{crad}", "unknown placeholder (\"{{\" is a brace) {crad}"},
		{"{x.card}", "there is no person of this name: {x.card}"},
		{"{card:nobody}", "no such brand: {card:nobody}"},
	};
	struct rng rng = {1};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct cast cast = {.rng = &rng};
		struct rich out = {0};

		assert_false(rich_expand(&out, &cast, rows[i][0]));
		assert_string_equal(cast.problem, rows[i][1]);
		rich_fini(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(check_digit_is_that_of_published_cards),
		cmocka_unit_test(every_brand_gives_valid_cards_of_its_length),
		cmocka_unit_test(test_cards_come_only_when_asked_for),
		cmocka_unit_test(sha256_agrees_with_fips_180_4),
		cmocka_unit_test(checksum_is_that_of_rfc_1071),
		cmocka_unit_test(codings_agree_with_their_rfcs),
		cmocka_unit_test(marks_follow_the_card_through_every_coding),
		cmocka_unit_test(unknown_placeholders_say_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
