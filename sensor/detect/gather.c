#include "detect/gather.h"

#include "codec/coding.h"

/* A look is worth it where nothing in the last bytes seems coded, */
#define QUIET (4 * STRETCH_RIGHT)
/* or a whole piece is there. */
#define PIECE (PEEL_STRETCH + STRETCH_RIGHT)

struct asked {
	const struct gather *gather;
	struct gather_sink sink;
};

static void give_text(void *self, const struct peel_text *text)
{
	const struct asked *asked = self;

	asked->sink.text(
		asked->sink.self, text, asked->gather->base + text->off, &asked->gather->mark);
}

static size_t first_open(const struct peel_opens *opens)
{
	size_t first = SIZE_MAX;

	for (uint32_t i = 0; i < opens->count; i++)
		if (opens->open[i].off < first)
			first = opens->open[i].off;
	return first;
}

static size_t with_neighbours(size_t off)
{
	return off > STRETCH_LEFT ? off - STRETCH_LEFT : 0;
}

/* What begins before is of no use any more. */
static void drop_front(struct gather *gather)
{
	size_t drop = with_neighbours(first_open(&gather->opens));

	memmove(gather->data, gather->data + drop, gather->len - drop);
	explicit_bzero(gather->data + gather->len - drop, drop);
	gather->len -= (uint32_t)drop;
	gather->base += drop;
	for (uint32_t i = 0; i < gather->opens.count; i++)
		gather->opens.open[i].off -= drop;
}

/* Looks into all stretches; those that are still open stay. */
static void look(
	struct gather *gather, struct peeler *peeler, bool after_end, struct gather_sink sink)
{
	const struct peel_opens were = gather->opens;
	struct asked asked = {.gather = gather, .sink = sink};

	gather->opens.count = 0;
	for (uint32_t i = 0; i < were.count; i++)
		peel_open(peeler, bytes_of(gather->data, gather->len), &were.open[i], after_end,
			(struct peel_sink){.self = &asked, .text = give_text}, &gather->opens);
}

static void give_back(struct pool *gathers, uint32_t *id)
{
	pool_erase(gathers, *id, SIZE_MAX);
	*id = 0;
}

uint32_t gather_begin(struct pool *gathers, uint32_t *id, const struct window *window,
	const struct peel_opens *opens)
{
	size_t first = with_neighbours(first_open(opens));
	struct gather *gather;

	if (*id == 0) {
		*id = pool_take(gathers);
		if (*id == 0)
			return 0; /* the pool counts it */
		gather = pool_at(gathers, *id);
		gather->base = window->base + first;
		gather->len = (uint32_t)(window->buf.len - first);
		gather->opens.count = 0;
		gather->mark = (struct tail_mark){
			.offset = gather->base, .place = *window_place(window, first)};
		memcpy(gather->data, window->buf.ptr + first, gather->len);
	}
	gather = pool_at(gathers, *id);
	uint32_t i = 0;
	for (; i < opens->count && gather->opens.count < PEEL_OPENS; i++) {
		struct peel_open open = opens->open[i];
		open.off = (size_t)(window->base + open.off - gather->base);
		gather->opens.open[gather->opens.count++] = open;
	}
	return opens->count - i;
}

/* Looks if that may give anything; false: the gather was given back. */
static bool try_look(
	struct pool *gathers, uint32_t *id, struct peeler *peeler, struct gather_sink sink)
{
	struct gather *gather = pool_at(gathers, *id);
	struct bytes have = bytes_of(gather->data, gather->len);
	bool piece = gather->len - first_open(&gather->opens) >= PIECE;

	if (!piece &&
		(have.len < QUIET || peel_place(bytes_skip(have, have.len - QUIET), 0) < QUIET))
		return true;
	look(gather, peeler, false, sink);
	if (gather->opens.count == 0) {
		give_back(gathers, id);
		return false;
	}
	drop_front(gather);
	return true;
}

void gather_put(struct pool *gathers, uint32_t *id, struct peeler *peeler, struct bytes data,
	uint64_t offset, struct gather_sink sink)
{
	while (*id != 0) {
		struct gather *gather = pool_at(gathers, *id);
		uint64_t end = gather->base + gather->len;
		struct bytes rest = end > offset ? bytes_skip(data, end - offset) : data;
		size_t room = GATHER_ROOM - gather->len;
		if (rest.len == 0)
			return;
		size_t n = rest.len < room ? rest.len : room;
		memcpy(gather->data + gather->len, rest.ptr, n);
		gather->len += (uint32_t)n;
		if (!try_look(gathers, id, peeler, sink))
			return;
	}
}

void gather_end(struct pool *gathers, uint32_t *id, struct peeler *peeler, struct gather_sink sink)
{
	if (*id == 0)
		return;
	look(pool_at(gathers, *id), peeler, true, sink);
	give_back(gathers, id);
}
