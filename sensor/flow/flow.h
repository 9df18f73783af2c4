/* flow.h - both directions of one inner 5-tuple in one tenant.
 *
 * Owner: one worker.  From fixed pools, two cache lines a flow: struct flow, which is all
 * that most packets need, and what is asked for now and then (table.h: the 5-tuple, where
 * the flow began).
 * Holds ids of other rooms' state, never pointers.  Freed only by flow_table
 * itself: by due time (flow_expire), by a new connection on its 5-tuple, or by eviction of
 * the longest idle of its class (to the second) when full: unanswered TCP flows without
 * payload live in a share of 1/16 and go first, flows with payload go last.  Every end is
 * announced through struct flow_owner.
 *
 * Timers cost nothing per packet: flow_touch() writes last_ns, and a wheel of seconds of
 * packet time re-arms what was touched when it meets it.  A flow's due time is exact (its
 * last packet and an idle time), whenever and however often flow_expire() is called. */
#ifndef SEKISHO_FLOW_FLOW_H
#define SEKISHO_FLOW_FLOW_H

#include "base/arena.h"
#include "base/hash.h"
#include "decode/packet.h"

/* Idle times in packet time.  After FIN both ways or RST a flow lingers, so
 * that data behind a forged RST is still inspected. */
#define FLOW_IDLE_SYN_NS (30ull * 1000000000ull)
#define FLOW_IDLE_TCP_NS (600ull * 1000000000ull)
#define FLOW_IDLE_UDP_NS (60ull * 1000000000ull)
#define FLOW_LINGER_NS (60ull * 1000000000ull)
#define FLOW_HOLE_NS (2ull * 1000000000ull)      /* a hole in a stream is waited for */
#define FLOW_HOLE_ACKED_NS (500ull * 1000000ull) /* ... once its receiver has it */

enum flow_flag {
	FLOW_SYN_SEEN = 1, /* the initiator is known by handshake */
	FLOW_SYNACK_SEEN = 2,
	FLOW_CLIENT_KNOWN =
		4, /* client_dir is proven by handshake or protocol, not guessed by port */
	FLOW_FIN_0 = 8,
	FLOW_FIN_1 = 16,
	FLOW_RST = 32,
	FLOW_MIDSTREAM = 64,
	FLOW_PAYLOAD_0 = 128, /* payload seen from the key's first end */
	FLOW_PAYLOAD_1 = 256,
	FLOW_HOLE = 512,      /* stream waits for a hole (flow_hole) */
	FLOW_SPEAKS = 1024,   /* it told a finding, or will: its state is kept to the end */
	FLOW_ANSWERED = 2048, /* packets both ways */
	FLOW_FOLDED = 4096,   /* the worker's: its contact was counted before */
	FLOW_LATE_0 = 8192,   /* flow table's own: the second SYN of that direction came */
	FLOW_LATE_1 = 16384,  /* behind payload; a connection of its own? */
	FLOW_TCP = 32768,
};

/* 64 B, the first line.  Directions: 0 = from the key's first end, 1 = from its second. */
struct flow {
	uint64_t name[2];    /* flow table's own: of IPv4 the key, of IPv6 a hint at it */
	uint64_t last_ns;    /* now of the last packet */
	uint32_t packets[2]; /* since the last fold (contacts take and clear them) */
	uint32_t bytes[2];   /* wire bytes since the last fold */
	uint32_t isn[2];     /* flow table's own: see flow_isn() */
	uint32_t stream;     /* id in stream's pool, 0 = none */
	uint32_t parse;      /* id in the worker's flow state, 0 = none */
	uint32_t home;       /* flow table's own */
	uint16_t flags;      /* enum flow_flag */
	uint8_t client_dir;  /* direction whose packets the client sends: 0 or 1 */
	uint8_t state;       /* flow table's own */
};

struct flow_owner {
	/* The flow is about to be freed (its packets are over).  Called once; by
	 * flow_expire() in order of (due_ns, flow_first().ord), together with hole_due.
	 * evicted: not by time but by the packet at hand, which needs the room, or
	 * replaces it: it opens a new connection; due_ns is then that packet's now. */
	void (*ended)(void *self, uint32_t flow, uint64_t due_ns, bool evicted);
	/* The hole wait ended at due_ns; the flow lives on (FLOW_HOLE is already off). */
	void (*hole_due)(void *self, uint32_t flow, uint64_t due_ns);
	void *self;
};

