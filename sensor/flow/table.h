/* table.h - the inside of the flow table, for the files of this room only. */
#ifndef SEKISHO_FLOW_TABLE_H
#define SEKISHO_FLOW_TABLE_H

#include "base/prefetch.h"
#include "flow/flow.h"

#define BUCKET_SLOTS 8
#define CHAIN_MAX 16 /* buckets a flow may stand in, from its first */

/* One line. */
struct bucket {
	uint32_t signature[BUCKET_SLOTS]; /* low half of the hash */
	uint32_t flow[BUCKET_SLOTS];      /* 0 = free */
};

/* The second line of a flow. */
struct flow_cold {
	struct tuple key;
	struct pos first;
	uint32_t isn[2]; /* the second candidate of each direction */
};

/* Sequence numbers a direction may have begun with: flow.isn, and with two the cold one beside
 * it.  ISN_LOW: no SYN was seen, it is the lowest of all. */
enum isn_state { ISN_NONE = 0, ISN_ONE = 1, ISN_TWO = 2, ISN_LOW = 3 };

/* A flow is of one class of the first five, and in a wheel: that of its class, or an earlier
 * one with no longer idle time that it has outgrown; where it is met there, it moves on.  In
 * each wheel the idle time is one constant, so its order of due times is that of being idle. */
enum wheel_name {
	WHEEL_NONE,      /* of a free record */
	WHEEL_SYN,       /* TCP, unanswered, no payload */
	WHEEL_BARE_LONG, /* no payload, open TCP */
	WHEEL_BARE_SHORT,
	WHEEL_LONG, /* payload, open TCP */
	WHEEL_SHORT,
	WHEEL_HOLE, /* beside it, while a hole is waited for */
	WHEEL_COUNT
};

/* flow.state: 2 bits of enum isn_state for each direction, the wheel, the direction of the
 * first packet. */
#define STATE_WHEEL_SHIFT 4
#define STATE_WHEEL 0x70 /* 1..: 0 is a free record */
#define STATE_FIRST_DIR 0x80

struct link {
	uint64_t due_ns; /* armed for; the true due time may have moved on, never back */
	uint32_t next, prev;
};

/* Links of items 1..capacity, then of list heads. */
struct wheel {
	struct link *links;
	uint64_t *bits; /* slots that may hold items */
	uint64_t hand;  /* number (time >> shift) of the slot last opened; none stands before it */
	uint64_t idle_ns; /* 0: due times are given, not idle times */
	uint32_t ripe;    /* head of the list of the opened slot, in order of due time */
	uint32_t first;   /* head of slot 0 */
	uint32_t slots;   /* power of two, >= 64 */
	uint32_t shift;
	uint32_t count;
};

struct flow_table {
	struct flow *flows;
	struct flow_cold *cold;
	struct bucket *buckets;
	uint8_t *passed; /* by bucket: flows that stand in a later bucket for want of room here */
	struct link *links; /* of the idle wheels */
	struct link *hole_links;
	uint32_t bucket_mask;
	uint32_t capacity;
	uint32_t syn_share;
	uint32_t free_head; /* by flow.home */
	uint32_t fresh;     /* records above were never used */
	uint32_t count;
	uint32_t syn_count; /* flows of class WHEEL_SYN */
	uint64_t now_ns;
	uint64_t settled_ns; /* all that was due by then is served */
	uint64_t next_due;   /* lower bound of all due times */
	struct wheel wheels[WHEEL_COUNT];
	struct flow_owner owner;
	struct flow_counters counters;
};

/* table.c */
void table_end(struct flow_table *table, uint32_t flow, uint64_t due_ns, bool evicted);
enum wheel_name table_class(const struct flow *flow);

/* wheel.c */
uint32_t wheel_links(uint32_t capacity, bool holes);
size_t wheel_bits_bytes(void);
void wheels_init(struct flow_table *table, uint64_t *bits);
void wheel_arm(struct flow_table *table, struct wheel *wheel, uint32_t flow, uint64_t due_ns);
void wheel_unlink(struct wheel *wheel, uint32_t flow);
/* The earliest item whose true due time is <= now, or 0. */
uint32_t wheel_due(struct flow_table *table, struct wheel *wheel, uint64_t now_ns);
/* An item of the second that has been idle longest, or 0. */
uint32_t wheel_oldest(struct flow_table *table, struct wheel *wheel);
uint64_t wheel_bound(const struct wheel *wheel);
/* All of its lists are empty now. */
void wheel_reset(struct wheel *wheel);
/* What follows the item in its list ends soon: asks for the second flow behind it, and for the
 * bucket of the first, which was asked for before. */
void wheel_ahead(const struct flow_table *table, const struct link *links, uint32_t item);
/* Sorts a list (by next, ends with 0) by (due_ns, first.ord); returns its first. */
uint32_t wheel_sort(const struct flow_table *table, struct link *links, uint32_t first);

/* roles.c: what a TCP header says about who and when. */
bool roles_open_anew(const struct flow *flow, const struct flow_cold *cold, uint8_t dir,
	const struct packet *packet);
void roles_first(
	struct flow *flow, const struct tuple *key, uint8_t dir, const struct packet *packet);
void roles_update(
	struct flow *flow, struct flow_cold *cold, uint8_t dir, const struct packet *packet);

static inline struct wheel *flow_wheel(struct flow_table *table, uint32_t flow)
{
	return &table->wheels[(table->flows[flow].state & STATE_WHEEL) >> STATE_WHEEL_SHIFT];
}

static inline bool flow_is_syn(const struct flow *flow)
{
	uint16_t told = FLOW_TCP | FLOW_ANSWERED | FLOW_PAYLOAD_0 | FLOW_PAYLOAD_1;

	return (flow->flags & told) == FLOW_TCP;
}

static inline bool flow_closed(const struct flow *flow)
{
	uint16_t both = FLOW_FIN_0 | FLOW_FIN_1;

	return (flow->flags & FLOW_RST) != 0 || (flow->flags & both) == both;
}

#endif
