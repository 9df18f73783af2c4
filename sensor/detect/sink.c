/* sink.c - the messages of a flow: contexts, names, rules, and their views to
 * the card detector. */
#include <assert.h>
#include <limits.h>

#include "base/scratch.h"
#include "detect/served.h"
#include "detect/state.h"

#define ANSWERS_CALLED 16     /* addresses of one DNS answer that lend their name to contacts */
#define PART_BYTES (1u << 20) /* a finding is told at the latest this far behind its first hit */

static struct half *half_of(struct inspect *inspect)
{
	return &inspect->state->half[inspect->at_half];
}

static bool reads_content(const struct inspect *inspect)
{
	return inspect->state->subject.level == LEVEL_CONTENT;
}

static bool is_request(const struct message *message)
{
	return message->kind == MESSAGE_HTTP_REQUEST;
}

static bool is_dns(const struct message *message)
{
	return message->kind == MESSAGE_DNS_QUERY || message->kind == MESSAGE_DNS_RESPONSE;
}

struct context *context_of(struct inspect *inspect, const struct message *message)
{
	if (message->kind != MESSAGE_HTTP_REQUEST && message->kind != MESSAGE_HTTP_RESPONSE)
		return NULL;
	return context_find(&inspect->contexts, inspect->state->contexts, message->number);
}

static void sink_open(void *self, const struct message *message)
{
	struct inspect *inspect = self;
	struct half *half = half_of(inspect);

	inspect->counters.messages++;
	inspect->question_len = 0;
	inspect->answers = 0;
	half->shaped = 0;
	half->failed = 0;
	memset(half->rule, 0, sizeof(half->rule));
	if (is_request(message))
		context_open(&inspect->contexts, &inspect->state->contexts, message->number);
	if (reads_content(inspect))
		unwrap_open(inspect->unwrap, &half->unwrap, message);
}

/* The first server name of a flow holds for all that follows in it. */
static void remember_sni(struct inspect *inspect, const struct run *run)
{
	struct flow_state *state = inspect->state;
	struct context *context;

	if (run->role != FIELD_TLS_SNI || !run->first || state->own != 0)
		return;
	context = context_open(&inspect->contexts, &state->own, 0);
	if (context != NULL)
		context_put(&inspect->contexts, &state->own, context, CONTEXT_SNI, run->data);
}

/* What of a request is remembered until its answer closes. */
static void remember(struct inspect *inspect, const struct message *message, const struct run *run)
{
	static const int which[FIELD_ROLE_COUNT] = {
		[FIELD_HTTP_METHOD] = 1 + CONTEXT_METHOD,
		[FIELD_HTTP_URI] = 1 + CONTEXT_URL,
		[FIELD_HTTP_HOST] = 1 + CONTEXT_HOST,
		[FIELD_HTTP_USER_AGENT] = 1 + CONTEXT_AGENT,
	};
	struct context *context = run->first && is_request(message) && which[run->role] != 0
					  ? context_of(inspect, message)
					  : NULL;

	if (context != NULL)
		context_put(&inspect->contexts, &inspect->state->contexts, context,
			(enum context_text)(which[run->role] - 1), run->data);
}

static void note_answer(
	struct inspect *inspect, const struct message *message, const struct run *run)
{
	struct context *context;

	if (message->kind != MESSAGE_HTTP_RESPONSE || !run->first ||
		(run->role != FIELD_HTTP_STATUS && run->role != FIELD_HTTP_CONTENT_TYPE &&
			run->role != FIELD_HTTP_BODY))
		return;
	context = context_of(inspect, message);
	if (context == NULL)
		return;
	if (run->role == FIELD_HTTP_STATUS && run->data.len == 3)
		context->status =
			(uint16_t)((run->data.ptr[0] - '0') * 100 + (run->data.ptr[1] - '0') * 10 +
				   run->data.ptr[2] - '0');
	if (run->role == FIELD_HTTP_CONTENT_TYPE)
		context->type = (uint8_t)served_type(run->data);
	if (run->role == FIELD_HTTP_BODY && run->data.len > 0)
		context->head = run->data.ptr[0];
}

/* The peer's name: the first that the client says. */
static void take_name(struct inspect *inspect, const struct run *run, struct bytes name)
{
	if (run->role == FIELD_DNS_QUERY || inspect->state->named)
		return;
	inspect->state->named = true;
	inspect->name_len = (uint8_t)name.len;
	memcpy(inspect->name, name.ptr, name.len);
}

