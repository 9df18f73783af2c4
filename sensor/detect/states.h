/* states.h - the state of flows: taken with the first payload, given up to a line while the parser
 * only waits, taken again, given back.  Private to this room; a worker's thread calls. */
#ifndef SEKISHO_DETECT_STATES_H
#define SEKISHO_DETECT_STATES_H

#include "detect/state.h"

/* What stays of the state of a flow whose parser only waits (parser.h).  flow->parse is then
 * REST_BIT and its id. */
struct rest {
	struct subject subject;
	struct inspect_books books;
	uint16_t generation; /* low bits */
	uint8_t parser;      /* as in struct classify */
	uint8_t memo[PARSER_MEMO_MAX];
};
#define REST_BIT UINT32_C(0x80000000)
static_assert(sizeof(struct rest) == 64, "one line, for each query without an answer");

/* The flow's state; NULL: it has none, or rests. */
struct flow_state *states_known(const struct inspect *inspect, const struct flow *flow);
/* That of the flow at hand, taken or waked where it has none; NULL: there is no room (counted). */
struct flow_state *states_of(struct inspect *inspect);
/* Its parser's; NULL: there is no room (counted). */
void *states_parser(struct inspect *inspect, struct flow_state *state);
/* A direction that was told raw before the other one chose a parser stays raw. */
bool states_raw(const struct flow_state *state, uint8_t dir);
/* All that the state of the flow at hand holds goes back, and the state. */
void states_give(struct inspect *inspect, struct flow_state *state);
/* The line of a flow that rests goes back. */
void states_forget(struct inspect *inspect, struct flow *flow);

#endif
