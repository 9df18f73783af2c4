#include "detect/inspect.h"

#include <assert.h>

#include "base/scratch.h"
#include "detect/states.h"
#include "fact/sums.h"

static void parser_pools(struct inspect *inspect, struct arena *arena, uint32_t flows)
{
	for (uint32_t i = 0; i < parsers_count; i++) {
		if (strcmp(parsers[i]->name, "tls") == 0)
			inspect->tls = (int)i + 1;
		bool made = pool_new(&inspect->parser[i], arena, parsers[i]->state_size, flows);
		assert(made);
	}
}

size_t inspect_bytes(const struct inspect_sizes *sizes)
{
	size_t sum = sizeof(struct inspect) + contexts_bytes(sizes->flows) +
		     pool_bytes(sizeof(struct flow_state), sizes->flows) +
		     pool_bytes(sizeof(struct rest), sizes->flows) +
		     pool_bytes(sizeof(struct open_tail), sizes->tails) +
		     pool_bytes(sizeof(struct gather), sizes->gathers) + peeler_bytes() +
		     pool_bytes(sizeof(struct cards), sizes->cards) +
		     pool_bytes(sizeof(struct card_set), sizes->sets) +
		     pool_bytes(FIELD_WHOLE, sizes->holds) + spreads_bytes(sizes->spreads) +
		     unwrap_bytes(sizes->holds, sizes->inflaters) + 64 * 64;

	for (uint32_t i = 0; i < parsers_count; i++)
		sum += pool_bytes(parsers[i]->state_size, sizes->flows) + 64;
	return sum;
}

struct inspect *inspect_new(struct arena *arena, const struct inspect_sizes *sizes,
	const struct inspect_env *env, struct emit *emit)
{
	struct inspect *inspect = arena_take(arena, sizeof(*inspect));

	assert(inspect != NULL && parsers_count <= PARSERS_MAX);
	inspect->emit = emit;
	inspect->env = *env;
	inspect->card_env.table = *env->cards;
	inspect->card_env.key = env->key;
	inspect->card_env.plain = env->plain;
	memcpy(inspect->card_env.token_key, env->token_key, sizeof(env->token_key));
	inspect->card_env.peeler = peeler_new(arena);
	inspect->unwrap = unwrap_new(arena, sizes->holds, sizes->inflaters, view_sink_of(inspect));
	bool made =
		contexts_new(&inspect->contexts, arena, sizes->flows) &&
		pool_new(&inspect->flows, arena, sizeof(struct flow_state), sizes->flows) &&
		pool_new(&inspect->rests, arena, sizeof(struct rest), sizes->flows) &&
		pool_new(&inspect->tails, arena, sizeof(struct open_tail), sizes->tails) &&
		pool_new(&inspect->gathers, arena, sizeof(struct gather), sizes->gathers) &&
		pool_new(&inspect->cards, arena, sizeof(struct cards), sizes->cards) &&
		pool_new(&inspect->card_env.sets, arena, sizeof(struct card_set), sizes->sets) &&
		pool_new(&inspect->holds, arena, FIELD_WHOLE, sizes->holds) &&
		spreads_new(&inspect->spreads, arena, sizes->spreads, &env->key);
	assert(inspect->unwrap != NULL && inspect->card_env.peeler != NULL && made);
	parser_pools(inspect, arena, sizes->flows);
	inspect->io = (struct parse_io){.sink = sink_of(inspect), .hold = &inspect->holds};
	return inspect;
}

void inspect_swap(struct inspect *inspect, const struct inspect_env *env)
{
	struct hash_key key = inspect->env.key;
	struct labels *labels = inspect->env.labels;

	inspect->env = *env;
	inspect->env.key = key;
	inspect->env.labels = labels;
	inspect->card_env.table = *env->cards;
}

struct bytes inspect_name(const struct inspect *inspect)
{
	return bytes_of(inspect->name, inspect->name_len);
}

void inspect_name_told(struct inspect *inspect)
{
	explicit_bzero(inspect->name, inspect->name_len);
	inspect->name_len = 0;
}

const struct inspect_counters *inspect_counters(const struct inspect *inspect)
{
	return &inspect->counters;
}

