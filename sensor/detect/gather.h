/* gather.h - the bytes of coded stretches that go on over the end of a run.
 *
 * A window (tail.h) is short; what is written in a coding may be long, and comes in runs cut
 * anywhere.  Where a stretch is open at the end of a window its bytes are gathered until it has
 * an end, or PEEL_STRETCH bytes of it are there, and looked into again: so what is found does
 * not depend on the cuts.
 * Bounded: GATHER_ROOM bytes for one view, from a pool (pool.refused counts: a quota; then the
 * stretch is left).  Threads: one worker's. */
#ifndef SEKISHO_DETECT_GATHER_H
#define SEKISHO_DETECT_GATHER_H

#include "detect/tail.h"
#include "pan/peel.h"

#define GATHER_ROOM (2 * PEEL_STRETCH)

struct gather {
	uint64_t base; /* offset of data[0] in the view */
	uint32_t len;
	struct peel_opens opens; /* offsets in data */
	struct tail_mark mark;   /* where its first byte was seen */
	uint8_t data[GATHER_ROOM];
};

/* Text out of a stretch that begins at that offset of the view. */
struct gather_sink {
	void *self;
	void (*text)(void *self, const struct peel_text *text, uint64_t offset,
		const struct tail_mark *mark);
};

/* Stretches are open at the end of a window; *id is the view's gather, 0: none yet.  Returns how
 * many of them it has no room for: more than PEEL_OPENS of one view, a limit. */
uint32_t gather_begin(struct pool *gathers, uint32_t *id, const struct window *window,
	const struct peel_opens *opens);
/* The next bytes of the view; those that are there already are passed over. */
void gather_put(struct pool *gathers, uint32_t *id, struct peeler *peeler, struct bytes data,
	uint64_t offset, struct gather_sink sink);
/* Nothing follows, or something is missing. */
void gather_end(struct pool *gathers, uint32_t *id, struct peeler *peeler, struct gather_sink sink);

#endif
