/* unwrap.c - which layers a field or value has, and the views on their way out. */
#include "unwrap/unwrap.h"

#include <assert.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

#include "base/prefetch.h"
#include "unwrap/multipart.h"

#define SLOT_REFUSED UINT32_MAX /* no state was free for this message */
#define CODING_UNKNOWN LAYER_NONE

/* A message with a body, or with a field that does not come whole. */
struct open {
	struct shown root;
	bool root_open; /* a long field is being told */
	uint8_t hint;   /* by Content-Type */
	uint8_t codings;
	uint8_t coding[UNWRAP_DEPTH]; /* in the order they were applied */
	bool lost;                    /* the body can not be decoded from lost_from on, */
	uint8_t lost_reason;
	uint64_t fed; /* bytes of it so far, */
	uint64_t lost_from;
	uint64_t lost_told; /* and how many are counted already */
	size_t run_len;     /* bytes of the run at hand */
	uint32_t values;
	uint8_t boundary_len; /* of multipart */
	uint8_t boundary[BOUNDARY_MAX];
};

static const struct {
	enum layer layer;
	const struct layer_code *code;
} readers[] = {
#define READER(symbol, code) {LAYER_##symbol, &layer_##code},
#include "unwrap/reader.def"
#undef READER
};

#define READERS (sizeof(readers) / sizeof(readers[0]))

static const struct layer_code *code_of(enum layer layer)
{
	size_t i = 0;

	while (readers[i].layer != layer)
		i++;
	return readers[i].code;
}

/* A whole field's layers need nodes only while it is told, one for each depth. */
static uint32_t node_count(uint32_t messages)
{
	return messages + messages / 4 + 2 * UNWRAP_DEPTH;
}

/* Large, and brotli and zstd are rare in what servers send out: one for each depth, and few
 * more. */
static uint32_t expander_count(uint32_t inflaters)
{
	return UNWRAP_DEPTH + inflaters / 64;
}

static struct node *node_at(const struct unwrap *unwrap, uint32_t id)
{
	return pool_at(&unwrap->nodes, id);
}

void coding_lost(struct unwrap *unwrap, const struct node *broken, enum skip_reason reason)
{
	struct open *open = unwrap->open;
	size_t unused;

	if (open == NULL || open->lost)
		return;
	unused = open->run_len;
	if (open->root.inner != 0) {
		const struct node *outer = node_at(unwrap, open->root.inner);
		unused = coding_unused(unwrap, outer, broken != outer);
	}
	open->lost = true;
	open->lost_reason = (uint8_t)reason;
	open->lost_from = open->fed > unused ? open->fed - unused : 0;
}

#ifdef __x86_64__

#define STEP 16

/* Of STEP bytes: one bit for each that may begin what can be decoded further. */
static unsigned may_code(const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i percent = _mm_cmpeq_epi8(v, _mm_set1_epi8('%'));
	__m128i gzip = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x1f));
	__m128i escape = _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'));

	return (unsigned)_mm_movemask_epi8(_mm_or_si128(_mm_or_si128(percent, gzip), escape));
}

#else

#define STEP 1

static unsigned may_code(const uint8_t *p)
{
	return *p == '%' || *p == 0x1f || *p == '\\';
}

#endif

static bool codes_at(struct bytes value, size_t at)
{
	uint8_t c = value.ptr[at];

	return c == '%' || c == 0x1f ||
	       (c == '\\' && value.len - at >= 3 && value.ptr[at + 1] == 'u' &&
		       value.ptr[at + 2] == '0');
}

static bool codes(struct bytes value)
{
	size_t at = 0;

	while (at < value.len) {
		bool whole = value.len - at >= STEP;

		if (whole && may_code(value.ptr + at) == 0)
			at += STEP;
		else if (codes_at(value, at++))
			return true;
	}
	return false;
}

bool value_worth(const struct unwrap *unwrap, struct bytes value)
{
	const struct view_sink *sink = &unwrap->sink;

	return sink->place == NULL ||
	       (value.len >= sink->least && (sink->place(value, 0) < value.len || codes(value)));
}

static enum layer by_look(const struct shown *shown, struct bytes head)
{
	for (size_t i = 0; i < READERS; i++)
		if (readers[i].code->looks != NULL && !(readers[i].code->weak && shown->body) &&
			readers[i].code->looks(head))
			return readers[i].layer;
	return LAYER_NONE;
}

