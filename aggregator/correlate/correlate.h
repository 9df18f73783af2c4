/* correlate.h - events to threads, threads to incidents, all inside the
 * transaction that stores the events.
 *
 * thread: all alerts of one run about one subject (merchant, else server), of
 * one family of categories (base/category.def) and to one sink (sink.h).
 * incident: threads of one subject that belong together (component.h), one of
 * them of medium confidence or more: what a person works on.  It takes the lowest
 * number of those its threads had; the others are merged into it.
 *
 *     correlate_start(c, sql, now);
 *     correlate_event(c, ...) for each event
 *     correlate_end(c);                     then sql_commit()
 * Failures are the store's sticky ones. */
#ifndef SEKISHO_CORRELATE_CORRELATE_H
#define SEKISHO_CORRELATE_CORRELATE_H

#include "store/alert.h"
#include "store/journal.h"

#define TOUCHED_MAX 4096      /* threads of one transaction: one per record of 8 batches */
#define SUBJECT_ROWS_MAX 2048 /* thread rows of a subject that are joined; the oldest */

struct correlate_subject {
	char run[RUN_MAX], text[SUBJECT_MAX];
};

struct correlate {
	struct sql *sql;
	int64_t now;
	size_t touched_count;
	int64_t touched[TOUCHED_MAX];
	size_t subject_count;
	struct correlate_subject subject[TOUCHED_MAX];
};

struct correlate_event {
	uint64_t sensor;
	int64_t id;   /* of the journal */
	int64_t time; /* packet time; 0: none */
	const char *run;
	const struct json_in *json;
};

void correlate_start(struct correlate *c, struct sql *sql, int64_t now);
void correlate_event(struct correlate *c, const struct correlate_event *event);
void correlate_end(struct correlate *c);

#endif
