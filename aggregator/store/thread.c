/* thread.c - findings into threads: every column is a minimum, a maximum, a
 * union or a sum over distinct findings, so the order of arrival does not show. */
#include <stdio.h>

#include "base/clock.h"
#include "store/alert.h"

static int64_t thread_of(struct sql *sql, const struct alert *a)
{
	return sql_one(sql, 0,
		"INSERT INTO thread(run, subject, tenant, merchant, server, family, sink, category,"
		" technique, first, last, confidence, severity, confirmed, score, why, shared)"
		" VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(run, subject, family, sink) DO UPDATE SET"
		" category = CASE WHEN (excluded.severity, excluded.category, excluded.technique) <"
		" (severity, category, technique) THEN excluded.category ELSE category END,"
		" technique = CASE WHEN (excluded.severity, excluded.category, excluded.technique) "
		"<"
		" (severity, category, technique) THEN excluded.technique ELSE technique END,"
		" server = min(server, excluded.server), first = min(first, excluded.first),"
		" last = max(last, excluded.last), confidence = max(confidence,"
		" excluded.confidence), severity = min(severity, excluded.severity),"
		" confirmed = max(confirmed, excluded.confirmed),"
		" score = max(score, excluded.score), why = why | excluded.why,"
		" shared = max(shared, excluded.shared) RETURNING id",
		"ttiitttttiiiiirii", a->run, a->subject, a->tenant, a->merchant, a->server,
		a->family, a->sink, a->category, a->technique, a->first, a->time, a->confidence,
		a->severity, a->confirmed, a->score, a->why, a->shared);
}

static int64_t way_find(struct sql *sql, int64_t thread, const struct alert *a)
{
	return sql_one(sql, 0,
		"SELECT id FROM way WHERE thread = ? AND method = ? AND host = ? AND url = ?"
		" AND field = ? AND name = ? AND encoding = ? AND message = ? AND technique = ?"
		" AND initiator = ?",
		"itttttttt"
		"t",
		thread, a->method, a->host, a->url, a->field, a->key, a->encoding, a->message,
		a->technique, a->initiator);
}

static int64_t way_of(struct sql *sql, int64_t thread, const struct alert *a)
{
	struct alert other = *a;
	int64_t way = way_find(sql, thread, a);

	if (way != 0)
		return way;
	if (sql_one(sql, 0, "SELECT count(*) FROM way WHERE thread = ?", "i", thread) >=
		THREAD_WAYS_MAX) {
		other.method = other.host = other.field = other.key = "";
		other.message = other.initiator = "";
		other.technique = "other";
		other.url[0] = other.encoding[0] = '\0';
		way = way_find(sql, thread, &other);
		if (way != 0)
			return way;
	}
	sql_run(sql,
		"INSERT INTO way(thread, method, host, url, field, name, encoding, message,"
		" technique, initiator) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		"ittttttttt", thread, other.method, other.host, other.url, other.field, other.key,
		other.encoding, other.message, other.technique, other.initiator);
	return sql_last_id(sql);
}

static void finding_put(struct sql *sql, int64_t thread, const struct alert *a)
{
	const struct json_in *cards = json_in_get(a->sekisho, "cards");
	int64_t before = sql_one(sql, 0,
		"SELECT n FROM finding WHERE sensor = ? AND run = ? AND id = ? AND thread = ?",
		"itii", a->sensor, a->run, a->finding, thread);
	int64_t evidence = json_in_text(a->sekisho, "evidence")[0] != '\0' ? a->event : 0;

	sql_run(sql,
		"INSERT INTO finding(sensor, run, id, thread, way, event, time, score, why, n,"
		" estimated, cards) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(sensor, run, id, thread) DO UPDATE SET score = max(score,"
		" excluded.score), time = min(time, excluded.time), why = why | excluded.why,"
		" n = max(n, excluded.n), event = CASE WHEN event = 0 OR (excluded.event <> 0 AND"
		" excluded.time < time) THEN excluded.event ELSE event END,"
		" estimated = max(estimated, excluded.estimated), cards = max(cards, "
		"excluded.cards)",
		"itiiiiiriiii", a->sensor, a->run, a->finding, thread, way_of(sql, thread, a),
		evidence, a->first, a->score, a->why, a->n,
		(int64_t)json_in_true(cards, "estimated"), json_in_int(cards, "distinct"));
	int64_t after = a->n > before ? a->n : before;
	sql_run(sql, "UPDATE thread SET n = n + ? WHERE id = ?", "ii", after - before, thread);
}

