/* image_test.c - an image says what its text said, and a damaged one is
 * refused or at worst wrong, never read beyond its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "guard.h"
#include "held.h"
#include "image_questions.h"
#include "policy/image.h"

#define ROUNDS 60
#define MERCHANTS 12
#define CLAIMS 60
#define QUESTIONS 3000
#define EVERY UINT32_MAX

static const char small[] =
	"tenants: [{id: 5, vlans: [5, [6, 7]], interface: a, vni: 9}]\n"
	"protected: [10.0.0.0/8, {prefix: 10.1.0.0/16, tenant: 5}]\n"
	"profiles: [{name: x, hosts: [a.x.example], prefixes: [192.0.2.0/28, 192.0.2.3]}]\n"
	"merchants: [{id: 1, addresses: [10.0.0.1], hostnames: [m.example], accounts: [z],\n"
	"  authorised: [x]}, {id: 2, addresses: [10.0.0.0/30], level: none}]\n"
	"assets: [{address: 10.0.0.53, role: resolver}]\n";

/* xorshift64: the seed is printed, so that a failure can be had again. */
static uint64_t rolls = 0x9e3779b97f4a7c15;

static uint32_t roll(uint32_t sides)
{
	rolls ^= rolls << 13;
	rolls ^= rolls >> 7;
	rolls ^= rolls << 17;
	return (uint32_t)(rolls >> 33) % sides;
}

/* The naive twin: the text's claims, asked one by one. */
struct claim {
	struct prefix prefix;
	uint32_t tenant, merchant;
	bool protected, own;
	uint8_t roles;
};

struct twin {
	struct claim claim[CLAIMS];
	uint32_t claims;
	uint8_t level[MERCHANTS + 1];
};

static struct policy_end twin_end(const struct twin *twin, uint16_t tenant, const struct addr *addr)
{
	struct policy_end end = {.level = LEVEL_CONTENT};
	bool on[MERCHANTS + 1] = {false};
	uint32_t merchants = 0;

	for (uint32_t i = 0; i < twin->claims; i++) {
		const struct claim *c = &twin->claim[i];

		if ((c->tenant != EVERY && c->tenant != tenant) || !prefix_holds(&c->prefix, addr))
			continue;
		end.protected |= c->protected || c->merchant != 0;
		end.own |= c->own || c->protected || c->merchant != 0;
		end.roles |= c->roles;
		on[c->merchant] = true;
	}
	for (uint32_t m = 1; m <= MERCHANTS; m++) {
		if (!on[m])
			continue;
		merchants++;
		end.merchant = m;
		if (twin->level[m] < end.level)
			end.level = twin->level[m];
	}
	end.shared = merchants > 1;
	end.merchant = merchants == 1 ? end.merchant : 0;
	return end;
}

/* Few bits differ, so that prefixes nest and addresses fall on their edges. */
static struct addr some_addr(void)
{
	struct addr addr;

	if (roll(3) > 0)
		return addr_from4(0x0a000000u | roll(4) << 16 | roll(3) << 8 | roll(16));
	memset(&addr, 0, sizeof(addr));
	addr.b[0] = 0x20;
	addr.b[1] = (uint8_t)roll(2);
	addr.b[7] = (uint8_t)roll(4);
	addr.b[8] = (uint8_t)(roll(2) * 255);
	addr.b[15] = (uint8_t)(roll(2) * 255 - roll(2));
	return addr;
}

static struct prefix some_prefix(char text[static 64])
{
	static const uint8_t bits4[] = {8, 14, 15, 16, 22, 24, 28, 29, 30, 31, 32};
	static const uint8_t bits6[] = {8, 15, 16, 56, 62, 63, 64, 65, 72, 120, 127, 128};
	struct prefix prefix;
	struct addr addr = some_addr();
	char name[ADDR_TEXT_MAX];
	bool four = addr_is4(&addr);
	unsigned bits = four ? bits4[roll(sizeof(bits4))] : bits6[roll(sizeof(bits6))];

	addr_text(&addr, name);
	snprintf(text, 64, "%s/%u", name, bits);
	assert_true(prefix_parse(bytes_text(text), &prefix)); /* clears the bits beyond */
	addr_text(&prefix.addr, name);
	snprintf(text, 64, "%s/%u", name, bits);
	return prefix;
}

static uint32_t some_tenant(char text[static 32])
{
	uint32_t tenant = roll(4);

	snprintf(text, 32, ", tenant: %u", tenant);
	if (tenant == 3)
		text[0] = 0;
	return tenant == 3 ? EVERY : tenant;
}

