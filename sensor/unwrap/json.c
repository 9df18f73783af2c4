/* json.c - the strings and numbers of JSON (RFC 8259), by a tokenizer that
 * never fails: one value after the other (NDJSON), text around them (JSONP, a
 * guard prefix), unquoted names and a missing beginning are all taken as they
 * come.  A token is a member name if ':' follows it, so it is held until what
 * follows is seen. */
#include "unwrap/json.h"
#include "base/scratch.h"

#define SKIP_MIN 64 /* bytes from which it is worth its beginning */

/* The innermost member name that is in force: an array has its member's. */
static void set_key(struct node *node)
{
	const struct json_state *json = &node->json;

	node->key_len = 0;
	for (int level = json->depth; level >= 0 && level > json->depth - JSON_NAMES; level--) {
		int at = level % JSON_NAMES;

		if (json->name_level[at] != level + 1)
			continue;
		node->key_len = json->name_len[at];
		memcpy(node->key, node->name[at], node->key_len);
		return;
	}
}

static void end_value(struct unwrap *unwrap, struct node *node)
{
	struct json_state *json = &node->json;

	if (json->bare && !node->begun && node->hold_len > 0 && !json_starts_number(node->hold[0]))
		node->hold_len = 0; /* true, null, text around */
	if (!json->bare || node->begun || node->hold_len > 0) {
		value_end(unwrap, node);
		node->out.view.ordinal++;
	}
	json->decoder.changed = false;
	json->mode = MODE_BETWEEN;
}

/* A name that is too long or was encoded may be no name at all: shown as well. */
static void end_name(struct unwrap *unwrap, struct node *node)
{
	struct json_state *json = &node->json;
	int at = json->depth % JSON_NAMES;
	uint8_t len = node->hold_len < UNWRAP_KEY_MAX ? (uint8_t)node->hold_len : UNWRAP_KEY_MAX;

	memcpy(node->name[at], node->hold, len);
	if (node->begun || node->hold_len > UNWRAP_KEY_MAX || json->decoder.changed)
		value_end(unwrap, node);
	node->hold_len = 0;
	json->name_len[at] = len;
	json->name_level[at] = (uint8_t)(json->depth + 1);
	json->decoder.changed = false;
	json->mode = MODE_BETWEEN;
}

void json_push(struct unwrap *unwrap, struct node *node)
{
	struct json_state *json = &node->json;

	if (json->depth == JSON_DEPTH) {
		unwrap->counters.depth_cut += json->over == 0;
		json->over += json->over < UINT32_MAX;
		return;
	}
	json->depth++;
	json->name_level[json->depth % JSON_NAMES] = 0;
}

void json_pop(struct json_state *json)
{
	if (json->over > 0)
		json->over--;
	else if (json->depth > 0)
		json->depth--;
}

static void between(struct unwrap *unwrap, struct node *node, uint8_t c)
{
	struct json_state *json = &node->json;

	if (json->mode == MODE_PENDING && c == ':')
		end_name(unwrap, node);
	else if (json->mode == MODE_PENDING)
		end_value(unwrap, node);
	if (c == '{' || c == '[') {
		json_push(unwrap, node);
	} else if (c == '}' || c == ']') {
		json_pop(json);
	} else if (c != ',' && c != ':') {
		json->bare = c != '"';
		json->mode = json->bare ? MODE_BARE : MODE_STRING;
		set_key(node);
	}
}

static void flush_string(struct unwrap *unwrap, struct node *node)
{
	SCRATCH uint8_t out[TEXT_HELD_MAX];

	value_put(unwrap, node, bytes_of(out, text_end(&node->json.decoder, out)));
	node->json.mode = MODE_PENDING;
}

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS (ONES * 0x80)

/* Bit 8i+7 is set if byte i is that one; higher ones may be wrong, the lowest never is. */
static uint64_t has_byte(uint64_t word, uint8_t byte)
{
	uint64_t diff = word ^ ONES * byte;

	return (diff - ONES) & ~diff & HIGHS;
}

/* How many bytes stand before a quote or backslash. */
static size_t plain_len(struct bytes data)
{
	size_t n = 0;

	for (; data.len - n >= 8; n += 8) {
		uint64_t word;

		memcpy(&word, data.ptr + n, sizeof(word));
		word = has_byte(word, '"') | has_byte(word, '\\');
		if (word != 0)
			return n + (size_t)__builtin_ctzll(word) / 8;
	}
	while (n < data.len && data.ptr[n] != '"' && data.ptr[n] != '\\')
		n++;
	return n;
}

