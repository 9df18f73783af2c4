/* draft.c - growing lists of plain rows. */
#include "policy/draft.h"

#include <stdlib.h>

#define LIST_FIRST 16

void *list_add(struct list *list, size_t item_size)
{
	if (list->count == list->capacity) {
		uint32_t more = list->capacity > 0 ? list->capacity * 2 : LIST_FIRST;

		if (more * item_size > LIST_BYTES_MAX)
			return NULL;
		void *items = realloc(list->items, more * item_size);
		if (items == NULL)
			return NULL;
		list->items = items;
		list->capacity = more;
	}
	void *item = (uint8_t *)list->items + list->count++ * item_size;
	memset(item, 0, item_size);
	return item;
}

void list_free(struct list *list)
{
	free(list->items);
	*list = (struct list){0};
}

uint32_t draft_text(struct draft *draft, struct bytes text, bool lower)
{
	uint32_t off = draft->strings.count;

	for (size_t i = 0; i <= text.len; i++) {
		uint8_t *c = list_add(&draft->strings, 1);

		if (c == NULL)
			return UINT32_MAX;
		if (i < text.len)
			*c = lower ? byte_lower(text.ptr[i]) : text.ptr[i];
	}
	return off;
}

void draft_free(struct draft *draft)
{
	struct list *const lists[] = {&draft->strings, &draft->interfaces, &draft->taps,
		&draft->claims, &draft->merchants, &draft->hosts, &draft->profiles,
		&draft->profile_hosts, &draft->profile_prefixes, &draft->chosen, &draft->accounts};

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		list_free(lists[i]);
}
