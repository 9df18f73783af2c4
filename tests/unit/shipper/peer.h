/* peer.h - an aggregator for tests: a ROUTER that stores nothing but numbers,
 * and a ring with records to ship. */
#ifndef SEKISHO_TEST_SHIPPER_PEER_H
#define SEKISHO_TEST_SHIPPER_PEER_H

#include "base/spsc.h"
#include "event/wire.h"

#define PEER_EVENTS_MAX 65536

struct peer {
	void *context, *socket;
	char endpoint[128];
	uint64_t sensor_id, epoch, hw; /* of the only sensor */
	uint64_t hellos, batches, answers, repeated, gaps_told;
	uint64_t n[PEER_EVENTS_MAX]; /* by seq; 0: made by the shipper */
	uint8_t kind[PEER_EVENTS_MAX];
	uint64_t gaps;     /* events of kind GAP, */
	uint64_t gap_n[3]; /* what they tell, by class, */
	char gap[1024];    /* and the text of the last */
	bool broken;       /* something came that may not come */
	uint32_t credit;
	/* How it behaves: of so many batches one is not stored; of so many acks one is
	 * not sent, one is sent twice. */
	uint32_t drop_every, lose_every, repeat_every;
};

bool peer_open(struct peer *peer, const char *endpoint);
void peer_close(struct peer *peer);
/* Takes what comes for at most so long. */
void peer_step(struct peer *peer, int timeout_ms);

/* A ring of that size in anonymous or given memory. */
struct lane {
	void *mem;
	size_t len;
	struct spsc producer;
	uint64_t run, n;
};

bool lane_open(struct lane *lane, uint64_t size);
void lane_close(struct lane *lane);
/* The next record of the run, its class by choice; false: the ring is full. */
bool lane_put(struct lane *lane, enum event_class event_class, size_t json_len);
void lane_end(struct lane *lane);

#endif
