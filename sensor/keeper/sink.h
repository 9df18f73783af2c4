/* sink.h - the ring to the shipper as the join sees it.
 *
 * reserve() waits while the ring is full.  Live, that would stop the join while
 * the shipper is stuck, and findings would be lost behind it: so P2 events are
 * given up while more than 70 % of the ring is in use, P1 above 85 %, and counted
 * in SHIPPER_WORD_REFUSED_P2 and _P1, which the shipper tells. */
#ifndef SEKISHO_KEEPER_SINK_H
#define SEKISHO_KEEPER_SINK_H

#include "base/spsc.h"
#include "join/join.h"

struct ring_sink {
	struct spsc ring; /* attached as producer */
	bool live;
	const volatile int *stop; /* not 0: reserve() gives up */
	void *room;               /* of the open reservation */
};

/* sink is borrowed for as long as the result is used. */
struct event_sink ring_sink(struct ring_sink *sink);

#endif
