/* wait.c - findings whose message goes on: told a fixed time after their first hit, so
 * the list is in order of due time, whatever the flows do. */
#include "detect/state.h"

static struct cards *at(const struct inspect *inspect, uint32_t cards)
{
	return pool_at(&inspect->cards, cards);
}

void wait_begin(struct inspect *inspect, uint32_t cards, const struct inspect_place *place)
{
	const struct stamp *now = &inspect->emit->at;
	struct cards *item = at(inspect, cards);

	item->after = 0;
	item->place = *place;
	if (now->time_ns == STAMP_END_NS)
		return; /* what is open is told now */
	item->wait = (struct card_wait){.due_ns = now->time_ns + INSPECT_WAIT_NS,
		.ord = now->ord,
		.prev = inspect->wait_last,
		.flow = inspect->flow_number,
		.message = *inspect->message,
		.half = (uint8_t)inspect->at_half};
	if (inspect->wait_last != 0)
		at(inspect, inspect->wait_last)->wait.next = cards;
	else
		inspect->wait_first = cards;
	inspect->wait_last = cards;
}

void wait_end(struct inspect *inspect, uint32_t cards)
{
	struct card_wait *wait = &at(inspect, cards)->wait;

	if (wait->due_ns == 0)
		return;
	if (wait->prev != 0)
		at(inspect, wait->prev)->wait.next = wait->next;
	else
		inspect->wait_first = wait->next;
	if (wait->next != 0)
		at(inspect, wait->next)->wait.prev = wait->prev;
	else
		inspect->wait_last = wait->prev;
	wait->due_ns = 0;
}

void wait_go_on(struct inspect *inspect, uint32_t cards, uint32_t told)
{
	wait_end(inspect, cards);
	cards_go_on(&inspect->card_env, at(inspect, cards), told, tell_most(inspect));
}

void wait_drop(struct inspect *inspect, struct half *half)
{
	wait_end(inspect, half->cards);
	cards_drop(&inspect->card_env, at(inspect, half->cards));
	pool_give(&inspect->cards, half->cards);
	half->cards = 0;
}

/* The first that waits: a finding, or (*is_look) an open text.  False: nothing does. */
static bool first_of(const struct inspect *inspect, uint64_t *due_ns, bool *is_look)
{
	const struct card_wait *wait =
		inspect->wait_first != 0 ? &at(inspect, inspect->wait_first)->wait : NULL;
	const struct look *look = look_next(inspect);

	*is_look =
		wait == NULL ||
		(look != NULL && (look->due_ns < wait->due_ns ||
					 (look->due_ns == wait->due_ns && look->ord < wait->ord)));
	if (wait == NULL && look == NULL)
		return false;
	*due_ns = *is_look ? look->due_ns : wait->due_ns;
	return true;
}

uint64_t inspect_due(const struct inspect *inspect)
{
	uint64_t due_ns;
	bool is_look;

	uint64_t ages_ns = spread_due(&inspect->spreads);

	if (!first_of(inspect, &due_ns, &is_look))
		due_ns = STAMP_END_NS;
	return ages_ns < due_ns ? ages_ns : due_ns;
}

static void tell_waiting(struct inspect *inspect, struct flow_table *table, uint32_t cards)
{
	const struct card_wait wait = at(inspect, cards)->wait;

	emit_at(inspect->emit, wait.due_ns, STAMP_WAIT, wait.ord);
	inspect_at(inspect, table, wait.flow);
	inspect->at_half = wait.half;
	wait_go_on(inspect, cards,
		tell_cards(inspect, &wait.message, &inspect->state->half[wait.half]));
}

void inspect_serve(struct inspect *inspect, struct flow_table *table, uint64_t now_ns)
{
	uint64_t due_ns;
	bool is_look;

	while (first_of(inspect, &due_ns, &is_look) && due_ns <= now_ns) {
		if (is_look)
			look_now(inspect, table);
		else
			tell_waiting(inspect, table, inspect->wait_first);
	}
	spread_expire(&inspect->spreads, now_ns);
}
