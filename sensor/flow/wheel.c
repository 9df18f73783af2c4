#include "flow/table.h"

#define IDLE_SHIFT 30 /* slots of 1.07 s */
#define IDLE_SLOTS 1024
#define HOLE_SHIFT 28
#define HOLE_SLOTS 64
#define SORT_BINS 32

_Static_assert((FLOW_IDLE_TCP_NS >> IDLE_SHIFT) + 2 < IDLE_SLOTS, "an idle time fits one turn");
_Static_assert(
	(FLOW_IDLE_SYN_NS >> IDLE_SHIFT) > 1, "a touched flow never falls into the open slot");
_Static_assert((FLOW_HOLE_NS >> HOLE_SHIFT) + 2 < HOLE_SLOTS, "a hole fits one turn");

static const uint64_t idle_times[WHEEL_COUNT] = {[WHEEL_SYN] = FLOW_IDLE_SYN_NS,
	[WHEEL_BARE_LONG] = FLOW_IDLE_TCP_NS,
	[WHEEL_BARE_SHORT] = FLOW_IDLE_UDP_NS,
	[WHEEL_LONG] = FLOW_IDLE_TCP_NS,
	[WHEEL_SHORT] = FLOW_IDLE_UDP_NS};

_Static_assert(FLOW_IDLE_UDP_NS == FLOW_LINGER_NS, "both stand in the short wheels");

static bool list_empty(const struct link *links, uint32_t head)
{
	return links[head].next == head;
}

static void list_reset(struct link *links, uint32_t head)
{
	links[head].next = links[head].prev = head;
}

static void list_append(struct link *links, uint32_t head, uint32_t item)
{
	uint32_t last = links[head].prev;

	links[item].prev = last;
	links[item].next = head;
	links[last].next = item;
	links[head].prev = item;
}

static uint32_t slot_head(const struct wheel *wheel, uint64_t slot)
{
	return wheel->first + (uint32_t)(slot & (wheel->slots - 1));
}

static uint64_t true_due(const struct flow_table *table, const struct wheel *wheel, uint32_t flow)
{
	const struct flow *record = &table->flows[flow];

	if (wheel->idle_ns == 0)
		return wheel->links[flow].due_ns;
	return record->last_ns + idle_times[table_class(record)];
}

static bool before(const struct flow_table *table, const struct link *links, uint32_t a, uint32_t b)
{
	if (links[a].due_ns != links[b].due_ns)
		return links[a].due_ns < links[b].due_ns;
	return table->cold[a].first.ord <= table->cold[b].first.ord;
}

static uint32_t merge(const struct flow_table *table, struct link *links, uint32_t a, uint32_t b)
{
	uint32_t first = 0, last = 0;

	while (a != 0 && b != 0) {
		uint32_t *from = before(table, links, a, b) ? &a : &b;
		uint32_t item = *from;

		*from = links[item].next;
		if (last == 0)
			first = item;
		else
			links[last].next = item;
		last = item;
	}
	if (last == 0)
		return a != 0 ? a : b;
	links[last].next = a != 0 ? a : b;
	return first;
}

/* Cuts the longest ascending run from the list: what was armed in order of
 * time (nearly all) is sorted in one pass. */
static uint32_t cut_run(const struct flow_table *table, struct link *links, uint32_t *rest)
{
	uint32_t first = *rest, last = first;

	while (links[last].next != 0 && before(table, links, last, links[last].next))
		last = links[last].next;
	*rest = links[last].next;
	links[last].next = 0;
	return first;
}

uint32_t wheel_sort(const struct flow_table *table, struct link *links, uint32_t first)
{
	uint32_t bins[SORT_BINS] = {0}; /* bin i: 2^i runs, merged */
	uint32_t whole = 0;

	while (first != 0) {
		uint32_t run = cut_run(table, links, &first);
		uint32_t bin = 0;

		for (; bin < SORT_BINS - 1 && bins[bin] != 0; bin++) {
			run = merge(table, links, bins[bin], run);
			bins[bin] = 0;
		}
		bins[bin] = merge(table, links, bins[bin], run);
	}
	for (uint32_t bin = 0; bin < SORT_BINS; bin++)
		whole = merge(table, links, bins[bin], whole);
	return whole;
}

