#include "store/book.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "store/alert.h"
#include "store/journal.h"

#define ROWS_MAX 128
#define COUNTERS_MAX 64

int subject_text(char *out, size_t size, int64_t tenant, int64_t merchant, const char *server)
{
	if (merchant != 0)
		return snprintf(out, size, "m%lld/%lld", (long long)tenant, (long long)merchant);
	return snprintf(out, size, "s%lld/%s", (long long)tenant, server);
}

int64_t book_time(const char *text)
{
	uint64_t ns;

	return clock_parse(bytes_text(text), &ns) && ns <= INT64_MAX ? (int64_t)ns : 0;
}

static void contact(struct sql *sql, const char *run, int64_t tenant, const struct json_in *row)
{
	int64_t number[14];
	const char *text[5]; /* server, remote, proto, name, protocol */
	static const uint8_t text_at[5] = {0, 1, 3, 15, 16};

	for (size_t i = 0; i < 5; i++)
		text[i] = json_in_value_text(json_in_item(row, text_at[i]));
	for (size_t i = 0; i < 14; i++)
		number[i] = json_in_value_int(json_in_item(row, i));
	int64_t first = book_time(json_in_value_text(json_in_item(row, 6)));
	int64_t last = book_time(json_in_value_text(json_in_item(row, 7)));
	sql_run(sql,
		"INSERT INTO contact VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(run, day, tenant, server, remote, port, proto, opened) DO UPDATE SET"
		" first = min(first, excluded.first), last = max(last, excluded.last),"
		" packets_out = packets_out + excluded.packets_out,"
		" packets_in = packets_in + excluded.packets_in,"
		" bytes_out = bytes_out + excluded.bytes_out,"
		" bytes_in = bytes_in + excluded.bytes_in, flows = flows + excluded.flows,"
		" merchant = max(merchant, excluded.merchant), name = max(name, excluded.name),"
		" app = max(app, excluded.app)",
		"tiittitiittiiiiiii", run, first / DAY_NS, tenant, text[0], text[1], number[2],
		text[2], number[4], number[5], text[3], text[4], first, last, number[8], number[9],
		number[10], number[11], number[12]);
	if (first > 0)
		journal_span(sql, run, first, last > first ? last : first);
}

void book_contacts(struct sql *sql, const char *run, const struct json_in *sekisho)
{
	const struct json_in *rows = json_in_get(sekisho, "rows");
	int64_t tenant = json_in_int(sekisho, "tenant");

	for (size_t i = 0; i < json_in_count(rows) && i < ROWS_MAX; i++)
		contact(sql, run, tenant, json_in_item(rows, i));
}

struct span { /* of a row of coverage: a minute or a day */
	int64_t ns, start;
};

static void coverage_row(struct sql *sql, const struct seen_at *at, const struct span *span,
	const struct json_in *row)
{
	const struct json_in *subject = json_in_get(row, "subject");
	const struct json_in *skipped = json_in_get(row, "skipped"), *value;
	const char *reason = NULL;
	char whose[SUBJECT_MAX];

	subject_text(whose, sizeof(whose), json_in_int(row, "tenant"),
		json_in_int(subject, "merchant"), json_in_text(subject, "server"));
	sql_run(sql,
		"INSERT INTO coverage VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
		" ON CONFLICT(run, span, subject, start, source, sensor) DO UPDATE SET"
		" packets = packets + excluded.packets, payload = payload + excluded.payload,"
		" inspected = inspected + excluded.inspected, duplicate = duplicate +"
		" excluded.duplicate, pending = pending + excluded.pending, missing = missing +"
		" excluded.missing, tls = tls + excluded.tls, one_sided = one_sided +"
		" excluded.one_sided",
		"tiitit"
		"iiiiiiii",
		at->run, span->ns, at->sensor, whose, span->start, json_in_text(row, "source"),
		json_in_int(row, "packets"), json_in_int(row, "payload"),
		json_in_int(row, "inspected"), json_in_int(row, "duplicate"),
		json_in_int(row, "pending"), json_in_int(row, "missing"), json_in_int(row, "tls"),
		json_in_int(row, "one_sided"));
	while ((value = json_in_walk(skipped, &reason)) != NULL)
		sql_run(sql,
			"INSERT INTO skipped VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT(run, span,"
			" subject, start, reason) DO UPDATE SET bytes = bytes + excluded.bytes",
			"tititi", at->run, span->ns, whose, span->start, reason,
			json_in_value_int(value));
}

