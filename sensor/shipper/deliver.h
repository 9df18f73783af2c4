/* deliver.h - spool to aggregator: HELLO, BATCH, cumulative ACK (event/wire.h).
 *
 * Everything may be lost, repeated or come out of order on either side: what
 * is not acknowledged is sent again after 5 s, doubling to 60 s, +-25 %.
 * Without any valid ACK for 15 s while something waits the socket is made
 * anew; 15 s doubling to 300 s, +-25 %.  Never blocks, never sleeps: now_ns is
 * the caller's monotonic clock. */
#ifndef SEKISHO_SHIPPER_DELIVER_H
#define SEKISHO_SHIPPER_DELIVER_H

#include "event/wire.h"
#include "shipper/link.h"
#include "shipper/spool.h"

struct deliver_counts {
	uint64_t hellos, batches, events; /* sent, repetitions included */
	uint64_t acks, acks_odd;          /* odd: not ours, or of what was never sent */
	uint64_t rewinds, resends, reopens;
};

struct deliver;

/* spool and link are borrowed; seed: of the jitter.  NULL: no memory. */
struct deliver *deliver_new(
	struct spool *spool, const struct link *link, const char *name, uint64_t seed);
void deliver_free(struct deliver *deliver);

/* Takes what has come, sends what may go.  True: something moved, call again soon. */
bool deliver_step(struct deliver *deliver, uint64_t now_ns);
/* The aggregator lacks what it acknowledged (its store was restored from a copy):
 * what the spool still keeps is on its way. */
bool deliver_is_behind(const struct deliver *deliver);
/* When an acknowledgement last moved on (or the first step was). */
uint64_t deliver_progress_ns(const struct deliver *deliver);
struct deliver_counts deliver_counts(const struct deliver *deliver);

#endif
