/* fact.h - what a worker tells the join: plain data, at most FACT_MAX bytes, in
 * an spsc ring, in stamp order.
 *
 * No pointers, nothing clear: text of the wire stands in it only as masked
 * text in numbered slots, cards as BIN, last four and token.  A fact lives in
 * the ring until the join releases it. */
#ifndef SEKISHO_FACT_FACT_H
#define SEKISHO_FACT_FACT_H

#include "base/addr.h"
#include "base/category.h"
#include "base/masked.h"
#include "base/stamp.h"
#include "base/tuple.h"
#include "base/why.h"

#define FACT_MAX 4096
#define FACT_CARDS 8           /* sample cards of a finding */
#define FACT_LAYERS 10         /* that an alert names */
#define FACT_TOKENS 64         /* distinct cards in one FACT_MORE_CARDS */
#define FACT_DISTINCT_MAX 4096 /* told per flow, then estimated and flagged */

enum fact_kind {
	FACT_FINDING,
	FACT_MORE_CARDS, /* further distinct cards of a finding just sent */
	FACT_NAME,       /* an address learnt from DNS */
	FACT_REPEAT,     /* keyed values of cards in a message */
	FACT_CALLED,     /* what a client calls an address, by DNS */
	FACT_CONTACT,    /* a partial sum for one tuple and minute */
	FACT_COVERAGE,   /* a partial row of one minute */
	FACT_LIMITS,     /* how often which limit bit in one minute */
	FACT_FRAMES,     /* a partial row of one source and minute, by the capture thread */
	FACT_LISTED,     /* a flow with an indicator's address or name */
	FACT_SWAP,       /* from here on another generation, by the capture thread */
	FACT_NOTE,       /* a word of the control plane, by the capture thread */
	FACT_KIND_COUNT
};

struct fact {
	struct stamp stamp;
	uint32_t kind; /* enum fact_kind */
	uint32_t size; /* whole fact, bytes */
};

/* Where in traffic it was seen: shared by findings and listed contacts. */
struct fact_flow {
	struct tuple key; /* normalised: direction 0 is sent by key.src */
	uint64_t flow_id;
	uint64_t first_ns;  /* of the flow's first packet */
	uint64_t packet_ns; /* time stamp of the frame it was seen in */
	uint64_t frame;     /* number in its source */
	uint32_t merchant;  /* 0 = none known */
	uint16_t source;
	uint8_t subject_end; /* 0 or 1: which end of key is the protected server */
	uint8_t client_end;  /* which end opened it */
	uint8_t dir;         /* direction of the bytes, 0 = from key.src */
	uint8_t app;         /* parser's index + 1, 0 = none */
	uint16_t label;      /* nDPI's number, 0 = none */
	uint8_t flags;       /* enum fact_flow_flag */
	uint8_t zero[3];
};

enum fact_flow_flag {
	FACT_CLIENT_UNKNOWN = 1,  /* client_end is a guess */
	FACT_SUBJECT_GUESSED = 2, /* no policy names either end */
	FACT_SHARED_HOST = 4,
	FACT_AFTER_RST = 8,
	FACT_CONFLICT = 16, /* seen in a differing copy of a segment */
	FACT_ANSWERED = 32,
};

/* What an answer calls itself, by its type and by the address it was asked for. */
enum fact_served { SERVED_AS_PAGE, SERVED_AS_FILE, SERVED_AS_IMAGE };

enum fact_text { TEXT_KEY, TEXT_HOST, TEXT_URL, TEXT_METHOD, TEXT_EVIDENCE, TEXT_SNI, TEXT_COUNT };

struct fact_card {
	uint64_t quick;
	uint8_t token[16];
	char bin[9], last4[5];
	char brand[17]; /* our own word, NUL */
	uint8_t digits;
};

struct fact_finding {
	struct fact fact;
	struct fact_flow flow;
	uint64_t finding_id;
	uint64_t why;         /* WHY_BITs of the worker */
	uint64_t offset;      /* of the first card in its view */
	uint32_t count;       /* cards seen, repeats included */
	uint32_t distinct;    /* of the finding so far, earlier parts included */
	uint32_t rule;        /* with WHY_RULE_MATCH: its index in rules; else 0 */
	uint8_t category;     /* enum category: what it is if not authorised */
	uint8_t message_kind; /* enum message_kind */
	uint8_t role;         /* enum field_role it was found in */
	uint8_t depth;
	uint8_t layers[FACT_LAYERS]; /* enum layer, the outermost first */
	uint8_t is_request;          /* sent by the end that opened the flow */
	uint8_t test_only;           /* only test numbers */
	uint8_t estimated;           /* distinct is an estimate: more than could be told */
	uint8_t served;              /* enum fact_served */
	uint16_t part;               /* 0 = first emission under finding_id */
	uint16_t status;             /* HTTP status of an answer, 0 = none yet */
	uint16_t card_cnt;           /* used rows of card */
	uint16_t zero2;
	struct fact_card card[FACT_CARDS];
	struct {
		uint16_t off, len; /* in text */
	} slot[TEXT_COUNT];
	char text[]; /* masked */
};

struct fact_more_cards {
	struct fact fact;
	uint64_t finding_id;
	uint32_t count;
	uint16_t part; /* under finding_id */
	uint16_t zero;
	struct fact_card card[FACT_TOKENS];
};

struct fact_listed {
	struct fact fact;
	struct fact_flow flow;
	uint64_t finding_id;
	uint64_t bytes_out, bytes_in;
	uint32_t row;      /* of the indicator set */
	uint8_t by_name;   /* 0: by address; 1: DNS question, 2: SNI, 3: Host */
	uint8_t data_both; /* bytes went both ways */
	uint16_t name_len;
	char name[256]; /* masked */
};

const char *fact_kind_word(enum fact_kind kind);

/* Copies a masked text into a slot of a finding (each slot once) and grows
 * fact.size; what does not fit in FACT_MAX is cut. */
void fact_text_put(struct fact_finding *finding, enum fact_text slot, const struct masked *text);
void fact_text_get(const struct fact_finding *finding, enum fact_text slot, struct masked *out);

#endif
