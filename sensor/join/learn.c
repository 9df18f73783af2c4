/* learn.c - what one sensor learns across flows.  Memories of 64-bit values are
 * direct-mapped: a collision forgets the older value, which can only make a
 * destination look new or a value look rare. */
#include <assert.h>
#include <string.h>

#include "join/state.h"

struct name_key {
	struct addr client, address;
	uint64_t name_hash;
	uint64_t tenant;
};

struct name_row {
	struct name_key key;
	uint64_t from_ns, until_ns;
};

#define CALLED_ROWS 16384
#define CALLED_TEXT (32u * CALLED_ROWS)

/* Hashed and compared as bytes: no padding. */
struct called_key {
	struct addr client, address;
	uint64_t tenant;
};

struct called_row {
	struct called_key key;
	struct text_ref name;
};

size_t learn_bytes(void)
{
	return 2 * (rows_bytes(sizeof(struct called_row), CALLED_ROWS) + CALLED_TEXT + 64);
}

void learn_new(struct join *join, struct arena *arena)
{
	for (int i = 0; i < 2; i++) {
		bool made = texts_new(&join->called[i].names, arena, CALLED_TEXT);
		assert(made);
		rows_new(&join->called[i].rows, arena, sizeof(struct called_row),
			sizeof(struct called_key), CALLED_ROWS);
	}
}

void learn_called(struct join *join, const struct fact_called *fact)
{
	struct called_key key = {
		.client = fact->client, .address = fact->address, .tenant = fact->tenant};
	struct called *called = &join->called[0];
	bool made;
	struct called_row *row = rows_get(&called->rows, &join->conf.key, &key, &made);

	if (row == NULL ||
		(made && !texts_put(&called->names, &row->name, fact->name, fact->name_len)))
		join->counters.called_over++;
}

uint32_t called_name(const struct join *join, uint16_t tenant, const struct addr *client,
	const struct addr *address, const char **name)
{
	struct called_key key = {.client = *client, .address = *address, .tenant = tenant};

	for (int i = 0; i < 2; i++) {
		const struct called *called = &join->called[i];
		const struct called_row *row = rows_find(&called->rows, &join->conf.key, &key);
		if (row == NULL)
			continue;
		*name = texts_at(&called->names, &row->name);
		return row->name.len;
	}
	return 0;
}

void learn_hour(struct join *join)
{
	struct called before = join->called[1];

	join->called[1] = join->called[0];
	rows_clear(&before.rows);
	before.names.used = 0;
	join->called[0] = before;
}

void learn_name(struct join *join, const struct fact_name *fact)
{
	struct name_key key = {.client = fact->client,
		.address = fact->address,
		.name_hash = fact->name_hash,
		.tenant = fact->tenant};
	uint64_t ttl = fact->ttl < JOIN_TTL_MIN_S ? JOIN_TTL_MIN_S : fact->ttl;
	uint64_t until = fact->fact.stamp.time_ns + ttl * 1000000000u + JOIN_GRACE_NS;
	bool made;

	if (fact->foreign)
		return; /* an answer of a stranger teaches nothing */
	struct name_row *row = rows_get(&join->names, &join->conf.key, &key, &made);
	if (row == NULL) {
		join->counters.names_refused++;
		return;
	}
	if (made || row->until_ns < fact->fact.stamp.time_ns)
		row->from_ns = fact->fact.stamp.time_ns;
	if (until > row->until_ns)
		row->until_ns = until;
}

bool learnt_name(const struct join *join, uint16_t tenant, const struct addr *client,
	const struct addr *address, uint64_t name_hash, uint64_t at_ns)
{
	struct name_key key = {
		.client = *client, .address = *address, .name_hash = name_hash, .tenant = tenant};
	const struct name_row *row = rows_find(&join->names, &join->conf.key, &key);

	return row != NULL && row->from_ns <= at_ns && at_ns <= row->until_ns;
}

static struct seen_row *seen(struct seen_row *rows, uint64_t value, uint64_t now_ns)
{
	struct seen_row *row = &rows[value % SEEN_ROWS];

	if (row->value != value)
		*row = (struct seen_row){.value = value, .first_ns = now_ns};
	return row;
}

void learn_values(struct join *join, const struct fact_repeat *fact)
{
	for (uint32_t i = 0; i < fact->count && i < 64; i++) {
		struct seen_row *row = seen(join->values, fact->value[i], join->now_ns);
		if (row->count == 0 || row->flow != fact->flow_id)
			row->count++;
		row->flow = fact->flow_id;
	}
}

bool value_repeated(struct join *join, uint64_t value)
{
	const struct seen_row *row = &join->values[value % SEEN_ROWS];

	return row->value == value && row->count >= JOIN_REPEATED;
}

uint64_t destination_first(struct join *join, uint16_t tenant, const struct addr *server,
	const struct addr *remote, const struct masked *name, uint64_t at_ns)
{
	uint8_t key[2 + 16 + 16 + MASKED_MAX];
	size_t len = 18;

	memcpy(key, &tenant, 2);
	memcpy(key + 2, server->b, 16);
	if (name->len > 0) {
		memcpy(key + len, name->text, name->len);
		len += name->len;
	} else {
		memcpy(key + len, remote->b, 16);
		len += 16;
	}
	return seen(join->destinations, hash_sip13(&join->conf.key, key, len), at_ns)->first_ns;
}
