/* tell.c - facts: what was found, where, in masked text and numbers. */
#include <assert.h>

#include "base/coverage.h"
#include "base/scratch.h"
#include "detect/guard.h"
#include "detect/served.h"
#include "detect/state.h"
#include "fact/learn.h"
#include "mask/mask.h"

static uint64_t flow_number(const struct inspect *inspect)
{
	return flow_id(&inspect->env.key, flow_key(inspect->table, inspect->flow_number),
		flow_first(inspect->table, inspect->flow_number).now_ns);
}

static uint8_t flow_flags(const struct inspect *inspect)
{
	const struct flow *flow = inspect->flow;
	const struct subject *subject = &inspect->state->subject;
	uint8_t flags = 0;

	if ((flow->flags & FLOW_CLIENT_KNOWN) == 0)
		flags |= FACT_CLIENT_UNKNOWN;
	if (subject->guessed)
		flags |= FACT_SUBJECT_GUESSED;
	if (subject->shared)
		flags |= FACT_SHARED_HOST;
	if (inspect->after_rst)
		flags |= FACT_AFTER_RST;
	if (inspect->at_half == HALF_APART)
		flags |= FACT_CONFLICT;
	if ((flow->flags & FLOW_ANSWERED) != 0)
		flags |= FACT_ANSWERED;
	return flags;
}

static void put_flow(struct inspect *inspect, uint8_t dir, struct fact_flow *out)
{
	const struct flow_state *state = inspect->state;

	*out = (struct fact_flow){
		.key = *flow_key(inspect->table, inspect->flow_number),
		.flow_id = flow_number(inspect),
		.first_ns = flow_first(inspect->table, inspect->flow_number).now_ns,
		.packet_ns = inspect->place->packet_ns,
		.frame = inspect->place->frame,
		.merchant = state->subject.merchant,
		.source = inspect->place->source,
		.subject_end = state->subject.end,
		.client_end = inspect->flow->client_dir,
		.dir = dir,
		.app = state->classify.parser > 0 ? (uint8_t)state->classify.parser : 0,
		.label = state->classify.label,
		.flags = flow_flags(inspect),
	};
}

/* The same finding has the same number however often the run is repeated. */
static uint64_t finding_number(
	struct inspect *inspect, const struct message *message, uint32_t category, uint32_t rule)
{
	uint64_t parts[4] = {flow_number(inspect),
		(uint64_t)message->number << 32 | (uint64_t)message->kind << 16 |
			(uint64_t)inspect->at_half << 8 | message->dir,
		category, rule};

	return hash_sip13(&inspect->env.key, parts, sizeof(parts)) & ((UINT64_C(1) << 53) - 1);
}

static void put_text(struct inspect *inspect, struct fact_finding *fact, enum fact_text which,
	const struct masked *masked)
{
	struct masked text;

	memcpy(&text, masked, masked_size(masked));
	guard_text(&inspect->card_env, &text);
	fact_text_put(fact, which, &text);
}

static void put_texts(
	struct inspect *inspect, const struct message *message, struct fact_finding *fact)
{
	const struct context *own = context_find(&inspect->contexts, inspect->state->own, 0);
	const struct context *context = context_of(inspect, message);
	struct masked text;

	if (own != NULL) {
		mask_name(&text, context_get(own, CONTEXT_SNI));
		put_text(inspect, fact, TEXT_SNI, &text);
	}
	if (context == NULL)
		return;
	fact->status = context->status;
	fact->served = (uint8_t)served_as((enum served_type)context->type, context->status,
		context_get(context, CONTEXT_URL), context->head);
	mask_text(&text, context_get(context, CONTEXT_METHOD));
	put_text(inspect, fact, TEXT_METHOD, &text);
	mask_url(&text, context_get(context, CONTEXT_URL));
	put_text(inspect, fact, TEXT_URL, &text);
	mask_name(&text, context_get(context, CONTEXT_HOST));
	put_text(inspect, fact, TEXT_HOST, &text);
}

/* A cursor over the distinct cards of a message, ascending. */
struct told {
	const struct cards *cards;
	const struct card_set *set; /* NULL: only those kept in cards */
	uint32_t next;
};

static const struct fact_card *next_card(struct told *told)
{
	if (told->set != NULL)
		return card_set_next(told->set, &told->next);
	return told->next < told->cards->kept ? &told->cards->card[told->next++] : NULL;
}

/* The cards beyond the samples, in chunks; returns how many chunks. */
static uint32_t put_more(struct inspect *inspect, uint64_t finding_id, const struct cards *cards)
{
	struct told told = {.cards = cards};
	const struct fact_card *card;
	uint32_t chunks = 0, left;

	if (cards->set != 0)
		told.set = pool_at(&inspect->card_env.sets, cards->set);
	for (left = 0; left < FACT_CARDS; left++)
		(void)next_card(&told);
	left = cards->most > FACT_CARDS ? cards->most - FACT_CARDS : 0;
	for (card = next_card(&told); card != NULL && left > 0;) {
		struct fact_more_cards *more =
			emit_reserve(inspect->emit, FACT_MORE_CARDS, sizeof(*more));
		if (more == NULL)
			break;
		more->finding_id = finding_id;
		more->part = (uint16_t)(cards->part + ++chunks);
		for (; card != NULL && left > 0 && more->count < FACT_TOKENS; left--) {
			more->card[more->count++] = *card;
			card = next_card(&told);
		}
		emit_commit(inspect->emit, &more->fact);
	}
	return chunks;
}

