#include "base/prefetch.h"
#include "stream/state.h"

#include <assert.h>

/* One push, as its steps see it. */
struct push {
	struct streams *streams;
	const struct flow_table *table;
	struct stream *stream;
	uint32_t flow;
	uint64_t now_ns;
};

/* A stretch of a direction: what was captured, and what the headers say. */
struct segment {
	uint32_t seq;
	struct bytes data;
	uint32_t wire; /* >= data.len */
};

static void segment_skip(struct segment *segment, uint32_t len)
{
	segment->seq += len;
	segment->data = bytes_skip(segment->data, len);
	segment->wire -= len < segment->wire ? len : segment->wire;
}

size_t streams_bytes(uint32_t flows, uint32_t blocks)
{
	return (sizeof(struct streams) + 63) / 64 * 64 + pool_bytes(sizeof(struct stream), flows) +
	       pool_bytes(sizeof(struct block), blocks) + 64;
}

struct streams *streams_new(struct arena *arena, uint32_t flows, uint32_t blocks)
{
	struct streams *streams = arena_take(arena, sizeof(*streams));

	if (streams == NULL || !pool_new(&streams->flows, arena, sizeof(struct stream), flows) ||
		!pool_new(&streams->blocks, arena, sizeof(struct block), blocks))
		return NULL;
	return streams;
}

/* Lends a copy raw: beside the order, as far as the budget goes (what was never
 * delivered needs none: it is lent once for each time it came). */
static void lend_raw(struct push *push, uint8_t dir, uint32_t seq, struct bytes data, bool free)
{
	struct streams *streams = push->streams;
	const struct half *half = &push->stream->half[dir];
	uint32_t used = stream_conflict(push->stream);
	int64_t offset = (int64_t)half->offset + seq_diff(seq, half->next);
	int place = 0;

	if (data.len == 0)
		return;
	if (!free && used + data.len > STREAM_CONFLICT_MAX) {
		streams->last.skipped_conflict += data.len;
		return;
	}
	if (!free)
		stream_set_conflict(push->stream, used + (uint32_t)data.len);
	streams->last.conflict += data.len;
	while (place < RAW_MAX - 1 && streams->lanes[dir].raw[place].len > 0)
		place++;
	assert(streams->lanes[dir].raw[place].len == 0);
	streams->lanes[dir].raw[place] = data;
	streams->lanes[dir].raw_offset[place] = offset > 0 ? (uint64_t)offset : 0;
}

/* Decides to lend all kept bytes between two places, and the gaps. */
static void give_up(struct push *push, uint8_t dir, uint32_t from, uint32_t to, uint32_t block)
{
	const struct half *half = &push->stream->half[dir];
	struct stream_counters *last = &push->streams->last;
	uint32_t start, end;

	while (seq_diff(to, from) > 0) {
		if (!keep_find(push->streams, half, from, &block, &start, &end) ||
			seq_diff(start, to) >= 0) {
			last->missing += to - from;
			return;
		}
		if (seq_diff(end, to) > 0)
			end = to;
		last->missing += start - from;
		last->delivered += end - start;
		last->pending -= end - start;
		from = end;
	}
}

/* Decides to lend what is kept without a hole, and behind holes whose wait is over. */
static void extend(struct push *push, uint8_t dir, uint64_t now_ns)
{
	const struct half *half = &push->stream->half[dir];
	struct lane *lane = &push->streams->lanes[dir];
	uint32_t block = 0, start, end;

	while (keep_find(push->streams, half, lane->until, &block, &start, &end)) {
		struct block *b = pool_at(&push->streams->blocks, block);

		if (start != lane->until && b->due_ns > now_ns)
			return;
		give_up(push, dir, lane->until, end, block);
		lane->until = end;
		b->due_ns = b->last_ns + FLOW_HOLE_NS; /* for the next hole of this block */
	}
}

/* Where a direction begins is now taken as decided. */
static void anchor(struct push *push, uint8_t dir, uint32_t seq)
{
	struct half *half = &push->stream->half[dir];
	struct lane *lane = &push->streams->lanes[dir];

	half->flags |= HALF_ANCHORED;
	half->next = lane->give_up = lane->until = seq;
	half->chain_cnt = 0;
	if ((half->flags & HALF_FIN) != 0 && seq_diff(half->fin, seq) < 0)
		half->flags &= (uint8_t)~HALF_FIN;
}

