/* page.c - what left, when, how, to whom, why: the parts of a page in its order. */
#include "serve/page.h"

#include <stdio.h>
#include <string.h>

#include "base/why.h"
#include "event/record.h"
#include "store/alert.h"
#include "store/book.h"

#define EVIDENCE_MAX 8
#define TIMELINE_MAX 12
#define ROWS_MAX 64
#define FAMILY_MAX 24

static int64_t with_reason(struct sql *sql, int64_t incident, enum why why)
{
	return sql_one(sql, 0,
		"SELECT count(DISTINCT card.token) FROM thread JOIN card ON card.thread = thread.id"
		" JOIN finding ON finding.thread = card.thread AND finding.sensor = card.sensor"
		" AND finding.run = thread.run AND finding.id = card.finding"
		" WHERE incident = ? AND (finding.why & ?) <> 0",
		"ii", incident, (int64_t)WHY_BIT(why));
}

static void brands_put(struct sql *sql, int64_t incident, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT brand, count(DISTINCT token) AS n FROM card JOIN thread ON thread.id ="
		" card.thread WHERE incident = ? GROUP BY brand ORDER BY n DESC, brand",
		"i", incident);

	out_open(out, "brands", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_string(out, "brand", sql_text(&rows, 0));
		out_int(out, "n", sql_int(&rows, 1));
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void what_put(struct sql *sql, int64_t incident, struct out *out)
{
	int64_t seen = sql_one(sql, 0,
		"SELECT count(*) FROM card JOIN thread ON thread.id = card.thread WHERE incident = "
		"?",
		"i", incident);
	int64_t distinct = sql_one(sql, 0,
		"SELECT count(DISTINCT token) FROM card JOIN thread ON thread.id = card.thread"
		" WHERE incident = ?",
		"i", incident);
	int64_t more = sql_one(sql, 0,
		"SELECT count(*) FROM finding f JOIN thread t ON t.id = f.thread WHERE t.incident ="
		" ? AND (f.estimated OR f.cards > (SELECT count(*) FROM card WHERE card.thread ="
		" f.thread AND card.sensor = f.sensor AND card.finding = f.id))",
		"i", incident);
	int64_t unnamed = sql_one(sql, 0,
		"SELECT count(*) FROM card JOIN thread ON thread.id = card.thread WHERE incident = "
		"?"
		" AND token LIKE '~%'",
		"i", incident);

	if (seen == 0) {
		out_null(out, "what");
		return;
	}
	out_open(out, "what", '{');
	out_int(out, "cards_distinct", distinct);
	out_bool(out, "at_least", more > 0 || unnamed > 0 || !saw_all(sql, incident));
	brands_put(sql, incident, out);
	out_int(out, "repeats", seen - distinct);
	out_int(out, "messages",
		sql_one(sql, 0,
			"SELECT sum(f.n) FROM finding f JOIN thread t ON t.id = f.thread"
			" WHERE t.incident = ? AND f.cards > 0",
			"i", incident));
	out_open(out, "with", '{');
	out_int(out, "expiry", with_reason(sql, incident, WHY_CARD_EXPIRY));
	out_int(out, "code", with_reason(sql, incident, WHY_CARD_CODE));
	out_int(out, "holder", with_reason(sql, incident, WHY_CARD_HOLDER));
	out_close(out, '}');
	out_close(out, '}');
}

static void when_put(struct sql *sql, int64_t incident, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT min(t.first), max(t.last), min(s.first), max(s.last) FROM thread t LEFT "
		"JOIN"
		" span s ON s.run = t.run WHERE incident = ?",
		"i", incident);

	out_open(out, "when", '{');
	if (sql_next(&rows)) {
		out_time(out, "records_begin", sql_int(&rows, 2));
		out_time(out, "first_proven", sql_int(&rows, 0));
		out_time(out, "last_proven", sql_int(&rows, 1));
		out_time(out, "records_end", sql_int(&rows, 3));
		sql_end(&rows);
	}
	out_null(out, "earliest_possible");
	out_close(out, '}');
}

