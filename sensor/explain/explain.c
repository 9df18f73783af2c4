/* explain.c - bytes through parser, unwrap and card detector, as detect/sink.c does with those of a
 * flow. */
#include "explain/explain.h"

#include <limits.h>

#include "detect/guard.h"
#include "detect/served.h"
#include "explain/state.h"
#include "mask/mask.h"
#include "parse/parser.h"

#define MESSAGES 4 /* that may be open at once: one is */
#define INFLATERS 8
#define TAILS (UNWRAP_STREAMS + 1)

/* A long view that is open. */
struct open_view {
	uint32_t tail, gather;
	struct table table;
};

struct explainer {
	struct arena arena;
	struct card_env env;
	struct unwrap *unwrap;
	struct pool tails, gathers, holds;
	struct parse_io io;
	struct cards *cards;
	struct watch *watch;
	struct explained *out;

	/* The message at hand. */
	const struct message *message;
	struct inspect_place place;
	uint32_t slot, shaped, failed;
	struct open_view open[UNWRAP_STREAMS];
	uint32_t *gather; /* of the view at hand */
	bool has_cards, is_image;

	int score; /* of out->found */
	uint64_t opens_lost;
};

static struct cards *get_cards(void *self, const struct inspect_place *place)
{
	struct explainer *ex = self;

	(void)place;
	if (!ex->has_cards)
		cards_start(ex->cards, FACT_DISTINCT_MAX);
	ex->has_cards = true;
	return ex->cards;
}

static void keep_open(void *self, const struct window *window, const struct peel_opens *opens)
{
	struct explainer *ex = self;

	ex->opens_lost += gather_begin(&ex->gathers, ex->gather, window, opens);
}

/* What a server sends by itself is searched for keys, as detect/sink.c has it. */
static enum peel_keys keys_of(const struct explainer *ex, const struct view *view)
{
	if (view->role != FIELD_RAW && view->role != FIELD_HTTP_BODY)
		return view->role == FIELD_HTTP_URI || view->role == FIELD_HTTP_COOKIE ||
				       view->role == FIELD_HTTP_HEADER
			       ? PEEL_SOME_KEYS
			       : PEEL_NO_KEYS;
	return ex->message->kind != MESSAGE_HTTP_RESPONSE || ex->is_image ? PEEL_ALL_KEYS
									  : PEEL_NO_KEYS;
}

static struct card_scan scan_of(struct explainer *ex, const struct view *view)
{
	return (struct card_scan){.env = &ex->env,
		.view = view,
		.get = get_cards,
		.open = keep_open,
		.keys = (uint8_t)keys_of(ex, view),
		.self = ex,
		.sum = INT_MIN,
		.shaped = &ex->shaped,
		.failed = &ex->failed};
}

static void scan_whole(struct card_scan *scan, const struct view *view)
{
	const struct tail_mark mark = {.offset = 0};
	const struct window window = {.buf = view->data,
		.to = view->data.len,
		.before_start = true,
		.after_end = true,
		.mark = &mark,
		.marks = 1};

	card_window(scan, &window);
}

static void feed(struct explainer *ex, struct card_scan *scan, const struct view *view)
{
	struct open_view *open = &ex->open[view->stream];
	const struct tail_run run = {.data = view->data,
		.offset = view->offset,
		.place = &ex->place,
		.last = view->last};
	const struct gather_sink texts = {.self = scan, .text = card_text};

	if (open->tail == 0)
		*open = (struct open_view){.tail = 0};
	scan->table = open->table;
	ex->gather = &open->gather;
	gather_put(&ex->gathers, &open->gather, ex->env.peeler, view->data, view->offset, texts);
	tail_feed(&ex->tails, &open->tail, &run,
		(struct window_sink){.self = scan, .scan = card_window});
	gather_put(&ex->gathers, &open->gather, ex->env.peeler, view->data, view->offset, texts);
	open->table = scan->table;
	if (open->tail == 0)
		gather_end(&ex->gathers, &open->gather, ex->env.peeler, texts);
}

