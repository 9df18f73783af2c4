/* classify.h - which parser a flow belongs to; nDPI's label for those nobody claims.
 *
 * The first bytes of each direction (PROBE_MAX at most) are held until the
 * probes decide; what was held is then given to the parser, so the decision
 * and the bytes told do not depend on how they were cut.  Datagrams are probed one
 * by one until a parser claims one: garbage in front hides nothing.
 * Threads: no state but the flow's own; its worker calls. */
#ifndef SEKISHO_CLASSIFY_CLASSIFY_H
#define SEKISHO_CLASSIFY_CLASSIFY_H

#include "parse/parser.h"

struct classify { /* per flow, 72 B, zeroed at the start */
	uint8_t head[2][PROBE_MAX];
	uint8_t head_len[2];
	int8_t parser;  /* index + 1; 0 = undecided, -1 = none */
	uint8_t raw[2]; /* the direction is told as raw */
	uint8_t tries;
	uint16_t label; /* nDPI protocol number, 0 = none */
};

/* Takes data of a direction: true if decided now or before (classify->parser),
 * then *held is what must be told before data (borrowed from classify, empty
 * if nothing was held).  False: all of data is held, wait for more. */
bool classify_bytes(struct classify *classify, uint8_t dir, struct bytes data, bool datagram,
	uint16_t port_low, uint16_t port_high, struct bytes *held);
/* The direction ends or has a gap while undecided: decided as none. */
void classify_give_up(struct classify *classify, uint8_t dir, struct bytes *held);
/* What was held is told: it is wiped. */
void classify_forget(struct classify *classify, uint8_t dir);

#endif
