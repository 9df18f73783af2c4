/* peel.h - takes codings off, privately, where a card number may stand inside them.
 *
 * In:    a window of a view: any bytes.
 * Out:   every text that comes out of a coding of codec/coding.def that stands somewhere in the
 *        window, and of codings inside that, to PEEL_DEPTH; one after another, each with the
 *        codings that were taken off.  Nobody else sees these texts, nothing of them is kept.
 * A stretch longer than PEEL_STRETCH is taken in pieces that overlap by PEEL_OVERLAP; pieces
 *        count from its own beginning, so nothing depends on where windows end.  One that goes
 *        on behind the window is told as open: its owner gathers what follows (detect/gather.h)
 *        and asks again by peel_open().
 * Bounds: bytes that come out: PEEL_FREE, and PEEL_TIMES those of the window; then the rest of
 *        the window is left as it is, and counted.
 * Threads: a peeler is one worker's; the sink is called in it.  No allocation after peeler_new. */
#ifndef SEKISHO_PAN_PEEL_H
#define SEKISHO_PAN_PEEL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "codec/layer.h"

#define PEEL_DEPTH 5 /* three, and how a record writes its fields and its number */
#define PEEL_STRETCH (16u << 10)
#define PEEL_OVERLAP (1u << 10)
#define PEEL_ROOM (64u << 10) /* bytes that come out of one stretch */
#define PEEL_FREE (256u << 10)
#define PEEL_TIMES 4
#define PEEL_OPENS 8 /* stretches that may be open at the end of a window */

struct peel_text {
	struct bytes data;          /* valid during the call */
	uint8_t depth;              /* 1..PEEL_DEPTH */
	uint8_t layers[PEEL_DEPTH]; /* enum layer, the outermost first */
	size_t off;                 /* of the outermost stretch in the window */
	bool dense; /* nobody reads it as it stands: packed, or few of its bytes are literal */
};

struct peel_sink {
	void *self;
	void (*text)(void *self, const struct peel_text *text);
};

/* A stretch whose end is not in the window. */
struct peel_open {
	uint16_t coding; /* its row */
	uint8_t keys;    /* enum peel_keys, of its window */
	bool piece;      /* off is the beginning of a further piece: what stands before it is not
			  * looked at */
	size_t off;      /* in the window */
};

struct peel_opens {
	struct peel_open open[PEEL_OPENS];
	uint32_t count;
};

/* Codings under a key are dear to look for. */
enum peel_keys {
	PEEL_NO_KEYS,
	PEEL_SOME_KEYS, /* of those that may stand inside other bytes, and in what comes out */
	PEEL_ALL_KEYS,  /* also of what is under a key as a whole */
};

struct peel_window {
	struct bytes buf;
	size_t from, to;   /* stretches that begin there; the rest is neighbourhood */
	bool before_start; /* nothing stands before buf */
	bool after_end;    /* nothing stands behind it */
	uint8_t keys;      /* enum peel_keys */
};

struct peel_counters {
	uint64_t bytes;      /* that came out */
	uint64_t cut;        /* limit: windows that gave more than they may */
	uint64_t opens_lost; /* limit: stretches open at once beyond PEEL_OPENS */
};

struct peeler;

size_t peeler_bytes(void);
/* NULL if the arena is full. */
struct peeler *peeler_new(struct arena *arena);
const struct peel_counters *peeler_counters(const struct peeler *peeler);

/* First place at or behind from where a coding may stand, or buf.len; cheap.  from = 0 asks about
 * a whole value, too. */
size_t peel_place(struct bytes buf, size_t from);

void peel(struct peeler *peeler, const struct peel_window *window, struct peel_sink sink,
	struct peel_opens *opens);

/* The stretch that was open: in buf, where it begins at open->off.  What of it is still open is
 * added to opens. */
void peel_open(struct peeler *peeler, struct bytes buf, const struct peel_open *open,
	bool after_end, struct peel_sink sink, struct peel_opens *opens);

#endif
