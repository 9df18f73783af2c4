/* engine_state.h - what engine.c and swap.c share.  Private to them. */
#ifndef SEKISHO_ENGINE_STATE_H
#define SEKISHO_ENGINE_STATE_H

#include <assert.h>

#include "base/secret.h"
#include "decode/decode.h"
#include "engine.h"
#include "frames.h"
#include "loaded.h"
#include "worker.h"

/* The dealer's position: everything up to ord was dealt. */
struct dealt {
	_Alignas(64) _Atomic uint64_t now_ns;
	_Atomic uint64_t ord;
	_Atomic bool ended;
};

struct lane { /* one worker */
	struct engine *engine;
	struct worker *worker;
	struct emit emit;
	struct spsc deal_in;  /* dealer's end */
	struct spsc deal_out; /* worker's end */
	struct secret_thread thread;
};

struct engine {
	const struct engine_conf *conf;
	struct source *source;
	struct event_sink sink;
	const volatile int *stop;
	struct arena arena;
	struct decoder *decoder;
	struct loaded loaded[2]; /* slots take turns */
	uint32_t slot;           /* the one in use at the capture thread's position */
	_Atomic uint32_t passed; /* workers and join that passed the last swap */
	struct generation_feed feed;
	const struct generation *current, *leaving; /* leaving: not all have gone on */
	uint64_t swaps;
	struct lane lane[ENGINE_WORKERS_MAX];
	struct emit frames; /* the capture thread's own facts */
	struct spsc join_end[JOIN_RINGS_MAX];
	struct join *join;
	struct secret_thread join_thread;
	_Atomic bool broken; /* not all threads could be started: those that were end */
	struct dealt dealt;
	struct pos pos;
	uint64_t frame_minute;
	struct frames_book book;
	uint32_t changes; /* of interfaces, told */
	bool away[SOURCE_INPUTS_MAX];
	const char *names[SOURCE_INPUTS_MAX];
};

/* Between packets of one position and the next: what stands in a deal ring is
 * packets and this. */
struct swap_order {
	struct pos pos;
	uint32_t slot;
};
static_assert(sizeof(struct swap_order) != sizeof(struct packet), "told apart by length");

/* Into a worker's ring of packets; waits.  False: the run is being given up. */
bool engine_deal(struct engine *engine, struct lane *lane, const void *data, uint32_t len);

/* swap.c: what the control plane brings, in the capture thread between two batches. */
void swap_try(struct engine *engine);
/* A worker passes a swap, */
void swap_worker(struct engine *engine, uint32_t worker, struct pos pos, uint32_t slot);
/* and so does the join. */
struct join_env swap_join(void *self, uint32_t slot);

/* The map of the slot in use. */
struct tenant_map engine_tenants(const struct engine *engine);

#endif
