/* spread.h - names that somebody asked somebody else for, as far as they may carry pieces of one
 * text: what one query after the other takes out of a domain's labels.
 *
 * A row for client, server and domain keeps the last names, without the domain.  Queries come
 * from a new port each, so what asks is the pair of addresses (tuple_pair() says where that
 * holds), and the engine deals such packets by it: one worker sees all of them, in order.
 * Bounded: rows of a pool; a row whose last name is SPREAD_AGE_NS old goes, when none is free the
 * one that waited longest (evicted counts: a quota).  In a row at least the last half of
 * PIECES_NAMES names that fit into PIECES_ROOM are there.  A row is wiped when it goes.
 * Threads: one worker's. */
#ifndef SEKISHO_DETECT_SPREAD_H
#define SEKISHO_DETECT_SPREAD_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/tuple.h"
#include "detect/pieces.h"

#define SPREAD_AGE_NS (600ull * 1000000000ull)
/* A look reads all names of a row.  What it costs in bytes is paid from what the row has been
 * given: so much at first and when something was found, so much for each byte that comes, and for
 * each second that it is silent; never more than the first.  A flood of names costs looks in
 * proportion to its bytes; the pieces of one text that begins behind a silence are all looked at.
 */
#define SPREAD_CREDIT 4096
#define SPREAD_PER_BYTE 2
#define SPREAD_PER_SECOND 64

struct spread {         /* a row */
	uint64_t value; /* keyed, of who asks whom and the domain */
	uint64_t last_ns;
	uint32_t next;         /* of its bucket */
	uint32_t newer, older; /* in order of last_ns */
	uint32_t credit;       /* bytes that may be looked at */
	uint32_t base;         /* number of the first name that is there */
	uint16_t end[PIECES_NAMES];
	uint8_t count;
	/* Of the texts that begin with that name, what was told (struct card_scan). */
	struct spread_told {
		uint64_t end; /* 0: nothing */
		int sum;
		uint32_t first;
	} told[PIECES_WAYS];
	uint8_t text[PIECES_ROOM];
};

struct spreads {
	struct pool pool;
	struct hash_key key;
	uint32_t *buckets;
	uint32_t mask;
	uint32_t oldest, newest;
	uint64_t evicted; /* quota: a row went before its time */
	uint64_t passed;  /* limit: names that were not looked at with those before them */
};

size_t spreads_bytes(uint32_t rows);
bool spreads_new(
	struct spreads *spreads, struct arena *arena, uint32_t rows, const struct hash_key *key);

/* A name, as it was sent, that was asked for; a row begins with one that pieces_carries(), what
 * follows in it need not.  Returns its row if it is to be looked at with
 * those before it, or NULL. */
struct spread *spread_add(
	struct spreads *spreads, const struct tuple *pair, struct bytes name, uint64_t now_ns);
/* The names of a row; borrowed until the next spread_add(). */
void spread_pieces(const struct spread *row, struct pieces *out);

/* A look at it was worth it. */
void spread_found(struct spread *row);

/* When the first row ages; UINT64_MAX: there is none. */
uint64_t spread_due(const struct spreads *spreads);
/* Wipes what has aged by then. */
void spread_expire(struct spreads *spreads, uint64_t now_ns);

#endif
