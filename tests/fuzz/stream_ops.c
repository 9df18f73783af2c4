/* Goal: any sequence of segments, acknowledgments and waits keeps the books of
 * the stream room.  Input: operations of 8 bytes, then the payloads are taken
 * from the input itself.  Checked after each: pushed == delivered + duplicate +
 * conflict + pending + skipped; the spans lent are what was counted; offsets
 * run on without a jump; nothing is pending at the end; no block leaks. */
#include <string.h>

#include "require.h"
#include "stream/stream.h"

#define OP_LEN 8
#define BLOCKS 12
#define FLOWS 2

struct fuzz {
	struct arena arena;
	struct flow_table *table;
	struct streams *streams;
	uint64_t now_ns, ord;
	uint64_t pushed, data, conflict, missing;
	uint64_t offset[4][2];
	bool over[4][2];
	uint8_t sum; /* every lent byte is read */
	uint32_t peer;
};

static void drain(struct fuzz *fuzz, uint32_t flow)
{
	const struct stream_counters *sum = stream_counters(fuzz->streams);
	uint32_t peer = flow_key(fuzz->table, flow)->src.b[15] & 3;
	struct span span;

	while (stream_pull(fuzz->streams, &span)) {
		uint64_t *offset = &fuzz->offset[peer][span.dir];

		for (size_t i = 0; i < span.data.len; i++)
			fuzz->sum ^= span.data.ptr[i];
		if (span.kind == SPAN_CONFLICT) {
			fuzz->conflict += span.data.len;
			continue;
		}
		require(span.offset == *offset);
		require(!fuzz->over[peer][span.dir]);
		*offset += span.kind == SPAN_GAP ? span.gap : span.data.len;
		fuzz->data += span.data.len;
		fuzz->missing += span.kind == SPAN_GAP ? span.gap : 0;
		fuzz->over[peer][span.dir] |= span.kind == SPAN_END;
	}
	require(sum->delivered == fuzz->data && sum->conflict == fuzz->conflict);
	require(sum->missing == fuzz->missing);
	require(fuzz->pushed == sum->delivered + sum->duplicate + sum->conflict + sum->pending +
					sum->skipped_reassembly + sum->skipped_conflict);
}

static void ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct fuzz *fuzz = self;
	uint32_t peer = flow_key(fuzz->table, flow)->src.b[15] & 3;

	(void)due_ns;
	(void)evicted;
	if (flow_key(fuzz->table, flow)->proto != PROTO_TCP)
		return;
	stream_end(fuzz->streams, fuzz->table, flow);
	drain(fuzz, flow);
	if (flow_at(fuzz->table, flow)->stream != 0)
		require(fuzz->over[peer][0] && fuzz->over[peer][1]);
	stream_free(fuzz->streams, flow_at(fuzz->table, flow));
	memset(fuzz->offset[peer], 0, sizeof(fuzz->offset[peer]));
	memset(fuzz->over[peer], 0, sizeof(fuzz->over[peer]));
}

static void hole_due(void *self, uint32_t flow, uint64_t due_ns)
{
	struct fuzz *fuzz = self;
	const struct flow *record = flow_at(fuzz->table, flow);

	stream_hole_due(fuzz->streams, fuzz->table, flow);
	if ((record->flags & FLOW_HOLE) != 0)
		require(flow_hole_due(fuzz->table, flow) > due_ns);
	drain(fuzz, flow);
}

static void push(
	struct fuzz *fuzz, const uint8_t op[static OP_LEN], const uint8_t *data, size_t size)
{
	uint8_t peer = op[0] & 3, dir, far = op[0] >> 2 & 1;
	uint32_t len = op[0] & 8 ? op[5] : (uint32_t)op[5] * 23;
	struct packet packet = {.pos = {.now_ns = fuzz->now_ns, .ord = ++fuzz->ord},
		.seq = (op[1] & 128 ? 0xffffff00u : 0) + (uint32_t)op[3] * (op[0] & 16 ? 1 : 97),
		.ack = (op[1] & 128 ? 0xffffff00u : 0) + (uint32_t)op[4] * 97,
		.tcp_flags = op[1] & 63,
		.tuple = {.src = addr_from4(peer), .dst = addr_from4(200), .proto = PROTO_TCP}};

	if (op[0] & 32)
		packet.seq += (uint32_t)op[6] << 24;
	if (len > size)
		len = (uint32_t)size;
	packet.payload = data;
	packet.payload_len = len;
	packet.payload_wire = len + (op[0] & 64 ? op[6] : 0);
	if (op[0] & 128)
		packet.tuple.proto = PROTO_UDP;
	if (far) {
		struct addr was = packet.tuple.src;

		packet.tuple.src = packet.tuple.dst;
		packet.tuple.dst = was;
		packet.flags = PACKET_SWAPPED; /* a peer is below 200 */
	}
	packet.hash = (uint64_t)peer << 32 | packet.tuple.proto;
	uint32_t flow = flow_touch(fuzz->table, &packet, 0, &dir);
	require(flow != 0);
	if (packet.tuple.proto == PROTO_UDP) { /* no order to follow */
		fuzz->data += len;
		fuzz->pushed += len;
		stream_push(fuzz->streams, fuzz->table, flow, dir, &packet);
		struct span span;
		require(stream_pull(fuzz->streams, &span) == (len > 0));
		require(!stream_pull(fuzz->streams, &span));
		return;
	}
	fuzz->pushed += len;
	stream_push(fuzz->streams, fuzz->table, flow, dir, &packet);
	drain(fuzz, flow);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {.now_ns = 1};
	struct flow_owner owner = {.ended = ended, .hole_due = hole_due, .self = &fuzz};
	struct err err;

	require(arena_new(&fuzz.arena, flow_table_bytes(64) + streams_bytes(FLOWS, BLOCKS), &err));
	fuzz.table = flow_table_new(&fuzz.arena, 64, owner);
	fuzz.streams = streams_new(&fuzz.arena, FLOWS, BLOCKS);
	require(fuzz.streams != NULL);
	for (size_t i = 0; i + OP_LEN <= size; i += OP_LEN) {
		const uint8_t *op = data + i;
		size_t from = op[7] & 1 ? i : 0; /* the same bytes again, or others */

		if (op[2] & 1)
			fuzz.now_ns += (uint64_t)op[2] << (op[7] & 31);
		push(&fuzz, op, data + from, size - from);
	}
	flow_expire(fuzz.table, STAMP_END_NS);
	require(stream_counters(fuzz.streams)->pending == 0);
	arena_free(&fuzz.arena);
	return 0;
}
