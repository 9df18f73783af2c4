/* Goal: an explanation names what was undone, every reason with its weight, and what the number
 * that came nearest lacks; no digit of a card is in it.  Method: published test numbers, and cards
 * made here from the issuer ranges, in texts that lack one thing each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "explain/explain.h"
#include "guard.h"
#include "pan/doubt.h"
#include "pan/fixture.h"

static struct explained explained;
static char json[EXPLAIN_JSON_MAX];
static char card[20]; /* a Visa number, no test number */

static int make_card(void **unused)
{
	const struct naive_issuer *rows;
	size_t count = naive_issuers(&rows);
	uint64_t state = 3;
	struct naive_hit hit;

	(void)unused;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].brand, "visa") != 0)
			continue;
		do
			assert_true(naive_card(&state, &rows[i], 16, card));
		while (!naive_valid(card, &hit) || hit.test);
		return 0;
	}
	return -1;
}

static void ask(const void *data, size_t len, const char *type)
{
	struct err err = {0};
	const struct explain_question question = {
		.data = guarded(data, len), .type = type, .table = fixture_table()};

	if (!explain_bytes(&question, &explained, &err))
		fail_msg("%s", err.text);
	size_t size = explain_json(&explained, json, sizeof(json));
	assert_true(size > 0 && size < sizeof(json));
	json[size] = '\0';
	assert_null(strstr(json, card));
}

static void ask_text(const char *format, const char *number)
{
	char text[256];
	int len = snprintf(text, sizeof(text), format, number);

	ask(text, (size_t)len, NULL);
}

static bool has(const struct explain_reasons *why, const char *id, int weight)
{
	for (uint32_t i = 0; i < why->count; i++)
		if (strcmp(why->row[i].id, id) == 0)
			return why->row[i].weight == weight && why->row[i].sentence != NULL;
	return false;
}

static void a_card_is_told_with_all_its_reasons(void **unused)
{
	const struct explain_found *found = &explained.found;

	(void)unused;
	ask_text("card_number=%s&exp=12/28&cvv=123", card);
	assert_true(explained.has_found && !explained.has_miss);
	assert_string_equal(found->confidence, "high");
	assert_int_equal(found->score, 37 + 40 + 30 + 30);
	assert_int_equal(found->why.count, 4);
	assert_true(has(&found->why, "card-format", 37) && has(&found->why, "card-key", 40));
	assert_true(has(&found->why, "card-expiry", 30) && has(&found->why, "card-code", 30));
	assert_int_equal(found->new_score, found->score + 20);
	assert_int_equal(found->cards, 1);
	assert_string_equal(found->card[0].brand, "visa");
	assert_memory_equal(found->card[0].bin, card, 6);
	assert_string_equal(found->card[0].last4, card + 12);
	assert_non_null(
		strstr(json, "\"id\":\"card-key\",\"weight\":4.0,\"sentence\":\"the field is "
			     "named like a card number\""));
}

