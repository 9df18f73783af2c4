#include "unwrap/record.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

static struct seen *begin(struct record *record, const struct view *view)
{
	struct seen *seen = &record->view[record->count++];

	CHECK(record->count <= RECORD_VIEWS);
	memset(seen, 0, sizeof(*seen));
	seen->role = view->role;
	seen->key_len = view->key.len;
	seen->at = record->used;
	seen->ordinal = view->ordinal;
	seen->whole = view->last;
	CHECK(view->key.len <= UNWRAP_KEY_MAX && view->depth <= UNWRAP_DEPTH);
	if (view->key.len > 0)
		memcpy(seen->key, view->key.ptr, view->key.len);
	for (int i = 0; i < view->depth; i++)
		snprintf(seen->layers + strlen(seen->layers),
			sizeof(seen->layers) - strlen(seen->layers), "%s%s", i > 0 ? "/" : "",
			layer_word((enum layer)view->layers[i]));
	return seen;
}

static void take(void *self, const struct message *message, const struct view *view)
{
	struct record *record = self;
	struct seen *seen;

	CHECK(message->kind == MESSAGE_RAW || view->data.len <= RUN_MAX);
	CHECK(view->first == (view->offset == 0 && view->first));
	if (view->first) {
		seen = begin(record, view);
		if (view->last) {
			CHECK(view->data.len <= FIELD_WHOLE || message->kind == MESSAGE_RAW);
		} else {
			CHECK(view->data.len == FIELD_WHOLE || message->kind == MESSAGE_RAW);
			CHECK(view->stream < UNWRAP_STREAMS && record->open[view->stream] == 0);
			record->open[view->stream] = record->count;
		}
	} else {
		CHECK(view->stream < UNWRAP_STREAMS && record->open[view->stream] != 0);
		seen = &record->view[record->open[view->stream] - 1];
		if (view->last)
			record->open[view->stream] = 0;
	}
	CHECK(view->offset == seen->len || seen->gaps > 0);
	/* Views that are open at once each have room of their own. */
	CHECK(record->used + view->data.len <= RECORD_BYTES);
	if (seen->at + seen->len != record->used) {
		CHECK(record->used + seen->len + view->data.len <= RECORD_BYTES);
		memcpy(record->bytes + record->used, record->bytes + seen->at, seen->len);
		seen->at = record->used;
		record->used += seen->len;
	}
	if (view->data.len > 0)
		memcpy(record->bytes + record->used, view->data.ptr, view->data.len);
	record->used += view->data.len;
	seen->len += view->data.len;
}

static void gap(void *self, const struct message *message, const struct view *view)
{
	struct record *record = self;

	(void)message;
	CHECK(view->stream < UNWRAP_STREAMS && view->data.len == 0 && view->key.len == 0);
	if (record->open[view->stream] == 0)
		return;
	struct seen *seen = &record->view[record->open[view->stream] - 1];
	CHECK(view->role == seen->role);
	seen->gaps++;
}

struct view_sink record_sink(struct record *record)
{
	return (struct view_sink){.self = record, .view = take, .gap = gap};
}

void record_clear(struct record *record)
{
	if (record->bytes == NULL)
		record->bytes = malloc(RECORD_BYTES);
	CHECK(record->bytes != NULL);
	record->count = 0;
	record->used = 0;
	memset(record->open, 0, sizeof(record->open));
}

struct bytes record_data(const struct record *record, uint32_t view)
{
	return bytes_of(record->bytes + record->view[view].at, record->view[view].len);
}

void record_closed(const struct record *record)
{
	for (int i = 0; i < UNWRAP_STREAMS; i++)
		CHECK(record->open[i] == 0);
}

uint64_t record_sum(const struct record *record)
{
	const struct hash_key key = {1, 2};
	uint64_t sum = record->count;

	for (uint32_t i = 0; i < record->count; i++) {
		const struct seen *seen = &record->view[i];
		uint64_t part[8] = {sum, seen->role,
			hash_sip13(&key, seen->layers, strlen(seen->layers)),
			hash_sip13(&key, seen->key, seen->key_len), seen->ordinal, seen->whole,
			seen->gaps, hash_sip13(&key, record->bytes + seen->at, seen->len)};

		sum = hash_sip13(&key, part, sizeof(part));
	}
	return sum;
}

static bool is_wanted(struct bytes data, size_t (*place)(struct bytes data, size_t from))
{
	return place(data, 0) < data.len || bytes_find_byte(data, '%') != SIZE_MAX ||
	       bytes_find_byte(data, 0x1f) != SIZE_MAX ||
	       bytes_find(data, bytes_text("\\u0")) != SIZE_MAX;
}

static bool is_same(const struct record *a, uint32_t i, const struct record *b, uint32_t j)
{
	const struct seen *one = &a->view[i], *two = &b->view[j];

	return one->role == two->role && strcmp(one->layers, two->layers) == 0 &&
	       bytes_equal(bytes_of(one->key, one->key_len), bytes_of(two->key, two->key_len)) &&
	       one->ordinal == two->ordinal && one->gaps == two->gaps &&
	       bytes_equal(record_data(a, i), record_data(b, j));
}

void record_wanted(const struct record *all, const struct record *shown,
	size_t (*place)(struct bytes data, size_t from))
{
	uint32_t at = 0;

	for (uint32_t i = 0; i < all->count; i++) {
		if (at < shown->count && is_same(all, i, shown, at))
			at++;
		else
			CHECK(all->view[i].whole && !is_wanted(record_data(all, i), place));
	}
	CHECK(at == shown->count);
}

void fed_field(struct fed *fed, enum field_role role, struct bytes name, struct bytes data,
	size_t first, size_t each)
{
	struct run run = {.role = role, .first = true, .name = name};
	size_t n = FIELD_WHOLE;

	for (;;) {
		run.data = bytes_head(bytes_skip(data, run.offset), n);
		run.last = run.offset + run.data.len == data.len;
		unwrap_run(fed->unwrap, &fed->slot, &fed->message, &run);
		if (run.last)
			return;
		run.offset += run.data.len;
		n = run.first ? first : each;
		n = n > RUN_MAX ? RUN_MAX : n;
		run.first = false;
	}
}