/* Names are metadata: told and asked of the lists at every level but none. */
static void ask_name(struct inspect *inspect, const struct run *run)
{
	static const uint8_t by[FIELD_ROLE_COUNT] = {
		[FIELD_DNS_QUERY] = 1, [FIELD_TLS_SNI] = 2, [FIELD_HTTP_HOST] = 3};
	SCRATCH uint32_t rows[INDICATOR_HITS_MAX];
	struct bytes name = run->data;

	if (by[run->role] == 0 || !run->first || name.len == 0 || name.len > 255)
		return;
	if (run->role == FIELD_HTTP_HOST) {
		size_t colon = bytes_find_byte(name, ':');
		name = colon == SIZE_MAX ? name : bytes_head(name, colon);
	}
	take_name(inspect, run, name);
	if (indicators_domain(inspect->env.lists, name, rows) > 0)
		tell_listed(inspect, rows[0], by[run->role], name);
}

static void tell_address(struct inspect *inspect, const struct run *answer)
{
	if (answer->data.len != (answer->number == 1 ? 4 : 16) ||
		(answer->number != 1 && answer->number != 28))
		return;
	tell_name(inspect, answer);
	if (inspect->answers++ < ANSWERS_CALLED)
		tell_called(inspect, answer);
}

static void note_dns(struct inspect *inspect, const struct message *message, const struct run *run)
{
	if (message->kind != MESSAGE_DNS_RESPONSE)
		return;
	if (run->role == FIELD_DNS_QUERY && run->data.len <= sizeof(inspect->question)) {
		memcpy(inspect->question, run->data.ptr, run->data.len);
		inspect->question_len = (uint16_t)run->data.len;
	}
	if (run->role == FIELD_DNS_ANSWER && !message->orphan)
		tell_address(inspect, run);
}

static void buffers_of(struct inspect *inspect, const struct message *message, enum field_role role,
	struct bytes data, struct rule_buffers *out)
{
	const struct context *context = context_of(inspect, message);
	const struct tuple *key = flow_key(inspect->table, inspect->flow_number);

	*out = (struct rule_buffers){.proto = key->proto};
	if (context != NULL) {
		out->field[FIELD_HTTP_METHOD] = context_get(context, CONTEXT_METHOD);
		out->field[FIELD_HTTP_URI] = context_get(context, CONTEXT_URL);
		out->field[FIELD_HTTP_HOST] = context_get(context, CONTEXT_HOST);
		out->field[FIELD_HTTP_USER_AGENT] = context_get(context, CONTEXT_AGENT);
	}
	out->field[role] = data;
	out->to_server = message->dir == inspect->flow->client_dir;
	out->to_client = !out->to_server;
	out->established = key->proto != PROTO_TCP ||
			   (inspect->flow->flags & (FLOW_SYNACK_SEEN | FLOW_MIDSTREAM)) != 0;
}

static bool keep_candidate(struct inspect *inspect, struct half *half, uint32_t rule)
{
	for (int i = 0; i < RULES_PENDING; i++) {
		if (half->rule[i] == rule + 1)
			return true;
		if (half->rule[i] == 0) {
			half->rule[i] = rule + 1;
			return true;
		}
	}
	inspect->counters.rule_overrun++;
	return false;
}

static void drop_candidate(struct half *half, uint32_t rule)
{
	for (int i = 0; i < RULES_PENDING; i++)
		if (half->rule[i] == rule + 1)
			half->rule[i] = UINT32_MAX; /* told: not again in this message */
}

/* A candidate whose other buffers come later is tried again with each of them. */
static void ask_rules(struct inspect *inspect, const struct message *message, enum field_role role,
	struct bytes data)
{
	struct half *half = half_of(inspect);
	SCRATCH uint32_t found[RULE_HITS_MAX];
	SCRATCH struct rule_buffers buffers;
	uint32_t count =
		rules_candidates(inspect->env.rules, inspect->env.scratch, role, data, found);

	for (uint32_t i = 0; i < count; i++)
		keep_candidate(inspect, half, found[i]);
	if (half->rule[0] == 0)
		return;
	buffers_of(inspect, message, role, data, &buffers);
	for (int i = 0; i < RULES_PENDING; i++) {
		uint32_t rule = half->rule[i] - 1;
		if (half->rule[i] == 0 || half->rule[i] == UINT32_MAX ||
			!rule_verify(inspect->env.rules, rule, &buffers))
			continue;
		tell_rule(inspect, message, rule, role, data);
		drop_candidate(half, rule);
	}
}

