/* saw.c - how much of the subject's traffic could be inspected meanwhile. */
#include <stdio.h>
#include <string.h>

#include "serve/page.h"
#include "store/alert.h"
#include "store/book.h"
#include "store/journal.h"

struct when {
	char run[RUN_MAX], subject[SUBJECT_MAX];
	int64_t from, to; /* minutes that the incident touches */
};

static const char *skip_sentence(const char *word)
{
	static const struct {
		const char *word, *sentence;
	} rows[] = {
#define FRAME_REASON(symbol, word, sentence)
#define SKIP_REASON(symbol, word, key, sentence) {word, sentence},
#include "base/reason.def"
#undef FRAME_REASON
#undef SKIP_REASON
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].word, word) == 0)
			return rows[i].sentence;
	}
	return "not inspected";
}

static bool when_read(struct sql *sql, int64_t incident, struct when *when)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT run, subject, min(first), max(last) FROM thread WHERE incident = ?", "i",
		incident);

	if (!sql_next(&rows))
		return false;
	snprintf(when->run, sizeof(when->run), "%s", sql_text(&rows, 0));
	snprintf(when->subject, sizeof(when->subject), "%s", sql_text(&rows, 1));
	when->from = sql_int(&rows, 2) - sql_int(&rows, 2) % MINUTE_NS;
	when->to = sql_int(&rows, 3);
	sql_end(&rows);
	return true;
}

static void frames_put(struct sql *sql, const struct when *when, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT sum(frames), sum(decoded), sum(drops) FROM frames WHERE run = ? AND span = "
		"?"
		" AND start BETWEEN ? AND ?",
		"tiii", when->run, MINUTE_NS, when->from, when->to);
	int64_t frames = 0, decoded = 0, drops = 0;

	if (sql_next(&rows)) {
		frames = sql_int(&rows, 0);
		decoded = sql_int(&rows, 1);
		drops = sql_int(&rows, 2);
		sql_end(&rows);
	}
	out_int(out, "frames", frames);
	out_int(out, "decoded", decoded);
	out_int(out, "drops", drops);
}

static void payload_put(struct sql *sql, const struct when *when, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT sum(payload), sum(inspected), sum(tls), sum(one_sided), sum(missing) FROM"
		" coverage WHERE run = ? AND span = ? AND subject = ? AND start BETWEEN ? AND ?",
		"titii", when->run, MINUTE_NS, when->subject, when->from, when->to);
	int64_t sum[5] = {0};

	if (sql_next(&rows)) {
		for (int i = 0; i < 5; i++)
			sum[i] = sql_int(&rows, i);
		sql_end(&rows);
	}
	out_int(out, "payload", sum[0]);
	out_int(out, "inspected", sum[1]);
	out_int(out, "tls", sum[2]);
	out_int(out, "one_sided", sum[3]);
	out_int(out, "missing", sum[4]);
	out_share(out, "share_inspected", sum[1], sum[0]);
	out_share(out, "share_tls", sum[2], sum[0]);
	out_share(out, "share_one_sided", sum[3], sum[0]);
}

static void unseen_put(struct out *out, const char *reason, int64_t bytes, const char *sentence)
{
	out_open(out, NULL, '{');
	out_string(out, "reason", reason);
	out_int(out, "bytes", bytes);
	out_string(out, "sentence", sentence);
	out_close(out, '}');
}

static void did_not_see_put(struct sql *sql, const struct when *when, struct out *out)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT reason, sum(bytes) AS total FROM skipped WHERE run = ? AND span = ? AND"
		" subject = ? AND start BETWEEN ? AND ? GROUP BY reason HAVING total > 0"
		" ORDER BY total DESC, reason",
		"titii", when->run, MINUTE_NS, when->subject, when->from, when->to);

	out_open(out, "did_not_see", '[');
	while (sql_next(&rows))
		unseen_put(out, sql_text(&rows, 0), sql_int(&rows, 1),
			skip_sentence(sql_text(&rows, 0)));
	rows = sql_ask(sql,
		"SELECT cause, sum(n) FROM blind WHERE run = ? AND day BETWEEN ? AND ? AND subject "
		"IN"
		" (?, 's0/') GROUP BY cause ORDER BY cause",
		"tiit", when->run, when->from / DAY_NS, when->to / DAY_NS, when->subject);
	while (sql_next(&rows))
		unseen_put(out, sql_text(&rows, 0), 0, "something made silence worthless here");
	out_close(out, ']');
}

bool saw_all(struct sql *sql, int64_t incident)
{
	struct when when = {0};

	return when_read(sql, incident, &when) &&
	       sql_one(sql, 0,
		       "SELECT sum(payload) > 0 AND sum(payload) = sum(inspected) + sum(duplicate)"
		       " AND sum(missing) = 0 AND (SELECT sum(drops) FROM frames WHERE run = ?1 AND"
		       " span = ?2 AND start BETWEEN ?4 AND ?5) = 0 FROM coverage WHERE run = ?1"
		       " AND span = ?2 AND subject = ?3 AND start BETWEEN ?4 AND ?5",
		       "titii", when.run, MINUTE_NS, when.subject, when.from, when.to) != 0;
}

void saw_put(struct sql *sql, int64_t incident, struct out *out)
{
	struct when when = {0};

	if (!when_read(sql, incident, &when)) {
		out_null(out, "saw");
		return;
	}
	out_open(out, "saw", '{');
	frames_put(sql, &when, out);
	payload_put(sql, &when, out);
	out_close(out, '}');
	did_not_see_put(sql, &when, out);
}
