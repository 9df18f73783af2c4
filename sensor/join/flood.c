#include "join/flood.h"

#include <assert.h>
#include <string.h>

#define RATES 4096 /* direct-mapped: who forgets whom is up to a key */

struct flood_rate {
	uint64_t value, second;
	uint32_t count, zero;
};

struct floods {
	struct flood_rate rate[RATES];
	struct flood flood[FLOODS];
	uint32_t open;
};

size_t flood_bytes(void)
{
	return sizeof(struct floods) + 64;
}

void flood_new(struct join *join, struct arena *arena)
{
	join->floods = arena_take(arena, sizeof(*join->floods));
	assert(join->floods != NULL);
}

static uint64_t value_of(
	const struct join *join, const struct fact_flow *flow, const struct verdict *verdict)
{
	uint64_t parts[7] = {flow->key.tenant, (uint64_t)verdict->category};
	const struct addr *subject = flow->subject_end == 0 ? &flow->key.src : &flow->key.dst;
	const struct addr *remote = flow->subject_end == 0 ? &flow->key.dst : &flow->key.src;

	memcpy(&parts[2], subject, sizeof(*subject));
	memcpy(&parts[4], remote, sizeof(*remote));
	parts[6] = hash_sip13(&join->conf.key, verdict->technique, strlen(verdict->technique));
	uint64_t value = hash_sip13(&join->conf.key, parts, sizeof(parts));
	return value != 0 ? value : 1;
}

static struct flood *find(struct floods *floods, uint64_t value)
{
	for (uint32_t i = 0; floods->open > 0 && i < FLOODS; i++)
		if (floods->flood[i].value == value)
			return &floods->flood[i];
	return NULL;
}

static struct flood *free_one(struct floods *floods)
{
	for (uint32_t i = 0; i < FLOODS; i++)
		if (floods->flood[i].value == 0)
			return &floods->flood[i];
	return NULL;
}

static void start(struct flood *flood, uint64_t value, uint64_t due_ns)
{
	memset(flood, 0, offsetof(struct flood, set));
	flood->value = value;
	flood->due_ns = due_ns;
	card_set_start(&flood->set, FACT_DISTINCT_MAX);
}

struct flood *flood_of(
	struct join *join, const struct fact_flow *flow, const struct verdict *verdict)
{
	struct floods *floods = join->floods;
	uint64_t value = value_of(join, flow, verdict), second = join->now_ns / 1000000000u;
	struct flood_rate *rate = &floods->rate[value % RATES];
	struct flood *flood = find(floods, value);

	if (flood != NULL)
		return flood;
	if (rate->value != value || rate->second != second)
		*rate = (struct flood_rate){.value = value, .second = second};
	if (++rate->count <= FLOOD_RATE)
		return NULL;
	flood = free_one(floods);
	if (flood == NULL) {
		join->counters.floods_refused++;
		return NULL;
	}
	floods->open++;
	start(flood, value, join->now_ns + FLOOD_NS);
	return flood;
}

/* The surest is shown; of those the first. */
static void show(struct flood *flood, const struct fact *fact, const struct verdict *verdict)
{
	if (flood->alerts > 0 && verdict->confidence <= flood->verdict.confidence)
		return;
	flood->verdict = *verdict;
	memcpy(flood->shown, fact, fact->size);
}

static void add_alert(struct flood *flood, const struct fact_flow *flow, uint64_t finding_id)
{
	if (flood->alerts < FLOOD_SAMPLES)
		flood->sample[flood->alerts] = (struct flood_sample){.packet_ns = flow->packet_ns,
			.flow_id = flow->flow_id,
			.frame = flow->frame,
			.finding_id = finding_id};
	flood->alerts++;
	if (flow->packet_ns > flood->last_ns)
		flood->last_ns = flow->packet_ns;
}

static void add_cards(struct flood *flood, const struct fact_card cards[], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint64_t quick = cards[i].quick;
		flood->bits[quick % FLOOD_BITS / 64] |= UINT64_C(1) << (quick % 64);
		if (card_set_wants(&flood->set, quick))
			card_set_add(&flood->set, &cards[i]);
	}
}