static void tell_part(
	struct inspect *inspect, const struct message *message, struct half *half, size_t len)
{
	struct cards *cards;

	if (half->cards == 0)
		return;
	cards = pool_at(&inspect->cards, half->cards);
	cards->after += len;
	if (cards->wait.due_ns == 0 || cards->after < PART_BYTES)
		return;
	wait_go_on(inspect, half->cards, tell_cards(inspect, message, half));
}

/* First place at or behind from where a card may begin, plain or coded. */
static size_t card_place(struct bytes value, size_t from)
{
	size_t plain = pan_place(value, from);

	return plain == from ? from : peel_place(bytes_head(value, plain), from);
}

/* A whole value, as nearly all are, in which no card can begin. */
static bool is_clean(const struct inspect *inspect, struct bytes value)
{
	if (value.len < CARD_DIGITS_ANY)
		return true;
	return (inspect->env.plain ? pan_place(value, 0) : card_place(value, 0)) >= value.len;
}

#define LABEL_LONG 50 /* no name that a person chose has such a label */
#define TYPE_TXT 16

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* What is sent in a name is cut into labels of one length, but for the last. */
static void show_name(struct inspect *inspect, const struct message *message, const struct run *run)
{
	SCRATCH uint8_t joined[256];
	struct bytes sent = run->name;
	struct run whole = *run;
	size_t len = 0, label = 0, piece = 0;
	bool goes_on = true;

	for (size_t i = 0; i < sent.len && len < sizeof(joined); i++) {
		bool dot = sent.ptr[i] == '.';
		if (dot) {
			piece = piece == 0 ? label : piece;
			goes_on = goes_on && piece >= LABEL_LONG && label == piece;
		}
		if (!dot || !goes_on)
			joined[len++] = sent.ptr[i];
		label = dot ? 0 : label + 1;
	}
	whole.name = bytes_of(NULL, 0);
	whole.data = bytes_of(joined, len);
	if (!is_clean(inspect, whole.data))
		unwrap_run(inspect->unwrap, &half_of(inspect)->unwrap, message, &whole);
	explicit_bzero(joined, len);
}

/* A number before a label that counts: the dot and the digit behind it seem to go on with it. */
static void show_label(
	struct inspect *inspect, const struct message *message, const struct run *run)
{
	size_t dot = bytes_find_byte(run->name, '.');
	struct run label = *run;

	if (dot == SIZE_MAX || dot < CARD_DIGITS_ANY || dot + 1 == run->name.len ||
		!is_digit(run->name.ptr[dot - 1]) || !is_digit(run->name.ptr[dot + 1]))
		return;
	label.name = bytes_of(NULL, 0);
	label.data = bytes_head(run->name, dot);
	if (pan_place(label.data, 0) < dot)
		unwrap_run(inspect->unwrap, &half_of(inspect)->unwrap, message, &label);
}

/* Texts of up to 255 bytes each (RFC 1035 section 3.3.14): what is longer goes on in the next. */
static void show_texts(
	struct inspect *inspect, const struct message *message, const struct run *run)
{
	struct bytes left = run->data;
	struct run piece = *run;

	piece.name = bytes_of(NULL, 0);
	piece.offset = 0;
	piece.first = true;
	while (left.len > 0) {
		piece.data = bytes_head(bytes_skip(left, 1), left.ptr[0]);
		left = bytes_skip(left, 1 + (size_t)left.ptr[0]);
		piece.last = left.len == 0;
		unwrap_run(inspect->unwrap, &half_of(inspect)->unwrap, message, &piece);
		piece.offset += piece.data.len;
		piece.first = false;
	}
}

static void show_dns(struct inspect *inspect, const struct message *message, const struct run *run)
{
	if (run->role == FIELD_DNS_QUERY) {
		show_name(inspect, message, run);
		show_label(inspect, message, run);
		if (message->kind == MESSAGE_DNS_QUERY)
			names_asked(inspect, message, run->name);
	} else if (run->role == FIELD_DNS_ANSWER && run->number == TYPE_TXT && run->first &&
		   run->last)
		show_texts(inspect, message, run);
	else if (!run->first || !run->last || !is_clean(inspect, run->data))
		unwrap_run(inspect->unwrap, &half_of(inspect)->unwrap, message, run);
}

