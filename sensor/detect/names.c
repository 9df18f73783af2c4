/* names.c - what one name after the other carries out: the labels of several queries as one
 * text.  Such a text is a view like any other; what is found in it belongs to the query that
 * made it whole. */
#include "base/scratch.h"
#include "detect/spread.h"
#include "detect/state.h"

/* What was told of the same pieces is not told again. */
static void recall(const struct spread_told *told, uint32_t first, struct card_scan *scan)
{
	if (told->end == 0 || told->first != first)
		return;
	scan->told = told->end;
	scan->told_sum = told->sum;
}

static void note(struct spread_told *told, uint32_t first, const struct card_scan *scan)
{
	*told = (struct spread_told){.end = scan->end > scan->told ? scan->end : scan->told,
		.sum = scan->sum,
		.first = first};
}

/* True: something was found that was not told. */
static bool judge(struct inspect *inspect, struct spread_told *told, uint32_t first,
	const struct pieces_text *text)
{
	const struct view view = {.role = FIELD_DNS_QUERY,
		.first = true,
		.last = true,
		.data = bytes_of(text->data, text->len)};
	const struct tail_mark mark = {.place = *inspect->place};
	const struct window window = {.buf = view.data,
		.to = view.data.len,
		.before_start = true,
		.after_end = true,
		.mark = &mark,
		.marks = 1};
	struct card_scan scan = card_scan_of(inspect, &view);

	scan.pieces = text->plain ? CARD_PIECES : CARD_PIECES_CODED;
	recall(told, first, &scan);
	card_window(&scan, &window);
	if (scan.end == 0)
		return false;
	note(told, first, &scan);
	return true;
}

/* As is_clean() of sink.c: nothing can begin in it. */
static bool is_clean(const struct pieces_text *text)
{
	struct bytes data = bytes_of(text->data, text->len);

	return text->len < CARD_DIGITS_ANY ||
	       (pan_place(data, 0) == data.len && peel_place(data, 0) == data.len);
}

void names_asked(struct inspect *inspect, const struct message *message, struct bytes name)
{
	const struct tuple pair = tuple_pair(flow_key(inspect->table, inspect->flow_number));
	SCRATCH struct pieces pieces;
	SCRATCH struct pieces_order order;
	SCRATCH struct pieces_text text;
	struct spread *row;

	if (message->dir != inspect->state->subject.end)
		return; /* what strangers ask of us takes nothing out */
	row = spread_add(&inspect->spreads, &pair, name, inspect->emit->at.time_ns);
	if (row == NULL)
		return;
	inspect->message = message;
	spread_pieces(row, &pieces);
	pieces_sort(&pieces, &order);
	for (uint8_t way = 0; way < PIECES_WAYS; way++) {
		pieces_join(&order, (enum pieces_way)way, &text);
		if (!is_clean(&text) &&
			judge(inspect, &row->told[way], row->base + order.from[0], &text))
			spread_found(row);
		explicit_bzero(text.data, text.len);
	}
}
