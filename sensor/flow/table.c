#include "flow/table.h"

#include <assert.h>
#include <string.h>

#define SYN_SHARE 16 /* of the capacity */
#define CAPACITY_MAX (UINT32_C(1) << 28)

_Static_assert(sizeof(struct flow) == 64, "the hot line");
_Static_assert(sizeof(struct flow_cold) == 64, "the second line");
_Static_assert(sizeof(struct bucket) == 64, "a bucket is a line");
_Static_assert((CHAIN_MAX - 1) * BUCKET_SLOTS <= UINT8_MAX, "flows passing a bucket fit its count");

/* Two slots for a flow, so that few buckets are full. */
static uint32_t bucket_count(uint32_t capacity)
{
	uint32_t count = 1;

	while (count * (BUCKET_SLOTS / 2) < capacity)
		count *= 2;
	return count;
}

static size_t lines(size_t len)
{
	return (len + 63) / 64 * 64;
}

size_t flow_table_bytes(uint32_t capacity)
{
	size_t items = (size_t)capacity + 1, buckets = bucket_count(capacity);

	return lines(sizeof(struct flow_table)) +
	       items * (sizeof(struct flow) + sizeof(struct flow_cold)) +
	       buckets * sizeof(struct bucket) + lines(buckets) +
	       lines(wheel_links(capacity, false) * sizeof(struct link)) +
	       lines(wheel_links(capacity, true) * sizeof(struct link)) +
	       lines(wheel_bits_bytes()) + 64;
}

struct flow_table *flow_table_new(struct arena *arena, uint32_t capacity, struct flow_owner owner)
{
	assert(capacity > 0 && capacity <= CAPACITY_MAX);
	struct flow_table *table = arena_take(arena, sizeof(*table));
	size_t items = (size_t)capacity + 1, buckets = bucket_count(capacity);

	if (table == NULL)
		return NULL;
	table->flows = arena_take(arena, items * sizeof(struct flow));
	table->cold = arena_take(arena, items * sizeof(struct flow_cold));
	table->buckets = arena_take(arena, buckets * sizeof(struct bucket));
	table->passed = arena_take(arena, buckets);
	table->links = arena_take(arena, wheel_links(capacity, false) * sizeof(struct link));
	table->hole_links = arena_take(arena, wheel_links(capacity, true) * sizeof(struct link));
	uint64_t *bits = arena_take(arena, wheel_bits_bytes());
	if (bits == NULL || table->hole_links == NULL || table->links == NULL ||
		table->passed == NULL || table->buckets == NULL || table->cold == NULL ||
		table->flows == NULL)
		return NULL;
	table->bucket_mask = (uint32_t)buckets - 1;
	table->capacity = capacity;
	table->syn_share = capacity / SYN_SHARE > 0 ? capacity / SYN_SHARE : 1;
	table->next_due = STAMP_END_NS;
	table->owner = owner;
	wheels_init(table, bits);
	return table;
}

static uint32_t home_of(const struct flow_table *table, uint64_t hash)
{
	return (uint32_t)(hash >> 32) & table->bucket_mask;
}

static uint32_t chain_len(const struct flow_table *table)
{
	return table->bucket_mask + 1 < CHAIN_MAX ? table->bucket_mask + 1 : CHAIN_MAX;
}

void flow_prefetch(struct flow_table *table, const struct packet packets[], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		__builtin_prefetch(&table->buckets[home_of(table, packets[i].hash)], 1);
}

void flow_prefetch_records(struct flow_table *table, const struct packet packets[], uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct bucket *bucket = &table->buckets[home_of(table, packets[i].hash)];

		for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
			if (bucket->slot[slot] >> 32 != (uint32_t)packets[i].hash)
				continue;
			__builtin_prefetch(&table->flows[(uint32_t)bucket->slot[slot]], 1);
			__builtin_prefetch(&table->cold[(uint32_t)bucket->slot[slot]], 1);
		}
	}
}

uint32_t flow_likely(const struct flow_table *table, const struct packet *packet)
{
	const struct bucket *bucket = &table->buckets[home_of(table, packet->hash)];

	for (int slot = 0; slot < BUCKET_SLOTS; slot++)
		if (bucket->slot[slot] >> 32 == (uint32_t)packet->hash)
			return (uint32_t)bucket->slot[slot];
	return 0;
}

