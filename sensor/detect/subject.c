#include "detect/subject.h"

void subject_of(const struct policy *policy, const struct tuple *key, uint8_t client_end,
	struct subject *out)
{
	struct policy_end end[2];

	policy_address(policy, key->tenant, &key->src, &end[0]);
	policy_address(policy, key->tenant, &key->dst, &end[1]);
	*out = (struct subject){.roles = {end[0].roles, end[1].roles}};
	if (end[0].protected != end[1].protected) {
		out->end = end[1].protected;
	} else {
		/* Both: east-west, the one that opened it answers for it.  Neither: it counts as
		 * protected. */
		out->end = client_end;
		out->guessed = !end[0].protected && !policy_given(policy);
		out->nobody = !end[0].protected && policy_given(policy);
	}
	out->merchant = end[out->end].merchant;
	out->shared = end[out->end].shared;
	out->level = end[out->end].level;
}
