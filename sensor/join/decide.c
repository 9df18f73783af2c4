/* decide.c - the one place where a finding gets category, technique and
 * confidence. */
#include <string.h>

#include "detect/words.h"
#include "join/state.h"

/* A card returns too: form, payment call, theft.  Beside these a value is no id. */
#define PAYLOAD_REASONS (WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_EXPIRY) | WHY_BIT(WHY_CARD_CODE))

#define DUMP_CARDS 10 /* distinct cards in an answer that make it a dump */

static bool server_opened(const struct fact_flow *flow)
{
	return flow->client_end == flow->subject_end;
}

static const struct addr *server_of(const struct fact_flow *flow)
{
	return flow->subject_end == 0 ? &flow->key.src : &flow->key.dst;
}

static const struct addr *remote_of(const struct fact_flow *flow)
{
	return flow->subject_end == 0 ? &flow->key.dst : &flow->key.src;
}

static uint64_t name_hash(const struct join *join, const struct masked *name)
{
	char lower[MASKED_MAX];
	size_t len = name->len;

	for (size_t i = 0; i < len; i++)
		lower[i] = (char)byte_lower((uint8_t)name->text[i]);
	return hash_sip13(&join->conf.key, lower, len);
}

/* What the client called its peer: empty where it was not seen. */
struct names {
	struct masked host, sni;
};

static void names_of(const struct fact_finding *finding, struct names *out)
{
	fact_text_get(finding, TEXT_SNI, &out->sni);
	fact_text_get(finding, TEXT_HOST, &out->host);
	const char *colon = memchr(out->host.text, ':', out->host.len);
	if (colon != NULL) /* without its port */
		out->host.len = (uint16_t)(colon - out->host.text);
}

static const struct masked *main_name(const struct names *names)
{
	return names->host.len > 0 ? &names->host : &names->sni;
}

static bool names_differ(const struct names *names)
{
	size_t host = names->host.len, sni = names->sni.len;

	if (host == 0 || sni == 0)
		return false;
	host -= names->host.text[host - 1] == '.';
	sni -= names->sni.text[sni - 1] == '.';
	return !bytes_equal_nocase(
		bytes_of(names->host.text, host), bytes_of(names->sni.text, sni));
}

/* What policy says of one name at that address; empty: of the address alone. */
struct claim {
	enum authorised by;
	uint32_t profile;
	bool names_it;
};

static struct claim claim_of(
	const struct join *join, const struct fact_flow *flow, const struct masked *name)
{
	struct claim claim = {.by = AUTHORISED_NO};

	claim.by = policy_authorised(join->env.policy, flow->merchant, flow->key.tenant,
		server_of(flow), remote_of(flow), bytes_of(name->text, name->len), &claim.names_it,
		&claim.profile);
	if (claim.by == AUTHORISED_ADDRESS && name->len == 0 &&
		policy_profile_shared(join->env.policy, claim.profile))
		claim.by = AUTHORISED_NO;
	return claim;
}

/* Both names must be the same profile's: the claim is the weaker of the two. */
static struct claim claim_both(struct claim one, struct claim other)
{
	bool name_it = one.by == AUTHORISED_NAME || other.by == AUTHORISED_NAME;

	if (one.by == AUTHORISED_NO || other.by == AUTHORISED_NO || one.profile != other.profile)
		return (struct claim){.by = AUTHORISED_NO, .names_it = name_it};
	return one.by == AUTHORISED_NAME ? one : other;
}

static bool is_learnt(
	const struct join *join, const struct fact_flow *flow, const struct masked *name)
{
	return name->len > 0 && learnt_name(join, flow->key.tenant, server_of(flow),
					remote_of(flow), name_hash(join, name), flow->first_ns);
}

