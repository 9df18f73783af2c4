/* stream.h - the bytes of a direction in order, without copying where they come in order.
 *
 * A worker pushes a packet and pulls spans until there are none.  In-order
 * payload is lent in place; only out-of-order bytes are copied (pool of
 * STREAM_BLOCK, at most STREAM_KEEP_MAX a flow).  First copy wins.  The last
 * delivered segments are remembered as (sequence, length, CRC32C): a later
 * copy with the same borders and sum is a duplicate, another one is lent as
 * SPAN_CONFLICT, within a budget of STREAM_CONFLICT_MAX bytes a flow.
 * A hole is waited for FLOW_HOLE_NS of packet time (flow_hole), or 500 ms
 * after the receiver acknowledged past it, or until STREAM_KEEP_MAX; then a
 * SPAN_GAP names the missing bytes.  Where the beginning was not seen, the
 * first bytes are held the same way, until the receiver acknowledges, four
 * segments came in order, or the wait is over: a capture may be reordered.
 * Bytes that were never delivered but come late (behind a hole that was given up,
 * before an assumed beginning, far out of every window) are lent as SPAN_CONFLICT
 * too, free of the budget; four stray segments in order move the stream there.
 * SPAN_END follows a FIN that the receiver acknowledged, or stands at the end of the flow:
 * a forged FIN ends nothing, and what comes behind an END is lent as SPAN_CONFLICT.
 * Sequence numbers wrap; offsets are 64-bit from the first byte delivered.
 * A datagram (UDP, ICMP) is one SPAN_DATAGRAM in place. */
#ifndef SEKISHO_STREAM_STREAM_H
#define SEKISHO_STREAM_STREAM_H

#include "base/bytes.h"
#include "flow/flow.h"

#define STREAM_BLOCK 2048
#define STREAM_KEEP_MAX (256u << 10)
#define STREAM_CONFLICT_MAX (64u << 10)

enum span_kind {
	SPAN_DATA,     /* the next bytes of the direction */
	SPAN_GAP,      /* gap bytes are missing here */
	SPAN_END,      /* FIN reached, or the flow ends: no more bytes of this direction */
	SPAN_CONFLICT, /* a differing later copy of delivered bytes: scan raw, not in order */
	SPAN_DATAGRAM,
};

struct span {
	enum span_kind kind;
	uint8_t dir;
	bool after_rst;
	struct bytes data;
	uint64_t offset; /* of data in its direction */
	uint64_t gap;    /* SPAN_GAP: how many bytes; 0 = unknown (the stream went on elsewhere) */
};

struct stream_counters {    /* payload bytes pushed == */
	uint64_t delivered; /* in SPAN_DATA and SPAN_DATAGRAM */
	uint64_t duplicate;
	uint64_t conflict;           /* in SPAN_CONFLICT */
	uint64_t pending;            /* kept now; 0 at the end */
	uint64_t skipped_reassembly; /* could not be kept, or no room for the flow's state */
	uint64_t skipped_conflict;   /* beyond the budget */
	uint64_t missing;            /* beside it: bytes of gaps */
	uint64_t forced; /* holes given up early because the pool of blocks was empty: a quota */
};

struct streams;

size_t streams_bytes(uint32_t flows, uint32_t blocks);
struct streams *streams_new(struct arena *arena, uint32_t flows, uint32_t blocks);

/* The flow's state is asked for soon. */
void stream_prefetch(const struct streams *streams, const struct flow *flow);

/* The packet of that flow and direction, also without payload: it may acknowledge.
 * May call flow_hole(). */
void stream_push(struct streams *streams, struct flow_table *table, uint32_t flow, uint8_t dir,
	const struct packet *packet);
/* The wait for a hole is over: lends what stands behind it. */
void stream_hole_due(struct streams *streams, struct flow_table *table, uint32_t flow);
/* The flow ends: lends what is kept, then SPAN_END of both directions. */
void stream_end(struct streams *streams, struct flow_table *table, uint32_t flow);

/* The next span of what was just pushed; false: none left.  A span's data is
 * valid until the next call of this room. */
bool stream_pull(struct streams *streams, struct span *out);

/* After stream_end() and the last pull: the flow's state is freed. */
void stream_free(struct streams *streams, struct flow *flow);

/* Sums over all flows, and what the last push, hole_due or end added (pending may
 * have fallen: then it is 2^64 less), to book it to its subject. */
const struct stream_counters *stream_counters(struct streams *streams);
const struct stream_counters *stream_last(const struct streams *streams);

#endif
