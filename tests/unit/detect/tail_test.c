/* Goal: what a detector finds in a long view does not depend on where its runs
 * were cut.  Method: a toy detector marks every '#' with its surroundings; the
 * marks of every cutting must equal those of the whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "detect/tail.h"

#define VIEW_LEN 5000
#define MARKS_MAX 256

struct mark {
	uint64_t at;
	uint32_t around; /* a sum of the TAIL_LEFT bytes before and 128 after */
};

struct marks {
	struct mark mark[MARKS_MAX];
	size_t count;
	uint64_t judged; /* bytes in [from, to) of all windows */
};

static uint8_t view[VIEW_LEN];
static struct arena arena;
static struct pool tails;

static uint32_t around(const struct window *window, size_t at)
{
	size_t left = at > TAIL_LEFT ? at - TAIL_LEFT : 0;
	size_t right = at + 128 < window->buf.len ? at + 128 : window->buf.len;
	uint32_t sum = 0;

	for (size_t i = left; i < right; i++)
		sum = sum * 31 + window->buf.ptr[i];
	return sum;
}

static void scan(void *self, const struct window *window)
{
	struct marks *marks = self;

	assert_true(window->to <= window->buf.len && window->from < window->to);
	marks->judged += window->to - window->from;
	for (size_t i = window->from; i < window->to; i++) {
		if (window->buf.ptr[i] != '#')
			continue;
		assert_true(marks->count < MARKS_MAX);
		assert_true(window->after_end || window->buf.len - i >= 128);
		assert_true(window->before_start || i >= TAIL_LEFT);
		marks->mark[marks->count++] =
			(struct mark){.at = window->base + i, .around = around(window, i)};
	}
}

/* Bytes [from, to) of the view, in a frame whose number is where it begins. */
static void feed_run(uint32_t *id, size_t from, size_t to, bool last, struct window_sink sink)
{
	const struct inspect_place place = {.frame = from, .packet_ns = 1000 + from};
	const struct tail_run run = {.data = bytes_of(view + from, to - from),
		.offset = from,
		.place = &place,
		.last = last};

	tail_feed(&tails, id, &run, sink);
}

static void feed(struct marks *marks, const size_t cuts[], size_t count)
{
	struct window_sink sink = {.self = marks, .scan = scan};
	uint32_t id = 0;
	size_t at = 0;

	for (size_t i = 0; i <= count; i++) {
		size_t end = i < count ? cuts[i] : VIEW_LEN;
		feed_run(&id, at, end, i == count, sink);
		at = end;
	}
	assert_int_equal(id, 0);
	assert_int_equal(tails.used, 0);
	assert_int_equal(marks->judged, VIEW_LEN);
}

static void same(const struct marks *a, const struct marks *b)
{
	assert_int_equal(a->count, b->count);
	assert_memory_equal(a->mark, b->mark, a->count * sizeof(a->mark[0]));
}

static void whole(struct marks *marks)
{
	struct window window = {.buf = bytes_of(view, VIEW_LEN),
		.to = VIEW_LEN,
		.before_start = true,
		.after_end = true};

	*marks = (struct marks){.count = 0};
	scan(marks, &window);
}

static void every_cut_in_two_gives_the_same_marks(void **state)
{
	struct marks want, got;

	(void)state;
	whole(&want);
	for (size_t cut = 0; cut <= VIEW_LEN; cut++) {
		got = (struct marks){.count = 0};
		feed(&got, &cut, 1);
		same(&want, &got);
	}
}

/* At every length, so that a look meets every state of a tail. */
static void a_look_sees_what_waits_and_changes_nothing(void **state)
{
	struct marks want, got = {.count = 0}, looked;
	struct window_sink sink = {.self = &got, .scan = scan};
	struct window_sink look = {.self = &looked, .scan = scan};
	uint32_t id = 0;

	(void)state;
	whole(&want);
	for (size_t at = 0; at < VIEW_LEN; at += 7) {
		size_t end = at + 7 < VIEW_LEN ? at + 7 : VIEW_LEN;
		feed_run(&id, at, end, end == VIEW_LEN, sink);
		if (id == 0)
			break;
		looked = (struct marks){.count = 0};
		tail_look(&tails, id, look);
		assert_int_equal(got.judged + looked.judged, end);
	}
	assert_int_equal(got.judged, VIEW_LEN);
	same(&want, &got);
}

static void one_byte_runs_give_the_same_marks(void **state)
{
	static size_t cuts[VIEW_LEN - 1];
	struct marks want, got = {.count = 0};

	(void)state;
	for (size_t i = 0; i < VIEW_LEN - 1; i++)
		cuts[i] = i + 1;
	whole(&want);
	feed(&got, cuts, VIEW_LEN - 1);
	same(&want, &got);
}

static int by_size(const void *a, const void *b)
{
	size_t x = *(const size_t *)a, y = *(const size_t *)b;

	return x < y ? -1 : x > y;
}

static void random_cuts_give_the_same_marks(void **state)
{
	struct marks want, got;
	uint64_t seed = 20261121;

	(void)state;
	whole(&want);
	for (size_t round = 0; round < 3000; round++) {
		size_t cuts[40], count = round % 40;
		for (size_t i = 0; i < count; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			cuts[i] = (size_t)(seed >> 33) % (VIEW_LEN + 1);
		}
		qsort(cuts, count, sizeof(cuts[0]), by_size);
		got = (struct marks){.count = 0};
		feed(&got, cuts, count);
		same(&want, &got);
	}
}

