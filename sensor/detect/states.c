#include "detect/states.h"

#include <assert.h>

#include "base/prefetch.h"
#include "base/scratch.h"
#include "fact/sums.h"

#define PREFETCH_MAX 512 /* of a parser's state: what it needs beyond is rare */

static_assert(sizeof(struct flow_state) <= 448, "state of a flow with payload");

static bool is_resting(const struct flow *flow)
{
	return (flow->parse & REST_BIT) != 0;
}

static struct rest *rest_of(const struct inspect *inspect, const struct flow *flow)
{
	return pool_at(&inspect->rests, flow->parse & ~REST_BIT);
}

struct flow_state *states_known(const struct inspect *inspect, const struct flow *flow)
{
	return flow->parse == 0 || is_resting(flow) ? NULL : pool_at(&inspect->flows, flow->parse);
}

void inspect_prefetch(const struct inspect *inspect, const struct flow *flow)
{
	const struct flow_state *state = states_known(inspect, flow);

	if (is_resting(flow))
		prefetch(rest_of(inspect, flow));
	else if (state != NULL)
		prefetch_all(state, sizeof(*state));
}

/* An open body: what unwrap knows of it, and the end of it that is kept. */
static void prefetch_half(const struct inspect *inspect, const struct half *half)
{
	unwrap_prefetch(inspect->unwrap, half->unwrap);
	if (half->tail[0] != 0)
		prefetch_all(pool_at(&inspect->tails, half->tail[0]),
			offsetof(struct tail, data) + TAIL_KEEP);
}

void inspect_prefetch_parser(const struct inspect *inspect, const struct flow *flow)
{
	const struct flow_state *state = states_known(inspect, flow);

	if (state == NULL || state->parser_state == 0)
		return;
	const struct pool *pool = &inspect->parser[state->classify.parser - 1];
	prefetch_all(pool_at(pool, state->parser_state),
		pool->item_size < PREFETCH_MAX ? pool->item_size : PREFETCH_MAX);
	for (int dir = 0; dir < 2; dir++)
		prefetch_half(inspect, &state->half[dir]);
}

void inspect_subject(const struct inspect *inspect, const struct flow *flow,
	const struct tuple *key, struct subject *out)
{
	const struct flow_state *state = states_known(inspect, flow);

	if (state != NULL)
		*out = state->subject;
	else if (is_resting(flow))
		*out = rest_of(inspect, flow)->subject;
	else
		subject_of(inspect->env.policy, key, flow->client_dir, out);
}

bool inspect_is_stranger(const struct inspect *inspect, const struct tuple *key, uint8_t end)
{
	struct policy_end known;

	if (!policy_given(inspect->env.policy))
		return false;
	policy_address(inspect->env.policy, key->tenant, end == 0 ? &key->src : &key->dst, &known);
	return !known.protected;
}

struct inspect_books *inspect_books(const struct inspect *inspect, const struct flow *flow)
{
	struct flow_state *state = states_known(inspect, flow);

	return state == NULL ? NULL : &state->books;
}

void inspect_last_place(
	const struct inspect *inspect, const struct flow *flow, struct inspect_place *out)
{
	const struct flow_state *state = states_known(inspect, flow);

	*out = state != NULL ? state->last : (struct inspect_place){.packet_ns = flow->last_ns};
}

uint16_t inspect_app(const struct inspect *inspect, const struct flow *flow)
{
	const struct flow_state *state = states_known(inspect, flow);

	if (state == NULL)
		return is_resting(flow) ? rest_of(inspect, flow)->parser : 0;
	if (state->classify.parser > 0)
		return (uint16_t)state->classify.parser;
	return state->classify.label == 0 ? 0 : (uint16_t)(FACT_LABELS + state->classify.label);
}

bool inspect_is_tls(const struct inspect *inspect, const struct flow *flow)
{
	const struct flow_state *state = states_known(inspect, flow);

	return state != NULL && state->classify.parser > 0 &&
	       state->classify.parser == inspect->tls;
}

bool inspect_is_listed(const struct inspect *inspect, const struct flow *flow)
{
	const struct flow_state *state = states_known(inspect, flow);

	return state != NULL && state->listed != 0;
}

/* Lists are asked once, when the flow first carries payload: the remote end by address. */
static void ask_lists(struct inspect *inspect, struct flow_state *state, const struct tuple *key)
{
	uint32_t rows[INDICATOR_HITS_MAX];
	const struct addr *remote = state->subject.end == 0 ? &key->dst : &key->src;

	if (state->subject.nobody || state->subject.level == LEVEL_NONE)
		return;
	if (indicators_addr(inspect->env.lists, remote, rows) == 0)
		return;
	state->listed = rows[0] + 1;
	inspect->flow->flags |= FLOW_SPEAKS;
}

/* What depends on policy and lists; also again when the generation has changed. */
static void bind(struct inspect *inspect, struct flow_state *state)
{
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);

	state->generation = (uint32_t)inspect->env.generation;
	state->listed = 0;
	for (int i = 0; i < HALF_COUNT; i++)
		memset(state->half[i].rule, 0, sizeof(state->half[i].rule));
	subject_of(inspect->env.policy, key, inspect->flow->client_dir, &state->subject);
	state->books.epoch = 0; /* another subject, another row */
	ask_lists(inspect, state, key);
}

void *states_parser(struct inspect *inspect, struct flow_state *state)
{
	struct pool *pool = &inspect->parser[state->classify.parser - 1];

	if (state->parser_state == 0) {
		state->parser_state = pool_take_zeroed(pool);
		if (state->parser_state == 0) {
			inspect->counters.parser_refused++;
			return NULL;
		}
	}
	return pool_at(pool, state->parser_state);
}

