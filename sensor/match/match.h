/* match.h - many literal patterns at once: Hyperscan in block mode.
 *
 * A prefilter: a hit says the literal stands there; the rule is verified
 * exactly afterwards (rules/).  One database per buffer kind.  Databases are
 * compiled by the builder and carried in a generation; the engine only
 * deserialises, into memory it was given; scratch is allocated where a generation is
 * opened: before ready, and in a swap. */
#ifndef SEKISHO_MATCH_MATCH_H
#define SEKISHO_MATCH_MATCH_H

#include "base/arena.h"
#include "base/bytes.h"

#define MATCH_HITS_MAX 64
#define MATCH_LITERAL_MAX 128

struct match_literal {
	struct bytes text;
	bool nocase;
	uint32_t id;
};

struct match_hit {
	uint32_t id;
	uint32_t end; /* offset after the literal */
};

/* Compiles to a serialised database (malloc'd by the callee, freed by the caller). */
bool match_compile(const struct match_literal literals[], uint32_t count, uint8_t **out,
	size_t *out_len, struct err *err);

struct match;         /* an opened database */
struct match_scratch; /* one per thread, good for every database given to it */

/* Bytes the opened database needs beside the serialised one. */
size_t match_bytes(struct bytes serialised);
struct match *match_open(struct bytes serialised, struct arena *arena, struct err *err);
/* Scratch for all databases, for one thread at a time; allocates. */
struct match_scratch *match_scratch_new(
	const struct match *const matches[], uint32_t count, struct err *err);
void match_scratch_free(struct match_scratch *scratch);

/* Hits in buf, each literal at most once, in order of id; the rest is counted. */
uint32_t match_scan(const struct match *match, struct match_scratch *scratch, struct bytes buf,
	struct match_hit hits[static MATCH_HITS_MAX], uint32_t *more);

#endif
