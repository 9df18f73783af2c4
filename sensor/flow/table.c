#include "flow/table.h"

#include <assert.h>
#include <string.h>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define SYN_SHARE 16                  /* of the capacity */
#define NAME_HINT (UINT64_C(1) << 63) /* beyond a tuple's end */
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

/* Slots, as bits, that hold that number; told by comparing a line at once. */
static uint32_t slots_with(const uint32_t numbers[static BUCKET_SLOTS], uint32_t number)
{
	uint32_t slots = 0;

	for (uint32_t half = 0; half < BUCKET_SLOTS; half += 4) {
#if defined(__SSE2__)
		__m128i four = _mm_load_si128((const __m128i *)(const void *)(numbers + half));
		__m128i same = _mm_cmpeq_epi32(four, _mm_set1_epi32((int)number));

		slots |= (uint32_t)_mm_movemask_ps(_mm_castsi128_ps(same)) << half;
#else
		for (uint32_t i = half; i < half + 4; i++)
			slots |= (uint32_t)(numbers[i] == number) << i;
#endif
	}
	return slots;
}

void flow_expect(struct flow_table *table, uint64_t hash)
{
	prefetch(&table->buckets[home_of(table, hash)]);
}

/* May the packet open, close or replace its flow? */
static bool turns(const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_SYN | TCP_FIN | TCP_RST)) != 0;
}

uint32_t flow_guess(struct flow_table *table, const struct packet *packet)
{
	const struct bucket *bucket = &table->buckets[home_of(table, packet->hash)];
	uint32_t slots = slots_with(bucket->signature, (uint32_t)packet->hash);
	uint32_t likely = slots != 0 ? bucket->flow[__builtin_ctz(slots)] : 0;

	prefetch(&table->flows[likely]);
	if (packet->payload_wire != 0 || turns(packet)) /* the key is asked for */
		prefetch(&table->cold[likely]);
	if (turns(packet))
		prefetch(&table->links[likely]);
	return likely;
}

void flow_prefetch(const struct flow_table *table, const struct packet *packet, uint32_t likely)
{
	if (!turns(packet))
		return;
	prefetch(&table->links[table->links[likely].next]);
	prefetch(&table->links[table->links[likely].prev]);
}

/* What struct flow.name holds: of IPv4 all of the normalised 5-tuple and the tenant, so that
 * nothing else need be compared; else the hash and what is not an address. */
struct name {
	uint64_t words[2];
	bool whole;
	bool swapped;
	const struct tuple *tuple; /* as seen */
};

static struct name name_of(const struct packet *packet, bool swapped)
{
	const struct tuple *t = &packet->tuple;
	uint64_t src[2], dst[2], end;

	memcpy(src, t->src.b, sizeof(src));
	memcpy(dst, t->dst.b, sizeof(dst));
	end = (uint64_t)(swapped ? t->dport : t->sport) |
	      (uint64_t)(swapped ? t->sport : t->dport) << 16 | (uint64_t)t->tenant << 32 |
	      (uint64_t)t->proto << 48;
	uint64_t mapped = UINT64_C(0xffff0000);
	bool whole = (src[0] | dst[0] | ((src[1] ^ mapped) << 32) | ((dst[1] ^ mapped) << 32)) == 0;
	uint64_t low = (swapped ? dst[1] : src[1]) >> 32;
	uint64_t high = (swapped ? src[1] : dst[1]) >> 32;

	return (struct name){
		.words = {whole ? low | high << 32 : packet->hash, whole ? end : end | NAME_HINT},
		.whole = whole,
		.swapped = swapped,
		.tuple = t};
}

static bool is_named(const struct flow_table *table, uint32_t flow, const struct name *name)
{
	const struct flow *record = &table->flows[flow];

	if (((record->name[0] ^ name->words[0]) | (record->name[1] ^ name->words[1])) != 0)
		return false;
	if (name->whole)
		return true;
	struct tuple key = tuple_turned(name->tuple, name->swapped);
	return memcmp(&table->cold[flow].key, &key, sizeof(key)) == 0;
}

static uint32_t find(const struct flow_table *table, uint64_t hash, const struct name *name)
{
	uint32_t at = home_of(table, hash), len = chain_len(table);

	for (uint32_t i = 0; i < len; i++, at = (at + 1) & table->bucket_mask) {
		const struct bucket *bucket = &table->buckets[at];
		uint32_t slots = slots_with(bucket->signature, (uint32_t)hash);

		for (; slots != 0; slots &= slots - 1) {
			uint32_t flow = bucket->flow[__builtin_ctz(slots)];

			if (flow != 0 && is_named(table, flow, name))
				return flow;
		}
		if (table->passed[at] == 0)
			return 0;
	}
	return 0;
}

/* The guess is right if its record lives and has that name: there is one of each. */
static uint32_t find_likely(
	const struct flow_table *table, uint32_t likely, uint64_t hash, const struct name *name)
{
	if (likely != 0 && (table->flows[likely].state & STATE_WHEEL) != 0 &&
		is_named(table, likely, name))
		return likely;
	return find(table, hash, name);
}

