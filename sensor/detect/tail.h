/* tail.h - windows over a long view, so that nothing found depends on cuts.
 *
 * A detector wants TAIL_LEFT bytes before a place and TAIL_RIGHT after it.
 * Runs are scanned in place; between runs the last bytes are kept in a tail of
 * at most TAIL_SIZE (pool).  Small runs only fill the tail: it is scanned when
 * it is full or the view ends, so one byte per segment stays linear.
 * Threads: the pool is one worker's; the sink is called in it. */
#ifndef SEKISHO_DETECT_TAIL_H
#define SEKISHO_DETECT_TAIL_H

#include "base/arena.h"
#include "base/bytes.h"

#define TAIL_SIZE 1024
#define TAIL_LEFT 128
#define TAIL_RIGHT 256
#define TAIL_KEEP (TAIL_LEFT + TAIL_RIGHT)

/* Where bytes were seen: never another flow's packet, or the number of workers would show. */
struct inspect_place {
	uint64_t packet_ns, frame;
	uint16_t source;
};

/* From that offset of a view on, bytes were seen there. */
struct tail_mark {
	uint64_t offset;
	struct inspect_place place;
};

/* Of a tail's last packets: what came before is taken for the first of them. */
#define TAIL_MARKS 4

/* Judge what begins in [from, to) of buf; the rest is neighbourhood. */
struct window {
	struct bytes buf;
	size_t from, to;
	uint64_t base;                /* offset of buf in the view */
	bool before_start;            /* nothing stands before buf in the view */
	bool after_end;               /* nothing stands after it */
	const struct tail_mark *mark; /* of buf, ascending */
	uint32_t marks;               /* >= 1 */
};

/* Where the byte at that offset of the window was seen. */
const struct inspect_place *window_place(const struct window *window, size_t off);

struct tail_run {
	struct bytes data;
	uint64_t offset;
	const struct inspect_place *place;
	bool last;
};

struct window_sink {
	void *self;
	void (*scan)(void *self, const struct window *window);
};

struct tail {
	uint64_t base; /* offset of data[0] in the view */
	uint16_t len;
	uint16_t from;    /* what begins before was judged */
	uint8_t at_start; /* data[0] is the first byte of the view */
	uint8_t marks;
	uint8_t waits;  /* look.c: it will be looked at, */
	uint8_t looked; /* and has been, with something found */
	struct tail_mark mark[TAIL_MARKS];
	uint8_t data[TAIL_SIZE];
};

/* The next bytes of a view; *id is its tail (0 = none yet).  run->last: the view ends
 * with them, *id is given back.  Where no tail is free the run is scanned
 * alone (pool.refused counts: a quota). */
void tail_feed(
	struct pool *tails, uint32_t *id, const struct tail_run *run, struct window_sink sink);
/* Bytes are missing behind what was fed: what is kept is judged, what follows begins anew
 * (not at a start). */
void tail_gap(struct pool *tails, uint32_t *id, struct window_sink sink);

/* Judges what is kept as if nothing came behind it, and keeps it: it is judged again. */
void tail_look(const struct pool *tails, uint32_t id, struct window_sink sink);

#endif
