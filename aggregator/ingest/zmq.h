/* zmq.h - the sockets that sensors and the operator's own consumers connect to.
 *
 * ROUTER (sensors): bound to ipc:// or loopback only.  XPUB (consumers): alerts
 * and health as (topic, JSON, id), lossy by contract: a slow reader misses
 * events, the lossless way is GET /events (serve/API.md). */
#ifndef SEKISHO_INGEST_ZMQ_H
#define SEKISHO_INGEST_ZMQ_H

#include "base/err.h"
#include "ingest/batch.h"

struct hub;

/* Endpoints that endpoint_check() (base/endpoint.h) took.  publish: NULL for none. */
struct hub *hub_open(const char *listen, const char *publish, struct sql *sql, struct err *err);
void hub_close(struct hub *hub); /* NULL passes */

/* Descriptors to watch for reading; *fd_count at most 2.  Edge-triggered:
 * call hub_turn() until it returns false before waiting. */
size_t hub_fds(const struct hub *hub, int fds[static 2]);
/* One turn; true: there may be more.  now: real time in ns.  *committed: new
 * events stand in the store. */
bool hub_turn(struct hub *hub, int64_t now, bool *committed);
const struct ingest_counts *hub_counts(const struct hub *hub);
/* Is the store taking events? */
bool hub_healthy(const struct hub *hub);

#endif
