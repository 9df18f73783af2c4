#include "base/arena.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define TAKE_ALIGN 64

bool arena_new(struct arena *arena, size_t size, struct err *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t whole = (size + page - 1) / page * page;

	*arena = (struct arena){0};
	if (size == 0 || whole < size)
		return err_set(err, EXIT_CANNOT, "memory: %zu bytes cannot be mapped", size);
	void *map = mmap(NULL, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return err_set(err, EXIT_CANNOT,
			"memory: %zu bytes cannot be mapped: %s. Lower \"memory\" or raise the "
			"limit of the service",
			whole, strerror(errno));
	/* What passes through here are card numbers: better no start than a core with them. */
	if (-1 == madvise(map, whole, MADV_DONTDUMP)) {
		int why = errno;

		munmap(map, whole);
		return err_set(err, EXIT_CANNOT, "memory: cannot be kept out of core dumps: %s",
			strerror(why));
	}
	(void)madvise(map, whole, MADV_HUGEPAGE); /* only faster */
	arena->base = map;
	arena->size = whole;
	return true;
}

void arena_free(struct arena *arena)
{
	if (arena->base != NULL)
		munmap(arena->base, arena->size);
	*arena = (struct arena){0};
}

void *arena_take(struct arena *arena, size_t size)
{
	size_t start = (arena->used + TAKE_ALIGN - 1) / TAKE_ALIGN * TAKE_ALIGN;

	if (arena->base == NULL || start > arena->size || size > arena->size - start)
		return NULL;
	arena->used = start + size;
	return arena->base + start;
}

static uint32_t item_stride(uint32_t item_size)
{
	assert(item_size <= UINT32_MAX - 7);
	return item_size < 8 ? 8 : (item_size + 7) & ~UINT32_C(7);
}

size_t pool_bytes(uint32_t item_size, uint32_t capacity)
{
	size_t len = ((size_t)capacity + 1) * item_stride(item_size); /* item 0 is none */

	return (len + TAKE_ALIGN - 1) / TAKE_ALIGN * TAKE_ALIGN;
}

bool pool_new(struct pool *pool, struct arena *arena, uint32_t item_size, uint32_t capacity)
{
	*pool = (struct pool){.item_size = item_stride(item_size), .capacity = capacity};
	pool->items = arena_take(arena, pool_bytes(item_size, capacity));
	return pool->items != NULL;
}

uint32_t pool_take(struct pool *pool)
{
	uint32_t item = pool->free_head;

	if (item != 0)
		memcpy(&pool->free_head, pool_at(pool, item), sizeof(pool->free_head));
	else if (pool->fresh < pool->capacity)
		item = ++pool->fresh;
	else {
		pool->refused++;
		return 0;
	}
	pool->used++;
	if (pool->used > pool->used_max)
		pool->used_max = pool->used;
	return item;
}

uint32_t pool_take_zeroed(struct pool *pool)
{
	uint32_t item = pool_take(pool);

	if (item != 0) /* all else was zeroed when it came back, or was never used */
		memset(pool_at(pool, item), 0, sizeof(pool->free_head));
	return item;
}

void pool_give(struct pool *pool, uint32_t item)
{
	assert(item != 0 && item <= pool->fresh && pool->used > 0);
	memcpy(pool_at(pool, item), &pool->free_head, sizeof(pool->free_head));
	pool->free_head = item;
	pool->used--;
}

void pool_erase(struct pool *pool, uint32_t item, size_t len)
{
	explicit_bzero(pool_at(pool, item), len < pool->item_size ? len : pool->item_size);
	pool_give(pool, item);
}
