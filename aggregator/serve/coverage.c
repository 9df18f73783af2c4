/* coverage.c - how much of each interface's and each merchant's traffic was readable, and which
 * of our own prefixes never showed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "serve/status.h"
#include "store/alert.h"
#include "store/book.h"
#include "store/journal.h"

#define ROWS_MAX 1000
#define UNSEEN_MAX 16 /* named; all are counted */

/* Of each run: the last two days (UTC) that are known of it, and its last 24 hours. */
#define WINDOW                                                                                     \
	"WITH w AS (SELECT run, last, last - 86400000000000 AS day,"                               \
	" last - 86400000000000 - (last - 86400000000000) % 86400000000000 AS since FROM span) "

struct row { /* whose traffic */
	char run[RUN_MAX], subject[SUBJECT_MAX], source[256];
	int64_t sensor, since, day;
	int64_t tenant, merchant;
};

struct sums {
	int64_t payload, inspected, tls, one_sided, missing;
};

static void sums_read(const struct sql_rows *rows, int first, struct sums *sums)
{
	*sums = (struct sums){.payload = sql_int(rows, first),
		.inspected = sql_int(rows, first + 1),
		.tls = sql_int(rows, first + 2),
		.one_sided = sql_int(rows, first + 3),
		.missing = sql_int(rows, first + 4)};
}

static void sums_put(const struct sums *sums, struct out *out)
{
	out_int(out, "payload", sums->payload);
	out_share(out, "share_inspected", sums->inspected, sums->payload);
	out_share(out, "share_tls", sums->tls, sums->payload);
	out_share(out, "share_one_sided", sums->one_sided, sums->payload);
	out_int(out, "missing", sums->missing);
}

/* Rows: text of a prefix, was it seen. */
static void prefixes_put(struct sql_rows rows, struct out *out)
{
	int64_t own = 0, seen = 0, named = 0;

	out_open(out, "unseen", '[');
	while (sql_next(&rows)) {
		own++;
		if (sql_int(&rows, 1) != 0)
			seen++;
		else if (named++ < UNSEEN_MAX)
			out_string(out, NULL, sql_text(&rows, 0));
	}
	out_close(out, ']');
	out_int(out, "prefixes", own);
	out_int(out, "prefixes_seen", seen);
}

static void interface_put(struct sql *sql, const struct row *row, struct out *out)
{
	struct sums sums = {0};
	struct sql_rows rows = sql_ask(sql,
		"SELECT sum(payload), sum(inspected), sum(tls), sum(one_sided), sum(missing)"
		" FROM coverage WHERE run = ? AND span = ? AND sensor = ? AND source = ? AND"
		" start >= ?",
		"tiiti", row->run, DAY_NS, row->sensor, row->source, row->since);

	if (sql_next(&rows)) {
		sums_read(&rows, 0, &sums);
		sql_end(&rows);
	}
	sums_put(&sums, out);
	prefixes_put(
		sql_ask(sql,
			"SELECT p.text, EXISTS(SELECT 1 FROM server v WHERE v.run = p.run AND"
			" v.sensor = p.sensor AND v.source = ?3 AND (p.tenant = -1 OR v.tenant ="
			" p.tenant) AND v.address BETWEEN p.low AND p.high AND v.last >= ?4) FROM"
			" prefix p WHERE p.run = ?1 AND p.sensor = ?2 GROUP BY p.tenant, p.low,"
			" p.high ORDER BY p.low, p.high, p.tenant",
			"titi", row->run, row->sensor, row->source, row->day),
		out);
}

void status_interfaces(struct sql *sql, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		WINDOW "SELECT f.run, f.sensor, f.source, w.since, w.day, sum(f.frames),"
		       " sum(f.bytes), sum(f.decoded), sum(f.drops), (SELECT name FROM sensor WHERE"
		       " id = f.sensor ORDER BY seen DESC LIMIT 1), max(f.start) FROM frames f JOIN"
		       " w ON w.run = f.run WHERE f.span = ? AND f.start >= w.since"
		       " GROUP BY f.run, f.sensor, f.source"
		       " ORDER BY max(f.start) DESC, f.run, f.source, f.sensor LIMIT ?",
		"ii", DAY_NS, (int64_t)ROWS_MAX);

	out_open(out, "interfaces", '[');
	while (sql_next(&rows)) {
		struct row row = {.sensor = sql_int(&rows, 1),
			.since = sql_int(&rows, 3),
			.day = sql_int(&rows, 4)};

		snprintf(row.run, sizeof(row.run), "%s", sql_text(&rows, 0));
		snprintf(row.source, sizeof(row.source), "%s", sql_text(&rows, 2));
		out_open(out, NULL, '{');
		out_string(out, "source", row.source);
		out_string(out, "sensor", sql_text(&rows, 9));
		out_string(out, "run", row.run);
		out_time(out, "since", row.since);
		out_int(out, "frames", sql_int(&rows, 5));
		out_int(out, "bytes", sql_int(&rows, 6));
		out_int(out, "decoded", sql_int(&rows, 7));
		out_int(out, "drops", sql_int(&rows, 8));
		interface_put(sql, &row, out);
		out_close(out, '}');
	}
	out_close(out, ']');
}

