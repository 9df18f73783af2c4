#include "stream/state.h"

#include <string.h>

static struct block *block_at(const struct streams *streams, uint32_t block)
{
	return pool_at(&streams->blocks, block);
}

uint32_t bits_find(const uint64_t *bits, uint32_t from, uint32_t to, bool value)
{
	while (from < to) {
		uint64_t word = value ? bits[from / 64] : ~bits[from / 64];

		word &= ~UINT64_C(0) << from % 64;
		if (word != 0) {
			uint32_t at = from / 64 * 64 + (uint32_t)__builtin_ctzll(word);
			return at < to ? at : to;
		}
		from = (from / 64 + 1) * 64;
	}
	return to;
}

static void bits_set(uint64_t *bits, uint32_t from, uint32_t to)
{
	while (from < to) {
		uint32_t end = (from / 64 + 1) * 64 < to ? (from / 64 + 1) * 64 : to;
		uint64_t word = ~UINT64_C(0) << from % 64;

		if (end % 64 != 0)
			word &= ~(~UINT64_C(0) << end % 64);
		bits[from / 64] |= word;
		from = end;
	}
}

/* The last block whose base is not behind this one, from the end: what comes
 * nearly in order is found at once, and a direction has few blocks.  0: none. */
static uint32_t block_before(const struct streams *streams, const struct half *half, uint32_t base)
{
	if (half->first == 0 || seq_diff(base, block_at(streams, half->first)->base) < 0)
		return 0;
	if (block_at(streams, half->first)->base == base)
		return half->first;
	uint32_t block = block_at(streams, half->first)->prev;
	while (seq_diff(base, block_at(streams, block)->base) < 0)
		block = block_at(streams, block)->prev;
	return block;
}

static struct block *block_find(
	const struct streams *streams, const struct half *half, uint32_t base)
{
	uint32_t block = block_before(streams, half, base);

	return block != 0 && block_at(streams, block)->base == base ? block_at(streams, block)
								    : NULL;
}

static void inherit_due(struct block *block, const struct block *next)
{
	if (next->due_ns < block->due_ns)
		block->due_ns = next->due_ns;
}

static struct block *block_new(struct streams *streams, const struct stream *stream,
	struct half *half, uint32_t base, uint64_t now_ns)
{
	uint32_t before = block_before(streams, half, base);
	uint32_t item;

	if (stream->half[0].kept + stream->half[1].kept >= (int)KEEP_BLOCKS_MAX)
		return NULL;
	item = pool_take(&streams->blocks);
	if (item == 0)
		return NULL;
	struct block *block = block_at(streams, item);
	memset(block, 0, offsetof(struct block, data));
	block->base = base;
	block->due_ns = now_ns + FLOW_HOLE_NS;
	half->kept++;
	if (half->first == 0) {
		block->next = block->prev = half->first = item;
		return block;
	}
	uint32_t prev = before != 0 ? before : block_at(streams, half->first)->prev;
	block->prev = prev;
	block->next = block_at(streams, prev)->next;
	block_at(streams, block->next)->prev = item;
	block_at(streams, prev)->next = item;
	/* The hole behind it was opened before: its wait does not start anew. */
	if (before != prev || block->next != half->first)
		inherit_due(block, block_at(streams, block->next));
	if (before == 0)
		half->first = item;
	return block;
}

/* The part of a segment that lies in one block. */
struct piece {
	uint32_t base, from, to; /* in the block */
	const uint8_t *data;     /* of from */
	uint32_t at;             /* in the segment */
};

static bool piece_next(uint32_t seq, struct bytes data, struct piece *piece)
{
	uint32_t at = piece->data == NULL ? 0 : piece->at + (piece->to - piece->from);

	if (at >= data.len)
		return false;
	piece->at = at;
	piece->data = data.ptr + at;
	piece->from = (seq + at) % STREAM_BLOCK;
	piece->base = seq + at - piece->from;
	piece->to = STREAM_BLOCK;
	if (data.len - at < STREAM_BLOCK - piece->from)
		piece->to = piece->from + (uint32_t)(data.len - at);
	return true;
}

/* What of the segment is kept already: how much, from where to where, and
 * whether any of it differs. */
static bool overlap(const struct streams *streams, const struct half *half, uint32_t seq,
	struct bytes data, struct kept *out)
{
	struct piece piece = {0};
	bool differs = false;