static void cards_put(struct sql *sql, int64_t thread, const struct alert *a)
{
	const struct json_in *list = json_in_get(json_in_get(a->sekisho, "cards"), "list");
	char made_up[64];

	for (size_t i = 0; i < json_in_count(list); i++) {
		const struct json_in *card = json_in_item(list, i);
		const char *token = json_in_text(card, "token");

		/* A sensor without a key sends no token: then what is shown must do. */
		if (token[0] == '\0') {
			snprintf(made_up, sizeof(made_up), "~%.8s.%.4s.%lld",
				json_in_text(card, "bin"), json_in_text(card, "last4"),
				(long long)json_in_int(card, "digits"));
			token = made_up;
		}
		sql_run(sql,
			"INSERT OR IGNORE INTO card(thread, token, sensor, finding, brand)"
			" VALUES(?, ?, ?, ?, ?)",
			"itiit", thread, token, a->sensor, a->finding, json_in_text(card, "brand"));
	}
}

static void remote_put(struct sql *sql, int64_t thread, const struct alert *a)
{
	const struct json_in *remote = json_in_get(a->sekisho, "remote");
	const char *dns_at = json_in_text(a->sekisho, "dns_at");
	uint64_t seen = 0;

	if (dns_at[0] == '\0' || !clock_parse(bytes_text(dns_at), &seen))
		seen = 0;
	sql_run(sql,
		"INSERT INTO remote SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7 WHERE"
		" (SELECT count(*) FROM remote WHERE thread = ?1) < ?8 OR EXISTS(SELECT 1 FROM"
		" remote WHERE thread = ?1 AND ip = ?2 AND port = ?3)"
		" ON CONFLICT(thread, ip, port) DO UPDATE SET name_seen = CASE WHEN name_seen = 0"
		" THEN excluded.name_seen WHEN excluded.name_seen = 0 THEN name_seen"
		" ELSE min(name_seen, excluded.name_seen) END",
		"ititit"
		"ii",
		thread, a->remote, a->port, json_in_text(remote, "country"),
		json_in_int(remote, "asn"), json_in_text(remote, "as_org"), (int64_t)seen,
		(int64_t)THREAD_REMOTES_MAX);
	if (a->name[0] != '\0')
		sql_run(sql,
			"INSERT OR IGNORE INTO name SELECT ?1, ?2 WHERE"
			" (SELECT count(*) FROM name WHERE thread = ?1) < ?3",
			"iti", thread, a->name, (int64_t)THREAD_NAMES_MAX);
}

static void listed_put(struct sql *sql, int64_t thread, const struct alert *a)
{
	const struct json_in *listed = json_in_get(a->sekisho, "listed");

	if (listed == NULL)
		return;
	sql_run(sql, "INSERT OR IGNORE INTO listed VALUES(?, ?, ?)", "itt", thread,
		json_in_text(listed, "list"), json_in_text(listed, "state"));
	sql_run(sql,
		"UPDATE thread SET bytes_out = bytes_out + ?, bytes_in = bytes_in + ? WHERE id = ?",
		"iii", json_in_int(listed, "bytes_out"), json_in_int(listed, "bytes_in"), thread);
}

int64_t thread_put(struct sql *sql, const struct alert *a)
{
	int64_t thread = 0;

	/* Later parts name less of the message than the first: they follow it. */
	if (a->part > 0)
		thread = sql_one(sql, 0,
			"SELECT thread FROM finding JOIN thread ON thread.id = finding.thread"
			" WHERE finding.sensor = ? AND finding.run = ? AND finding.id = ?"
			" AND thread.family = ? ORDER BY thread LIMIT 1",
			"itit", a->sensor, a->run, a->finding, a->family);
	if (thread == 0)
		thread = thread_of(sql, a);
	else
		sql_run(sql,
			"UPDATE thread SET first = min(first, ?), last = max(last, ?), confidence ="
			" max(confidence, ?), severity = min(severity, ?), confirmed = "
			"max(confirmed,"
			" ?), score = max(score, ?), why = why | ? WHERE id = ?",
			"iiiiirii", a->first, a->time, a->confidence, a->severity, a->confirmed,
			a->score, a->why, thread);
	sql_run(sql,
		"INSERT INTO thread_server VALUES(?, ?, ?, ?) ON CONFLICT(thread, server)"
		" DO UPDATE SET first = min(first, excluded.first), last = max(last, "
		"excluded.last)",
		"itii", thread, a->server, a->first, a->time);
	finding_put(sql, thread, a);
	cards_put(sql, thread, a);
	if (a->part == 0) {
		remote_put(sql, thread, a);
		listed_put(sql, thread, a);
	}
	return sql_failed(sql) ? 0 : thread;
}