/* True: the destination is authorised.  Adds the reasons either way. */
static bool authorised(const struct join *join, const struct fact_flow *flow,
	const struct names *names, uint64_t *why)
{
	struct claim claim = claim_of(join, flow, main_name(names));

	if (names->host.len > 0 && names->sni.len > 0)
		claim = claim_both(claim, claim_of(join, flow, &names->sni));
	if (claim.by == AUTHORISED_ADDRESS ||
		(claim.by == AUTHORISED_NAME && (is_learnt(join, flow, &names->host) ||
							is_learnt(join, flow, &names->sni)))) {
		*why |= WHY_BIT(WHY_DEST_PSP);
		return true;
	}
	if (claim.names_it)
		*why |= WHY_BIT(WHY_CLAIMS_PSP);
	/* an answer that was missed would have proven it */
	if (claim.by == AUTHORISED_NAME && flow->first_ns < join->start_ns + JOIN_COLD_NS)
		*why |= WHY_BIT(WHY_COLD_START);
	return false;
}

static void flow_reasons(struct join *join, const struct fact_flow *flow, uint64_t *why)
{
	if ((flow->flags & FACT_CLIENT_UNKNOWN) != 0)
		*why |= WHY_BIT(WHY_DIRECTION_UNKNOWN);
	if ((flow->flags & FACT_SHARED_HOST) != 0)
		*why |= WHY_BIT(WHY_SHARED_HOST);
	if (!policy_given(join->env.policy))
		*why |= WHY_BIT(WHY_NO_POLICY);
}

static void destination_reasons(
	struct join *join, const struct fact_flow *flow, const struct masked *name, uint64_t *why)
{
	uint32_t rows[INDICATOR_HITS_MAX];
	uint64_t first = destination_first(
		join, flow->key.tenant, server_of(flow), remote_of(flow), name, flow->first_ns);

	if (flow->first_ns < first + JOIN_NEW_NS)
		*why |= WHY_BIT(WHY_DEST_NEW);
	if (indicators_addr(join->env.lists, remote_of(flow), rows) > 0 ||
		(name->len > 0 && indicators_domain(join->env.lists,
					  bytes_of(name->text, name->len), rows) > 0))
		*why |= WHY_BIT(WHY_DEST_LISTED);
}

static bool all_repeated(struct join *join, const struct fact_finding *finding)
{
	for (uint32_t i = 0; i < finding->card_cnt; i++)
		if (!value_repeated(join, finding->card[i].quick))
			return false;
	return finding->card_cnt > 0;
}

/* The operator's own people export orders. */
static bool is_operator(const struct join *join, const struct fact_flow *flow)
{
	struct policy_end end;

	policy_address(join->env.policy, flow->key.tenant, remote_of(flow), &end);
	return (end.roles & ROLE_OPERATOR) != 0;
}

static bool is_dump(const struct fact_finding *finding)
{
	return finding->served != SERVED_AS_PAGE || finding->distinct >= DUMP_CARDS;
}

/* What cards in an answer mean: received, where the server asked; fetched as a dump, or
 * shown, where a client did. */
static void decide_answer(
	struct join *join, const struct fact_finding *finding, struct verdict *out)
{
	if (server_opened(&finding->flow)) {
		join->counters.received++;
		out->quiet = true;
		return;
	}
	if (is_dump(finding) && !is_operator(join, &finding->flow)) {
		out->technique = "dump-fetch";
		if (finding->served == SERVED_AS_IMAGE)
			out->why |= WHY_BIT(WHY_TYPE_LIES);
		return;
	}
	out->category = CATEGORY_CARD_EXPOSURE;
	out->technique = "shown";
	if (finding->distinct >= 2)
		return;
	join->counters.own_payer++; /* one card in an answer: the payer's own */
	out->quiet = true;
}

static void decide_direction(
	struct join *join, const struct fact_finding *finding, struct verdict *out)
{
	bool unknown = (finding->flow.flags & FACT_CLIENT_UNKNOWN) != 0;
	uint32_t merchant = finding->flow.merchant;

	out->category = CATEGORY_CARD_EXFIL;
	out->technique = detect_technique(finding);
	if (unknown || (server_opened(&finding->flow) && finding->is_request))
		return;
	if (!finding->is_request) {
		decide_answer(join, finding, out);
		return;
	}
	out->category = CATEGORY_CARD_EXPOSURE;
	out->technique = "accepted";
	if (!policy_non_retention(join->env.policy, merchant)) {
		join->counters.own_payer++;
		out->quiet = true;
	}
}

