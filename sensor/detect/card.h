/* card.h - the card detector: what a message holds, gathered over its views,
 * told once when it closes.
 *
 * The result is a function of the message's views as sets, not of their order:
 * the best hit (score, then depth, then offset, then field) gives evidence and reasons, the
 * smallest CARD_KEPT keyed values are kept, each with what speaks for it in any view; when the
 * message closes those are told that have a reason of their own, if there are such.  Beyond them a
 * set takes all, up to what the flow may still tell of FACT_DISTINCT_MAX; more are estimated. */
#ifndef SEKISHO_DETECT_CARD_H
#define SEKISHO_DETECT_CARD_H

#include "base/masked.h"
#include "detect/array.h"
#include "detect/card_set.h"
#include "detect/gather.h"
#include "detect/table.h"
#include "fact/fact.h"
#include "pan/pan.h"
#include "unwrap/unwrap.h"

#define CARD_KEPT 64         /* without a set */
#define CARD_DIGITS_ANY 12   /* a shorter number is no card */
#define CARD_DIGITS_ALONE 13 /* a shorter number is a card only under a card word */
#define CARD_ESTIMATE_BITS 8192
#define CARD_LAYERS (UNWRAP_DEPTH + PEEL_DEPTH)
#define CARD_NEIGHBOURS_MIN 4 /* card-shaped runs in a message from which failing ones count */

struct card_scan;

/* What becomes of a number of a card's form. */
enum card_fate {
	CARD_TAKEN,
	CARD_UNNAMED,   /* so short a number is one under a card word alone */
	CARD_BY_CHANCE, /* a key was searched for, and nothing beside it says that it is one */
};

/* Somebody who looks on while texts are judged (explain/watch.c); nobody does in the sensor. */
struct card_watch {
	void *self;
	void (*text)(void *self, const struct card_scan *scan, const struct window *window);
	void (*hit)(void *self, const struct card_scan *scan, const struct window *window,
		const struct pan_hit *hit, uint64_t why, enum card_fate fate);
};

struct card_env { /* one per worker, read-only but for counters */
	struct pan_table table;
	struct hash_key key; /* of keyed values */
	uint8_t token_key[32];
	struct pan_scan found, near; /* of the window at hand, and of what it shows */
	uint64_t hits_more;          /* hits of one window beyond PAN_HITS_MAX: a limit */
	struct pool sets;            /* of struct card_set */
	struct peeler *peeler;
	const struct card_watch *watch; /* NULL: nobody */
	bool plain; /* numbers as they stand are enough */
};

/* A finding waits for its message's end, but not for ever: when and for which message. */
struct card_wait {
	uint64_t due_ns, ord; /* 0: it does not wait, nothing was found yet */
	uint32_t next, prev;  /* of the worker's that wait, in order of due_ns */
	uint32_t flow;
	struct message message;
	uint8_t half;
};

/* What a hit's own surroundings say of its value: bits, over all views. */
enum card_own {
	CARD_SURE = 1,  /* a card word, or enough without holder and destination */
	CARD_BARE = 2,  /* nothing, but of a length and range that may stand alone */
	CARD_DECOY = 4, /* it is named or placed like something else */
	CARD_ANY = 8,   /* set for all */
};
#define CARD_BARE_DIGITS 16 /* longer ones are what amounts and snowflakes have */

/* What a message has shown so far; from a pool, only for messages with a hit. */
struct cards {
	uint64_t why; /* of the best hit */
	int32_t sum;
	uint8_t any_real;    /* a card that is no test number */
	uint8_t role, depth; /* depth: of the view */
	uint8_t peeled;      /* codings taken off it privately */
	uint8_t layers[CARD_LAYERS];
	uint64_t offset;            /* of the best hit in its view */
	struct inspect_place place; /* of the first byte of the first hit */
	uint64_t after;             /* bytes of the message since then */
	struct card_wait wait;
	uint32_t seen[UNWRAP_DEPTH + 1]; /* hits by depth, repeats included, */
	uint32_t sure[UNWRAP_DEPTH + 1]; /* and those that are sure */
	uint8_t test_own;                /* enum card_own of test numbers */
	uint8_t chosen;                  /* the bits all that are told have, */
	uint32_t bare;                   /* and how many of them are bare */
	uint16_t part;                   /* of the finding: told so often before */
	bool over;                       /* distinct ones beyond those kept */
	uint32_t most;                   /* distinct ones that may be told */
	uint32_t set;                    /* in sets, 0 = none: at most CARD_KEPT */
	uint32_t kept;
	struct fact_card card[CARD_KEPT]; /* in order of quick */
	uint8_t own[CARD_KEPT];           /* enum card_own of each */
	uint64_t key_rank;                /* of the field that gave key: the smallest wins */
	struct masked key, evidence;
	/* Of the whole finding, the last members: values that are sure, and all. */
	uint64_t bits[CARD_ESTIMATE_BITS / 64], all_bits[CARD_ESTIMATE_BITS / 64];
};

/* most: distinct cards that the flow may still tell. */
void cards_start(struct cards *cards, uint32_t most);
/* Gives back the set. */
void cards_drop(struct card_env *env, struct cards *cards);
/* The same message goes on behind what was told in that many facts. */
void cards_go_on(struct card_env *env, struct cards *cards, uint32_t told, uint32_t most);

/* Judges a window of a view: hits go into *cards, which is asked for (once, when the
 * first is found, with its place) from get(); get may give NULL (no room).  shaped and failed
 * count runs of a card's length, and those that are none. */
/* Put together of pieces that are numbered, or (CODED) digits that meet there are no number. */
enum card_pieces { CARD_ONE_PIECE, CARD_PIECES, CARD_PIECES_CODED };

struct card_scan {
	struct card_env *env;
	const struct view *view;
	struct cards *(*get)(void *self, const struct inspect_place *place);
	/* Coded stretches go on behind the window; NULL: they end there. */
	void (*open)(void *self, const struct window *window, const struct peel_opens *opens);
	void *self;
	uint8_t pieces;               /* enum card_pieces */
	bool no_place;                /* no numbers stand in such views */
	uint8_t keys;                 /* enum peel_keys */
	const struct peel_text *text; /* what stands in the window came out of codings, */
	struct array array;           /* and the list it is read in */
	uint32_t *shaped, *failed;
	uint64_t told;      /* what ends at or before that offset was told, if no surer than */
	int told_sum;       /* this: not again */
	uint64_t end;       /* out: behind the last hit that was taken, 0: none was; */
	int sum;            /* the surest, taken or not; from INT_MIN on */
	struct table table; /* of a view that comes in several windows: up to the last of them */
};
void card_window(void *scan, const struct window *window);
/* The same for a text out of a coded stretch at that offset of the view. */
void card_text(
	void *scan, const struct peel_text *text, uint64_t offset, const struct tail_mark *mark);

/* Before it is told: only the values stay that have a reason of their own; without any such,
 * those of which nothing says that they are something else. */
void cards_choose(struct card_env *env, struct cards *cards);
/* Reasons of the message as a whole, and the number of its distinct cards, those told before
 * included (*estimated: there are more than are kept). */
uint64_t cards_why(const struct cards *cards, uint32_t shaped, uint32_t failed);
uint32_t cards_distinct(const struct card_env *env, const struct cards *cards, bool *estimated);

#endif
