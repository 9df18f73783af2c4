#include "detect/contact.h"

#include <assert.h>

#include "fact/sums.h"

/* Hashed and compared as bytes: no padding. */
struct contact_key {
	struct addr server, remote;
	uint32_t merchant;
	uint16_t tenant, port;
	uint8_t proto, server_opened, zero[6];
};
static_assert(sizeof(struct contact_key) == 48, "no padding");

struct contact_row {
	struct contact_key key;
	uint64_t minute, first_ns, last_ns, bytes_out, bytes_in, opened;
	uint32_t packets_out, packets_in, flows, zero;
};

struct contacts_fold {
	struct contact_row *rows;
	uint32_t *index; /* row + 1, 0 = empty */
	uint32_t capacity, mask, used;
	uint64_t refused;
	struct hash_key key;
};

static uint32_t index_size(uint32_t rows)
{
	uint32_t size = 16;

	while (size < rows * 2)
		size *= 2;
	return size;
}

size_t contacts_fold_bytes(uint32_t rows)
{
	return sizeof(struct contacts_fold) + sizeof(struct contact_row) * rows +
	       sizeof(uint32_t) * index_size(rows) + 3 * 64;
}

struct contacts_fold *contacts_fold_new(
	struct arena *arena, uint32_t rows, const struct hash_key *key)
{
	struct contacts_fold *fold = arena_take(arena, sizeof(*fold));

	assert(fold != NULL);
	fold->capacity = rows;
	fold->mask = index_size(rows) - 1;
	fold->rows = arena_take(arena, sizeof(*fold->rows) * rows);
	fold->index = arena_take(arena, sizeof(*fold->index) * (fold->mask + 1));
	assert(fold->rows != NULL && fold->index != NULL);
	fold->key = *key;
	return fold;
}

static struct contact_row *row_of(struct contacts_fold *fold, const struct contact_key *key)
{
	uint32_t at = (uint32_t)hash_sip13(&fold->key, key, sizeof(*key)) & fold->mask;

	while (fold->index[at] != 0) {
		struct contact_row *row = &fold->rows[fold->index[at] - 1];
		if (memcmp(&row->key, key, sizeof(*key)) == 0)
			return row;
		at = (at + 1) & fold->mask;
	}
	if (fold->used == fold->capacity) {
		fold->refused++;
		return NULL;
	}
	struct contact_row *row = &fold->rows[fold->used++];
	*row = (struct contact_row){.key = *key, .first_ns = UINT64_MAX};
	fold->index[at] = fold->used;
	return row;
}

static bool has_row(const struct contact_flow *flow, bool server_opened, uint8_t out)
{
	if (flow->subject->nobody)
		return false;
	if (server_opened)
		return true;
	return flow->answered && (flow->listed || flow->bytes[out] >= CONTACT_PAGE_BYTES);
}

bool contacts_add(struct contacts_fold *fold, uint64_t minute, const struct contact_flow *flow)
{
	uint8_t out = flow->subject->end;
	bool server_opened = flow->client_end == out;

	if (!has_row(flow, server_opened, out))
		return true;
	struct contact_key key = {.server = out == 0 ? flow->key->src : flow->key->dst,
		.remote = out == 0 ? flow->key->dst : flow->key->src,
		.merchant = flow->subject->merchant,
		.tenant = flow->key->tenant,
		.port = flow->client_end == 0 ? flow->key->dport : flow->key->sport,
		.proto = flow->key->proto,
		.server_opened = server_opened};
	struct contact_row *row = row_of(fold, &key);
	if (row == NULL)
		return false;
	row->minute = minute;
	row->bytes_out += flow->bytes[out];
	row->bytes_in += flow->bytes[1 - out];
	row->packets_out += flow->packets[out];
	row->packets_in += flow->packets[1 - out];
	if (flow->first) {
		row->flows++;
		row->opened |= UINT64_C(1) << (flow->first_ns / 1000000000u % 60);
	}
	if (flow->first_ns < row->first_ns)
		row->first_ns = flow->first_ns;
	if (flow->last_ns > row->last_ns)
		row->last_ns = flow->last_ns;
	return true;
}

static void send_row(const struct contact_row *row, struct emit *emit)
{
	struct fact_contact *fact = emit_reserve(emit, FACT_CONTACT, sizeof(*fact));

	if (fact == NULL)
		return;
	fact->server = row->key.server;
	fact->remote = row->key.remote;
	fact->merchant = row->key.merchant;
	fact->tenant = row->key.tenant;
	fact->port = row->key.port;
	fact->proto = row->key.proto;
	fact->server_opened = row->key.server_opened;
	fact->minute = row->minute;
	fact->first_ns = row->first_ns;
	fact->last_ns = row->last_ns;
	fact->bytes_out = row->bytes_out;
	fact->bytes_in = row->bytes_in;
	fact->packets_out = row->packets_out;
	fact->packets_in = row->packets_in;
	fact->flows = row->flows;
	fact->opened = row->opened;
	emit_commit(emit, &fact->fact);
}

void contacts_send(struct contacts_fold *fold, struct emit *emit)
{
	for (uint32_t i = 0; i < fold->used; i++)
		send_row(&fold->rows[i], emit);
	if (fold->used > 0)
		memset(fold->index, 0, sizeof(*fold->index) * (fold->mask + 1));
	fold->used = 0;
}

uint64_t contacts_refused(const struct contacts_fold *fold)
{
	return fold->refused;
}