static void sink_run(void *self, const struct message *message, const struct run *run)
{
	struct inspect *inspect = self;
	struct half *half = half_of(inspect);

	if (is_dns(message)) {
		if (run->data.len == 0 && run->first && run->last)
			return; /* a number: nobody looks for any */
		note_dns(inspect, message, run);
	} else {
		remember(inspect, message, run);
		remember_sni(inspect, run);
		note_answer(inspect, message, run);
	}
	ask_name(inspect, run);
	if (inspect->env.rules != NULL && run->data.len > 0 &&
		(reads_content(inspect) || inspect->state->subject.level == LEVEL_MATCH_ONLY) &&
		rules_reads(inspect->env.rules, run->role))
		ask_rules(inspect, message, run->role, run->data);
	if (!reads_content(inspect)) {
		if (run->role == FIELD_HTTP_BODY || run->role == FIELD_RAW)
			inspect->io.skipped[SKIP_LEVEL] += run->data.len;
		return;
	}
	if (is_dns(message))
		show_dns(inspect, message, run);
	else
		unwrap_run(inspect->unwrap, &half->unwrap, message, run);
	tell_part(inspect, message, half, run->data.len);
}

static void sink_gap(void *self, const struct message *message, enum field_role role, uint64_t len)
{
	struct inspect *inspect = self;

	if (reads_content(inspect))
		unwrap_gap(inspect->unwrap, &half_of(inspect)->unwrap, message, role, len);
}

/* Who-and-where is of use until both sides of the exchange are closed: the
 * answer may be over while the request still waits for a hole. */
static void close_side(struct inspect *inspect, const struct message *message)
{
	struct context *context = context_of(inspect, message);

	if (context == NULL)
		return;
	if (is_request(message))
		context->closed = 1;
	else
		context->answered = 1;
	if (context->closed != 0 && context->answered != 0)
		context_close(&inspect->contexts, &inspect->state->contexts, message->number);
}

static void sink_close(void *self, const struct message *message, enum close_reason reason)
{
	struct inspect *inspect = self;
	struct half *half = half_of(inspect);

	(void)reason;
	if (reads_content(inspect))
		unwrap_close(inspect->unwrap, &half->unwrap, message);
	if (half->cards != 0) {
		tell_cards(inspect, message, half);
		wait_drop(inspect, half);
	}
	close_side(inspect, message);
	explicit_bzero(inspect->question, inspect->question_len);
	inspect->question_len = 0;
}

struct message_sink sink_of(struct inspect *inspect)
{
	return (struct message_sink){.self = inspect,
		.open = sink_open,
		.run = sink_run,
		.gap = sink_gap,
		.close = sink_close};
}

static struct cards *get_cards(void *self, const struct inspect_place *place)
{
	struct inspect *inspect = self;
	struct half *half = half_of(inspect);

	if (half->cards == 0) {
		half->cards = pool_take(&inspect->cards);
		if (half->cards == 0) {
			inspect->counters.cards_refused++;
			return NULL;
		}
		cards_start(pool_at(&inspect->cards, half->cards), tell_most(inspect));
		inspect->flow->flags |= FLOW_SPEAKS;
	}
	struct cards *cards = pool_at(&inspect->cards, half->cards);
	if (cards->wait.due_ns == 0)
		wait_begin(inspect, half->cards, place);
	return cards;
}

static void keep_open(void *self, const struct window *window, const struct peel_opens *opens)
{
	struct inspect *inspect = self;

	inspect->counters.opens_lost +=
		gather_begin(&inspect->gathers, &inspect->gather, window, opens);
}

/* The payload of an echo, and names that are asked for. */
static bool has_no_numbers(const struct inspect *inspect, const struct view *view)
{
	if (view->role != FIELD_RAW)
		return view->role == FIELD_DNS_QUERY;
	uint8_t proto = flow_key(inspect->table, inspect->flow_number)->proto;

	return proto == PROTO_ICMP || proto == PROTO_ICMP6;
}

/* What a server says by itself, in no known protocol or under a false name, may be under a key;
 * pages and scripts that it serves are not searched for one, nor what visitors ask. */
static enum peel_keys keys_of(struct inspect *inspect, const struct view *view)
{
	const struct context *context;

	if (inspect->message->kind == MESSAGE_HTTP_REQUEST &&
		inspect->flow->client_dir != inspect->state->subject.end)
		return PEEL_NO_KEYS;
	switch (view->role) {
	case FIELD_RAW:
	case FIELD_HTTP_BODY:
	case FIELD_DNS_ANSWER:
		break;
	case FIELD_HTTP_URI:
	case FIELD_HTTP_COOKIE:
	case FIELD_HTTP_HEADER:
	case FIELD_DNS_QUERY:
		return PEEL_SOME_KEYS;
	default:
		return PEEL_NO_KEYS;
	}
	if (inspect->message->kind != MESSAGE_HTTP_RESPONSE)
		return PEEL_ALL_KEYS;
	context = context_of(inspect, inspect->message);
	return context != NULL && served_as((enum served_type)context->type, context->status,
					  context_get(context, CONTEXT_URL),
					  context->head) == SERVED_AS_IMAGE
		       ? PEEL_ALL_KEYS
		       : PEEL_NO_KEYS;
}

