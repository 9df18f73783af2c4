/* batch.h - messages of sensors into the store: what is refused, what is
 * answered.  No sockets.
 *
 *     ingest_begin(); ingest_message() up to INGEST_TURN times; ingest_end()
 * All messages of a turn share one transaction.  Answers are ready after
 * ingest_end(): only then is anything acknowledged.  One thread. */
#ifndef SEKISHO_INGEST_BATCH_H
#define SEKISHO_INGEST_BATCH_H

#include "correlate/correlate.h"
#include "event/wire.h"

#define INGEST_TURN 8
_Static_assert(INGEST_TURN *WIRE_BATCH_EVENTS_MAX <= TOUCHED_MAX, "every thread fits");

struct ingest_counts {
	uint64_t messages, events, repeated;
	uint64_t refused;        /* messages that are none of ours or contradict themselves */
	uint64_t refused_events; /* records that are no event; they take their number */
	uint64_t older;          /* sensors whose spool lacks what they delivered */
	uint64_t gaps;           /* batches that begin too late */
	uint64_t failed;         /* transactions that the store did not take */
};

struct ingest_answer {
	uint64_t sensor, epoch;
	struct wire_ack ack;
};

struct ingest {
	struct sql *sql;
	struct correlate correlate;
	struct ingest_counts counts;
	bool begun; /* the transaction */
	uint32_t answers;
	struct ingest_answer answer[INGEST_TURN];
};

void ingest_begin(struct ingest *ingest, struct sql *sql, int64_t now);
/* False: refused, counted, nothing to answer.  Else answer[] has one more. */
bool ingest_message(struct ingest *ingest, struct bytes message);
/* True: committed.  False: nothing of the turn is stored and every answer says
 * so (reason 2, credit 0). */
bool ingest_end(struct ingest *ingest);

#endif
