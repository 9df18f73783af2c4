/* journal.h - events as they came, and how far each sensor's are stored. */
#ifndef SEKISHO_STORE_JOURNAL_H
#define SEKISHO_STORE_JOURNAL_H

#include "event/record.h"
#include "store/sql.h"

#define RUN_MAX 17

struct arrival { /* of one record */
	uint64_t sensor, epoch, seq;
	int64_t now; /* ns, when it was received */
};

/* The high-water mark of a sensor's epoch; 0: nothing stored. */
uint64_t journal_mark(struct sql *sql, uint64_t sensor, uint64_t epoch);
void journal_mark_set(struct sql *sql, uint64_t sensor, uint64_t epoch, uint64_t mark, int64_t now);
/* Who it is; what the sensor no longer keeps counts as lost. */
void journal_hello(struct sql *sql, uint64_t sensor, uint64_t epoch, const char *name,
	uint64_t oldest, int64_t now);
/* Returns the event's id, rising; 0: the store failed. */
int64_t journal_add(struct sql *sql, const struct arrival *from, const struct record *record,
	const char *run, struct bytes json);
/* Takes the number of a record that is no event. */
void journal_refuse(struct sql *sql, const struct arrival *from, const char *why);
/* What is known of a run reaches from .. to. */
void journal_span(struct sql *sql, const char *run, int64_t first, int64_t last);

#endif