static void scan_gap(void *self, const struct window *window)
{
	bool *start = self;

	assert_false(window->after_end && window->base == 0);
	*start = *start || (window->base > 0 && window->before_start);
}

static void bytes_behind_a_gap_do_not_begin_a_view(void **state)
{
	bool start = false;
	struct window_sink sink = {.self = &start, .scan = scan_gap};
	uint32_t id = 0;

	(void)state;
	feed_run(&id, 0, 700, false, sink);
	tail_gap(&tails, &id, sink);
	feed_run(&id, 900, 1600, true, sink);
	assert_false(start);
	assert_int_equal(tails.used, 0);
}

/* The frame of every '#', and that no later one is named than must be. */
struct places {
	const size_t *cuts;
	size_t count, hits, exact;
};

static void scan_places(void *self, const struct window *window)
{
	struct places *places = self;

	for (size_t i = window->from; i < window->to; i++) {
		size_t at = window->base + i, frame = 0;
		const struct inspect_place *place = window_place(window, i);
		for (size_t c = 0; c < places->count && places->cuts[c] <= at; c++)
			frame = places->cuts[c];
		assert_true(place->frame >= frame && place->frame <= at + TAIL_SIZE);
		assert_int_equal(place->packet_ns, 1000 + place->frame);
		places->hits++;
		places->exact += place->frame == frame;
	}
}

static void place_all(struct places *places)
{
	struct window_sink sink = {.self = places, .scan = scan_places};
	uint32_t id = 0;
	size_t at = 0;

	places->hits = places->exact = 0;
	for (size_t i = 0; i <= places->count; i++) {
		size_t end = i < places->count ? places->cuts[i] : VIEW_LEN;
		feed_run(&id, at, end, i == places->count, sink);
		at = end;
	}
	assert_int_equal(places->hits, VIEW_LEN);
}

static void a_place_is_that_of_the_run_that_held_the_byte(void **state)
{
	static const size_t packets[] = {1400, 1500, 1700, 3100, 4500, 4990};
	static size_t single[VIEW_LEN - 1];
	struct places places = {.cuts = packets, .count = 6};

	(void)state;
	place_all(&places);
	assert_int_equal(places.exact, VIEW_LEN);
	for (size_t cut = 1; cut < VIEW_LEN; cut++) {
		places = (struct places){.cuts = &cut, .count = 1};
		place_all(&places);
		assert_int_equal(places.exact, VIEW_LEN);
	}
	for (size_t i = 0; i < VIEW_LEN - 1; i++)
		single[i] = i + 1;
	places = (struct places){.cuts = single, .count = VIEW_LEN - 1};
	place_all(&places); /* a little later than it was, never sooner */
}

static void scan_bytes(void *self, const struct window *window)
{
	(void)self;
	for (size_t i = window->from; i < window->to; i++)
		assert_int_equal(window->buf.ptr[i], view[window->base + i]);
}

static void places_behind_a_gap_are_places_of_the_view(void **state)
{
	struct window_sink sink = {.scan = scan_bytes};
	uint32_t id = 0;

	(void)state;
	for (size_t len = 1; len < 2000; len += 37) {
		feed_run(&id, 0, len, false, sink);
		tail_gap(&tails, &id, sink);
		feed_run(&id, 2100, 2100 + len, false, sink);
		feed_run(&id, 2100 + len, 2800 + len, true, sink);
	}
}

static void count_only(void *self, const struct window *window)
{
	struct marks *marks = self;

	marks->judged += window->to - window->from;
}

static void without_a_tail_runs_are_judged_alone_and_it_is_counted(void **state)
{
	struct marks got = {.count = 0};
	struct window_sink sink = {.self = &got, .scan = count_only};
	uint32_t taken[64], count = 0, id = 0;

	(void)state;
	while ((taken[count] = pool_take(&tails)) != 0)
		count++;
	uint64_t refused = tails.refused;
	feed_run(&id, 0, 1000, false, sink);
	feed_run(&id, 1000, 2000, true, sink);
	assert_int_equal(got.judged, 2000);
	assert_true(tails.refused > refused);
	while (count > 0)
		pool_give(&tails, taken[--count]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_cut_in_two_gives_the_same_marks),
		cmocka_unit_test(a_look_sees_what_waits_and_changes_nothing),
		cmocka_unit_test(one_byte_runs_give_the_same_marks),
		cmocka_unit_test(random_cuts_give_the_same_marks),
		cmocka_unit_test(bytes_behind_a_gap_do_not_begin_a_view),
		cmocka_unit_test(a_place_is_that_of_the_run_that_held_the_byte),
		cmocka_unit_test(places_behind_a_gap_are_places_of_the_view),
		cmocka_unit_test(without_a_tail_runs_are_judged_alone_and_it_is_counted),
	};
	struct err err = {0};
	uint64_t seed = 7;

	for (size_t i = 0; i < VIEW_LEN; i++) {
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		view[i] = (seed >> 40) % 37 == 0 ? '#' : (uint8_t)('a' + (seed >> 33) % 26);
	}
	if (!arena_new(&arena, 1u << 20, &err) ||
		!pool_new(&tails, &arena, sizeof(struct tail), 32))
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