/* What the page's title is about: of the worst thread. */
static void family_of(struct sql *sql, int64_t incident, char family[static FAMILY_MAX])
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT family FROM thread WHERE incident = ? ORDER BY severity, confirmed DESC,"
		" family = 'theft' DESC, score DESC LIMIT 1",
		"i", incident);

	family[0] = '\0';
	if (sql_next(&rows)) {
		snprintf(family, FAMILY_MAX, "%s", sql_text(&rows, 0));
		sql_end(&rows);
	}
}

static void how_put(struct sql *sql, int64_t incident, const char *family, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT method, host, url, field, name, encoding, message, way.technique,"
		" initiator, sum(finding.n) AS total FROM way JOIN thread ON thread.id ="
		" way.thread JOIN finding ON finding.thread = thread.id AND finding.way = way.id"
		" WHERE incident = ? AND thread.family = ? GROUP BY method, host, url, field,"
		" name, encoding, message, way.technique, initiator"
		" ORDER BY total DESC, host, url LIMIT ?",
		"iti", incident, family, (int64_t)ROWS_MAX);
	static const char *const names[] = {"method", "host", "url", "field", "key", "encoding",
		"message", "technique", "initiator"};

	out_open(out, "how", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		for (int i = 0; i < 9; i++) {
			const char *text = sql_text(&rows, i);
			if (i == 5)
				out_words(out, names[i], text);
			else if (text == NULL || text[0] == '\0') /* a contact has no message */
				out_null(out, names[i]);
			else
				out_string(out, names[i], text);
		}
		out_int(out, "n", sql_int(&rows, 9));
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void lists_put(struct sql *sql, int64_t thread, struct out *out)
{
	struct sql_rows rows =
		sql_ask(sql, "SELECT list, state FROM listed WHERE thread = ? ORDER BY list, state",
			"i", thread);

	out_open(out, "lists", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_string(out, "list", sql_text(&rows, 0));
		out_string(out, "state", sql_text(&rows, 1));
		out_close(out, '}');
	}
	out_close(out, ']');
}

/* One column of texts. */
static void texts_put(struct sql_rows rows, const char *name, struct out *out)
{
	out_open(out, name, '[');
	while (sql_next(&rows))
		out_string(out, NULL, sql_text(&rows, 0));
	out_close(out, ']');
}

/* By its alerts, and by the contacts of their servers with that address. */
static void names_put(struct sql *sql, int64_t thread, const char *ip, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT name FROM name WHERE thread = ?1 UNION SELECT c.name FROM contact c JOIN"
		" thread_server s ON s.server = c.server JOIN thread t ON t.id = s.thread"
		" WHERE c.remote = ?2 AND t.id = ?1 AND c.run = t.run AND c.tenant = t.tenant"
		" AND c.name <> '' ORDER BY 1 LIMIT ?3",
		"iti", thread, ip, (int64_t)ROWS_MAX);

	texts_put(rows, "names", out);
}

/* By the contacts of its servers with that address, at that port where a server opened it. */
static void protocols_put(
	struct sql *sql, int64_t thread, const char *ip, int64_t port, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT DISTINCT c.app FROM contact c JOIN thread_server s ON s.server = c.server"
		" JOIN thread t ON t.id = s.thread WHERE c.remote = ?2 AND t.id = ?1 AND c.run ="
		" t.run AND c.tenant = t.tenant AND (c.port = ?3 OR c.opened = 0) AND c.app <> ''"
		" ORDER BY 1 LIMIT ?4",
		"itii", thread, ip, port, (int64_t)ROWS_MAX);

	texts_put(rows, "protocols", out);
}

static void text_or_null(struct out *out, const char *name, const char *text)
{
	if (text[0] != '\0')
		out_string(out, name, text);
	else
		out_null(out, name);
}