static struct node *start_node(struct unwrap *unwrap, struct shown *shown, enum layer layer)
{
	struct view *view;
	struct node *node;
	uint32_t id = pool_take(&unwrap->nodes);

	if (id == 0) {
		unwrap->counters.state_refused++;
		return NULL;
	}
	node = node_at(unwrap, id);
	memset(node, 0, offsetof(struct node, key));
	node->code = code_of(layer);
	node->out.hint = LAYER_NONE;
	node->hinted = shown->hint == layer;
	view = &node->out.view;
	view->role = shown->view.role;
	view->depth = (uint8_t)(shown->view.depth + 1);
	memcpy(view->layers, shown->view.layers, sizeof(view->layers));
	view->layers[shown->view.depth] = (uint8_t)layer;
	view->stream = (uint8_t)(shown->view.stream + 1);
	if (!node->code->open(unwrap, node)) {
		pool_give(&unwrap->nodes, id);
		return NULL;
	}
	shown->inner = id;
	return node;
}

static void start_coding(
	struct unwrap *unwrap, struct shown *shown, enum layer layer, struct bytes head)
{
	struct node *node = start_node(unwrap, shown, layer);

	if (node == NULL) {
		coding_lost(unwrap, NULL, SKIP_CODING);
		return;
	}
	shown->silent = inflate_is_plain_gzip(head);
	node->coding.declared = true;
	node->coding.sole = shown->silent;
	node->out.view.stream -= shown->silent;
	node->out.codings = (uint8_t)(shown->codings - 1);
	node->out.hint = shown->hint;
}

static bool is_coding(enum layer layer)
{
	return layer == LAYER_GZIP || layer == LAYER_ZSTD;
}

/* gzip and deflate find out for themselves which they are. */
static bool reads(enum layer declared, enum layer look)
{
	return declared == look || (declared == LAYER_DEFLATE && look == LAYER_GZIP);
}

/* The declared coding that was applied last, if it is one we know and the bytes
 * do not look like something else: what is plain is called coded to hide it. */
static enum layer next_coding(struct unwrap *unwrap, const struct shown *shown, enum layer look)
{
	enum layer layer;

	if (shown->codings == 0)
		return LAYER_NONE;
	layer = (enum layer)unwrap->open->coding[shown->codings - 1];
	if (layer != CODING_UNKNOWN && is_coding(look) && !reads(layer, look))
		return look;
	if (layer != CODING_UNKNOWN && (look == LAYER_NONE || is_coding(look)))
		return layer;
	coding_lost(unwrap, NULL, SKIP_CODING);
	return LAYER_NONE;
}

/* The beginning of a view is there: is it a layer?  Certain (the target, a
 * cookie), a declared coding, by its look, or by its declared type. */
static void start_inner(struct unwrap *unwrap, struct shown *shown, struct bytes head)
{
	bool certain = shown->hint == LAYER_QUERY || shown->hint == LAYER_COOKIE;
	enum layer look = certain ? (enum layer)shown->hint : by_look(shown, head);
	enum layer coding;

	shown->inner = 0;
	if (head.len == 0)
		return;
	coding = next_coding(unwrap, shown, look);
	if (coding != LAYER_NONE) {
		start_coding(unwrap, shown, coding, head);
		return;
	}
	if (look == LAYER_NONE)
		look = (enum layer)shown->hint;
	if (look == LAYER_NONE)
		return;
	if (shown->view.depth == UNWRAP_DEPTH)
		unwrap->counters.depth_cut++;
	else
		start_node(unwrap, shown, look);
}

static void end_inner(struct unwrap *unwrap, struct shown *shown)
{
	struct node *node;

	if (shown->inner == 0)
		return;
	node = node_at(unwrap, shown->inner);
	if (node->code->close != NULL)
		node->code->close(unwrap, node);
	pool_erase(&unwrap->nodes, shown->inner, offsetof(struct node, hold) + node->hold_top);
	shown->inner = 0;
}

/* The next bytes of a view; the layer in it gets them too. */
static void show(
	struct unwrap *unwrap, struct shown *shown, struct bytes data, bool first, bool last)
{
	struct view *view = &shown->view;

	if (first && !unwrap->sink.plain)
		start_inner(unwrap, shown, data);
	view->first = first;
	view->last = last;
	view->data = data;
	if (!shown->silent)
		unwrap->sink.view(unwrap->sink.self, unwrap->message, view);
	view->offset += data.len;
	if (shown->inner == 0)
		return;
	struct node *node = node_at(unwrap, shown->inner);
	node->code->run(unwrap, node, data, last);
	if (last)
		end_inner(unwrap, shown);
}

