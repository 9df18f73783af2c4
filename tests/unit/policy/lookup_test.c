/* lookup_test.c - what a policy says of addresses, names and destinations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "held.h"

static const char psp[] =
	"profiles:\n"
	"  - {name: demo-psp, hosts: [psp.example], prefixes: [192.0.2.0/28]}\n"
	"  - {name: other, hosts: [api.other.example, deep.psp.example]}\n"
	"  - {name: cdn, hosts: [pay.cdn.example], prefixes: [192.0.2.8/29], shared: true}\n";

static struct policy_end end_of(const struct held *held, uint16_t tenant, const char *address)
{
	struct policy_end end;
	struct addr addr = held_addr(address);

	policy_address(&held->policy, tenant, &addr, &end);
	return end;
}

static enum authorised ask(const struct held *held, uint32_t merchant, const char *server,
	const char *remote, const char *name, const char *profile)
{
	struct addr s = held_addr(server), r = held_addr(remote);
	uint32_t index = UINT32_MAX;
	bool names_it = true;
	/* the name ends at an unreadable page: no NUL, nothing beyond is read */
	enum authorised a = policy_authorised(
		&held->policy, merchant, 0, &s, &r, guarded(name, strlen(name)), &names_it, &index);

	assert_int_equal(names_it, a != AUTHORISED_NO && name[0] != 0);
	if (profile != NULL)
		assert_string_equal(policy_profile_name(&held->policy, index), profile);
	else
		assert_int_equal(index, UINT32_MAX);
	return a;
}

static uint32_t host(const struct held *held, uint16_t tenant, const char *name)
{
	return policy_hostname(&held->policy, tenant, guarded(name, strlen(name)));
}

static void without_policy_private_addresses_are_protected(void **state)
{
	static const char *const yes[] = {"10.0.0.0", "10.255.255.255", "172.16.0.0",
		"172.31.255.255", "192.168.0.0", "192.168.255.255", "100.64.0.0", "100.127.255.255",
		"fc00::", "fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	static const char *const no[] = {"9.255.255.255", "11.0.0.0", "172.15.255.255",
		"172.32.0.0", "192.167.255.255", "192.169.0.0", "100.63.255.255", "100.128.0.0",
		"127.0.0.1", "169.254.0.1", "203.0.113.1", "0.0.0.0", "255.255.255.255", "::1",
		"::", "fe80::1", "fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
		"fe00::", "2001:db8::1"};
	struct held held;

	(void)state;
	held_good(&held, NULL, NULL);
	assert_false(policy_given(&held.policy));
	assert_int_equal(policy_merchants(&held.policy), 0);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		struct policy_end end = end_of(&held, 0, yes[i]);

		assert_true(end.protected && end.own);
		assert_int_equal(end.level, LEVEL_CONTENT);
		assert_int_equal(end.merchant, 0);
		assert_false(end.shared);
		assert_true(end_of(&held, 4711, yes[i]).protected);
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++)
		assert_false(end_of(&held, 0, no[i]).protected);
	assert_int_equal(
		ask(&held, 0, "10.0.0.1", "192.0.2.1", "psp.example", NULL), AUTHORISED_NO);
	held_free(&held);
}

static void without_policy_the_level_is_the_callers(void **state)
{
	struct held held;
	struct err err;

	(void)state;
	assert_true(held_build(&held, NULL, NULL, LEVEL_CONTACTS, &err));
	assert_int_equal(end_of(&held, 0, "10.0.0.1").level, LEVEL_CONTACTS);
	assert_int_equal(end_of(&held, 0, "8.8.8.8").level, LEVEL_CONTACTS);
	assert_int_equal(policy_merchant_level(&held.policy, 5), LEVEL_CONTACTS);
	held_free(&held);
}

