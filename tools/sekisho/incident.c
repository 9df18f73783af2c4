#include "sekisho/incident.h"

#include <string.h>

#include "base/clock.h"

#define WAYS_MAX 5  /* shown of how */
#define SINKS_MAX 8 /* and of to whom; the rest is counted */

bool incident_is_confirmed(const struct value *incident)
{
	return value_is(incident, "certainty", "confirmed");
}

bool incident_has_family(const struct value *incident, const char *family)
{
	const struct value *families = value_at(incident, "families");
	struct bytes text;

	for (size_t i = 0; i < value_count(families); i++)
		if (value_text(value_item(families, i), &text) &&
			bytes_equal(text, bytes_text(family)))
			return true;
	return false;
}

void incident_put_list(
	struct page *page, const struct value *array, const char *key, const char *between)
{
	for (size_t i = 0; i < value_count(array); i++) {
		const struct value *item = value_item(array, i);
		page_put(page, "%s", i == 0 ? "" : between);
		page_put_value(page, key == NULL ? item : value_at(item, key));
	}
}

/* taken_down as taken down */
static void put_words(struct page *page, const struct value *value)
{
	char text[64];

	if (!value_copy(value, text, sizeof(text)))
		return;
	for (char *p = text; *p != '\0'; p++)
		*p = *p == '_' ? ' ' : *p;
	page_put_bytes(page, bytes_text(text));
}

void incident_put_lists(struct page *page, const struct value *lists)
{
	for (size_t i = 0; i < value_count(lists); i++) {
		const struct value *item = value_item(lists, i);
		const struct value *state = value_at(item, "state");

		page_put(page, "%s", i == 0 ? "on list " : ", ");
		page_put_value(page, value_is_object(item) ? value_at(item, "list") : item);
		if (state != NULL) {
			page_put(page, " as \"");
			put_words(page, state);
			page_put(page, "\"");
		}
	}
}

/* Every name that is not the shop's own, so that no text shows it as a link. */
static void learn_foreign(struct page *page, const struct value *incident)
{
	static const struct {
		const char *array, *key;
	} places[] = {{"how", "host"}, {"to_whom", "sink"}, {"also", "sink"}, {"threads", "sink"}};
	const struct value *sinks = value_at(incident, "sinks");
	const struct value *whom = value_at(incident, "to_whom");

	for (size_t i = 0; i < value_count(sinks); i++)
		page_foreign(page, value_item(sinks, i));
	for (size_t p = 0; p < sizeof(places) / sizeof(places[0]); p++) {
		const struct value *array = value_at(incident, places[p].array);
		for (size_t i = 0; i < value_count(array); i++)
			page_foreign(page, value_at(value_item(array, i), places[p].key));
	}
	for (size_t i = 0; i < value_count(whom); i++) {
		const struct value *names = value_at(value_item(whom, i), "names");
		for (size_t n = 0; n < value_count(names); n++)
			page_foreign(page, value_item(names, n));
	}
}

static bool seconds_between(const struct value *from, const struct value *to, uint64_t *out)
{
	struct bytes a, b;
	uint64_t from_ns, to_ns;

	if (!value_text(from, &a) || !value_text(to, &b) || !clock_parse(a, &from_ns) ||
		!clock_parse(b, &to_ns) || to_ns < from_ns)
		return false;
	*out = (to_ns - from_ns) / 1000000000;
	return true;
}

static void put_certainty(struct page *page, const struct value *incident)
{
	bool confirmed = incident_is_confirmed(incident);

	if (value_is(incident, "state", "false")) {
		page_put(page, "JUDGED FALSE");
		return;
	}
	page_colour(page, confirmed ? PAGE_RED : PAGE_YELLOW);
	page_put(page, confirmed ? "CONFIRMED" : "SUSPECTED");
	if (value_true(value_at(incident, "going_on")))
		page_put(page, ", STILL GOING ON");
	page_colour(page, PAGE_PLAIN);
	if (value_is(incident, "state", "closed"))
		page_put(page, ", CLOSED");
	if (value_is(incident, "state", "acknowledged"))
		page_put(page, ", ACKNOWLEDGED");
}

static void put_head(struct page *page, const struct value *incident)
{
	const struct value *run = value_at(incident, "run");

	page_colour(page, PAGE_BOLD);
	page_put(page, "INCIDENT ");
	page_put_value(page, value_at(incident, "id"));
	page_colour(page, PAGE_PLAIN);
	page_end(page);
	page_put(page, "severity ");
	page_put_value(page, value_at(incident, "severity"));
	page_end(page);
	put_certainty(page, incident);
	page_end(page);
	if (run != NULL && !value_is(incident, "run", "live")) {
		page_put(page, "replay ");
		page_put_value(page, run);
		page_end(page);
	}
	page_put(page, "rev ");
	page_put_value(page, value_at(incident, "revision"));
	page_put(page, ", updated ");
	page_put_time(page, value_at(incident, "updated"));
	page_put(page, "   (times are UTC)");
	page_line(page);
	page_put_value(page, value_at(incident, "title"));
	page_line(page);
}

