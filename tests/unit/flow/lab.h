/* lab.h - a flow table and packets for tests of this room. */
#ifndef SEKISHO_TEST_FLOW_LAB_H
#define SEKISHO_TEST_FLOW_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "flow/flow.h"

#define SECOND UINT64_C(1000000000)
#define LAB_ENDS_MAX 65536

/* What the table told its owner, in order. */
struct lab_end {
	uint64_t first_ord, due_ns;
	bool hole, evicted;
};

struct lab {
	struct arena arena;
	struct flow_table *table;
	uint64_t ord;
	uint32_t end_cnt;
	struct lab_end ends[LAB_ENDS_MAX];
};

static inline void lab_tell(
	struct lab *lab, uint32_t flow, uint64_t due_ns, bool hole, bool evicted)
{
	assert_true(lab->end_cnt < LAB_ENDS_MAX);
	lab->ends[lab->end_cnt++] =
		(struct lab_end){.first_ord = flow_first(lab->table, flow).ord,
			.due_ns = due_ns,
			.hole = hole,
			.evicted = evicted};
}

static inline void lab_ended(void *self, uint32_t flow, uint64_t due_ns, bool evicted)
{
	lab_tell(self, flow, due_ns, false, evicted);
}

static inline void lab_hole_due(void *self, uint32_t flow, uint64_t due_ns)
{
	lab_tell(self, flow, due_ns, true, false);
}

static inline struct lab *lab_new(uint32_t capacity)
{
	struct lab *lab = calloc(1, sizeof(*lab));
	struct err err;
	struct flow_owner owner = {.ended = lab_ended, .hole_due = lab_hole_due, .self = lab};

	assert_non_null(lab);
	assert_true(arena_new(&lab->arena, flow_table_bytes(capacity), &err));
	lab->table = flow_table_new(&lab->arena, capacity, owner);
	assert_non_null(lab->table);
	return lab;
}

static inline void lab_free(struct lab *lab)
{
	arena_free(&lab->arena);
	free(lab);
}

static inline uint64_t lab_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A packet from end src to end dst (IPv4 10.0.0.0 + number). */
static inline struct packet lab_packet(struct lab *lab, uint8_t proto, uint32_t src, uint16_t sport,
	uint32_t dst, uint16_t dport, uint64_t now_ns)
{
	static const struct hash_key key = {1, 2};
	struct packet packet = {.pos = {.now_ns = now_ns, .ord = ++lab->ord},
		.wire_len = 60,
		.tuple = {.src = addr_from4(0x0a000000 + src),
			.dst = addr_from4(0x0a000000 + dst),
			.sport = sport,
			.dport = dport,
			.proto = proto}};
	struct tuple tuple = packet.tuple;

	packet.flags = tuple_normalise(&tuple) ? PACKET_SWAPPED : 0;
	packet.hash = hash_sip13(&key, &tuple, sizeof(tuple));
	return packet;
}

#endif
