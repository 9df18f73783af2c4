/* A sink that looks for something is shown what one that takes all is shown, but for
 * the values that hold nothing for it; however the body is cut.  The oracle is
 * the reading of every byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "guard.h"
#include "unwrap/record.h"

#define BODY 9000
#define ROUNDS 3000

static struct arena arena;
static struct unwrap *unwrap[2];
static struct record record[2];

/* It looks for a 'W'. */
static size_t place(struct bytes data, size_t from)
{
	size_t at = bytes_find_byte(bytes_skip(data, from), 'W');

	return at == SIZE_MAX ? data.len : from + at;
}

static void feed(int which, const char *type, struct bytes body, size_t first, size_t each)
{
	struct fed fed = {.unwrap = unwrap[which], .message = {.kind = MESSAGE_HTTP_REQUEST}};

	record_clear(&record[which]);
	unwrap_open(fed.unwrap, &fed.slot, &fed.message);
	fed_field(&fed, FIELD_HTTP_CONTENT_TYPE, bytes_of(NULL, 0), bytes_text(type), 1, 1);
	fed_field(&fed, FIELD_HTTP_BODY, bytes_of(NULL, 0), body, first, each);
	unwrap_close(fed.unwrap, &fed.slot, &fed.message);
	record_closed(&record[which]);
}

static void compare(const char *type, struct bytes body)
{
	feed(0, type, body, BODY, BODY);
	feed(1, type, body, BODY, BODY);
	record_wanted(&record[0], &record[1], place);
	feed(1, type, body, 1 + draw() % 200, 1 + draw() % 200);
	record_wanted(&record[0], &record[1], place);
}

struct text {
	char data[BODY + 4096];
	size_t len;
};

static void add(struct text *text, const char *part)
{
	size_t len = strlen(part);

	if (text->len + len <= BODY) {
		memcpy(text->data + text->len, part, len);
		text->len += len;
	}
}

static const char *one_of(const char *const parts[], size_t count)
{
	return parts[draw() % count];
}

#define ONE_OF(parts) one_of(parts, sizeof(parts) / sizeof((parts)[0]))

static void add_string(struct text *text, bool interesting)
{
	static const char *const dull[] = {"a", "bc", "tea leaf", "{", "}", "[", "]", ",", ":", " ",
		"12", "\\\"", "\\\\", "\\n", "\\u3042", "\\ud83d\\ude00", "\\ud83d", "\\x", "u0",
		"a long part that fills a block of bytes nearly by itself, or so", "k=v&l=w"};
	static const char *const wanted[] = {
		"W", "\\u0057", "%57", "\x1f", "\\\\u0057", "{\\\"a\\\":\\\"W\\\"}"};

	add(text, "\"");
	for (uint32_t n = draw() % 5; n > 0; n--)
		add(text, interesting && draw() % 4 == 0 ? ONE_OF(wanted) : ONE_OF(dull));
	if (draw() % 500 == 0)
		for (int i = 0; i < 40; i++)
			add(text, dull[19]);
	add(text, "\"");
}

static void add_space(struct text *text)
{
	static const char *const space[] = {" ", "\n", "  ", "\t", "\r\n"};

	for (uint32_t n = draw() % 8; n > 5; n--)
		add(text, ONE_OF(space));
}

static void add_bare(struct text *text)
{
	static const char *const bare[] = {"1", "-2.5e9", "true", "null", "name", ".5", "0", "x1"};

	add(text, ONE_OF(bare));
}

/* Members and values in any order of marks: valid JSON now and then. */
static void draw_json(struct text *text, uint32_t interest, uint32_t disorder)
{
	static const char *const marks[] = {
		"{", "}", "[", "]", ",", ":", "{", "[", "::", "\\", "\\\"", "'"};

	text->len = 0;
	add(text, draw() % 2 == 0 ? "{\"a\":" : "[1,");
	for (uint32_t n = draw() % 600; n > 0; n--) {
		bool interesting = interest > 0 && draw() % interest == 0;
		if (disorder > 0 && draw() % disorder == 0)
			add(text, ONE_OF(marks));
		add_space(text);
		if (draw() % 8 == 0)
			add_bare(text);
		else
			add_string(text, interesting);
		add_space(text);
		add(text, ":");
		add_space(text);
		if (draw() % 2 == 0)
			add_string(text, interesting);
		else
			add_bare(text);
		add(text, draw() % 6 == 0 ? "},{" : draw() % 6 == 0 ? "]" : ",");
	}
}