static void with_policy_only_its_prefixes_are_protected(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"protected: [203.0.113.0/24, 2001:db8:1::/48]\n"
		"own_prefixes: [198.51.100.0/24]\ntrusted_proxies: [203.0.113.7, 192.0.2.0/30]\n"
		"default_level: match_only\n",
		NULL);
	assert_true(policy_given(&held.policy));
	assert_false(end_of(&held, 0, "10.0.0.1").protected);
	assert_true(end_of(&held, 0, "203.0.113.255").protected);
	assert_true(end_of(&held, 0, "203.0.113.255").own);
	assert_true(end_of(&held, 0, "2001:db8:1:ffff::1").protected);
	assert_false(end_of(&held, 0, "2001:db8:2::").protected);
	assert_true(end_of(&held, 0, "198.51.100.1").own);
	assert_false(end_of(&held, 0, "198.51.100.1").protected);
	assert_int_equal(end_of(&held, 0, "203.0.113.7").roles, ROLE_TRUSTED_PROXY);
	assert_true(end_of(&held, 0, "203.0.113.7").protected);
	assert_int_equal(end_of(&held, 0, "192.0.2.3").roles, ROLE_TRUSTED_PROXY);
	assert_int_equal(end_of(&held, 0, "192.0.2.4").roles, 0);
	assert_int_equal(end_of(&held, 0, "203.0.113.1").level, LEVEL_MATCH_ONLY);
	held_free(&held);
}

static void what_is_ours_is_listed_once_for_each_who_claims_it(void **state)
{
	static const struct {
		const char *prefix;
		int tenant; /* -1: every */
		uint32_t merchant;
	} rows[] = {{"198.51.100.0/24", 5, 0}, {"203.0.113.8/32", 5, 2}, {"10.0.0.0/8", -1, 0},
		{"203.0.113.8/32", -1, 1}, {"203.0.113.8/32", -1, 3}, {"2001:db8::/32", -1, 0}};
	struct held held;

	(void)state;
	held_good(&held,
		"tenants: [{id: 5, vlans: [5]}]\n"
		"protected: [10.0.0.0/8, 10.0.0.0/8, {prefix: 198.51.100.0/24, tenant: 5}]\n"
		"own_prefixes: [2001:db8::/32]\ntrusted_proxies: [192.0.2.7]\n"
		"merchants:\n"
		"  - {id: 3, addresses: [203.0.113.8, 203.0.113.8/32]}\n"
		"  - {id: 1, addresses: [203.0.113.8]}\n"
		"  - {id: 2, tenant: 5, addresses: [203.0.113.8]}\n"
		"assets: [{address: 192.0.2.53, role: resolver}]\n",
		NULL);
	assert_int_equal(policy_prefixes(&held.policy), sizeof(rows) / sizeof(rows[0]));
	for (uint32_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct policy_prefix row = policy_prefix(&held.policy, i);
		struct prefix wanted;

		assert_true(prefix_parse(bytes_text(rows[i].prefix), &wanted));
		assert_memory_equal(&row.prefix.addr, &wanted.addr, sizeof(wanted.addr));
		assert_int_equal(row.prefix.bits, wanted.bits);
		assert_int_equal(row.every ? -1 : row.tenant, rows[i].tenant);
		assert_int_equal(row.merchant, rows[i].merchant);
	}
	held_free(&held);
}

static void assets_have_roles(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"protected: [203.0.113.0/24]\nassets:\n"
		"  - {address: 203.0.113.53, role: resolver}\n"
		"  - {address: 203.0.113.25, role: mail}\n"
		"  - {address: 203.0.113.26, role: [scanner, proxy]}\n"
		"  - {address: 203.0.113.26, role: backup}\n"
		"  - {address: 192.0.2.0/24, role: operator}\n",
		NULL);
	assert_int_equal(end_of(&held, 0, "203.0.113.53").roles, ROLE_RESOLVER);
	assert_int_equal(end_of(&held, 0, "203.0.113.25").roles, ROLE_MAIL);
	assert_int_equal(
		end_of(&held, 9, "203.0.113.26").roles, ROLE_SCANNER | ROLE_PROXY | ROLE_BACKUP);
	assert_int_equal(end_of(&held, 0, "192.0.2.9").roles, ROLE_OPERATOR);
	assert_false(end_of(&held, 0, "192.0.2.9").protected);
	assert_int_equal(end_of(&held, 0, "192.0.3.9").roles, 0);
	held_free(&held);
}

