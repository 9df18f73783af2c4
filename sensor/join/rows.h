/* rows.h - tables of rows found by their first bytes, of fixed room.  Private to this room. */
#ifndef SEKISHO_JOIN_ROWS_H
#define SEKISHO_JOIN_ROWS_H

#include "base/arena.h"
#include "base/hash.h"

/* A table of rows found by key bytes, rows packed in order of arrival. */
struct rows {
	uint8_t *row;
	uint32_t *index; /* row + 1 */
	uint32_t *order; /* for sorting */
	uint32_t row_size, key_size, capacity, mask, used;
};

size_t rows_bytes(uint32_t row_size, uint32_t capacity);
void rows_new(struct rows *rows, struct arena *arena, uint32_t row_size, uint32_t key_size,
	uint32_t capacity);
/* The row of that key, made (zeroed but for the key) if new; NULL: full. */
void *rows_get(struct rows *rows, const struct hash_key *hash, const void *key, bool *made);
void *rows_find(const struct rows *rows, const struct hash_key *hash, const void *key);
/* Rows in order of their key bytes: order[0..used-1] are row numbers. */
void rows_sort(struct rows *rows);
void *rows_at(const struct rows *rows, uint32_t row);
void rows_clear(struct rows *rows);

#endif
