#include "store/incident.h"

#include <stdio.h>
#include <string.h>

#include "base/why.h"
#include "store/schema.h"

/* What makes a case judged false worth another look. */
#define REOPENS                                                                                    \
	(WHY_BIT(WHY_CARD_SECOND) | WHY_BIT(WHY_CARD_CODE) | WHY_BIT(WHY_CARD_EXPIRY) |            \
		WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_DEST_LISTED) | WHY_BIT(WHY_LIST_MATCH) |       \
		WHY_BIT(WHY_RULE_MATCH))

int64_t incident_survivor(struct sql *sql, int64_t incident)
{
	int64_t next = incident;

	/* Merges go to smaller numbers, so this ends. */
	while (next != 0) {
		incident = next;
		next = sql_one(sql, 0, "SELECT merged_into FROM incident WHERE id = ?", "i", next);
	}
	return sql_one(sql, 0, "SELECT id FROM incident WHERE id = ?", "i", incident);
}

void incident_note(struct sql *sql, int64_t incident, int64_t now, const char *who,
	const char *what, const char *why)
{
	sql_run(sql, "INSERT INTO history(incident, time, who, what, why) VALUES(?, ?, ?, ?, ?)",
		"iittt", incident, now, who, what, why);
}

int64_t incident_open(struct sql *sql, const char *run, const char *subject, int64_t now)
{
	sql_run(sql,
		"INSERT INTO incident(run, subject, state, revision, updated)"
		" VALUES(?, ?, 'open', 0, ?)",
		"tti", run, subject, now);
	int64_t incident = sql_last_id(sql);
	incident_note(sql, incident, now, "sekisho", "opened", "");
	return incident;
}

void incident_merge(struct sql *sql, int64_t from, int64_t into, int64_t now)
{
	char why[64];

	snprintf(why, sizeof(why), "incident %lld is part of it", (long long)from);
	sql_run(sql, "UPDATE thread SET incident = ? WHERE incident = ?", "ii", into, from);
	sql_run(sql, "UPDATE history SET incident = ? WHERE incident = ?", "ii", into, from);
	sql_run(sql,
		"UPDATE incident SET state = 'open' WHERE id = ? AND state IN ('closed', 'false')"
		" AND (SELECT state FROM incident WHERE id = ?) IN ('open', 'acknowledged')",
		"ii", into, from);
	sql_run(sql, "UPDATE incident SET merged_into = ?, state = 'closed' WHERE id = ?", "ii",
		into, from);
	incident_note(sql, into, now, "sekisho", "merged", why);
}

struct incident_sum incident_sum(struct sql *sql, int64_t incident)
{
	struct incident_sum sum = {0};
	struct sql_rows rows = sql_ask(
		sql, "SELECT last, why, confirmed FROM thread WHERE incident = ?", "i", incident);

	while (sql_next(&rows)) {
		sum.threads++;
		sum.last = sql_int(&rows, 0) > sum.last ? sql_int(&rows, 0) : sum.last;
		sum.why |= sql_int(&rows, 1);
		sum.confirmed |= sql_int(&rows, 2);
	}
	return sum;
}

static void reopen(struct sql *sql, int64_t incident, int64_t now, const char *why)
{
	sql_run(sql, "UPDATE incident SET state = 'open' WHERE id = ?", "i", incident);
	incident_note(sql, incident, now, "sekisho", "reopened", why);
}

void incident_touch(struct sql *sql, int64_t incident, int64_t now)
{
	struct incident_sum sum = incident_sum(sql, incident);
	bool closed = false, wrong = false, later = false;
	bool reason = false, sink = false;

	sql_run(sql, "UPDATE incident SET revision = revision + 1, updated = ? WHERE id = ?", "ii",
		now, incident);
	sql_run(sql, "UPDATE incident SET confirmed = 1 WHERE id = ? AND confirmed = 0 AND ?", "ii",
		incident, sum.confirmed);
	if (sql_changes(sql) > 0)
		incident_note(sql, incident, now, "sekisho", "confirmed",
			"a card was read, with a high confidence");
	struct sql_rows rows = sql_ask(sql,
		"SELECT state, judged_at, judged_why, judged_threads FROM incident WHERE id = ?",
		"i", incident);
	if (sql_next(&rows)) {
		closed = strcmp(sql_text(&rows, 0), "closed") == 0;
		wrong = strcmp(sql_text(&rows, 0), "false") == 0;
		later = sum.last > sql_int(&rows, 1);
		reason = ((uint64_t)sum.why & ~(uint64_t)sql_int(&rows, 2) & REOPENS) != 0;
		sink = sum.threads > sql_int(&rows, 3);
		sql_end(&rows);
	}
	if (closed && later)
		reopen(sql, incident, now, "it goes on");
	else if (wrong && (reason || sink))
		reopen(sql, incident, now, reason ? "a new kind of reason" : "a new sink");
}

static enum incident_rc decide(struct sql *sql, int64_t incident, const char *state,
	const char *who, const char *why, int64_t now)
{
	struct incident_sum sum = incident_sum(sql, incident);
	char detail[64];

	/* A closed case is only reopened by what happens; acknowledging it says nothing. */
	sql_run(sql,
		"UPDATE incident SET state = ?1, judged_at = ?2, judged_why = ?3,"
		" judged_threads = ?4, revision = revision + 1, updated = ?5 WHERE id = ?6"
		" AND state <> ?1 AND (?1 <> 'acknowledged' OR state = 'open')",
		"tiiiii", state, sum.last, sum.why, sum.threads, now, incident);
	if (sql_changes(sql) == 0)
		return INCIDENT_NOT_NOW;
	incident_note(sql, incident, now, who, state, why);
	snprintf(detail, sizeof(detail), "incident %lld", (long long)incident);
	audit_add(sql, now, who, state, detail);
	return INCIDENT_DONE;
}

enum incident_rc incident_decide(struct sql *sql, int64_t incident, const char *state,
	const char *who, const char *why, int64_t now)
{
	if (!sql_begin(sql)) {
		sql_rollback(sql);
		return INCIDENT_FAILED;
	}
	int64_t survivor = incident_survivor(sql, incident);
	enum incident_rc rc =
		survivor != 0 ? decide(sql, survivor, state, who, why, now) : INCIDENT_NONE;
	return sql_commit(sql) ? rc : INCIDENT_FAILED;
}
