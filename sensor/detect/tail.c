#include "detect/tail.h"

#include <assert.h>

#define IN_PLACE_MIN (2 * TAIL_KEEP)

static_assert(TAIL_SIZE >= 2 * TAIL_KEEP + 1, "a full tail makes progress");

enum end { END_OPEN, END_GAP, END_LAST };

const struct inspect_place *window_place(const struct window *window, size_t off)
{
	uint32_t i = window->marks - 1;

	while (i > 0 && window->mark[i].offset > window->base + off)
		i--;
	return &window->mark[i].place;
}

static void judge(struct window_sink sink, struct window window, enum end end)
{
	size_t len = window.buf.len;

	window.to = end != END_OPEN ? len : len > TAIL_RIGHT ? len - TAIL_RIGHT : 0;
	window.after_end = end == END_LAST;
	if (window.to > window.from)
		sink.scan(sink.self, &window);
}

static void judge_tail(struct window_sink sink, const struct tail *tail, enum end end)
{
	judge(sink,
		(struct window){.buf = bytes_of(tail->data, tail->len),
			.from = tail->from,
			.base = tail->base,
			.before_start = tail->at_start,
			.mark = tail->mark,
			.marks = tail->marks},
		end);
}

static void judge_run(struct window_sink sink, const struct tail_run *run, size_t from,
	bool at_start, enum end end)
{
	const struct tail_mark mark = {.offset = run->offset, .place = *run->place};

	judge(sink,
		(struct window){.buf = run->data,
			.from = from,
			.base = run->offset,
			.before_start = at_start,
			.mark = &mark,
			.marks = 1},
		end);
}

/* Judges a full tail and keeps the last TAIL_KEEP bytes of it. */
static void turn_over(struct tail *tail, struct window_sink sink)
{
	size_t drop = tail->len - TAIL_KEEP;

	judge_tail(sink, tail, END_OPEN);
	memmove(tail->data, tail->data + drop, TAIL_KEEP);
	tail->base += drop;
	tail->len = TAIL_KEEP;
	tail->from = TAIL_KEEP - TAIL_RIGHT;
	tail->at_start = 0;
}

static void keep_end(struct tail *tail, const struct tail_run *run, bool at_start)
{
	size_t keep = run->data.len < TAIL_KEEP ? run->data.len : TAIL_KEEP;

	memcpy(tail->data, run->data.ptr + run->data.len - keep, keep);
	tail->base = run->offset + (run->data.len - keep);
	tail->len = (uint16_t)keep;
	tail->from = keep > TAIL_RIGHT ? (uint16_t)(keep - TAIL_RIGHT) : 0;
	tail->at_start = at_start && keep == run->data.len;
	tail->mark[0] = (struct tail_mark){.offset = run->offset, .place = *run->place};
	tail->marks = 1;
}

/* The first run of a view, or any where no tail is free: in place, from its first byte. */
static void feed_first(
	struct pool *tails, uint32_t *id, const struct tail_run *run, struct window_sink sink)
{
	bool at_start = run->offset == 0;

	if (!run->last && run->data.len > 0)
		*id = pool_take(tails);
	judge_run(sink, run, 0, at_start, run->last || *id == 0 ? END_LAST : END_OPEN);
	if (*id != 0)
		keep_end(pool_at(tails, *id), run, at_start);
}

/* What comes next was seen there; of many packets the oldest are forgotten. */
static void add_mark(struct tail *tail, const struct tail_run *run)
{
	if (tail->marks > 0 && tail->mark[tail->marks - 1].place.frame == run->place->frame &&
		tail->mark[tail->marks - 1].place.source == run->place->source)
		return;
	if (tail->marks == TAIL_MARKS) {
		memmove(&tail->mark[0], &tail->mark[1], sizeof(tail->mark) - sizeof(tail->mark[0]));
		tail->marks--;
	}
	tail->mark[tail->marks++] = (struct tail_mark){.offset = run->offset, .place = *run->place};
}

/* True: all of data went into the tail, and there is room for more. */
static bool fill(struct tail *tail, struct bytes data, size_t *taken)
{
	size_t room = TAIL_SIZE - tail->len;
	size_t left = data.len - *taken;
	size_t n = left < room ? left : room;

	memcpy(tail->data + tail->len, data.ptr + *taken, n);
	tail->len = (uint16_t)(tail->len + n);
	*taken += n;
	return *taken == data.len && tail->len < TAIL_SIZE;
}

/* A run of some length: what is open in the tail is judged there, with the run's first
 * bytes behind it, and the rest of the run in place. */
static void feed_in_place(struct tail *tail, const struct tail_run *run, struct window_sink sink)
{
	if (tail->len > TAIL_SIZE - TAIL_KEEP)
		turn_over(tail, sink);
	add_mark(tail, run);
	memcpy(tail->data + tail->len, run->data.ptr, TAIL_KEEP);
	tail->len += TAIL_KEEP;
	judge_tail(sink, tail, END_OPEN);
	judge_run(sink, run, TAIL_LEFT, false, END_OPEN);
	keep_end(tail, run, false);
}

static void feed_tail(struct tail *tail, const struct tail_run *run, struct window_sink sink)
{
	size_t taken = 0;

	if (run->data.len >= IN_PLACE_MIN) {
		feed_in_place(tail, run, sink);
		return;
	}
	add_mark(tail, run);
	while (!fill(tail, run->data, &taken))
		turn_over(tail, sink);
}

void tail_feed(
	struct pool *tails, uint32_t *id, const struct tail_run *run, struct window_sink sink)
{
	if (*id == 0) {
		feed_first(tails, id, run, sink);
		return;
	}
	struct tail *tail = pool_at(tails, *id);

	if (tail->len == 0) /* behind a gap */
		tail->base = run->offset;
	if (run->data.len > 0)
		feed_tail(tail, run, sink);
	if (!run->last)
		return;
	judge_tail(sink, tail, END_LAST);
	pool_erase(tails, *id, SIZE_MAX);
	*id = 0;
}

void tail_gap(struct pool *tails, uint32_t *id, struct window_sink sink)
{
	if (*id == 0)
		return;
	struct tail *tail = pool_at(tails, *id);

	judge_tail(sink, tail, END_GAP);
	tail->base += tail->len;
	tail->len = 0;
	tail->from = 0;
	tail->at_start = 0;
	tail->marks = 0;
}

void tail_look(const struct pool *tails, uint32_t id, struct window_sink sink)
{
	judge_tail(sink, pool_at(tails, id), END_LAST);
}
