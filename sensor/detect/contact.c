#include "detect/contact.h"

#include <assert.h>

#include "base/texts.h"
#include "fact/sums.h"
#include "mask/mask.h"

#define NAME_SHARE 64 /* bytes of names for each row */

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
	uint32_t packets_out, packets_in, flows;
	uint16_t app, zero;
	uint64_t name_ns, name_ord;
	struct text_ref name;
};

struct contacts_fold {
	struct texts names;
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
	       sizeof(uint32_t) * index_size(rows) + (size_t)NAME_SHARE * rows + 4 * 64;
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
	bool made = texts_new(&fold->names, arena, NAME_SHARE * rows);
	assert(fold->rows != NULL && fold->index != NULL && made);
	fold->key = *key;
	return fold;
}

/* Of that key, or the empty one where it belongs. */
static uint32_t *slot_of(struct contacts_fold *fold, const struct contact_key *key)
{
	uint32_t at = (uint32_t)hash_sip13(&fold->key, key, sizeof(*key)) & fold->mask;

	while (fold->index[at] != 0 &&
		memcmp(&fold->rows[fold->index[at] - 1].key, key, sizeof(*key)) != 0)
		at = (at + 1) & fold->mask;
	return &fold->index[at];
}

static struct contact_row *row_of(struct contacts_fold *fold, const struct contact_key *key)
{
	uint32_t *slot = slot_of(fold, key);

	if (*slot != 0)
		return &fold->rows[*slot - 1];
	if (fold->used == fold->capacity) {
		fold->refused++;
		return NULL;
	}
	struct contact_row *row = &fold->rows[fold->used++];
	*row = (struct contact_row){.key = *key, .first_ns = UINT64_MAX};
	*slot = fold->used;
	return row;
}

static bool has_row(const struct contact_flow *flow, bool server_opened, uint8_t out)
{
	if (flow->subject->nobody)
		return false;
	if (server_opened)
		return true;
	return flow->answered && contact_is_more(flow->listed, flow->bytes[out]);
}

static struct contact_key key_of(const struct contact_flow *flow)
{
	uint8_t out = flow->subject->end;

	return (struct contact_key){.server = out == 0 ? flow->key->src : flow->key->dst,
		.remote = out == 0 ? flow->key->dst : flow->key->src,
		.merchant = flow->subject->merchant,
		.tenant = flow->key->tenant,
		.port = flow->client_end == 0 ? flow->key->dport : flow->key->sport,
		.proto = flow->key->proto,
		.server_opened = flow->client_end == out};
}

bool contacts_add(struct contacts_fold *fold, uint64_t minute, const struct contact_flow *flow)
{
	uint8_t out = flow->subject->end;
	struct contact_key key;

	if (!has_row(flow, flow->client_end == out, out))
		return true;
	key = key_of(flow);
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
	if (flow->app != 0 && (row->app == 0 || flow->app < row->app))
		row->app = flow->app;
	return true;
}

static void lower(struct masked *text)
{
	for (uint32_t i = 0; i < text->len; i++)
		text->text[i] = (char)byte_lower((uint8_t)text->text[i]);
}

/* At most CONTACT_NAME_MAX bytes, whole characters. */
static void cut_name(struct masked *text)
{
	if (text->len > 0 && text->text[text->len - 1] == '.')
		text->len--;
	if (text->len <= CONTACT_NAME_MAX)
		return;
	text->len = CONTACT_NAME_MAX;
	while (text->len > 0 && ((uint8_t)text->text[text->len] & 0xc0) == 0x80)
		text->len--;
}

void contact_name_mask(struct masked *out, struct bytes name)
{
	mask_name(out, name);
	lower(out);
	cut_name(out);
}

static bool earlier(const struct contact_name *name, const struct contact_row *row)
{
	if (row->name.len == 0 || name->at_ns != row->name_ns)
		return row->name.len == 0 || name->at_ns < row->name_ns;
	return name->at_ord < row->name_ord;
}

void contacts_name(struct contacts_fold *fold, const struct contact_flow *flow,
	const struct contact_name *name)
{
	struct contact_key key = key_of(flow);
	struct contact_row *row;
	struct masked text;

	if (flow->subject->nobody || !key.server_opened)
		return; /* a visitor names the server, not itself */
	row = row_of(fold, &key);
	if (row == NULL || !earlier(name, row))
		return;
	contact_name_mask(&text, name->name);
	if (text.len == 0 || !texts_put(&fold->names, &row->name, text.text, text.len))
		return;
	row->name_ns = name->at_ns;
	row->name_ord = name->at_ord;
}

/* False: no room now. */
static bool send_row(
	const struct contacts_fold *fold, const struct contact_row *row, struct emit *emit)
{
	uint32_t size = (uint32_t)sizeof(struct fact_contact) + row->name.len;
	struct fact_contact *fact;

	if (row->packets_out + row->packets_in == 0)
		return true; /* named, then told to be somebody else's or no contact */
	fact = emit_reserve(emit, FACT_CONTACT, size);
	if (fact == NULL)
		return false;
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
	fact->app = row->app;
	fact->name_ns = row->name_ns;
	fact->name_ord = row->name_ord;
	fact->name_len = row->name.len;
	memcpy(fact->name, texts_at(&fold->names, &row->name), row->name.len);
	emit_commit(emit, &fact->fact);
	return true;
}

static void reindex(struct contacts_fold *fold)
{
	memset(fold->index, 0, sizeof(*fold->index) * (fold->mask + 1));
	for (uint32_t i = 0; i < fold->used; i++)
		*slot_of(fold, &fold->rows[i].key) = i + 1;
}

void contacts_send(struct contacts_fold *fold, struct emit *emit)
{
	uint32_t sent = 0;

	while (sent < fold->used && send_row(fold, &fold->rows[sent], emit))
		sent++;
	if (sent == 0)
		return;
	fold->used -= sent;
	memmove(fold->rows, fold->rows + sent, sizeof(*fold->rows) * fold->used);
	reindex(fold);
	if (fold->used == 0)
		fold->names.used = 0;
}

uint64_t contacts_refused(const struct contacts_fold *fold)
{
	return fold->refused + fold->names.refused;
}
