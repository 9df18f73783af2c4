/* tuple.h - the inner 5-tuple and the tenant it belongs to. */
#ifndef SEKISHO_BASE_TUPLE_H
#define SEKISHO_BASE_TUPLE_H

#include "base/addr.h"

enum ip_proto { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };

#define TUPLE_ICMP_CODE 256 /* above every type: a normalised tuple tells who sent */

/* As seen in one packet: from source to destination.  No padding, so that it
 * can be hashed and compared as bytes. */
struct tuple {
	struct addr src, dst;
	uint16_t sport, dport; /* host order; ICMP: the type, and TUPLE_ICMP_CODE + code; of an
				* echo the id (65535 for 0) at the end that asks, and 0 */
	uint16_t tenant;       /* policy number, 0 = default */
	uint8_t proto;         /* IP protocol number */
	uint8_t zero;
};

/* The same for both directions: the lower (address, port) stands first.
 * Returns true if src and dst were swapped. */
bool tuple_normalise(struct tuple *t);

#define TUPLE_DNS_PORT 53

/* Who asks whom for names: a client sends each query from another port, and what one query is
 * too short for goes on in the next. */
static inline bool tuple_asks_names(const struct tuple *t)
{
	return t->proto == PROTO_UDP && (t->sport == TUPLE_DNS_PORT || t->dport == TUPLE_DNS_PORT);
}

/* Normalised, and where names are asked for without ports: the same for all queries of a client
 * to a server, and their answers.  Packets of a pair are dealt to one worker. */
struct tuple tuple_pair(const struct tuple *t);

/* The tuple, or the same from the other end; branch-free, as both come at random. */
static inline struct tuple tuple_turned(const struct tuple *t, bool swap)
{
	struct tuple out = *t;

	out.src = swap ? t->dst : t->src;
	out.dst = swap ? t->src : t->dst;
	out.sport = swap ? t->dport : t->sport;
	out.dport = swap ? t->sport : t->dport;
	return out;
}

#endif