static void put_subject(struct page *page, const struct value *incident)
{
	page_put(page, value_at(incident, "merchant") == NULL ? "No merchant is known for server "
							      : "Server ");
	page_put_value(page, value_at(incident, "server"));
	page_put(page, ": ");
}

/* at least 12 different cards to evil[.]example within 39 minutes. */
static void put_extent(struct page *page, const struct value *incident)
{
	const struct value *what = value_at(incident, "what");
	const struct value *whom = value_at(incident, "to_whom");
	const struct value *sink = value_at(value_item(whom, 0), "sink");
	uint64_t cards = 0, seconds;

	if (value_u64(value_at(what, "cards_distinct"), &cards)) {
		page_put(page, "%s", value_true(value_at(what, "at_least")) ? "at least " : "");
		page_put_number(page, cards);
		page_put(page, "%s", cards == 1 ? " card" : " different cards");
	} else {
		page_put(page, "no card number was read");
	}
	if (sink != NULL) {
		page_put(page, "%s", cards > 0 ? " to " : "; the other side is ");
		page_put_value(page, sink);
		if (value_count(whom) > 1)
			page_put(page, " (and %zu more)", value_count(whom) - 1);
	}
	if (seconds_between(value_at(incident, "first"), value_at(incident, "last"), &seconds)) {
		page_put(page, "%s", seconds == 0 ? ", at one moment" : ", within ");
		if (seconds > 0)
			page_put_duration(page, seconds);
	}
	page_put(page, ".");
	page_line(page);
	if (value_false(value_at(incident, "subject_exact"))) {
		page_put(page,
			"Several shops share this server; which of them it is, is not proven.");
		page_line(page);
	}
}

static void put_with(struct page *page, const struct value *with, uint64_t cards)
{
	static const struct {
		const char *key, *word;
	} rows[] = {{"expiry", "expiry"}, {"code", "security code"}, {"holder", "holder name"}};
	uint64_t n;

	page_section(page, "");
	page_put(page, "with the cards");
	page_end(page);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!value_u64(value_at(with, rows[i].key), &n))
			continue;
		page_put(page, "%s ", rows[i].word);
		page_put_number(page, n);
		page_put(page, n > cards ? "" : "/");
		if (n <= cards)
			page_put_number(page, cards);
		page_end(page);
	}
}