void inspect_limits(const struct inspect *inspect, uint64_t limits[static LIMIT_COUNT])
{
	const struct inspect_counters *own = &inspect->counters;
	const struct unwrap_counters *unwrap = unwrap_counters(inspect->unwrap);
	const struct peel_counters *peel = peeler_counters(inspect->card_env.peeler);

	limits[LIMIT_PEELED] = peel->cut;
	limits[LIMIT_OPENS] = peel->opens_lost + own->opens_lost;
	limits[LIMIT_DEPTH] = unwrap->depth_cut;
	limits[LIMIT_VALUES] = unwrap->steps_cut;
	limits[LIMIT_HITS] = inspect->card_env.hits_more;
	limits[LIMIT_EXCHANGES] = inspect->contexts.overrun;
	limits[LIMIT_RULES] = own->rule_overrun;
	limits[LIMIT_STATES] = own->state_refused;
	limits[LIMIT_PARSERS] = own->parser_refused;
	limits[LIMIT_RESTS] = inspect->rests.refused;
	limits[LIMIT_CONTEXTS] = inspect->contexts.refused;
	limits[LIMIT_FIELDS] = inspect->io.hold_refused;
	limits[LIMIT_BODIES] = unwrap->state_refused;
	limits[LIMIT_INFLATERS] = unwrap->inflate_refused;
	limits[LIMIT_TAILS] = inspect->tails.refused;
	limits[LIMIT_GATHERS] = inspect->gathers.refused;
	limits[LIMIT_CARDS] = own->cards_refused;
	limits[LIMIT_CARD_SETS] = inspect->card_env.sets.refused;
	limits[LIMIT_LABELS] = label_counters(inspect->env.labels)->state_refused;
	limits[LIMIT_NAMES] = inspect->spreads.passed;
	limits[LIMIT_DOMAINS] = inspect->spreads.evicted;
}

static void raw_open(struct inspect *inspect, struct half *half, struct message *message)
{
	*message = (struct message){
		.number = half->raw_number, .kind = MESSAGE_RAW, .dir = message->dir};
	if (half->raw_open)
		return;
	half->raw_open = true;
	half->raw_offset = 0;
	inspect->io.sink.open(inspect, message);
}

static void raw_bytes(struct inspect *inspect, uint8_t dir, struct bytes data)
{
	struct half *half = &inspect->state->half[inspect->at_half];
	struct message message = {.dir = dir};

	raw_open(inspect, half, &message);
	while (data.len > 0) {
		struct bytes part = bytes_head(data, RUN_MAX);
		struct run run = {.role = FIELD_RAW,
			.first = half->raw_offset == 0,
			.data = part,
			.offset = half->raw_offset};
		inspect->io.sink.run(inspect, &message, &run);
		half->raw_offset += part.len;
		data = bytes_skip(data, part.len);
	}
}

static void raw_close(struct inspect *inspect, uint8_t dir, enum close_reason reason)
{
	struct half *half = &inspect->state->half[inspect->at_half];
	struct message message = {.number = half->raw_number, .kind = MESSAGE_RAW, .dir = dir};

	if (!half->raw_open)
		return;
	struct run end = {.role = FIELD_RAW,
		.first = half->raw_offset == 0,
		.last = true,
		.offset = half->raw_offset};
	inspect->io.sink.run(inspect, &message, &end);
	inspect->io.sink.close(inspect, &message, reason);
	half->raw_open = false;
	half->raw_number++;
}

static void raw_whole(struct inspect *inspect, uint8_t dir, struct bytes data)
{
	raw_bytes(inspect, dir, data);
	raw_close(inspect, dir, CLOSE_COMPLETE);
}

static void learn_client(struct inspect *inspect)
{
	if (inspect->io.client_dir < 0)
		return;
	if ((inspect->flow->flags & FLOW_CLIENT_KNOWN) == 0) {
		bool guessed = inspect->flow->client_dir == (uint8_t)inspect->io.client_dir;

		flow_client_is(inspect->flow, (uint8_t)inspect->io.client_dir);
		inspect->io.client_dir = -1;
		if (guessed)
			return;
		subject_of(inspect->env.policy, flow_key(inspect->table, inspect->flow_number),
			inspect->flow->client_dir, &inspect->state->subject);
		inspect->state->books.epoch = 0;
	}
	inspect->io.client_dir = -1;
}

static void parse_bytes(struct inspect *inspect, uint8_t dir, struct bytes data, bool datagram)
{
	struct flow_state *state = inspect->state;
	struct half *half = &state->half[dir];
	void *memory;

	if (data.len == 0)
		return;
	memory = states_raw(state, dir) ? NULL : states_parser(inspect, state);
	if (memory != NULL) {
		const struct parser *parser = parsers[state->classify.parser - 1];
		inspect->io.datagram = datagram;
		inspect->io.taken = 0;
		enum parse_rc rc = parser->data(memory, &inspect->io, dir, data);
		learn_client(inspect);
		if (rc == PARSE_OK)
			return;
		inspect->counters.parser_bad++;
		data = bytes_skip(data, inspect->io.taken);
		half->raw = !datagram;
	}
	if (datagram)
		raw_whole(inspect, dir, data);
	else
		raw_bytes(inspect, dir, data);
}

