#include "detect/subject.h"

#define WELL_KNOWN 1024 /* ports below: RFC 6335 section 6 */

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
		out->own = out->nobody && (end[0].own || end[1].own);
		if (out->own)
			out->end = end[client_end].own ? client_end : !client_end;
	}
	out->merchant = end[out->end].merchant;
	out->shared = end[out->end].shared;
	out->level = end[out->end].level;
}

int subject_opener(const struct policy *policy, const struct tuple *key, uint8_t from)
{
	uint16_t own = from == 0 ? key->sport : key->dport;
	uint16_t peer = from == 0 ? key->dport : key->sport;
	struct policy_end end[2];

	if (key->proto == PROTO_ICMP || key->proto == PROTO_ICMP6)
		return own != 0 && peer == 0 ? from : -1; /* as decode tells an echo request */
	if (key->proto != PROTO_UDP)
		return -1;
	if (own < WELL_KNOWN && peer >= WELL_KNOWN)
		return -1;
	if (own >= WELL_KNOWN && peer < WELL_KNOWN)
		return from;
	policy_address(policy, key->tenant, &key->src, &end[0]);
	policy_address(policy, key->tenant, &key->dst, &end[1]);
	return end[from].protected && !end[1 - from].protected ? from : -1;
}
