/* incident.h - incidents as rows: numbers, states, who decided what. */
#ifndef SEKISHO_STORE_INCIDENT_H
#define SEKISHO_STORE_INCIDENT_H

#include "store/sql.h"

struct incident_sum { /* of its threads */
	int64_t threads, last, why, confirmed;
};

/* The incident that has taken this one in, or itself; 0: there is none. */
int64_t incident_survivor(struct sql *sql, int64_t incident);
int64_t incident_open(struct sql *sql, const char *run, const char *subject, int64_t now);
/* The threads and history of one go to another, which stays open if either was. */
void incident_merge(struct sql *sql, int64_t from, int64_t into, int64_t now);
/* New findings came: a new revision, and a closed or false one may open again. */
void incident_touch(struct sql *sql, int64_t incident, int64_t now);
void incident_note(struct sql *sql, int64_t incident, int64_t now, const char *who,
	const char *what, const char *why);
struct incident_sum incident_sum(struct sql *sql, int64_t incident);

enum incident_rc { INCIDENT_DONE, INCIDENT_NONE, INCIDENT_NOT_NOW, INCIDENT_FAILED };
/* state: "acknowledged", "closed" or "false"; its own transaction, audited. */
enum incident_rc incident_decide(struct sql *sql, int64_t incident, const char *state,
	const char *who, const char *why, int64_t now);

#endif