uint32_t tell_most(const struct inspect *inspect)
{
	return FACT_DISTINCT_MAX - inspect->state->cards_told;
}

static void count_told(struct inspect *inspect, const struct cards *cards)
{
	const struct card_set *set = pool_at(&inspect->card_env.sets, cards->set);
	uint32_t count = cards->set != 0 ? set->count : cards->kept;
	uint32_t most = tell_most(inspect);

	inspect->state->cards_told =
		(uint16_t)(FACT_DISTINCT_MAX - (count < most ? most - count : 0));
}

static void put_repeat(struct inspect *inspect, const struct cards *cards)
{
	struct fact_repeat *fact;

	if (cards->kept == 0)
		return;
	fact = emit_reserve(inspect->emit, FACT_REPEAT, sizeof(*fact));
	if (fact == NULL)
		return;
	fact->flow_id = flow_number(inspect);
	fact->count = cards->kept;
	for (uint32_t i = 0; i < cards->kept; i++)
		fact->value[i] = cards->card[i].quick;
	emit_commit(inspect->emit, &fact->fact);
}

static void put_cards(
	const struct inspect *inspect, const struct cards *cards, struct fact_finding *fact)
{
	bool estimated;

	fact->offset = cards->offset;
	fact->role = cards->role;
	fact->depth = (uint8_t)(cards->depth + cards->peeled);
	fact->part = cards->part;
	memcpy(fact->layers, cards->layers, sizeof(cards->layers));
	fact->distinct = cards_distinct(&inspect->card_env, cards, &estimated);
	fact->estimated = estimated;
	fact->test_only = !cards->any_real;
	for (int i = 0; i <= UNWRAP_DEPTH; i++)
		if (cards->seen[i] > fact->count)
			fact->count = cards->seen[i];
	fact->card_cnt = cards->kept < FACT_CARDS ? (uint16_t)cards->kept : FACT_CARDS;
	memcpy(fact->card, cards->card, fact->card_cnt * sizeof(cards->card[0]));
}

uint32_t tell_cards(struct inspect *inspect, const struct message *message, struct half *half)
{
	struct cards *cards = pool_at(&inspect->cards, half->cards);
	struct fact_finding *fact;

	if (cards->sum == INT32_MIN)
		return 0; /* nothing new since the last part */
	cards_choose(&inspect->card_env, cards);
	put_repeat(inspect, cards);
	fact = emit_reserve(inspect->emit, FACT_FINDING, FACT_MAX);
	if (fact == NULL)
		return 0;
	fact->fact.size = sizeof(*fact);
	put_flow(inspect, message->dir, &fact->flow);
	fact->flow.packet_ns = cards->place.packet_ns;
	fact->flow.frame = cards->place.frame;
	fact->flow.source = cards->place.source;
	fact->category = CATEGORY_CARD_EXFIL;
	fact->finding_id = finding_number(inspect, message, CATEGORY_CARD_EXFIL, 0);
	fact->why = cards_why(cards, half->shaped, half->failed);
	fact->message_kind = message->kind;
	fact->is_request = message->dir == inspect->flow->client_dir;
	put_cards(inspect, cards, fact);
	put_text(inspect, fact, TEXT_KEY, &cards->key);
	put_text(inspect, fact, TEXT_EVIDENCE, &cards->evidence);
	put_texts(inspect, message, fact);
	uint64_t finding_id = fact->finding_id;
	emit_commit(inspect->emit, &fact->fact);
	inspect->counters.findings++;
	count_told(inspect, cards);
	return 1 + put_more(inspect, finding_id, cards);
}

void tell_rule(struct inspect *inspect, const struct message *message, uint32_t rule,
	enum field_role role, struct bytes around)
{
	struct rule_row row = rules_row(inspect->env.rules, rule);
	int category = category_find(row.category);
	struct fact_finding *fact = emit_reserve(inspect->emit, FACT_FINDING, FACT_MAX);
	struct masked text;

	inspect->flow->flags |= FLOW_SPEAKS;
	if (fact == NULL)
		return;
	fact->fact.size = sizeof(*fact);
	put_flow(inspect, message->dir, &fact->flow);
	fact->category = (uint8_t)(category < 0 ? CATEGORY_RULE : category);
	fact->finding_id = finding_number(inspect, message, fact->category, row.sid);
	fact->why = WHY_BIT(WHY_RULE_MATCH);
	fact->rule = rule;
	fact->message_kind = message->kind;
	fact->role = (uint8_t)role;
	fact->is_request = message->dir == inspect->flow->client_dir;
	fact->count = 1;
	mask_evidence(&text, bytes_head(around, 2 * PAN_CONTEXT), NULL, 0);
	put_text(inspect, fact, TEXT_EVIDENCE, &text);
	put_texts(inspect, message, fact);
	emit_commit(inspect->emit, &fact->fact);
	inspect->counters.findings++;
}

