/* Goal: each kind of field and body gives the views unwrap.h promises, and what
 * is not decoded is shown as it stands and counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "unwrap/record.h"

#define MESSAGES 2
#define INFLATERS 3
#define LONG (FIELD_WHOLE + 500)

static struct arena arena;
static struct record record;
static struct unwrap *unwrap;
static struct fed fed;

static const struct bytes none = {.ptr = NULL, .len = 0};

static void append(char *text, const char *more)
{
	memcpy(text + strlen(text), more, strlen(more) + 1);
}

static void start(enum message_kind kind)
{
	record_clear(&record);
	fed = (struct fed){.unwrap = unwrap, .message = {.kind = (uint8_t)kind}};
	unwrap_open(unwrap, &fed.slot, &fed.message);
}

static void field(enum field_role role, const char *text)
{
	fed_field(&fed, role, none, guarded(text, strlen(text)), 1, 1);
}

static void finish(void)
{
	unwrap_close(unwrap, &fed.slot, &fed.message);
	assert_int_equal(fed.slot, 0);
	record_closed(&record);
}

/* The next view that has not been asked for. */
static uint32_t asked;
static void expect(const char *layers, const char *key, const char *data)
{
	const struct seen *seen = &record.view[asked];

	assert_true(asked < record.count);
	assert_string_equal(seen->layers, layers);
	assert_int_equal(seen->key_len, strlen(key));
	assert_memory_equal(seen->key, key, strlen(key));
	assert_int_equal(seen->len, strlen(data));
	assert_memory_equal(record_data(&record, asked).ptr, data, strlen(data));
	asked++;
}

static void expect_no_more(void)
{
	assert_int_equal(record.count, asked);
	asked = 0;
}

static void one(enum field_role role, const char *text)
{
	start(MESSAGE_HTTP_REQUEST);
	field(role, text);
	finish();
}

static void a_header_is_a_view_whose_key_is_its_name(void **state)
{
	(void)state;
	start(MESSAGE_HTTP_REQUEST);
	field(FIELD_HTTP_METHOD, "POST");
	field(FIELD_HTTP_HOST, "shop.example");
	field(FIELD_HTTP_USER_AGENT, "curl/8");
	fed_field(&fed, FIELD_HTTP_HEADER, bytes_text("X-Card"), bytes_text("4111"), 1, 1);
	finish();
	expect("", "", "POST");
	expect("", "host", "shop.example");
	expect("", "user-agent", "curl/8");
	expect("", "X-Card", "4111");
	expect_no_more();
}

static void the_query_of_a_target_gives_its_pairs(void **state)
{
	(void)state;
	one(FIELD_HTTP_URI, "/a/b?cc=4111+1111&x&=y&e=&m=%E3%81%82%zz&a=b=c");
	expect("", "", "/a/b?cc=4111+1111&x&=y&e=&m=%E3%81%82%zz&a=b=c");
	expect("query", "cc", "4111 1111");
	expect("query", "", "x");
	expect("query", "", "y");
	expect("query", "m", "\xe3\x81\x82%zz");
	expect("query", "a", "b=c");
	expect_no_more();
	assert_int_equal(record.view[5].ordinal, 5);
	one(FIELD_HTTP_URI, "/plain/path");
	expect("", "", "/plain/path");
	expect_no_more();
}

static void percent_encoded_segments_of_a_path_are_shown_decoded(void **state)
{
	(void)state;
	one(FIELD_HTTP_URI, "/a/%34%31+1/b%2Fc?q=%2534");
	expect("", "", "/a/%34%31+1/b%2Fc?q=%2534");
	expect("percent", "", "41+1");
	expect("percent", "", "b/c");
	expect("query", "q", "%34");
	expect("query/percent", "", "4");
	expect_no_more();
}