static void write_protected(FILE *out, struct twin *twin)
{
	fputs("tenants: [{id: 1, vlans: [1]}, {id: 2, vlans: [2]}]\nprotected:\n"
	      "  - 203.0.113.0/24\n",
		out);
	for (uint32_t n = roll(8); n > 0; n--) {
		char prefix[64], tenant[32];
		struct claim *c = &twin->claim[twin->claims++];

		*c = (struct claim){.prefix = some_prefix(prefix), .protected = true};
		c->tenant = some_tenant(tenant);
		fprintf(out, "  - {prefix: '%s'%s}\n", prefix, tenant);
	}
	fputs("own_prefixes:\n  - 198.51.100.0/24\n", out);
	for (uint32_t n = roll(4); n > 0; n--) {
		char prefix[64];
		struct claim *c = &twin->claim[twin->claims++];

		*c = (struct claim){.prefix = some_prefix(prefix), .tenant = EVERY, .own = true};
		fprintf(out, "  - '%s'\n", prefix);
	}
	fputs("assets:\n  - {address: 198.51.100.1, role: mail}\n", out);
	for (uint32_t n = roll(6); n > 0; n--) {
		char prefix[64], tenant[32];
		struct claim *c = &twin->claim[twin->claims++];

		*c = (struct claim){.prefix = some_prefix(prefix), .roles = ROLE_PROXY};
		c->tenant = some_tenant(tenant);
		fprintf(out, "  - {address: '%s', role: proxy%s}\n", prefix, tenant);
	}
}

static void write_merchants(FILE *out, struct twin *twin)
{
	static const char *const levels[] = {"none", "match_only", "contacts", "content"};

	fputs("merchants:\n", out);
	for (uint32_t m = MERCHANTS; m > 0; m--) {
		char tenant[32];
		uint32_t t = some_tenant(tenant);

		twin->level[m] = (uint8_t)roll(4);
		fprintf(out, "  - {id: %u, accounts: [a%u], level: %s%s, addresses: [", m, m,
			levels[twin->level[m]], tenant);
		for (uint32_t n = roll(4); n > 0; n--) {
			char prefix[64];
			struct claim *c = &twin->claim[twin->claims++];

			*c = (struct claim){
				.prefix = some_prefix(prefix), .tenant = t, .merchant = m};
			fprintf(out, "'%s', ", prefix);
		}
		fputs("]}\n", out);
	}
}

static void assert_same(const struct held *held, const struct twin *twin)
{
	for (uint32_t i = 0; i < QUESTIONS; i++) {
		struct addr addr = some_addr();
		uint16_t tenant = (uint16_t)roll(4);
		struct policy_end want = twin_end(twin, tenant, &addr), have;

		policy_address(&held->policy, tenant, &addr, &have);
		assert_int_equal(have.protected, want.protected);
		assert_int_equal(have.own, want.own);
		assert_int_equal(have.shared, want.shared);
		assert_int_equal(have.merchant, want.merchant);
		assert_int_equal(have.roles, want.roles);
		assert_int_equal(have.level, want.level);
	}
}

static void an_image_says_what_its_naive_twin_says(void **state)
{
	(void)state;
	for (uint32_t round = 0; round < ROUNDS; round++) {
		static char text[1 << 16];
		struct twin twin = {.claims = 0};
		struct held held;
		FILE *out = fmemopen(text, sizeof(text), "w");

		print_message("# round %u seed %llx\n", round, (unsigned long long)rolls);
		assert_non_null(out);
		write_protected(out, &twin);
		write_merchants(out, &twin);
		fclose(out);
		assert_true(twin.claims <= CLAIMS);
		held_good(&held, text, NULL);
		assert_same(&held, &twin);
		held_free(&held);
	}
}

static void the_same_text_gives_the_same_bytes(void **state)
{
	struct held a, b;

	(void)state;
	held_good(&a, small, NULL);
	held_good(&b, small, NULL);
	assert_int_equal(a.len, b.len);
	assert_memory_equal(a.image, b.image, a.len);
	held_free(&a);
	held_free(&b);
}

