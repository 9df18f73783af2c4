/* Goal: the same stranger has one name, two strangers have two. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "correlate/sink.h"

static void expect(const char *name, const char *url, const char *ip, int64_t port, bool fetched,
	const char *want)
{
	struct sink_in in = {.name = name, .url = url, .ip = ip, .port = port, .fetched = fetched};
	char out[320];

	sink_of(&in, out, sizeof(out));
	assert_string_equal(out, want);
}

static void names_fold_to_the_registrable_domain(void **state)
{
	(void)state;
	expect("cdn.evil.com", "/x", "192.0.2.1", 80, false, "evil.com");
	expect("A.B.EVIL.co.jp:8080", "", "192.0.2.1", 80, false, "evil.co.jp");
	expect("evil.com.", "", "192.0.2.1", 80, false, "evil.com");
}

static void names_under_a_platform_stay_whole(void **state)
{
	(void)state;
	expect("a.b.github.io", "", "192.0.2.1", 443, false, "b.github.io");
	expect("co.jp", "", "192.0.2.1", 443, false, "co.jp");
}

static void what_has_no_name_is_address_and_port(void **state)
{
	(void)state;
	expect("", "/x", "192.0.2.1", 80, false, "192.0.2.1:80");
	expect("192.0.2.1:80", "", "192.0.2.1", 80, false, "192.0.2.1:80");
	expect("[2001:db8::1]:80", "", "2001:db8::1", 80, false, "[2001:db8::1]:80");
	expect("", "", "2001:db8::1", 443, false, "[2001:db8::1]:443");
}

static void what_is_fetched_is_the_object(void **state)
{
	(void)state;
	expect("shop.example", "/dump.sql?k=1", "192.0.2.1", 5000, true,
		"path shop.example/dump.sql");
	expect("", "", "192.0.2.1", 5000, true, "192.0.2.1");
}

static void long_names_are_cut_not_overrun(void **state)
{
	char name[2000], out[16];

	(void)state;
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = 'A';
	name[sizeof(name) - 1] = '\0';
	sink_name(name, out, sizeof(out));
	assert_string_equal(out, "aaaaaaaaaaaaaaa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_fold_to_the_registrable_domain),
		cmocka_unit_test(names_under_a_platform_stay_whole),
		cmocka_unit_test(what_has_no_name_is_address_and_port),
		cmocka_unit_test(what_is_fetched_is_the_object),
		cmocka_unit_test(long_names_are_cut_not_overrun),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
