#include "join/join.h"

#include <assert.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "fact/control.h"
#include "join/flood.h"
#include "join/state.h"

struct name_row_size {
	struct addr client, address;
	uint64_t words[4];
};

size_t join_bytes(const struct join_conf *conf)
{
	return sizeof(struct join) + 2 * (SEEN_ROWS * sizeof(struct seen_row) + 64) +
	       rows_bytes(sizeof(struct name_row_size), conf->name_rows) +
	       rows_bytes(sizeof(struct contact_sum), conf->contact_rows) + flood_bytes() +
	       learn_bytes() + (size_t)CONTACT_NAME_SHARE * conf->contact_rows + 64 +
	       rows_bytes(sizeof(struct account_row), conf->coverage_rows) + 1024;
}

struct join *join_new(struct arena *arena, const struct join_conf *conf, const struct join_env *env,
	struct spsc rings[], struct event_sink sink)
{
	struct join *join = arena_take(arena, sizeof(*join));

	assert(join != NULL && conf->rings >= 1 && conf->rings <= JOIN_RINGS_MAX);
	join->conf = *conf;
	join->env = *env;
	join->rings = rings;
	join->sink = sink;
	join->values = arena_take(arena, SEEN_ROWS * sizeof(struct seen_row));
	join->destinations = arena_take(arena, SEEN_ROWS * sizeof(struct seen_row));
	assert(join->values != NULL && join->destinations != NULL);
	rows_new(&join->names, arena, sizeof(struct name_row_size), 48, conf->name_rows);
	rows_new(&join->contacts, arena, sizeof(struct contact_sum), sizeof(struct contact_key),
		conf->contact_rows);
	flood_new(join, arena);
	learn_new(join, arena);
	bool made = texts_new(&join->contact_names, arena, CONTACT_NAME_SHARE * conf->contact_rows);
	assert(made);
	rows_new(&join->coverage, arena, sizeof(struct account_row), sizeof(struct account_key),
		conf->coverage_rows);
	return join;
}

static void take_finding(struct join *join, const struct fact_finding *finding)
{
	struct verdict verdict;

	if ((finding->why & WHY_BIT(WHY_RULE_MATCH)) != 0)
		decide_rule(join, finding, &verdict);
	else
		decide_card(join, finding, &verdict);
	memcpy(join->last, finding, sizeof(join->last));
	join->last_verdict = verdict;
	join->last_flood = NULL;
	if (verdict.quiet)
		return;
	join->last_flood = flood_of(join, &finding->flow, &verdict);
	if (join->last_flood == NULL) {
		alert_finding(join, finding, &verdict, NULL);
		return;
	}
	flood_finding(join->last_flood, finding, &verdict);
	join->counters.folded++;
}

static void take_more_cards(struct join *join, const struct fact_more_cards *more)
{
	const struct fact_finding *last = (const struct fact_finding *)(const void *)join->last;

	if (join->last_verdict.quiet || last->finding_id != more->finding_id)
		return;
	if (join->last_flood != NULL)
		flood_more(join->last_flood, more);
	else
		alert_more_cards(join, last, &join->last_verdict, more);
}

static void take_listed(struct join *join, const struct fact_listed *listed)
{
	struct verdict verdict;

	decide_listed(join, listed, &verdict);
	if (verdict.quiet)
		return;
	struct flood *flood = flood_of(join, &listed->flow, &verdict);
	if (flood == NULL) {
		alert_listed(join, listed, &verdict, NULL);
		return;
	}
	flood_listed(flood, listed, &verdict);
	join->counters.folded++;
}

static void take_note(struct join *join, const struct fact_note *note)
{
	static const char *const states[] = {[NOTE_GENERATION_REFUSED] = "generation-refused",
		[NOTE_INTERFACE_DOWN] = "interface-down",
		[NOTE_INTERFACE_UP] = "interface-up"};

	join_health(join, states[note->note], &note->detail, note->fact.stamp.time_ns);
}

static bool is_fold(const struct fact *fact)
{
	return fact->kind == FACT_CONTACT || fact->kind == FACT_COVERAGE ||
	       fact->kind == FACT_LIMITS || fact->kind == FACT_FRAMES;
}

static void take_fact(struct join *join, const struct fact *fact)
{
	if (join->start_ns == 0)
		join->start_ns = fact->stamp.time_ns;
	/* All sums of a minute have one stamp: the first fact behind it closes the minute. */
	if (join->fold_open && (!is_fold(fact) || fact->stamp.time_ns != join->fold_ns)) {
		flood_serve(join, join->fold_ns);
		fold_flush(join);
	}
	if (fact->stamp.time_ns != STAMP_END_NS)
		flood_serve(join, fact->stamp.time_ns);
	if (is_fold(fact)) {
		join->fold_open = true;
		join->fold_ns = fact->stamp.time_ns;
	}
	if (fact->stamp.time_ns != STAMP_END_NS && fact->stamp.time_ns > join->now_ns)
		join->now_ns = fact->stamp.time_ns;
	switch ((enum fact_kind)fact->kind) {
	case FACT_FINDING:
		take_finding(join, (const struct fact_finding *)fact);
		break;
	case FACT_MORE_CARDS:
		take_more_cards(join, (const struct fact_more_cards *)fact);
		break;
	case FACT_NAME:
		learn_name(join, (const struct fact_name *)fact);
		break;
	case FACT_REPEAT:
		learn_values(join, (const struct fact_repeat *)fact);
		break;
	case FACT_CALLED:
		learn_called(join, (const struct fact_called *)fact);
		break;
	case FACT_CONTACT:
		fold_contact(join, (const struct fact_contact *)fact);
		break;
	case FACT_COVERAGE:
		fold_coverage(join, (const struct fact_coverage *)fact);
		break;
	case FACT_LIMITS:
		fold_limits(join, (const struct fact_limits *)fact);
		break;
	case FACT_FRAMES:
		fold_frames(join, (const struct fact_frames *)fact);
		break;
	case FACT_LISTED:
		take_listed(join, (const struct fact_listed *)fact);
		break;
	case FACT_SWAP:
		flood_serve(join, STAMP_END_NS); /* they name rows of the old generation */
		join->env =
			join->conf.env_of(join->conf.self, ((const struct fact_swap *)fact)->slot);
		join_health(join, "generation", NULL, fact->stamp.time_ns);
		join_prefixes(join, fact->stamp.time_ns);
		break;
	case FACT_NOTE:
		take_note(join, (const struct fact_note *)fact);
		break;
	case FACT_KIND_COUNT:
		break;
	}
	join->counters.facts++;
}