static void a_long_target_gives_the_same_pairs_however_it_is_cut(void **state)
{
	char text[LONG + 64] = "/";
	uint64_t sum = 0;

	(void)state;
	memset(text + 1, 'p', FIELD_WHOLE - 4);
	append(text, "%41?a=%42%43&long=");
	memset(text + strlen(text), 'v', LONG - strlen(text));
	for (size_t cut = 1; cut < 500; cut++) {
		start(MESSAGE_HTTP_REQUEST);
		fed_field(
			&fed, FIELD_HTTP_URI, none, bytes_text(text), cut, cut % 7 == 0 ? 1 : LONG);
		finish();
		assert_int_equal(record.count, 4);
		sum = cut == 1 ? record_sum(&record) : sum;
		assert_int_equal(record_sum(&record), sum);
	}
	asked = 2;
	expect("query", "a", "BC");
	asked = 0;
}

static void a_cookie_gives_its_pairs_and_what_is_encoded_in_them(void **state)
{
	(void)state;
	one(FIELD_HTTP_COOKIE, "sid=a+b;  cart=%7B%22no%22%3A%2241%22%7D; flag");
	expect("", "cookie", "sid=a+b;  cart=%7B%22no%22%3A%2241%22%7D; flag");
	expect("cookie", "sid", "a+b");
	expect("cookie", "cart", "%7B%22no%22%3A%2241%22%7D");
	expect("cookie/percent", "", "{\"no\":\"41\"}");
	expect("cookie/percent/json", "no", "41");
	expect("cookie", "", "flag");
	expect_no_more();
}

static void a_key_that_may_be_no_key_is_shown_as_well(void **state)
{
	char text[200] = "a=1&";

	(void)state;
	memset(text + 4, 'k', UNWRAP_KEY_MAX + 1);
	append(text, "=2&%34=3");
	start(MESSAGE_HTTP_REQUEST);
	field(FIELD_HTTP_CONTENT_TYPE, "application/x-www-form-urlencoded");
	field(FIELD_HTTP_BODY, text);
	finish();
	text[4 + UNWRAP_KEY_MAX + 1] = 0;
	asked = 2;
	expect("form", "a", "1");
	expect("form", "", text + 4);
	text[4 + UNWRAP_KEY_MAX] = 0;
	expect("form", text + 4, "2");
	expect("form", "", "4");
	expect("form", "4", "3");
	expect_no_more();
}

static void json_is_read_with_anything_around_it(void **state)
{
	(void)state;
	start(MESSAGE_HTTP_RESPONSE);
	field(FIELD_HTTP_CONTENT_TYPE, "application/json");
	field(FIELD_HTTP_BODY,
		"cb({a:{\"n\\u0031\":41,\"l\":[\"x\",{\"y\":true,\"z\":-1.5e3},\"w\"]}});]]"
		"{\"k\":\"\\ud83d\\udcb3\\ud83d\\q\\n\" , : \"v\"\n7 \"open");
	finish();
	asked = 2;
	expect("json", "a", "n1");
	expect("json", "n1", "41");
	expect("json", "l", "x");
	expect("json", "z", "-1.5e3");
	expect("json", "l", "w");
	expect("json", "k", "\xf0\x9f\x92\xb3\\ud83d\\q\n");
	expect("json", "k", "v");
	expect("json", "k", "7");
	expect("json", "k", "open");
	expect_no_more();
}

static void a_guard_or_byte_order_mark_before_json_changes_nothing(void **state)
{
	static const char *const body[] = {
		")]}',\n{\"a\":1}", "\xef\xbb\xbf {\"a\":1}", "[ {\"a\":1}]"};

	(void)state;
	for (int i = 0; i < 3; i++) {
		one(FIELD_HTTP_BODY, body[i]);
		expect("", "", body[i]);
		expect("json", "a", "1");
		expect_no_more();
	}
}