/* What was not seen before the first byte may still come, late. */
static void anchor_lowest(struct push *push, uint8_t dir)
{
	struct half *half = &push->stream->half[dir];

	anchor(push, dir, half->next);
	remember_gap(half, BEHIND_MAX);
}

static bool known_start(const struct push *push, uint8_t dir, uint32_t *seq)
{
	uint32_t isn[2];

	if (flow_isn(push->table, push->flow, dir, isn) != 1)
		return false;
	*seq = isn[0] + 1;
	return true;
}

/* A handshake that came late tells where held bytes begin. */
static void try_anchor(struct push *push, uint8_t dir)
{
	const struct half *half = &push->stream->half[dir];
	uint32_t start;

	if ((half->flags & (HALF_SEEN | HALF_ANCHORED)) != HALF_SEEN ||
		!known_start(push, dir, &start))
		return;
	if (half->next - start < AHEAD_MAX)
		anchor(push, dir, start);
	else
		anchor_lowest(push, dir);
}

/* The receiver has what stands before ack: a hole in it was lost on the way to
 * us alone, and waiting long will not bring it. */
static void acked(struct push *push, uint8_t dir, uint32_t ack)
{
	struct half *half = &push->stream->half[dir];
	uint32_t block = 0, from, to;

	if ((half->flags & HALF_SEEN) == 0 || ack - half->next > AHEAD_MAX)
		return;
	if ((half->flags & HALF_FIN) != 0 && ack == half->fin + 1)
		half->flags |= HALF_FIN_ACKED;
	if (ack == half->next)
		return;
	if ((half->flags & HALF_ANCHORED) == 0)
		anchor_lowest(push, dir);
	else if (keep_find(push->streams, half, half->next, &block, &from, &to)) {
		struct block *b = pool_at(&push->streams->blocks, block);

		if (push->now_ns + FLOW_HOLE_ACKED_NS < b->due_ns)
			b->due_ns = push->now_ns + FLOW_HOLE_ACKED_NS;
	}
}

/* Follows segments that continue each other; true: enough of them to believe it. */
static bool chain(struct half *half, const struct segment *segment)
{
	if (half->chain_cnt == 0 || segment->seq != half->chain)
		half->chain_cnt = 0;
	half->chain = segment->seq + segment->wire;
	return ++half->chain_cnt >= CHAIN_PROVES;
}

/* Keeps what it can of a segment; the rest stays in *segment. */
static void keep_segment(struct push *push, uint8_t dir, struct segment *segment)
{
	struct half *half = &push->stream->half[dir];
	struct stream_counters *last = &push->streams->last;
	struct kept kept;

	keep(push->streams, push->stream, half, segment->seq, segment->data, push->now_ns, &kept);
	last->pending += kept.bytes;
	last->duplicate += kept.done - kept.bytes;
	if (kept.to > kept.from) {
		uint32_t to = kept.to < kept.done ? kept.to : kept.done;

		if (to > kept.from) {
			last->duplicate -= to - kept.from;
			lend_raw(push, dir, segment->seq + kept.from,
				bytes_of(segment->data.ptr + kept.from, to - kept.from), false);
		}
	}
	segment_skip(segment, kept.done);
}

/* Lends the segment, which stands at lane->until, up to the first kept byte. */
static void lend_in_place(struct push *push, uint8_t dir, struct segment *segment)
{
	struct lane *lane = &push->streams->lanes[dir];
	uint32_t block = 0, from, to, len = (uint32_t)segment->data.len;

	if (keep_find(push->streams, &push->stream->half[dir], segment->seq, &block, &from, &to) &&
		from - segment->seq < len)
		len = from - segment->seq;
	lane->in_place = bytes_head(segment->data, len);
	lane->until = segment->seq + len;
	push->streams->last.delivered += len;
	segment_skip(segment, len);
}

/* No room to keep it: the holes before it are given up. */
static void force(struct push *push, uint8_t dir, struct segment *segment)
{
	struct lane *lane = &push->streams->lanes[dir];

	if (push->stream->half[0].kept + push->stream->half[1].kept < (int)KEEP_BLOCKS_MAX)
		push->streams->last.forced++; /* not the flow's own limit */
	give_up(push, dir, lane->until, segment->seq, 0);
	lane->give_up = lane->until = segment->seq;
	lend_in_place(push, dir, segment);
	if (segment->data.len == 0)
		return;
	keep_segment(push, dir, segment);
	push->streams->last.skipped_reassembly += segment->data.len;
	segment_skip(segment, (uint32_t)segment->data.len);
}