static uint32_t find(const struct flow_table *table, uint64_t hash, const struct tuple *key)
{
	uint32_t at = home_of(table, hash), len = chain_len(table);

	for (uint32_t i = 0; i < len; i++, at = (at + 1) & table->bucket_mask) {
		const struct bucket *bucket = &table->buckets[at];

		for (int slot = 0; slot < BUCKET_SLOTS; slot++) {
			uint32_t flow = (uint32_t)bucket->slot[slot];

			if (bucket->slot[slot] >> 32 == (uint32_t)hash && flow != 0 &&
				memcmp(&table->cold[flow].key, key, sizeof(*key)) == 0)
				return flow;
		}
		if (table->passed[at] == 0)
			return 0;
	}
	return 0;
}

static uint64_t *free_slot(struct flow_table *table, uint32_t home, uint32_t *passed)
{
	uint32_t len = chain_len(table);

	for (uint32_t i = 0; i < len; i++) {
		struct bucket *bucket = &table->buckets[(home + i) & table->bucket_mask];

		for (int slot = 0; slot < BUCKET_SLOTS; slot++)
			if (bucket->slot[slot] == 0) {
				*passed = i;
				return &bucket->slot[slot];
			}
	}
	return NULL;
}

static void remove_slot(struct flow_table *table, uint32_t flow)
{
	uint32_t at = table->flows[flow].home;

	for (uint32_t i = 0; i < CHAIN_MAX; i++, at = (at + 1) & table->bucket_mask) {
		struct bucket *bucket = &table->buckets[at];

		for (int slot = 0; slot < BUCKET_SLOTS; slot++)
			if ((uint32_t)bucket->slot[slot] == flow) {
				bucket->slot[slot] = 0;
				return;
			}
		table->passed[at]--;
	}
	assert(false); /* a flow stands in its chain */
}

void table_end(struct flow_table *table, uint32_t flow, uint64_t due_ns, bool evicted)
{
	struct flow *record = &table->flows[flow];

	table->owner.ended(table->owner.self, flow, due_ns, evicted);
	flow_hole(table, flow, 0);
	wheel_unlink(flow_wheel(table, flow), flow);
	remove_slot(table, flow);
	*record = (struct flow){.home = table->free_head};
	table->free_head = flow;
	table->count--;
	table->counters.ended++;
}

static uint32_t longer_idle(const struct flow_table *table, uint32_t a, uint32_t b)
{
	const struct flow *x = &table->flows[a], *y = &table->flows[b];

	if (a == 0 || b == 0)
		return a == 0 ? b : a;
	if (x->last_ns != y->last_ns)
		return x->last_ns < y->last_ns ? a : b;
	return x->first_ord < y->first_ord ? a : b;
}

static uint32_t oldest_of(struct flow_table *table, enum wheel_name name)
{
	return wheel_oldest(table, &table->wheels[name]);
}

static void evict(struct flow_table *table, uint32_t flow, uint64_t *counter)
{
	++*counter;
	table_end(table, flow, table->now_ns, true);
}

/* A record for a new flow: there always is one, for something is idle longest. */
static void make_room(struct flow_table *table, bool syn)
{
	struct flow_counters *counters = &table->counters;
	bool full = table->count == table->capacity;
	uint32_t flow = 0;

	if (full || (syn && table->wheels[WHEEL_SYN].count >= table->syn_share))
		flow = oldest_of(table, WHEEL_SYN);
	if (flow != 0) {
		evict(table, flow, &counters->evicted_syn);
		return;
	}
	if (!full)
		return;
	flow = longer_idle(
		table, oldest_of(table, WHEEL_BARE_LONG), oldest_of(table, WHEEL_BARE_SHORT));
	if (flow != 0) {
		evict(table, flow, &counters->evicted_idle);
		return;
	}
	flow = longer_idle(table, oldest_of(table, WHEEL_LONG), oldest_of(table, WHEEL_SHORT));
	evict(table, flow, &counters->evicted_payload);
}

static enum wheel_name wheel_for(const struct flow *flow, const struct flow_cold *cold)
{
	bool tcp = cold->key.proto == PROTO_TCP;
	bool open = tcp && !flow_closed(flow);

	if ((flow->flags & (FLOW_PAYLOAD_0 | FLOW_PAYLOAD_1)) != 0)
		return open ? WHEEL_LONG : WHEEL_SHORT;
	if (tcp && (flow->flags & FLOW_ANSWERED) == 0)
		return WHEEL_SYN;
	return open ? WHEEL_BARE_LONG : WHEEL_BARE_SHORT;
}

