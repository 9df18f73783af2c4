#include "stream/rig.h"

static void rig_note(
	struct rig_half *half, const char *open, const void *data, size_t len, const char *close)
{
	size_t need = strlen(open) + len + strlen(close);

	if (half->text_len + need >= RIG_TEXT)
		return;
	memcpy(half->text + half->text_len, open, strlen(open));
	memcpy(half->text + half->text_len + strlen(open), data, len);
	memcpy(half->text + half->text_len + strlen(open) + len, close, strlen(close) + 1);
	half->text_len += need;
}

static void rig_take(struct rig *rig, const struct span *span)
{
	struct rig_half *half = &rig->half[span->dir];
	char number[32] = "";

	rig->after_rst = span->after_rst;
	rig->last_dir = span->dir;
	switch (span->kind) {
	case SPAN_DATA:
		assert_int_equal(span->offset, half->end);
		assert_true(span->data.len > 0);
		if (half->end + span->data.len <= RIG_BYTES)
			memcpy(half->bytes + half->end, span->data.ptr, span->data.len);
		half->end += span->data.len;
		half->delivered += span->data.len;
		rig->lent_data += span->data.len;
		rig_note(half, "", span->data.ptr, span->data.len < 64 ? span->data.len : 0, "");
		break;
	case SPAN_GAP:
		assert_int_equal(span->offset, half->end);
		half->end += span->gap;
		half->missing += span->gap;
		half->jumps += span->gap == 0;
		snprintf(number, sizeof(number), "[%u]", (unsigned)span->gap);
		rig_note(half, number, "", 0, "");
		break;
	case SPAN_CONFLICT:
		assert_true(span->data.len > 0);
		half->conflict += span->data.len;
		rig->lent_conflict += span->data.len;
		rig_note(half, "{", span->data.ptr, span->data.len < 64 ? span->data.len : 0, "}");
		break;
	case SPAN_END:
		half->ends++;
		rig_note(half, "$", "", 0, "");
		break;
	case SPAN_DATAGRAM:
		rig->lent_data += span->data.len;
		rig_note(half, "<", span->data.ptr, span->data.len, ">");
		break;
	}
}

void rig_drain(struct rig *rig)
{
	const struct stream_counters *sum = stream_counters(rig->streams);
	uint64_t gap = 0;
	struct span span;

	while (stream_pull(rig->streams, &span))
		rig_take(rig, &span);
	assert_int_equal(rig->pushed, sum->delivered + sum->duplicate + sum->conflict +
					      sum->pending + sum->skipped_reassembly +
					      sum->skipped_conflict);
	assert_int_equal(rig->lent_data, sum->delivered);
	assert_int_equal(rig->lent_conflict, sum->conflict);
	gap = rig->half[0].missing + rig->half[1].missing;
	assert_int_equal(gap, sum->missing);
}

static void rig_ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct rig *rig = self;

	(void)due_ns;
	(void)evicted;
	stream_end(rig->streams, rig->table, flow);
	rig_drain(rig);
	stream_free(rig->streams, flow_at(rig->table, flow));
}

static void rig_hole_due(void *self, uint32_t flow, uint64_t due_ns)
{
	struct rig *rig = self;

	(void)due_ns;
	stream_hole_due(rig->streams, rig->table, flow);
	rig_drain(rig);
}

struct rig *rig_new_sized(uint32_t flows, uint32_t blocks)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	struct err err;
	struct flow_owner owner = {.ended = rig_ended, .hole_due = rig_hole_due, .self = rig};

	assert_non_null(rig);
	assert_true(
		arena_new(&rig->arena, flow_table_bytes(64) + streams_bytes(flows, blocks), &err));
	rig->table = flow_table_new(&rig->arena, 64, owner);
	rig->streams = streams_new(&rig->arena, flows, blocks);
	assert_non_null(rig->table);
	assert_non_null(rig->streams);
	for (int dir = 0; dir < 2; dir++) {
		rig->half[dir].bytes = calloc(1, RIG_BYTES);
		assert_non_null(rig->half[dir].bytes);
	}
	rig->now_ns = SECOND;
	return rig;
}

struct rig *rig_new(void)
{
	return rig_new_sized(16, 512);
}

void rig_end(struct rig *rig)
{
	flow_expire(rig->table, STAMP_END_NS);
	assert_int_equal(stream_counters(rig->streams)->pending, 0);
}

void rig_free(struct rig *rig)
{
	rig_end(rig);
	free(rig->half[0].bytes);
	free(rig->half[1].bytes);
	arena_free(&rig->arena);
	free(rig);
}

void rig_send(struct rig *rig, uint8_t dir, uint8_t flags, uint32_t seq, uint32_t ack,
	const void *data, uint32_t len, uint32_t wire)
{
	struct packet packet =
		dir == C ? lab_packet(&rig->lab, PROTO_TCP, 9, 40000, 3, 80, rig->now_ns)
			 : lab_packet(&rig->lab, PROTO_TCP, 3, 80, 9, 40000, rig->now_ns);
	uint8_t got;
	uint8_t *copy = len > 0 ? malloc(len) : NULL; /* dies after the pulls, as a frame does */

	if (len > 0)
		memcpy(copy, data, len);
	packet.tcp_flags = flags;
	packet.seq = seq;
	packet.ack = ack;
	packet.payload = copy;
	packet.payload_len = len;
	packet.payload_wire = wire;
	rig->flow = flow_touch(rig->table, &packet, 0, &got);
	assert_int_equal(got, dir);
	assert_int_not_equal(rig->flow, 0);
	rig->pushed += len;
	stream_push(rig->streams, rig->table, rig->flow, dir, &packet);
	rig_drain(rig);
	free(copy);
}

/* Text from the client, acknowledging nothing new. */
void rig_text(struct rig *rig, uint32_t seq, const char *text)
{
	rig_send(rig, C, TCP_ACK, seq, 501, text, (uint32_t)strlen(text), (uint32_t)strlen(text));
}

void rig_ack(struct rig *rig, uint32_t ack)
{
	rig_send(rig, S, TCP_ACK, 501, ack, NULL, 0, 0);
}

/* The client begins at isn + 1, the server at 501. */
void rig_open(struct rig *rig, uint32_t isn)
{
	rig_send(rig, C, TCP_SYN, isn, 0, NULL, 0, 0);
	rig_send(rig, S, TCP_SYN | TCP_ACK, 500, isn + 1, NULL, 0, 0);
	rig_send(rig, C, TCP_ACK, isn + 1, 501, NULL, 0, 0);
}

void rig_wait(struct rig *rig, uint64_t ns)
{
	rig->now_ns += ns;
	flow_expire(rig->table, rig->now_ns);
}