static void put_brand(struct page *page, const struct value *brand)
{
	static const struct {
		const char *word, *name;
	} names[] = {{"visa", "Visa"}, {"mastercard", "Mastercard"}, {"jcb", "JCB"},
		{"amex", "American Express"}, {"diners", "Diners Club"}, {"discover", "Discover"},
		{"unionpay", "UnionPay"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (value_is(brand, "brand", names[i].word)) {
			page_put(page, "%s ", names[i].name);
			page_put_value(page, value_at(brand, "n"));
			return;
		}
	}
	page_put_value(page, value_at(brand, "brand"));
	page_put(page, " ");
	page_put_value(page, value_at(brand, "n"));
}

static void put_counts(struct page *page, const struct value *what)
{
	const struct value *messages = value_at(what, "messages");
	uint64_t repeats = 0;

	if (messages == NULL)
		return;
	page_put(page, "(");
	page_put_value(page, messages);
	page_put(page, value_u64(messages, &repeats) && repeats == 1 ? " message" : " messages");
	if (value_u64(value_at(what, "repeats"), &repeats) && repeats > 0) {
		page_put(page, ", ");
		page_put_number(page, repeats);
		page_put(page, "%s", repeats == 1 ? " repetition" : " repetitions");
	}
	page_put(page, ")");
	page_end(page);
}

static void put_what(struct page *page, const struct value *incident)
{
	const struct value *what = value_at(incident, "what");
	const struct value *brands = value_at(what, "brands");
	uint64_t cards = 0;

	page_section(page, "WHAT LEFT");
	if (!value_u64(value_at(what, "cards_distinct"), &cards)) {
		page_put(page,
			"unknown: no card number was read in anything this incident is made of");
		page_line(page);
		return;
	}
	page_put(page, "cards, distinct   ");
	page_put_number(page, cards);
	page_put(page, "%s", value_true(value_at(what, "at_least")) ? " at least" : "");
	page_end(page);
	for (size_t i = 0; i < value_count(brands); i++) {
		put_brand(page, value_item(brands, i));
		page_end(page);
	}
	put_counts(page, what);
	if (value_is_object(value_at(what, "with")))
		put_with(page, value_at(what, "with"), cards);
	page_line(page);
}

static void put_when(struct page *page, const struct value *incident)
{
	const struct value *when = value_at(incident, "when");
	const struct value *begin = value_at(when, "records_begin");
	const struct value *last = value_at(when, "last_proven");
	const struct value *end = value_at(when, "records_end");
	char day[sizeof(page->day)];
	uint64_t seconds;

	page_section(page, "WHEN");
	page_put(page, "earliest possible ");
	page_put_time(page, value_at(when, "earliest_possible"));
	if (value_at(when, "earliest_possible") == NULL && begin != NULL) {
		page_put(page, ": our records of this server begin ");
		page_put_time(page, begin);
	}
	page_section(page, "");
	memcpy(day, page->day, sizeof(day));
	page->day[0] = '\0'; /* the one time that says which day it was */
	page_put(page, "first proven ");
	page_put_time(page, value_at(when, "first_proven"));
	memcpy(page->day, day, sizeof(day));
	page_end(page);
	page_put(page, "last proven ");
	page_put_time(page, last);
	page_end(page);
	if (seconds_between(last, end, &seconds)) {
		page_put(page, "(");
		page_put_duration(page, seconds);
		page_put(page, " before our records end)");
	}
	page_line(page);
}

static void put_target(struct page *page, const struct value *way)
{
	struct bytes url, message;
	bool has_url = value_text(value_at(way, "url"), &url);
	bool is_path = has_url && url.len > 0 && url.ptr[0] == '/';

	page_put_value(page, value_at(way, "method"));
	page_put(page, "%s", value_at(way, "method") != NULL ? " " : "");
	if (value_at(way, "host") != NULL && (is_path || !has_url)) {
		if (value_text(value_at(way, "message"), &message) && bytes_starts(message, "http"))
			page_put(page, "http://");
		page_put_name(page, value_at(way, "host"));
	}
	page_put_value(page, value_at(way, "url"));
	page_end(page);
}

static void put_way(struct page *page, const struct value *way)
{
	page_section(page, "");
	put_target(page, way);
	if (value_at(way, "key") != NULL || value_at(way, "field") != NULL) {
		page_put(page, "field ");
		page_put_value(page, value_at(way, "field"));
		page_put(page, "%s", value_at(way, "key") != NULL ? " \"" : "");
		page_put_value(page, value_at(way, "key"));
		page_put(page, "%s", value_at(way, "key") != NULL ? "\"" : "");
		page_end(page);
	}
	incident_put_list(page, value_at(way, "encoding"), NULL, " > ");
	page_end(page);
	page_put_value(page, value_at(way, "technique"));
	page_end(page);
	if (value_at(way, "n") != NULL) {
		page_put_value(page, value_at(way, "n"));
		page_put(page, " x");
	}
	page_end(page);
}

/* Who began, of the most frequent way, and what follows from it. */
static void put_initiator(struct page *page, const struct value *incident)
{
	const struct value *way = value_item(value_at(incident, "how"), 0);

	if (value_is(way, "initiator", "server") && incident_has_family(incident, "theft"))
		page_put(page, "the server itself calls out, so what sends runs on the server, "
			       "not in a visitor's browser");
	else if (value_is(way, "initiator", "server"))
		page_put(page, "the server itself calls out");
	else if (value_is(way, "initiator", "client"))
		page_put(page, "somebody outside calls the server, which answers");
	else
		page_put(page, "who opened the connection was not seen");
	page_end(page);
}

static void put_how(struct page *page, const struct value *incident)
{
	const struct value *how = value_at(incident, "how");
	size_t count = value_count(how);

	if (count == 0)
		return;
	page_section(page, "HOW");
	put_initiator(page, incident);
	for (size_t i = 0; i < count && i < WAYS_MAX; i++)
		put_way(page, value_item(how, i));
	if (count > WAYS_MAX) {
		page_section(page, "");
		page_put(page, "and %zu more ways (--json has them)", count - WAYS_MAX);
	}
	page_line(page);
}

static void put_place(struct page *page, const struct value *sink)
{
	page_put_value(page, value_at(sink, "country"));
	if (value_at(sink, "asn") != NULL) {
		uint64_t asn = 0;
		value_u64(value_at(sink, "asn"), &asn);
		page_put(page, "%sAS%llu ", value_at(sink, "country") != NULL ? ", " : "",
			(unsigned long long)asn);
		page_put_value(page, value_at(sink, "as_org"));
	}
	page_end(page);
}

static void put_address(struct page *page, const struct value *sink)
{
	const struct value *ip = value_at(sink, "ip");
	uint64_t port = 0;

	if (ip == NULL) {
		page_put_value(page, value_at(sink, "sink"));
		page_end(page);
		return;
	}
	struct bytes text;
	bool is6 = value_text(ip, &text) && bytes_find_byte(text, ':') != SIZE_MAX;
	page_put(page, "%s", is6 ? "[" : "");
	page_put_value(page, ip);
	page_put(page, "%s", is6 ? "]" : "");
	if (value_u64(value_at(sink, "port"), &port))
		page_put(page, ":%llu", (unsigned long long)port);
	page_end(page);
	if (value_count(value_at(sink, "protocols")) == 0)
		return;
	page_put(page, "speaks ");
	incident_put_list(page, value_at(sink, "protocols"), NULL, ", ");
	page_end(page);
}

static void put_others(struct page *page, const struct value *sink)
{
	uint64_t others;

	if (!value_u64(value_at(sink, "other_subjects"), &others))
		return;
	if (others == 0)
		page_put(page, "no other server here calls it");
	else
		page_put_number(page, others);
	if (others > 0)
		page_put(page, others == 1 ? " other server here calls it"
					   : " other servers here call it");
	page_end(page);
}

static void put_sink(struct page *page, const struct value *incident, const struct value *sink,
	const char *heading)
{
	const struct value *authorised = value_at(sink, "authorised");

	page_section(page, heading);
	put_address(page, sink);
	incident_put_list(page, value_at(sink, "names"), NULL, ", ");
	page_end(page);
	if (value_at(sink, "name_seen") != NULL) {
		page_put(page, "name seen ");
		page_put_time(page, value_at(sink, "name_seen"));
		page_end(page);
	}
	put_place(page, sink);
	if (value_count(value_at(sink, "lists")) > 0)
		incident_put_lists(page, value_at(sink, "lists"));
	else if (value_is_array(value_at(sink, "lists")))
		page_put(page, "on no list");
	page_end(page);
	put_others(page, sink);
	if (!incident_has_family(incident, "theft") || !value_is_array(authorised))
		return;
	page_section(page, "");
	if (value_count(authorised) == 0) {
		page_put(page, "not authorised: no destination is known to which this shop's cards "
			       "may go");
	} else {
		page_put(page, "not authorised: this shop's cards may go to \"");
		incident_put_list(page, authorised, NULL, "\", \"");
		page_put(page, "\" only");
	}
	page_end(page);
}

static void put_to_whom(struct page *page, const struct value *incident)
{
	const struct value *whom = value_at(incident, "to_whom");
	size_t count = value_count(whom);

	if (count == 0)
		return;
	for (size_t i = 0; i < count && i < SINKS_MAX; i++)
		put_sink(page, incident, value_item(whom, i), i == 0 ? "TO WHOM" : "");
	if (count > SINKS_MAX) {
		page_section(page, "");
		page_put(page, "and %zu more (--json has them)", count - SINKS_MAX);
	}
	page_line(page);
}

static void put_traffic(struct page *page, const struct value *row)
{
	uint64_t out, in;

	if (value_u64(value_at(row, "bytes_out"), &out)) {
		page_put_size(page, out);
		page_put(page, " out");
	}
	if (value_u64(value_at(row, "bytes_in"), &in)) {
		page_put(page, ", ");
		page_put_size(page, in);
		page_put(page, " in");
	}
	page_end(page);
}

static bool says(const struct value *sentence, const struct value *word)
{
	struct bytes hay, needle;

	return value_text(sentence, &hay) && value_text(word, &needle) &&
	       bytes_find(hay, needle) != SIZE_MAX;
}

static void put_also(struct page *page, const struct value *incident)
{
	const struct value *also = value_at(incident, "also");

	for (size_t i = 0; i < value_count(also); i++) {
		const struct value *row = value_item(also, i);
		page_section(page, i == 0 ? "ALSO" : "");
		page_put_time(page, value_at(row, "first"));
		page_put(page, " ");
		page_put_value(page, value_at(row, "sentence"));
		page_end(page);
		if (!says(value_at(row, "sentence"), value_at(row, "sink")))
			page_put_value(page, value_at(row, "sink"));
		page_end(page);
		put_traffic(page, row);
		incident_put_lists(page, value_at(row, "lists"));
		page_line(page);
	}
}

void incident_page(struct page *page, const struct value *incident)
{
	const struct value *when = value_at(incident, "when");

	learn_foreign(page, incident);
	page_day(page, value_at(incident, "updated"));
	put_head(page, incident);
	put_subject(page, incident);
	put_extent(page, incident);
	page_line(page);
	fputc('\n', page->out);
	put_what(page, incident);
	page_day(page, value_at(when, "first_proven") != NULL ? value_at(when, "first_proven")
							      : value_at(incident, "first"));
	put_when(page, incident);
	put_how(page, incident);
	put_to_whom(page, incident);
	put_also(page, incident);
	fputc('\n', page->out);
	incident_proof(page, incident);
	page->margin = 0;
}
