/* flood.h - more than FLOOD_RATE alerts a second of one server, destination and technique
 * are folded: the next ones of ten seconds become one event with their number, samples of
 * them, and all their distinct cards (FACT_TOKENS to an event, up to FACT_DISTINCT_MAX, then
 * estimated).  A flood that goes on is folded on.  Private to this room. */
#ifndef SEKISHO_JOIN_FLOOD_H
#define SEKISHO_JOIN_FLOOD_H

#include "detect/card_set.h"
#include "join/state.h"

#define FLOOD_RATE 10
#define FLOOD_NS (10ull * 1000000000ull)
#define FLOOD_SAMPLES 8
#define FLOOD_BITS 8192 /* of the estimate */
#define FLOODS 8        /* at once, 270 KiB each; alerts of one more are sent singly, counted */

struct flood_sample {
	uint64_t packet_ns, flow_id, frame, finding_id;
};

struct flood {
	uint64_t value;  /* keyed, of server, destination and technique; 0 = free */
	uint64_t due_ns; /* of its event */
	uint64_t last_ns;
	uint32_t alerts; /* folded in these ten seconds */
	uint32_t messages;
	struct verdict verdict; /* of the one that is shown: the first of the surest */
	struct flood_sample sample[FLOOD_SAMPLES]; /* the first ones */
	uint64_t count;                            /* cards seen, repeats included */
	uint32_t distinct;                         /* of one message, at most */
	bool estimated;
	uint64_t bits[FLOOD_BITS / 64];
	_Alignas(8) uint8_t shown[FACT_MAX]; /* fact_finding or fact_listed */
	struct card_set set;
};

size_t flood_bytes(void);
void flood_new(struct join *join, struct arena *arena);

/* The flood that takes an alert, or NULL: it is sent by itself. */
struct flood *flood_of(
	struct join *join, const struct fact_flow *flow, const struct verdict *verdict);
void flood_finding(
	struct flood *flood, const struct fact_finding *finding, const struct verdict *verdict);
void flood_listed(
	struct flood *flood, const struct fact_listed *listed, const struct verdict *verdict);
void flood_more(struct flood *flood, const struct fact_more_cards *more);

/* Sends what is due by then, in order of due times. */
void flood_serve(struct join *join, uint64_t until_ns);

#endif
