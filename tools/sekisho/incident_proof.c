/* incident_proof.c - second half of the page: the proof, its limits, what to do. */
#include "base/why.h"
#include "sekisho/incident.h"

#define EVIDENCE_MAX 3
#define HISTORY_MAX 6
#define ONE_SIDED_LEAST 0.01

static void put_piece_of_evidence(struct page *page, const struct value *row)
{
	page_put_time(page, value_at(row, "time"));
	page_end(page);
	page_put_labelled(page, "flow", value_at(row, "community_id"));
	page_put_labelled(page, "frame", value_at(row, "frame"));
	page_put_labelled(page, "of", value_at(row, "source"));
	page_put_labelled(page, "field", value_at(row, "field"));
	page_put_labelled(page, "key", value_at(row, "key"));
	page_put_labelled(page, "offset", value_at(row, "offset"));
	if (value_at(row, "text") != NULL) {
		page_section(page, "");
		page_put_value(page, value_at(row, "text"));
		page_end(page);
	}
}

static void put_evidence(struct page *page, const struct value *incident)
{
	const struct value *evidence = value_at(incident, "evidence");
	size_t count = value_count(evidence);

	page_section(page, "EVIDENCE");
	if (count == 0)
		page_put(page, "none but names, sizes and times");
	for (size_t i = 0; i < count && i < EVIDENCE_MAX; i++) {
		if (i > 0)
			page_section(page, "");
		put_piece_of_evidence(page, value_item(evidence, i));
	}
	if (count > EVIDENCE_MAX) {
		page_section(page, "");
		page_put(page, "and %zu more (--json has them); all of it is masked",
			count - EVIDENCE_MAX);
	} else if (count > 0) {
		page_section(page, "");
		page_put(page, "(masked)");
	}
	page_line(page);
}

static void put_weighed(struct page *page, const struct value *reasons)
{
	for (size_t i = 0; i < value_count(reasons); i++) {
		const struct value *reason = value_item(reasons, i);
		double weight;
		uint64_t n;

		if (value_real(value_at(reason, "weight"), &weight))
			page_put(page, "%+.1f ", weight);
		page_put_value(page, value_at(reason, "sentence") != NULL
					     ? value_at(reason, "sentence")
					     : value_at(reason, "id"));
		if (value_u64(value_at(reason, "n"), &n) && n > 1) {
			page_put(page, " (");
			page_put_number(page, n);
			page_put(page, " x)");
		}
		page_end(page);
	}
}

static void put_why(struct page *page, const struct value *incident)
{
	const struct value *against = value_at(incident, "against");
	double score;

	page_section(page, "WHY");
	put_weighed(page, value_at(incident, "why"));
	if (value_count(value_at(incident, "why")) == 0)
		page_put(page, "unknown");
	if (value_real(value_at(incident, "score"), &score)) {
		page_section(page, "");
		page_put(page, "highest sum of one finding %.1f; high from %d, medium from %d",
			score, WHY_ALERT / 10, WHY_EVIDENCE / 10);
	}
	page_line(page);
	page_section(page, "AGAINST");
	put_weighed(page, against);
	if (value_count(against) == 0)
		page_put(page, value_is_array(against)
				       ? "none of the reasons that speak against a finding was met"
				       : "unknown");
	page_line(page);
}

static void put_frames(struct page *page, const struct value *saw)
{
	uint64_t frames, decoded, drops;
	double one_sided;

	if (value_u64(value_at(saw, "frames"), &frames) && frames > 0 &&
		value_u64(value_at(saw, "decoded"), &decoded)) {
		page_put_share(page, (double)decoded / (double)frames);
		page_put(page, " of ");
		page_put_number(page, frames);
		page_put(page, " frames decoded");
		page_end(page);
	}
	if (value_u64(value_at(saw, "drops"), &drops)) {
		page_put_number(page, drops);
		page_put(page, " lost");
		page_end(page);
	}
	/* A question is one-sided until its answer: a trace of it is no blindness. */
	if (value_real(value_at(saw, "share_one_sided"), &one_sided)) {
		page_put(page, "%s", one_sided < ONE_SIDED_LEAST ? "both directions" : "");
		if (one_sided >= ONE_SIDED_LEAST) {
			page_put_share(page, one_sided);
			page_put(page, " of its bytes in one direction only");
		}
		page_end(page);
	}
}