/* A copy of bytes before next. */
static void take_old(struct push *push, uint8_t dir, uint32_t seq, struct bytes data)
{
	const struct half *half = &push->stream->half[dir];
	enum old_copy copy = remember_compare(half, seq, data);
	/* A keep-alive repeats the last byte, often as zero (RFC 9293 section 3.8.4). */
	bool alive = data.len == 1 && seq + 1 == half->next && copy != OLD_NEW;

	if (copy == OLD_SAME || alive)
		push->streams->last.duplicate += data.len;
	else
		lend_raw(push, dir, seq, data, copy == OLD_NEW);
}

/* A segment out of every window: lent raw; the fourth in a row is believed. */
static void take_stray(struct push *push, uint8_t dir, struct segment *segment)
{
	const struct half *half = &push->stream->half[dir];
	struct lane *lane = &push->streams->lanes[dir];
	uint32_t block = 0, from, to, end = half->next;

	if (!chain(&push->stream->half[dir], segment) || (half->flags & HALF_ENDED) != 0) {
		lend_raw(push, dir, segment->seq, segment->data, true);
		return;
	}
	while (keep_find(push->streams, half, end, &block, &from, &to))
		end = to;
	give_up(push, dir, half->next, end, 0);
	lane->give_up = end;
	lane->jump = true;
	lane->jump_to = segment->seq;
	lane->in_place = segment->data;
	lane->until = segment->seq + segment->wire;
	push->streams->last.delivered += segment->data.len;
	push->streams->last.missing += segment->wire - segment->data.len;
	push->stream->half[dir].chain_cnt = 0;
	push->stream->half[dir].flags &= (uint8_t) ~(HALF_FIN | HALF_FIN_ACKED);
}

/* From next on: in place, kept, or forced. */
static void take_ahead(struct push *push, uint8_t dir, struct segment *segment)
{
	struct half *half = &push->stream->half[dir];
	struct lane *lane = &push->streams->lanes[dir];
	uint32_t end = segment->seq + segment->wire;

	if ((half->flags & HALF_FIN) != 0 && seq_diff(end, half->fin) > 0)
		half->flags &= (uint8_t) ~(HALF_FIN | HALF_FIN_ACKED); /* it was none */
	if (segment->seq != lane->until) {
		keep_segment(push, dir, segment);
		if (segment->data.len == 0)
			return;
		force(push, dir, segment);
	} else {
		lend_in_place(push, dir, segment);
		if (segment->data.len > 0) {
			keep_segment(push, dir, segment);
			push->streams->last.skipped_reassembly += segment->data.len;
		}
	}
	/* What the capture cut off will not come. */
	if (segment->wire > segment->data.len && seq_diff(end, lane->until) > 0) {
		give_up(push, dir, lane->until, end, 0);
		lane->until = end;
	}
}

static void take_anchored(struct push *push, uint8_t dir, struct segment *segment)
{
	const struct half *half = &push->stream->half[dir];
	int32_t ahead = seq_diff(segment->seq, half->next);

	if (ahead >= (int32_t)AHEAD_MAX || ahead < -(int32_t)BEHIND_MAX) {
		take_stray(push, dir, segment);
		return;
	}
	if (ahead < 0) {
		uint32_t old = (uint32_t)-ahead;
		struct bytes copy = bytes_head(segment->data, old);

		if (copy.len > 0)
			take_old(push, dir, segment->seq, copy);
		if (old >= segment->wire)
			return;
		segment_skip(segment, old);
	}
	if ((half->flags & HALF_ENDED) != 0)
		lend_raw(push, dir, segment->seq, segment->data, true);
	else
		take_ahead(push, dir, segment);
}

/* Before the anchor all is held, the lowest first. */
static void take_held(struct push *push, uint8_t dir, struct segment *segment)
{
	struct half *half = &push->stream->half[dir];
	struct lane *lane = &push->streams->lanes[dir];
	int32_t ahead = seq_diff(segment->seq, half->next);
	bool proven;

	if (ahead >= (int32_t)AHEAD_MAX || ahead <= -(int32_t)AHEAD_MAX) {
		lend_raw(push, dir, segment->seq, segment->data, true);
		return;
	}
	proven = chain(half, segment);
	if (ahead < 0)
		half->next = segment->seq;
	lane->give_up = lane->until = half->next;
	keep_segment(push, dir, segment);
	if (segment->data.len > 0) {
		anchor_lowest(push, dir);
		force(push, dir, segment);
	} else if (proven)
		anchor_lowest(push, dir);
}

