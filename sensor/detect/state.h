/* state.h - what inspect.c, sink.c and tell.c share: the state of one flow and
 * of one worker's inspector.  Private to this room. */
#ifndef SEKISHO_DETECT_STATE_H
#define SEKISHO_DETECT_STATE_H

#include <assert.h>

#include "classify/classify.h"
#include "detect/context.h"
#include "detect/inspect.h"
#include "detect/spread.h"

#define RULES_PENDING 4
#define PARSERS_MAX 16
#define CALLED_MAX 4096

/* One direction's open message. HALF_APART takes copies that are out of order. */
enum half_index { HALF_APART = 2, HALF_COUNT = 3 };

struct half {
	uint32_t unwrap;               /* unwrap's slot */
	uint32_t tail[UNWRAP_STREAMS]; /* pool ids */
	uint32_t cards;                /* pool id, 0 = no hit in the open message */
	uint32_t shaped, failed;       /* runs of a card's length in the open message */
	uint32_t rule[RULES_PENDING];  /* candidates, index + 1 */
	uint32_t raw_number;
	uint64_t raw_offset;
	bool raw_open;
	bool raw; /* no parser (any more) in this direction */
};

struct flow_state {
	struct classify classify;
	struct subject subject;
	struct inspect_books books;
	uint32_t parser_state; /* id in the parser's pool */
	uint32_t contexts;     /* newest open exchange */
	uint32_t own;          /* context of the flow itself, 0 = none */
	uint32_t label;        /* place among nDPI's states, or LABEL_DONE */
	struct half half[HALF_COUNT];
	struct inspect_place first,
		last; /* of payload: places of a listed contact and of a due time */
	uint64_t payload[2];
	uint32_t listed;     /* indicator row + 1 by address, 0 = none */
	uint32_t generation; /* low bits: listed and rule[] are numbers of that one */
	bool listed_told;
	bool named; /* its first name was given to inspect_name() */
	bool ended[2];
	uint16_t cards_told; /* distinct ones, in facts: at most FACT_DISTINCT_MAX */
	uint8_t apart_dir;   /* of what HALF_APART has open */
	uint64_t apart_next; /* offset behind it */
};

/* When an open text is looked at, and what it is. */
struct look {
	uint64_t due_ns, ord;
	uint32_t next, prev; /* of the worker's, in order of due_ns */
	uint32_t flow;
	uint8_t half;
	int told_sum;
	uint64_t told; /* see struct card_scan */
	struct message message;
	struct view view; /* but for data */
	uint8_t key[UNWRAP_KEY_MAX];
};

struct open_tail { /* of the pool of tails */
	struct tail tail;
	struct look look;
	struct table table;
	uint32_t gather; /* coded stretches that are open there, 0 = none */
};

struct inspect {
	struct inspect_env env;
	struct card_env card_env;
	struct emit *emit;
	struct unwrap *unwrap;
	struct contexts contexts;
	struct spreads spreads;
	struct pool flows, rests, tails, gathers, cards, holds;
	struct pool parser[PARSERS_MAX];
	struct parse_io io;
	uint32_t wait_first, wait_last; /* of cards, in order of due time */
	uint32_t look_first, look_last; /* of tails */
	struct inspect_counters counters;
	int tls;                            /* number of that parser + 1 */
	uint64_t booked[SKIP_REASON_COUNT]; /* of io and unwrap, at the last span */

	/* The flow at hand, set by inspect_span and inspect_end. */
	struct flow_table *table;
	struct flow *flow;
	uint32_t flow_number;
	struct flow_state *state;
	const struct inspect_place *place;
	enum half_index at_half; /* the half the calls of the sink belong to */
	bool after_rst;
	const struct message *message; /* of the view at hand, */
	uint32_t gather;               /* and its open stretches */

	/* The name told in this span. */
	uint8_t name[255];
	uint8_t name_len;

	/* The question of the DNS answer at hand. */
	uint8_t question[256];
	uint16_t question_len;
	uint16_t answers;            /* addresses in it so far */
	uint64_t called[CALLED_MAX]; /* keyed values of this minute's FACT_CALLED, direct-mapped */
};

/* inspect.c: a flow that has state is at hand, where its last payload stood. */
void inspect_at(struct inspect *inspect, struct flow_table *table, uint32_t flow);

/* sink.c */
struct message_sink sink_of(struct inspect *inspect);
struct view_sink view_sink_of(struct inspect *inspect);

struct card_scan card_scan_of(struct inspect *inspect, const struct view *view);

/* names.c: a name that was asked for, as it was sent. */
void names_asked(struct inspect *inspect, const struct message *message, struct bytes name);

/* look.c: open texts that are looked at when they have waited. */
void look_begin(struct inspect *inspect, uint32_t id, const struct view *view, bool is_new);
void look_end(struct inspect *inspect, uint32_t id);              /* also if it does not wait */
const struct look *look_next(const struct inspect *inspect);      /* NULL: none waits */
void look_now(struct inspect *inspect, struct flow_table *table); /* at that one */

/* wait.c: findings that wait. */
void wait_begin(struct inspect *inspect, uint32_t cards, const struct inspect_place *place);
void wait_end(struct inspect *inspect, uint32_t cards);
/* The finding goes on, behind what was told in that many facts. */
void wait_go_on(struct inspect *inspect, uint32_t cards, uint32_t told);
/* Gives back what a half found; it has cards. */
void wait_drop(struct inspect *inspect, struct half *half);

/* tell.c: facts. */
/* Returns how many facts of the finding were told: 0, nothing new. */
uint32_t tell_cards(struct inspect *inspect, const struct message *message, struct half *half);
uint32_t tell_most(const struct inspect *inspect); /* distinct cards the flow may still tell */
void tell_rule(struct inspect *inspect, const struct message *message, uint32_t rule,
	enum field_role role, struct bytes around);
void tell_listed(struct inspect *inspect, uint32_t row, int by, struct bytes name);
void tell_name(struct inspect *inspect, const struct run *answer);
void tell_called(struct inspect *inspect, const struct run *answer);
struct context *context_of(struct inspect *inspect, const struct message *message);

#endif
