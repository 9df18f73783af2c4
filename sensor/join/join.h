/* join.h - one thread behind the workers: facts in stamp order, events out.
 *
 * Everything across flows at one sensor lives here: what DNS taught, which
 * values return, which destinations are new, contacts, coverage.  It consumes
 * facts up to the lowest mark of all rings, so any number of workers gives the
 * same events in the same order; it decides, and encodes only masked text and
 * numbers.  It allocates only at join_new.
 *
 * Live it waits for a mark at most JOIN_LATE_NS of the clock, and then, until the
 * mark comes, takes facts as they stand: each is counted as late (in coverage
 * events).  What the late ring brings afterwards is taken too, out of its order;
 * nothing is dropped here, but sums of a minute may then come as two events. */
#ifndef SEKISHO_JOIN_JOIN_H
#define SEKISHO_JOIN_JOIN_H

#include "base/limit.h"
#include "base/spsc.h"
#include "event/record.h"
#include "fact/fact.h"
#include "indicator/geo.h"
#include "indicator/indicator.h"
#include "policy/policy.h"
#include "rules/rules.h"

#define JOIN_RINGS_MAX 65
#define JOIN_GRACE_NS (3600ull * 1000000000ull) /* a learnt address outlives its TTL */
#define JOIN_TTL_MIN_S 300u
#define JOIN_COLD_NS (3600ull * 1000000000ull) /* the first hour of a run */
#define JOIN_NEW_NS (86400ull * 1000000000ull) /* a destination is new for a day */
#define JOIN_REPEATED 4                        /* flows with the same value */
#define JOIN_LATE_NS 200000000ull              /* live: a mark is waited for so long */

/* Words of a fact ring's control block: how far its producer is.  Everything
 * with time_ns below MARK_TIME, every timer due at or before it and every frame with
 * ord below MARK_ORD has been told; each is true on its own. */
enum mark_word { MARK_TIME = 0, MARK_ORD = 1 };

/* Where events go: room for a record, then its bytes.  reserve() waits while the shared
 * ring is full; NULL: the run is being given up. */
struct event_sink {
	void *self;
	void *(*reserve)(void *self, uint32_t len);
	void (*commit)(void *self, uint32_t len);
};

struct join_env { /* of the generation in force */
	const struct policy *policy;
	const struct indicators *lists;
	const struct geo *geo; /* NULL: nothing is known */
	const struct rules *rules;
	uint64_t generation;
};

struct join_conf {
	uint32_t rings; /* workers, then the capture thread */
	bool live;
	bool replay;  /* a run of files: a namespace of its own */
	uint64_t run; /* epoch */
	/* By slot of a FACT_SWAP; called at the swap's place, then the old slot is free. */
	struct join_env (*env_of)(void *self, uint32_t slot);
	/* Sums of an input's frames stand in an event; may be NULL. */
	void (*told)(void *self, uint16_t input, uint64_t frames, uint64_t bytes, uint64_t drops);
	void *self; /* of both */
	struct hash_key key;
	const char *sensor;         /* name, of our configuration */
	const char *const *sources; /* names by number */
	uint32_t source_cnt;
	uint32_t contact_rows, coverage_rows, name_rows;
};

/* From authorised on, but late, they are told as events of type stats. */
struct join_counters {
	uint64_t facts, events, alerts;
	uint64_t late; /* live: facts taken without a mark that was waited for */
	uint64_t authorised, received, test_cards, low, own_payer; /* counted, no alert */
	uint64_t contact_refused, coverage_refused, names_refused; /* quotas */
	uint64_t contact_unnamed;                                  /* and this */
	uint64_t called_over;    /* limit: addresses of an hour with a name beyond those kept */
	uint64_t folded;         /* alerts that became part of another */
	uint64_t floods_refused; /* alerts of a flood too many, sent singly */
	uint64_t limits[LIMIT_COUNT]; /* of the workers: how often each bit */
	uint64_t too_long;            /* events that did not fit: a mistake */
	int64_t imbalance;            /* of the books; 0 or a mistake */
	uint64_t busy_ns;             /* CPU time of the thread */
};

struct join;

size_t join_bytes(const struct join_conf *conf);
struct join *join_new(struct arena *arena, const struct join_conf *conf, const struct join_env *env,
	struct spsc rings[], struct event_sink sink);

/* Takes what is there.  False: nothing could be taken now.  */
bool join_step(struct join *join);
/* Every ring has ended (mark STAMP_END_NS) and is empty. */
bool join_ended(struct join *join);
/* The last events: contacts and coverage that are open.  Then no more calls of join_step. */
void join_finish(struct join *join);

/* Control plane's events, in place: started, ended, damage. state: our word. */
void join_health(
	struct join *join, const char *state, const struct masked *detail, uint64_t packet_ns);

/* The own prefixes of the policy in force (none without one), as health events of state
 * "policy": who stores coverage can then say which of them were never seen. */
void join_prefixes(struct join *join, uint64_t packet_ns);

const struct join_counters *join_counters(const struct join *join);

#endif