/* False: the message has shown as many values as it may. */
static bool count_value(struct unwrap *unwrap)
{
	if (unwrap->open == NULL || unwrap->open->values < UNWRAP_VIEWS_MAX) {
		if (unwrap->open != NULL)
			unwrap->open->values++;
		return true;
	}
	unwrap->counters.steps_cut += unwrap->open->values == UNWRAP_VIEWS_MAX;
	unwrap->open->values = UNWRAP_VIEWS_MAX + 1;
	return false;
}

static void show_value(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	bool first = !node->begun;

	if (first && last && !node->out.body && !value_worth(unwrap, data))
		return;
	if (first) {
		node->out.view.offset = 0;
		node->out.view.key = bytes_of(node->key, node->key_len);
		node->mute = !count_value(unwrap);
		node->out.silent = false;
	}
	node->begun = !last;
	if (!node->mute)
		show(unwrap, &node->out, data, first, last);
}

void value_put(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	while (data.len > 0) {
		size_t n = FIELD_WHOLE - node->hold_len;

		if (node->hold_len == FIELD_WHOLE) { /* more follows: it is long */
			node->hold_len = 0;
			show_value(unwrap, node, bytes_of(node->hold, FIELD_WHOLE), false);
			continue;
		}
		if (node->hold_len == 0 && data.len > FIELD_WHOLE) { /* in place */
			n = node->begun ? data.len : FIELD_WHOLE;
			show_value(unwrap, node, bytes_head(data, n), false);
			data = bytes_skip(data, n);
			continue;
		}
		n = data.len < n ? data.len : n;
		memcpy(node->hold + node->hold_len, data.ptr, n);
		node->hold_len = (uint16_t)(node->hold_len + n);
		if (node->hold_len > node->hold_top)
			node->hold_top = node->hold_len;
		data = bytes_skip(data, n);
	}
}

void value_end(struct unwrap *unwrap, struct node *node)
{
	size_t len = node->hold_len;

	node->hold_len = 0;
	if (len > 0 || node->begun)
		show_value(unwrap, node, bytes_of(node->hold, len), true);
}

size_t unwrap_bytes(uint32_t messages, uint32_t inflaters)
{
	return sizeof(struct unwrap) + pool_bytes(sizeof(struct open), messages) +
	       pool_bytes(sizeof(struct node), node_count(messages)) + inflaters_bytes(inflaters) +
	       expanders_bytes(expander_count(inflaters)) + 4 * 64;
}

struct unwrap *unwrap_new(
	struct arena *arena, uint32_t messages, uint32_t inflaters, struct view_sink sink)
{
	struct unwrap *unwrap = arena_take(arena, sizeof(*unwrap));

	if (unwrap == NULL || !pool_new(&unwrap->messages, arena, sizeof(struct open), messages) ||
		!pool_new(&unwrap->nodes, arena, sizeof(struct node), node_count(messages)))
		return NULL;
	unwrap->inflaters = inflaters_new(arena, inflaters);
	unwrap->expanders = expanders_new(arena, expander_count(inflaters));
	unwrap->sink = sink;
	return unwrap->inflaters != NULL && unwrap->expanders != NULL ? unwrap : NULL;
}

const struct unwrap_counters *unwrap_counters(const struct unwrap *unwrap)
{
	return &unwrap->counters;
}

static bool is_http(const struct message *message)
{
	return message->kind == MESSAGE_HTTP_REQUEST || message->kind == MESSAGE_HTTP_RESPONSE;
}

static struct open *state_at(const struct unwrap *unwrap, uint32_t slot)
{
	return slot == 0 || slot == SLOT_REFUSED ? NULL : pool_at(&unwrap->messages, slot);
}

void unwrap_prefetch(const struct unwrap *unwrap, uint32_t slot)
{
	const struct open *open = state_at(unwrap, slot);

	if (open != NULL)
		prefetch_all(open, sizeof(*open));
}

/* The message's state, taken when it is first needed; NULL: there was none. */
static struct open *state_of(struct unwrap *unwrap, uint32_t *slot)
{
	struct open *open;

	if (*slot != 0)
		return state_at(unwrap, *slot);
	*slot = pool_take(&unwrap->messages);
	if (*slot == 0) {
		unwrap->counters.state_refused++;
		*slot = SLOT_REFUSED;
		return NULL;
	}
	open = pool_at(&unwrap->messages, *slot);
	memset(open, 0, sizeof(*open));
	open->hint = LAYER_NONE;
	return open;
}