static void view_take(void *self, const struct message *message, const struct view *view)
{
	struct explainer *ex = self;
	struct card_scan scan;

	ex->message = message;
	scan = scan_of(ex, view);
	if (view->first && view->last)
		scan_whole(&scan, view);
	else
		feed(ex, &scan, view);
}

/* Nothing is ever missing in what lies here, but behind a coding that broke. */
static void view_gap(void *self, const struct message *message, const struct view *view)
{
	struct explainer *ex = self;
	struct open_view *open = &ex->open[view->stream];
	struct card_scan scan;

	ex->message = message;
	scan = scan_of(ex, view);
	scan.table = open->table;
	scan.open = NULL;
	tail_gap(&ex->tails, &open->tail, (struct window_sink){.self = &scan, .scan = card_window});
	gather_end(&ex->gathers, &open->gather, ex->env.peeler,
		(struct gather_sink){.self = &scan, .text = card_text});
}

static void put_cards(struct explainer *ex, struct explain_found *found)
{
	const struct cards *cards = ex->cards;

	found->distinct = cards_distinct(&ex->env, cards, &found->estimated);
	found->test = cards->any_real == 0;
	for (uint32_t i = 0; i < cards->kept && i < EXPLAIN_CARDS; i++) {
		struct explain_card *card = &found->card[found->cards++];
		memcpy(card->brand, cards->card[i].brand, sizeof(card->brand));
		memcpy(card->bin, cards->card[i].bin, sizeof(card->bin));
		memcpy(card->last4, cards->card[i].last4, sizeof(card->last4));
		card->digits = cards->card[i].digits;
	}
}

static void put_place(const struct cards *cards, struct explain_place *place)
{
	place_layers(
		cards->layers, (size_t)cards->depth + cards->peeled, place->layer, &place->layers);
	word_put(place->field, field_word((enum field_role)cards->role));
	place->key = cards->key;
	place->offset = cards->offset;
}

static void put_found(struct explainer *ex, uint64_t why)
{
	struct explain_found *found = &ex->out->found;
	const uint64_t elsewhere = why | WHY_BIT(WHY_DEST_NEW);

	*found = (struct explain_found){.score = why_sum(why), .new_score = why_sum(elsewhere)};
	put_cards(ex, found);
	put_place(ex->cards, &found->place);
	explain_reasons(why, &found->why);
	word_put(found->confidence, confidence_word(why_confidence(why, found->distinct)));
	word_put(
		found->new_confidence, confidence_word(why_confidence(elsewhere, found->distinct)));
	found->evidence = ex->cards->evidence;
}

static void end_message(struct explainer *ex)
{
	if (!ex->has_cards || ex->cards->sum == INT32_MIN)
		return;
	cards_choose(&ex->env, ex->cards);
	uint64_t why = cards_why(ex->cards, ex->shaped, ex->failed);

	if (!ex->out->has_found || why_sum(why) > ex->score) {
		ex->score = why_sum(why);
		ex->out->has_found = true;
		put_found(ex, why);
	}
	cards_drop(&ex->env, ex->cards);
}

static void sink_open(void *self, const struct message *message)
{
	struct explainer *ex = self;

	ex->out->messages++;
	ex->shaped = ex->failed = 0;
	ex->has_cards = ex->is_image = false;
	unwrap_open(ex->unwrap, &ex->slot, message);
}

static void sink_run(void *self, const struct message *message, const struct run *run)
{
	struct explainer *ex = self;

	if (run->role == FIELD_HTTP_CONTENT_TYPE && run->first)
		ex->is_image = served_type(run->data) == SERVED_TYPE_IMAGE;
	unwrap_run(ex->unwrap, &ex->slot, message, run);
}

static void sink_gap(void *self, const struct message *message, enum field_role role, uint64_t len)
{
	struct explainer *ex = self;

	unwrap_gap(ex->unwrap, &ex->slot, message, role, len);
}

