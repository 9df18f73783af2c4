#include "detect/spread.h"

#include <assert.h>

#include "base/scratch.h"

static_assert(PIECES_ROOM <= UINT16_MAX, "ends of names");

static struct spread *at(const struct spreads *spreads, uint32_t id)
{
	return pool_at(&spreads->pool, id);
}

static uint32_t buckets_for(uint32_t rows)
{
	uint32_t count = 16;

	while (count < rows)
		count *= 2;
	return count;
}

size_t spreads_bytes(uint32_t rows)
{
	return pool_bytes(sizeof(struct spread), rows) + buckets_for(rows) * sizeof(uint32_t) + 64;
}

bool spreads_new(
	struct spreads *spreads, struct arena *arena, uint32_t rows, const struct hash_key *key)
{
	uint32_t count = buckets_for(rows);

	*spreads = (struct spreads){.key = *key, .mask = count - 1};
	spreads->buckets = arena_take(arena, count * sizeof(uint32_t));
	return spreads->buckets != NULL &&
	       pool_new(&spreads->pool, arena, sizeof(struct spread), rows);
}

static uint32_t *bucket_of(const struct spreads *spreads, uint64_t value)
{
	return &spreads->buckets[value & spreads->mask];
}

static void leave_order(struct spreads *spreads, const struct spread *row)
{
	if (row->older != 0)
		at(spreads, row->older)->newer = row->newer;
	else
		spreads->oldest = row->newer;
	if (row->newer != 0)
		at(spreads, row->newer)->older = row->older;
	else
		spreads->newest = row->older;
}

static void join_order(struct spreads *spreads, uint32_t id, struct spread *row)
{
	row->newer = 0;
	row->older = spreads->newest;
	if (row->older != 0)
		at(spreads, row->older)->newer = id;
	else
		spreads->oldest = id;
	spreads->newest = id;
}

static void give_oldest(struct spreads *spreads)
{
	uint32_t id = spreads->oldest;
	const struct spread *row = at(spreads, id);
	uint32_t *link = bucket_of(spreads, row->value);

	while (*link != id)
		link = &at(spreads, *link)->next;
	*link = row->next;
	leave_order(spreads, row);
	pool_erase(&spreads->pool, id, SIZE_MAX);
}

uint64_t spread_due(const struct spreads *spreads)
{
	return spreads->oldest == 0 ? UINT64_MAX
				    : at(spreads, spreads->oldest)->last_ns + SPREAD_AGE_NS;
}

void spread_expire(struct spreads *spreads, uint64_t now_ns)
{
	while (spread_due(spreads) <= now_ns)
		give_oldest(spreads);
}

static uint64_t value_of(
	const struct spreads *spreads, const struct tuple *pair, struct bytes domain)
{
	SCRATCH struct {
		struct tuple pair;
		uint8_t domain[256];
	} said;

	said.pair = *pair;
	domain = bytes_head(domain, sizeof(said.domain));
	bytes_lower(said.domain, domain);
	return hash_sip13(&spreads->key, &said, offsetof(__typeof__(said), domain) + domain.len);
}

/* NULL: there are no rows at all. */
static struct spread *take_row(struct spreads *spreads, uint64_t value)
{
	if (spreads->pool.used == spreads->pool.capacity) {
		spreads->evicted++;
		if (spreads->oldest == 0)
			return NULL;
		give_oldest(spreads);
	}
	uint32_t id = pool_take_zeroed(&spreads->pool);
	struct spread *row = at(spreads, id);
	uint32_t *bucket = bucket_of(spreads, value);

	row->value = value;
	row->credit = SPREAD_CREDIT;
	row->next = *bucket;
	*bucket = id;
	join_order(spreads, id, row);
	return row;
}

/* The row, now the newest; NULL: there is none. */
static struct spread *find_row(struct spreads *spreads, uint64_t value)
{
	uint32_t id = *bucket_of(spreads, value);

	while (id != 0 && at(spreads, id)->value != value)
		id = at(spreads, id)->next;
	if (id == 0)
		return NULL;
	struct spread *row = at(spreads, id);

	if (spreads->newest != id) {
		leave_order(spreads, row);
		join_order(spreads, id, row);
	}
	return row;
}

static size_t used(const struct spread *row)
{
	return row->count == 0 ? 0 : row->end[row->count - 1];
}

static bool is_there(const struct spread *row, struct bytes rest)
{
	size_t from = 0;

	for (uint32_t i = 0; i < row->count; i++) {
		if (bytes_equal(bytes_of(row->text + from, row->end[i] - from), rest))
			return true;
		from = row->end[i];
	}
	return false;
}

/* The older half goes. */
static void drop_half(struct spread *row)
{
	uint32_t gone = (row->count + 1u) / 2, kept = row->count - gone;
	size_t from = row->end[gone - 1], len = used(row) - from;

	memmove(row->text, row->text + from, len);
	explicit_bzero(row->text + len, from);
	for (uint32_t i = 0; i < kept; i++)
		row->end[i] = (uint16_t)(row->end[gone + i] - from);
	row->count = (uint8_t)kept;
	row->base += gone;
}

static void put(struct spread *row, struct bytes rest)
{
	while (row->count == PIECES_NAMES || used(row) + rest.len > sizeof(row->text))
		drop_half(row);
	size_t from = used(row);

	memcpy(row->text + from, rest.ptr, rest.len);
	row->end[row->count++] = (uint16_t)(from + rest.len);
}

static void earn(struct spread *row, size_t bytes, uint64_t silent_ns)
{
	uint64_t sum =
		row->credit + SPREAD_PER_BYTE * bytes + silent_ns / 1000000000u * SPREAD_PER_SECOND;

	row->credit = sum < SPREAD_CREDIT ? (uint32_t)sum : SPREAD_CREDIT;
}

/* False: the look is dearer than what it has. */
static bool pay(struct spread *row)
{
	if (used(row) > row->credit)
		return false;
	row->credit -= (uint32_t)used(row);
	return true;
}

struct spread *spread_add(
	struct spreads *spreads, const struct tuple *pair, struct bytes name, uint64_t now_ns)
{
	struct bytes rest = bytes_head(name, pieces_domain(name));
	struct spread *row;

	if (rest.len == 0 || rest.len > UINT8_MAX)
		return NULL;
	uint64_t value = value_of(spreads, pair, bytes_skip(name, rest.len));

	spread_expire(spreads, now_ns);
	row = find_row(spreads, value);
	if (row == NULL && pieces_carries(rest))
		row = take_row(spreads, value);
	if (row == NULL)
		return NULL;
	uint64_t silent_ns = now_ns - row->last_ns;

	row->last_ns = now_ns;
	if (is_there(row, rest))
		return NULL;
	put(row, rest);
	if (row->count < 2)
		return NULL;
	earn(row, rest.len, silent_ns);
	if (pay(row))
		return row;
	spreads->passed++;
	return NULL;
}

void spread_found(struct spread *row)
{
	row->credit = SPREAD_CREDIT;
}

void spread_pieces(const struct spread *row, struct pieces *out)
{
	size_t from = 0;

	for (uint32_t i = 0; i < row->count; i++) {
		out->name[i] = bytes_of(row->text + from, row->end[i] - from);
		from = row->end[i];
	}
	out->count = row->count;
}
