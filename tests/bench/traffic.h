/* traffic.h - captures that are easier made in memory than on disk: a SYN flood,
 * and many flows that wait for an answer.
 *
 * A capture lies in a memfd, so that it does not count as memory of the engine
 * (RssAnon).  Nothing of the sensor makes it. */
#ifndef SEKISHO_BENCH_TRAFFIC_H
#define SEKISHO_BENCH_TRAFFIC_H

#include "base/bytes.h"

/* count SYNs from as many spoofed sources to 203.0.113.10:443, over span_ns from from_ns. */
struct bytes traffic_flood(uint32_t count, uint64_t from_ns, uint64_t span_ns);

/* flows TCP connections, each with a handshake and one whole request; then, from
 * *steady_ns on, packets of answers and next requests in turn over all of them. */
struct bytes traffic_flows(uint32_t flows, uint32_t packets, uint64_t *steady_ns);

void traffic_free(struct bytes traffic);

#endif