static bool take_slot(struct flow_table *table, uint32_t home, uint32_t signature, uint32_t flow,
	uint32_t *passed)
{
	uint32_t len = chain_len(table);

	for (uint32_t i = 0; i < len; i++) {
		struct bucket *bucket = &table->buckets[(home + i) & table->bucket_mask];
		uint32_t slots = slots_with(bucket->flow, 0);

		if (slots == 0)
			continue;
		bucket->signature[__builtin_ctz(slots)] = signature;
		bucket->flow[__builtin_ctz(slots)] = flow;
		*passed = i;
		return true;
	}
	return false;
}

static void remove_slot(struct flow_table *table, uint32_t flow)
{
	uint32_t at = table->flows[flow].home;

	for (uint32_t i = 0; i < CHAIN_MAX; i++, at = (at + 1) & table->bucket_mask) {
		struct bucket *bucket = &table->buckets[at];
		uint32_t slots = slots_with(bucket->flow, flow);

		if (slots != 0) {
			bucket->flow[__builtin_ctz(slots)] = 0;
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
	table->syn_count -= flow_is_syn(record);
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
	return table->cold[a].first.ord < table->cold[b].first.ord ? a : b;
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

	if (full || (syn && table->syn_count >= table->syn_share))
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

enum wheel_name table_class(const struct flow *flow)
{
	bool tcp = (flow->flags & FLOW_TCP) != 0;
	bool open = tcp && !flow_closed(flow);

	if ((flow->flags & (FLOW_PAYLOAD_0 | FLOW_PAYLOAD_1)) != 0)
		return open ? WHEEL_LONG : WHEEL_SHORT;
	if (flow_is_syn(flow))
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

static uint32_t make(struct flow_table *table, const struct name *name, const struct packet *packet)
{
	uint32_t home = home_of(table, packet->hash), passed = 0;
	bool tcp = packet->tuple.proto == PROTO_TCP;

	make_room(table, tcp && packet->payload_wire == 0);
	uint32_t flow = table->free_head != 0 ? table->free_head : table->fresh + 1;
	struct flow *record = &table->flows[flow];
	if (!take_slot(table, home, (uint32_t)packet->hash, flow, &passed)) {
		table->counters.refused++;
		return 0;
	}
	if (flow == table->free_head)
		table->free_head = record->home;
	else
		table->fresh = flow;
	for (uint32_t i = 0; i < passed; i++)
		table->passed[(home + i) & table->bucket_mask]++;
	*record = (struct flow){.name = {name->words[0], name->words[1]},
		.last_ns = table->now_ns,
		.home = home,
		.flags = tcp ? FLOW_TCP : 0,
		.state = name->swapped ? STATE_FIRST_DIR : 0};
	table->cold[flow] = (struct flow_cold){.key = tuple_turned(name->tuple, name->swapped),
		.first = {.now_ns = table->now_ns, .ord = packet->pos.ord}};
	roles_first(record, &table->cold[flow].key, name->swapped, packet);
	table->count++;
	table->syn_count += tcp; /* until it is touched */
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

/* Where it is met too early costs nothing now; where it would be met too late, it moves. */
static void keep_wheel(struct flow_table *table, uint32_t flow)
{
	const struct flow *record = &table->flows[flow];
	uint32_t was = (uint32_t)(record->state & STATE_WHEEL) >> STATE_WHEEL_SHIFT;
	enum wheel_name name = table_class(record);

	if (was == (uint32_t)name)
		return;
	if (was != WHEEL_NONE && table->wheels[name].idle_ns >= table->wheels[was].idle_ns &&
		(uint32_t)name > was)
		return;
	if (was != WHEEL_NONE)
		wheel_unlink(&table->wheels[was], flow);
	enter_wheel(table, flow, name);
}

uint32_t flow_touch(
	struct flow_table *table, const struct packet *packet, uint32_t likely, uint8_t *dir)
{
	struct name name = name_of(packet, (packet->flags & PACKET_SWAPPED) != 0);
	bool tcp = packet->tuple.proto == PROTO_TCP;

	*dir = name.swapped;
	flow_expire(table, packet->pos.now_ns);
	uint32_t flow = find_likely(table, likely, packet->hash, &name);
	if (flow != 0 && tcp &&
		roles_open_anew(&table->flows[flow], &table->cold[flow], *dir, packet)) {
		table->counters.replaced++;
		table_end(table, flow, table->now_ns, true);
		flow = 0;
	}
	if (flow == 0)
		flow = make(table, &name, packet);
	if (flow == 0)
		return 0;
	struct flow *record = &table->flows[flow];
	bool syn = flow_is_syn(record);
	record->last_ns = table->now_ns;
	if (tcp)
		roles_update(record, &table->cold[flow], *dir, packet);
	count_packet(record, *dir, packet);
	table->syn_count -= syn && !flow_is_syn(record);
	keep_wheel(table, flow);
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

struct pos flow_first(const struct flow_table *table, uint32_t flow)
{
	return table->cold[flow].first;
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
