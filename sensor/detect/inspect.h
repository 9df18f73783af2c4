/* inspect.h - from the bytes of a flow to facts: classify, parse, unwrap, and
 * every detector, for one worker.
 *
 * The worker gives it spans in order and the ends of flows; it tells facts
 * through emit, at the place the worker set.  Owns the state of flows beyond
 * table and stream (flow->parse is its id).  Allocates only at inspect_new. */
#ifndef SEKISHO_DETECT_INSPECT_H
#define SEKISHO_DETECT_INSPECT_H

#include "base/limit.h"
#include "classify/label.h"
#include "detect/card.h"
#include "detect/contact.h"
#include "indicator/indicator.h"
#include "rules/rules.h"
#include "stream/stream.h"

struct inspect_sizes {
	uint32_t flows; /* flows with payload at once */
	uint32_t inflaters, tails, gathers, cards, sets, holds, spreads, contacts;
};

struct inspect_env {
	const struct policy *policy;
	const struct indicators *lists;
	const struct rules *rules; /* may be NULL: none */
	struct match_scratch *scratch;
	struct labels *labels; /* of the run; NULL: flows get no label */
	const struct pan_table *cards;
	uint64_t generation;
	struct hash_key key; /* of the run */
	uint8_t token_key[32];
	bool plain; /* as in struct engine_conf */
};

struct inspect_counters {
	uint64_t state_refused, parser_refused, cards_refused; /* quotas */
	uint64_t parser_bad, messages, findings, listed;
	uint64_t rule_overrun; /* limit: more candidates than a message keeps */
	uint64_t opens_lost; /* limit: coded stretches of one view open at once beyond PEEL_OPENS */
};

/* A finding is told at most so long after a hit, and the end of an open text is looked at so
 * long after its first bytes (but a field of up to FIELD_WHOLE bytes is held until it is whole). */
#define INSPECT_WAIT_NS (10ull * 1000000000ull)

struct inspect;

size_t inspect_bytes(const struct inspect_sizes *sizes);
struct inspect *inspect_new(struct arena *arena, const struct inspect_sizes *sizes,
	const struct inspect_env *env, struct emit *emit);
/* The next generation's sections, at the swap; key, token_key and labels stay. */
void inspect_swap(struct inspect *inspect, const struct inspect_env *env);

/* A flow's state is asked for soon; then, when it has come, its parser's. */
void inspect_prefetch(const struct inspect *inspect, const struct flow *flow);
void inspect_prefetch_parser(const struct inspect *inspect, const struct flow *flow);

/* Where the flow's last payload stood: what counts at a due time. */
void inspect_last_place(
	const struct inspect *inspect, const struct flow *flow, struct inspect_place *out);

/* Before the first span of a packet, or of a due time: the flow gets its state, and with it its
 * subject.  place stays where it is until the last span. */
void inspect_meet(struct inspect *inspect, struct flow_table *table, uint32_t flow,
	const struct span *span, const struct inspect_place *place);
/* One span of the flow that was met.  True: bytes of it (or held before) were looked at by nobody,
 * *skipped says how many by reason; false: all were, *skipped is undefined. */
bool inspect_span(struct inspect *inspect, const struct span *span,
	int64_t skipped[static SKIP_REASON_COUNT]);
/* After the last spans of a flow that ends, or in one that is INSPECT_IDLE: tells a listed
 * contact that still waited for data, frees the state.  Messages were closed, and what they held
 * was told, by SPAN_END; what is still open is dropped. */
void inspect_end(struct inspect *inspect, struct flow_table *table, uint32_t flow);

/* When the first of the findings and open texts that wait is due; STAMP_END_NS: none waits. */
uint64_t inspect_due(const struct inspect *inspect);
/* Tells (looks at) those due by then, each at its due time, behind all timers of flows up to it:
 * serve those first. */
void inspect_serve(struct inspect *inspect, struct flow_table *table, uint64_t now_ns);
/* Between two messages of a flow of datagrams in which nothing was found.  INSPECT_IDLE: its
 * state may be given back by inspect_end() now, and is made anew if more comes.  INSPECT_RESTS:
 * its parser waits for an answer, and the state was given up but for a line. */
enum inspect_need { INSPECT_BUSY, INSPECT_RESTS, INSPECT_IDLE };
enum inspect_need inspect_rest(struct inspect *inspect, struct flow_table *table, uint32_t flow);

/* Where the worker books the flow's bytes: its own to write, kept with the flow's state and
 * forgotten (epoch 0) when the subject changes.  NULL: the flow has no state. */
struct inspect_books {
	uint16_t epoch; /* of row; 0 = none */
	uint16_t row;
	uint16_t source; /* the row holds for bytes of this source */
};
struct inspect_books *inspect_books(const struct inspect *inspect, const struct flow *flow);

/* The flow's subject, as known now (kept once the flow has state). */
void inspect_subject(const struct inspect *inspect, const struct flow *flow,
	const struct tuple *key, struct subject *out);
/* Policy was given and does not name that end: neither it nor what it opened has a subject. */
bool inspect_is_stranger(const struct inspect *inspect, const struct tuple *key, uint8_t end);
/* What its protocol or its beginning says it is, as in struct fact_contact. */
uint16_t inspect_app(const struct inspect *inspect, const struct flow *flow);
/* The name that the last span's flow was called by, once a flow: its SNI or the Host of its
 * first request, whichever came first; else empty.  Borrowed until the next call. */
struct bytes inspect_name(const struct inspect *inspect);
void inspect_name_told(struct inspect *inspect); /* it is wiped */
bool inspect_is_tls(const struct inspect *inspect, const struct flow *flow);
bool inspect_is_listed(const struct inspect *inspect, const struct flow *flow);

const struct inspect_counters *inspect_counters(const struct inspect *inspect);
/* How often each limit of this room and those it calls bit; the others stay as they are. */
void inspect_limits(const struct inspect *inspect, uint64_t limits[static LIMIT_COUNT]);

#endif