static uint64_t mark(const struct spsc *ring, enum mark_word word)
{
	return atomic_load_explicit(&ring->control->words[word], memory_order_acquire);
}

/* The marks are read before the ring is looked at: an empty ring then really
 * has nothing below them. */
struct marks {
	uint64_t time_ns, ord;
};

static bool is_below(const struct fact *fact, const struct marks *marks)
{
	const struct stamp *stamp = &fact->stamp;

	if (stamp->cls != STAMP_PACKET)
		return stamp->time_ns <= marks->time_ns;
	return stamp->time_ns < marks->time_ns || stamp->ord < marks->ord;
}

static void look(struct join *join, uint32_t ring, struct marks *marks)
{
	uint64_t position;
	uint32_t len;

	marks->time_ns = mark(&join->rings[ring], MARK_TIME);
	marks->ord = mark(&join->rings[ring], MARK_ORD);
	if (join->head[ring] == NULL)
		join->head[ring] = spsc_next(&join->rings[ring], &len, &position);
}

/* Live a mark is waited for so long; as long as it stays away, facts are taken as they
 * come, and what a late ring brings is out of its place. */
static bool waited_enough(struct join *join)
{
	if (!join->conf.live)
		return false;
	uint64_t now_ns = clock_boot_ns();
	if (join->waiting_since == 0)
		join->waiting_since = now_ns;
	if (now_ns - join->waiting_since < JOIN_LATE_NS)
		return false;
	join->counters.late++;
	return true;
}

/* The ring whose head comes first, or -1: an empty ring may still bring an earlier one. */
static int first_ring(struct join *join)
{
	struct marks marks[JOIN_RINGS_MAX];
	int first = -1;

	for (uint32_t i = 0; i < join->conf.rings; i++) {
		look(join, i, &marks[i]);
		if (join->head[i] == NULL)
			continue;
		if (first < 0 ||
			stamp_compare(&join->head[i]->stamp, &join->head[first]->stamp) < 0)
			first = (int)i;
	}
	for (uint32_t i = 0; first >= 0 && i < join->conf.rings; i++)
		if (join->head[i] == NULL && !is_below(join->head[first], &marks[i]))
			return waited_enough(join) ? first : -1;
	join->waiting_since = 0;
	return first;
}

/* The time that every ring has passed without a fact that waits; 0: one does. */
static uint64_t passed_ns(struct join *join)
{
	uint64_t passed = STAMP_END_NS;

	for (uint32_t i = 0; i < join->conf.rings; i++) {
		uint64_t time = mark(&join->rings[i], MARK_TIME);
		passed = time < passed ? time : passed;
		if (join->head[i] != NULL)
			return 0;
	}
	for (uint32_t i = 0; i < join->conf.rings; i++) {
		struct marks marks;
		look(join, i, &marks);
		if (join->head[i] != NULL)
			return 0;
	}
	return passed;
}

/* Live, when no fact comes: a minute that every ring has passed is told all the same, and
 * so is a flood. */
static void flush_by_marks(struct join *join)
{
	uint64_t passed = passed_ns(join);

	if (join->fold_open && passed > join->fold_ns) {
		flood_serve(join, join->fold_ns);
		fold_flush(join);
	}
	if (passed != STAMP_END_NS)
		flood_serve(join, passed);
}

bool join_step(struct join *join)
{
	int ring = first_ring(join);

	if (ring < 0) {
		flush_by_marks(join);
		return false;
	}
	take_fact(join, join->head[ring]);
	join->head[ring] = NULL;
	spsc_release(&join->rings[ring]);
	return true;
}

bool join_ended(struct join *join)
{
	for (uint32_t i = 0; i < join->conf.rings; i++) {
		struct marks marks;
		look(join, i, &marks);
		if (join->head[i] != NULL || marks.time_ns != STAMP_END_NS)
			return false;
	}
	return true;
}

void join_finish(struct join *join)
{
	struct timespec used;

	flood_serve(join, STAMP_END_NS);
	fold_finish(join);
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used) == 0)
		join->counters.busy_ns =
			(uint64_t)used.tv_sec * 1000000000u + (uint64_t)used.tv_nsec;
}

void join_health(
	struct join *join, const char *state, const struct masked *detail, uint64_t packet_ns)
{
	struct record record = {
		.packet_ns = packet_ns, .kind = EVENT_HEALTH, .event_class = EVENT_P0};
	struct json json;

	send_start(join, &json, "health", packet_ns);
	json_object(&json, "sekisho");
	json_text(&json, "state", state);
	if (detail != NULL)
		json_masked(&json, "detail", detail);
	send_generation(join, &json);
	json_bool(&json, "policy", policy_given(join->env.policy));
	send_run(join, &json);
	json_close(&json);
	send_event(join, &json, &record);
}

const struct join_counters *join_counters(const struct join *join)
{
	return &join->counters;
}