static void take_segment(struct push *push, uint8_t dir, struct segment *segment)
{
	struct half *half = &push->stream->half[dir];
	uint32_t start;

	if ((half->flags & HALF_SEEN) == 0) {
		half->flags |= HALF_SEEN;
		half->next = segment->seq;
		if (known_start(push, dir, &start))
			anchor(push, dir, start);
	}
	if ((half->flags & HALF_ANCHORED) != 0)
		take_anchored(push, dir, segment);
	else
		take_held(push, dir, segment);
}

static void take_fin(struct push *push, uint8_t dir, uint32_t seq)
{
	struct half *half = &push->stream->half[dir];

	if ((half->flags & HALF_SEEN) == 0 || (half->flags & (HALF_FIN | HALF_ENDED)) != 0)
		return;
	if (seq - push->streams->lanes[dir].until >= AHEAD_MAX)
		return;
	half->fin = seq;
	half->flags |= HALF_FIN;
}

/* What the last call came to joins the sums when the next one begins: adding what was just
 * written waits for it. */
static void total_add(struct streams *streams)
{
	const struct stream_counters *last = &streams->last;
	struct stream_counters *total = &streams->total;

	if (streams->added)
		return;
	streams->added = true;
	total->delivered += last->delivered;
	total->duplicate += last->duplicate;
	total->conflict += last->conflict;
	total->pending += last->pending;
	total->skipped_reassembly += last->skipped_reassembly;
	total->skipped_conflict += last->skipped_conflict;
	total->missing += last->missing;
	total->forced += last->forced;
}

/* Starts a call: what the last one did not take is gone. */
static void begin(struct streams *streams, struct stream *stream, const struct flow *record)
{
	struct span span;

	while (!streams->drained && stream_pull(streams, &span))
		;
	streams->drained = false;
	total_add(streams);
	streams->added = false;
	streams->last = (struct stream_counters){0};
	streams->stream = stream;
	streams->after_rst = (record->flags & FLOW_RST) != 0;
	if (stream == NULL)
		return;
	for (int dir = 0; dir < 2; dir++) {
		uint32_t next = stream->half[dir].next;

		streams->lanes[dir] = (struct lane){.give_up = next, .until = next};
	}
}

/* When the first hole of a direction, or its wait for a beginning, is over; 0: no wait. */
static uint64_t half_due(const struct streams *streams, const struct half *half, uint32_t until)
{
	uint32_t block = 0, from, to;

	if ((half->flags & HALF_ANCHORED) == 0)
		until = half->next;
	if (!keep_find(streams, half, until, &block, &from, &to))
		return 0;
	const struct block *b = pool_at(&streams->blocks, block);
	return b->due_ns;
}

static void settle(struct push *push, struct flow_table *table)
{
	struct streams *streams = push->streams;
	uint64_t due = 0;

	for (uint8_t dir = 0; dir < 2; dir++) {
		struct half *half = &push->stream->half[dir];
		struct lane *lane = &streams->lanes[dir];
		uint8_t over = HALF_FIN | HALF_FIN_ACKED;

		if ((half->flags & HALF_ANCHORED) != 0 && !lane->jump)
			extend(push, dir, push->now_ns);
		if ((half->flags & (over | HALF_ENDED)) == over && lane->until == half->fin) {
			half->flags |= HALF_ENDED;
			lane->end = true;
		}
		uint64_t mine = lane->jump ? 0 : half_due(streams, half, lane->until);
		if (mine != 0 && (due == 0 || mine < due))
			due = mine;
	}
	flow_hole(table, push->flow, due);
}

static void tcp_packet(
	struct push *push, struct flow_table *table, uint8_t dir, const struct packet *packet)
{
	struct segment segment = {.seq = packet->seq + ((packet->tcp_flags & TCP_SYN) != 0),
		.data = bytes_of(packet->payload, packet->payload_len),
		.wire = packet->payload_wire};
	uint32_t end = segment.seq + segment.wire;
	uint8_t other = (uint8_t)(1 - dir);

	try_anchor(push, 0);
	try_anchor(push, 1);
	if ((packet->tcp_flags & (TCP_ACK | TCP_RST)) == TCP_ACK)
		acked(push, other, packet->ack);
	if (segment.wire > 0)
		take_segment(push, dir, &segment);
	if ((packet->tcp_flags & (TCP_FIN | TCP_RST)) == TCP_FIN)
		take_fin(push, dir, end);
	push->streams->order[0] = other; /* what the packet acknowledges stands before it */
	push->streams->order[1] = dir;
	settle(push, table);
}