static void json_deeper_than_its_limit_is_read_and_counted(void **state)
{
	char text[600] = "";

	(void)state;
	for (int depth = 32; depth <= 33; depth++) {
		uint64_t before = unwrap_counters(unwrap)->depth_cut;

		text[0] = 0;
		for (int i = 0; i < depth; i++)
			append(text, "{\"d\":");
		append(text, "\"in\"");
		for (int i = 0; i < depth; i++)
			append(text, "}");
		append(text, "{\"e\":2}");
		one(FIELD_HTTP_BODY, text);
		asked = 1;
		expect("json", "d", "in");
		expect("json", "e", "2");
		expect_no_more();
		assert_int_equal(unwrap_counters(unwrap)->depth_cut - before, depth == 33);
	}
}

static void layers_nest_to_the_limit_and_no_deeper(void **state)
{
	uint64_t before = unwrap_counters(unwrap)->depth_cut;

	(void)state;
	one(FIELD_HTTP_BODY, "{\"a\":\"x=1&y=[\\\"%2541\\\"]\"}");
	asked = 1;
	expect("json", "a", "x=1&y=[\"%2541\"]");
	expect("json/form", "x", "1");
	expect("json/form", "y", "[\"%41\"]");
	expect("json/form/json", "", "%41");
	expect("json/form/json/percent", "", "A");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->depth_cut, before);
	one(FIELD_HTTP_BODY, "{\"a\":\"x=1&y=[\\\"%252541\\\"]\"}");
	asked = 5;
	expect("json/form/json/percent", "", "%41");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->depth_cut - before, 1);
}

static void a_value_is_whole_up_to_its_limit_and_long_beyond(void **state)
{
	char text[LONG] = "{\"v\":\"";
	size_t from = strlen(text);

	(void)state;
	for (size_t len = FIELD_WHOLE - 1; len <= FIELD_WHOLE + 1; len++) {
		memset(text + from, 'v', len);
		memcpy(text + from + len, "\"}", 3);
		one(FIELD_HTTP_BODY, text);
		assert_int_equal(record.count, 2);
		assert_int_equal(record.view[1].len, len);
		assert_int_equal(record.view[1].whole, len <= FIELD_WHOLE);
	}
}

static void other_messages_pass_as_they_are(void **state)
{
	static const struct {
		enum message_kind kind;
		enum field_role role;
	} plain[] = {{MESSAGE_RAW, FIELD_RAW}, {MESSAGE_DNS_QUERY, FIELD_DNS_QUERY},
		{MESSAGE_TLS_HELLO, FIELD_TLS_SNI}};

	(void)state;
	for (int i = 0; i < 3; i++) {
		start(plain[i].kind);
		field(plain[i].role, "a=1&b=2");
		assert_int_equal(fed.slot, 0);
		finish();
		expect("", "", "a=1&b=2");
		expect_no_more();
	}
}

/* gzip of one stored block; len <= 65535. */
static struct bytes stored_gzip(const char *text, size_t len)
{
	uint8_t *made = calloc(1, len + 23);

	memcpy(made, "\x1f\x8b\x08\0\0\0\0\0\0\x03\x01", 11);
	made[11] = (uint8_t)len;
	made[12] = (uint8_t)(len >> 8);
	made[13] = (uint8_t)~made[11];
	made[14] = (uint8_t)~made[12];
	memcpy(made + 15, text, len);
	struct bytes copy = guarded(made, len + 23); /* until the tests end */

	free(made);
	return copy;
}

static void coded(const char *coding, struct bytes body, size_t each)
{
	start(MESSAGE_HTTP_REQUEST);
	field(FIELD_HTTP_CONTENT_CODING, coding);
	fed_field(&fed, FIELD_HTTP_BODY, none, body, each, each);
	finish();
	asked = 1;
}

static void a_coding_nobody_knows_is_shown_as_it_stands_and_counted(void **state)
{
	uint64_t before = unwrap_counters(unwrap)->skipped[SKIP_CODING];
	struct bytes body = stored_gzip("a=1&b=2", 7);

	(void)state;
	coded("br", bytes_text("a=1&b=2"), 1);
	expect("", "", "a=1&b=2");
	expect("form", "a", "1");
	expect("form", "b", "2");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING] - before, 7);
	coded("zstd, gzip", body, 1);
	expect("gzip", "", "a=1&b=2");
	expect("gzip/form", "a", "1");
	expect("gzip/form", "b", "2");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING] - before, 7 + body.len);
}