static void one_merchant_on_an_address_is_named(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"merchants:\n"
		"  - {id: 1017, addresses: [203.0.113.10, 203.0.113.10, 203.0.113.32/28],\n"
		"     level: contacts, non_retention: true}\n"
		"  - {id: 4294967295, addresses: ['2001:db8::5'], level: none}\n",
		NULL);
	assert_int_equal(policy_merchants(&held.policy), 2);
	struct policy_end end = end_of(&held, 0, "203.0.113.10");
	assert_int_equal(end.merchant, 1017);
	assert_int_equal(end.level, LEVEL_CONTACTS);
	assert_true(end.protected && end.own && !end.shared);
	assert_int_equal(end_of(&held, 0, "203.0.113.47").merchant, 1017);
	assert_int_equal(end_of(&held, 0, "203.0.113.48").merchant, 0);
	assert_int_equal(end_of(&held, 0, "2001:db8::5").merchant, UINT32_MAX);
	assert_int_equal(policy_merchant_level(&held.policy, UINT32_MAX), LEVEL_NONE);
	assert_true(policy_non_retention(&held.policy, 1017));
	assert_false(policy_non_retention(&held.policy, UINT32_MAX));
	assert_false(policy_non_retention(&held.policy, 1018));
	assert_false(policy_non_retention(&held.policy, 0));
	held_free(&held);
}

static void a_shared_server_is_as_strict_as_its_strictest(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"merchants:\n"
		"  - {id: 1, addresses: [203.0.113.10, 203.0.113.64/26], level: content,\n"
		"     authorised: [demo-psp]}\n"
		"  - {id: 2, addresses: [203.0.113.10, 203.0.113.65], level: match_only,\n"
		"     authorised: [other]}\n"
		"  - {id: 3, addresses: [203.0.113.65], level: contacts}\n",
		psp);
	struct policy_end end = end_of(&held, 0, "203.0.113.10");
	assert_true(end.shared && end.protected);
	assert_int_equal(end.merchant, 0);
	assert_int_equal(end.level, LEVEL_MATCH_ONLY);
	end = end_of(&held, 0, "203.0.113.65"); /* by an address inside a network */
	assert_true(end.shared);
	assert_int_equal(end.level, LEVEL_MATCH_ONLY);
	end = end_of(&held, 0, "203.0.113.66");
	assert_int_equal(end.merchant, 1);
	assert_false(end.shared);
	/* the union, and nothing but it */
	assert_int_equal(ask(&held, 0, "203.0.113.10", "192.0.2.1", "psp.example", "demo-psp"),
		AUTHORISED_ADDRESS);
	assert_int_equal(ask(&held, 0, "203.0.113.10", "192.0.2.1", "api.other.example", "other"),
		AUTHORISED_NAME);
	assert_int_equal(ask(&held, 0, "203.0.113.65", "192.0.2.1", "psp.example", "demo-psp"),
		AUTHORISED_ADDRESS);
	assert_int_equal(ask(&held, 0, "203.0.113.66", "192.0.2.1", "api.other.example", NULL),
		AUTHORISED_NO);
	assert_int_equal(
		ask(&held, 0, "203.0.113.10", "192.0.2.9", "pay.cdn.example", NULL), AUTHORISED_NO);
	/* once a name decided, the merchant's own set alone */
	assert_int_equal(
		ask(&held, 2, "203.0.113.10", "192.0.2.1", "psp.example", NULL), AUTHORISED_NO);
	held_free(&held);
}

static void a_host_name_decides_by_label_and_the_longest_wins(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"protected: [203.0.113.0/24]\n"
		"merchants:\n"
		"  - {id: 1, hostnames: [Shop.Example]}\n"
		"  - {id: 2, hostnames: [b.shop.example., x.y.example]}\n",
		NULL);
	assert_int_equal(host(&held, 0, "shop.example"), 1);
	assert_int_equal(host(&held, 0, "WWW.SHOP.EXAMPLE"), 1);
	assert_int_equal(host(&held, 0, "shop.example."), 1);
	assert_int_equal(host(&held, 0, "b.shop.example"), 2);
	assert_int_equal(host(&held, 0, "a.b.shop.example"), 2);
	assert_int_equal(host(&held, 0, "cb.shop.example"), 1);
	assert_int_equal(host(&held, 0, "evil-shop.example"), 0);
	assert_int_equal(host(&held, 0, "shop.example.evil.example"), 0);
	assert_int_equal(host(&held, 0, "example"), 0);
	assert_int_equal(host(&held, 0, ""), 0);
	assert_int_equal(host(&held, 0, "."), 0);
	assert_int_equal(host(&held, 0, ".."), 0);
	assert_int_equal(host(&held, 0, ".shop.example"), 1);
	assert_int_equal(host(&held, 0, "shop.example.."), 0);
	held_free(&held);
}

