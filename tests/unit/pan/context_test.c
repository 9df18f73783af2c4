/* Goal: what stands around a card is named as a person would name it.
 * Method: records as shops, skimmers and providers write them,
 * each with the reasons it must give, neither more nor fewer; ids of other
 * kinds that must give nothing.  CARD stands for the number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/why.h"
#include "guard.h"
#include "pan/fixture.h"

#define CARD "4111111111111111"
#define K WHY_BIT(WHY_CARD_KEY)
#define E WHY_BIT(WHY_CARD_EXPIRY)
#define C WHY_BIT(WHY_CARD_CODE)
#define H WHY_BIT(WHY_CARD_HOLDER)
#define D WHY_BIT(WHY_CARD_DECOY_KEY)
#define L WHY_BIT(WHY_CARD_IN_LIST)
#define OTHER "4242424242424242" /* Luhn-valid */

static uint64_t look(const char *text, const char *field)
{
	size_t off = (size_t)(strstr(text, CARD) - text), len = strlen(text);
	struct bytes copy = guarded(text, len);

	return pan_context(fixture_table(), copy, off, strlen(CARD), bytes_text(field));
}

static const char *letters(uint64_t why)
{
	static char out[8];

	snprintf(out, sizeof(out), "%s%s%s%s%s%s", why & K ? "K" : "", why & E ? "E" : "",
		why & C ? "C" : "", why & H ? "H" : "", why & D ? "D" : "", why & L ? "L" : "");
	return out;
}