static void a_plain_body_that_is_called_gzip_is_read_as_it_stands(void **state)
{
	uint64_t before = unwrap_counters(unwrap)->skipped[SKIP_CODING];

	(void)state;
	coded("gzip", bytes_text("{\"card\":\"4111\"}"), 1);
	expect("", "", "{\"card\":\"4111\"}");
	expect("json", "card", "4111");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING] - before, 15);
}

static void a_body_is_shown_raw_from_where_its_coding_broke(void **state)
{
	static char text[3 * LONG];
	struct bytes body;
	uint64_t sum = 0, lost = 0;

	(void)state;
	memset(text, 'x', sizeof(text));
	body = stored_gzip(text, sizeof(text));
	uint8_t *bytes = (uint8_t *)(uintptr_t)body.ptr;
	bytes[10] = 0; /* not the last block: the trailer is read as one, and broken */
	memcpy(bytes + body.len - 8, "\x07tailtai", 8);
	for (size_t each = 1; each < 6000; each += each < 20 ? 1 : 997) {
		uint64_t before = unwrap_counters(unwrap)->skipped[SKIP_CODING];

		coded("gzip", body, each);
		asked = 0;
		assert_int_equal(record.count, 3);
		assert_int_equal(record.view[1].len, sizeof(text));
		assert_string_equal(record.view[2].layers, "");
		sum = each == 1 ? record_sum(&record) : sum;
		lost = each == 1 ? unwrap_counters(unwrap)->skipped[SKIP_CODING] - before : lost;
		assert_int_equal(record_sum(&record), sum);
		assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING] - before, lost);
		assert_int_equal(lost, record.view[2].len);
	}
}

static void more_codings_than_the_depth_are_counted(void **state)
{
	uint64_t before = unwrap_counters(unwrap)->depth_cut;

	(void)state;
	coded("gzip, gzip, gzip, gzip, gzip", bytes_text("body"), 1);
	expect("", "", "body");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->depth_cut - before, 1);
}

static void gzip_is_read_also_where_nobody_declared_it(void **state)
{
	struct bytes body = stored_gzip("{\"a\":\"41\"}", 10);

	(void)state;
	start(MESSAGE_HTTP_REQUEST);
	fed_field(&fed, FIELD_HTTP_BODY, none, body, 1, 1);
	finish();
	asked = 1;
	expect("gzip", "", "{\"a\":\"41\"}");
	expect("gzip/json", "a", "41");
	expect_no_more();
}

static void a_gap_ends_the_value_and_the_body_goes_on(void **state)
{
	static char text[LONG] = "a=1&b=22";
	struct run run = {.role = FIELD_HTTP_BODY, .first = true};

	(void)state;
	memset(text + 8, '2', FIELD_WHOLE - 8);
	start(MESSAGE_HTTP_REQUEST);
	run.data = bytes_of(text, FIELD_WHOLE);
	unwrap_run(unwrap, &fed.slot, &fed.message, &run);
	unwrap_gap(unwrap, &fed.slot, &fed.message, FIELD_HTTP_BODY, 100);
	run = (struct run){.role = FIELD_HTTP_BODY,
		.last = true,
		.data = bytes_text("xy=z&c=3"),
		.offset = FIELD_WHOLE + 100};
	unwrap_run(unwrap, &fed.slot, &fed.message, &run);
	finish();
	assert_int_equal(record.view[0].gaps, 1);
	assert_int_equal(record.view[2].len, FIELD_WHOLE - 6);
	asked = 3;
	expect("form", "", "xy=z");
	expect("form", "c", "3");
	expect_no_more();
}

