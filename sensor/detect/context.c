#include "detect/context.h"

#include <assert.h>

/* An id is class << 30 | pool index. */
static const uint32_t class_size[CONTEXT_CLASSES] = {64, 128, 256, 512};

static_assert(sizeof(struct context) + CONTEXT_TEXT_MAX <= 512, "the largest class holds all");

static struct context *at(struct contexts *contexts, uint32_t id)
{
	return pool_at(&contexts->pool[id >> 30], id & 0x3fffffff);
}

/* Most exchanges need 128 or 256 bytes; an eighth of the flows may have a long one. */
static uint32_t class_count(uint32_t flows, int class)
{
	static const uint32_t share[CONTEXT_CLASSES] = {2, 1, 1, 8};

	return flows / share[class] + 64;
}

size_t contexts_bytes(uint32_t flows)
{
	size_t sum = 0;

	for (int i = 0; i < CONTEXT_CLASSES; i++)
		sum += pool_bytes(class_size[i], class_count(flows, i)) + 64;
	return sum;
}

bool contexts_new(struct contexts *contexts, struct arena *arena, uint32_t flows)
{
	for (int i = 0; i < CONTEXT_CLASSES; i++)
		if (!pool_new(&contexts->pool[i], arena, class_size[i], class_count(flows, i)))
			return false;
	return true;
}

static uint32_t take(struct contexts *contexts, size_t need)
{
	for (uint32_t i = 0; i < CONTEXT_CLASSES; i++) {
		uint32_t item = need <= class_size[i] ? pool_take(&contexts->pool[i]) : 0;
		if (item != 0)
			return i << 30 | item;
	}
	contexts->refused++;
	return 0;
}

static void give(struct contexts *contexts, uint32_t id)
{
	pool_erase(&contexts->pool[id >> 30], id & 0x3fffffff, SIZE_MAX);
}

struct context *context_find(struct contexts *contexts, uint32_t head, uint32_t number)
{
	for (uint32_t i = 0; head != 0 && i < CONTEXT_OPEN_MAX; i++) {
		struct context *context = at(contexts, head);
		if (context->number == number)
			return context;
		head = context->next;
	}
	return NULL;
}

static void drop_oldest_beyond(struct contexts *contexts, uint32_t head)
{
	struct context *context = NULL;

	for (uint32_t i = 0; head != 0 && i < CONTEXT_OPEN_MAX; i++) {
		context = at(contexts, head);
		head = context->next;
	}
	if (head == 0)
		return;
	context->next = 0;
	contexts->overrun++;
	give(contexts, head);
}

struct context *context_open(struct contexts *contexts, uint32_t *head, uint32_t number)
{
	uint32_t id = take(contexts, sizeof(struct context) + 32);

	if (id == 0)
		return NULL;
	struct context *context = at(contexts, id);
	*context = (struct context){.next = *head, .number = number};
	*head = id;
	drop_oldest_beyond(contexts, *head);
	return context;
}

static size_t text_len(const struct context *context)
{
	size_t len = 0;

	for (int i = 0; i < CONTEXT_TEXTS; i++)
		len += context->len[i];
	return len;
}

static uint32_t *link_of(struct contexts *contexts, uint32_t *head, uint32_t number)
{
	uint32_t *link = head;

	for (uint32_t i = 0; *link != 0 && i <= CONTEXT_OPEN_MAX; i++) {
		if (at(contexts, *link)->number == number)
			return link;
		link = &at(contexts, *link)->next;
	}
	return NULL;
}

/* Moves it to a class where need bytes fit; NULL: no room, it stays as it is. */
static struct context *grow(
	struct contexts *contexts, uint32_t *head, struct context *context, size_t need)
{
	uint32_t *link = link_of(contexts, head, context->number);
	uint32_t id = link == NULL ? 0 : take(contexts, need);

	if (id == 0)
		return NULL;
	struct context *moved = at(contexts, id);
	memcpy(moved, context, sizeof(*context) + text_len(context));
	give(contexts, *link);
	*link = id;
	return moved;
}

static size_t capacity_of(struct contexts *contexts, uint32_t *head, const struct context *context)
{
	uint32_t *link = link_of(contexts, head, context->number);

	return link == NULL ? 0 : class_size[*link >> 30];
}

struct context *context_put(struct contexts *contexts, uint32_t *head, struct context *context,
	enum context_text which, struct bytes value)
{
	size_t used = text_len(context), off = 0;
	size_t capacity = capacity_of(contexts, head, context);

	if (context->len[which] != 0)
		return context;
	value = bytes_head(value, CONTEXT_TEXT_MAX - used);
	if (sizeof(*context) + used + value.len > capacity) {
		struct context *moved =
			grow(contexts, head, context, sizeof(*context) + used + value.len);
		if (moved != NULL)
			context = moved;
		else
			value = bytes_head(value, capacity - sizeof(*context) - used);
	}
	for (int i = 0; i < (int)which; i++)
		off += context->len[i];
	memmove(context->text + off + value.len, context->text + off, used - off);
	if (value.len > 0)
		memcpy(context->text + off, value.ptr, value.len);
	context->len[which] = (uint16_t)value.len;
	return context;
}

struct bytes context_get(const struct context *context, enum context_text which)
{
	size_t off = 0;

	for (int i = 0; i < (int)which; i++)
		off += context->len[i];
	return bytes_of(context->text + off, context->len[which]);
}

void context_close(struct contexts *contexts, uint32_t *head, uint32_t number)
{
	uint32_t *link = link_of(contexts, head, number);

	if (link == NULL)
		return;
	uint32_t id = *link;
	*link = at(contexts, id)->next;
	give(contexts, id);
}

void context_close_all(struct contexts *contexts, uint32_t *head)
{
	while (*head != 0) {
		uint32_t id = *head;
		*head = at(contexts, id)->next;
		give(contexts, id);
	}
}
