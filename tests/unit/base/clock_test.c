#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "guard.h"

/* Times and their texts by Python's datetime. */
static const struct {
	uint64_t ns;
	const char *text;
} times[] = {
	{UINT64_C(0), "1970-01-01T00:00:00.000000+0000"},
	{UINT64_C(999), "1970-01-01T00:00:00.000000+0000"},
	{UINT64_C(1000), "1970-01-01T00:00:00.000001+0000"},
	{UINT64_C(86399999999999), "1970-01-01T23:59:59.999999+0000"},
	{UINT64_C(951782400000000000), "2000-02-29T00:00:00.000000+0000"},
	{UINT64_C(951868799999999999), "2000-02-29T23:59:59.999999+0000"},
	{UINT64_C(1709164800000000000), "2024-02-29T00:00:00.000000+0000"},
	{UINT64_C(4107542399999999999), "2100-02-28T23:59:59.999999+0000"},
	{UINT64_C(4107542400000000000), "2100-03-01T00:00:00.000000+0000"},
	{UINT64_C(18446744073709551615), "2554-07-21T23:34:33.709551+0000"},
	{UINT64_C(1769850902123456789), "2026-01-31T09:15:02.123456+0000"},
	{UINT64_C(9223372036854775808), "2262-04-11T23:47:16.854775+0000"},
	{UINT64_C(1000000000000000000), "2001-09-09T01:46:40.000000+0000"},
	{UINT64_C(17561686751292148307), "2526-07-05T06:19:11.292148+0000"},
	{UINT64_C(6673155101688586360), "2181-06-18T14:11:41.688586+0000"},
	{UINT64_C(12729500097730559595), "2373-05-20T04:14:57.730559+0000"},
	{UINT64_C(16863013312714856715), "2504-05-14T18:21:52.714856+0000"},
	{UINT64_C(13985269116327182765), "2413-03-05T12:58:36.327182+0000"},
	{UINT64_C(5498784122382986789), "2144-04-01T08:02:02.382986+0000"},
	{UINT64_C(11859726742342012587), "2345-10-27T08:32:22.342012+0000"},
	{UINT64_C(1678848302478712466), "2023-03-15T02:45:02.478712+0000"},
	{UINT64_C(15595755462903591879), "2464-03-17T10:17:42.903591+0000"},
	{UINT64_C(9562734205945278984), "2273-01-11T19:03:25.945278+0000"},
	{UINT64_C(16754412972228479383), "2500-12-04T19:36:12.228479+0000"},
	{UINT64_C(6561436171770217542), "2177-12-03T13:09:31.770217+0000"},
	{UINT64_C(4109800912608672022), "2100-03-27T03:21:52.608672+0000"},
	{UINT64_C(9990150059416091044), "2286-07-29T17:40:59.416091+0000"},
	{UINT64_C(9273123339334853664), "2263-11-08T19:35:39.334853+0000"},
	{UINT64_C(11740281409835953346), "2342-01-13T21:16:49.835953+0000"},
	{UINT64_C(11312064051751240258), "2328-06-19T16:00:51.751240+0000"},
	{UINT64_C(14543399393962177376), "2430-11-11T09:09:53.962177+0000"},
	{UINT64_C(13988579578153803019), "2413-04-12T20:32:58.153803+0000"},
	{UINT64_C(3599808799646802314), "2084-01-27T10:53:19.646802+0000"},
	{UINT64_C(4415923083280067218), "2109-12-08T05:18:03.280067+0000"},
	{UINT64_C(7391322017632240791), "2204-03-22T17:00:17.632240+0000"},
	{UINT64_C(14818750417015951719), "2439-08-03T07:33:37.015951+0000"},
	{UINT64_C(3687835878267001189), "2086-11-11T06:51:18.267001+0000"},
	{UINT64_C(9090220536709249208), "2258-01-21T21:15:36.709249+0000"},
};

static void time_is_shown_in_the_form_of_eve(void **state)
{
	char text[CLOCK_EVE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		assert_int_equal(clock_eve(times[i].ns, text), 31);
		assert_string_equal(text, times[i].text);
	}
}

static void the_text_is_read_back_but_for_nanoseconds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		uint64_t ns = 1;

		assert_true(clock_parse(bytes_text(times[i].text), &ns));
		assert_int_equal(ns, times[i].ns / 1000 * 1000);
	}
}

static void zones_are_taken_off(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{"2026-01-31T09:15:02Z", UINT64_C(1769850902000000000)},
		{"2026-01-31T09:15:02+0900", UINT64_C(1769818502000000000)},
		{"2026-01-31T09:15:02-0330", UINT64_C(1769863502000000000)},
		{"1970-01-01T00:00:00Z", UINT64_C(0)},
		{"2000-02-29T23:59:59Z", UINT64_C(951868799000000000)},
		{"1970-01-01T05:00:00+0500", UINT64_C(0)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = 1;

		assert_true(clock_parse(bytes_text(rows[i].text), &ns));
		assert_int_equal(ns, rows[i].ns);
	}
}

static void any_number_of_fraction_digits_is_read(void **state)
{
	static const struct {
		const char *text;
		uint64_t ns;
	} rows[] = {
		{"1970-01-01T00:00:00.5Z", 500000000},
		{"1970-01-01T00:00:00.123456789Z", 123456789},
		{"1970-01-01T00:00:00.1234567899999999999999999999999Z", 123456789},
		{"1970-01-01T00:00:00.000000001+0000", 1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = 7;

		assert_true(clock_parse(bytes_text(rows[i].text), &ns));
		assert_int_equal(ns, rows[i].ns);
	}
}

static void what_is_no_time_is_refused(void **state)
{
	static const char *const rows[] = {"", "2026", "2026-01-31", "2026-01-31 09:15:02Z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-32T00:00:00Z",
		"2026-01-00T00:00:00Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
		"2026-01-01T00:00:60Z", "2026-01-01T00:00:00", "2026-01-01T00:00:00.Z",
		"2026-01-01T00:00:00z", "2026-01-01T00:00:00+09", "2026-01-01T00:00:00+2400",
		"2026-01-01T00:00:00+0060", "2026-01-01T00:00:00Z ", "1969-12-31T23:59:59Z",
		"1970-01-01T00:00:00+0001", "2554-07-22T00:00:00Z", "9999-01-01T00:00:00Z",
		"0000-01-01T00:00:00Z", "-026-01-01T00:00:00Z"};
	uint64_t ns;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(clock_parse(bytes_text(rows[i]), &ns));
}

static void every_prefix_is_refused(void **state)
{
	static const char text[] = "2026-01-31T09:15:02.123456+0900";
	uint64_t ns;

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++)
		assert_false(clock_parse(guarded(text, n), &ns));
	assert_true(clock_parse(guarded(text, sizeof(text) - 1), &ns));
	guard_free();
}

static void the_clocks_of_the_system_move_forward(void **state)
{
	uint64_t boot = clock_boot_ns();

	(void)state;
	assert_true(clock_real_ns() > UINT64_C(1700000000) * 1000000000);
	assert_true(clock_boot_ns() >= boot);
	assert_true(boot > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(time_is_shown_in_the_form_of_eve),
		cmocka_unit_test(the_text_is_read_back_but_for_nanoseconds),
		cmocka_unit_test(zones_are_taken_off),
		cmocka_unit_test(any_number_of_fraction_digits_is_read),
		cmocka_unit_test(what_is_no_time_is_refused),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(the_clocks_of_the_system_move_forward),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