void stream_prefetch(const struct streams *streams, const struct flow *flow)
{
	const uint8_t *at = pool_at(&streams->flows, flow->stream);

	if (flow->stream == 0)
		return;
	prefetch_all(at, sizeof(struct stream));
}

void stream_push(struct streams *streams, struct flow_table *table, uint32_t flow, uint8_t dir,
	const struct packet *packet)
{
	struct flow *record = flow_at(table, flow);
	bool tcp = packet->tuple.proto == PROTO_TCP;

	if (tcp && record->stream == 0 && packet->payload_wire > 0) {
		record->stream = pool_take(&streams->flows);
		if (record->stream != 0)
			*(struct stream *)pool_at(&streams->flows, record->stream) =
				(struct stream){0};
	}
	struct stream *stream =
		record->stream != 0 ? pool_at(&streams->flows, record->stream) : NULL;
	begin(streams, stream, record);
	streams->dir = dir;
	if (stream != NULL) {
		struct push push = {.streams = streams,
			.table = table,
			.stream = stream,
			.flow = flow,
			.now_ns = packet->pos.now_ns};
		tcp_packet(&push, table, dir, packet);
		return;
	}
	if (tcp) {
		streams->last.skipped_reassembly = packet->payload_len;
	} else {
		streams->last.delivered = packet->payload_len;
		streams->datagram = bytes_of(packet->payload, packet->payload_len);
	}
}

/* At the end: what stands before a FIN that the receiver acknowledged and never came. */
static void miss_to_fin(struct push *push, uint8_t dir)
{
	const struct half *half = &push->stream->half[dir];
	struct lane *lane = &push->streams->lanes[dir];
	const uint8_t known = HALF_ANCHORED | HALF_FIN | HALF_FIN_ACKED;

	if ((half->flags & known) != known)
		return;
	extend(push, dir, push->now_ns);
	if (seq_diff(half->fin, lane->until) <= 0)
		return;
	give_up(push, dir, lane->until, half->fin, 0);
	lane->until = half->fin;
}

/* All that was due by then, or all there is. */
static void release(
	struct streams *streams, struct flow_table *table, uint32_t flow, uint64_t now_ns, bool end)
{
	const struct flow *record = flow_at(table, flow);
	struct stream *stream =
		record->stream != 0 ? pool_at(&streams->flows, record->stream) : NULL;
	struct push push = {.streams = streams,
		.table = table,
		.stream = stream,
		.flow = flow,
		.now_ns = now_ns};

	begin(streams, stream, record);
	if (stream == NULL)
		return;
	streams->order[0] = record->client_dir;
	streams->order[1] = (uint8_t)(1 - record->client_dir);
	for (uint8_t dir = 0; dir < 2; dir++) {
		struct half *half = &stream->half[dir];
		uint64_t due = half_due(streams, half, half->next);

		if ((half->flags & (HALF_SEEN | HALF_ANCHORED)) == HALF_SEEN &&
			(end || (due != 0 && due <= now_ns)))
			anchor_lowest(&push, dir);
		if (end && (half->flags & HALF_ENDED) == 0) {
			miss_to_fin(&push, dir);
			half->flags |= HALF_ENDED;
			streams->lanes[dir].end = true;
		}
	}
	settle(&push, table);
}

void stream_hole_due(struct streams *streams, struct flow_table *table, uint32_t flow)
{
	release(streams, table, flow, flow_hole_due(table, flow), false);
}

void stream_end(struct streams *streams, struct flow_table *table, uint32_t flow)
{
	release(streams, table, flow, UINT64_MAX, true);
}

void stream_free(struct streams *streams, struct flow *flow)
{
	struct stream *stream;

	if (flow->stream == 0)
		return;
	stream = pool_at(&streams->flows, flow->stream);
	if (streams->stream == stream)
		streams->stream = NULL;
	keep_drop(streams, &stream->half[0]);
	keep_drop(streams, &stream->half[1]);
	pool_give(&streams->flows, flow->stream);
	flow->stream = 0;
}

const struct stream_counters *stream_counters(struct streams *streams)
{
	total_add(streams);
	return &streams->total;
}

const struct stream_counters *stream_last(const struct streams *streams)
{
	return &streams->last;
}