static void sink_close(void *self, const struct message *message, enum close_reason reason)
{
	struct explainer *ex = self;

	(void)reason;
	unwrap_close(ex->unwrap, &ex->slot, message);
	end_message(ex);
}

/* As parsers tell a field (parse/message.h). */
static void tell_field(struct explainer *ex, const struct message *message, enum field_role role,
	struct bytes data)
{
	struct run run = {.role = role, .first = true};
	size_t room = FIELD_WHOLE;

	do {
		run.data = bytes_head(data, room);
		data = bytes_skip(data, run.data.len);
		run.last = data.len == 0;
		sink_run(ex, message, &run);
		run.offset += run.data.len;
		run.first = false;
		room = RUN_MAX;
	} while (data.len > 0);
}

static void tell_body(struct explainer *ex, struct bytes data, const char *type)
{
	const struct message message = {.kind = MESSAGE_HTTP_REQUEST};

	sink_open(ex, &message);
	if (type != NULL)
		tell_field(ex, &message, FIELD_HTTP_CONTENT_TYPE, bytes_text(type));
	tell_field(ex, &message, FIELD_HTTP_BODY, data);
	sink_close(ex, &message, CLOSE_COMPLETE);
}

static void tell_raw(struct explainer *ex, struct bytes data)
{
	const struct message message = {.kind = MESSAGE_RAW};

	if (data.len == 0)
		return;
	sink_open(ex, &message);
	tell_field(ex, &message, FIELD_RAW, data);
	sink_close(ex, &message, CLOSE_COMPLETE);
}

/* The parser of HTTP, if the bytes begin as it does; NULL: they do not. */
static const struct parser *http_of(struct bytes data)
{
	const struct probe probe = {
		.head = bytes_head(data, PROBE_MAX), .port_low = 80, .port_high = 40000};
	int row = parsers_probe(&probe);

	return row >= 0 && strncmp(parsers[row]->name, "http", 4) == 0 ? parsers[row] : NULL;
}

static void tell_http(struct explainer *ex, const struct parser *parser, struct bytes data)
{
	_Alignas(64) uint8_t state[PARSER_STATE_MAX] = {0};

	if (parser->data(state, &ex->io, 0, data) == PARSE_OK) {
		parser->end(state, &ex->io, 0);
		parser->drop(state, &ex->io);
	} else {
		parser->drop(state, &ex->io);
		tell_raw(ex, bytes_skip(data, ex->io.taken));
	}
	explicit_bzero(state, sizeof(state));
}

static size_t arena_size(void)
{
	return unwrap_bytes(MESSAGES, INFLATERS) + pool_bytes(sizeof(struct tail), TAILS) +
	       pool_bytes(sizeof(struct gather), TAILS) + pool_bytes(FIELD_WHOLE, MESSAGES) +
	       pool_bytes(sizeof(struct card_set), 1) + peeler_bytes() + sizeof(struct cards) +
	       sizeof(struct watch) + 32 * 64;
}

static bool explainer_new(struct explainer *ex, struct err *err)
{
	struct arena *arena = &ex->arena;

	if (!arena_new(arena, arena_size(), err))
		return false;
	ex->unwrap = unwrap_new(arena, MESSAGES, INFLATERS,
		(struct view_sink){.self = ex, .view = view_take, .gap = view_gap});
	ex->env.peeler = peeler_new(arena);
	ex->cards = arena_take(arena, sizeof(*ex->cards));
	ex->watch = arena_take(arena, sizeof(*ex->watch));
	if (ex->unwrap == NULL || ex->env.peeler == NULL || ex->cards == NULL ||
		ex->watch == NULL || !pool_new(&ex->tails, arena, sizeof(struct tail), TAILS) ||
		!pool_new(&ex->gathers, arena, sizeof(struct gather), TAILS) ||
		!pool_new(&ex->holds, arena, FIELD_WHOLE, MESSAGES) ||
		!pool_new(&ex->env.sets, arena, sizeof(struct card_set), 1)) {
		arena_free(arena);
		return err_set(err, EXIT_INTERNAL, "the arena is too small");
	}
	ex->watch->env = &ex->env;
	ex->io = (struct parse_io){.hold = &ex->holds,
		.client_dir = -1,
		.sink = {.self = ex,
			.open = sink_open,
			.run = sink_run,
			.gap = sink_gap,
			.close = sink_close}};
	return true;
}

