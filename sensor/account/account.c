#include "account/account.h"

#include <assert.h>
#include <stddef.h>

/* Open addressing over row numbers; row 0 is nobody's and takes what finds no room. */
struct account {
	struct account_row *rows; /* 0..used-1 */
	uint32_t *index;          /* row + 1, 0 = empty */
	uint32_t capacity, mask, used;
	uint64_t overflow;
	struct hash_key key;
};

static uint32_t index_size(uint32_t rows)
{
	uint32_t size = 16;

	while (size < rows * 2)
		size *= 2;
	return size;
}

static uint32_t *slot_of(struct account *account, const struct account_key *key)
{
	uint32_t at = (uint32_t)hash_sip13(&account->key, key, sizeof(*key)) & account->mask;

	while (account->index[at] != 0 &&
		memcmp(&account->rows[account->index[at] - 1].key, key, sizeof(*key)) != 0)
		at = (at + 1) & account->mask;
	return &account->index[at];
}

static void reindex(struct account *account)
{
	memset(account->index, 0, sizeof(*account->index) * (account->mask + 1));
	for (uint32_t i = 0; i < account->used; i++)
		*slot_of(account, &account->rows[i].key) = i + 1;
}

size_t account_bytes(uint32_t rows)
{
	return sizeof(struct account) + sizeof(struct account_row) * rows +
	       sizeof(uint32_t) * index_size(rows) + 3 * 64;
}

struct account *account_new(struct arena *arena, uint32_t rows, const struct hash_key *key)
{
	struct account *account = arena_take(arena, sizeof(*account));

	assert(account != NULL && rows >= 2);
	account->capacity = rows;
	account->mask = index_size(rows) - 1;
	account->rows = arena_take(arena, sizeof(*account->rows) * rows);
	account->index = arena_take(arena, sizeof(*account->index) * (account->mask + 1));
	assert(account->rows != NULL && account->index != NULL);
	account->key = *key;
	return account;
}

/* The last row is kept for nobody, so that the books balance when all else is full. */
static struct account_counts *overflow_row(struct account *account, const struct account_key *key)
{
	struct account_key nobody = {.minute = key->minute, .source = key->source};
	uint32_t *slot;

	account->overflow++;
	slot = slot_of(account, &nobody);
	if (*slot != 0)
		return &account->rows[*slot - 1].counts;
	if (account->used == account->capacity)
		return &account->rows[account->used - 1].counts;
	account->rows[account->used] = (struct account_row){.key = nobody};
	*slot = ++account->used;
	return &account->rows[account->used - 1].counts;
}

struct account_counts *account_row(struct account *account, const struct account_key *key)
{
	uint32_t *slot = slot_of(account, key);

	if (*slot != 0)
		return &account->rows[*slot - 1].counts;
	if (account->used + 1 >= account->capacity)
		return overflow_row(account, key);
	account->rows[account->used] = (struct account_row){.key = *key};
	*slot = ++account->used;
	return &account->rows[account->used - 1].counts;
}

uint32_t account_number(const struct account *account, const struct account_counts *counts)
{
	const uint8_t *row = (const uint8_t *)counts - offsetof(struct account_row, counts);

	return (uint32_t)((size_t)(row - (const uint8_t *)account->rows) / sizeof(*account->rows));
}

struct account_counts *account_at(struct account *account, uint32_t number)
{
	return &account->rows[number].counts;
}

void account_take(struct account *account, uint64_t before,
	bool (*take)(void *self, const struct account_row *row), void *self)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < account->used; i++) {
		if (account->rows[i].key.minute >= before || !take(self, &account->rows[i]))
			account->rows[kept++] = account->rows[i];
	}
	if (kept == account->used)
		return;
	account->used = kept;
	reindex(account);
}

void account_add(struct account_counts *to, const struct account_counts *more)
{
	to->packets += more->packets;
	to->payload += more->payload;
	to->inspected += more->inspected;
	to->duplicate += more->duplicate;
	to->pending += more->pending;
	to->missing += more->missing;
	to->conflict += more->conflict;
	to->tls += more->tls;
	to->one_sided += more->one_sided;
	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		to->skipped[i] += more->skipped[i];
}

int64_t account_imbalance(const struct account_counts *counts)
{
	int64_t named = counts->inspected + counts->duplicate + counts->pending;

	for (int i = 0; i < SKIP_REASON_COUNT; i++)
		named += counts->skipped[i];
	return counts->payload - named;
}

uint64_t account_overflow(const struct account *account)
{
	return account->overflow;
}
