#include "correlate/correlate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "correlate/alert.h"
#include "correlate/component.h"
#include "store/book.h"
#include "store/incident.h"
#include "store/journal.h"

struct subject { /* what is known of one while it is joined */
	size_t count;
	struct component_thread row[SUBJECT_ROWS_MAX];
	int64_t incident[SUBJECT_ROWS_MAX];
	int64_t confidence[SUBJECT_ROWS_MAX];
	char *text[SUBJECT_ROWS_MAX]; /* family, sink and server, one after the other */
};

void correlate_start(struct correlate *c, struct sql *sql, int64_t now)
{
	c->sql = sql;
	c->now = now;
	c->touched_count = 0;
	c->subject_count = 0;
}

static void touch(struct correlate *c, int64_t thread)
{
	for (size_t i = 0; i < c->touched_count; i++) {
		if (c->touched[i] == thread)
			return;
	}
	if (c->touched_count < TOUCHED_MAX)
		c->touched[c->touched_count++] = thread;
}

static void touch_subject(struct correlate *c, const struct alert *alert)
{
	for (size_t i = 0; i < c->subject_count; i++) {
		if (strcmp(c->subject[i].text, alert->subject) == 0 &&
			strcmp(c->subject[i].run, alert->run) == 0)
			return;
	}
	if (c->subject_count < TOUCHED_MAX) {
		struct correlate_subject *subject = &c->subject[c->subject_count++];

		snprintf(subject->run, sizeof(subject->run), "%s", alert->run);
		snprintf(subject->text, sizeof(subject->text), "%s", alert->subject);
	}
}

static void alert(struct correlate *c, const struct correlate_event *event)
{
	struct alert alert;

	if (!alert_read(event, &alert)) {
		book_blind(c->sql, event->run, event->time, json_in_get(event->json, "sekisho"));
		return;
	}
	int64_t thread = thread_put(c->sql, &alert);
	journal_span(c->sql, event->run, alert.first, alert.time);
	if (thread != 0) {
		touch(c, thread);
		touch_subject(c, &alert);
	}
}

void correlate_event(struct correlate *c, const struct correlate_event *event)
{
	const struct json_in *sekisho = json_in_get(event->json, "sekisho");
	const char *type = json_in_text(event->json, "event_type");
	const struct seen_at at = {.sensor = (int64_t)event->sensor, .run = event->run};

	if (strcmp(type, "alert") == 0)
		alert(c, event);
	else if (strcmp(type, "contact") == 0)
		book_contacts(c->sql, event->run, sekisho);
	else if (strcmp(type, "coverage") == 0)
		book_coverage(c->sql, &at, sekisho);
	else if (strcmp(type, "health") == 0)
		book_health(c->sql, &at, event->time, sekisho);
	else if (strcmp(type, "stats") == 0)
		book_stats(c->sql, &at, event->time, sekisho);
}

static char *texts(const char *family, const char *sink, const char *server)
{
	size_t a = strlen(family) + 1, b = strlen(sink) + 1, d = strlen(server) + 1;
	char *text = malloc(a + b + d);

	if (text == NULL)
		return NULL;
	memcpy(text, family, a);
	memcpy(text + a, sink, b);
	memcpy(text + a + b, server, d);
	return text;
}

static bool subject_load(struct subject *s, struct sql *sql, const char *run, const char *subject)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT t.id, t.family, t.sink, s.server, s.first, s.last, t.incident,"
		" t.confidence FROM thread t JOIN thread_server s ON s.thread = t.id"
		" WHERE t.run = ? AND t.subject = ? ORDER BY t.id, s.server LIMIT ?",
		"tti", run, subject, (int64_t)SUBJECT_ROWS_MAX);

	while (sql_next(&rows)) {
		char *text = texts(sql_text(&rows, 1), sql_text(&rows, 2), sql_text(&rows, 3));

		if (text == NULL) {
			sql_end(&rows);
			return false;
		}
		const char *sink = text + strlen(text) + 1;
		s->text[s->count] = text;
		s->incident[s->count] = sql_int(&rows, 6);
		s->confidence[s->count] = sql_int(&rows, 7);
		s->row[s->count++] = (struct component_thread){.thread = sql_int(&rows, 0),
			.first = sql_int(&rows, 4),
			.last = sql_int(&rows, 5),
			.family = text,
			.sink = sink,
			.server = sink + strlen(sink) + 1};
	}
	if (s->count == SUBJECT_ROWS_MAX)
		log_line(LOG_LEVEL_WARN,
			"subject %s: more than %d threads; the newest are not joined", subject,
			SUBJECT_ROWS_MAX);
	return true;
}

/* Low findings are context: alone they are no case. */
static bool worth(const struct subject *s, size_t root)
{
	for (size_t i = root; i < s->count; i++) {
		if (s->row[i].root == root && s->confidence[i] > 0)
			return true;
	}
	return false;
}

static void component_number(struct correlate *c, const struct subject *s, size_t root,
	const char *run, const char *subject)
{
	int64_t number = 0;

	for (size_t i = root; i < s->count; i++) {
		if (s->row[i].root == root && s->incident[i] != 0 &&
			(number == 0 || s->incident[i] < number))
			number = s->incident[i];
	}
	if (number == 0 && !worth(s, root))
		return;
	if (number == 0)
		number = incident_open(c->sql, run, subject, c->now);
	for (size_t i = root; i < s->count; i++) {
		if (s->row[i].root != root || s->incident[i] == number)
			continue;
		if (s->incident[i] != 0 &&
			incident_survivor(c->sql, s->incident[i]) == s->incident[i])
			incident_merge(c->sql, s->incident[i], number, c->now);
		sql_run(c->sql, "UPDATE thread SET incident = ? WHERE id = ?", "ii", number,
			s->row[i].thread);
	}
}

static void subject_join(struct correlate *c, const char *run, const char *subject)
{
	struct subject *s = calloc(1, sizeof(*s));

	if (s != NULL && subject_load(s, c->sql, run, subject)) {
		component_find(s->row, s->count);
		for (size_t i = 0; i < s->count; i++) {
			if (s->row[i].root == i)
				component_number(c, s, i, run, subject);
		}
	} else {
		sql_fail(c->sql, "out of memory");
	}
	for (size_t i = 0; s != NULL && i < s->count; i++)
		free(s->text[i]);
	free(s);
}

/* New findings in any thread of a case: once per case and transaction. */
static void incidents_touch(struct correlate *c)
{
	int64_t last[TOUCHED_MAX];
	size_t count = 0;

	for (size_t i = 0; i < c->touched_count; i++) {
		int64_t incident = sql_one(
			c->sql, 0, "SELECT incident FROM thread WHERE id = ?", "i", c->touched[i]);
		size_t k = 0;

		while (k < count && last[k] != incident)
			k++;
		if (incident == 0 || k < count)
			continue;
		last[count++] = incident;
		incident_touch(c->sql, incident, c->now);
	}
}

void correlate_end(struct correlate *c)
{
	for (size_t i = 0; i < c->subject_count; i++)
		subject_join(c, c->subject[i].run, c->subject[i].text);
	incidents_touch(c);
}