static void the_chain_of_codings_is_named(void **unused)
{
	static const char head[] = "%7B%22card_number%22%3A%22", tail[] = "%22%7D";
	char text[512];
	size_t len = 0;

	(void)unused;
	len += (size_t)snprintf(text, sizeof(text), "%s", head);
	for (size_t i = 0; card[i] != '\0'; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%%%02X", (unsigned)(uint8_t)card[i]);
	snprintf(text + len, sizeof(text) - len, "%s", tail);
	ask(text, strlen(text), NULL);
	assert_true(explained.has_found);
	assert_int_equal(explained.found.place.layers, 1);
	assert_string_equal(explained.found.place.layer[0], "percent");
	assert_int_equal(explained.undones, 1);
	assert_string_equal(explained.undone[0].layer[0], "percent");
	assert_true(explained.undone[0].texts == 1 && explained.texts == 2);
}

static void published_test_numbers_are_no_alert(void **unused)
{
	(void)unused;
	ask_text("card_number=%s", "4012888888881881");
	assert_true(explained.has_found && explained.found.test);
	assert_int_equal(explained.found.distinct, 0);
	assert_null(strstr(json, "4012888888881881"));
}

static void what_weighs_too_little_is_the_nearest_miss(void **unused)
{
	(void)unused;
	ask_text("order %s shipped", card);
	assert_true(!explained.has_found && explained.has_miss);
	assert_int_equal(explained.miss.stop, EXPLAIN_SCORE);
	assert_true(has(&explained.miss.why, "card-format", 37));
	assert_true(has(&explained.miss.why, "decoy-key", -50));
	assert_int_equal(explained.miss.score, -13);
	assert_non_null(strstr(json, "\"against\":[{\"id\":\"decoy-key\",\"weight\":-5.0"));
}

static void a_wrong_check_digit_is_named(void **unused)
{
	char wrong[20];

	(void)unused;
	memcpy(wrong, card, sizeof(wrong));
	wrong[15] = wrong[15] == '9' ? '0' : (char)(wrong[15] + 1);
	ask_text("{\"card_number\":\"%s\"}", wrong);
	assert_true(!explained.has_found && explained.has_miss);
	assert_int_equal(explained.miss.stop, EXPLAIN_LACKS);
	assert_int_equal(explained.miss.lacks, PAN_LACKS_CHECK);
	assert_int_equal(explained.miss.digits, 16);
	assert_true(has(&explained.miss.why, "card-key", 40));
	assert_null(strstr(json, wrong));
	assert_non_null(
		strstr(json, "\"shape\":\"{\\\"card_number\\\":\\\"################\\\"}\""));
	assert_non_null(strstr(json, "\"lacks\":[{\"id\":\"check-digit\",\"sentence\":\"its check "
				     "digit (Luhn) is wrong\"}]"));
}

static void a_part_of_something_longer_is_named(void **unused)
{
	(void)unused;
	ask_text("id=AB%s&x", card);
	assert_int_equal(explained.miss.stop, EXPLAIN_LACKS);
	assert_int_equal(explained.miss.lacks, PAN_LACKS_EDGE);
}

static void what_lacks_least_is_the_nearest(void **unused)
{
	(void)unused;
	ask_text("7112345678901234 40128888888818 4012888888881882 %s", "12345");
	assert_int_equal(explained.miss.lacks, PAN_LACKS_CHECK);
	assert_int_equal(explained.miss.place.offset, 32);
	ask_text("7112345678901234 40128888888818 %s", "12345");
	assert_int_equal(explained.miss.lacks, PAN_LACKS_ISSUER);
}

static void chance_under_a_searched_key_is_named(void **unused)
{
	char text[64];
	int len = snprintf(text, sizeof(text), "%s|12/28", card);

	(void)unused;
	for (int i = 0; i < len / 2; i++) {
		char c = text[i];
		text[i] = text[len - 1 - i];
		text[len - 1 - i] = c;
	}
	ask(text, (size_t)len, NULL);
	assert_true(!explained.has_found && explained.has_miss);
	assert_int_equal(explained.miss.stop, EXPLAIN_BY_CHANCE);
	assert_string_equal(explained.miss.place.layer[0], "reversal");
	assert_true(has(&explained.miss.why, "card-expiry", 30));
	text[16] = '\0';
	assert_null(strstr(json, text));
}

static void nothing_is_invented_where_no_number_stands(void **unused)
{
	(void)unused;
	ask_text("hello %s", "world");
	assert_true(!explained.has_found && !explained.has_miss);
	assert_true(explained.texts == 1 && explained.undones == 0 && explained.limits == 0);
	assert_null(strstr(json, "nearest_miss"));
}

static void http_messages_are_read_as_such(void **unused)
{
	static const char head[] = "POST /a HTTP/1.1\r\nHost: x.example\r\nContent-Type: "
				   "application/x-www-form-urlencoded\r\nContent-Length: 28\r\n\r\n"
				   "card_number=";
	char text[400];

	(void)unused;
	snprintf(text, sizeof(text), "%s%sGET / HTTP/1.1\r\n\r\n", head, card);
	ask(text, strlen(text), NULL);
	assert_int_equal(explained.messages, 2);
	assert_true(explained.has_found);
	assert_string_equal(explained.found.place.layer[0], "form");
	assert_int_equal(explained.found.place.key.len, 11);
	assert_string_equal(explained.found.place.field, "http.body");
}

static void the_declared_type_is_heard(void **unused)
{
	char text[64];

	(void)unused;
	snprintf(text, sizeof(text), "x y z=%s&cvv=123", card);
	ask(text, strlen(text), "application/x-www-form-urlencoded");
	assert_int_equal(explained.undones, 1);
	assert_string_equal(explained.undone[0].layer[0], "form");
	ask(text, strlen(text), NULL);
	assert_int_equal(explained.undones, 0);
}

/* Long bodies come in runs: a number over each border is found once. */
static void a_number_over_any_border_is_found(void **unused)
{
	enum { LONG = 140000 };
	char *text = malloc(LONG);

	(void)unused;
	assert_non_null(text);
	for (size_t at = FIELD_WHOLE - 30; at < FIELD_WHOLE + 10; at++) {
		memset(text, 'x', LONG);
		text[at - 13] = '\n';
		memcpy(text + at - 12, "card_number=", 12);
		memcpy(text + at, card, 16);
		text[at + 16] = '\n';
		ask(text, LONG, NULL);
		assert_true(explained.has_found && explained.found.distinct == 1);
		assert_int_equal(explained.found.place.offset, at);
	}
	free(text);
}

static void what_does_not_fit_is_no_json(void **unused)
{
	(void)unused;
	ask_text("card_number=%s&exp=12/28", card);
	size_t size = strlen(json);

	for (size_t room = 16; room < size; room += 7)
		assert_int_equal(explain_json(&explained, json, room), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_card_is_told_with_all_its_reasons),
		cmocka_unit_test(the_chain_of_codings_is_named),
		cmocka_unit_test(published_test_numbers_are_no_alert),
		cmocka_unit_test(what_weighs_too_little_is_the_nearest_miss),
		cmocka_unit_test(a_wrong_check_digit_is_named),
		cmocka_unit_test(a_part_of_something_longer_is_named),
		cmocka_unit_test(what_lacks_least_is_the_nearest),
		cmocka_unit_test(chance_under_a_searched_key_is_named),
		cmocka_unit_test(nothing_is_invented_where_no_number_stands),
		cmocka_unit_test(http_messages_are_read_as_such),
		cmocka_unit_test(the_declared_type_is_heard),
		cmocka_unit_test(a_number_over_any_border_is_found),
		cmocka_unit_test(what_does_not_fit_is_no_json),
	};

	return cmocka_run_group_tests_name("explain", tests, make_card, NULL);
}
