#include "detect/tail.h"

#include <assert.h>

static_assert(TAIL_SIZE >= 2 * TAIL_KEEP + 1, "a full tail makes progress");

enum end { END_OPEN, END_GAP, END_LAST };

static void judge(struct window_sink sink, struct bytes buf, size_t from, uint64_t base,
	bool at_start, enum end end)
{
	size_t to = end != END_OPEN ? buf.len : buf.len > TAIL_RIGHT ? buf.len - TAIL_RIGHT : 0;
	struct window window = {.buf = buf,
		.from = from,
		.to = to,
		.base = base,
		.before_start = at_start,
		.after_end = end == END_LAST};

	if (to > from)
		sink.scan(sink.self, &window);
}

/* Judges a full tail and keeps the last TAIL_KEEP bytes of it. */
static void turn_over(struct tail *tail, struct window_sink sink)
{
	size_t drop = tail->len - TAIL_KEEP;

	judge(sink, bytes_of(tail->data, tail->len), tail->from, tail->base, tail->at_start,
		END_OPEN);
	memmove(tail->data, tail->data + drop, TAIL_KEEP);
	tail->base += drop;
	tail->len = TAIL_KEEP;
	tail->from = TAIL_KEEP - TAIL_RIGHT;
	tail->at_start = 0;
}

static void keep_end(struct tail *tail, struct bytes run, uint64_t offset, bool at_start)
{
	size_t keep = run.len < TAIL_KEEP ? run.len : TAIL_KEEP;

	memcpy(tail->data, run.ptr + run.len - keep, keep);
	tail->base = offset + (run.len - keep);
	tail->len = (uint16_t)keep;
	tail->from = keep > TAIL_RIGHT ? (uint16_t)(keep - TAIL_RIGHT) : 0;
	tail->at_start = at_start && keep == run.len;
}

/* The first run of a view, or any where no tail is free: in place, from its first byte. */
static void feed_first(struct pool *tails, uint32_t *id, struct bytes data, uint64_t offset,
	bool last, struct window_sink sink)
{
	if (!last && data.len > 0)
		*id = pool_take(tails);
	judge(sink, data, 0, offset, offset == 0, last || *id == 0 ? END_LAST : END_OPEN);
	if (*id != 0)
		keep_end(pool_at(tails, *id), data, offset, offset == 0);
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

static void feed_tail(
	struct tail *tail, struct bytes data, uint64_t offset, struct window_sink sink)
{
	size_t taken = 0;

	while (!fill(tail, data, &taken)) {
		turn_over(tail, sink);
		if (taken < TAIL_KEEP || data.len - taken < TAIL_SIZE)
			continue;
		/* The tail's open places all lie in data itself now: go on in place. */
		judge(sink, data, taken - TAIL_RIGHT, offset, false, END_OPEN);
		keep_end(tail, data, offset, false);
		return;
	}
}

void tail_feed(struct pool *tails, uint32_t *id, struct bytes data, uint64_t offset, bool last,
	struct window_sink sink)
{
	if (*id == 0) {
		feed_first(tails, id, data, offset, last, sink);
		return;
	}
	struct tail *tail = pool_at(tails, *id);

	if (data.len > 0)
		feed_tail(tail, data, offset, sink);
	if (!last)
		return;
	judge(sink, bytes_of(tail->data, tail->len), tail->from, tail->base, tail->at_start,
		END_LAST);
	pool_give(tails, *id);
	*id = 0;
}

void tail_gap(struct pool *tails, uint32_t *id, struct window_sink sink)
{
	if (*id == 0)
		return;
	struct tail *tail = pool_at(tails, *id);

	judge(sink, bytes_of(tail->data, tail->len), tail->from, tail->base, tail->at_start,
		END_GAP);
	tail->base += tail->len;
	tail->len = 0;
	tail->from = 0;
	tail->at_start = 0;
}
