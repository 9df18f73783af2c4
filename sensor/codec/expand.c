#include "codec/expand.h"

#include <stdalign.h>

#include "codec/windowed.h"

#define ZSTD_HEAD_MIN 6

struct expander {
	const struct windowed *code;
	uint64_t in; /* bytes of earlier stages */
	uint64_t out;
	uint32_t at, fill;    /* next byte, and end, of the stage */
	enum inflate_rc stop; /* INFLATE_OK: it goes on */
	bool ready;           /* the stage is full or the last */
	bool more;            /* there is output without further input */
	uint8_t stage[INFLATE_STAGE];
	uint8_t block[INFLATE_BLOCK];
	alignas(64) uint8_t memory[WINDOWED_BYTES];
};

struct expanders {
	struct pool pool;
};

size_t expanders_bytes(uint32_t states)
{
	return sizeof(struct expanders) + pool_bytes(sizeof(struct expander), states) + 128;
}

struct expanders *expanders_new(struct arena *arena, uint32_t states)
{
	struct expanders *expanders = arena_take(arena, sizeof(*expanders));

	if (expanders == NULL ||
		!pool_new(&expanders->pool, arena, sizeof(struct expander), states))
		return NULL;
	return expanders;
}

bool expand_is_zstd(struct bytes head)
{
	/* The descriptor's reserved bit is zero. */
	return head.len >= ZSTD_HEAD_MIN && memcmp(head.ptr, "\x28\xb5\x2f\xfd", 4) == 0 &&
	       (head.ptr[4] & 0x08) == 0;
}

uint32_t expand_open(struct expanders *expanders, enum expand_kind kind)
{
	uint32_t id = pool_take(&expanders->pool);
	struct expander *expander;

	if (id == 0)
		return 0;
	expander = pool_at(&expanders->pool, id);
	memset(expander, 0, offsetof(struct expander, stage));
	expander->code = kind == EXPAND_BROTLI ? &windowed_brotli : &windowed_zstd;
	if (!expander->code->start(expander->memory)) {
		pool_give(&expanders->pool, id);
		return 0;
	}
	return id;
}

void expand_close(struct expanders *expanders, uint32_t state)
{
	struct expander *expander = pool_at(&expanders->pool, state);
	size_t shown = expander->out < INFLATE_BLOCK ? (size_t)expander->out : INFLATE_BLOCK;

	expander->code->stop(expander->memory);
	explicit_bzero(expander->stage, expander->in > 0 ? INFLATE_STAGE : expander->fill);
	explicit_bzero(expander->block, shown);
	pool_give(&expanders->pool, state);
}

struct bytes expand_rest(const struct expanders *expanders, uint32_t state)
{
	const struct expander *expander = pool_at(&expanders->pool, state);

	return bytes_of(expander->stage + expander->at, expander->fill - expander->at);
}

size_t expand_staged(const struct expanders *expanders, uint32_t state)
{
	const struct expander *expander = pool_at(&expanders->pool, state);

	return expander->fill;
}

static void take_input(struct expander *expander, struct bytes *in, bool last)
{
	size_t room, n;

	if (!expander->ready && expander->at == expander->fill) {
		expander->in += expander->fill;
		expander->at = expander->fill = 0;
	}
	room = INFLATE_STAGE - expander->fill;
	n = in->len < room ? in->len : room;
	if (!expander->ready && n > 0) {
		memcpy(expander->stage + expander->fill, in->ptr, n);
		expander->fill += (uint32_t)n;
		*in = bytes_skip(*in, n);
	}
	expander->ready |= expander->fill == INFLATE_STAGE || (last && in->len == 0);
}

/* Cuts a block at the limits. */
static size_t limit(struct expander *expander, size_t made)
{
	uint64_t in = expander->in + expander->at;
	bool bomb = false;

	if (expander->out + made > INFLATE_OUT_MAX) {
		made = (size_t)(INFLATE_OUT_MAX - expander->out);
		bomb = true;
	}
	expander->out += made;
	bomb |= expander->out > INFLATE_RATIO_FROM && expander->out > in * INFLATE_RATIO_MAX;
	if (bomb)
		expander->stop = INFLATE_BOMB;
	return made;
}

static size_t decode(struct expander *expander)
{
	struct bytes left = bytes_of(expander->stage + expander->at, expander->fill - expander->at);
	enum windowed_rc rc;
	size_t made = 0;

	if (left.len == 0 && !expander->more)
		return 0;
	rc = expander->code->step(expander->memory, &left, expander->block, INFLATE_BLOCK, &made);
	expander->at = expander->fill - (uint32_t)left.len;
	expander->more = rc == WINDOWED_OUTPUT;
	if (rc == WINDOWED_END)
		expander->stop = INFLATE_DONE;
	if (rc == WINDOWED_BROKEN) {
		expander->stop = INFLATE_ERROR;
		if (expander->out + made == 0 && expander->in == 0)
			expander->at = 0;
	}
	return limit(expander, made);
}

enum inflate_rc expand_step(
	struct expanders *expanders, uint32_t state, struct bytes *in, bool last, struct bytes *out)
{
	struct expander *expander = pool_at(&expanders->pool, state);
	size_t made;

	*out = bytes_of(expander->block, 0);
	while (expander->stop == INFLATE_OK) {
		take_input(expander, in, last);
		if (!expander->ready)
			return INFLATE_OK;
		made = decode(expander);
		if (made > 0) {
			*out = bytes_of(expander->block, made);
			return INFLATE_OK;
		}
		if (expander->stop != INFLATE_OK)
			break;
		expander->ready = false; /* the stage is used up */
		if (last && in->len == 0)
			expander->stop = INFLATE_DONE;
	}
	return expander->stop;
}
