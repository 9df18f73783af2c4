/* look.c - an open text is looked at once its end has waited: what stands in the last bytes
 * of it is judged when more comes (tail.h), but a text may stay open for hours.
 *
 * A wait begins with the first bytes that are kept, or the first behind a look; it has the
 * length of a finding's, so the list is in order of due time.  What a look finds is told at
 * once.  The bytes are judged again when more comes: a number may go on, and what stands
 * behind it may say more; then only what is surer is told again. */
#include "detect/state.h"

static struct open_tail *at(const struct inspect *inspect, uint32_t id)
{
	return pool_at(&inspect->tails, id);
}

void look_begin(struct inspect *inspect, uint32_t id, const struct view *view, bool is_new)
{
	const struct stamp *now = &inspect->emit->at;
	struct open_tail *open = at(inspect, id);
	struct look *look = &open->look;
	uint64_t told = is_new ? 0 : look->told;
	int told_sum = is_new ? 0 : look->told_sum;

	if (is_new)
		open->tail.waits = open->tail.looked = 0;
	if (now->time_ns == STAMP_END_NS)
		return; /* what is open ends now */
	*look = (struct look){.due_ns = now->time_ns + INSPECT_WAIT_NS,
		.ord = now->ord,
		.prev = inspect->look_last,
		.flow = inspect->flow_number,
		.half = (uint8_t)inspect->at_half,
		.told = told,
		.told_sum = told_sum,
		.message = *inspect->message,
		.view = *view};
	if (view->key.len > 0)
		memcpy(look->key, view->key.ptr, view->key.len);
	look->view.key = bytes_of(look->key, view->key.len);
	look->view.data = bytes_of(NULL, 0);
	open->tail.waits = 1;
	if (inspect->look_last != 0)
		at(inspect, inspect->look_last)->look.next = id;
	else
		inspect->look_first = id;
	inspect->look_last = id;
}

void look_end(struct inspect *inspect, uint32_t id)
{
	struct open_tail *open = at(inspect, id);

	if (open->tail.waits == 0)
		return;
	if (open->look.prev != 0)
		at(inspect, open->look.prev)->look.next = open->look.next;
	else
		inspect->look_first = open->look.next;
	if (open->look.next != 0)
		at(inspect, open->look.next)->look.prev = open->look.prev;
	else
		inspect->look_last = open->look.prev;
	open->tail.waits = 0;
}

const struct look *look_next(const struct inspect *inspect)
{
	return inspect->look_first != 0 ? &at(inspect, inspect->look_first)->look : NULL;
}

void look_now(struct inspect *inspect, struct flow_table *table)
{
	uint32_t id = inspect->look_first, ignored[2] = {0};
	struct look *look = &at(inspect, id)->look;

	look_end(inspect, id);
	emit_at(inspect->emit, look->due_ns, STAMP_WAIT, look->ord);
	inspect_at(inspect, table, look->flow);
	inspect->at_half = look->half;
	inspect->message = &look->message;
	struct half *half = &inspect->state->half[look->half];
	struct card_scan scan = card_scan_of(inspect, &look->view);
	scan.shaped = &ignored[0]; /* they are counted when these bytes are judged for good */
	scan.failed = &ignored[1];
	scan.table = at(inspect, id)->table;
	scan.told = look->told;
	scan.told_sum = look->told_sum;
	tail_look(&inspect->tails, id, (struct window_sink){.self = &scan, .scan = card_window});
	look->told_sum = scan.sum; /* of those that are not judged for good yet */
	if (scan.end == 0)
		return;
	if (look->told < scan.end)
		look->told = scan.end;
	at(inspect, id)->tail.looked = 1;
	wait_go_on(inspect, half->cards, tell_cards(inspect, &look->message, half));
}