static void a_name_is_a_profiles_by_label_only(void **state)
{
	static const char *const yes[] = {"psp.example", "PSP.example", "a.psp.example",
		"a.b.c.psp.example", "psp.example.", "p01.a-b.psp.example"};
	static const char *const no[] = {"evil-psp.example", "psp.example.evil.example",
		"xpsp.example", "psp.exampl", "sp.example", "example", "psp_example",
		"psp.example..", "psp.example:443", "psp.examplee", " psp.example"};
	struct held held;

	(void)state;
	held_good(&held, "merchants: [{id: 1, addresses: [203.0.113.1], authorised: [demo-psp]}]\n",
		psp);
	for (size_t i = 0; i < sizeof(yes) / sizeof(yes[0]); i++) {
		assert_int_equal(ask(&held, 1, "203.0.113.1", "192.0.2.1", yes[i], "demo-psp"),
			AUTHORISED_ADDRESS);
		assert_int_equal(ask(&held, 1, "203.0.113.1", "198.51.100.1", yes[i], "demo-psp"),
			AUTHORISED_NAME);
		assert_true(policy_watched_name(&held.policy, bytes_text(yes[i])));
	}
	for (size_t i = 0; i < sizeof(no) / sizeof(no[0]); i++) {
		assert_int_equal(
			ask(&held, 1, "203.0.113.1", "192.0.2.1", no[i], NULL), AUTHORISED_NO);
		assert_false(policy_watched_name(&held.policy, bytes_text(no[i])));
	}
	/* an address without a name */
	assert_int_equal(
		ask(&held, 1, "203.0.113.1", "192.0.2.15", "", "demo-psp"), AUTHORISED_ADDRESS);
	assert_int_equal(ask(&held, 1, "203.0.113.1", "192.0.2.16", "", NULL), AUTHORISED_NO);
	assert_int_equal(
		ask(&held, 7, "203.0.113.1", "192.0.2.1", "psp.example", NULL), AUTHORISED_NO);
	assert_int_equal(
		ask(&held, 0, "203.0.113.2", "192.0.2.1", "psp.example", NULL), AUTHORISED_NO);
	held_free(&held);
}

static void a_name_may_be_longer_than_any_dns_name(void **state)
{
	char name[400];
	struct held held;

	(void)state;
	held_good(&held, "merchants: [{id: 1, addresses: [203.0.113.1], authorised: [demo-psp]}]\n",
		psp);
	memset(name, 'a', sizeof(name));
	memcpy(name + 253 - 12, ".psp.example", 12);
	assert_true(policy_watched_name(&held.policy, guarded(name, 253)));
	memcpy(name + 254 - 12, ".psp.example", 12);
	assert_false(policy_watched_name(&held.policy, guarded(name, 254)));
	for (size_t i = 0; i < sizeof(name); i++)
		name[i] = '.';
	assert_false(policy_watched_name(&held.policy, guarded(name, 253)));
	held_free(&held);
}

/* The shortest name decides how much of an end is compared first. */
static void names_of_every_length_are_watched(void **state)
{
	static const char *const names[] = {
		"q.jp", "ab.jp", "abc.jp", "abcd.jp", "abcde.jp", "a-very-long-name.example"};
	char text[200];

	(void)state;
	for (size_t from = 0; from < sizeof(names) / sizeof(names[0]); from++) {
		struct held held;

		snprintf(text, sizeof(text),
			"protected: [203.0.113.0/24]\nprofiles:\n"
			"  - {name: x, hosts: [%s, %s], prefixes: [192.0.2.0/28]}\n",
			names[from], names[sizeof(names) / sizeof(names[0]) - 1]);
		held_good(&held, text, NULL);
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			bool watched = i == from || i + 1 == sizeof(names) / sizeof(names[0]);

			snprintf(text, sizeof(text), "WWW.%s.", names[i]);
			assert_int_equal(
				policy_watched_name(&held.policy, bytes_text(names[i])), watched);
			assert_int_equal(
				policy_watched_name(&held.policy, bytes_text(text)), watched);
		}
		assert_false(policy_watched_name(&held.policy, bytes_text("jp")));
		assert_false(policy_watched_name(&held.policy, bytes_text("")));
		held_free(&held);
	}
}