uint32_t wheel_links(uint32_t capacity, bool holes)
{
	uint32_t heads = holes ? HOLE_SLOTS + 1 : (WHEEL_HOLE - WHEEL_SYN) * (IDLE_SLOTS + 1);

	return capacity + 1 + heads;
}

size_t wheel_bits_bytes(void)
{
	return ((WHEEL_HOLE - WHEEL_SYN) * IDLE_SLOTS + HOLE_SLOTS) / 64 * sizeof(uint64_t);
}

void wheel_reset(struct wheel *wheel)
{
	for (uint32_t head = wheel->first; head <= wheel->ripe; head++)
		list_reset(wheel->links, head);
	wheel->count = 0;
}

void wheels_init(struct flow_table *table, uint64_t *bits)
{
	uint32_t first = table->capacity + 1;

	for (uint32_t i = WHEEL_SYN; i < WHEEL_COUNT; i++) {
		struct wheel *wheel = &table->wheels[i];
		bool holes = i == WHEEL_HOLE;

		if (holes)
			first = table->capacity + 1;
		wheel->links = holes ? table->hole_links : table->links;
		wheel->bits = bits;
		wheel->idle_ns = idle_times[i];
		wheel->slots = holes ? HOLE_SLOTS : IDLE_SLOTS;
		wheel->shift = holes ? HOLE_SHIFT : IDLE_SHIFT;
		wheel->first = first;
		wheel->ripe = first + wheel->slots;
		wheel_reset(wheel);
		first += wheel->slots + 1;
		bits += wheel->slots / 64;
	}
}

static void put(struct wheel *wheel, uint32_t flow, uint64_t due_ns)
{
	uint64_t slot = due_ns >> wheel->shift;

	if (slot < wheel->hand)
		slot = wheel->hand;
	if (slot - wheel->hand >= wheel->slots)
		slot = wheel->hand + wheel->slots - 1; /* met early, and put again */
	wheel->links[flow].due_ns = due_ns;
	list_append(wheel->links, slot_head(wheel, slot), flow);
	slot &= wheel->slots - 1;
	wheel->bits[slot / 64] |= UINT64_C(1) << slot % 64;
}

void wheel_arm(struct flow_table *table, struct wheel *wheel, uint32_t flow, uint64_t due_ns)
{
	uint64_t slot = table->settled_ns >> wheel->shift;

	/* Nothing stands before what is settled, so the hand may skip what is empty. */
	if (wheel->hand < slot && list_empty(wheel->links, wheel->ripe) &&
		list_empty(wheel->links, slot_head(wheel, wheel->hand)))
		wheel->hand = slot;
	put(wheel, flow, due_ns);
	wheel->count++;
	if (due_ns < table->next_due)
		table->next_due = due_ns;
}

void wheel_unlink(struct wheel *wheel, uint32_t flow)
{
	struct link *link = &wheel->links[flow];

	wheel->links[link->prev].next = link->next;
	wheel->links[link->next].prev = link->prev;
	wheel->count--;
}

/* The first slot from the hand on that may hold items; UINT64_MAX: none. */
static uint64_t next_slot(const struct wheel *wheel)
{
	uint64_t start = wheel->hand & (wheel->slots - 1);
	uint32_t words = wheel->slots / 64;

	for (uint32_t i = 0; i <= words; i++) { /* the first word again, for its low bits */
		uint64_t at = (start / 64 + i) % words;
		uint64_t word = wheel->bits[at];

		if (i == 0)
			word &= ~UINT64_C(0) << start % 64;
		else if (i == words)
			word &= ~(~UINT64_C(0) << start % 64);
		if (word != 0) {
			uint64_t slot = at * 64 + (uint64_t)__builtin_ctzll(word);
			return wheel->hand + ((slot - start) & (wheel->slots - 1));
		}
	}
	return UINT64_MAX;
}

/* The flow has outgrown the wheel it was met in, and is in no list. */
static bool move_on(struct flow_table *table, struct wheel *wheel, uint32_t flow, uint64_t due_ns)
{
	struct flow *record = &table->flows[flow];
	enum wheel_name name = wheel->idle_ns != 0 ? table_class(record) : WHEEL_HOLE;

	if (&table->wheels[name] == wheel)
		return false;
	wheel->count--;
	record->state = (uint8_t)((record->state & ~STATE_WHEEL) | (int)name << STATE_WHEEL_SHIFT);
	wheel_arm(table, &table->wheels[name], flow, due_ns);
	return true;
}