/* Each takes at least one byte of data and gives what is left. */
static struct bytes in_string(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	struct json_state *json = &node->json;
	SCRATCH uint8_t out[1 + TEXT_HELD_MAX];
	size_t n = 0;

	if (json->decoder.held_len == 0)
		n = plain_len(data);
	if (n > 0) {
		value_put(unwrap, node, bytes_head(data, n));
		return bytes_skip(data, n);
	}
	if (data.ptr[0] == '"' && !text_json_escapes(&json->decoder))
		flush_string(unwrap, node);
	else
		value_put(unwrap, node,
			bytes_of(out, text_json_put(&json->decoder, bytes_head(data, 1), out)));
	return bytes_skip(data, 1);
}

static struct bytes in_bare(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	size_t n = 0;

	while (n < data.len && !json_ends_bare(data.ptr[n]))
		n++;
	value_put(unwrap, node, bytes_head(data, n));
	if (n < data.len)
		node->json.mode = MODE_PENDING;
	return bytes_skip(data, n);
}

static struct bytes in_between(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	size_t n = 0;

	while (n < data.len && json_is_space(data.ptr[n]))
		n++;
	data = bytes_skip(data, n);
	if (data.len == 0)
		return data;
	between(unwrap, node, data.ptr[0]);
	return node->json.mode == MODE_BARE ? data : bytes_skip(data, 1);
}

static void json_gap(struct unwrap *unwrap, struct node *node)
{
	if (node->json.mode == MODE_STRING)
		flush_string(unwrap, node);
	if (node->json.mode != MODE_BETWEEN)
		end_value(unwrap, node);
}

static struct bytes step(struct unwrap *unwrap, struct node *node, struct bytes data)
{
	if (node->json.mode == MODE_STRING)
		return in_string(unwrap, node, data);
	if (node->json.mode == MODE_BARE)
		return in_bare(unwrap, node, data);
	return in_between(unwrap, node, data);
}

/* Most tokens are of no interest and are skipped; around those that may be, all are read. */
static void json_run(struct unwrap *unwrap, struct node *node, struct bytes data, bool last)
{
	size_t at = 0, place = 0, stuck = 0;

	if (unwrap->sink.place == NULL)
		stuck = data.len;
	while (at < data.len) {
		struct bytes left = bytes_skip(data, at);

		if (node->json.mode == MODE_PENDING && left.ptr[0] != ':' &&
			!json_is_space(left.ptr[0]))
			end_value(unwrap, node); /* no name, whatever it is */
		if (at < stuck || node->json.mode != MODE_BETWEEN || left.len < SKIP_MIN) {
			at = data.len - step(unwrap, node, left).len;
			continue;
		}
		if (place <= at)
			place = at + unwrap->sink.place(left, 0);
		size_t skipped = json_skip(unwrap, node, left, place - at, &stuck);
		stuck += at;
		at += skipped;
	}
	if (last)
		json_gap(unwrap, node);
}

static bool json_open(struct unwrap *unwrap, struct node *node)
{
	(void)unwrap;
	(void)node;
	return true;
}

static struct bytes skip_space(struct bytes a)
{
	size_t n = 0;

	while (n < a.len && json_is_space(a.ptr[n]))
		n++;
	return bytes_skip(a, n);
}

/* An object or array whose first token is one, behind a byte order mark or the
 * usual guard against being read as a script. */
static bool json_looks(struct bytes head)
{
	struct bytes next;

	if (head.len == 0 || (head.ptr[0] != '{' && head.ptr[0] != '[' && head.ptr[0] != 0xef &&
				     head.ptr[0] != ')' && !json_is_space(head.ptr[0])))
		return false;
	if (bytes_starts(head, "\xef\xbb\xbf"))
		head = bytes_skip(head, 3);
	if (bytes_starts(head, ")]}'"))
		head = bytes_skip(head, head.len > 4 && head.ptr[4] == ',' ? 5 : 4);
	head = skip_space(head);
	next = skip_space(bytes_skip(head, 1));
	if (next.len == 0)
		return false;
	if (head.ptr[0] == '{')
		return next.ptr[0] == '"';
	return head.ptr[0] == '[' &&
	       (strchr("{[\"", next.ptr[0]) != NULL || json_starts_number(next.ptr[0])) &&
	       next.ptr[0] != 0;
}

const struct layer_code layer_json = {
	.looks = json_looks, .open = json_open, .run = json_run, .gap = json_gap};