static void subject_read(struct row *row, const char *subject)
{
	const char *slash = strchr(subject, '/');

	snprintf(row->subject, sizeof(row->subject), "%s", subject);
	row->tenant = subject[0] != '\0' ? strtoll(subject + 1, NULL, 10) : 0;
	row->merchant = subject[0] == 'm' && slash != NULL ? strtoll(slash + 1, NULL, 10) : 0;
}

static void who_put(struct sql *sql, const struct row *row, struct out *out)
{
	struct sql_rows rows =
		sql_ask(sql, "SELECT name FROM merchant WHERE id = ?", "i", row->merchant);

	out_string(out, "subject", row->subject);
	if (row->merchant == 0) {
		out_null(out, "merchant");
		sql_end(&rows);
		return;
	}
	out_open(out, "merchant", '{');
	out_int(out, "id", row->merchant);
	if (sql_next(&rows)) {
		out_string(out, "name", sql_text(&rows, 0));
		sql_end(&rows);
	} else {
		out_null(out, "name");
	}
	out_close(out, '}');
}

/* Lost before anybody could tell whose: of the interfaces where its traffic was. */
static int64_t drops_of(struct sql *sql, const struct row *row)
{
	return sql_one(sql, 0,
		"SELECT sum(f.drops) FROM frames f WHERE f.run = ?1 AND f.span = ?2 AND f.start >="
		" ?3 AND EXISTS(SELECT 1 FROM coverage c WHERE c.run = ?1 AND c.span = ?2 AND"
		" c.subject = ?4 AND c.start >= ?3 AND c.source = f.source AND c.sensor ="
		" f.sensor)",
		"tiit", row->run, DAY_NS, row->since, row->subject);
}

static void merchant_prefixes(struct sql *sql, const struct row *row, struct out *out)
{
	if (row->merchant == 0) {
		out_null(out, "unseen");
		out_null(out, "prefixes");
		out_null(out, "prefixes_seen");
		return;
	}
	prefixes_put(
		sql_ask(sql,
			"SELECT p.text, EXISTS(SELECT 1 FROM server v WHERE v.run = p.run AND"
			" v.tenant = ?3 AND v.address BETWEEN p.low AND p.high AND v.last >= ?4)"
			" FROM prefix p WHERE p.run = ?1 AND p.merchant = ?2 AND p.tenant IN (-1,"
			" ?3) GROUP BY p.low, p.high ORDER BY p.low, p.high",
			"tiii", row->run, row->merchant, row->tenant, row->day),
		out);
}

void status_merchants(struct sql *sql, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		WINDOW
		"SELECT c.run, c.subject, w.since, w.day, sum(c.payload), sum(c.inspected),"
		" sum(c.tls), sum(c.one_sided), sum(c.missing), w.last AS last FROM coverage c JOIN"
		" w ON w.run = c.run WHERE c.span = ?1 AND c.start >= w.since"
		" GROUP BY c.run, c.subject"
		/* Who showed nothing at all. */
		" UNION ALL SELECT p.run, 'm' || max(p.tenant, 0) || '/' || p.merchant, w.since,"
		" w.day, 0, 0, 0, 0, 0, w.last FROM prefix p JOIN w ON w.run = p.run WHERE"
		" p.merchant <> 0 AND NOT EXISTS(SELECT 1 FROM coverage c WHERE c.run = p.run AND"
		" c.span = ?1 AND c.start >= w.since AND (c.subject = 'm' || p.tenant || '/' ||"
		" p.merchant OR (p.tenant = -1 AND c.subject GLOB 'm*/' || p.merchant)))"
		" GROUP BY p.run, max(p.tenant, 0), p.merchant"
		" ORDER BY last DESC, 1, 2 LIMIT ?2",
		"ii", DAY_NS, (int64_t)ROWS_MAX);

	out_open(out, "merchants", '[');
	while (sql_next(&rows)) {
		struct row row = {.since = sql_int(&rows, 2), .day = sql_int(&rows, 3)};
		struct sums sums;

		snprintf(row.run, sizeof(row.run), "%s", sql_text(&rows, 0));
		subject_read(&row, sql_text(&rows, 1));
		sums_read(&rows, 4, &sums);
		out_open(out, NULL, '{');
		who_put(sql, &row, out);
		out_string(out, "run", row.run);
		out_time(out, "since", row.since);
		sums_put(&sums, out);
		out_int(out, "drops", drops_of(sql, &row));
		merchant_prefixes(sql, &row, out);
		out_close(out, '}');
	}
	out_close(out, ']');
}
