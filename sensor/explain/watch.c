/* watch.c - what is judged and not taken: the texts that came out, and the number that came
 * nearest to a card's. */
#include <stdio.h>

#include "explain/state.h"
#include "mask/mask.h"

#define SHAPE_AROUND 48 /* bytes beside a number that are shown, masked */
#define RANK_SEARCHED 100

void word_put(char out[EXPLAIN_WORD], const char *word)
{
	snprintf(out, EXPLAIN_WORD, "%s", word);
}

void place_layers(
	const uint8_t *layers, size_t count, char out[][EXPLAIN_WORD], uint32_t *layer_cnt)
{
	for (size_t i = 0; i < count; i++)
		word_put(out[i], layer_word((enum layer)layers[i]));
	*layer_cnt = (uint32_t)count;
}

static struct chain chain_of(const struct card_scan *scan)
{
	const struct view *view = scan->view;
	struct chain chain = {.depth = view->depth};

	memcpy(chain.layers, view->layers, view->depth);
	if (scan->text == NULL)
		return chain;
	memcpy(chain.layers + chain.depth, scan->text->layers, scan->text->depth);
	chain.depth = (uint8_t)(chain.depth + scan->text->depth);
	return chain;
}

static void count_text(
	struct watch *watch, const struct card_scan *scan, const struct window *window)
{
	struct chain chain = chain_of(scan);
	const bool begins = window->before_start && window->from == 0;
	uint32_t i = 0;

	watch->texts += begins;
	if (chain.depth == 0)
		return;
	while (i < watch->chains &&
		(watch->chain[i].depth != chain.depth ||
			memcmp(watch->chain[i].layers, chain.layers, chain.depth) != 0))
		i++;
	if (i == EXPLAIN_UNDONE) {
		watch->chains_more += begins;
		return;
	}
	if (i == watch->chains)
		watch->chain[watch->chains++] = chain;
	watch->chain[i].texts += begins;
	watch->chain[i].bytes += window->to - window->from;
}

/* A number where it stands. */
struct seen {
	const struct card_scan *scan;
	const struct window *window;
	size_t off, len, digits;
};

static bool is_searched(const struct card_scan *scan)
{
	for (uint8_t i = 0; scan->text != NULL && i < scan->text->depth; i++)
		if (scan->text->layers[i] >= LAYER_REVERSAL)
			return true;
	return false;
}

static void fill_miss(struct watch *watch, const struct seen *seen, uint64_t why)
{
	struct explain_miss *miss = &watch->miss;
	struct chain chain = chain_of(seen->scan);
	struct bytes buf = seen->window->buf;
	size_t left = seen->off > SHAPE_AROUND ? seen->off - SHAPE_AROUND : 0;
	size_t len =
		seen->off - left + (seen->len < MASKED_MAX ? seen->len : MASKED_MAX) + SHAPE_AROUND;

	watch->has_miss = true;
	*miss = (struct explain_miss){.digits = (uint32_t)seen->digits, .score = why_sum(why)};
	explain_reasons(why, &miss->why);
	place_layers(chain.layers, chain.depth, miss->place.layer, &miss->place.layers);
	word_put(miss->place.field, field_word(seen->scan->view->role));
	miss->place.offset = seen->window->base + seen->off;
	mask_key(&miss->place.key, seen->scan->view->key);
	mask_evidence(&miss->shape, bytes_head(bytes_skip(buf, left), len), NULL, 0);
}

/* True: it came nearer than what is kept.  Where a key was searched for chance gives many: those
 * without anything beside them come last. */
static bool is_nearer(struct watch *watch, const struct seen *seen, int rank, uint64_t why)
{
	const uint64_t beside =
		WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_EXPIRY) | WHY_BIT(WHY_CARD_CODE);
	int context = why_sum(why);

	if (is_searched(seen->scan) && (why & beside) == 0)
		rank += RANK_SEARCHED;
	if (watch->has_miss && rank > watch->rank)
		return false;
	if (watch->has_miss && rank == watch->rank && context <= watch->context)
		return false;
	watch->rank = rank;
	watch->context = context;
	return true;
}

/* In front of all that lack something: they are cards but for what stands around them. */
static void take_hit(void *self, const struct card_scan *scan, const struct window *window,
	const struct pan_hit *hit, uint64_t why, enum card_fate fate)
{
	struct watch *watch = self;
	const struct seen seen = {.scan = scan,
		.window = window,
		.off = hit->off,
		.len = hit->len,
		.digits = hit->digits};

	if (fate == CARD_TAKEN || !is_nearer(watch, &seen, 0, why))
		return;
	fill_miss(watch, &seen, why);
	watch->miss.stop = fate == CARD_UNNAMED ? EXPLAIN_UNNAMED : EXPLAIN_BY_CHANCE;
}

static uint64_t context_of(struct watch *watch, const struct seen *seen)
{
	struct bytes buf = seen->window->buf;
	size_t left = seen->off > PAN_CONTEXT ? seen->off - PAN_CONTEXT : 0;
	size_t right = seen->off + seen->len + PAN_CONTEXT;
	struct bytes name = seen->scan->text == NULL ? seen->scan->view->key : bytes_of(NULL, 0);

	if (right > buf.len)
		right = buf.len;
	return pan_context(&watch->env->table, bytes_of(buf.ptr + left, right - left),
		seen->off - left, seen->len, name);
}

static void take_doubt(struct watch *watch, const struct seen *seen, unsigned lacks)
{
	uint64_t why = context_of(watch, seen);

	if (!is_nearer(watch, seen, (int)lacks, why))
		return;
	fill_miss(watch, seen, why);
	watch->miss.stop = EXPLAIN_LACKS;
	watch->miss.lacks = lacks;
}

static void take_text(void *self, const struct card_scan *scan, const struct window *window)
{
	struct watch *watch = self;
	const struct pan_doubtful text = {.buf = window->buf,
		.before_start = window->before_start,
		.after_end = window->after_end};
	struct pan_doubt doubt;
	size_t at = window->from;

	count_text(watch, scan, window);
	while (pan_doubt_next(&watch->env->table, &text, at, &doubt) && doubt.off < window->to) {
		const struct seen seen = {.scan = scan,
			.window = window,
			.off = doubt.off,
			.len = doubt.len,
			.digits = doubt.digits};
		if (doubt.lacks != 0)
			take_doubt(watch, &seen, doubt.lacks);
		at = doubt.off + doubt.len;
	}
}

struct card_watch watch_of(struct watch *watch)
{
	return (struct card_watch){.self = watch, .text = take_text, .hit = take_hit};
}