static void lower_to_medium(struct verdict *verdict)
{
	if (verdict->confidence > CONFIDENCE_MEDIUM)
		verdict->confidence = CONFIDENCE_MEDIUM;
}

void decide_card(struct join *join, const struct fact_finding *finding, struct verdict *out)
{
	const uint64_t uncertain = WHY_BIT(WHY_DIRECTION_UNKNOWN) | WHY_BIT(WHY_ORDER_UNCERTAIN) |
				   WHY_BIT(WHY_COLD_START);
	struct names names;

	*out = (struct verdict){.why = finding->why};
	decide_direction(join, finding, out);
	names_of(finding, &names);
	flow_reasons(join, &finding->flow, &out->why);
	if (names_differ(&names))
		out->why |= WHY_BIT(WHY_NAMES_DIFFER);
	if (server_opened(&finding->flow) || (out->why & WHY_BIT(WHY_DIRECTION_UNKNOWN)) != 0) {
		if (authorised(join, &finding->flow, &names, &out->why)) {
			join->counters.authorised++;
			out->quiet = true;
		}
		destination_reasons(join, &finding->flow, main_name(&names), &out->why);
	}
	if ((out->why & PAYLOAD_REASONS) == 0 && all_repeated(join, finding))
		out->why |= WHY_BIT(WHY_CARD_REPEATED);
	out->sum = why_sum(out->why);
	out->confidence = why_confidence(out->why, finding->distinct);
	if ((out->why & uncertain) != 0 || (finding->flow.flags & FACT_SUBJECT_GUESSED) != 0)
		lower_to_medium(out);
	if (finding->test_only) {
		join->counters.test_cards++;
		out->quiet = true;
	}
	if (!out->quiet && out->confidence == CONFIDENCE_LOW) {
		join->counters.low++;
		out->quiet = true;
	}
}

void decide_rule(struct join *join, const struct fact_finding *finding, struct verdict *out)
{
	struct rule_row row = rules_row(join->env.rules, finding->rule);

	*out = (struct verdict){.category = (enum category)finding->category,
		.technique = row.technique,
		.confidence = row.confidence == 2   ? CONFIDENCE_HIGH
			      : row.confidence == 1 ? CONFIDENCE_MEDIUM
						    : CONFIDENCE_LOW,
		.why = finding->why};
	flow_reasons(join, &finding->flow, &out->why);
	out->sum = why_sum(out->why);
	if (out->category == CATEGORY_RULE)
		lower_to_medium(out);
	if (out->confidence == CONFIDENCE_LOW) {
		join->counters.low++;
		out->quiet = true;
	}
}

void decide_listed(struct join *join, const struct fact_listed *listed, struct verdict *out)
{
	const struct indicator_row *row = indicators_row(join->env.lists, listed->row);
	bool opened = server_opened(&listed->flow);
	bool current = row->state == INDICATOR_CURRENT || row->state == INDICATOR_TAKEN_DOWN;

	*out = (struct verdict){
		.category = row->law ? CATEGORY_TAKEDOWN_CONTACT : CATEGORY_LISTED_CONTACT,
		.technique = opened ? "server-opened" : "visited",
		.confidence = CONFIDENCE_LOW,
		.why = WHY_BIT(WHY_LIST_MATCH)};
	flow_reasons(join, &listed->flow, &out->why);
	if (opened)
		out->why |= WHY_BIT(WHY_SERVER_OPENED);
	if (listed->data_both)
		out->why |= WHY_BIT(WHY_DATA_BOTH_WAYS);
	out->sum = why_sum(out->why);
	if (opened && current)
		out->confidence = listed->data_both && listed->by_name != 1 ? CONFIDENCE_HIGH
									    : CONFIDENCE_MEDIUM;
	else if (opened && row->state == INDICATOR_SINKHOLED)
		out->confidence = CONFIDENCE_MEDIUM;
	if ((out->why & WHY_BIT(WHY_DIRECTION_UNKNOWN)) != 0)
		lower_to_medium(out);
	if (out->confidence == CONFIDENCE_LOW) {
		join->counters.low++;
		out->quiet = true;
	}
}