static void to_whom_put(struct sql *sql, int64_t incident, const char *family, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT t.id, t.sink, r.ip, r.port, r.name_seen, r.country, r.asn, r.as_org,"
		" (SELECT count(DISTINCT o.subject) FROM thread o WHERE o.run = t.run AND o.sink ="
		" t.sink AND o.subject <> t.subject), coalesce(m.authorised, '')"
		" FROM thread t JOIN remote r ON r.thread = t.id LEFT JOIN merchant m ON m.id ="
		" t.merchant WHERE t.incident = ? AND t.family = ?"
		" ORDER BY t.severity, t.sink, r.ip, r.port LIMIT ?",
		"iti", incident, family, (int64_t)ROWS_MAX);

	out_open(out, "to_whom", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_string(out, "sink", sql_text(&rows, 1));
		out_string(out, "ip", sql_text(&rows, 2));
		out_int(out, "port", sql_int(&rows, 3));
		names_put(sql, sql_int(&rows, 0), sql_text(&rows, 2), out);
		protocols_put(sql, sql_int(&rows, 0), sql_text(&rows, 2), sql_int(&rows, 3), out);
		out_time(out, "name_seen", sql_int(&rows, 4));
		lists_put(sql, sql_int(&rows, 0), out);
		out_int(out, "other_subjects", sql_int(&rows, 8));
		text_or_null(out, "country", sql_text(&rows, 5));
		if (sql_int(&rows, 6) != 0)
			out_int(out, "asn", sql_int(&rows, 6));
		else
			out_null(out, "asn");
		text_or_null(out, "as_org", sql_text(&rows, 7));
		out_words(out, "authorised", sql_text(&rows, 9));
		out_close(out, '}');
	}
	out_close(out, ']');
}

static const char *also_sentence(const char *family)
{
	if (strcmp(family, "foothold") == 0)
		return "the same server talked to a system that attackers use";
	if (strcmp(family, "theft") == 0)
		return "cards left the same server another way";
	if (strcmp(family, "policy") == 0)
		return "the same server takes or shows card numbers";
	return "seen at the same server";
}

static void also_put(struct sql *sql, int64_t incident, const char *family, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT id, category, technique, sink, first, last, n, bytes_out, bytes_in, family"
		" FROM thread WHERE incident = ? AND family <> ? ORDER BY first, sink LIMIT ?",
		"iti", incident, family, (int64_t)ROWS_MAX);

	out_open(out, "also", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_string(out, "category", sql_text(&rows, 1));
		out_string(out, "technique", sql_text(&rows, 2));
		out_string(out, "sink", sql_text(&rows, 3));
		out_time(out, "first", sql_int(&rows, 4));
		out_time(out, "last", sql_int(&rows, 5));
		out_int(out, "n", sql_int(&rows, 6));
		out_int(out, "bytes_out", sql_int(&rows, 7));
		out_int(out, "bytes_in", sql_int(&rows, 8));
		lists_put(sql, sql_int(&rows, 0), out);
		out_string(out, "sentence", also_sentence(sql_text(&rows, 9)));
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void evidence_row(const char *body, int64_t finding, int64_t time, struct out *out)
{
	struct json_in *json = json_in_read(bytes_text(body), EVENT_JSON_MAX);
	const struct json_in *sekisho = json_in_get(json, "sekisho");

	out_open(out, NULL, '{');
	out_int(out, "flow", json_in_int(json, "flow_id"));
	out_string(out, "community_id", json_in_text(json, "community_id"));
	out_int(out, "frame", json_in_int(json, "pcap_cnt"));
	out_string(out, "source", json_in_text(sekisho, "source"));
	out_int(out, "offset", json_in_int(sekisho, "offset"));
	out_string(out, "field", json_in_text(sekisho, "field"));
	out_string(out, "key", json_in_text(sekisho, "key"));
	out_string(out, "text", json_in_text(sekisho, "evidence"));
	out_int(out, "finding_id", finding);
	out_time(out, "time", time);
	out_close(out, '}');
	json_in_drop(json);
}

static void evidence_put(struct sql *sql, int64_t incident, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT event.body, finding.id, finding.time FROM finding JOIN thread ON thread.id "
		"="
		" finding.thread JOIN event ON event.id = finding.event WHERE incident = ?"
		" AND finding.event <> 0 ORDER BY finding.score DESC, finding.time, finding.id"
		" LIMIT ?",
		"ii", incident, (int64_t)EVIDENCE_MAX);

	out_open(out, "evidence", '[');
	while (sql_next(&rows))
		evidence_row(sql_text(&rows, 0), sql_int(&rows, 1), sql_int(&rows, 2), out);
	out_close(out, ']');
}