/* The flow's new state goes on where the rest of the old one left. */
static void wake(struct inspect *inspect, struct flow_state *state, uint32_t id)
{
	const struct rest *rest = pool_at(&inspect->rests, id);
	void *memory;

	state->classify.parser = (int8_t)rest->parser;
	state->subject = rest->subject;
	state->books = rest->books;
	state->generation = (uint32_t)inspect->env.generation;
	memory = states_parser(inspect, state);
	if (memory != NULL)
		parsers[rest->parser - 1]->wake(memory, rest->memo);
	if (rest->generation != (uint16_t)inspect->env.generation)
		bind(inspect, state);
	pool_give(&inspect->rests, id);
}

struct flow_state *states_of(struct inspect *inspect)
{
	struct flow *flow = inspect->flow;
	struct flow_state *state = states_known(inspect, flow);
	uint32_t rest = is_resting(flow) ? flow->parse & ~REST_BIT : 0;

	if (state != NULL) {
		if (state->generation != (uint32_t)inspect->env.generation)
			bind(inspect, state);
		return state;
	}
	uint32_t id = pool_take_zeroed(&inspect->flows);
	if (id == 0) {
		inspect->counters.state_refused++;
		return NULL;
	}
	flow->parse = id;
	state = pool_at(&inspect->flows, id);
	state->first = *inspect->place;
	if (rest != 0)
		wake(inspect, state, rest);
	else
		bind(inspect, state);
	return state;
}

/* A direction that was told raw before the other one chose a parser stays raw. */
bool states_raw(const struct flow_state *state, uint8_t dir)
{
	return state->classify.parser <= 0 || state->half[dir].raw || state->classify.raw[dir] != 0;
}

static void give_half(struct inspect *inspect, struct half *half)
{
	for (int i = 0; i < UNWRAP_STREAMS; i++) {
		if (half->tail[i] == 0)
			continue;
		const struct open_tail *open = pool_at(&inspect->tails, half->tail[i]);
		if (open->gather != 0)
			pool_erase(&inspect->gathers, open->gather, SIZE_MAX);
		look_end(inspect, half->tail[i]);
		pool_erase(&inspect->tails, half->tail[i], SIZE_MAX);
	}
	if (half->cards != 0)
		wait_drop(inspect, half);
}

static bool half_is_idle(const struct half *half)
{
	uint32_t held = half->unwrap | half->cards;

	for (int i = 0; i < UNWRAP_STREAMS; i++)
		held |= half->tail[i];
	return held == 0 && !half->raw_open && !half->raw;
}

static void give_parser(struct inspect *inspect, struct flow_state *state)
{
	uint32_t index = (uint32_t)state->classify.parser - 1;

	if (state->parser_state == 0)
		return;
	parsers[index]->drop(states_parser(inspect, state), &inspect->io);
	pool_erase(&inspect->parser[index], state->parser_state, SIZE_MAX);
}

/* As the parser's rest(): also -1 where the flow has more than a parser that waits. */
static int may_rest(const struct inspect *inspect, const struct flow *flow,
	const struct flow_state *state, uint8_t memo[static PARSER_MEMO_MAX])
{
	if (state == NULL || (flow->flags & FLOW_SPEAKS) != 0 || state->contexts != 0 ||
		state->parser_state == 0 || states_raw(state, 0) || states_raw(state, 1))
		return -1;
	uint32_t index = (uint32_t)state->classify.parser - 1;
	if (parsers[index]->rest == NULL)
		return -1;
	for (int i = 0; i < HALF_COUNT; i++)
		if (!half_is_idle(&state->half[i]))
			return -1;
	return parsers[index]->rest(pool_at(&inspect->parser[index], state->parser_state), memo);
}

enum inspect_need inspect_rest(struct inspect *inspect, struct flow_table *table, uint32_t flow)
{
	struct flow *record = flow_at(table, flow);
	struct flow_state *state = states_known(inspect, record);
	SCRATCH uint8_t memo[PARSER_MEMO_MAX];
	struct rest *rest;
	int len = may_rest(inspect, record, state, memo);

	if (len <= 0)
		return len == 0 ? INSPECT_IDLE : INSPECT_BUSY;
	uint32_t id = pool_take(&inspect->rests);
	if (id == 0)
		return INSPECT_BUSY; /* it keeps its state, then */
	rest = pool_at(&inspect->rests, id);
	rest->subject = state->subject;
	rest->books = state->books;
	rest->generation = (uint16_t)state->generation;
	rest->parser = (uint8_t)state->classify.parser;
	memcpy(rest->memo, memo, (size_t)len);
	/* It holds nothing, says its parser: so there is nothing to drop. */
	pool_erase(&inspect->parser[rest->parser - 1], state->parser_state, SIZE_MAX);
	label_drop(inspect->env.labels, &state->label);
	pool_erase(&inspect->flows, record->parse, SIZE_MAX);
	record->parse = REST_BIT | id;
	return INSPECT_RESTS;
}

void states_give(struct inspect *inspect, struct flow_state *state)
{
	give_parser(inspect, state);
	for (int i = 0; i < HALF_COUNT; i++)
		give_half(inspect, &state->half[i]);
	label_drop(inspect->env.labels, &state->label);
	context_close_all(&inspect->contexts, &state->contexts);
	context_close_all(&inspect->contexts, &state->own);
	pool_erase(&inspect->flows, inspect->flow->parse, SIZE_MAX);
	inspect->flow->parse = 0;
}

void states_forget(struct inspect *inspect, struct flow *flow)
{
	if (is_resting(flow)) {
		pool_give(&inspect->rests, flow->parse & ~REST_BIT);
		flow->parse = 0;
	}
}
