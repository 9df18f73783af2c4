/* Goal: any sequence of packets, waits and holes leaves the flow table
 * consistent.  Input: operations of 6 bytes.  Checked: the books of flows, ends
 * in order of (due time, first packet) and never early, marks, every flow
 * visited once, and all gone at the end. */
#include <string.h>

#include "flow/flow.h"
#include "require.h"

#define CAPACITY 40
#define OP_LEN 6

struct fuzz {
	struct arena arena;
	struct flow_table *table;
	uint64_t now_ns, ord;
	uint64_t last_due, last_ord; /* of the end or hole told before, in one flow_expire() */
	uint64_t ended;
	uint32_t visited;
	bool expiring, all;
};

static void in_order(struct fuzz *fuzz, uint32_t flow, uint64_t due_ns)
{
	uint64_t first_ord = flow_first(fuzz->table, flow).ord;

	require(fuzz->all || due_ns <= fuzz->now_ns);
	require(due_ns > fuzz->last_due ||
		(due_ns == fuzz->last_due && first_ord >= fuzz->last_ord));
	fuzz->last_due = due_ns;
	fuzz->last_ord = first_ord;
}

static void ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct fuzz *fuzz = self;

	fuzz->ended++;
	require(!evicted || !fuzz->expiring);
	require(evicted || due_ns >= flow_at(fuzz->table, flow)->last_ns + FLOW_IDLE_SYN_NS);
	if (!evicted)
		in_order(fuzz, flow, due_ns);
}

static void hole_due(void *self, uint32_t flow, uint64_t due_ns)
{
	struct fuzz *fuzz = self;

	in_order(fuzz, flow, due_ns);
	if (due_ns % 3 == 0) /* another hole, in the past of a jump perhaps */
		flow_hole(fuzz->table, flow, due_ns + due_ns % 1000000007 + 1);
}

static void visit(void *self, uint32_t flow)
{
	struct fuzz *fuzz = self;

	require(flow_at(fuzz->table, flow)->last_ns <= fuzz->now_ns);
	fuzz->visited++;
}

static void expire(struct fuzz *fuzz, uint64_t now_ns)
{
	fuzz->expiring = true;
	fuzz->last_due = fuzz->last_ord = 0;
	flow_expire(fuzz->table, now_ns);
	fuzz->expiring = false;
	require(flow_next_due(fuzz->table) > fuzz->now_ns);
}

static void touch(struct fuzz *fuzz, const uint8_t op[static OP_LEN])
{
	struct packet packet = {.pos = {.now_ns = fuzz->now_ns, .ord = ++fuzz->ord},
		.wire_len = op[4],
		.payload_wire = op[2] & 3,
		.seq = (uint32_t)op[3] << 24 | op[4],
		.ack = (uint32_t)op[4] << 24 | op[5],
		.tcp_flags = op[2] >> 2,
		.tuple = {.src = addr_from4(op[1] & 7),
			.dst = addr_from4(op[1] >> 3 & 7),
			.sport = op[5] & 1,
			.dport = op[5] >> 1 & 1,
			.proto = op[1] & 64 ? PROTO_TCP : PROTO_UDP}};
	struct tuple key = packet.tuple;
	uint8_t dir;

	packet.flags = tuple_normalise(&key) ? PACKET_SWAPPED : 0;
	packet.hash = op[1] & 128 ? 5 : (uint64_t)(key.src.b[15] * 8 + key.dst.b[15]) << 32;
	fuzz->last_due = fuzz->last_ord = 0;
	uint32_t flow = flow_touch(fuzz->table, &packet, 0, &dir);
	if (flow == 0)
		return;
	require(memcmp(flow_key(fuzz->table, flow), &key, sizeof(key)) == 0);
	require(flow_at(fuzz->table, flow)->last_ns == fuzz->now_ns);
	if (op[5] & 4)
		flow_hole(fuzz->table, flow,
			op[5] & 8 ? 0 : fuzz->now_ns + 1 + ((uint64_t)op[5] << 23));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz fuzz = {.now_ns = 1};
	struct flow_owner owner = {.ended = ended, .hole_due = hole_due, .self = &fuzz};
	struct err err;

	require(arena_new(&fuzz.arena, flow_table_bytes(CAPACITY), &err));
	fuzz.table = flow_table_new(&fuzz.arena, CAPACITY, owner);
	for (size_t i = 0; i + OP_LEN <= size; i += OP_LEN) {
		const uint8_t *op = data + i;
		const struct flow_counters *counters = flow_table_counters(fuzz.table);

		if (op[0] & 1)
			fuzz.now_ns += (uint64_t)op[0] << (op[3] & 31);
		if ((op[0] & 14) == 14)
			expire(&fuzz, fuzz.now_ns);
		touch(&fuzz, op);
		fuzz.visited = 0;
		flow_each(fuzz.table, visit, &fuzz);
		require(fuzz.visited == flow_count(fuzz.table));
		require(counters->created == counters->ended + flow_count(fuzz.table));
		require(counters->ended == fuzz.ended);
	}
	expire(&fuzz, fuzz.now_ns);
	fuzz.all = true;
	expire(&fuzz, STAMP_END_NS);
	require(flow_count(fuzz.table) == 0);
	arena_free(&fuzz.arena);
	return 0;
}
