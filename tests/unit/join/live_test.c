/* Goal: live a worker that lags does not hold up what others tell, and what was
 * lost for want of room becomes an event.  Method: two rings, one of which
 * never says how far it is. */
#include "base/clock.h"
#include "fact/lost.h"
#include "fact/sums.h"
#include "join/rig.h"

#include <stdio.h>
#include <string.h>

#define RINGS 2

struct live {
	struct arena arena;
	struct spsc in[RINGS], out[RINGS];
	struct join *join;
};

static struct live live;

static int start(void **state)
{
	struct join_conf conf = rig_conf(RINGS);
	struct err err = {0};

	rig_start(state);
	conf.live = true;
	memset(&live, 0, sizeof(live));
	assert_true(arena_new(&live.arena, join_bytes(&conf) + RINGS * RIG_RING_ROOM, &err));
	for (int i = 0; i < RINGS; i++)
		rig_ring(&live.arena, &live.in[i], &live.out[i]);
	struct join_env env = {.policy = &rig.held.policy, .lists = &rig.set};
	live.join = join_new(&live.arena, &conf, &env, live.out, rig_sink());
	return 0;
}

static int stop(void **state)
{
	arena_free(&live.arena);
	return rig_stop(state);
}

static void mark(int ring, uint64_t ns, uint64_t ord)
{
	atomic_store(&live.in[ring].control->words[MARK_TIME], ns);
	atomic_store(&live.in[ring].control->words[MARK_ORD], ord);
}

static void frames(int ring, uint64_t ns)
{
	struct fact_frames *fact = spsc_reserve(&live.in[ring], sizeof(*fact));

	memset(fact, 0, sizeof(*fact));
	fact->fact = (struct fact){.stamp = {.time_ns = ns, .cls = STAMP_TIMER, .ord = UINT64_MAX},
		.kind = FACT_FRAMES,
		.size = sizeof(*fact)};
	fact->minute = ns / MINUTE_NS - 1;
	fact->frames = fact->decoded = 1;
	spsc_commit(&live.in[ring], sizeof(*fact));
}

static bool has(const char *text)
{
	for (uint32_t i = 0; i < rig.count; i++)
		if (strstr(rig.events[i], text) != NULL)
			return true;
	return false;
}

static void a_mark_is_waited_for_and_then_no_longer(void **state)
{
	uint64_t from = clock_boot_ns();

	(void)state;
	mark(0, 120 * S, 1);
	frames(0, 60 * S);
	assert_false(join_step(live.join));
	while (!join_step(live.join))
		assert_true(clock_boot_ns() - from < 60 * S);
	assert_true(clock_boot_ns() - from >= JOIN_LATE_NS);
	assert_int_equal(join_counters(live.join)->late, 1);
	frames(0, 120 * S); /* it lags still: nothing waits again */
	assert_true(join_step(live.join));
	assert_int_equal(join_counters(live.join)->late, 2);
	assert_true(has("\"late\":2"));
}

static void a_mark_in_time_is_not_late(void **state)
{
	(void)state;
	mark(0, 120 * S, 1);
	frames(0, 60 * S);
	assert_false(join_step(live.join));
	mark(1, 120 * S, 1);
	assert_true(join_step(live.join));
	assert_int_equal(join_counters(live.join)->late, 0);
	frames(0, 120 * S);
	assert_true(join_step(live.join));
	assert_false(has("late"));
}

static void what_a_late_ring_brings_is_taken_all_the_same(void **state)
{
	(void)state;
	mark(0, 240 * S, 1);
	frames(0, 180 * S);
	while (!join_step(live.join))
		continue;
	frames(1, 60 * S);
	mark(1, 240 * S, 1);
	assert_true(join_step(live.join));
	join_finish(live.join);
	assert_int_equal(join_counters(live.join)->imbalance, 0);
	assert_true(has("1970-01-01T00:00:00") && has("1970-01-01T00:02:00"));
}

static void facts_that_were_dropped_are_an_event_with_their_number(void **state)
{
	(void)state;
	atomic_store(&live.in[0].control->words[LOST_WORD + LOST_FINDINGS], 3);
	atomic_store(&live.in[1].control->words[LOST_WORD + LOST_FINDINGS], 4);
	atomic_store(&live.in[1].control->words[LOST_WORD + LOST_NAMES], 1);
	join_finish(live.join);
	assert_true(has("\"blind\":{\"cause\":\"findings-dropped\",\"n\":7}"));
	assert_true(has("\"blind\":{\"cause\":\"names-dropped\",\"n\":1}"));
	assert_false(has("values-dropped"));
	rig.count = 0;
	join_finish(live.join); /* told once */
	assert_false(has("blind"));
}

static void limits(int ring, uint64_t ns, uint64_t depth, uint64_t flows)
{
	struct fact_limits *fact = spsc_reserve(&live.in[ring], sizeof(*fact));

	memset(fact, 0, sizeof(*fact));
	fact->fact = (struct fact){.stamp = {.time_ns = ns, .cls = STAMP_TIMER, .ord = UINT64_MAX},
		.kind = FACT_LIMITS,
		.size = sizeof(*fact)};
	fact->minute = ns / MINUTE_NS - 1;
	fact->count[LIMIT_DEPTH] = depth;
	fact->count[LIMIT_FLOWS] = flows;
	spsc_commit(&live.in[ring], sizeof(*fact));
}

static void limits_of_workers_are_added_and_told_with_their_minute(void **state)
{
	(void)state;
	mark(0, 120 * S, 1);
	mark(1, 120 * S, 1);
	limits(0, 60 * S, 3, 0);
	limits(1, 60 * S, 4, 1);
	limits(1, 120 * S, 0, 2);
	while (join_step(live.join))
		continue;
	assert_true(
		has("\"timestamp\":\"1970-01-01T00:01:00.000000+0000\",\"event_type\":\"stats\""));
	assert_true(has("\"counters\":{\"depth_over\":7,\"flows_refused\":1}"));
	join_finish(live.join);
	assert_true(has("\"counters\":{\"flows_refused\":2}"));
	rig.count = 0;
	join_finish(live.join); /* told once */
	assert_false(has("stats"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_mark_is_waited_for_and_then_no_longer, start, stop),
		cmocka_unit_test_setup_teardown(a_mark_in_time_is_not_late, start, stop),
		cmocka_unit_test_setup_teardown(
			limits_of_workers_are_added_and_told_with_their_minute, start, stop),
		cmocka_unit_test_setup_teardown(
			what_a_late_ring_brings_is_taken_all_the_same, start, stop),
		cmocka_unit_test_setup_teardown(
			facts_that_were_dropped_are_an_event_with_their_number, start, stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
