/* ring.h - the ring of events between engine and shipper, as a shared mapping:
 * a file beside the spool (it survives every process), or a memfd for
 * standard output. */
#ifndef SEKISHO_KEEPER_RING_H
#define SEKISHO_KEEPER_RING_H

#include "base/err.h"
#include "base/spsc.h"

#define RING_BYTES (16u << 20)

struct event_ring {
	int fd;
	void *mem;
	size_t len;
};

/* dir: NULL for a memfd.  A file of an earlier run is used as it is; a broken
 * one is replaced (its records are lost: a line says so). */
bool event_ring_open(struct event_ring *ring, const char *dir, struct err *err);
void event_ring_close(struct event_ring *ring);

#endif
