/* Goal: any text leaves as ASCII JSON that reads back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "serve/out.h"
#include "store/json_in.h"

static void round_trip(const char *text, const char *want)
{
	struct out out = {0};

	out_open(&out, NULL, '{');
	out_string(&out, "t", text);
	out_close(&out, '}');
	assert_false(out.failed);
	for (size_t i = 0; i < out.len; i++)
		assert_in_range(out.text[i], ' ', '~');
	struct json_in *json = json_in_read(bytes_of(out.text, out.len), 1 << 20);
	assert_non_null(json);
	assert_string_equal(json_in_text(json, "t"), want);
	json_in_drop(json);
	out_drop(&out);
}

static void every_text_reads_back(void **state)
{
	char all[128];

	(void)state;
	for (int i = 1; i < 128; i++)
		all[i - 1] = (char)i;
	all[127] = '\0';
	round_trip(all, all);
	round_trip("\xe8\x8a\xb1\xe6\x9c\xa8 \xf0\x9f\x8d\xb5 \xc3\xa9",
		"\xe8\x8a\xb1\xe6\x9c\xa8 \xf0\x9f\x8d\xb5 \xc3\xa9");
	round_trip("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");
}

static void broken_utf8_is_replaced(void **state)
{
	(void)state;
	round_trip("\xff", "\xef\xbf\xbd");
	round_trip("\xe8\x8a", "\xef\xbf\xbd\xef\xbf\xbd");
	round_trip("\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd");
	round_trip("\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
	round_trip("\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}

static void numbers_and_nothing_are_json(void **state)
{
	struct out out = {0};

	(void)state;
	out_open(&out, NULL, '{');
	out_int(&out, "a", INT64_MIN);
	out_real(&out, "b", 3.75);
	out_share(&out, "c", 1, 3);
	out_share(&out, "d", 0, 0);
	out_time(&out, "e", 0);
	out_time(&out, "f", INT64_C(1795168992000000000));
	out_words(&out, "g", " a  b ");
	out_open(&out, "h", '[');
	out_close(&out, ']');
	out_bool(&out, "i", true);
	out_hex(&out, "j", 255);
	out_close(&out, '}');
	assert_string_equal(out.text,
		"{\"a\":-9223372036854775808,\"b\":3.8,\"c\":0.33333,\"d\":null,\"e\":null,"
		"\"f\":\"2026-11-20T10:03:12.000000+0000\",\"g\":[\"a\",\"b\"],\"h\":[],\"i\":true,"
		"\"j\":\"00000000000000ff\"}");
	out_drop(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_text_reads_back),
		cmocka_unit_test(broken_utf8_is_replaced),
		cmocka_unit_test(numbers_and_nothing_are_json),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
