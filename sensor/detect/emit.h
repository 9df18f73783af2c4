/* emit.h - a worker's way to the join: facts in stamp order, into its ring.
 *
 * emit_at() sets the place; facts sent there are numbered by index.  In files
 * a full ring is waited for.  Live a worker waits at most EMIT_WAIT_NS, then the
 * fact is dropped, counted by kind and told to the join by class (lost.h); names
 * and values go first, when the ring is filled by three quarters.  Sums that find
 * no room are no loss: who sends them keeps them.  Nor is a FACT_SWAP ever lost, or
 * a FACT_NOTE: the capture thread asks emit_has_room() first, and comes later.
 * What a worker dropped shows in worker_quotas(), and by class as events of category
 * blind once a minute. */
#ifndef SEKISHO_DETECT_EMIT_H
#define SEKISHO_DETECT_EMIT_H

#include "base/spsc.h"
#include "fact/fact.h"
#include "fact/lost.h"

#define EMIT_WAIT_NS 1000000ull

struct emit {
	struct spsc ring;
	struct stamp at;
	bool live;
	const volatile int *stop; /* non-zero: the run is being given up, nothing is waited for */
	uint64_t sent, dropped[FACT_KIND_COUNT];
	uint64_t kept; /* sums that found no room and come later */
	uint64_t lost[LOST_COUNT];
};

void emit_at(struct emit *emit, uint64_t time_ns, enum stamp_class cls, uint64_t ord);
/* Half of the ring is free: the next fact, whatever its size, is not dropped. */
bool emit_has_room(const struct emit *emit);
/* Room for a fact of that kind (contents zeroed up to size), stamped; NULL: dropped. */
void *emit_reserve(struct emit *emit, enum fact_kind kind, uint32_t size);
/* Sends it; fact.size may have changed within what was reserved. */
void emit_commit(struct emit *emit, const struct fact *fact);

#endif