/* Only what no parser claimed, and only the flow's beginning. */
static void ask_label(struct inspect *inspect, const struct span *span, struct bytes held)
{
	struct flow_state *state = inspect->state;
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);
	uint8_t client = inspect->flow->client_dir;
	struct label_span shown = {.held = held,
		.data = span->data,
		.dir = span->dir,
		.client_dir = client,
		.datagram = span->kind == SPAN_DATAGRAM,
		.client_port = client == 0 ? key->sport : key->dport,
		.server_port = client == 0 ? key->dport : key->sport};

	if (state->label == LABEL_DONE)
		return;
	if (state->classify.parser > 0)
		label_drop(inspect->env.labels, &state->label);
	else if (key->proto == PROTO_TCP || key->proto == PROTO_UDP)
		state->classify.label = label_span(inspect->env.labels, &state->label, &shown);
}

static void span_bytes(struct inspect *inspect, const struct span *span)
{
	struct flow_state *state = inspect->state;
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);
	bool datagram = span->kind == SPAN_DATAGRAM;
	uint16_t low = key->sport < key->dport ? key->sport : key->dport;
	uint16_t high = key->sport < key->dport ? key->dport : key->sport;
	struct bytes held = {0};

	if (!classify_bytes(&state->classify, span->dir, span->data, datagram, low, high, &held))
		return;
	ask_label(inspect, span, held);
	parse_bytes(inspect, span->dir, held, datagram);
	if (held.len > 0)
		classify_forget(&state->classify, span->dir);
	parse_bytes(inspect, span->dir, span->data, datagram);
}

static void give_up_probe(struct inspect *inspect, uint8_t dir)
{
	struct bytes held = {0};

	classify_give_up(&inspect->state->classify, dir, &held);
	parse_bytes(inspect, dir, held, false);
	if (held.len > 0)
		classify_forget(&inspect->state->classify, dir);
}

static void span_gap(struct inspect *inspect, const struct span *span)
{
	struct flow_state *state = inspect->state;
	struct half *half = &state->half[span->dir];
	void *memory;

	give_up_probe(inspect, span->dir);
	if (half->raw_open) {
		struct message message = {
			.number = half->raw_number, .kind = MESSAGE_RAW, .dir = span->dir};
		inspect->io.sink.gap(inspect, &message, FIELD_RAW, span->gap);
		half->raw_offset += span->gap;
		return;
	}
	memory = states_raw(state, span->dir) ? NULL : states_parser(inspect, state);
	if (memory == NULL)
		return;
	const struct parser *parser = parsers[state->classify.parser - 1];
	if (parser->gap(memory, &inspect->io, span->dir, span->gap) == PARSE_BAD)
		half->raw = true;
}

static void span_end(struct inspect *inspect, uint8_t dir)
{
	struct flow_state *state = inspect->state;

	if (state->ended[dir])
		return;
	give_up_probe(inspect, dir);
	state->ended[dir] = true;
	if (state->parser_state != 0) {
		const struct parser *parser = parsers[state->classify.parser - 1];
		parser->end(states_parser(inspect, state), &inspect->io, dir);
	}
	raw_close(inspect, dir, CLOSE_END);
}

static void apart_end(struct inspect *inspect, uint8_t dir)
{
	inspect->at_half = HALF_APART;
	if (inspect->state->apart_dir == dir)
		raw_close(inspect, dir, CLOSE_END);
}

/* Copies that contradict what was delivered are a text of their own as long as
 * each continues the one before. */
static void span_apart(struct inspect *inspect, const struct span *span)
{
	struct flow_state *state = inspect->state;

	inspect->at_half = HALF_APART;
	if (state->apart_dir != span->dir || state->apart_next != span->offset)
		raw_close(inspect, state->apart_dir, CLOSE_END);
	raw_bytes(inspect, span->dir, span->data);
	state->apart_dir = span->dir;
	state->apart_next = span->offset + span->data.len;
	if (state->ended[span->dir])
		raw_close(inspect, span->dir, CLOSE_END);
}

static void listed_payload(struct inspect *inspect, const struct span *span)
{
	struct flow_state *state = inspect->state;

	state->payload[span->dir] += span->data.len;
	if (state->listed == 0 || state->listed_told)
		return;
	if (state->payload[0] == 0 || state->payload[1] == 0)
		return;
	state->listed_told = true;
	tell_listed(inspect, state->listed - 1, 0, (struct bytes){0});
}

