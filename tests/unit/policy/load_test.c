/* load_test.c - a wrong policy never runs: each mistake has its text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "held.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

struct row {
	const char *policy;
	const char *text;
};

static void assert_refused(
	const char *policy, const char *profiles, enum policy_level level, const char *text)
{
	struct held held;
	struct err err;

	if (held_build(&held, policy, profiles, level, &err)) {
		held_free(&held);
		fail_msg("taken, but should say: %s", text);
	}
	assert_string_equal(err.text, text);
	assert_int_equal(err.status, EXIT_USAGE);
	assert_null(held.image);
}

static void assert_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_refused(rows[i].policy,
			"profiles: [{name: demo-psp, hosts: [psp.example]}]\n", LEVEL_CONTENT,
			rows[i].text);
}

static void keys_are_known(void **state)
{
	static const struct row rows[] = {
		{"protect: []\n",
			"policy.yaml:1:1: unknown key \"protect\"; nearest is \"protected\""},
		{"merchants: [{id: 1, adresses: []}]\n",
			"policy.yaml:1:21: unknown key \"adresses\"; nearest is \"addresses\""},
		{"tenants: [{id: 1, vlan: []}]\n",
			"policy.yaml:1:19: unknown key \"vlan\"; nearest is \"vlans\""},
		{"protected: [{prefixes: 10.0.0.0/8}]\n",
			"policy.yaml:1:14: unknown key \"prefixes\"; nearest is \"prefix\""},
		{"assets: [{address: 10.0.0.1, roles: mail}]\n",
			"policy.yaml:1:30: unknown key \"roles\"; nearest is \"role\""},
		{"profiles: [{name: x, host: []}]\n",
			"policy.yaml:1:22: unknown key \"host\"; nearest is \"hosts\""},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
}

static void needed_keys_are_there(void **state)
{
	static const struct row rows[] = {
		{"merchants: [{addresses: [10.0.0.1]}]\n", "policy.yaml:1:13: missing key \"id\""},
		{"tenants: [{vlans: [5]}]\n", "policy.yaml:1:11: missing key \"id\""},
		{"protected: [{tenant: 0}]\n", "policy.yaml:1:13: missing key \"prefix\""},
		{"assets: [{role: mail}]\n", "policy.yaml:1:10: missing key \"address\""},
		{"assets: [{address: 10.0.0.1}]\n", "policy.yaml:1:10: missing key \"role\""},
		{"profiles: [{hosts: [a.example]}]\n", "policy.yaml:1:12: missing key \"name\""},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
}

static void prefixes_are_strict(void **state)
{
	static const struct row rows[] = {
		{"protected:\n  - 10.0.0.256\n", "policy.yaml:2:5: \"10.0.0.256\" is no address "
						 "and no prefix; write 192.0.2.1, "
						 "192.0.2.0/24 or 2001:db8::/32"},
		{"protected: [10.0.0.0/33]\n", "policy.yaml:1:13: \"10.0.0.0/33\" is no address "
					       "and no prefix; write 192.0.2.1, "
					       "192.0.2.0/24 or 2001:db8::/32"},
		{"protected: [10.0.0.5/8]\n", "policy.yaml:1:13: \"10.0.0.5/8\" has bits set "
					      "beyond its length; write 10.0.0.0/8 for "
					      "the network, or leave out /8 for the one address"},
		{"own_prefixes: ['2001:db8::1/32']\n",
			"policy.yaml:1:16: \"2001:db8::1/32\" has bits set beyond its length; "
			"write "
			"2001:db8::/32 for the network, or leave out /32 for the one address"},
		{"protected: [0.0.0.0/0]\n", "policy.yaml:1:13: \"0.0.0.0/0\" holds every address; "
					     "name the prefixes that are "
					     "meant"},
		{"trusted_proxies: ['::/0']\n", "policy.yaml:1:19: \"::/0\" holds every address; "
						"name the prefixes that are meant"},
		{"merchants: [{id: 1, addresses: ['::/8']}]\n",
			"policy.yaml:1:33: \"::/8\" holds every address; name the prefixes that "
			"are meant"},
		{"assets: [{address: mail.example, role: mail}]\n",
			"policy.yaml:1:20: \"mail.example\" is no address and no prefix; write "
			"192.0.2.1, "
			"192.0.2.0/24 or 2001:db8::/32"},
		{"profiles: [{name: x, prefixes: [300.0.0.0/8]}]\n",
			"policy.yaml:1:33: \"300.0.0.0/8\" is no address and no prefix; write "
			"192.0.2.1, "
			"192.0.2.0/24 or 2001:db8::/32"},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
}

#define HOST(name) "merchants: [{id: 1, hostnames: ['" name "']}]\n"
#define HOST_ERR(name, fault) "policy.yaml:1:33: host name \"" name "\" " fault
#define CHARS                                                                                      \
	"may hold letters, digits, \"-\" and \"_\" only; no port, no URL, and other scripts as "   \
	"xn--..."
#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static void host_names_are_strict(void **state)
{
	static const struct row rows[] = {
		{HOST("*.shop.example"),
			HOST_ERR("*.shop.example", "needs no \"*\": names below a host name are "
						   "meant too; write it without")},
		{HOST("shop..example"), HOST_ERR("shop..example", "has an empty label")},
		{HOST(".shop.example"), HOST_ERR(".shop.example", "has an empty label")},
		{HOST("shop.example.."), HOST_ERR("shop.example..", "has an empty label")},
		{HOST("shop.example:8080"), HOST_ERR("shop.example:8080", CHARS)},
		{HOST("https://shop.example/"), HOST_ERR("https://shop.example/", CHARS)},
		{HOST("caf\xc3\xa9.example"), HOST_ERR("caf\xc3\xa9.example", CHARS)},
		{HOST("shop"), HOST_ERR("shop", "has one label only, it would hold everything "
						"below; write it in full")},
		{HOST("192.0.2.1"),
			HOST_ERR("192.0.2.1", "is an address or a number; write a host name here")},
		{HOST(L63 "a.example"),
			HOST_ERR(L63 "a.example", "has a label of more than 63 bytes")},
		{HOST(L63 "." L63 "." L63 "." L63),
			HOST_ERR(L63 "." L63 "." L63 "." L63, "must have 1 to 253 bytes")},
		{"profiles: [{name: x, hosts: [jp]}]\n", "policy.yaml:1:30: host name \"jp\" has "
							 "one label only, it would hold everything "
							 "below; write it in full"},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
}

static void a_host_name_at_the_limit_is_taken(void **state)
{
	struct held held;

	(void)state;
	held_good(&held,
		"protected: [10.0.0.0/8]\n" HOST(
			L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
			    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
		NULL);
	assert_int_equal(policy_hostname(&held.policy, 0,
				 bytes_text(L63 "." L63 "." L63 ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
						"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")),
		1);
	held_free(&held);
}

static void tenants_are_strict(void **state)
{
	static const struct row rows[] = {
		{"tenants:\n  - {id: 5, vlans: [5]}\n  - {id: 5, vlans: [6]}\n",
			"policy.yaml:3:10: tenant 5 is defined twice; put all its vlans into one "
			"entry"},
		{"tenants: [{id: 5, name: empty}]\n", "policy.yaml:1:11: tenant 5 has neither "
						      "interface nor vlans nor vni, so no frame is "
						      "its; add one of them"},
		{"tenants: [{id: 5, vlans: []}]\n", "policy.yaml:1:11: tenant 5 has neither "
						    "interface nor vlans nor vni, so no frame is "
						    "its; add one of them"},
		{"tenants:\n  - {id: 5, vlans: [7, 8]}\n  - {id: 6, vlans: [8]}\n",
			"policy.yaml:3:21: tenant 6 is told by the same interface, vlans and vni "
			"as tenant 5 "
			"(line 2); one of them must go"},
		{"tenants:\n  - {id: 5, interface: a, vni: 1}\n  - {id: 6, interface: a, vni: 1}\n",
			"policy.yaml:3:5: tenant 6 is told by the same interface, vlans and vni as "
			"tenant 5 "
			"(line 2); one of them must go"},
		{"tenants: [{id: 5, vlans: [[1, 2, 3, 4, 5]]}]\n",
			"policy.yaml:1:27: a stack of VLAN tags has 1 to 4 ids, outer to inner"},
		{"tenants: [{id: 5, vlans: [[]]}]\n",
			"policy.yaml:1:27: a stack of VLAN tags has 1 to 4 ids, outer to inner"},
		{"merchants: [{id: 1, tenant: 7, addresses: [10.0.0.1]}]\n",
			"policy.yaml:1:29: tenant 7 is not in tenants; define it there, or leave "
			"the key out "
			"for all tenants"},
		{"protected: [{prefix: 10.0.0.0/8, tenant: 7}]\n",
			"policy.yaml:1:42: tenant 7 is not in tenants; define it there, or leave "
			"the key out "
			"for all tenants"},
		{"assets: [{address: 10.0.0.1, role: mail, tenant: 7}]\n",
			"policy.yaml:1:50: tenant 7 is not in tenants; define it there, or leave "
			"the key out "
			"for all tenants"},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
}

static void numbers_have_limits(void **state)
{
	static const char *const rows[] = {
		"tenants: [{id: 0, vlans: [5]}]\n",
		"tenants: [{id: 65536, vlans: [5]}]\n",
		"tenants: [{id: 1, vlans: [0]}]\n",
		"tenants: [{id: 1, vlans: [4095]}]\n",
		"tenants: [{id: 1, vni: 16777216}]\n",
		"merchants: [{id: 0, addresses: [10.0.0.1]}]\n",
		"merchants: [{id: 4294967296, addresses: [10.0.0.1]}]\n",
		"merchants: [{id: one, addresses: [10.0.0.1]}]\n",
	};
	struct held held;
	struct err err;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_false(held_build(&held, rows[i], NULL, LEVEL_CONTENT, &err));
		assert_int_equal(strncmp(err.text, "policy.yaml:1:", 14), 0);
	}
	held_good(&held,
		"protected: [10.0.0.0/8]\n"
		"tenants: [{id: 65535, vlans: [1, 4094], vni: 0}, {id: 1, vni: 16777215}]\n",
		NULL);
	held_free(&held);
}

static void merchants_are_strict(void **state)
{
	static const struct row rows[] = {
		{"merchants:\n  - {id: 8, addresses: [10.0.0.1]}\n  - {id: 7, addresses: "
		 "[10.0.0.2]}\n"
		 "  - {id: 8, addresses: [10.0.0.3]}\n",
			"policy.yaml:4:10: merchant 8 is defined twice, first on line 2; one entry "
			"per "
			"merchant"},
		{"merchants: [{id: 8, level: none}]\n",
			"policy.yaml:1:13: merchant 8 has no addresses, hostnames or accounts, so "
			"nothing is "
			"its; add one"},
		{"merchants:\n  - {id: 1, hostnames: [a.example]}\n  - {id: 2, hostnames: "
		 "[A.example.]}\n",
			"policy.yaml:3:25: host name \"a.example\" of merchant 2 is merchant 1's "
			"already "
			"(line 2); a host name decides whose a flow is, leave it with one of them"},
		{"merchants: [{id: 1, addresses: [10.0.0.1], authorised: [demo-pps]}]\n",
			"policy.yaml:1:57: unknown profile \"demo-pps\"; nearest is \"demo-psp\""},
		{"merchants: [{id: 1, addresses: [10.0.0.1], authorised: [stripe]}]\n",
			"policy.yaml:1:57: unknown profile \"stripe\"; define it under profiles, "
			"or take one of "
			"the PSP folder"},
		{"protected: []\n", "policy.yaml:1:1: nothing is protected; name your networks "
				    "under protected, or a "
				    "merchant's addresses"},
		{"", "policy.yaml:1:1: nothing is protected; name your networks under protected, "
		     "or a "
		     "merchant's addresses"},
		{"assets: [{address: 10.0.0.1, role: []}]\n",
			"policy.yaml:1:36: role is empty; name one, such as resolver"},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
}

static void shapes_are_strict(void **state)
{
	static const char *const rows[] = {
		"protected: 10.0.0.0/8\n",
		"protected: {a: b}\n",
		"protected: [[10.0.0.0/8]]\n",
		"merchants: {id: 1}\n",
		"merchants: [5]\n",
		"merchants: [{id: 1, addresses: 10.0.0.1}]\n",
		"merchants: [{id: 1, addresses: [{a: b}]}]\n",
		"merchants: [{id: 1, hostnames: a.example}]\n",
		"merchants: [{id: 1, hostnames: ['']}]\n",
		"merchants: [{id: 1, accounts: x}]\n",
		"merchants: [{id: 1, accounts: [[x]]}]\n",
		"merchants: [{id: 1, authorised: demo-psp}]\n",
		"merchants: [{id: 1, authorised: [[demo-psp]]}]\n",
		"merchants: [{id: 1, level: all}]\n",
		"merchants: [{id: 1, basis: []}]\n",
		"merchants: [{id: 1, non_retention: maybe}]\n",
		"merchants: [{id: 1, tenant: x}]\n",
		"tenants: {id: 1}\n",
		"tenants: [1]\n",
		"tenants: [{id: 1, name: []}]\n",
		"tenants: [{id: 1, vlans: 5}]\n",
		"tenants: [{id: 1, vlans: [{a: 5}]}]\n",
		"tenants: [{id: 1, vlans: [[x]]}]\n",
		"tenants: [{id: 1, interface: []}]\n",
		"assets: {address: 10.0.0.1}\n",
		"assets: [10.0.0.1]\n",
		"assets: [{address: 10.0.0.1, role: {a: b}}]\n",
		"assets: [{address: 10.0.0.1, role: [resolver, king]}]\n",
		"trusted_proxies: 10.0.0.1\n",
		"own_prefixes: 10.0.0.1\n",
		"profiles: {name: x}\n",
		"profiles: [x]\n",
		"profiles: [{name: x, hosts: a.example}]\n",
		"profiles: [{name: x, hosts: [a.example], shared: perhaps}]\n",
		"profiles: [{name: x, prefixes: 10.0.0.0/8}]\n",
		"profiles: [{name: [], hosts: [a.example]}]\n",
		"default_level: some\n",
		"default_basis: []\n",
		"[]\n",
		"text\n",
		"a: b: c\n",
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct held held;
		struct err err;

		if (held_build(&held, rows[i], "profiles: []\n", LEVEL_CONTENT, &err))
			fail_msg("taken: %s", rows[i]);
		assert_int_equal(strncmp(err.text, "policy.yaml:1:", 14), 0);
		assert_int_equal(err.status, EXIT_USAGE);
	}
}

static void profiles_are_strict(void **state)
{
	static const struct row rows[] = {
		{"profiles: [{name: Stripe, hosts: [a.example]}]\n",
			"policy.yaml:1:19: profile name \"Stripe\" may hold a-z, 0-9, \"-\" and "
			"\".\" only"},
		{"profiles: [{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, hosts: [a.example]}]\n",
			"policy.yaml:1:19: profile name \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\" is "
			"longer than 31 "
			"bytes"},
		{"profiles: [{name: x}]\n", "policy.yaml:1:12: profile x has neither hosts nor "
					    "prefixes, so nothing is authorised "
					    "by it; add hosts"},
		{"profiles:\n  - {name: x, hosts: [a.example]}\n  - {name: x, hosts: "
		 "[b.example]}\n",
			"policy.yaml:3:12: profile x is defined twice, first at policy.yaml:2; put "
			"all its "
			"hosts into one entry"},
	};

	(void)state;
	assert_rows(rows, LENGTH(rows));
	struct held held;
	held_good(&held,
		"protected: [10.0.0.0/8]\n"
		"profiles: [{name: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, hosts: [a.example]}]\n",
		NULL);
	assert_string_equal(
		policy_profile_name(&held.policy, 0), "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	held_free(&held);
}

static void the_profile_folder_is_strict(void **state)
{
	static const char policy[] = "protected: [10.0.0.0/8]\n";
	struct err err = {0};
	uint8_t *image = NULL;
	size_t len;

	(void)state;
	assert_refused(policy, "profile: []\n", LEVEL_CONTENT,
		"psp/test.yaml:1:1: unknown key \"profile\"; nearest is \"profiles\"");
	assert_refused(policy,
		"profiles: [{name: x, hosts: [a.example]}, {name: x, hosts: [b.example]}]\n",
		LEVEL_CONTENT,
		"psp/test.yaml:1:50: profile x is defined twice, first at psp/test.yaml:1; put all "
		"its "
		"hosts into one entry");
	assert_refused(NULL, "profiles: [{name: x, hosts: [shop]}]\n", LEVEL_CONTENT,
		"psp/test.yaml:1:30: host name \"shop\" has one label only, it would hold "
		"everything "
		"below; write it in full");
	assert_false(policy_build(NULL, "nowhere", LEVEL_CONTENT, &image, &len, &err));
	assert_string_equal(err.text,
		"nowhere: cannot read the folder of PSP profiles: No such file or directory");
	assert_int_equal(err.status, EXIT_USAGE);
	assert_null(image);
}

static void an_empty_profile_folder_is_refused(void **state)
{
	struct held held;
	struct err err;
	uint8_t *image = NULL;
	size_t len;

	(void)state;
	held_good(&held, "protected: [10.0.0.0/8]\n", NULL); /* empties the folder */
	held_free(&held);
	assert_false(policy_build(NULL, "psp", LEVEL_CONTENT, &image, &len, &err));
	assert_string_equal(
		err.text, "psp: no PSP profiles there (*.yaml); name the folder signatures/psp");
}

