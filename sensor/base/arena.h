/* arena.h, pool - memory that is taken once, before "ready".
 *
 * An arena is one mapping (kept out of core dumps); pools are cut from it.
 * A pool hands out items of one size by a 32-bit index; 0 is never an item.
 * One thread uses a pool.  Nothing here allocates after arena_new(). */
#ifndef SEKISHO_BASE_ARENA_H
#define SEKISHO_BASE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct arena {
	uint8_t *base;
	size_t size, used;
};

/* size is rounded up to pages; asks for huge pages, works without. */
bool arena_new(struct arena *arena, size_t size, struct err *err);
void arena_free(struct arena *arena);
/* Zeroed bytes aligned to 64; NULL if the arena is full (a mistake of the sizing). */
void *arena_take(struct arena *arena, size_t size);

struct pool {
	uint8_t *items;
	uint32_t item_size; /* rounded up to 8 */
	uint32_t capacity;  /* items 1..capacity */
	uint32_t free_head; /* first item of the free list, 0 = none */
	uint32_t fresh;     /* items above this were never taken */
	uint32_t used;
	uint32_t used_max;
	uint64_t refused; /* pool_take() that found nothing: a quota that bit */
};

/* Bytes a pool of that many items needs from an arena. */
size_t pool_bytes(uint32_t item_size, uint32_t capacity);
/* Cuts the pool from the arena.  False if it does not fit. */
bool pool_new(struct pool *pool, struct arena *arena, uint32_t item_size, uint32_t capacity);
/* An item (contents undefined), or 0 and refused + 1. */
uint32_t pool_take(struct pool *pool);
/* The same, of zeroes: where every item goes back by pool_erase() of all of it. */
uint32_t pool_take_zeroed(struct pool *pool);
void pool_give(struct pool *pool, uint32_t item);
/* The same for items that payload passed through: the first len bytes are wiped, SIZE_MAX:
 * all of it. */
void pool_erase(struct pool *pool, uint32_t item, size_t len);

static inline void *pool_at(const struct pool *pool, uint32_t item)
{
	return pool->items + (size_t)item * pool->item_size;
}

#endif