static const struct {
	const char *text, *want;
} records[] = {
	/* forms and queries */
	{"cc_number=" CARD "&cc_exp_month=12&cc_exp_year=2027&cc_cid=123&cc_owner=HANAKO+YAMADA",
		"KECH"},
	{"payment[cc_number]=" CARD "&payment[cc_cid]=123", "KC"},
	{"payment%5Bcc_number%5D=" CARD "&payment%5Bcc_cid%5D=123", "KC"},
	{"CardNo=" CARD "&Expire=2712&SecurityCode=1234&Token=", "KEC"},
	{"cardnumber=" CARD "&expyy=27&expmm=12&seccode=123&telno=0312345678&email=a%40b.example",
		"KECH"},
	{"card[number]=" CARD "&card[exp_month]=12&card[exp_year]=2027&card[cvc]=123", "KEC"},
	{"linkpoint_cc_number=" CARD, "K"},
	{"stripe-card-number=" CARD "&stripe-card-expiry=12%2F27&stripe-card-cvc=123", "KEC"},
	{"stripe-card-expiry=12+%2F+27&x=" CARD, "E"},
	{"cnum1=" CARD, "K"},
	{"id=" CARD, "D"},
	{"order_no=" CARD "&total=123", "D"},
	{"GET /t/card_no%3A%20" CARD "%2C%2010%2F33/x.png HTTP/1.1", "K"},
	{"/x/12/27/" CARD, ""},
	/* tables */
	{"order,holder,card_number,exp,cvv\r\n1007,TARO ABE," CARD ",12/27,123\r\n", "KECH"},
	{"order;pan;x\n1;2;3\n1007;" CARD ";5\n", "K"},
	{"\"order\"\t\"Card No\"\n\"1\"\t\"" CARD "\"\n", "K"},
	{"cc_number,order_no\n" CARD ",1", "K"},
	{"cc_number,order_no\n1," CARD, "D"},
	{"cc_number,order_no\n1,2," CARD, ""},
	{"name,card_number\n\"x, y\"," CARD "\n", "K"},
	{"INSERT INTO t (id,card_number,total) VALUES\n(1," CARD ",2);\n", "K"},
	{"[[\"id\",\"card_number\"],\n[1,\"" CARD "\"]]\n", "K"},
	{"card type,number,total\nvisa," CARD ",2\n", "K"},
	{"card number, please:\n" CARD "\n", ""},
	{"a|b\nx|" CARD, ""},
	{"card_number\n" CARD "\n", ""},
	{"a,b,card_number " CARD, "K"},
	{"\xe3\x82\xab\xe3\x83\xbc\xe3\x83\x89\xe7\x95\xaa\xe5\x8f\xb7,x\n" CARD ",y", "K"},
	/* JSON */
	{"{\"card\":\"" CARD "\",\"exp\":\"12/27\",\"cvv\":\"123\",\"name\":\"Taro Yamada\","
	 "\"mail\":\"t@x.example\",\"host\":\"shop.example\"}",
		"KECH"},
	{"{\"cc\":\"" CARD "\",\"exp\":\"12/27\",\"cvv\":\"123\"}", "KEC"},
	{"{\"card\":{\"number\":\"" CARD "\",\"expiryMonth\":\"12\",\"cvc\":\"123\"}}", "KEC"},
	{"{\"payment_details\":{\"type\":\"credit_card\",\"number\":\"" CARD
	 "\",\"month\":12,\"year\":2027,\"verification_value\":\"123\"}}",
		"KEC"},
	{"{\\\"card_number\\\":\\\"" CARD "\\\",\\\"security_code\\\":\\\"123\\\"}", "KC"},
	{"%7B%22cc%22%3A%22" CARD "%22%2C%22cvv%22%3A%22123%22%7D", "KC"},
	{"{\"number\":\"" CARD "\"}", ""},
	{"{\"id\":" CARD ",\"year\":2027,\"month\":12}", "D"},
	{"{\"orderId\":\"" CARD "\",\"date\":\"10/25\",\"qty\":123}", "D"},
	{"{\"tracking_number\":\"" CARD "\"}", "D"},
	{"{\"created_at\":" CARD "}", "D"},
	{"{\"a\":1,\"b\":" CARD ",\"c\":300}", ""},
	/* XML and HTML */
	{"<card><number>" CARD "</number><expires><year>2027</year><month>12</month></expires>"
	 "<cvv>123</cvv></card>",
		"KEC"},
	{"<td>Card number</td><td>" CARD "</td>", "K"},
	{"<input name=\"cc_number\" value=\"" CARD "\">", "K"},
	{"<th>Order number</th><td>" CARD "</td>", "D"},
	/* records of skimmers */
	{CARD "|12/27|123|HANAKO YAMADA|", "ECH"},
	{CARD "|12|27|123", "EC"},
	{CARD "|12|2027|123", "EC"},
	{CARD "|1227|123", "EC"},
	{CARD "|2712|123", "EC"},
	{CARD "|123|12|2027", "EC"},
	{CARD ":12/2027:123", "EC"},
	{CARD "\t12/27\t1234", "EC"},
	{CARD " 12/27 123", "EC"},
	{CARD ";123;", "C"},
	{"HANAKO YAMADA|t@x.example|" CARD "|123|12|2027", "ECH"},
	{"12/27|" CARD "|", "E"},
	{"Card = " CARD "\nExp = 12/27\nCVV = 123\n", "KEC"},
	{"Credit card number: " CARD, "K"},
	{"postal=1000001&n=" CARD, "H"},
	{"zip=100-0001&n=" CARD, "H"},
	/* nothing */
	{CARD, ""},
	{"2026-11-20 10:03:12 " CARD " ok", ""},
	/* indexes and ids */
	{"order_no[12]=" CARD, "D"},
	{"card_no[1]=" CARD, "K"},
	{"\xe5\x8f\x97\xe6\xb3\xa8\xe7\x95\xaa\xe5\x8f\xb7[3]=" CARD, "D"},
	{"{\"channel_id\":\"" CARD "\"}", "D"},
	/* what stands beside another number is that one's */
	{"a=" OTHER "&exp=12/28&cvv=123&b=" CARD, ""},
	{"b=" CARD "&a=" OTHER "&exp=12/28&cvv=123", ""},
	{"b=" CARD "&exp=12/28&a=" OTHER "&cvv=123", "E"},
	{OTHER "|12/28|123|" CARD, ""},
	{"12/28|123|" CARD, "E"},
	/* numbers without quotes in lists, below heads */
	{"[" CARD "," CARD "]", "L"},
	{"var t=[" OTHER "," CARD "," OTHER "];", "L"},
	{"[1," CARD ",2]", ""},
	{"[\"" OTHER "\",\"" CARD "\",\"" OTHER "\"]", ""},
	{"VALUES (" CARD ",'2026-11-20',7)", "L"},
	{"VALUES (7,'" CARD "')", ""},
	{CARD "\n12/27\n123", ""},
	{"11/20/2026 " CARD, ""},
	{"https://shop.example/item/" CARD "?size=100", ""},
	{"the quick brown fox " CARD " jumps", ""},
};

static void records_give_their_reasons(void **unused)
{
	(void)unused;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const char *got = letters(look(records[i].text, ""));
		if (strcmp(got, records[i].want) != 0)
			fprintf(stderr, "%s: got %s, want %s\n", records[i].text, got,
				records[i].want);
	}
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++)
		assert_string_equal(letters(look(records[i].text, "")), records[i].want);
	guard_free();
}