static void put_saw(struct page *page, const struct value *incident)
{
	const struct value *saw = value_at(incident, "saw");
	uint64_t missing;
	double share;

	page_section(page, "WE SAW");
	if (saw == NULL) {
		page_put(page, "unknown: there is no coverage of this server for that time");
		page_line(page);
		return;
	}
	put_frames(page, saw);
	if (value_real(value_at(saw, "share_inspected"), &share)) {
		page_put_share(page, share);
		page_put(page, " of its bytes read");
		page_end(page);
	}
	if (value_u64(value_at(saw, "missing"), &missing) && missing > 0) {
		page_put_size(page, missing);
		page_put(page, " missing from its connections");
	}
	page_line(page);
}

static void put_unseen(struct page *page, const struct value *incident)
{
	const struct value *unseen = value_at(incident, "did_not_see");
	const struct value *begin = value_at(value_at(incident, "when"), "records_begin");
	double share = 0;

	page_section(page, "WE DID NOT SEE");
	value_real(value_at(value_at(incident, "saw"), "share_tls"), &share);
	if (share > 0) {
		page_put_share(page, share);
		page_put(page, " is TLS: names, sizes and times only.  A channel over TLS to a "
			       "usual host would not show here.");
		page_end(page);
	}
	for (size_t i = 0; i < value_count(unseen); i++) {
		const struct value *row = value_item(unseen, i);
		uint64_t bytes;

		if (share > 0 && value_is(row, "reason", "encrypted"))
			continue; /* said already */
		if (i > 0 || share > 0)
			page_section(page, "");
		if (value_u64(value_at(row, "bytes"), &bytes)) {
			page_put_size(page, bytes);
			page_put(page, ": ");
		}
		page_put_value(page, value_at(row, "sentence") != NULL ? value_at(row, "sentence")
								       : value_at(row, "reason"));
		page_end(page);
	}
	if (value_count(unseen) > 0 || share > 0)
		page_section(page, "");
	if (begin != NULL) {
		page_put(page, "Nothing before ");
		page_put_time(page, begin);
		page_put(page, ".");
		page_end(page);
	}
	page_put(page, "What visitors' browsers send elsewhere never passes this point.");
	page_line(page);
	fputc('\n', page->out);
}

static void put_timeline(struct page *page, const struct value *incident)
{
	const struct value *timeline = value_at(incident, "timeline");

	if (value_count(timeline) == 0)
		return;
	page_section(page, "TIMELINE");
	for (size_t i = 0; i < value_count(timeline); i++) {
		const struct value *row = value_item(timeline, i);
		page_put_time(page, value_at(row, "time"));
		page_put(page, " ");
		page_put_value(page, value_at(row, "what"));
		page_end(page);
	}
	page_line(page);
}

static void put_people(struct page *page, const struct value *incident)
{
	const struct value *what = value_at(incident, "what");
	uint64_t cards;

	if (!incident_is_confirmed(incident) || !incident_has_family(incident, "theft") ||
		!value_u64(value_at(what, "cards_distinct"), &cards) || cards == 0)
		return;
	page_section(page, "PEOPLE");
	page_put(page, "the holders of %s",
		value_true(value_at(what, "at_least")) ? "at least " : "");
	page_put_number(page, cards);
	page_put(page, "%s", cards == 1 ? " card" : " cards");
	page_put(page, " (report to the PPC due from one person; prompt report 3-5 days, final 60; "
		       "the clock starts when you know)");
	page_line(page);
}

/* The longest label of a name, its last aside: what a search on the server's disk should find.
 * Only letters, digits and dashes, since people paste it into a shell. */
