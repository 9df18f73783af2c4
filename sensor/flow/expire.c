#include "flow/table.h"

#include <assert.h>

#define END_BINS 2048

static void set_next_due(struct flow_table *table)
{
	uint64_t due = STAMP_END_NS;

	for (uint32_t i = WHEEL_SYN; i < WHEEL_COUNT; i++) {
		uint64_t bound = wheel_bound(&table->wheels[i]);

		if (bound < due)
			due = bound;
	}
	table->next_due = due;
}

static void serve(struct flow_table *table, uint32_t wheel, uint32_t flow, uint64_t due_ns)
{
	if (wheel != WHEEL_HOLE) {
		table_end(table, flow, due_ns, false);
		return;
	}
	flow_hole(table, flow, 0);
	table->owner.hole_due(table->owner.self, flow, due_ns);
}

/* The wheel whose earliest item is due first, or WHEEL_COUNT. */
static uint32_t first_wheel(struct flow_table *table, uint64_t now_ns, uint32_t *flow)
{
	uint32_t found = WHEEL_COUNT;
	uint64_t due = 0, ord = 0;

	for (uint32_t i = WHEEL_SYN; i < WHEEL_COUNT; i++) {
		uint32_t item = wheel_due(table, &table->wheels[i], now_ns);

		if (item == 0)
			continue;
		uint64_t item_due = table->wheels[i].links[item].due_ns;
		uint64_t item_ord = table->cold[item].first.ord;
		if (found != WHEEL_COUNT &&
			(item_due > due || (item_due == due && item_ord >= ord)))
			continue;
		found = i;
		*flow = item;
		due = item_due;
		ord = item_ord;
	}
	return found;
}

/* The list in order of its flows' first packets; ends them. */
static void end_list(struct flow_table *table, uint32_t first)
{
	first = wheel_sort(table, table->links, first);
	while (first != 0) {
		struct link *link = &table->links[first];
		uint32_t flow = first;

		wheel_ahead(table, table->links, flow);
		first = link->next;
		link->next = link->prev = flow; /* alone: unlinking it is without effect */
		table_end(table, flow, STAMP_END_NS, false);
	}
}

/* Bits to take off an ord, so that what is left of the highest is a bin. */
static unsigned bin_shift(const struct flow_table *table)
{
	uint64_t highest = 0;
	unsigned shift = 0;

	for (uint32_t flow = table->fresh; flow > 0; flow--)
		if (table->flows[flow].state != 0 && table->cold[flow].first.ord > highest)
			highest = table->cold[flow].first.ord;
	while (highest >> shift >= END_BINS)
		shift++;
	return shift;
}

/* End of input: every flow, in order of its first packet.  Sorted in bins, since a list of all
 * would be a miss at every step. */
static void end_all(struct flow_table *table)
{
	unsigned shift = bin_shift(table);
	uint32_t bins[END_BINS] = {0};

	for (uint32_t i = WHEEL_SYN; i < WHEEL_HOLE; i++)
		wheel_reset(&table->wheels[i]);
	for (uint32_t flow = table->fresh; flow > 0; flow--) {
		struct link *link = &table->links[flow];

		if (table->flows[flow].state == 0)
			continue;
		flow_wheel(table, flow)->count++; /* until it ends */
		link->due_ns = table->cold[flow].first.ord;
		link->next = bins[link->due_ns >> shift];
		bins[link->due_ns >> shift] = flow;
	}
	for (uint32_t i = 0; i < END_BINS; i++)
		end_list(table, bins[i]);
	assert(table->count == 0);
}

void flow_expire(struct flow_table *table, uint64_t now_ns)
{
	uint64_t served_ns = now_ns == STAMP_END_NS ? table->now_ns : now_ns;
	uint32_t wheel, flow = 0;

	if (served_ns > table->now_ns)
		table->now_ns = served_ns;
	if (table->next_due <= table->now_ns) {
		while ((wheel = first_wheel(table, table->now_ns, &flow)) != WHEEL_COUNT)
			serve(table, wheel, flow, table->wheels[wheel].links[flow].due_ns);
		set_next_due(table);
	}
	table->settled_ns = table->now_ns;
	if (now_ns == STAMP_END_NS) {
		end_all(table);
		table->next_due = STAMP_END_NS;
	}
}

uint64_t flow_next_due(const struct flow_table *table)
{
	return table->next_due;
}

void flow_hole(struct flow_table *table, uint32_t flow, uint64_t due_ns)
{
	struct flow *record = &table->flows[flow];
	struct wheel *wheel = &table->wheels[WHEEL_HOLE];

	if ((record->flags & FLOW_HOLE) != 0) {
		if (wheel->links[flow].due_ns == due_ns)
			return;
		wheel_unlink(wheel, flow);
		record->flags &= (uint16_t)~FLOW_HOLE;
	}
	if (due_ns == 0)
		return;
	wheel_arm(table, wheel, flow, due_ns);
	record->flags |= FLOW_HOLE;
}

uint64_t flow_hole_due(const struct flow_table *table, uint32_t flow)
{
	return table->hole_links[flow].due_ns;
}