static void reasons_put(const int64_t n[WHY_COUNT], const char *name, bool against, struct out *out)
{
	out_open(out, name, '[');
	for (int why = 0; why < WHY_COUNT; why++) {
		const struct why_row *row = why_row((enum why)why);

		if (n[why] == 0 || (row->weight < 0) != against)
			continue;
		out_open(out, NULL, '{');
		out_string(out, "id", row->word);
		out_real(out, "weight", row->weight / 10.0);
		out_string(out, "sentence", row->sentence);
		out_int(out, "n", n[why]);
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void why_put(struct sql *sql, int64_t incident, struct out *out)
{
	int64_t n[WHY_COUNT] = {0};
	double score = 0;
	struct sql_rows rows = sql_ask(sql,
		"SELECT finding.why, count(*), max(finding.score) FROM finding JOIN thread ON"
		" thread.id = finding.thread WHERE incident = ? GROUP BY finding.why",
		"i", incident);

	while (sql_next(&rows)) {
		for (int why = 0; why < WHY_COUNT; why++) {
			if ((uint64_t)sql_int(&rows, 0) & WHY_BIT(why))
				n[why] += sql_int(&rows, 1);
		}
		score = sql_real(&rows, 2) > score ? sql_real(&rows, 2) : score;
	}
	reasons_put(n, "why", false, out);
	reasons_put(n, "against", true, out);
	out_real(out, "score", score);
}

static void timeline_put(struct sql *sql, int64_t incident, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT time, what FROM ("
		" SELECT min(name_seen) AS time, 'DNS answer with the name' AS what FROM remote "
		"JOIN"
		"  thread ON thread.id = remote.thread WHERE incident = ?1 AND name_seen > 0 UNION "
		"ALL"
		" SELECT first, 'first ' || category || ': ' || sink FROM thread WHERE incident = "
		"?1"
		"  UNION ALL"
		" SELECT max(last), 'last ' || category FROM thread WHERE incident = ?1"
		"  GROUP BY category) WHERE time > 0 ORDER BY time, what LIMIT ?2",
		"ii", incident, (int64_t)TIMELINE_MAX);

	out_open(out, "timeline", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_time(out, "time", sql_int(&rows, 0));
		out_string(out, "what", sql_text(&rows, 1));
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void threads_put(struct sql *sql, int64_t incident, struct out *out)
{
	static const char *const confidence[] = {"low", "medium", "high"};
	struct sql_rows rows = sql_ask(sql,
		"SELECT id, family, category, sink, first, last, n, confidence FROM thread WHERE"
		" incident = ? ORDER BY first, id LIMIT ?",
		"ii", incident, (int64_t)ROWS_MAX);

	out_open(out, "threads", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_int(out, "id", sql_int(&rows, 0));
		out_string(out, "family", sql_text(&rows, 1));
		out_string(out, "category", sql_text(&rows, 2));
		out_string(out, "sink", sql_text(&rows, 3));
		out_time(out, "first", sql_int(&rows, 4));
		out_time(out, "last", sql_int(&rows, 5));
		out_int(out, "n", sql_int(&rows, 6));
		out_string(out, "confidence", confidence[sql_int(&rows, 7) % 3]);
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void history_put(struct sql *sql, int64_t incident, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT time, who, what, why FROM history WHERE incident = ? ORDER BY id DESC "
		"LIMIT ?",
		"ii", incident, (int64_t)ROWS_MAX);

	out_open(out, "history", '[');
	while (sql_next(&rows)) {
		out_open(out, NULL, '{');
		out_time(out, "time", sql_int(&rows, 0));
		out_string(out, "who", sql_text(&rows, 1));
		out_string(out, "what", sql_text(&rows, 2));
		out_string(out, "why", sql_text(&rows, 3));
		out_close(out, '}');
	}
	out_close(out, ']');
}

void page_put(struct sql *sql, int64_t incident, struct out *out)
{
	char family[FAMILY_MAX];

	family_of(sql, incident, family);
	what_put(sql, incident, out);
	when_put(sql, incident, out);
	how_put(sql, incident, family, out);
	to_whom_put(sql, incident, family, out);
	also_put(sql, incident, family, out);
	evidence_put(sql, incident, out);
	why_put(sql, incident, out);
	saw_put(sql, incident, out);
	timeline_put(sql, incident, out);
	threads_put(sql, incident, out);
	history_put(sql, incident, out);
	out_bool(out, "subject_exact",
		sql_one(sql, 0,
			"SELECT max(shared AND merchant = 0) FROM thread WHERE incident = ?", "i",
			incident) == 0);
}
