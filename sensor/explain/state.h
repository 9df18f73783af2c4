/* state.h - what explain.c and watch.c share.  Private to this room. */
#ifndef SEKISHO_EXPLAIN_STATE_H
#define SEKISHO_EXPLAIN_STATE_H

#include "explain/explain.h"
#include "pan/doubt.h"

struct chain {
	uint8_t layers[CARD_LAYERS];
	uint8_t depth;
	uint64_t texts, bytes;
};

/* What looks on while texts are judged. */
struct watch {
	struct card_env *env;
	uint64_t texts;
	struct chain chain[EXPLAIN_UNDONE];
	uint32_t chains;
	uint64_t chains_more;
	int rank; /* of miss: lower is nearer */
	int context;
	bool has_miss;
	struct explain_miss miss;
};

struct card_watch watch_of(struct watch *watch);

void place_layers(
	const uint8_t *layers, size_t count, char out[][EXPLAIN_WORD], uint32_t *layer_cnt);
void word_put(char out[EXPLAIN_WORD], const char *word);

#endif