static void note_type(struct open *open, struct bytes type)
{
	struct bytes boundary = type_boundary(type);

	open->hint = type_layer(type);
	open->boundary_len = (uint8_t)boundary.len;
	if (boundary.len > 0)
		memcpy(open->boundary, boundary.ptr, boundary.len);
}

struct bytes multipart_boundary(const struct unwrap *unwrap, const struct node *node)
{
	const struct open *open = unwrap->open;
	const struct view *view = &node->out.view;

	if (open == NULL || !node->hinted)
		return bytes_of(NULL, 0);
	for (int i = 0; i + 1 < view->depth; i++)
		if (view->layers[i] == LAYER_MULTIPART) /* a part's, not the message's */
			return bytes_of(NULL, 0);
	return bytes_of(open->boundary, open->boundary_len);
}

static void add_coding(struct unwrap *unwrap, struct open *open, struct bytes word)
{
	enum layer layer = CODING_UNKNOWN;

	if (word.len == 0 || bytes_equal_nocase(word, bytes_text("identity")))
		return;
	if (bytes_equal_nocase(word, bytes_text("gzip")) ||
		bytes_equal_nocase(word, bytes_text("x-gzip")))
		layer = LAYER_GZIP;
	else if (bytes_equal_nocase(word, bytes_text("deflate")) ||
		 bytes_equal_nocase(word, bytes_text("x-deflate"))) /* not registered, but read */
		layer = LAYER_DEFLATE;
	else if (bytes_equal_nocase(word, bytes_text("br")))
		layer = LAYER_BROTLI;
	else if (bytes_equal_nocase(word, bytes_text("zstd")))
		layer = LAYER_ZSTD;
	if (open->codings == UNWRAP_DEPTH) { /* the outermost ones would be missing */
		unwrap->counters.depth_cut++;
		open->coding[UNWRAP_DEPTH - 1] = CODING_UNKNOWN;
		return;
	}
	open->coding[open->codings++] = (uint8_t)layer;
}

/* Content-Encoding, a list that may be spread over several fields. */
static void note_coding(struct unwrap *unwrap, struct open *open, struct bytes list)
{
	while (list.len > 0) {
		size_t comma = bytes_find_byte(list, ',');

		add_coding(unwrap, open, bytes_trim(bytes_head(list, comma)));
		list = comma == SIZE_MAX ? bytes_of(NULL, 0) : bytes_skip(list, comma + 1);
	}
}

static void note_header(struct unwrap *unwrap, uint32_t *slot, const struct run *run)
{
	struct open *open;

	if (!run->first || run->data.len == 0 ||
		(run->role != FIELD_HTTP_CONTENT_TYPE && run->role != FIELD_HTTP_CONTENT_CODING))
		return;
	open = state_of(unwrap, slot);
	if (open == NULL)
		return;
	if (run->role == FIELD_HTTP_CONTENT_TYPE)
		note_type(open, run->data);
	else
		note_coding(unwrap, open, run->data);
}

static struct bytes key_of(const struct run *run)
{
	static const char *const name[FIELD_ROLE_COUNT] = {
		[FIELD_HTTP_HOST] = "host",
		[FIELD_HTTP_USER_AGENT] = "user-agent",
		[FIELD_HTTP_REFERER] = "referer",
		[FIELD_HTTP_COOKIE] = "cookie",
		[FIELD_HTTP_CONTENT_TYPE] = "content-type",
		[FIELD_HTTP_CONTENT_CODING] = "content-encoding",
	};

	if (name[run->role] != NULL && run->name.len == 0)
		return bytes_text(name[run->role]);
	return bytes_head(run->name, UNWRAP_KEY_MAX);
}

static uint8_t hint_of(const struct open *open, const struct run *run)
{
	switch (run->role) {
	case FIELD_HTTP_BODY:
		return open == NULL ? LAYER_NONE : open->hint;
	case FIELD_HTTP_COOKIE:
		return LAYER_COOKIE;
	case FIELD_HTTP_URI:
	case FIELD_HTTP_REFERER:
		if (run->last && bytes_find_byte(run->data, '?') == SIZE_MAX &&
			bytes_find_byte(run->data, '%') == SIZE_MAX)
			return LAYER_NONE;
		return LAYER_QUERY;
	default:
		return LAYER_NONE;
	}
}