static void take_span(struct inspect *inspect, const struct span *span)
{
	inspect->at_half = span->dir;
	switch (span->kind) {
	case SPAN_DATA:
	case SPAN_DATAGRAM:
		listed_payload(inspect, span);
		span_bytes(inspect, span);
		break;
	case SPAN_CONFLICT:
		span_apart(inspect, span);
		break;
	case SPAN_GAP:
		span_gap(inspect, span);
		break;
	case SPAN_END:
		span_end(inspect, span->dir);
		apart_end(inspect, span->dir);
		break;
	}
}

static void set_flow(struct inspect *inspect, struct flow_table *table, uint32_t flow,
	const struct inspect_place *place)
{
	inspect->table = table;
	inspect->flow = flow_at(table, flow);
	inspect->flow_number = flow;
	inspect->place = place;
	inspect->io.client_dir = -1;
	inspect->name_len = 0;
	inspect->after_rst = false;
}

/* What was skipped since the last call; false: nothing. */
static bool book(struct inspect *inspect, int64_t skipped[static SKIP_REASON_COUNT])
{
	const struct unwrap_counters *unwrap = unwrap_counters(inspect->unwrap);
	uint64_t any = 0;

	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		any |= inspect->io.skipped[i] + unwrap->skipped[i] - inspect->booked[i];
	if (any == 0)
		return false;
	for (int i = 0; i < SKIP_REASON_COUNT; i++) {
		uint64_t sum = inspect->io.skipped[i] + unwrap->skipped[i];

		skipped[i] = (int64_t)(sum - inspect->booked[i]);
		inspect->booked[i] = sum;
	}
	return true;
}

static bool skip_span(
	const struct span *span, enum skip_reason reason, int64_t skipped[static SKIP_REASON_COUNT])
{
	memset(skipped, 0, sizeof(skipped[0]) * SKIP_REASON_COUNT);
	skipped[reason] = (int64_t)span->data.len;
	return span->data.len > 0;
}

/* The first datagram of a flow: nothing else will say who opened it. */
static void first_datagram(struct inspect *inspect, const struct span *span)
{
	const uint16_t said = FLOW_CLIENT_KNOWN | FLOW_ANSWERED;
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);
	int opener;

	if (inspect->flow->parse != 0 || span->kind != SPAN_DATAGRAM ||
		(inspect->flow->flags & said) != 0)
		return;
	opener = subject_opener(inspect->env.policy, key, span->dir);
	if (opener >= 0)
		flow_client_is(inspect->flow, (uint8_t)opener);
}

void inspect_meet(struct inspect *inspect, struct flow_table *table, uint32_t flow,
	const struct span *span, const struct inspect_place *place)
{
	set_flow(inspect, table, flow, place);
	inspect->state = NULL;
	if (inspect->flow->parse == 0 && span->data.len == 0)
		return; /* a flow that never carried payload has no state */
	first_datagram(inspect, span);
	inspect->state = states_of(inspect);
}

bool inspect_span(
	struct inspect *inspect, const struct span *span, int64_t skipped[static SKIP_REASON_COUNT])
{
	if (inspect->state == NULL)
		inspect_meet(inspect, inspect->table, inspect->flow_number, span, inspect->place);
	if (inspect->state == NULL)
		return skip_span(span, SKIP_PARSER_STATE, skipped);
	inspect->io.client_dir = -1;
	inspect->after_rst = span->after_rst;
	inspect->state->last = *inspect->place;
	if (inspect->state->subject.nobody || inspect->state->subject.level == LEVEL_NONE)
		return skip_span(span, SKIP_LEVEL, skipped);
	take_span(inspect, span);
	return book(inspect, skipped);
}

void inspect_at(struct inspect *inspect, struct flow_table *table, uint32_t flow)
{
	const struct flow_state *state = pool_at(&inspect->flows, flow_at(table, flow)->parse);

	set_flow(inspect, table, flow, &state->last);
	inspect->state = states_of(inspect);
}

void inspect_end(struct inspect *inspect, struct flow_table *table, uint32_t flow)
{
	SCRATCH int64_t ignored[SKIP_REASON_COUNT];
	struct flow_state *state;

	states_forget(inspect, flow_at(table, flow));
	if (flow_at(table, flow)->parse == 0)
		return;
	inspect_at(inspect, table, flow);
	state = inspect->state;
	if (state->listed != 0 && !state->listed_told)
		tell_listed(inspect, state->listed - 1, 0, (struct bytes){0});
	states_give(inspect, state);
	(void)book(inspect, ignored); /* bytes held back were booked when they came */
}