void tell_listed(struct inspect *inspect, uint32_t row, int by, struct bytes name)
{
	const struct message none = {.number = row, .kind = (uint8_t)(64 + by)};
	struct fact_listed *fact = emit_reserve(inspect->emit, FACT_LISTED, sizeof(*fact));
	const struct flow_state *state = inspect->state;
	struct masked text;

	inspect->flow->flags |= FLOW_SPEAKS;
	if (fact == NULL)
		return;
	put_flow(inspect, inspect->flow->client_dir, &fact->flow);
	fact->flow.frame = state->first.frame;
	fact->flow.packet_ns = state->first.packet_ns;
	fact->finding_id = finding_number(inspect, &none, CATEGORY_LISTED_CONTACT, 0);
	fact->row = row;
	fact->by_name = (uint8_t)by;
	fact->bytes_out = state->payload[state->subject.end];
	fact->bytes_in = state->payload[1 - state->subject.end];
	fact->data_both = fact->bytes_out > 0 && fact->bytes_in > 0;
	mask_name(&text, name);
	fact->name_len = text.len < sizeof(fact->name) ? text.len : (uint16_t)sizeof(fact->name);
	memcpy(fact->name, text.text, fact->name_len);
	emit_commit(inspect->emit, &fact->fact);
	inspect->counters.listed++;
}

/* A and AAAA. */
static struct addr address_of(const struct run *answer)
{
	const uint8_t *at = answer->data.ptr;
	struct addr addr;

	if (answer->number == 1)
		return addr_from4((uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 |
				  (uint32_t)at[2] << 8 | at[3]);
	memcpy(addr.b, at, sizeof(addr.b));
	return addr;
}

/* Whom policy calls a resolver; anybody, where there is no policy. */
static bool is_resolver(const struct inspect *inspect, int end)
{
	return !policy_given(inspect->env.policy) ||
	       (inspect->state->subject.roles[end] & ROLE_RESOLVER) != 0;
}

/* For authorisation: only names that policy asks for. */
void tell_name(struct inspect *inspect, const struct run *answer)
{
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);
	struct bytes name = bytes_of(inspect->question, inspect->question_len);
	uint8_t client = inspect->flow->client_dir;
	struct fact_name *fact;

	if (!policy_watched_name(inspect->env.policy, name))
		return;
	fact = emit_reserve(inspect->emit, FACT_NAME, sizeof(*fact));
	if (fact == NULL)
		return;
	fact->client = client == 0 ? key->src : key->dst;
	fact->resolver = client == 0 ? key->dst : key->src;
	fact->address = address_of(answer);
	fact->name_hash = hash_sip13(&inspect->env.key, name.ptr, name.len);
	fact->ttl = answer->ttl;
	fact->tenant = key->tenant;
	fact->foreign = !is_resolver(inspect, 1 - client);
	emit_commit(inspect->emit, &fact->fact);
}

/* True: this worker told the same within this minute of packet time. */
static bool is_called(struct inspect *inspect, const struct fact_called *fact)
{
	SCRATCH struct {
		uint64_t minute, tenant;
		struct addr client, address;
		uint8_t question[sizeof(inspect->question)];
	} said;

	said.minute = inspect->emit->at.time_ns / MINUTE_NS;
	said.tenant = fact->tenant;
	said.client = fact->client;
	said.address = fact->address;
	memcpy(said.question, inspect->question, inspect->question_len);
	uint64_t value = hash_sip13(&inspect->env.key, &said,
		offsetof(__typeof__(said), question) + inspect->question_len);
	uint64_t *known = &inspect->called[value % CALLED_MAX];
	bool same = *known == value;

	*known = value;
	return same;
}

/* For contacts that say no name themselves. */
void tell_called(struct inspect *inspect, const struct run *answer)
{
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);
	uint8_t client = inspect->flow->client_dir;
	struct fact_called called = {.client = client == 0 ? key->src : key->dst,
		.address = address_of(answer),
		.tenant = key->tenant};
	struct masked text;

	if (inspect->question_len == 0 || !is_resolver(inspect, 1 - client) ||
		is_called(inspect, &called))
		return;
	contact_name_mask(&text, bytes_of(inspect->question, inspect->question_len));
	struct fact_called *fact =
		emit_reserve(inspect->emit, FACT_CALLED, (uint32_t)sizeof(*fact) + text.len);
	if (fact == NULL)
		return;
	called.fact = fact->fact;
	*fact = called;
	fact->name_len = text.len;
	memcpy(fact->name, text.text, text.len);
	emit_commit(inspect->emit, &fact->fact);
}
