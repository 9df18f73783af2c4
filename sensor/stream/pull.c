#include "stream/state.h"

static struct bytes kept_bytes(
	const struct streams *streams, uint32_t block, uint32_t from, uint32_t len)
{
	const struct block *b = pool_at(&streams->blocks, block);

	return bytes_of(b->data + from % STREAM_BLOCK, len);
}

/* Remembers a run by the segments it came in. */
static void remember_run(struct half *half, const struct block *block, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t end = bits_find(block->starts, from + 1, to, true);
		bool starts = (block->starts[from / 64] >> from % 64 & 1) != 0;

		remember(half, bytes_of(block->data + from, end - from), !starts);
		from = end;
	}
}

static void advance(struct half *half, uint32_t len)
{
	half->next += len;
	half->offset += len;
}

/* The next kept run or gap before the limit. */
static bool pull_kept(struct streams *streams, struct half *half, uint32_t limit, struct span *out)
{
	uint32_t block = 0, from = 0, to = 0;

	if (seq_diff(limit, half->next) <= 0)
		return false;
	out->offset = half->offset;
	if (!keep_find(streams, half, half->next, &block, &from, &to) || seq_diff(from, limit) >= 0)
		from = limit;
	if (from != half->next) {
		out->kind = SPAN_GAP;
		out->gap = from - half->next;
		remember_gap(half, from - half->next);
		advance(half, from - half->next);
		return true;
	}
	if (seq_diff(to, limit) > 0)
		to = limit;
	out->kind = SPAN_DATA;
	out->data = kept_bytes(streams, block, from, to - from);
	remember_run(half, pool_at(&streams->blocks, block), from % STREAM_BLOCK,
		from % STREAM_BLOCK + (to - from));
	advance(half, to - from);
	return true;
}

static bool pull_raw(struct lane *lane, struct span *out)
{
	for (int i = 0; i < RAW_MAX; i++) {
		if (lane->raw[i].len == 0)
			continue;
		out->kind = SPAN_CONFLICT;
		out->data = lane->raw[i];
		out->offset = lane->raw_offset[i];
		lane->raw[i].len = 0;
		return true;
	}
	return false;
}

static bool pull_jump(struct half *half, struct lane *lane, struct span *out)
{
	if (!lane->jump)
		return false;
	lane->jump = false;
	out->kind = SPAN_GAP;
	out->gap = 0;
	out->offset = half->offset;
	remember_gap(half, lane->jump_to - half->next); /* back: longer than any old copy is */
	half->next = lane->jump_to;
	lane->give_up = lane->jump_to; /* done; and it may stand ahead of a jump back */
	return true;
}

static bool pull_in_place(struct half *half, struct lane *lane, struct span *out)
{
	if (lane->in_place.len == 0)
		return false;
	out->kind = SPAN_DATA;
	out->data = lane->in_place;
	out->offset = half->offset;
	lane->in_place.len = 0;
	remember(half, out->data, false);
	advance(half, (uint32_t)out->data.len);
	return true;
}

static bool pull_lane(struct streams *streams, uint8_t dir, struct span *out)
{
	struct half *half = &streams->stream->half[dir];
	struct lane *lane = &streams->lanes[dir];

	keep_release(streams, half);
	*out = (struct span){.dir = dir, .after_rst = streams->after_rst};
	if (pull_raw(lane, out))
		return true;
	if (pull_kept(streams, half, lane->give_up, out) || pull_jump(half, lane, out) ||
		pull_in_place(half, lane, out) || pull_kept(streams, half, lane->until, out))
		return true;
	if (!lane->end)
		return false;
	lane->end = false;
	out->kind = SPAN_END;
	out->offset = half->offset;
	return true;
}

bool stream_pull(struct streams *streams, struct span *out)
{
	if (streams->datagram.len > 0) {
		*out = (struct span){
			.kind = SPAN_DATAGRAM, .dir = streams->dir, .data = streams->datagram};
		streams->datagram.len = 0;
		return true;
	}
	if (streams->stream != NULL && (pull_lane(streams, streams->order[0], out) ||
					       pull_lane(streams, streams->order[1], out)))
		return true;
	streams->drained = true;
	return false;
}