static void a_shared_profile_needs_its_name(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"merchants: [{id: 1, addresses: [203.0.113.1], authorised: [cdn]},\n"
		"  {id: 2, addresses: [203.0.113.2], authorised: [cdn, demo-psp]}]\n",
		psp);
	assert_int_equal(ask(&held, 1, "203.0.113.1", "192.0.2.9", "", NULL), AUTHORISED_NO);
	assert_int_equal(ask(&held, 1, "203.0.113.1", "192.0.2.9", "pay.cdn.example", "cdn"),
		AUTHORISED_ADDRESS);
	assert_int_equal(
		ask(&held, 1, "203.0.113.1", "192.0.2.9", "psp.example", NULL), AUTHORISED_NO);
	/* the network around is another profile's, which is not shared */
	assert_int_equal(
		ask(&held, 2, "203.0.113.2", "192.0.2.9", "", "demo-psp"), AUTHORISED_ADDRESS);
	assert_int_equal(ask(&held, 2, "203.0.113.2", "192.0.2.9", "psp.example", "demo-psp"),
		AUTHORISED_ADDRESS);
	held_free(&held);
}

static void profiles_know_if_they_are_shared(void **state)
{
	struct held held;
	uint32_t shared = 0;

	(void)state;
	held_good(&held, "protected: [203.0.113.0/24]\n", psp);
	for (uint32_t i = 0; i < 3; i++) {
		bool cdn = strcmp(policy_profile_name(&held.policy, i), "cdn") == 0;

		shared += cdn;
		assert_int_equal(policy_profile_shared(&held.policy, i), cdn);
	}
	assert_int_equal(shared, 1);
	assert_false(policy_profile_shared(&held.policy, 3));
	assert_string_equal(policy_profile_name(&held.policy, 3), "");
	assert_string_equal(policy_profile_name(&held.policy, UINT32_MAX), "");
	held_free(&held);
}

static void a_policys_own_profile_takes_the_place_of_a_shipped_one(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"profiles: [{name: demo-psp, hosts: [mine.example], prefixes: [198.51.100.0/24]}]\n"
		"merchants: [{id: 1, addresses: [203.0.113.1], authorised: [demo-psp]}]\n",
		psp);
	assert_int_equal(ask(&held, 1, "203.0.113.1", "198.51.100.7", "mine.example", "demo-psp"),
		AUTHORISED_ADDRESS);
	assert_int_equal(
		ask(&held, 1, "203.0.113.1", "192.0.2.1", "psp.example", NULL), AUTHORISED_NO);
	held_free(&held);
}