static void put_search_word(struct page *page, const struct value *incident)
{
	struct bytes best = {0}, rest;

	if (!value_text(value_at(value_item(value_at(incident, "to_whom"), 0), "sink"), &rest))
		return;
	while (rest.len > 0) {
		size_t len = 0, letters = 0;
		for (; len < rest.len; len++) {
			uint8_t c = byte_lower(rest.ptr[len]);
			bool letter = c >= 'a' && c <= 'z';
			if (!letter && !(c >= '0' && c <= '9') && !(c == '-' && len > 0))
				break;
			letters += letter;
		}
		/* not what every name ends in */
		if (letters > 0 && len > best.len && len < rest.len)
			best = bytes_head(rest, len);
		if (len < rest.len && rest.ptr[len] != '.')
			return; /* a port, an object, or nothing anybody should paste */
		rest = bytes_skip(rest, len + 1);
	}
	if (best.len < 4)
		return;
	page_put(page, "grep -rl '%.*s' in the document root; ", (int)best.len,
		(const char *)best.ptr);
}

static void put_step(struct page *page, int number, const char *word)
{
	page_section(page, number == 1 ? "DO NOW" : "");
	page_put(page, "%d %-7s", number, word);
}

static void put_check(struct page *page, const struct value *incident)
{
	if (incident_has_family(incident, "theft")) {
		put_search_word(page, incident);
		page_put(page, "newest script files; payment and template files; cron; admin log");
	} else if (incident_has_family(incident, "policy")) {
		page_put(page, "where the shop takes, stores or shows card numbers itself");
	} else {
		page_put(page, "which process talks to the other side; cron; new users and keys; "
			       "admin log");
	}
}

static void put_do(struct page *page, const struct value *incident)
{
	bool confirmed = incident_is_confirmed(incident);
	bool theft = incident_has_family(incident, "theft");
	int step = 1;

	if (value_is(incident, "state", "closed") || value_is(incident, "state", "false"))
		return;
	if (!confirmed) {
		put_step(page, step++, "ask:");
		page_put(page, "suspected is not proven: ask whether the shop knows the other side "
			       "(plug-in, order mail, analytics) before anything is stopped");
	}
	put_step(page, step++, "keep:");
	page_put(page, "do not delete, clean or reinstall the server before it has been copied");
	put_step(page, step++, "check:");
	put_check(page, incident);
	if (confirmed && theft) {
		put_step(page, step++, "stop:");
		page_put(page, "card payment off at the PSP, egress to the destination closed - "
			       "after the copy of the server");
	}
	put_step(page, step, "tell:");
	page_put(page, "%s",
		confirmed ? "the shop, its agency, the acquirer - never with a card number"
			  : "nobody outside as long as it is only suspected");
	page_line(page);
}

static void put_history(struct page *page, const struct value *incident)
{
	const struct value *history = value_at(incident, "history");
	size_t count = value_count(history);

	for (size_t i = 0; i < count && i < HISTORY_MAX; i++) {
		const struct value *row = value_item(history, i);
		page_section(page, "");
		page_put_time(page, value_at(row, "time"));
		page_put(page, " ");
		page_put_value(page, value_at(row, "who"));
		page_put(page, ": ");
		page_put_value(page, value_at(row, "what"));
		if (value_at(row, "why") != NULL) {
			page_put(page, " - ");
			page_put_value(page, value_at(row, "why"));
		}
		page_end(page);
	}
}

static void put_state(struct page *page, const struct value *incident)
{
	uint64_t id = 0;

	value_u64(value_at(incident, "id"), &id);
	page_section(page, "STATE");
	page_put_value(page, value_at(incident, "state"));
	page_end(page);
	if (value_is(incident, "state", "open")) {
		page_put(page, "ack: sekisho incident %llu ack", (unsigned long long)id);
		page_end(page);
	}
	if (!value_is(incident, "state", "closed") && !value_is(incident, "state", "false")) {
		page_put(page, "done: sekisho incident %llu close --why TEXT",
			(unsigned long long)id);
		page_end(page);
		page_put(page, "wrong? sekisho incident %llu false --why TEXT",
			(unsigned long long)id);
		page_end(page);
	}
	put_history(page, incident);
	page_line(page);
}

void incident_proof(struct page *page, const struct value *incident)
{
	put_evidence(page, incident);
	put_why(page, incident);
	put_saw(page, incident);
	put_unseen(page, incident);
	put_timeline(page, incident);
	put_people(page, incident);
	put_do(page, incident);
	put_state(page, incident);
}
