/* schema.h - the tables, their version, and the audit log that stands in them.
 *
 * Times are ns since 1970.  64-bit ids (sensor, epoch, finding) are stored as
 * the signed number of the same bits.  run is 'live' or the 16 hex digits of a
 * replay.  subject: 'm<tenant>/<merchant>' or 's<tenant>/<address>'. */
#ifndef SEKISHO_STORE_SCHEMA_H
#define SEKISHO_STORE_SCHEMA_H

#include "store/sql.h"

#define STORE_VERSION 3

/* Opens, creates what is missing, refuses another version. */
struct sql *store_open(const char *path, uint64_t max_bytes, struct err *err);

/* Within a transaction.  Each row carries the BLAKE2b hash of itself and of
 * the row before, so a row changed or taken out later shows. */
bool audit_add(struct sql *sql, int64_t now, const char *who, const char *what, const char *detail);
/* The first row that is wrong or missing; 0: none. */
int64_t audit_check(struct sql *sql);

#endif