	while (piece_next(seq, data, &piece)) {
		const struct block *block = block_find(streams, half, piece.base);
		uint32_t from = piece.from, to;

		if (block == NULL)
			continue;
		while ((from = bits_find(block->present, from, piece.to, true)) < piece.to) {
			to = bits_find(block->present, from, piece.to, false);
			if (out->duplicate == 0)
				out->from = piece.at + (from - piece.from);
			out->to = piece.at + (to - piece.from);
			out->duplicate += to - from;
			if (memcmp(block->data + from, piece.data + (from - piece.from),
				    to - from) != 0)
				differs = true;
			from = to;
		}
	}
	return differs;
}

static uint32_t fill(struct block *block, const struct piece *piece, uint32_t from, uint32_t to)
{
	uint32_t added = 0, end;

	while ((from = bits_find(block->present, from, to, false)) < to) {
		end = bits_find(block->present, from, to, true);
		memcpy(block->data + from, piece->data + (from - piece->from), end - from);
		bits_set(block->present, from, end);
		if (from != piece->from || piece->at == 0)
			bits_set(block->starts, from, from + 1);
		added += end - from;
		from = end;
	}
	return added;
}

void keep(struct streams *streams, struct stream *stream, struct half *half, uint32_t seq,
	struct bytes data, uint64_t now_ns, struct kept *out)
{
	struct piece piece = {0};

	*out = (struct kept){0};
	if (!overlap(streams, half, seq, data, out))
		out->from = out->to = 0;
	else
		out->duplicate = 0;
	while (piece_next(seq, data, &piece)) {
		uint32_t end = piece.at + (piece.to - piece.from);
		/* From here to there the segment contradicts what is kept. */
		uint32_t skip = out->from > piece.at ? out->from : piece.at;
		uint32_t resume = out->to < end ? out->to : end;

		if (skip == piece.at && resume == end) {
			out->done = end;
			continue;
		}
		struct block *block = block_find(streams, half, piece.base);
		if (block == NULL)
			block = block_new(streams, stream, half, piece.base, now_ns);
		if (block == NULL)
			return;
		block->last_ns = now_ns;
		if (skip >= resume)
			out->bytes += fill(block, &piece, piece.from, piece.to);
		else {
			out->bytes +=
				fill(block, &piece, piece.from, piece.from + (skip - piece.at));
			out->bytes +=
				fill(block, &piece, piece.from + (resume - piece.at), piece.to);
		}
		out->done = end;
	}
}

bool keep_find(const struct streams *streams, const struct half *half, uint32_t seq,
	uint32_t *block, uint32_t *from, uint32_t *to)
{
	uint32_t at = *block != 0 ? *block : half->first;

	for (; at != 0;
		at = block_at(streams, at)->next == half->first ? 0 : block_at(streams, at)->next) {
		const struct block *b = block_at(streams, at);
		int32_t rel = seq_diff(seq, b->base);

		if (rel >= STREAM_BLOCK)
			continue;
		uint32_t found =
			bits_find(b->present, rel > 0 ? (uint32_t)rel : 0, STREAM_BLOCK, true);
		if (found == STREAM_BLOCK)
			continue;
		*block = at;
		*from = b->base + found;
		*to = b->base + bits_find(b->present, found, STREAM_BLOCK, false);
		return true;
	}
	return false;
}

static void drop_first(struct streams *streams, struct half *half)
{
	uint32_t item = half->first;
	const struct block *block = block_at(streams, item);

	half->first = block->next == item ? 0 : block->next;
	block_at(streams, block->next)->prev = block->prev;
	block_at(streams, block->prev)->next = block->next;
	half->kept--;
	pool_erase(&streams->blocks, item, SIZE_MAX);
}

void keep_release(struct streams *streams, struct half *half)
{
	while (half->first != 0) {
		const struct block *block = block_at(streams, half->first);
		int32_t rel = seq_diff(half->next, block->base);

		if (rel < STREAM_BLOCK && bits_find(block->present, rel > 0 ? (uint32_t)rel : 0,
						  STREAM_BLOCK, true) < STREAM_BLOCK)
			return;
		drop_first(streams, half);
	}
}

void keep_drop(struct streams *streams, struct half *half)
{
	while (half->first != 0)
		drop_first(streams, half);
}