struct flow_counters {
	uint64_t created, ended; /* created == ended + flow_count() */
	uint64_t evicted_syn, evicted_idle, evicted_payload;
	uint64_t replaced; /* by a new connection on the 5-tuple; these four are part of ended */
	uint64_t refused;  /* packets that got no flow: its buckets are full (a hash flood) */
	uint64_t spilled;  /* flows that stand beyond their first bucket, ever */
};

struct flow_table;

size_t flow_table_bytes(uint32_t capacity);
struct flow_table *flow_table_new(struct arena *arena, uint32_t capacity, struct flow_owner owner);

/* Three steps towards a packet that is touched soon; each asks memory for what the next one reads,
 * so they stand some packets apart.  flow_guess(): its likely flow by signature, 0 = none. */
void flow_expect(struct flow_table *table, uint64_t hash);
uint32_t flow_guess(struct flow_table *table, const struct packet *packet);
void flow_prefetch(const struct flow_table *table, const struct packet *packet, uint32_t likely);

/* The packet's flow, made if new; 0 if there is no room (counted).  likely: the guess
 * of flow_guess(), however old, or 0.  *dir: the
 * packet's direction.  Updates counters, flags, last_ns and client_dir.  Serves
 * first what is due by the packet's now.
 * A SYN on an old 5-tuple ends the old flow if that was closed (FIN both ways,
 * RST) and the SYN does not stand just before its data.  On an open flow with
 * payload its sequence is a candidate until the other side's SYN-ACK decides
 * for it (or, where only one side is seen, the next data do): that packet then
 * opens the new flow.  So neither a forged SYN nor a reversed capture cuts a flow. */
uint32_t flow_touch(
	struct flow_table *table, const struct packet *packet, uint32_t likely, uint8_t *dir);

struct flow *flow_at(struct flow_table *table, uint32_t flow);
/* The normalised 5-tuple: src is the key's first end (direction 0 sends from it). */
const struct tuple *flow_key(const struct flow_table *table, uint32_t flow);
/* Position of its first packet. */
struct pos flow_first(const struct flow_table *table, uint32_t flow);

/* Protocol has shown who the client is: sets FLOW_CLIENT_KNOWN. */
void flow_client_is(struct flow *flow, uint8_t dir);

/* The stream waits for a hole until due_ns (0: no longer). */
void flow_hole(struct flow_table *table, uint32_t flow, uint64_t due_ns);
/* The due time given last; in hole_due: the one that is over. */
uint64_t flow_hole_due(const struct flow_table *table, uint32_t flow);

/* Initial sequence numbers that direction may have: 0 unknown, 1 known, 2 SYNs
 * contradict and nobody has acknowledged one yet (CVE-2025-59147). */
uint32_t flow_isn(
	const struct flow_table *table, uint32_t flow, uint8_t dir, uint32_t isn[static 2]);

/* Serves every due time <= now_ns (STAMP_END_NS: ends all flows, in order of flow_first()). */
void flow_expire(struct flow_table *table, uint64_t now_ns);
/* Earliest due time not yet served, or STAMP_END_NS: no mark may pass it. */
uint64_t flow_next_due(const struct flow_table *table);

uint32_t flow_count(const struct flow_table *table);
/* Visits every flow once (the fold of contacts), in table order. */
void flow_each(struct flow_table *table, void (*visit)(void *self, uint32_t flow), void *self);
const struct flow_counters *flow_table_counters(const struct flow_table *table);

/* 53 bits: keyed hash of tenant, 5-tuple and time of the first packet. */
uint64_t flow_id(const struct hash_key *key, const struct tuple *tuple, uint64_t first_ns);

#define COMMUNITY_ID_MAX 32
/* Community ID v1, seed 0: "1:" and base64 of SHA-1, with NUL (corelight/community-id-spec). */
void flow_community_id(const struct tuple *tuple, char out[static COMMUNITY_ID_MAX]);

#endif