static void put_limit(struct explained *out, const char *what, uint64_t count)
{
	if (count > 0)
		out->limit[out->limits++] = (struct explain_limit){.what = what, .count = count};
}

static void put_limits(const struct explainer *ex, struct explained *out)
{
	const struct unwrap_counters *unwrap = unwrap_counters(ex->unwrap);
	const struct peel_counters *peel = peeler_counters(ex->env.peeler);

	put_limit(out, "bytes of a body in a coding that is unknown or broken",
		unwrap->skipped[SKIP_CODING]);
	put_limit(out, "bytes of a body that unpack to too much", unwrap->skipped[SKIP_BOMB]);
	put_limit(out, "layers deeper than are undone", unwrap->depth_cut);
	put_limit(out, "messages with more values than are shown by themselves", unwrap->steps_cut);
	put_limit(out, "windows whose codings gave more bytes than they may", peel->cut);
	put_limit(out, "coded stretches open at once beyond those kept",
		ex->opens_lost + peel->opens_lost);
	put_limit(out, "numbers of one window beyond those told", ex->env.hits_more);
	put_limit(out, "pieces that found no room",
		ex->tails.refused + ex->gathers.refused + ex->io.hold_refused +
			unwrap->state_refused + unwrap->inflate_refused);
}

static void put_undone(const struct watch *watch, struct explained *out)
{
	for (uint32_t i = 0; i < watch->chains; i++) {
		const struct chain *chain = &watch->chain[i];
		struct explain_undone *row = &out->undone[out->undones++];
		place_layers(chain->layers, chain->depth, row->layer, &row->layers);
		row->texts = chain->texts;
		row->bytes = chain->bytes;
	}
	out->undone_more = watch->chains_more;
	out->texts = watch->texts;
}

/* What would not be told is the nearest miss. */
static void lower_found(struct explained *out)
{
	const struct explain_found *found = &out->found;
	struct explain_miss *miss = &out->miss;

	if (!out->has_found || found->test || strcmp(found->new_confidence, "low") != 0)
		return;
	*miss = (struct explain_miss){.place = found->place,
		.why = found->why,
		.score = found->score,
		.stop = EXPLAIN_SCORE,
		.digits = found->cards > 0 ? found->card[0].digits : 0,
		.shape = found->evidence};
	out->has_miss = true;
	out->has_found = false;
}

/* The peeler is free only now. */
static void guard(struct card_env *env, struct explained *out)
{
	guard_text(env, &out->found.place.key);
	guard_text(env, &out->found.evidence);
	guard_text(env, &out->miss.place.key);
	guard_text(env, &out->miss.shape);
}

static void explain(struct explainer *ex, const struct explain_question *question)
{
	const struct parser *http = question->type == NULL ? http_of(question->data) : NULL;
	const struct card_watch watch = watch_of(ex->watch);
	struct explained *out = ex->out;

	ex->env.watch = &watch;
	if (http != NULL)
		tell_http(ex, http, question->data);
	else
		tell_body(ex, question->data, question->type);
	ex->env.watch = NULL;
	put_undone(ex->watch, out);
	put_limits(ex, out);
	out->has_miss = ex->watch->has_miss;
	out->miss = ex->watch->miss;
	lower_found(out);
	guard(&ex->env, out);
}

bool explain_bytes(const struct explain_question *question, struct explained *out, struct err *err)
{
	struct explainer ex = {.out = out, .env = {.table = *question->table}};

	*out = (struct explained){.bytes = question->data.len};
	if (!explainer_new(&ex, err))
		return false;
	explain(&ex, question);
	arena_free(&ex.arena);
	return true;
}
