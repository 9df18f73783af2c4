/* zmq_link.h - the ZeroMQ socket of the shipper: DEALER, connects out.
 *
 * Never blocks, keeps nothing after close (the spool is the memory), takes no
 * message above 64 KiB.  ipc:// and loopback addresses only: without CURVE
 * keys nothing else is allowed. */
#ifndef SEKISHO_SHIPPER_ZMQ_LINK_H
#define SEKISHO_SHIPPER_ZMQ_LINK_H

#include "shipper/link.h"

struct zmq_link {
	void *context, *socket;
	const char *endpoint;
};

/* EXIT_USAGE: no such endpoint; EXIT_CANNOT: no socket.  endpoint is borrowed. */
bool zmq_link_open(struct zmq_link *zmq, const char *endpoint, struct link *link, struct err *err);
void zmq_link_close(struct zmq_link *zmq);
/* Sleeps until a message is there, at most that long. */
void zmq_link_wait(struct zmq_link *zmq, int timeout_ms);

#endif
