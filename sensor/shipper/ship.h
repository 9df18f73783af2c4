/* ship.h - ring -> spool -> aggregator: the loop behind --publish. */
#ifndef SEKISHO_SHIPPER_SHIP_H
#define SEKISHO_SHIPPER_SHIP_H

#include "shipper/shipper.h"

/* Monotonic; a test has its own. */
struct ship_clock {
	void *self;
	uint64_t (*now_ns)(void *self);
};

/* As shipper_run(); EXIT_CANNOT also if for 60 s nothing is acknowledged when
 * only that is waited for: the events stay in the spool.  clock: NULL for the
 * real one. */
int ship_run(const struct shipper_conf *conf, struct spsc *ring, const volatile int *stop,
	const struct ship_clock *clock, struct err *err);

#endif
