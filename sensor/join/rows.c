#include <assert.h>
#include <string.h>

#include "join/rows.h"

static uint32_t index_size(uint32_t rows)
{
	uint32_t size = 16;

	while (size < rows * 2)
		size *= 2;
	return size;
}

size_t rows_bytes(uint32_t row_size, uint32_t capacity)
{
	return (size_t)row_size * capacity + sizeof(uint32_t) * (index_size(capacity) + capacity) +
	       3 * 64;
}

void rows_new(struct rows *rows, struct arena *arena, uint32_t row_size, uint32_t key_size,
	uint32_t capacity)
{
	*rows = (struct rows){.row_size = row_size, .key_size = key_size, .capacity = capacity};
	rows->mask = index_size(capacity) - 1;
	rows->row = arena_take(arena, (size_t)row_size * capacity);
	rows->index = arena_take(arena, sizeof(uint32_t) * (rows->mask + 1));
	rows->order = arena_take(arena, sizeof(uint32_t) * capacity);
	assert(rows->row != NULL && rows->index != NULL && rows->order != NULL);
}

void *rows_at(const struct rows *rows, uint32_t row)
{
	return rows->row + (size_t)row * rows->row_size;
}

static uint32_t *slot_of(const struct rows *rows, const struct hash_key *hash, const void *key)
{
	uint32_t at = (uint32_t)hash_sip13(hash, key, rows->key_size) & rows->mask;

	while (rows->index[at] != 0 &&
		memcmp(rows_at(rows, rows->index[at] - 1), key, rows->key_size) != 0)
		at = (at + 1) & rows->mask;
	return &rows->index[at];
}

void *rows_find(const struct rows *rows, const struct hash_key *hash, const void *key)
{
	uint32_t *slot = slot_of(rows, hash, key);

	return *slot == 0 ? NULL : rows_at(rows, *slot - 1);
}

void *rows_get(struct rows *rows, const struct hash_key *hash, const void *key, bool *made)
{
	uint32_t *slot = slot_of(rows, hash, key);

	*made = *slot == 0;
	if (*slot != 0)
		return rows_at(rows, *slot - 1);
	if (rows->used == rows->capacity)
		return NULL;
	void *row = rows_at(rows, rows->used);
	memset(row, 0, rows->row_size);
	memcpy(row, key, rows->key_size);
	*slot = ++rows->used;
	return row;
}

static bool before(const struct rows *rows, uint32_t a, uint32_t b)
{
	return memcmp(rows_at(rows, a), rows_at(rows, b), rows->key_size) < 0;
}

static void sift(struct rows *rows, uint32_t root, uint32_t end)
{
	uint32_t *order = rows->order;

	for (uint32_t child; (child = 2 * root + 1) < end; root = child) {
		if (child + 1 < end && before(rows, order[child], order[child + 1]))
			child++;
		if (!before(rows, order[root], order[child]))
			return;
		uint32_t swap = order[root];
		order[root] = order[child];
		order[child] = swap;
	}
}

/* A heap sort: in place, no allocation, no bad input. */
void rows_sort(struct rows *rows)
{
	uint32_t *order = rows->order;

	for (uint32_t i = 0; i < rows->used; i++)
		order[i] = i;
	for (uint32_t i = rows->used / 2; i-- > 0;)
		sift(rows, i, rows->used);
	for (uint32_t end = rows->used; end-- > 1;) {
		uint32_t swap = order[0];
		order[0] = order[end];
		order[end] = swap;
		sift(rows, 0, end);
	}
}

void rows_clear(struct rows *rows)
{
	if (rows->used > 0)
		memset(rows->index, 0, sizeof(uint32_t) * (rows->mask + 1));
	rows->used = 0;
}