struct card_scan card_scan_of(struct inspect *inspect, const struct view *view)
{
	struct half *half = half_of(inspect);

	return (struct card_scan){.env = &inspect->card_env,
		.view = view,
		.get = get_cards,
		.open = keep_open,
		.keys = (uint8_t)keys_of(inspect, view),
		.self = inspect,
		.sum = INT_MIN,
		.no_place = has_no_numbers(inspect, view),
		.shaped = &half->shaped,
		.failed = &half->failed};
}

static struct open_tail *open_tail_at(const struct inspect *inspect, uint32_t id)
{
	return pool_at(&inspect->tails, id);
}

/* What a look has told of an open text is not told again. */
static void note_told(const struct inspect *inspect, uint32_t id, struct card_scan *scan)
{
	const struct open_tail *open = open_tail_at(inspect, id);

	if (id == 0)
		return;
	scan->table = open->table;
	if (open->tail.looked == 0)
		return;
	scan->told = open->look.told;
	scan->told_sum = open->look.told_sum;
}

/* A run of a long view. */
static void feed(struct inspect *inspect, struct card_scan *scan, const struct view *view)
{
	uint32_t *id = &half_of(inspect)->tail[view->stream];
	const struct tail_run run = {.data = view->data,
		.offset = view->offset,
		.place = inspect->place,
		.last = view->last};
	const bool is_new = *id == 0;

	note_told(inspect, *id, scan);
	if (view->last && !is_new)
		look_end(inspect, *id);
	const struct gather_sink texts = {.self = scan, .text = card_text};
	struct peeler *peeler = inspect->card_env.peeler;

	inspect->gather = is_new ? 0 : open_tail_at(inspect, *id)->gather;
	gather_put(&inspect->gathers, &inspect->gather, peeler, view->data, view->offset, texts);
	tail_feed(
		&inspect->tails, id, &run, (struct window_sink){.self = scan, .scan = card_window});
	gather_put(&inspect->gathers, &inspect->gather, peeler, view->data, view->offset, texts);
	if (*id == 0) {
		gather_end(&inspect->gathers, &inspect->gather, peeler, texts);
		return;
	}
	struct open_tail *open = open_tail_at(inspect, *id);
	open->gather = inspect->gather;
	open->table = scan->table;
	if (is_new || open->tail.waits == 0)
		look_begin(inspect, *id, view, is_new);
}

static void view_take(void *self, const struct message *message, const struct view *view)
{
	struct inspect *inspect = self;

	inspect->message = message;
	if (view->first && view->last && is_clean(inspect, view->data))
		return;
	struct card_scan scan = card_scan_of(inspect, view);
	if (view->first && view->last) {
		struct tail_mark mark = {.place = *inspect->place};
		struct window window = {.buf = view->data,
			.to = view->data.len,
			.before_start = true,
			.after_end = true,
			.mark = &mark,
			.marks = 1};
		card_window(&scan, &window);
		return;
	}
	assert(view->stream < UNWRAP_STREAMS);
	feed(inspect, &scan, view);
}

static void view_gap(void *self, const struct message *message, const struct view *view)
{
	struct inspect *inspect = self;

	inspect->message = message;
	struct card_scan scan = card_scan_of(inspect, view);

	uint32_t id = half_of(inspect)->tail[view->stream];

	note_told(inspect, id, &scan);
	scan.open = NULL; /* what is open ends here */
	tail_gap(&inspect->tails, &half_of(inspect)->tail[view->stream],
		(struct window_sink){.self = &scan, .scan = card_window});
	if (id != 0)
		gather_end(&inspect->gathers, &open_tail_at(inspect, id)->gather,
			inspect->card_env.peeler,
			(struct gather_sink){.self = &scan, .text = card_text});
}

struct view_sink view_sink_of(struct inspect *inspect)
{
	return (struct view_sink){.self = inspect,
		.view = view_take,
		.gap = view_gap,
		.place = card_place,
		.plain = inspect->env.plain,
		.least = CARD_DIGITS_ANY};
}
