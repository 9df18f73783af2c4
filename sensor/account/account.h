/* account.h - every byte has a name: the books of coverage.
 *
 * Per minute of the packets' own position, source, tenant and subject:
 *     payload == inspected + sum(skipped) + duplicate + pending
 * and missing beside it; pending is 0 at the end of input.  Rows are kept by
 * each worker and sent to the join as sums when the minute is over; a later
 * settling of pending is a delta that names the old minute. */
#ifndef SEKISHO_ACCOUNT_ACCOUNT_H
#define SEKISHO_ACCOUNT_ACCOUNT_H

#include "base/arena.h"
#include "base/coverage.h"
#include "base/hash.h"

struct account;

size_t account_bytes(uint32_t rows);
struct account *account_new(struct arena *arena, uint32_t rows, const struct hash_key *key);

/* The row of that key, made if new.  When the table is full, the row of nobody
 * of that minute (made at account_new; overflow counted).  Valid until the next take. */
struct account_counts *account_row(struct account *account, const struct account_key *key);

/* A row's number, and the row of a number: as long as the row is valid. */
uint32_t account_number(const struct account *account, const struct account_counts *counts);
struct account_counts *account_at(struct account *account, uint32_t number);

/* Hands every row of minutes before `before` to take() and frees it, unless it says false. */
void account_take(struct account *account, uint64_t before,
	bool (*take)(void *self, const struct account_row *row), void *self);
void account_add(struct account_counts *to, const struct account_counts *more);
/* payload - inspected - skipped - duplicate - pending: 0, or the books are wrong. */
int64_t account_imbalance(const struct account_counts *counts);
uint64_t account_overflow(const struct account *account);

#endif
