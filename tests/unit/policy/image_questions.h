/* image_questions.h - asks an opened image everything it can be asked; used by
 * the tests and the fuzz targets.  Aborts if an answer is impossible. */
#ifndef SEKISHO_TEST_POLICY_IMAGE_QUESTIONS_H
#define SEKISHO_TEST_POLICY_IMAGE_QUESTIONS_H

#include <stdlib.h>

#include "policy/policy.h"

static inline void question_end(
	const struct policy *policy, uint16_t tenant, const struct addr *addr, uint64_t *sum)
{
	static const char *const names[] = {
		"a.x.example", "m.example", "b.a.x.example", "", ".", "a..b", "x.example."};
	static const uint32_t merchants[] = {0, 1, 2, 3, UINT32_MAX};
	struct policy_end end;

	policy_address(policy, tenant, addr, &end);
	if (end.level > LEVEL_CONTENT || (end.shared && end.merchant != 0))
		abort();
	*sum = *sum * 31 + end.merchant + end.level + end.roles * 8u + end.protected * 3u;
	*sum = *sum * 31 + (end.shared ? 5u : 0) + (end.own ? 7u : 0);
	for (size_t m = 0; m < sizeof(merchants) / sizeof(merchants[0]); m++) {
		*sum = *sum * 31 + (uint64_t)policy_account(
					   policy, merchants[m], tenant, addr, bytes_text("z"));
		for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
			bool names_it;
			uint32_t profile = 0;
			enum authorised a = policy_authorised(policy, merchants[m], tenant, addr,
				addr, bytes_text(names[n]), &names_it, &profile);

			if (names_it && names[n][0] == 0)
				abort();
			*sum = *sum * 31 + (uint64_t)a + profile +
			       strlen(policy_profile_name(policy, profile));
		}
	}
}

static inline uint64_t image_questions(const struct policy *policy)
{
	static const char *const texts[] = {"10.0.0.1", "10.0.0.2", "10.0.0.53", "10.1.2.3",
		"192.0.2.3", "192.0.2.4", "255.255.255.255",
		"::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};
	static const char *const names[] = {
		"m.example", "www.m.example", "a.x.example", "q.example"};
	static const uint16_t vlans[] = {5, 6, 7, 8, 9};
	static const uint16_t stack[] = {6, 7};
	uint64_t sum = policy_given(policy) + policy_merchants(policy) * 2u;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct addr addr;

		if (!addr_parse(bytes_text(texts[i]), &addr))
			abort();
		question_end(policy, 0, &addr, &sum);
		question_end(policy, 5, &addr, &sum);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		sum = sum * 31 + policy_hostname(policy, 0, bytes_text(names[i]));
		sum = sum * 31 + policy_hostname(policy, 5, bytes_text(names[i]));
		sum = sum * 31 + policy_watched_name(policy, bytes_text(names[i]));
	}
	for (uint32_t cnt = 0; cnt <= 5; cnt++) {
		sum = sum * 31 + policy_tenant(policy, 1, vlans, cnt, 9);
		sum = sum * 31 + policy_tenant(policy, 0, vlans, cnt, UINT32_MAX);
	}
	sum = sum * 31 + policy_tenant(policy, 1, stack, 2, 9);
	for (uint32_t m = 0; m < 4; m++)
		sum = sum * 31 + policy_non_retention(policy, m) +
		      2u * (unsigned)policy_merchant_level(policy, m);
	for (uint32_t p = 0; p < 4; p++)
		sum = sum * 31 + policy_profile_shared(policy, p) +
		      strlen(policy_profile_name(policy, p));
	for (uint32_t i = 0; i < policy_prefixes(policy); i++) {
		const struct policy_prefix row = policy_prefix(policy, i);

		if (row.prefix.bits > 128 || (row.every && row.tenant != 0))
			abort();
		sum = sum * 31 + row.merchant + row.tenant + row.prefix.bits +
		      row.prefix.addr.b[15];
	}
	return sum + policy_interface(policy, bytes_text("a"));
}

#endif