static void accounts_tell_own_from_foreign(void **state)
{
	struct held held;
	struct addr one = held_addr("203.0.113.1"), two = held_addr("203.0.113.2"),
		    none = held_addr("203.0.113.3");

	(void)state;
	held_good(&held,
		"merchants:\n"
		"  - {id: 1, addresses: [203.0.113.1, 203.0.113.2], accounts: [tshop00001, '42']}\n"
		"  - {id: 2, addresses: [203.0.113.2], accounts: [tshop00002]}\n"
		"  - {id: 3, addresses: [203.0.113.3]}\n",
		NULL);
	const struct policy *p = &held.policy;
	assert_int_equal(policy_account(p, 1, 0, &one, bytes_text("tshop00001")), ACCOUNT_OWN);
	assert_int_equal(policy_account(p, 1, 0, &one, bytes_text("42")), ACCOUNT_OWN);
	assert_int_equal(policy_account(p, 1, 0, &one, bytes_text("tshop00002")), ACCOUNT_FOREIGN);
	assert_int_equal(policy_account(p, 1, 0, &one, bytes_text("TSHOP00001")), ACCOUNT_FOREIGN);
	assert_int_equal(policy_account(p, 1, 0, &one, bytes_text("tshop0000")), ACCOUNT_FOREIGN);
	assert_int_equal(policy_account(p, 1, 0, &one, bytes_of("", 0)), ACCOUNT_FOREIGN);
	assert_int_equal(policy_account(p, 0, 0, &two, bytes_text("tshop00002")), ACCOUNT_OWN);
	assert_int_equal(policy_account(p, 0, 0, &two, bytes_text("tshop00001")), ACCOUNT_OWN);
	assert_int_equal(policy_account(p, 0, 0, &two, bytes_text("x")), ACCOUNT_FOREIGN);
	assert_int_equal(policy_account(p, 3, 0, &none, bytes_text("x")), ACCOUNT_NOT_GIVEN);
	assert_int_equal(policy_account(p, 0, 0, &none, bytes_text("x")), ACCOUNT_NOT_GIVEN);
	assert_int_equal(policy_account(p, 9, 0, &one, bytes_text("x")), ACCOUNT_NOT_GIVEN);
	held_free(&held);
}

static void tenants_are_told_by_the_most_exact_entry(void **state)
{
	struct held held;
	const uint16_t stack[] = {100, 7, 9}, other[] = {300}, both[] = {200};

	(void)state;
	held_good(&held,
		"protected: [203.0.113.0/24]\n"
		"tenants:\n"
		"  - {id: 1, name: one, vlans: [100, 200]}\n"
		"  - {id: 2, vlans: [[100, 7]]}\n"
		"  - {id: 3, interface: tap0}\n"
		"  - {id: 4, interface: tap0, vlans: [100]}\n"
		"  - {id: 5, vni: 5000}\n"
		"  - {id: 65535, vni: 5000, vlans: [300]}\n",
		NULL);
	const struct policy *p = &held.policy;
	uint16_t tap0 = policy_interface(p, bytes_text("tap0"));
	assert_int_not_equal(tap0, 0);
	assert_int_equal(policy_interface(p, bytes_text("tap1")), 0);
	assert_int_equal(policy_interface(p, bytes_text("tap")), 0);
	assert_int_equal(policy_tenant(p, 0, stack, 0, UINT32_MAX), 0);
	assert_int_equal(policy_tenant(p, 0, stack, 1, UINT32_MAX), 1);
	assert_int_equal(policy_tenant(p, 0, both, 1, UINT32_MAX), 1);
	assert_int_equal(policy_tenant(p, 0, stack, 2, UINT32_MAX), 2);
	assert_int_equal(policy_tenant(p, 0, stack, 3, UINT32_MAX), 2);
	assert_int_equal(policy_tenant(p, tap0, stack, 0, UINT32_MAX), 3);
	assert_int_equal(policy_tenant(p, tap0, other, 1, UINT32_MAX), 3);
	assert_int_equal(policy_tenant(p, tap0, stack, 1, UINT32_MAX), 4);
	assert_int_equal(policy_tenant(p, tap0, stack, 2, UINT32_MAX), 2);
	assert_int_equal(policy_tenant(p, (uint16_t)(tap0 + 1), stack, 0, UINT32_MAX), 0);
	assert_int_equal(policy_tenant(p, 0, stack, 0, 5000), 5);
	assert_int_equal(policy_tenant(p, 0, other, 1, 5000), 65535);
	assert_int_equal(policy_tenant(p, 0, other, 1, 5001), 0);
	assert_int_equal(policy_tenant(p, 0, other, 1, UINT32_MAX), 0);
	held_free(&held);
}

