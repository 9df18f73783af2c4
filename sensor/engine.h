/* engine.h - one run: sources in, events out.  A function, so that keeper, tests
 * and fuzzers run the same thing; they differ in sink and feed only.
 *
 * Threads: the caller's captures and decodes (and is the worker if there is one);
 * otherwise one thread per worker; one for the join.  A packet goes to worker
 * packet.hash % workers, so both directions of a flow do, through one ring each;
 * if it is full the capture thread waits.  All memory is taken, and everything
 * opened, before ready() is called, in the caller's thread and before the others
 * start.  Behind it only threads' stacks are allocated and, in a swap, scratch for
 * the new signatures (match/match.h), by the capture thread between two batches. */
#ifndef SEKISHO_ENGINE_H
#define SEKISHO_ENGINE_H

#include "capture/source.h"
#include "classify/label.h"
#include "generation/generation.h"
#include "join/join.h"

#define ENGINE_WORKERS_MAX 64

struct engine_conf {
	uint32_t workers;   /* 1..ENGINE_WORKERS_MAX */
	uint64_t memory;    /* bytes in all; >= ENGINE_MEMORY_MIN */
	uint32_t fact_ring; /* bytes of each ring of facts; 0 = default */
	bool live;
	uint64_t run; /* epoch */
	struct hash_key key;
	/* Wiped by the caller behind engine_run(); the workers' copies go with their memory. */
	uint8_t token_key[32];
	const char *sensor;
	bool plain; /* to measure what it costs: no coding is taken off, nothing is unwrapped */
	/* One a worker, made and freed by the caller (tens of milliseconds each), beside
	 * the memory total; NULL: flows get no label. */
	struct labels *const *labels;
	/* Everything is there; nothing is opened behind it.  May be NULL. */
	bool (*ready)(void *self, struct err *err);
	void *self;
};

#define ENGINE_MEMORY_MIN (64ull << 20)

/* The next generation, or NULL: none now.  Asked once at the start (must give
 * one) and then between batches, with the position reached; a feed for files
 * gives none then, so that a run never changes in the middle.  The engine
 * borrows a generation: taken says that it runs now, or was refused (reason: one
 * line), is not looked at again and may be freed at once; left says that workers and
 * join have all gone on to the next one, so that it may be freed.  The one in use at the
 * end is borrowed until engine_run() returns.  All are called by the capture thread
 * (the first next() too), must not wait, and hand over nothing but pointers: who fills
 * them in another thread sees to the order himself (keeper/feed.h). */
struct generation_feed {
	void *self;
	const struct generation *(*next)(void *self, struct pos at);
	/* Why one was refused before it came here, once, valid until next() is asked; NULL:
	 * nothing new.  May be NULL, as those below. */
	const char *(*refusal)(void *self);
	/* reason NULL: it runs now. */
	void (*taken)(void *self, const struct generation *generation, const char *reason);
	void (*left)(void *self, const struct generation *generation);
};

struct engine_report {
	struct join_counters join;
	uint64_t packets, payload_inspected, quotas, swaps;
	uint64_t flows;
	uint32_t inputs_damaged;
};

/* Runs to the end of the sources, or until *stop is not 0.  EXIT_DONE, or
 * EXIT_DAMAGE if an input was damaged (its event says which and where), or the status in err. */
int engine_run(const struct engine_conf *conf, struct source *source, struct event_sink sink,
	struct generation_feed feed, const volatile int *stop, struct engine_report *report,
	struct err *err);

#endif