static void behind_a_gap_a_coded_body_is_shown_raw_and_counted(void **state)
{
	uint64_t before = unwrap_counters(unwrap)->skipped[SKIP_CODING];
	static char text[LONG];
	struct bytes body;
	struct run run = {.role = FIELD_HTTP_BODY, .first = true};

	(void)state;
	memset(text, 'x', sizeof(text));
	body = stored_gzip(text, sizeof(text));
	start(MESSAGE_HTTP_REQUEST);
	field(FIELD_HTTP_CONTENT_CODING, "gzip");
	run.data = bytes_head(body, FIELD_WHOLE);
	unwrap_run(unwrap, &fed.slot, &fed.message, &run);
	unwrap_gap(unwrap, &fed.slot, &fed.message, FIELD_HTTP_BODY, 0);
	run = (struct run){.role = FIELD_HTTP_BODY, .last = true, .data = bytes_text("rest")};
	unwrap_run(unwrap, &fed.slot, &fed.message, &run);
	finish();
	assert_int_equal(record.view[1].len, FIELD_WHOLE - 15);
	asked = 2;
	expect("", "", "rest");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING] - before, 4);
}

static void a_message_that_closes_early_ends_its_views(void **state)
{
	static char text[FIELD_WHOLE] = "{\"a\":\"1\",\"b\":\"";
	struct run run = {.role = FIELD_HTTP_BODY, .first = true, .data = {.len = FIELD_WHOLE}};

	(void)state;
	memset(text + strlen(text), 'b', sizeof(text) - strlen(text));
	run.data.ptr = (const uint8_t *)text;
	start(MESSAGE_HTTP_REQUEST);
	unwrap_run(unwrap, &fed.slot, &fed.message, &run);
	finish();
	asked = 1;
	expect("json", "a", "1");
	assert_int_equal(record.view[asked++].len, FIELD_WHOLE - 14);
	expect_no_more();
}

static void where_there_is_no_state_the_body_is_shown_raw(void **state)
{
	uint32_t slot[MESSAGES] = {0};
	struct message message = {.kind = MESSAGE_HTTP_REQUEST};
	struct run type = {.role = FIELD_HTTP_CONTENT_TYPE,
		.first = true,
		.last = true,
		.data = bytes_text("text/plain")};
	uint64_t before = unwrap_counters(unwrap)->state_refused;

	(void)state;
	record_clear(&record);
	for (int i = 0; i < MESSAGES; i++)
		unwrap_run(unwrap, &slot[i], &message, &type);
	one(FIELD_HTTP_BODY, "a=1&b=2");
	expect("", "", "a=1&b=2");
	expect_no_more();
	assert_int_equal(unwrap_counters(unwrap)->state_refused - before, 1);
	for (int i = 0; i < MESSAGES; i++)
		unwrap_close(unwrap, &slot[i], &message);
	one(FIELD_HTTP_BODY, "a=1&b=2");
	assert_int_equal(record.count, 3);
}

static void where_there_is_no_inflater_the_body_is_shown_raw_and_counted(void **state)
{
	struct bytes inner = stored_gzip("abc", 3), body = inner;
	uint64_t before = unwrap_counters(unwrap)->skipped[SKIP_CODING];

	(void)state;
	for (int i = 0; i < INFLATERS; i++)
		body = stored_gzip((const char *)body.ptr, body.len);
	coded("gzip, gzip, gzip, gzip", body, 1);
	assert_int_equal(unwrap_counters(unwrap)->inflate_refused, 1);
	assert_int_equal(unwrap_counters(unwrap)->skipped[SKIP_CODING] - before, body.len);
	asked = record.count - 1;
	assert_string_equal(record.view[asked].layers, "gzip/gzip/gzip");
	assert_memory_equal(record_data(&record, asked).ptr, inner.ptr, inner.len);
	coded("gzip", inner, 1); /* all are free again */
	expect("gzip", "", "abc");
	expect_no_more();
}

