/* explain.h - what the card detector makes of some bytes, and why: for a person who asks.
 *
 * In:    bytes, hostile or not: one or more HTTP messages if they begin as such, or else the body
 *        of a request that a server sends.  Nobody knows where to: what the join adds is not
 *        there (destination, repetition), and what it might add is listed.
 * Runs:  the sensor's own chain from parsers on: unwrap, windows, codings, verifier, reasons.
 *        A card_watch looks on for what came near.
 * Out:   struct explained: numbers, our own words and masked text; no text that our own decoders
 *        could still read a number out of.  The same shape holds what an event says of itself.
 * Memory: an arena, kept out of cores; nothing stays.  Threads: one a call. */
#ifndef SEKISHO_EXPLAIN_EXPLAIN_H
#define SEKISHO_EXPLAIN_EXPLAIN_H

#include "base/err.h"
#include "base/masked.h"
#include "base/why.h"
#include "detect/card.h"

#define EXPLAIN_BYTES_MAX ((size_t)64 << 20)
#define EXPLAIN_CARDS 8
#define EXPLAIN_UNDONE 16
#define EXPLAIN_LIMITS 12
#define EXPLAIN_WORD 32
#define EXPLAIN_JSON_MAX (64u << 10)

struct explain_reason {
	char id[EXPLAIN_WORD];
	int weight;           /* tenths */
	const char *sentence; /* NULL: unknown to this version */
};

struct explain_reasons {
	struct explain_reason row[WHY_COUNT];
	uint32_t count;
};

/* Where a number stands. */
struct explain_place {
	char layer[CARD_LAYERS][EXPLAIN_WORD]; /* what was undone, the outermost first */
	uint32_t layers;
	char field[EXPLAIN_WORD];
	struct masked key;
	uint64_t offset; /* in the text that the layers of carriers left */
};

struct explain_card {
	char brand[17], bin[9], last4[5];
	uint8_t digits;
};

/* The finding of the surest message. */
struct explain_found {
	/* Of events only; lowered: it would be surer, but something was uncertain (direction,
	 * order, records, whose server it is). */
	char category[EXPLAIN_WORD], technique[EXPLAIN_WORD];
	bool lowered;
	struct explain_place place;
	struct explain_reasons why; /* those that speak for it, and against it */
	int score;                  /* tenths */
	char confidence[EXPLAIN_WORD];
	int new_score; /* if it goes to a destination that the server never met; bytes only */
	char new_confidence[EXPLAIN_WORD];
	bool test; /* published test numbers alone: counted, no alert */
	bool estimated;
	uint32_t distinct;
	uint32_t cards; /* rows of card */
	struct explain_card card[EXPLAIN_CARDS];
	struct masked evidence;
};

/* Why the number that came nearest is no card. */
enum explain_stop {
	EXPLAIN_LACKS,     /* lacks: enum pan_lack bits */
	EXPLAIN_SCORE,     /* the reasons weigh too little */
	EXPLAIN_UNNAMED,   /* 12 digits, and nothing calls it a card */
	EXPLAIN_BY_CHANCE, /* a key was searched for, and nothing beside it says that it is one */
};

struct explain_miss {
	struct explain_place place;
	struct explain_reasons why; /* that it has */
	int score;
	enum explain_stop stop;
	unsigned lacks;
	uint32_t digits;
	struct masked shape; /* what stands there, every digit covered */
};

/* Texts that came out of the same layers. */
struct explain_undone {
	char layer[CARD_LAYERS][EXPLAIN_WORD];
	uint32_t layers;
	uint64_t texts, bytes;
};

struct explain_limit {
	const char *what;
	uint64_t count;
};

struct explained {
	bool of_event;
	uint64_t event; /* its id */
	uint64_t bytes, messages, texts;
	bool has_found, has_miss;
	struct explain_found found;
	struct explain_miss miss;
	struct explain_undone undone[EXPLAIN_UNDONE];
	uint32_t undones;
	uint64_t undone_more;                       /* further chains */
	struct explain_limit limit[EXPLAIN_LIMITS]; /* that bit */
	uint32_t limits;
};

struct explain_question {
	struct bytes data; /* 1..EXPLAIN_BYTES_MAX */
	const char *type;  /* the body's Content-Type, or NULL; no HTTP message then */
	const struct pan_table *table;
};

/* False: err says what is missing. */
bool explain_bytes(const struct explain_question *question, struct explained *out, struct err *err);

/* Those of them that weigh something, or nothing but say something; the heaviest first. */
void explain_reasons(uint64_t why, struct explain_reasons *out);
/* What only the join knows of a finding of cards. */
void explain_unknown(struct explain_reasons *out);

/* As one object; the length, 0: it did not fit.
 * {"explains": "bytes", "found": {...}, "nearest_miss": {...}, "bytes", "messages", "texts",
 *  "undone": [{"encoding", "texts", "bytes"}], "undone_more", "limits": [{"what", "count"}],
 *  "unknown_for": [reason], "unknown_against": [reason]}; no found or nearest_miss: there is none.
 * {"explains": "event", "event": id, "found": {...}, "not_kept": [what]}
 * found: {"category", "technique", "lowered" (events), "confidence", "score", "at_new_destination":
 * {"confidence", "score"} (bytes), "encoding": [layer], "field", "key", "offset", "cards":
 * {"distinct", "estimated", "test", "list": [{"brand", "bin", "last4", "digits"}]}, "evidence",
 * "reasons": [reason], "against": [reason]} nearest_miss: {"lacks": [{"id", "sentence"}], "digits",
 * "score", "encoding", "field", "key", "offset", "shape", "reasons", "against"} reason: {"id",
 * "weight", "sentence"} */
size_t explain_json(const struct explained *explained, char *out, size_t size);
/* A sentence for what a miss lacks, by its place among the bits of enum pan_lack. */
const char *explain_lack(unsigned bit);
const char *explain_stop(enum explain_stop stop);

#endif