static void content_on_interfaces_needs_a_basis(void **state)
{
	static const char merchant[] =
		"merchants:\n  - {id: 1, addresses: [10.0.0.1], level: content}\n";
	static const char fallback[] = "protected: [10.0.0.0/8]\ndefault_level: content\n";
	struct held held;
	struct err err;

	(void)state;
	assert_refused(merchant, NULL, LEVEL_CONTACTS,
		"policy.yaml:2:43: level content of merchant 1 needs a basis on interfaces; add "
		"basis: "
		"with document and date, or take level contacts");
	assert_refused(fallback, NULL, LEVEL_CONTACTS,
		"policy.yaml:2:16: default_level content needs a default_basis on interfaces; add "
		"one with "
		"document and date, or take contacts");
	held_good(&held, merchant, NULL);
	held_free(&held);
	held_good(&held, fallback, NULL);
	held_free(&held);
	assert_true(held_build(&held,
		"default_level: content\ndefault_basis: order 7 of 2026-04-01\n"
		"merchants: [{id: 1, addresses: [10.0.0.1], level: content, basis: contract "
		"2026-04-01},\n"
		"  {id: 2, addresses: [10.0.0.2]}]\n",
		NULL, LEVEL_CONTACTS, &err));
	assert_int_equal(policy_merchant_level(&held.policy, 1), LEVEL_CONTENT);
	assert_int_equal(policy_merchant_level(&held.policy, 2), LEVEL_CONTENT);
	held_free(&held);
}

static void an_unreadable_policy_is_named(void **state)
{
	struct err err = {0};
	uint8_t *image = NULL;
	size_t len;

	(void)state;
	assert_false(policy_build("absent.yaml", NULL, LEVEL_CONTENT, &image, &len, &err));
	assert_non_null(strstr(err.text, "absent.yaml"));
	assert_non_null(strstr(err.text, "No such file"));
	assert_int_equal(err.status, EXIT_USAGE);
	assert_null(image);
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
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_known),
		cmocka_unit_test(needed_keys_are_there),
		cmocka_unit_test(prefixes_are_strict),
		cmocka_unit_test(host_names_are_strict),
		cmocka_unit_test(a_host_name_at_the_limit_is_taken),
		cmocka_unit_test(tenants_are_strict),
		cmocka_unit_test(numbers_have_limits),
		cmocka_unit_test(merchants_are_strict),
		cmocka_unit_test(shapes_are_strict),
		cmocka_unit_test(profiles_are_strict),
		cmocka_unit_test(the_profile_folder_is_strict),
		cmocka_unit_test(an_empty_profile_folder_is_refused),
		cmocka_unit_test(content_on_interfaces_needs_a_basis),
		cmocka_unit_test(an_unreadable_policy_is_named),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