void flood_finding(
	struct flood *flood, const struct fact_finding *finding, const struct verdict *verdict)
{
	show(flood, &finding->fact, verdict);
	add_alert(flood, &finding->flow, finding->finding_id);
	flood->messages += finding->part == 0;
	flood->count += finding->count;
	flood->estimated = flood->estimated || finding->estimated;
	if (finding->distinct > flood->distinct)
		flood->distinct = finding->distinct;
	add_cards(flood, finding->card, finding->card_cnt);
}

void flood_listed(
	struct flood *flood, const struct fact_listed *listed, const struct verdict *verdict)
{
	struct fact_listed *shown = (struct fact_listed *)(void *)flood->shown;
	uint64_t out = listed->bytes_out, in = listed->bytes_in;

	if (flood->alerts > 0) {
		out += shown->bytes_out;
		in += shown->bytes_in;
	}
	show(flood, &listed->fact, verdict);
	shown->bytes_out = out;
	shown->bytes_in = in;
	add_alert(flood, &listed->flow, listed->finding_id);
	flood->messages++;
}

void flood_more(struct flood *flood, const struct fact_more_cards *more)
{
	add_cards(flood, more->card, more->count);
}

/* What the shown finding says of cards is said of all that were folded. */
static void sum_up(const struct flood *flood, struct fact_finding *shown, uint32_t *slot)
{
	const struct fact_card *card;
	uint32_t bits = 0;

	shown->count = flood->count < UINT32_MAX ? (uint32_t)flood->count : UINT32_MAX;
	shown->estimated = flood->estimated || flood->set.over;
	shown->distinct = flood->set.count;
	for (uint32_t i = 0; flood->set.over && i < FLOOD_BITS / 64; i++)
		bits += (uint32_t)__builtin_popcountll(flood->bits[i]);
	uint32_t estimate = card_estimate(bits, FLOOD_BITS);
	if (estimate > shown->distinct)
		shown->distinct = estimate;
	if (flood->distinct > shown->distinct)
		shown->distinct = flood->distinct;
	shown->card_cnt = 0;
	while (shown->card_cnt < FACT_CARDS && (card = card_set_next(&flood->set, slot)) != NULL)
		shown->card[shown->card_cnt++] = *card;
}

static void send_more(struct join *join, const struct flood *flood,
	const struct fact_finding *shown, uint32_t slot)
{
	struct fact_more_cards more = {
		.finding_id = shown->finding_id, .part = (uint16_t)(shown->part + 1)};
	const struct fact_card *card = card_set_next(&flood->set, &slot);

	for (; card != NULL; more.part++) {
		for (more.count = 0; card != NULL && more.count < FACT_TOKENS;
			card = card_set_next(&flood->set, &slot))
			more.card[more.count++] = *card;
		alert_more_cards(join, shown, &flood->verdict, &more);
	}
}

static void tell(struct join *join, const struct flood *flood, uint8_t *copy)
{
	const struct fact *fact = (const void *)flood->shown;
	struct fact_finding *shown = (struct fact_finding *)(void *)copy;
	uint32_t slot = 0;

	if (fact->kind == FACT_LISTED) {
		alert_listed(join, (const void *)flood->shown, &flood->verdict, flood);
		return;
	}
	memcpy(copy, flood->shown, FACT_MAX);
	sum_up(flood, shown, &slot);
	alert_finding(join, shown, &flood->verdict, flood);
	send_more(join, flood, shown, slot);
}

static struct flood *first_due(struct floods *floods, uint64_t until_ns)
{
	struct flood *first = NULL;

	for (uint32_t i = 0; floods->open > 0 && i < FLOODS; i++) {
		struct flood *flood = &floods->flood[i];
		if (flood->value == 0 || flood->due_ns > until_ns)
			continue;
		if (first == NULL || flood->due_ns < first->due_ns ||
			(flood->due_ns == first->due_ns && flood->value < first->value))
			first = flood;
	}
	return first;
}

void flood_serve(struct join *join, uint64_t until_ns)
{
	struct flood *flood;

	while ((flood = first_due(join->floods, until_ns)) != NULL) {
		bool on = flood->alerts > FLOOD_RATE * (FLOOD_NS / 1000000000u);
		if (flood->alerts > 0)
			tell(join, flood, join->copy);
		if (on) {
			start(flood, flood->value, flood->due_ns + FLOOD_NS);
		} else {
			flood->value = 0;
			join->floods->open--;
		}
	}
}
