/* explain_page.c - an explanation for a person. */
#include "base/why.h"
#include "pan/doubt.h"
#include "sekisho/explain.h"

static void put_score(struct page *page, const struct value *of)
{
	double score;

	page_put_value(page, value_at(of, "confidence"));
	if (value_real(value_at(of, "score"), &score))
		page_put(page, ", score %.1f", score);
	page_end(page);
}

static bool is_of_cards(const struct value *found)
{
	struct bytes category;

	return !value_text(value_at(found, "category"), &category) ||
	       bytes_starts_nocase(category, "card-");
}

/* Other categories have rules of their own. */
static void put_scale(struct page *page, const struct value *found)
{
	if (!is_of_cards(found))
		return;
	page_put(page,
		"(high from %d.0, or from %d.0 beside a name, date or code; below %d.0 is low)",
		WHY_ALERT / 10, WHY_EVIDENCE / 10, WHY_EVIDENCE / 10);
	page_end(page);
	if (value_true(value_at(found, "lowered"))) {
		page_put(page, "lowered: direction, order, records or whose server it is were "
			       "uncertain");
		page_end(page);
	}
}

static void put_found_verdict(struct page *page, const struct value *found)
{
	const struct value *elsewhere = value_at(found, "at_new_destination");

	if (value_true(value_at(value_at(found, "cards"), "test"))) {
		page_put(page, "published test numbers alone: counted, never an alert");
		page_end(page);
	}
	if (value_at(found, "category") != NULL) {
		page_put_value(page, value_at(found, "category"));
		page_put(page, " ");
		page_put_value(page, value_at(found, "technique"));
		page_end(page);
	}
	page_colour(page, value_is(found, "confidence", "high") ? PAGE_RED : PAGE_YELLOW);
	put_score(page, found);
	page_colour(page, PAGE_PLAIN);
	if (elsewhere != NULL) {
		page_put(page, "to a destination the server never met: ");
		put_score(page, elsewhere);
	}
	put_scale(page, found);
}

static void put_verdict(struct page *page, const struct value *explanation)
{
	const struct value *found = value_at(explanation, "found");

	page_section(page, "VERDICT");
	if (found != NULL) {
		put_found_verdict(page, found);
	} else if (value_at(explanation, "nearest_miss") != NULL) {
		page_put(page, "no card would be told, wherever it goes");
		page_end(page);
	} else {
		page_put(page,
			"no card: no number of %d digits or more stands there, or in what "
			"was undone",
			PAN_DOUBT_DIGITS);
		page_end(page);
	}
	page_line(page);
}

static void put_layers(struct page *page, const struct value *layers)
{
	if (value_count(layers) == 0)
		page_put(page, "as it stands");
	for (size_t i = 0; i < value_count(layers); i++) {
		page_put(page, "%s", i > 0 ? " > " : "");
		page_put_value(page, value_item(layers, i));
	}
}

static void put_place(struct page *page, const struct value *of)
{
	put_layers(page, value_at(of, "encoding"));
	page_end(page);
	page_put_labelled(page, "field", value_at(of, "field"));
	page_put_labelled(page, "key", value_at(of, "key"));
	page_put_labelled(page, "offset", value_at(of, "offset"));
}

static void put_reasons(struct page *page, const struct value *reasons)
{
	for (size_t i = 0; i < value_count(reasons); i++) {
		const struct value *row = value_item(reasons, i);
		double weight = 0;

		value_real(value_at(row, "weight"), &weight);
		page_put(page, "%+.1f ", weight);
		page_put_value(page, value_at(row, "id"));
		if (value_at(row, "sentence") != NULL) {
			page_put(page, ": ");
			page_put_value(page, value_at(row, "sentence"));
		}
		page_line(page);
		if (i + 1 < value_count(reasons))
			page_section(page, "");
	}
}

static void put_weighed(struct page *page, const char *heading, const struct value *reasons)
{
	page_section(page, heading);
	put_reasons(page, reasons);
	if (value_count(reasons) == 0) {
		page_put(page, "nothing");
		page_line(page);
	}
}

static void put_text(struct page *page, const char *heading, const struct value *text)
{
	if (text == NULL)
		return;
	page_section(page, heading);
	page_put_value(page, text);
	page_line(page);
}

static void put_cards(struct page *page, const struct value *cards)
{
	const struct value *list = value_at(cards, "list");
	uint64_t distinct;

	if (!value_u64(value_at(cards, "distinct"), &distinct) || distinct == 0)
		return;
	page_section(page, "CARDS");
	page_put(page, "%s", value_true(value_at(cards, "estimated")) ? "about " : "");
	page_put_number(page, distinct);
	page_put(page, " different");
	page_end(page);
	for (size_t i = 0; i < value_count(list); i++) {
		const struct value *card = value_item(list, i);
		page_put_value(page, value_at(card, "brand"));
		page_put(page, " ");
		page_put_value(page, value_at(card, "bin"));
		page_put(page, "..");
		page_put_value(page, value_at(card, "last4"));
		page_put(page, " (");
		page_put_value(page, value_at(card, "digits"));
		page_put(page, " digits)");
		page_end(page);
	}
	page_line(page);
}

