/* decide.c - the one place where a finding gets category, technique and
 * confidence (DESIGN sections 2 and 5). */
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

/* Host without its port. */
static void host_of(const struct fact_finding *finding, struct masked *out)
{
	fact_text_get(finding, TEXT_HOST, out);
	const char *colon = memchr(out->text, ':', out->len);
	if (colon != NULL)
		out->len = (uint16_t)(colon - out->text);
}

/* True: the destination is authorised.  Adds the reasons either way. */
static bool authorised(struct join *join, const struct fact_finding *finding,
	const struct masked *host, uint64_t *why)
{
	const struct fact_flow *flow = &finding->flow;
	bool names_it = false;
	uint32_t profile = 0;
	enum authorised answer = policy_authorised(join->env.policy, flow->merchant,
		flow->key.tenant, server_of(flow), remote_of(flow), bytes_of(host->text, host->len),
		&names_it, &profile);

	if (answer == AUTHORISED_ADDRESS) {
		bool nameless = host->len == 0 && policy_profile_shared(join->env.policy, profile);
		if (!nameless && (host->len == 0 || names_it)) {
			*why |= WHY_BIT(WHY_DEST_PSP);
			return true;
		}
	}
	if (!names_it)
		return false;
	if (learnt_name(join, flow->key.tenant, server_of(flow), remote_of(flow),
		    name_hash(join, host), flow->first_ns)) {
		*why |= WHY_BIT(WHY_DEST_PSP);
		return true;
	}
	*why |= WHY_BIT(WHY_CLAIMS_PSP);
	if (flow->first_ns < join->start_ns + JOIN_COLD_NS)
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
	struct join *join, const struct fact_flow *flow, const struct masked *host, uint64_t *why)
{
	uint32_t rows[INDICATOR_HITS_MAX];
	uint64_t first = destination_first(
		join, flow->key.tenant, server_of(flow), remote_of(flow), host, flow->first_ns);

	if (flow->first_ns < first + JOIN_NEW_NS)
		*why |= WHY_BIT(WHY_DEST_NEW);
	if (indicators_addr(join->env.lists, remote_of(flow), rows) > 0 ||
		(host->len > 0 && indicators_domain(join->env.lists,
					  bytes_of(host->text, host->len), rows) > 0))
		*why |= WHY_BIT(WHY_DEST_LISTED);
}

static bool all_repeated(struct join *join, const struct fact_finding *finding)
{
	for (uint32_t i = 0; i < finding->card_cnt; i++)
		if (!value_repeated(join, finding->card[i].quick))
			return false;
	return finding->card_cnt > 0;
}

static enum confidence card_confidence(const struct fact_finding *finding, uint64_t why, int sum)
{
	const uint64_t beside = WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_EXPIRY) |
				WHY_BIT(WHY_CARD_CODE) | WHY_BIT(WHY_CARD_HOLDER);
	const uint64_t against = WHY_BIT(WHY_CARD_NEIGHBOURS) | WHY_BIT(WHY_CARD_DECOY_KEY) |
				 WHY_BIT(WHY_CARD_REPEATED);
	bool several = finding->distinct >= 2 && (why & against) == 0;

	if (sum >= WHY_ALERT)
		return CONFIDENCE_HIGH;
	if (sum >= WHY_EVIDENCE && (several || (why & (beside & ~WHY_BIT(WHY_CARD_HOLDER))) != 0))
		return CONFIDENCE_HIGH;
	if (sum >= WHY_EVIDENCE &&
		(why & (beside | WHY_BIT(WHY_CARD_GROUPED) | WHY_BIT(WHY_CARD_SECOND))) != 0)
		return CONFIDENCE_MEDIUM;
	return CONFIDENCE_LOW;
}

/* The direction table of DESIGN section 2, answers: what cards in an answer mean. */
static void decide_answer(
	struct join *join, const struct fact_finding *finding, struct verdict *out)
{
	if (server_opened(&finding->flow)) {
		join->counters.received++;
		out->quiet = true;
		return;
	}
	if (finding->distinct >= DUMP_CARDS) {
		out->technique = "dump-fetch";
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
	struct masked host;

	*out = (struct verdict){.why = finding->why};
	decide_direction(join, finding, out);
	host_of(finding, &host);
	flow_reasons(join, &finding->flow, &out->why);
	if (server_opened(&finding->flow) || (out->why & WHY_BIT(WHY_DIRECTION_UNKNOWN)) != 0) {
		if (authorised(join, finding, &host, &out->why)) {
			join->counters.authorised++;
			out->quiet = true;
		}
		destination_reasons(join, &finding->flow, &host, &out->why);
	}
	if ((out->why & PAYLOAD_REASONS) == 0 && all_repeated(join, finding))
		out->why |= WHY_BIT(WHY_CARD_REPEATED);
	out->sum = why_sum(out->why);
	out->confidence = card_confidence(finding, out->why, out->sum);
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
