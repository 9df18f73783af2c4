/* account.h - every byte has a name: the books of coverage (invariant 2).
 *
 * Per minute of the packets' own position, source, tenant and subject:
 *     payload == inspected + sum(skipped) + duplicate + pending
 * and missing beside it; pending is 0 at the end of input.  Rows are kept by
 * each worker and sent to the join as sums when the minute is over; a later
 * settling of pending is a delta that names the old minute. */
#ifndef SEKISHO_ACCOUNT_ACCOUNT_H
#define SEKISHO_ACCOUNT_ACCOUNT_H

#include "base/addr.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/reason.h"

#define MINUTE_NS (60ull * 1000000000ull)

/* Whose bytes: a merchant, else a protected server, else nobody's.  Hashed and
 * compared as bytes: no padding. */
struct account_key {
	uint64_t minute;     /* now_ns / MINUTE_NS */
	struct addr server;  /* zero where a merchant is named, or nobody */
	uint32_t merchant;   /* 0 = none */
	uint16_t source;
	uint16_t tenant;
};

struct account_counts {
	int64_t packets;
	int64_t payload;
	int64_t inspected;
	int64_t duplicate;
	int64_t pending;
	int64_t missing;
	int64_t tls;        /* part of payload that belongs to TLS flows */
	int64_t one_sided;  /* part of payload in flows that had no answer so far */
	int64_t skipped[SKIP_REASON_COUNT];
};

struct account_row {
	struct account_key key;
	struct account_counts counts;
};

struct account;

size_t account_bytes(uint32_t rows);
struct account *account_new(struct arena *arena, uint32_t rows, const struct hash_key *key);

/* The row of that key, made if new.  When the table is full, the row of nobody
 * of that minute (made at account_new; overflow counted).  Valid until the next take. */
struct account_counts *account_row(struct account *account, const struct account_key *key);

/* Hands every row of minutes before `before` to take() and frees it. */
void account_take(struct account *account, uint64_t before,
	void (*take)(void *self, const struct account_row *row), void *self);
void account_add(struct account_counts *to, const struct account_counts *more);
/* payload - inspected - skipped - duplicate - pending: 0, or the books are wrong. */
int64_t account_imbalance(const struct account_counts *counts);
uint64_t account_overflow(const struct account *account);

#endif