static void json_without_the_values_nobody_wants_is_the_same(void **state)
{
	static struct text text;

	(void)state;
	draw_seed(47);
	for (int round = 0; round < ROUNDS; round++) {
		draw_json(&text, (uint32_t[]){0, 1, 10, 100}[round % 4], round % 3 == 0 ? 12 : 0);
		compare("application/json", guarded(text.data, text.len));
		guard_free();
	}
}

static void forms_without_the_values_nobody_wants_are_the_same(void **state)
{
	static const char *const parts[] = {"a", "=", "&", "W", "+", "%57", "%", "%2",
		"long value ", "{\"a\":\"W\"}", "[\"x\"]", "k=v"};
	static struct text text;

	(void)state;
	draw_seed(48);
	for (int round = 0; round < ROUNDS; round++) {
		text.len = 0;
		for (uint32_t n = draw() % 400; n > 0; n--)
			add(&text, ONE_OF(parts));
		compare("application/x-www-form-urlencoded", guarded(text.data, text.len));
		guard_free();
	}
}

/* Whatever stands at the border of two blocks. */
static void backslashes_at_a_border_escape_what_is_behind_it(void **state)
{
	static const char *const tails[] = {
		"\\\\", "\\\\\\\\", "\\\"", "\\\\\\\"", "\\u3042", "\\u0057", "\\\\u0057", "\\/"};
	static struct text text;

	(void)state;
	for (size_t t = 0; t < sizeof(tails) / sizeof(tails[0]); t++)
		for (size_t pad = 0; pad < 140; pad++) {
			text.len = 0;
			add(&text, "[\"");
			for (size_t i = 0; i < pad; i++)
				add(&text, "x");
			add(&text, tails[t]);
			add(&text, "\",1,\"a\":\",2,\",");
			for (int i = 0; i < 80; i++)
				add(&text, " 3,");
			add(&text, "\"W\"]");
			compare("application/json", bytes_of(text.data, text.len));
		}
}

/* Deeper than what is remembered, and back. */
static void names_are_right_around_the_deepest_level(void **state)
{
	static struct text text;

	(void)state;
	for (int depth = 25; depth < 45; depth++) {
		text.len = 0;
		for (int i = 0; i < depth; i++)
			add(&text, i % 3 == 0 ? "{\"k\":[" : "{\"m\":{\"n\":1},\"o\":");
		add(&text, "{\"x\":2,\"y\":{},");
		for (int i = 0; i < 80; i++)
			add(&text, " 3,");
		add(&text, "\"W\",");
		for (int i = 0; i < 80; i++)
			add(&text, i > depth ? " 3," : i % 2 == 0 ? "}" : "]");
		add(&text, "{\"p\":{\"q\":\"W\"},\"r\":\"W\"}");
		compare("application/json", bytes_of(text.data, text.len));
	}
}

/* The name of a level that was closed is not the next value's. */
static void a_wanted_value_has_the_name_in_force(void **state)
{
	static char text[4096];
	size_t len = 0;

	(void)state;
	len += (size_t)snprintf(text, sizeof(text), "{\"list\" : [");
	while (len < 3000)
		len += (size_t)snprintf(text + len, sizeof(text) - len,
			"{\"id\":123456,\"inner\":{\"a\\\"b\":null}},");
	len += (size_t)snprintf(
		text + len, sizeof(text) - len, "[[\"W1\"]]],\"n\\u00e4me\":\"W2\"}");
	feed(1, "", bytes_of(text, len), 700, 1448);
	assert_int_equal(record[1].count, 3); /* the body, two values */
	assert_memory_equal(record[1].view[1].key, "list", 4);
	assert_memory_equal(record[1].view[2].key, "n\xc3\xa4me", 5);
	assert_true(record[1].view[1].ordinal > 70 &&
		    record[1].view[2].ordinal == record[1].view[1].ordinal + 1);
}

static int set_up(void **state)
{
	struct err err;

	(void)state;
	if (!arena_new(&arena, 2 * unwrap_bytes(4, 4) + 4096, &err))
		return -1;
	for (int i = 0; i < 2; i++) {
		struct view_sink sink = record_sink(&record[i]);
		sink.place = i == 1 ? place : NULL;
		unwrap[i] = unwrap_new(&arena, 4, 4, sink);
	}
	return unwrap[0] != NULL && unwrap[1] != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(json_without_the_values_nobody_wants_is_the_same),
		cmocka_unit_test(backslashes_at_a_border_escape_what_is_behind_it),
		cmocka_unit_test(names_are_right_around_the_deepest_level),
		cmocka_unit_test(forms_without_the_values_nobody_wants_are_the_same),
		cmocka_unit_test(a_wanted_value_has_the_name_in_force),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
