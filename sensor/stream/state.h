/* state.h - the inside of the stream room: what is kept of a flow, and what a
 * push has decided to lend. */
#ifndef SEKISHO_STREAM_STATE_H
#define SEKISHO_STREAM_STATE_H

#include "stream/stream.h"

#define REMEMBER_MAX 8
#define BLOCK_WORDS (STREAM_BLOCK / 64)
#define KEEP_BLOCKS_MAX (STREAM_KEEP_MAX / STREAM_BLOCK)

/* A segment this far ahead of what was delivered is no part of the window; one
 * this far behind cannot be called old.  Both are strays. */
#define AHEAD_MAX (16u << 20)
#define BEHIND_MAX (UINT32_C(1) << 30)
/* Of a segment: what is old, what contradicts kept bytes before and after a force. */
#define RAW_MAX 3
#define CHAIN_PROVES 4 /* segments in order that show where the stream is */

/* Bytes that came out of order, by the bits of their sequence number: where in
 * a block a byte stands does not depend on who came first, so small segments
 * merge and none is moved. */
struct block {
	uint64_t due_ns;     /* when the hole before its first byte is given up */
	uint64_t last_ns;    /* last arrival */
	uint32_t next, prev; /* ring of the direction's blocks in order of base */
	uint32_t base;       /* sequence number, multiple of STREAM_BLOCK */
	uint32_t unused;
	uint64_t present[BLOCK_WORDS];
	uint64_t starts[BLOCK_WORDS]; /* first bytes of segments */
	uint8_t data[STREAM_BLOCK];
};

enum half_flag {
	HALF_SEEN = 1,
	HALF_ANCHORED = 2, /* where the direction begins is decided */
	HALF_FIN = 4,
	HALF_FIN_ACKED = 8,
	HALF_ENDED = 16, /* SPAN_END was lent */
};

/* One direction. */
struct half {
	uint64_t offset; /* of next */
	uint32_t next;   /* sequence number to be delivered; before the anchor: lowest kept */
	uint32_t first;  /* block, 0 = none */
	uint32_t fin;    /* sequence number of the FIN */
	uint32_t chain;  /* where the last stray, or before the anchor the last segment, ended */
	uint32_t crc[REMEMBER_MAX]; /* of the last delivered segments; of a gap: its length */
	uint16_t len[REMEMBER_MAX];
	uint8_t gaps;       /* bit i: entry i is a gap */
	uint8_t newest;     /* entry */
	uint8_t remembered; /* entries */
	uint8_t flags;      /* enum half_flag */
	uint8_t kept;       /* blocks */
	uint8_t chain_cnt;
	uint16_t conflict; /* half of a number: stream_conflict() */
};

struct stream {
	struct half half[2];
};

_Static_assert(sizeof(struct stream) <= 160, "memory of a flow with payload");

/* Bytes of the flow's conflict budget used. */
static inline uint32_t stream_conflict(const struct stream *stream)
{
	return (uint32_t)stream->half[1].conflict << 16 | stream->half[0].conflict;
}

static inline void stream_set_conflict(struct stream *stream, uint32_t used)
{
	stream->half[0].conflict = (uint16_t)used;
	stream->half[1].conflict = (uint16_t)(used >> 16);
}

/* What will be lent of a direction, in this order. */
struct lane {
	struct bytes raw[RAW_MAX]; /* later copies */
	uint64_t raw_offset[RAW_MAX];
	uint32_t give_up; /* kept bytes and gaps up to here */
	bool jump;        /* a gap of unknown length: next becomes jump_to */
	uint32_t jump_to;
	struct bytes in_place;
	uint32_t until; /* kept bytes and gaps up to here */
	bool end;
};

struct streams {
	struct pool flows, blocks;
	struct stream_counters total, last;
	struct stream *stream; /* of the last call, NULL: none */
	struct lane lanes[2];
	struct bytes datagram;
	uint8_t order[2]; /* directions as they are lent */
	uint8_t dir;      /* of the packet */
	bool after_rst;
	bool drained; /* the last pull found nothing */
	bool added;   /* last is part of total */
};

static inline int32_t seq_diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* keep.c */
struct kept {
	uint32_t bytes, duplicate; /* newly kept; were there, the same */
	uint32_t from, to;         /* of the segment: holds kept bytes that differ; not kept */
	uint32_t done;             /* of the segment; less than its length: no block to be had */
};
void keep(struct streams *streams, struct stream *stream, struct half *half, uint32_t seq,
	struct bytes data, uint64_t now_ns, struct kept *out);
/* The first kept byte at or behind seq, and the run from there in its block. */
bool keep_find(const struct streams *streams, const struct half *half, uint32_t seq,
	uint32_t *block, uint32_t *from, uint32_t *to);
/* Frees blocks without bytes from next on. */
void keep_release(struct streams *streams, struct half *half);
void keep_drop(struct streams *streams, struct half *half);
/* First bit of that value in [from, to), or to. */
uint32_t bits_find(const uint64_t *bits, uint32_t from, uint32_t to, bool value);

/* remember.c */
void remember(struct half *half, struct bytes data, bool continues);
void remember_gap(struct half *half, uint32_t len);
enum old_copy { OLD_SAME, OLD_DIFFERS, OLD_NEW };
/* A copy of bytes before next: all the same as remembered; not; or partly
 * never delivered. */
enum old_copy remember_compare(const struct half *half, uint32_t seq, struct bytes data);

#endif