static void what_names_no_tenant_holds_in_all(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"tenants: [{id: 5, vlans: [5]}, {id: 6, vlans: [6]}]\n"
		"protected: [198.51.100.0/24, {prefix: 10.0.0.0/8, tenant: 5}, {prefix: "
		"10.1.0.0/16, tenant: 0}]\n"
		"merchants:\n"
		"  - {id: 1, addresses: [203.0.113.1], hostnames: [one.example], level: contacts}\n"
		"  - {id: 2, tenant: 5, addresses: [203.0.113.1, 10.0.0.1], hostnames: "
		"[a.one.example]}\n"
		"  - {id: 3, tenant: 6, addresses: [10.0.0.1, 10.0.0.1/32], hostnames: "
		"[a.one.example]}\n"
		"assets: [{address: 10.0.0.53, role: resolver, tenant: 5},\n"
		"  {address: 10.0.0.54, role: resolver}]\n",
		NULL);
	assert_true(end_of(&held, 5, "198.51.100.1").protected);
	assert_true(end_of(&held, 0, "198.51.100.1").protected);
	assert_true(end_of(&held, 5, "10.9.9.9").protected);
	assert_false(end_of(&held, 6, "10.9.9.9").protected);
	assert_false(end_of(&held, 0, "10.9.9.9").protected);
	assert_true(end_of(&held, 0, "10.1.9.9").protected);
	assert_int_equal(end_of(&held, 0, "203.0.113.1").merchant, 1);
	assert_int_equal(end_of(&held, 6, "203.0.113.1").merchant, 1);
	assert_true(end_of(&held, 5, "203.0.113.1").shared);
	assert_int_equal(end_of(&held, 5, "203.0.113.1").level, LEVEL_CONTACTS);
	assert_int_equal(end_of(&held, 5, "10.0.0.1").merchant, 2);
	assert_int_equal(end_of(&held, 6, "10.0.0.1").merchant, 3);
	assert_int_equal(end_of(&held, 7, "10.0.0.1").merchant, 0);
	assert_int_equal(host(&held, 5, "a.one.example"), 2);
	assert_int_equal(host(&held, 6, "a.one.example"), 3);
	assert_int_equal(host(&held, 0, "a.one.example"), 1);
	assert_int_equal(end_of(&held, 5, "10.0.0.53").roles, ROLE_RESOLVER);
	assert_int_equal(end_of(&held, 6, "10.0.0.53").roles, 0);
	assert_int_equal(end_of(&held, 6, "10.0.0.54").roles, ROLE_RESOLVER);
	held_free(&held);
}

static void the_shipped_profiles_are_read(void **state)
{
	struct err err = {0};
	struct policy policy;
	uint8_t *image;
	size_t len;

	(void)state;
	if (!policy_build(NULL, SEKISHO_PSP_DIR, LEVEL_CONTENT, &image, &len, &err))
		fail_msg("%s", err.text);
	assert_true(policy_open(&policy, bytes_of(image, len), &err));
	assert_true(policy_watched_name(&policy, bytes_text("p01.mul-pay.jp")));
	assert_true(policy_watched_name(&policy, bytes_text("checkout.adyenpayments.com")));
	assert_false(policy_watched_name(&policy, bytes_text("mul-pay.jp")));
	free(image);
}

static int setup(void **state)
{
	(void)state;
	held_enter();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	held_leave();
	guard_free();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_policy_private_addresses_are_protected),
		cmocka_unit_test(without_policy_the_level_is_the_callers),
		cmocka_unit_test(with_policy_only_its_prefixes_are_protected),
		cmocka_unit_test(what_is_ours_is_listed_once_for_each_who_claims_it),
		cmocka_unit_test(assets_have_roles),
		cmocka_unit_test(one_merchant_on_an_address_is_named),
		cmocka_unit_test(a_shared_server_is_as_strict_as_its_strictest),
		cmocka_unit_test(a_host_name_decides_by_label_and_the_longest_wins),
		cmocka_unit_test(a_name_is_a_profiles_by_label_only),
		cmocka_unit_test(a_name_may_be_longer_than_any_dns_name),
		cmocka_unit_test(names_of_every_length_are_watched),
		cmocka_unit_test(a_shared_profile_needs_its_name),
		cmocka_unit_test(profiles_know_if_they_are_shared),
		cmocka_unit_test(a_policys_own_profile_takes_the_place_of_a_shipped_one),
		cmocka_unit_test(accounts_tell_own_from_foreign),
		cmocka_unit_test(tenants_are_told_by_the_most_exact_entry),
		cmocka_unit_test(what_names_no_tenant_holds_in_all),
		cmocka_unit_test(the_shipped_profiles_are_read),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
