/* stdout.h - the sink of --events -: one EVE line per event to a descriptor. */
#ifndef SEKISHO_SHIPPER_STDOUT_H
#define SEKISHO_SHIPPER_STDOUT_H

#include "shipper/shipper.h"

/* Until the ring has ended and is empty, or *stop.  EXIT_CANNOT: the
 * reader is gone or the disk is full. */
int stdout_run(int fd, struct spsc *ring, const volatile int *stop, struct err *err);

#endif