static void put_found(struct page *page, const struct value *found)
{
	if (found == NULL)
		return;
	if (value_at(found, "field") != NULL) {
		page_section(page, "DECODED");
		put_place(page, found);
		page_line(page);
	}
	put_cards(page, value_at(found, "cards"));
	put_text(page, "EVIDENCE", value_at(found, "evidence"));
	put_weighed(page, "FOR", value_at(found, "reasons"));
	put_weighed(page, "AGAINST", value_at(found, "against"));
}

static void put_lacks(struct page *page, const struct value *miss)
{
	const struct value *lacks = value_at(miss, "lacks");
	double score = 0;

	for (size_t i = 0; i < value_count(lacks); i++) {
		page_section(page, i == 0 ? "  lacks" : "");
		page_put_value(page, value_at(value_item(lacks, i), "sentence"));
		page_line(page);
	}
	page_section(page, "  score");
	value_real(value_at(miss, "score"), &score);
	page_put(page, "%.1f as it is; %d.0 and a reason beside the number make an alert", score,
		WHY_EVIDENCE / 10);
	page_line(page);
}

static void put_miss(struct page *page, const struct value *miss)
{
	page_section(page, "NEAREST MISS");
	if (miss == NULL) {
		page_put(page, "none: no other number came near");
		page_line(page);
		return;
	}
	page_put_value(page, value_at(miss, "digits"));
	page_put(page, " digits");
	page_end(page);
	put_place(page, miss);
	page_line(page);
	put_lacks(page, miss);
	put_weighed(page, "  for", value_at(miss, "reasons"));
	put_weighed(page, "  against", value_at(miss, "against"));
	put_text(page, "  there", value_at(miss, "shape"));
}

/* "3 texts" */
static void put_count(struct page *page, const struct value *count, const char *noun)
{
	uint64_t number = 0;

	value_u64(count, &number);
	page_put_number(page, number);
	page_put(page, " %s%s", noun, number == 1 ? "" : "s");
}

static void put_read(struct page *page, const struct value *explanation)
{
	page_section(page, "READ");
	put_count(page, value_at(explanation, "bytes"), "byte");
	page_put(page, " as ");
	put_count(page, value_at(explanation, "messages"), "message");
	page_put(page, " of a server; ");
	put_count(page, value_at(explanation, "texts"), "text");
	page_put(page, " in all");
	page_line(page);
}

static void put_undone(struct page *page, const struct value *explanation)
{
	const struct value *rows = value_at(explanation, "undone");
	uint64_t number;

	page_section(page, "UNDONE");
	for (size_t i = 0; i < value_count(rows); i++) {
		const struct value *row = value_item(rows, i);
		put_layers(page, value_at(row, "encoding"));
		page_put(page, ": ");
		put_count(page, value_at(row, "texts"), "text");
		if (value_u64(value_at(row, "bytes"), &number)) {
			page_put(page, ", ");
			page_put_size(page, number);
		}
		page_end(page);
	}
	if (value_count(rows) == 0)
		page_put(page, "nothing: no coding stands there");
	if (value_u64(value_at(explanation, "undone_more"), &number) && number > 0)
		page_put(page, "and %llu texts out of other chains", (unsigned long long)number);
	page_line(page);
}

static void put_limits(struct page *page, const struct value *rows)
{
	for (size_t i = 0; i < value_count(rows); i++) {
		page_section(page, i == 0 ? "LIMITS" : "");
		page_put_value(page, value_at(value_item(rows, i), "count"));
		page_put(page, " ");
		page_put_value(page, value_at(value_item(rows, i), "what"));
		page_line(page);
	}
}

static void put_event(struct page *page, const struct value *explanation)
{
	const struct value *rows = value_at(explanation, "not_kept");

	page_section(page, "NOT KEPT");
	page_put(page, "the sensor keeps what it tells; it does not keep");
	page_end(page);
	for (size_t i = 0; i < value_count(rows); i++) {
		page_put_value(page, value_item(rows, i));
		page_end(page);
	}
	page_line(page);
}

/* Of no use where there is no number. */
static void put_unknown(struct page *page, const struct value *explanation)
{
	if (value_at(explanation, "found") == NULL && value_at(explanation, "nearest_miss") == NULL)
		return;
	put_weighed(page, "UNKNOWN HERE", value_at(explanation, "unknown_for"));
	page_section(page, "");
	put_reasons(page, value_at(explanation, "unknown_against"));
}

void explain_page(struct page *page, const struct value *explanation)
{
	put_verdict(page, explanation);
	put_found(page, value_at(explanation, "found"));
	if (value_is(explanation, "explains", "event")) {
		put_event(page, explanation);
		return;
	}
	put_miss(page, value_at(explanation, "nearest_miss"));
	put_read(page, explanation);
	put_undone(page, explanation);
	put_limits(page, value_at(explanation, "limits"));
	put_unknown(page, explanation);
}
