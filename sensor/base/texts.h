/* texts.h - short texts one behind the other in room of a fixed size, given up all at once. */
#ifndef SEKISHO_BASE_TEXTS_H
#define SEKISHO_BASE_TEXTS_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

struct texts {
	char *room;
	uint32_t size, used;
	uint64_t refused; /* texts that found no room */
};

struct text_ref {
	uint32_t at;
	uint32_t len; /* 0: no text */
};

/* False: the arena is too small.  It needs size bytes and 64. */
static inline bool texts_new(struct texts *texts, struct arena *arena, uint32_t size)
{
	*texts = (struct texts){.room = arena_take(arena, size), .size = size};
	return texts->room != NULL;
}

/* In place of what ref has, if anything; false: no room, ref stays as it is. */
static inline bool texts_put(
	struct texts *texts, struct text_ref *ref, const char *text, uint32_t len)
{
	if (len > ref->len) {
		if (len > texts->size - texts->used) {
			texts->refused++;
			return false;
		}
		ref->at = texts->used;
		texts->used += len;
	}
	ref->len = len;
	memcpy(texts->room + ref->at, text, len);
	return true;
}

static inline const char *texts_at(const struct texts *texts, const struct text_ref *ref)
{
	return texts->room + ref->at;
}

#endif
