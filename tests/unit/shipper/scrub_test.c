/* Goal: no card passes the scrubber inside a string, in any form JSON allows;
 * nothing of ours is touched; the record stays JSON.  Method: exact records;
 * cards made from the issuer ranges by seed; a small JSON reader of this test
 * accepts every result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "pan/fixture.h"
#include "shipper/scrub.h"

static char text[4096];

static size_t scrub(const char *record)
{
	snprintf(text, sizeof(text), "%s", record);
	return scrub_text(text, strlen(text));
}

static void cards_in_strings_lose_their_middle(void **unused)
{
	(void)unused;
	assert_int_equal(scrub("{\"a\":\"4111111111111111\"}"), 1);
	assert_string_equal(text, "{\"a\":\"411111******1111\"}");
	assert_int_equal(scrub("[\"x 3782-822463-10005 y 3600 666633 3344.\"]"), 2);
	assert_string_equal(text, "[\"x 3782-82****-*0005 y 3600 66**** 3344.\"]");
	assert_int_equal(scrub("{\"4222222222222\":\"6205500000000000004\"}"), 2);
	assert_string_equal(text, "{\"422222***2222\":\"620550*********0004\"}");
	assert_int_equal(scrub("\"card4111111111111111x\""), 1);
	assert_string_equal(text, "\"card411111******1111x\"");
	assert_int_equal(scrub("\"\\n2223003122003222\\\"\""), 1);
	assert_string_equal(text, "\"\\n222300******3222\\\"\"");
	assert_int_equal(scrub("\"4111 1111-1111.1111\""), 1);
}

static void escaped_digits_are_seen_and_stay_escapes(void **unused)
{
	(void)unused;
	assert_int_equal(scrub("\"411111\\u0031\\u0031111111\\u00311\""), 1);
	assert_string_equal(text, "\"411111\\u002a\\u002a****11\\u00311\"");
	assert_int_equal(scrub("\"4111\\u002d1111\\u00201111\\u002E1111\""), 1);
}

static void what_is_ours_stays(void **unused)
{
	static const char *const records[] = {
		"{\"flow_id\":4111111111111111,\"n\":378282246310005}",
		"{\"timestamp\":\"2026-01-31T09:15:02.123456+0000\"}",
		"{\"token\":\"4111111111111111aaaaaaaaaaaaaaaa\"}",
		"{\"sha\":\"f4111111111111111fffffffffffffffffffffff\"}",
		"{\"a\":\"411111******1111\",\"b\":\"41**************\"}",
		"{\"src_ip\":\"203.0.113.10\",\"v6\":\"2001:db8:4111:1111:1111:1111::\"}",
		"{\"id\":\"4111111111111112\",\"long\":\"41111111111111111111\"}",
		"{\"short\":\"411111111111\"}",
		"{\"id\":\"1111111111111117\",\"z\":\"0000000000000000\"}",
		"{\"a\":\"4111--1111--1111--1111\"}",
		"",
		"\"",
		"\"\\",
		"{\"open\":\"41111111",
	};

	(void)unused;
	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		assert_int_equal(scrub(records[i]), 0);
		assert_string_equal(text, records[i]);
	}
}

/* True if all is one JSON string without a bare control or broken escape. */
static bool is_json_string(const char *p, size_t len)
{
	size_t i = 1;

	if (len < 2 || p[0] != '"' || p[len - 1] != '"')
		return false;
	while (i < len - 1) {
		unsigned value;
		int used = 0;
		if (p[i] == '"' || (unsigned char)p[i] < 0x20)
			return false;
		if (p[i] != '\\') {
			i++;
		} else if (p[i + 1] == 'u') {
			if (sscanf(p + i + 2, "%4x%n", &value, &used) != 1 || used != 4)
				return false;
			i += 6;
		} else {
			if (strchr("\"\\/bfnrt", p[i + 1]) == NULL)
				return false;
			i += 2;
		}
	}
	return i == len - 1;
}

static void made_cards_are_found_in_every_form(void **unused)
{
	static const char *const between[] = {"", " ", "-", ".", "\\u0020", "\\u002d"};
	const struct naive_issuer *rows;
	size_t count = naive_issuers(&rows), found = 0;
	uint64_t state = 77;
	char card[20], record[1024];

	(void)unused;
	for (int i = 0; i < 40000; i++) {
		const struct naive_issuer *row = &rows[fixture_below(&state, count)];
		if (!row->luhn || !naive_card(&state, row, 0, card) || strlen(card) < 13)
			continue;
		if (card[0] == '1' || card[0] == '7' ||
			card[0] == '9') /* outside what it promises */
			continue;
		const char *gap = between[fixture_below(&state, 6)];
		int len = snprintf(record, sizeof(record), "\"%s",
			fixture_below(&state, 2) == 0 ? "k\\\"=" : "");
		for (const char *p = card; *p != '\0'; p++)
			len += snprintf(record + len, sizeof(record) - (size_t)len,
				fixture_below(&state, 5) == 0 ? "\\u00%02x%s" : "%c%s", *p,
				p[1] != '\0' ? gap : "");
		len += snprintf(record + len, sizeof(record) - (size_t)len, "|12\\/27\"");
		assert_true(is_json_string(record, (size_t)len));
		assert_int_equal(scrub_text(record, (size_t)len), 1);
		assert_int_equal(strlen(record), len);
		assert_true(is_json_string(record, (size_t)len));
		assert_int_equal(scrub_text(record, (size_t)len), 0);
		found++;
	}
	assert_true(found > 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cards_in_strings_lose_their_middle),
		cmocka_unit_test(escaped_digits_are_seen_and_stay_escapes),
		cmocka_unit_test(what_is_ours_stays),
		cmocka_unit_test(made_cards_are_found_in_every_form),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