static void start_root(struct shown *root, const struct open *open, const struct run *run)
{
	*root = (struct shown){.view = {.role = run->role, .key = key_of(run)},
		.hint = hint_of(open, run),
		.body = run->role == FIELD_HTTP_BODY};
	if (root->body && open != NULL)
		root->codings = open->codings;
}

/* A field as it stands, without asking what is in it. */
static void show_plain(struct unwrap *unwrap, const struct run *run)
{
	struct view view = {.role = run->role,
		.first = run->first,
		.last = run->last,
		.key = key_of(run),
		.data = run->data,
		.offset = run->offset};

	unwrap->sink.view(unwrap->sink.self, unwrap->message, &view);
}

static void count_lost(struct unwrap *unwrap, struct open *open)
{
	uint64_t lost = open->lost ? open->fed - open->lost_from : 0;

	unwrap->counters.skipped[open->lost_reason] += lost - open->lost_told;
	open->lost_told = lost;
}

static void show_root(struct unwrap *unwrap, struct open *open, const struct run *run)
{
	struct shown *root = &open->root;

	if (run->first) {
		if (open->root_open) /* never told to its end */
			show(unwrap, root, bytes_of(NULL, 0), false, true);
		start_root(root, open, run);
		open->root_open = true;
	}
	root->view.key = key_of(run); /* borrowed for this call */
	root->view.offset = run->offset;
	open->run_len = run->data.len;
	if (root->body)
		open->fed += run->data.len;
	show(unwrap, root, run->data, run->first, run->last);
	if (root->body)
		count_lost(unwrap, open);
	open->root_open = !run->last;
}

/* Declared as something that hides what is in it. */
static bool is_wrapped(const struct unwrap *unwrap, uint32_t slot, const struct run *run)
{
	const struct open *open = state_at(unwrap, slot);

	return run->role == FIELD_HTTP_BODY && open != NULL &&
	       (open->codings > 0 || open->hint == LAYER_MULTIPART);
}

void unwrap_open(struct unwrap *unwrap, uint32_t *slot, const struct message *message)
{
	if (*slot != 0)
		unwrap_close(unwrap, slot, message);
}

void unwrap_run(
	struct unwrap *unwrap, uint32_t *slot, const struct message *message, const struct run *run)
{
	struct shown field;

	unwrap->message = message;
	unwrap->open = NULL;
	if (!is_http(message)) {
		show_plain(unwrap, run);
		return;
	}
	note_header(unwrap, slot, run);
	if (run->first && run->last && !is_wrapped(unwrap, *slot, run) &&
		!value_worth(unwrap, run->data))
		return;
	if (run->first && run->last && run->role != FIELD_HTTP_BODY) {
		start_root(&field, NULL, run);
		show(unwrap, &field, run->data, true, true);
		return;
	}
	unwrap->open = state_of(unwrap, slot);
	if (unwrap->open == NULL || (!run->first && !unwrap->open->root_open))
		show_plain(unwrap, run);
	else
		show_root(unwrap, unwrap->open, run);
}

void unwrap_gap(struct unwrap *unwrap, uint32_t *slot, const struct message *message,
	enum field_role role, uint64_t len)
{
	struct open *open = state_at(unwrap, *slot);
	struct view at = {.role = role};
	struct node *node;

	unwrap->message = message;
	unwrap->open = open;
	if (open == NULL || !open->root_open || open->root.view.role != role) {
		unwrap->sink.gap(unwrap->sink.self, message, &at);
		return;
	}
	at.stream = open->root.view.stream;
	if (!open->root.silent)
		unwrap->sink.gap(unwrap->sink.self, message, &at);
	open->root.view.offset += len;
	if (open->root.inner == 0)
		return;
	node = node_at(unwrap, open->root.inner);
	open->run_len = 0;
	node->code->gap(unwrap, node);
}

void unwrap_close(struct unwrap *unwrap, uint32_t *slot, const struct message *message)
{
	struct open *open = state_at(unwrap, *slot);

	if (open != NULL && open->root_open) {
		unwrap->message = message;
		unwrap->open = open;
		open->root.view.key = bytes_of(NULL, 0);
		open->run_len = 0;
		show(unwrap, &open->root, bytes_of(NULL, 0), false, true);
		count_lost(unwrap, open);
	}
	if (open != NULL)
		pool_give(&unwrap->messages, *slot);
	*slot = 0;
}