static void enter_wheel(struct flow_table *table, uint32_t flow, enum wheel_name name)
{
	struct flow *record = &table->flows[flow];
	struct wheel *wheel = &table->wheels[name];

	record->state = (uint8_t)((record->state & ~STATE_WHEEL) | (int)name << STATE_WHEEL_SHIFT);
	wheel_arm(table, wheel, flow, record->last_ns + wheel->idle_ns);
}

static uint32_t make(
	struct flow_table *table, const struct tuple *key, uint8_t dir, const struct packet *packet)
{
	uint32_t home = home_of(table, packet->hash), passed = 0;

	make_room(table, key->proto == PROTO_TCP && packet->payload_wire == 0);
	uint64_t *slot = free_slot(table, home, &passed);
	if (slot == NULL) {
		table->counters.refused++;
		return 0;
	}
	uint32_t flow = table->free_head != 0 ? table->free_head : ++table->fresh;
	struct flow *record = &table->flows[flow];
	if (flow == table->free_head)
		table->free_head = record->home;
	for (uint32_t i = 0; i < passed; i++)
		table->passed[(home + i) & table->bucket_mask]++;
	*slot = packet->hash << 32 | flow;
	*record = (struct flow){.first_ns = table->now_ns,
		.first_ord = packet->pos.ord,
		.last_ns = table->now_ns,
		.home = home,
		.state = dir != 0 ? STATE_FIRST_DIR : 0};
	table->cold[flow] = (struct flow_cold){.key = *key};
	roles_first(record, &table->cold[flow], dir, packet);
	table->count++;
	table->counters.created++;
	table->counters.spilled += passed > 0;
	return flow;
}

static void count_packet(struct flow *flow, uint8_t dir, const struct packet *packet)
{
	uint8_t first_dir = (flow->state & STATE_FIRST_DIR) != 0;

	flow->packets[dir]++;
	flow->bytes[dir] += packet->wire_len;
	if (dir != first_dir)
		flow->flags |= FLOW_ANSWERED;
	if (packet->payload_wire > 0)
		flow->flags |= dir == 0 ? FLOW_PAYLOAD_0 : FLOW_PAYLOAD_1;
}

uint32_t flow_touch(struct flow_table *table, const struct packet *packet, uint8_t *dir)
{
	struct tuple key = packet->tuple;
	bool tcp = key.proto == PROTO_TCP;

	*dir = tuple_normalise(&key);
	flow_expire(table, packet->pos.now_ns);
	uint32_t flow = find(table, packet->hash, &key);
	if (flow != 0 && tcp &&
		roles_open_anew(&table->flows[flow], &table->cold[flow], *dir, packet)) {
		table->counters.replaced++;
		table_end(table, flow, table->now_ns, true);
		flow = 0;
	}
	if (flow == 0)
		flow = make(table, &key, *dir, packet);
	if (flow == 0)
		return 0;
	struct flow *record = &table->flows[flow];
	record->last_ns = table->now_ns;
	if (tcp)
		roles_update(record, &table->cold[flow], *dir, packet);
	count_packet(record, *dir, packet);
	uint32_t was = (uint32_t)(record->state & STATE_WHEEL) >> STATE_WHEEL_SHIFT;
	enum wheel_name name = wheel_for(record, &table->cold[flow]);
	if (was != (uint32_t)name) {
		if (was != WHEEL_NONE)
			wheel_unlink(&table->wheels[was], flow);
		enter_wheel(table, flow, name);
	}
	return flow;
}

struct flow *flow_at(struct flow_table *table, uint32_t flow)
{
	return &table->flows[flow];
}

const struct tuple *flow_key(const struct flow_table *table, uint32_t flow)
{
	return &table->cold[flow].key;
}

uint32_t flow_count(const struct flow_table *table)
{
	return table->count;
}

void flow_each(struct flow_table *table, void (*visit)(void *self, uint32_t flow), void *self)
{
	for (uint32_t flow = 1; flow <= table->fresh; flow++)
		if ((table->flows[flow].state & STATE_WHEEL) != 0)
			visit(self, flow);
}

const struct flow_counters *flow_table_counters(const struct flow_table *table)
{
	return &table->counters;
}
