/* seen.h - which prefixes are ours by the sensors' policies, and which servers
 * showed traffic: what was never seen is known only by both.  All within a
 * transaction. */
#ifndef SEKISHO_STORE_SEEN_H
#define SEKISHO_STORE_SEEN_H

#include "store/json_in.h"
#include "store/sql.h"

struct seen_at { /* where */
	int64_t sensor;
	const char *run;
};

/* A health event of state "policy": its prefixes take the place of another generation's. */
void seen_policy(struct sql *sql, const struct seen_at *at, const struct json_in *sekisho);
/* A server in a row of coverage. */
void seen_server(struct sql *sql, const struct seen_at *at, const char *source, int64_t tenant,
	const char *server, int64_t time);

#endif