static void frames_row(struct sql *sql, const struct seen_at *at, const struct span *span,
	const struct json_in *row)
{
	sql_run(sql,
		"INSERT INTO frames VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(run, span, start,"
		" source, sensor) DO UPDATE SET frames = frames + excluded.frames, bytes = bytes +"
		" excluded.bytes, decoded = decoded + excluded.decoded, drops = drops +"
		" excluded.drops",
		"tiiit"
		"iiii",
		at->run, span->ns, at->sensor, span->start, json_in_text(row, "source"),
		json_in_int(row, "frames"), json_in_int(row, "bytes"), json_in_int(row, "decoded"),
		json_in_int(row, "drops"));
}

void book_coverage(struct sql *sql, const struct seen_at *at, const struct json_in *sekisho)
{
	static const int64_t spans[] = {MINUTE_NS, DAY_NS};
	const struct json_in *rows = json_in_get(sekisho, "rows");
	const struct json_in *frames = json_in_get(sekisho, "frames");
	int64_t minute = book_time(json_in_text(sekisho, "minute"));

	for (size_t s = 0; s < 2; s++) {
		const struct span span = {spans[s], minute - minute % spans[s]};

		for (size_t i = 0; i < json_in_count(rows); i++)
			coverage_row(sql, at, &span, json_in_item(rows, i));
		for (size_t i = 0; i < json_in_count(frames); i++)
			frames_row(sql, at, &span, json_in_item(frames, i));
	}
	for (size_t i = 0; i < json_in_count(rows); i++) {
		const struct json_in *row = json_in_item(rows, i);

		seen_server(sql, at, json_in_text(row, "source"), json_in_int(row, "tenant"),
			json_in_text(json_in_get(row, "subject"), "server"), minute);
	}
}

static void inputs_put(struct sql *sql, const struct seen_at *at, const struct json_in *inputs)
{
	for (size_t i = 0; i < json_in_count(inputs); i++) {
		const struct json_in *input = json_in_item(inputs, i);

		sql_run(sql, "INSERT OR REPLACE INTO input VALUES(?, ?, ?, nullif(?, ''))", "ttit",
			at->run, json_in_text(input, "name"), json_in_int(input, "frames"),
			json_in_text(input, "damage"));
	}
}

void book_health(
	struct sql *sql, const struct seen_at *at, int64_t time, const struct json_in *sekisho)
{
	const char *state = json_in_text(sekisho, "state");
	const char *reason = json_in_text(sekisho, "reason");

	if (strcmp(state, "policy") == 0)
		seen_policy(sql, at, sekisho);
	else if (state[0] != '\0')
		sql_run(sql,
			"INSERT OR REPLACE INTO health(sensor, state, detail, time)"
			" VALUES(?, ?, ?, ?)",
			"itti", at->sensor, state, json_in_text(sekisho, "detail"), time);
	else if (reason[0] != '\0')
		sql_run(sql,
			"INSERT INTO shed VALUES(?, ?, ?, ?, ?) ON CONFLICT(sensor, reason, class)"
			" DO UPDATE SET n = n + excluded.n, last = max(last, excluded.last)",
			"itiii", at->sensor, reason, json_in_int(sekisho, "class"),
			json_in_int(sekisho, "n"), time);
	inputs_put(sql, at, json_in_get(sekisho, "inputs"));
	int64_t first = book_time(json_in_text(sekisho, "first"));
	int64_t last = book_time(json_in_text(sekisho, "last"));
	if (first > 0 && last >= first)
		journal_span(sql, at->run, first, last);
	if (time > 0)
		journal_span(sql, at->run, time, time);
}

void book_stats(
	struct sql *sql, const struct seen_at *at, int64_t time, const struct json_in *sekisho)
{
	const struct json_in *counters = json_in_get(sekisho, "counters"), *value;
	const char *word = NULL;

	for (int i = 0; i < COUNTERS_MAX && (value = json_in_walk(counters, &word)) != NULL; i++)
		sql_run(sql,
			"INSERT INTO counter VALUES(?, ?, ?, ?, ?) ON CONFLICT(sensor, run, day,"
			" word) DO UPDATE SET n = n + excluded.n",
			"ititi", at->sensor, at->run, time / DAY_NS, word,
			json_in_value_int(value));
}

void book_blind(struct sql *sql, const char *run, int64_t time, const struct json_in *sekisho)
{
	const struct json_in *subject = json_in_get(sekisho, "subject");
	const struct json_in *blind = json_in_get(sekisho, "blind");
	char whose[SUBJECT_MAX];

	subject_text(whose, sizeof(whose), json_in_int(sekisho, "tenant"),
		json_in_int(subject, "merchant"), json_in_text(subject, "server"));
	sql_run(sql,
		"INSERT INTO blind VALUES(?, ?, ?, ?, ?) ON CONFLICT(run, subject, day, cause)"
		" DO UPDATE SET n = n + excluded.n",
		"ttiti", run, whose, time / DAY_NS,
		blind != NULL ? json_in_text(blind, "cause") : json_in_text(sekisho, "technique"),
		json_in_int(blind, "n"));
}