static void the_field_name_counts_as_key(void **unused)
{
	static const char *const card_keys[] = {"cc_number", "CardNumber", "card[number]", "PAN",
		"billing[cc_number]", "x_card_num", "card_no", "creditCardNumber", "cn",
		"\xe3\x82\xab\xe3\x83\xbc\xe3\x83\x89"};
	static const char *const decoys[] = {
		"order-id", "JAN", "tel", "pixel_id", "timestamp", "ts"};

	(void)unused;
	for (size_t i = 0; i < 9; i++)
		assert_string_equal(letters(look(CARD, card_keys[i])), "K");
	for (size_t i = 0; i < 6; i++)
		assert_string_equal(letters(look(CARD, decoys[i])), "D");
	assert_string_equal(letters(look(CARD, "japan")), "");
	assert_string_equal(letters(look(CARD, "encrypted")), "");
	assert_string_equal(letters(look(CARD, "")), "");
	guard_free();
}

/* Bytes of the words: iconv of the same text. */
static void japanese_words_count_in_three_codings(void **unused)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"\xe3\x82\xab\xe3\x83\xbc\xe3\x83\x89\xe7\x95\xaa\xe5\x8f\xb7\xef\xbc\x9a" CARD,
			"K"},
		{"\x83\x4a\x81\x5b\x83\x68\x94\xd4\x8d\x86\x81\x46" CARD, "K"},
		{"\xa5\xab\xa1\xbc\xa5\xc9\xc8\xd6\xb9\xe6\xa1\xa7" CARD, "K"},
		{"<th>\xe3\x82\xab\xe3\x83\xbc\xe3\x83\x89\xe7\x95\xaa\xe5\x8f\xb7</th><td>" CARD
		 "</td>",
			"K"},
		{"n=" CARD "&\xe6\x9c\x89\xe5\x8a\xb9\xe6\x9c\x9f\xe9\x99\x90=2712", "E"},
		{"n=" CARD "&\x97\x4c\x8c\xf8\x8a\xfa\x8c\xc0=12/27", "E"},
		{"n=" CARD
		 "&\xe3\x82\xbb\xe3\x82\xad\xe3\x83\xa5\xe3\x83\xaa\xe3\x83\x86\xe3\x82\xa3"
		 "\xe3\x82\xb3\xe3\x83\xbc\xe3\x83\x89=123",
			"C"},
		{"\xe6\xb3\xa8\xe6\x96\x87\xe7\x95\xaa\xe5\x8f\xb7: " CARD, "D"},
		{"\x92\x8d\x95\xb6\x94\xd4\x8d\x86: " CARD, "D"},
		{"%E3%82%AB%E3%83%BC%E3%83%89%E7%95%AA%E5%8F%B7=" CARD, "K"},
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *got = letters(look(cases[i].text, ""));
		if (strcmp(got, cases[i].want) != 0)
			fprintf(stderr, "case %zu\n", i);
		assert_string_equal(got, cases[i].want);
	}
	guard_free();
}

static void only_the_bytes_within_reach_count(void **unused)
{
	char text[2 * PAN_CONTEXT + 64];
	size_t off = sizeof("cvv=123&") - 1 + PAN_CONTEXT;

	(void)unused;
	memset(text, '|', sizeof(text));
	memcpy(text, "cvv=123&", 8);
	memcpy(text + off, CARD, 16);
	struct bytes all = bytes_of(text, off + 16);
	assert_int_equal(pan_context(fixture_table(), all, off, 16, bytes_text("")), 0);
	assert_int_equal(
		pan_context(fixture_table(), bytes_of(text, off - 8 + 16), off, 16, bytes_text("")),
		0);
	memcpy(text + off - 8, CARD, 16);
	assert_int_equal(pan_context(fixture_table(), all, off - 8, 16, bytes_text("")), C);
}

static void any_bytes_around_are_survived(void **unused)
{
	uint64_t state = 3;
	static const char signs[] = "=:>|,;&{}\"'<+\\/%@.-_ \t\n19aZ\xe3\x82\xab\x83";
	uint8_t text[2 * PAN_CONTEXT + 16];

	(void)unused;
	for (int i = 0; i < 30000; i++) {
		size_t len = fixture_below(&state, sizeof(text) + 1),
		       off = fixture_below(&state, len + 1);
		size_t hit = fixture_below(&state, len - off + 1);
		for (size_t n = 0; n < len; n++)
			text[n] =
				i % 2 == 0
					? (uint8_t)fixture_random(&state)
					: (uint8_t)signs[fixture_below(&state, sizeof(signs) - 1)];
		uint64_t why =
			pan_context(fixture_table(), guarded(text, len), off, hit, bytes_text(""));
		assert_int_equal(why & ~(K | E | C | H | D), 0);
	}
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(records_give_their_reasons),
		cmocka_unit_test(the_field_name_counts_as_key),
		cmocka_unit_test(japanese_words_count_in_three_codings),
		cmocka_unit_test(only_the_bytes_within_reach_count),
		cmocka_unit_test(any_bytes_around_are_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