static void count_view(void *self, const struct message *message, const struct view *view)
{
	uint64_t *count = self;

	(void)message;
	*count += view->depth == 1;
}

/* The limit of values is one of a message: a second sink counts them. */
static void values_beyond_the_limit_are_not_told_one_by_one(void **state)
{
	static char text[60000];
	struct arena own;
	struct err err;
	uint64_t count = 0;
	struct message message = {.kind = MESSAGE_HTTP_REQUEST};
	uint32_t slot = 0;

	(void)state;
	memset(text, '1', sizeof(text));
	for (size_t i = 1; i < sizeof(text); i += 2)
		text[i] = ',';
	memcpy(text, "[1", 2);
	assert_true(arena_new(&own, unwrap_bytes(1, 1) + 4096, &err));
	struct unwrap *counting =
		unwrap_new(&own, 1, 1, (struct view_sink){.self = &count, .view = count_view});
	struct run run = {
		.role = FIELD_HTTP_BODY, .first = true, .data = bytes_of(text, FIELD_WHOLE)};
	for (int i = 0; i < 40; i++) {
		unwrap_run(counting, &slot, &message, &run);
		run = (struct run){.role = FIELD_HTTP_BODY,
			.offset = run.offset + run.data.len,
			.data = bytes_of(text + FIELD_WHOLE, sizeof(text) - FIELD_WHOLE)};
	}
	assert_int_equal(count, UNWRAP_VIEWS_MAX);
	assert_int_equal(unwrap_counters(counting)->steps_cut, 1);
	unwrap_close(counting, &slot, &message);
	arena_free(&own);
}

static int set_up(void **state)
{
	struct err err;

	(void)state;
	if (!arena_new(&arena, unwrap_bytes(MESSAGES, INFLATERS) + 4096, &err))
		return -1;
	unwrap = unwrap_new(&arena, MESSAGES, INFLATERS, record_sink(&record));
	return unwrap == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	guard_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_header_is_a_view_whose_key_is_its_name),
		cmocka_unit_test(the_query_of_a_target_gives_its_pairs),
		cmocka_unit_test(percent_encoded_segments_of_a_path_are_shown_decoded),
		cmocka_unit_test(a_long_target_gives_the_same_pairs_however_it_is_cut),
		cmocka_unit_test(a_cookie_gives_its_pairs_and_what_is_encoded_in_them),
		cmocka_unit_test(a_key_that_may_be_no_key_is_shown_as_well),
		cmocka_unit_test(json_is_read_with_anything_around_it),
		cmocka_unit_test(a_guard_or_byte_order_mark_before_json_changes_nothing),
		cmocka_unit_test(json_deeper_than_its_limit_is_read_and_counted),
		cmocka_unit_test(layers_nest_to_the_limit_and_no_deeper),
		cmocka_unit_test(a_value_is_whole_up_to_its_limit_and_long_beyond),
		cmocka_unit_test(other_messages_pass_as_they_are),
		cmocka_unit_test(a_coding_nobody_knows_is_shown_as_it_stands_and_counted),
		cmocka_unit_test(a_plain_body_that_is_called_gzip_is_read_as_it_stands),
		cmocka_unit_test(a_body_is_shown_raw_from_where_its_coding_broke),
		cmocka_unit_test(more_codings_than_the_depth_are_counted),
		cmocka_unit_test(gzip_is_read_also_where_nobody_declared_it),
		cmocka_unit_test(a_gap_ends_the_value_and_the_body_goes_on),
		cmocka_unit_test(behind_a_gap_a_coded_body_is_shown_raw_and_counted),
		cmocka_unit_test(a_message_that_closes_early_ends_its_views),
		cmocka_unit_test(where_there_is_no_state_the_body_is_shown_raw),
		cmocka_unit_test(where_there_is_no_inflater_the_body_is_shown_raw_and_counted),
		cmocka_unit_test(values_beyond_the_limit_are_not_told_one_by_one),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