/* Opens the hand's slot: what was touched since goes where it belongs, the
 * rest joins the ripe ones in order of due time. */
static void open_slot(struct flow_table *table, struct wheel *wheel)
{
	struct link *links = wheel->links;
	uint32_t heads[2] = {wheel->ripe, slot_head(wheel, wheel->hand)};
	uint32_t first = 0, last = 0;
	uint64_t bit = wheel->hand & (wheel->slots - 1);

	wheel->bits[bit / 64] &= ~(UINT64_C(1) << bit % 64);
	for (int i = 0; i < 2; i++) {
		uint32_t item = links[heads[i]].next;

		list_reset(links, heads[i]);
		while (item != heads[i]) {
			uint32_t next = links[item].next;
			uint64_t due = true_due(table, wheel, item);

			links[item].due_ns = due;
			links[item].next = 0;
			if (move_on(table, wheel, item, due))
				;
			else if (due >> wheel->shift > wheel->hand)
				put(wheel, item, due);
			else if (last == 0)
				first = last = item;
			else {
				links[last].next = item;
				last = item;
			}
			item = next;
		}
	}
	for (uint32_t item = wheel_sort(table, links, first); item != 0;) {
		uint32_t next = links[item].next;

		list_append(links, wheel->ripe, item);
		item = next;
	}
}

void wheel_ahead(const struct flow_table *table, const struct link *links, uint32_t item)
{
	uint32_t next = links[item].next, further;

	if (next == 0 || next > table->capacity)
		return;
	further = links[next].next;
	prefetch(&table->buckets[table->flows[next].home]);
	if (further == 0 || further > table->capacity)
		return;
	prefetch(&links[further]);
	prefetch(&table->flows[further]);
	prefetch(&table->cold[further]);
}

/* The first ripe item that was not touched since, opening slots up to the
 * limit; 0: none. */
static uint32_t ripest(struct flow_table *table, struct wheel *wheel, uint64_t limit)
{
	for (;;) {
		uint32_t item = wheel->links[wheel->ripe].next;

		if (item == wheel->ripe) {
			uint64_t slot = next_slot(wheel);

			if (slot > limit || slot == UINT64_MAX)
				return 0;
			wheel->hand = slot;
			open_slot(table, wheel);
			continue;
		}
		uint64_t due = true_due(table, wheel, item);
		bool grown = wheel->idle_ns != 0 &&
			     wheel != &table->wheels[table_class(&table->flows[item])];
		if (due == wheel->links[item].due_ns && !grown) {
			wheel_ahead(table, wheel->links, item);
			return item;
		}
		wheel_unlink(wheel, item);
		wheel->count++;
		if (!move_on(table, wheel, item, due))
			put(wheel, item, due);
	}
}

uint32_t wheel_due(struct flow_table *table, struct wheel *wheel, uint64_t now_ns)
{
	uint64_t limit = now_ns >> wheel->shift;

	if (wheel->count == 0 || wheel->hand > limit)
		return 0;
	if (!list_empty(wheel->links, slot_head(wheel, wheel->hand)))
		open_slot(table, wheel); /* what came into the open slot stands in order too */
	uint32_t item = ripest(table, wheel, limit);
	return item != 0 && wheel->links[item].due_ns <= now_ns ? item : 0;
}

uint32_t wheel_oldest(struct flow_table *table, struct wheel *wheel)
{
	return wheel->count == 0 ? 0 : ripest(table, wheel, UINT64_MAX - 1);
}

uint64_t wheel_bound(const struct wheel *wheel)
{
	uint32_t item = wheel->links[wheel->ripe].next;
	uint64_t slot;

	if (wheel->count == 0)
		return STAMP_END_NS;
	if (item != wheel->ripe && list_empty(wheel->links, slot_head(wheel, wheel->hand)))
		return wheel->links[item].due_ns;
	slot = item != wheel->ripe ? wheel->hand : next_slot(wheel);
	return slot == UINT64_MAX ? STAMP_END_NS : slot << wheel->shift;
}
