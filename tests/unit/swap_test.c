/* Goal: a swap is never lost on its way to the join, nor is a word of the control plane.
 * Method: an engine that is nothing but the capture thread's ring and a feed; the ring is
 * filled as if the join stood still, then read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine_state.h"

#define RING 16384u

static _Alignas(64) uint8_t memory[sizeof(struct spsc_control) + RING];
static uint32_t asked;

static const struct generation *next(void *self, struct pos at)
{
	(void)self;
	(void)at;
	asked++;
	return NULL;
}

static const char *refusal(void *self)
{
	(void)self;
	return "policy.yaml:3: no such thing";
}

static struct source *no_frames(void)
{
	static const uint8_t head[24] = {0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, [16] = 255, [20] = 1};
	const struct bytes part = bytes_of(head, sizeof(head));
	const char *name = "empty";
	struct err err = {0};

	return source_memory(&part, &name, 1, &err);
}

static void fill(struct emit *emit)
{
	while (emit_has_room(emit)) {
		struct fact *fact = emit_reserve(emit, FACT_LISTED, sizeof(struct fact_listed));
		assert_non_null(fact);
		emit_commit(emit, fact);
	}
}

/* How many facts of that kind were in it. */
static uint32_t drain(struct spsc *ring, enum fact_kind kind)
{
	const struct fact *fact;
	uint64_t position;
	uint32_t len, count = 0;

	while ((fact = spsc_next(ring, &len, &position)) != NULL)
		count += fact->kind == (uint32_t)kind;
	spsc_release(ring);
	return count;
}

static void nothing_is_asked_of_the_feed_while_the_ring_is_full(void **state)
{
	static const int never = 0;
	static struct engine engine;
	struct spsc reader;

	(void)state;
	spsc_format(memory, RING);
	engine.frames = (struct emit){.live = true, .stop = &never};
	assert_true(spsc_attach(&engine.frames.ring, memory, sizeof(memory), true));
	assert_true(spsc_attach(&reader, memory, sizeof(memory), false));
	engine.source = no_frames();
	assert_non_null(engine.source);
	engine.feed = (struct generation_feed){.next = next, .refusal = refusal};

	fill(&engine.frames);
	swap_try(&engine);
	assert_int_equal(asked, 0);
	assert_int_equal(drain(&reader, FACT_NOTE), 0);

	swap_try(&engine);
	assert_int_equal(asked, 1);
	assert_int_equal(drain(&reader, FACT_NOTE), 1);
	source_close(engine.source);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_is_asked_of_the_feed_while_the_ring_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
