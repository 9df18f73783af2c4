#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/addr.h"
#include "guard.h"

/* Texts of IPv6 in any form and as RFC 5952 has them, by Python's ipaddress. */
static void ipv6_text_is_that_of_rfc_5952(void **state)
{
	static const char *const rows[][2] = {
		{"::", "::"},
		{"::1", "::1"},
		{"1::", "1::"},
		{"2001:db8::1", "2001:db8::1"},
		{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
		{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
		{"fe80:0:0:0:1:0:0:0", "fe80::1:0:0:0"},
		{"1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"},
		{"0:1:0:0:1:0:0:1", "0:1::1:0:0:1"},
		{"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
		{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
		{"abcd:ef01:2345:6789:abcd:ef01:2345:6789",
			"abcd:ef01:2345:6789:abcd:ef01:2345:6789"},
		{"::ffff:0:0:1", "::ffff:0:0:1"},
		{"::1.2.3.4", "::102:304"},
		{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
			"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
		{"0:6513:0:d23f:0:0:e8e2:0", "0:6513:0:d23f::e8e2:0"},
		{"0:0:0:0:f21:0:a170:0", "::f21:0:a170:0"},
		{"93bd:0:0:bec:0:0:24ed:1e27", "93bd::bec:0:0:24ed:1e27"},
		{"4ef8:d0ed:0:94e3:0:0:8c38:1012", "4ef8:d0ed:0:94e3::8c38:1012"},
		{"f42:0:ae2e:0:7731:0:0:0", "f42:0:ae2e:0:7731::"},
		{"0:14f4:4cdd:0:0:49b6:0:1e39", "0:14f4:4cdd::49b6:0:1e39"},
		{"0:0:0:0:f646:13de:0:5712", "::f646:13de:0:5712"},
		{"59a5:7f26:0:0:0:795e:0:f88", "59a5:7f26::795e:0:f88"},
		{"0:a5aa:fe3b:0:48db:62c3:0:0", "0:a5aa:fe3b:0:48db:62c3::"},
		{"0:0:0:0:211c:0:0:0", "::211c:0:0:0"},
		{"0:0:0:0:dd2e:4746:0:0", "::dd2e:4746:0:0"},
		{"0:0:0:3b61:0:7c26:0:0", "::3b61:0:7c26:0:0"},
		{"0:0:9c1c:0:b0c4:f341:a7ab:0", "::9c1c:0:b0c4:f341:a7ab:0"},
		{"74e6:cc41:0:0:0:0:0:0", "74e6:cc41::"},
		{"0:0:0:0:0:0:0:0", "::"},
		{"0:0:2607:0:0:0:0:0", "0:0:2607::"},
		{"0:0:0:0:0:7a86:2954:0", "::7a86:2954:0"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a, again;
		char text[ADDR_TEXT_MAX];

		assert_true(addr_parse(bytes_text(rows[i][0]), &a));
		assert_int_equal(addr_text(&a, text), strlen(rows[i][1]));
		assert_string_equal(text, rows[i][1]);
		assert_true(addr_parse(bytes_text(text), &again));
		assert_int_equal(addr_compare(&a, &again), 0);
		assert_false(addr_is4(&a));
	}
}

static void ipv4_is_kept_as_mapped_and_shown_as_dotted(void **state)
{
	static const char *const rows[] = {
		"0.0.0.0", "255.255.255.255", "192.0.2.1", "10.20.30.40", "1.100.99.9"};
	char text[ADDR_TEXT_MAX];
	struct addr a, mapped;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_true(addr_parse(bytes_text(rows[i]), &a));
		assert_true(addr_is4(&a));
		addr_text(&a, text);
		assert_string_equal(text, rows[i]);
	}
	a = addr_from4(0xc0000201);
	assert_true(addr_parse(bytes_text("::ffff:192.0.2.1"), &mapped));
	assert_int_equal(addr_compare(&a, &mapped), 0);
}

static void what_is_no_address_is_refused(void **state)
{
	static const char *const rows[] = {"", " ", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.04",
		"01.2.3.4", "1.2.3.4 ", " 1.2.3.4", "0x1.2.3.4", "1.2.3.4/8", "fe80::1%eth0",
		":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "::1.2.3",
		"[::1]", "0000:0000:0000:0000:0000:0000:255.255.255.2555", "example.org"};
	struct addr a;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(addr_parse(bytes_text(rows[i]), &a));
	assert_false(addr_parse(bytes_of("1.2.3.4\0", 8), &a));
	assert_false(addr_parse(bytes_of(NULL, 0), &a));
}

static void no_byte_beyond_the_text_is_read(void **state)
{
	static const char text[] = "1234:1234:1234:1234:1234:1234:255.255.255.255";
	struct addr a;
	struct prefix p;

	(void)state;
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct bytes cut = guarded(text, n);

		(void)addr_parse(cut, &a);
		(void)prefix_parse(cut, &p);
	}
	assert_true(addr_parse(guarded(text, sizeof(text) - 1), &a));
	guard_free();
}

static void a_prefix_holds_its_range_and_nothing_else(void **state)
{
	static const struct {
		const char *prefix, *first, *last, *below, *above;
	} rows[] = {
		{"192.0.2.128/25", "192.0.2.128", "192.0.2.255", "192.0.2.127", "192.0.3.0"},
		{"10.0.0.0/8", "10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0"},
		{"172.16.0.0/12", "172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0"},
		{"192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.6", "192.0.2.8"},
		{"2001:db8::/32", "2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
			"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::"},
		{"2001:db8::8/125", "2001:db8::8", "2001:db8::f", "2001:db8::7", "2001:db8::10"},
		{"2001:db8::1", "2001:db8::1", "2001:db8::1", "2001:db8::", "2001:db8::2"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct prefix p;
		struct addr a;

		assert_true(prefix_parse(bytes_text(rows[i].prefix), &p));
		assert_true(addr_parse(bytes_text(rows[i].first), &a) && prefix_holds(&p, &a));
		assert_true(addr_parse(bytes_text(rows[i].last), &a) && prefix_holds(&p, &a));
		assert_true(addr_parse(bytes_text(rows[i].below), &a) && !prefix_holds(&p, &a));
		assert_true(addr_parse(bytes_text(rows[i].above), &a) && !prefix_holds(&p, &a));
	}
}

static void everything_lies_in_the_shortest_prefixes(void **state)
{
	struct prefix all4, all6;
	struct addr four = addr_from4(0xc6336401), six;

	(void)state;
	assert_true(prefix_parse(bytes_text("0.0.0.0/0"), &all4));
	assert_true(prefix_parse(bytes_text("::/0"), &all6));
	assert_true(addr_parse(bytes_text("2001:db8::1"), &six));
	assert_int_equal(all4.bits, 96);
	assert_int_equal(all6.bits, 0);
	assert_true(prefix_holds(&all4, &four));
	assert_false(prefix_holds(&all4, &six));
	assert_true(prefix_holds(&all6, &six));
	assert_true(prefix_holds(&all6, &four));
}

static void host_bits_of_a_prefix_are_cleared(void **state)
{
	struct prefix p;
	struct addr a;

	(void)state;
	assert_true(prefix_parse(bytes_text("192.0.2.255/27"), &p));
	assert_true(addr_parse(bytes_text("192.0.2.224"), &a));
	assert_int_equal(addr_compare(&p.addr, &a), 0);
	assert_int_equal(p.bits, 96 + 27);
	assert_true(prefix_parse(bytes_text("2001:db8:ffff::1/33"), &p));
	assert_true(addr_parse(bytes_text("2001:db8:8000::"), &a));
	assert_int_equal(addr_compare(&p.addr, &a), 0);
}

static void what_is_no_prefix_is_refused(void **state)
{
	static const char *const rows[] = {"", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/08",
		"10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/8/8", "::/129", "::/1000", "10.0.0/8",
		"10.0.0.0/255.0.0.0"};
	struct prefix p;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_false(prefix_parse(bytes_text(rows[i]), &p));
}

static void addresses_order_as_their_bytes(void **state)
{
	struct addr low = addr_from4(1), high = addr_from4(0x80000000);

	(void)state;
	assert_true(addr_compare(&low, &high) < 0);
	assert_true(addr_compare(&high, &low) > 0);
	assert_int_equal(addr_compare(&low, &low), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ipv6_text_is_that_of_rfc_5952),
		cmocka_unit_test(ipv4_is_kept_as_mapped_and_shown_as_dotted),
		cmocka_unit_test(what_is_no_address_is_refused),
		cmocka_unit_test(no_byte_beyond_the_text_is_read),
		cmocka_unit_test(a_prefix_holds_its_range_and_nothing_else),
		cmocka_unit_test(everything_lies_in_the_shortest_prefixes),
		cmocka_unit_test(host_bits_of_a_prefix_are_cleared),
		cmocka_unit_test(what_is_no_prefix_is_refused),
		cmocka_unit_test(addresses_order_as_their_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
