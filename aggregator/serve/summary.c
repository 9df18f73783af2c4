/* summary.c - one incident in one line and one sentence. */
#include <stdio.h>
#include <string.h>

#include "serve/page.h"

#define GOING_ON_NS (INT64_C(3600) * 1000000000)
#define SINKS_SHOWN 64

struct summary {
	char run[24], server[64], family[24], technique[64], merchant_name[256], sink[320];
	char hostname[256];
	int64_t tenant, merchant, first, last, n, severity, confirmed, sinks;
};

/* The worst thread gives the sentence its subject and verb. */
static void summary_read(struct sql *sql, int64_t incident, struct summary *s)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT run, server, family, technique, sink, tenant, merchant, first, last, n,"
		" severity, confirmed FROM thread WHERE incident = ? ORDER BY severity, confirmed"
		" DESC, family = 'theft' DESC, score DESC, sink",
		"i", incident);

	*s = (struct summary){.severity = 3};
	while (sql_next(&rows)) {
		int64_t first = sql_int(&rows, 7), last = sql_int(&rows, 8);

		if (s->sinks++ == 0) {
			snprintf(s->run, sizeof(s->run), "%s", sql_text(&rows, 0));
			snprintf(s->server, sizeof(s->server), "%s", sql_text(&rows, 1));
			snprintf(s->family, sizeof(s->family), "%s", sql_text(&rows, 2));
			snprintf(s->technique, sizeof(s->technique), "%s", sql_text(&rows, 3));
			snprintf(s->sink, sizeof(s->sink), "%s", sql_text(&rows, 4));
			s->tenant = sql_int(&rows, 5);
			s->merchant = sql_int(&rows, 6);
			s->severity = sql_int(&rows, 10);
			s->first = first;
		}
		s->first = first < s->first ? first : s->first;
		s->last = last > s->last ? last : s->last;
		s->n += sql_int(&rows, 9);
		s->confirmed |= sql_int(&rows, 11);
	}
	rows = sql_ask(sql, "SELECT name, hostnames FROM merchant WHERE id = ?", "i", s->merchant);
	if (sql_next(&rows)) {
		const char *names = sql_text(&rows, 1);

		snprintf(s->merchant_name, sizeof(s->merchant_name), "%s", sql_text(&rows, 0));
		snprintf(s->hostname, sizeof(s->hostname), "%s%.*s", names[0] != '\0' ? ", " : "",
			(int)strcspn(names, " "), names);
		sql_end(&rows);
	}
}

static const char *sentence(const struct summary *s)
{
	static const struct {
		const char *family, *certain, *suspected;
	} rows[] = {
		{"theft", "sends its customers' cards to a stranger.",
			"may be sending its customers' cards to a stranger."},
		{"foothold", "talks to a system that attackers use.",
			"may be in the hands of somebody else."},
		{"bulk", "lets data out in bulk.", "may be letting data out in bulk."},
		{"page", "serves a page that steals cards.",
			"may be serving a page that steals cards."},
		{"policy", "takes or shows card numbers that it must not hold.",
			"seems to take or show card numbers that it must not hold."},
		{"hosting", "works for attackers.", "may be working for attackers."},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].family, s->family) == 0)
			return s->confirmed ? rows[i].certain : rows[i].suspected;
	}
	return "does something that needs a look.";
}

static void title_put(const struct summary *s, struct out *out)
{
	char title[800];

	if (s->merchant_name[0] != '\0')
		snprintf(title, sizeof(title), "Shop \"%s\" (merchant %lld%s) %s", s->merchant_name,
			(long long)s->merchant, s->hostname, sentence(s));
	else
		snprintf(title, sizeof(title), "Server %s %s", s->server, sentence(s));
	out_string(out, "title", title);
}

static void texts_put(
	struct sql *sql, int64_t incident, const char *name, bool sinks, struct out *out)
{
	struct sql_rows rows = sinks ? sql_ask(sql,
					       "SELECT DISTINCT sink FROM thread WHERE incident = ?"
					       " ORDER BY sink LIMIT ?",
					       "ii", incident, (int64_t)SINKS_SHOWN)
				     : sql_ask(sql,
					       "SELECT DISTINCT family FROM thread WHERE incident"
					       " = ? ORDER BY family",
					       "i", incident);

	out_open(out, name, '[');
	while (sql_next(&rows))
		out_string(out, NULL, sql_text(&rows, 0));
	out_close(out, ']');
}

static void merchant_put(const struct summary *s, struct out *out)
{
	if (s->merchant == 0) {
		out_null(out, "merchant");
		return;
	}
	out_open(out, "merchant", '{');
	out_int(out, "id", s->merchant);
	if (s->merchant_name[0] != '\0')
		out_string(out, "name", s->merchant_name);
	else
		out_null(out, "name");
	out_close(out, '}');
}

/* A replay goes on if its records end soon after the last finding. */
static bool going_on(struct sql *sql, const struct summary *s, const char *state, int64_t now)
{
	int64_t end = now;

	if (strcmp(state, "open") != 0 && strcmp(state, "acknowledged") != 0)
		return false;
	if (strcmp(s->run, "live") != 0)
		end = sql_one(sql, s->last, "SELECT last FROM span WHERE run = ?", "t", s->run);
	return end - s->last <= GOING_ON_NS;
}

void summary_put(struct sql *sql, int64_t incident, int64_t now, struct out *out)
{
	struct summary s;
	char state[24] = "";
	int64_t revision = 0, updated = 0;
	struct sql_rows rows = sql_ask(
		sql, "SELECT state, revision, updated FROM incident WHERE id = ?", "i", incident);

	if (sql_next(&rows)) {
		snprintf(state, sizeof(state), "%s", sql_text(&rows, 0));
		revision = sql_int(&rows, 1);
		updated = sql_int(&rows, 2);
		sql_end(&rows);
	}
	summary_read(sql, incident, &s);
	out_int(out, "id", incident);
	out_string(out, "run", s.run);
	out_string(out, "state", state);
	out_string(out, "certainty", s.confirmed ? "confirmed" : "suspected");
	out_int(out, "severity", s.severity);
	title_put(&s, out);
	merchant_put(&s, out);
	out_string(out, "server", s.server);
	texts_put(sql, incident, "families", false, out);
	texts_put(sql, incident, "sinks", true, out);
	out_int(out, "cards",
		sql_one(sql, 0,
			"SELECT count(DISTINCT token) FROM card JOIN thread ON thread.id = "
			"card.thread"
			" WHERE incident = ?",
			"i", incident));
	out_int(out, "messages", s.n);
	out_time(out, "first", s.first);
	out_time(out, "last", s.last);
	out_bool(out, "going_on", going_on(sql, &s, state, now));
	out_int(out, "revision", revision);
	out_time(out, "updated", updated);
}
