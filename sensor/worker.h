/* worker.h - run to completion: packets in, facts out.  One thread owns all of it.
 *
 * The walk of a packet: clock (due times and minutes that passed), flow_touch,
 * stream_push, then every span that stream_pull lends goes to inspect_span (before
 * the first one of a packet: inspect_meet); what each byte came to is booked in account.
 *
 * The end of a flow: stream_end, the spans it still lends (SPAN_END of both directions
 * among them, which close messages and tell what was found), stream_free, inspect_end,
 * and last its sums go to the contacts.  A flow of datagrams between two exchanges
 * (inspect_rest) gives up inspect's state, too, and lives on. */
#ifndef SEKISHO_WORKER_H
#define SEKISHO_WORKER_H

#include "detect/inspect.h"

struct worker_sizes {
	uint32_t flows, stream_flows, stream_blocks, accounts;
	struct inspect_sizes inspect;
};

struct worker;

/* Sizes for a share of the memory total, in bytes. */
struct worker_sizes worker_sizes_for(size_t memory);
size_t worker_bytes(const struct worker_sizes *sizes);
struct worker *worker_new(struct arena *arena, const struct worker_sizes *sizes,
	const struct inspect_env *env, struct emit *emit);
void worker_swap(struct worker *worker, const struct inspect_env *env);

#define WORKER_BATCH 128
/* A packet of the next batch; it stays where it is until then.  Asks for what is far away. */
void worker_expect(struct worker *worker, const struct packet *packet);
/* Exactly the packets that were expected, in order of their positions, at most WORKER_BATCH.
 * Nothing of a payload is needed once this returns: the caller then gives its block back. */
void worker_packets(struct worker *worker, const struct packet packets[], uint32_t count);
/* Nothing before this position will come any more: serves what is due, tells the mark. */
void worker_reached(struct worker *worker, struct pos pos);
/* End of input: every flow ends, the books are closed, the mark is infinite. */
void worker_finish(struct worker *worker);

/* Sum of quota counters: 0 while the run is deterministic. */
uint64_t worker_quotas(const struct worker *worker);
uint64_t worker_bytes_inspected(const struct worker *worker);
uint64_t worker_packets_seen(const struct worker *worker);
const struct flow_counters *worker_flows(const struct worker *worker);

#endif