/* The worst that claims can do: everybody has the network, and an address inside. */
static size_t crowd(uint32_t merchants)
{
	size_t size = 200 + (size_t)merchants * 96;
	char *text = malloc(size);
	struct held held;

	assert_non_null(text);
	FILE *out = fmemopen(text, size, "w");
	assert_non_null(out);
	fputs("profiles: [{name: x, hosts: [a.x.example]}]\nmerchants:\n", out);
	for (uint32_t m = 1; m <= merchants; m++)
		fprintf(out, "- {id: %u, addresses: [10.0.0.0/8, 10.1.%u.%u], authorised: [x]}\n",
			m, m / 256, m % 256);
	fclose(out);
	held_good(&held, text, NULL);
	struct addr addr = held_addr("10.1.0.7");
	struct policy_end end;
	policy_address(&held.policy, 0, &addr, &end);
	assert_true(end.shared);
	size_t len = held.len;
	held_free(&held);
	free(text);
	return len;
}

static void an_image_grows_with_its_text_and_no_faster(void **state)
{
	(void)state;
	assert_true(crowd(4000) < 2 * crowd(2000) + 65536);
}

/* Any address will do: an image has no pointers. */
static void an_image_works_wherever_it_lies(void **state)
{
	struct held held;
	struct policy policy;
	struct err err;

	(void)state;
	held_good(&held, small, NULL);
	uint64_t here = image_questions(&held.policy);
	struct bytes copy = guarded(held.image, held.len);
	held_free(&held);
	assert_true(policy_open(&policy, copy, &err));
	assert_true(image_questions(&policy) == here);
}

/* The copy ends at an unreadable page: what a flipped byte makes the lookups
 * read beyond it is a crash. */
static void every_flipped_byte_stays_inside(void **state)
{
	struct held held;
	uint32_t refused = 0;

	(void)state;
	held_good(&held, small, NULL);
	struct bytes copy = guarded(held.image, held.len);
	uint8_t *bytes = (uint8_t *)copy.ptr;
	for (size_t i = 0; i < held.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			struct policy policy;
			struct err err = {0};

			bytes[i] ^= (uint8_t)(1u << bit);
			if (policy_open(&policy, copy, &err))
				image_questions(&policy);
			else
				refused++;
			bytes[i] ^= (uint8_t)(1u << bit);
		}
		uint8_t was = bytes[i];
		for (unsigned value = 0; value < 256; value += 51) {
			struct policy policy;
			struct err err = {0};

			bytes[i] = (uint8_t)value;
			if (policy_open(&policy, copy, &err))
				image_questions(&policy);
		}
		bytes[i] = was;
	}
	assert_true(refused > held.len); /* of 8 a byte: most are checked */
	held_free(&held);
}

static void every_prefix_is_refused(void **state)
{
	struct held held;

	(void)state;
	held_good(&held, small, NULL);
	for (size_t n = 0; n < held.len; n++) {
		struct policy policy;
		struct err err = {0};
		uint8_t *copy = malloc(n > 0 ? n : 1);

		assert_non_null(copy);
		memcpy(copy, held.image, n);
		assert_false(policy_open(&policy, bytes_of(copy, n), &err));
		assert_non_null(strstr(err.text, "build it again"));
		free(copy);
	}
	held_free(&held);
}

static void refusals_have_a_text(void **state)
{
	struct held held;
	struct policy policy;
	struct err err;

	(void)state;
	held_good(&held, small, NULL);
	assert_false(policy_open(&policy, bytes_of(held.image, 8), &err));
	assert_string_equal(err.text, "policy image: 8 bytes cannot be one; build it again");
	assert_false(policy_open(&policy, bytes_of(held.image + 4, held.len - 4), &err));
	assert_string_equal(err.text, "policy image: not aligned to 8 bytes");
	held.image[0] ^= 1;
	assert_false(policy_open(&policy, bytes_of(held.image, held.len), &err));
	assert_string_equal(
		err.text, "policy image: damaged header or of another version; build it again");
	held.image[0] ^= 1;
	held.image[held.len - 1] = 1; /* padding: the size is not, and texts still end */
	memset(held.image + sizeof(struct image_header), 0xff,
		held.len - sizeof(struct image_header));
	assert_false(policy_open(&policy, bytes_of(held.image, held.len), &err));
	assert_string_equal(err.text,
		"policy image: a table points outside or is out of order; build it again");
	held_free(&held);
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
		cmocka_unit_test(an_image_says_what_its_naive_twin_says),
		cmocka_unit_test(the_same_text_gives_the_same_bytes),
		cmocka_unit_test(an_image_grows_with_its_text_and_no_faster),
		cmocka_unit_test(an_image_works_wherever_it_lies),
		cmocka_unit_test(every_flipped_byte_stays_inside),
		cmocka_unit_test(every_prefix_is_refused),
		cmocka_unit_test(refusals_have_a_text),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
