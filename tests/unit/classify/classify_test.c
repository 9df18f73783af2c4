/* classify_test.c - the same decision and the same bytes, however they were cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "classify/classify.h"
#include "guard.h"

static const char *name_of(const struct classify *classify)
{
	return classify->parser > 0 ? parsers[classify->parser - 1]->name : "none";
}

/* Gives text in pieces; what must be told, held before data, is text again. */
static void give(struct classify *classify, uint8_t dir, const char *text, size_t len, size_t piece)
{
	char told[256];
	size_t told_len = 0;

	for (size_t at = 0; at < len; at += piece) {
		struct bytes data = guarded(text + at, len - at < piece ? len - at : piece);
		struct bytes held;

		if (!classify_bytes(classify, dir, data, false, 1000, 2000, &held))
			continue;
		memcpy(told + told_len, held.ptr, held.len);
		memcpy(told + told_len + held.len, data.ptr, data.len);
		told_len += held.len + data.len;
	}
	struct bytes rest;
	classify_give_up(classify, dir, &rest);
	memcpy(told + told_len, rest.ptr, rest.len);
	told_len += rest.len;
	assert_int_equal(told_len, len);
	assert_memory_equal(told, text, len);
	guard_free();
}

static void every_cut_decides_the_same(void **state)
{
	static const struct {
		const char *text, *name;
	} rows[] = {
		{"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", "http1"},
		{"HTTP/1.1 200 OK\r\n\r\nthe body of the answer", "http1"},
		{"\x16\x03\x01\x02\x01\x01 and thirty more bytes of a hello", "tls"},
		{"SSH-2.0-OpenSSH_9.2 and what follows here", "none"},
		{"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10", "none"},
		{"GE", "none"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t len = strlen(rows[i].text);

		for (size_t piece = 1; piece <= len; piece++) {
			struct classify classify = {0};

			give(&classify, 0, rows[i].text, len, piece);
			assert_string_equal(name_of(&classify), rows[i].name);
			assert_int_equal(classify.raw[0], strcmp(rows[i].name, "none") == 0);
			assert_int_equal(classify.parser >= 0, 1);
		}
	}
}

static void one_direction_decides_for_the_other(void **state)
{
	struct classify classify = {0};
	struct bytes held;

	(void)state;
	assert_false(classify_bytes(&classify, 1, bytes_text("HT"), false, 1, 2, &held));
	assert_true(classify_bytes(&classify, 0, bytes_text("GET /x"), false, 1, 2, &held));
	assert_int_equal(held.len, 0);
	assert_true(classify_bytes(&classify, 1, bytes_text("garbage"), false, 1, 2, &held));
	assert_true(bytes_equal(held, bytes_text("HT")));
	assert_string_equal(name_of(&classify), "http1");
	assert_int_equal(classify.raw[1], 0);
}

static void a_raw_direction_does_not_decide_for_the_other(void **state)
{
	struct classify classify = {0};
	struct bytes held;

	(void)state;
	assert_true(classify_bytes(&classify, 1, bytes_text("220 hello"), false, 1, 2, &held));
	assert_int_equal(classify.raw[1], 1);
	assert_int_equal(classify.parser, 0);
	assert_true(classify_bytes(&classify, 0, bytes_text("GET /x"), false, 1, 2, &held));
	assert_string_equal(name_of(&classify), "http1");
	assert_int_equal(classify.raw[1], 1);
}

static void two_raw_directions_are_no_protocol(void **state)
{
	struct classify classify = {0};
	struct bytes held;

	(void)state;
	assert_true(classify_bytes(&classify, 1, bytes_text("220 hello"), false, 1, 2, &held));
	assert_true(classify_bytes(&classify, 0, bytes_text("EHLO you"), false, 1, 2, &held));
	assert_int_equal(classify.parser, -1);
}

static void each_datagram_is_decided_at_once_until_one_is_claimed(void **state)
{
	static const uint8_t query[] = {0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 'a', 0, 0, 1, 0, 1};
	struct classify classify = {0};
	struct bytes held;

	(void)state;
	assert_true(classify_bytes(
		&classify, 0, guarded(query, sizeof(query)), true, 40000, 53, &held));
	assert_int_equal(held.len, 0);
	assert_string_equal(name_of(&classify), "dns");
	classify = (struct classify){0};
	for (int i = 0; i < 3; i++) { /* what is none leaves the next one its chance */
		assert_true(
			classify_bytes(&classify, 0, guarded(query, 5), true, 40000, 53, &held));
		assert_int_equal(classify.raw[0], 0);
		assert_int_equal(classify.parser, 0);
	}
	assert_true(classify_bytes(
		&classify, 0, guarded(query, sizeof(query)), true, 40000, 53, &held));
	assert_string_equal(name_of(&classify), "dns");
	guard_free();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_decides_the_same),
		cmocka_unit_test(one_direction_decides_for_the_other),
		cmocka_unit_test(a_raw_direction_does_not_decide_for_the_other),
		cmocka_unit_test(two_raw_directions_are_no_protocol),
		cmocka_unit_test(each_datagram_is_decided_at_once_until_one_is_claimed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
