#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "event/json.h"

static struct masked masked_of(const char *text)
{
	struct masked out = {.len = (uint16_t)strlen(text)};

	memcpy(out.text, text, out.len);
	return out;
}

static void every_kind_of_member_is_written(void **state)
{
	char out[1024];
	struct json json;
	struct masked text = masked_of("a\"b\\c/\xc3\xa9\xf0\x9f\x98\x80");
	struct addr addr = addr_from4(0xc0000201);
	const uint8_t token[3] = {0x00, 0xab, 0xff};

	(void)state;
	json_start(&json, out, sizeof(out));
	json_text(&json, "t", "x");
	json_masked(&json, "m", &text);
	json_u64(&json, "u", UINT64_MAX);
	json_i64(&json, "i", INT64_MIN);
	json_tenths(&json, "w", 227);
	json_tenths(&json, "v", -5);
	json_bool(&json, "b", true);
	json_addr(&json, "a", &addr);
	json_time(&json, "s", 1700000000123456789u);
	json_hex(&json, "h", token, sizeof(token));
	json_array(&json, "l");
	json_u64(&json, NULL, 1);
	json_object(&json, NULL);
	json_close(&json);
	json_close(&json);
	size_t len = json_end(&json);
	const char want[] =
		"{\"t\":\"x\",\"m\":\"a\\\"b\\\\c/"
		"\\u00e9\\ud83d\\ude00\",\"u\":18446744073709551615,"
		"\"i\":-9223372036854775808,\"w\":22.7,\"v\":-0.5,\"b\":true,\"a\":\"192.0.2.1\","
		"\"s\":\"2023-11-14T22:13:20.123456+0000\",\"h\":\"00abff\",\"l\":[1,{}]}";
	assert_int_equal(len, strlen(want));
	assert_memory_equal(out, want, len);
}

static size_t write_some(char *out, size_t size)
{
	struct json json;
	struct masked text = masked_of("hello \"world\"");

	json_start(&json, out, size);
	json_object(&json, "o");
	json_masked(&json, "m", &text);
	json_array(&json, "l");
	json_u64(&json, NULL, 12345);
	json_close(&json);
	json_close(&json);
	return json_end(&json);
}

static void what_does_not_fit_is_told_and_nothing_is_written_beyond(void **state)
{
	char out[256];
	size_t need = write_some(out, sizeof(out));

	(void)state;
	assert_true(need > 0);
	for (size_t size = 10; size < sizeof(out); size++) {
		memset(out, '#', sizeof(out));
		size_t len = write_some(out, size);
		assert_int_equal(len, size > need ? need : len);
		assert_true(size > need + 1 || len == 0 || len == need);
		for (size_t i = size; i < sizeof(out); i++)
			assert_int_equal(out[i], '#');
	}
}

static void controls_never_stand_clear(void **state)
{
	char out[4096];
	struct json json;
	struct masked text = {.len = 128};

	(void)state;
	for (int i = 0; i < 128; i++)
		text.text[i] = (char)i;
	json_start(&json, out, sizeof(out));
	json_masked(&json, "m", &text);
	size_t len = json_end(&json);
	assert_true(len > 0);
	for (size_t i = 0; i < len; i++)
		assert_true(out[i] >= 0x20 && out[i] < 0x7f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_of_member_is_written),
		cmocka_unit_test(what_does_not_fit_is_told_and_nothing_is_written_beyond),
		cmocka_unit_test(controls_never_stand_clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
