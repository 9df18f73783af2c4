/* loaded.h - a generation opened for use: what workers and join look into.
 *
 * Two slots take turns.  Both get their memory before ready, but for the scratch of
 * the signatures, which loaded_open() allocates anew; a swap opens the
 * next generation in the slot that nobody uses, so the running one stays whole
 * until all have passed the position of the swap. */
#ifndef SEKISHO_LOADED_H
#define SEKISHO_LOADED_H

#include "capture/source.h"
#include "detect/inspect.h"
#include "generation/generation.h"
#include "indicator/geo.h"
#include "join/join.h"

#define LOADED_WORKERS_MAX 64

struct loaded {
	struct arena arena; /* of the signatures' databases */
	struct policy policy;
	struct indicators lists;
	struct pan_table cards;
	struct geo geo;
	struct rules *rules;
	struct match_scratch *scratch[LOADED_WORKERS_MAX];
	uint16_t interface[SOURCE_INPUTS_MAX]; /* policy's number of each source */
	uint64_t id;
};

/* Room for signatures of that many bytes (rules_bytes of the first generation), with
 * reserve for later ones. */
bool loaded_new(struct loaded *loaded, size_t rules_len, struct err *err);
void loaded_free(struct loaded *loaded);

/* Opens every section; borrows the generation.  False: refused, the slot is
 * empty (what it held before is gone: never the slot in use). */
bool loaded_open(struct loaded *loaded, const struct generation *generation, uint32_t workers,
	const char *const sources[], uint32_t source_cnt, struct err *err);

struct inspect_env loaded_inspect_env(const struct loaded *loaded, uint32_t worker);
struct join_env loaded_join_env(const struct loaded *loaded);

#endif
