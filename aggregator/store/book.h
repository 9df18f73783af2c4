/* book.h - contacts folded to days, coverage to minutes and days, inputs and
 * health: what events of these kinds leave behind.  All within a transaction. */
#ifndef SEKISHO_STORE_BOOK_H
#define SEKISHO_STORE_BOOK_H

#include "store/seen.h"

#define MINUTE_NS INT64_C(60000000000)
#define DAY_NS (24 * 60 * MINUTE_NS)

/* Text that store/schema.h defines; returns its length. */
int subject_text(char *out, size_t size, int64_t tenant, int64_t merchant, const char *server);
/* "2026-01-31T09:15:02.123456+0000" to ns; 0 if it is none. */
int64_t book_time(const char *text);

void book_contacts(struct sql *sql, const char *run, const struct json_in *sekisho);
void book_coverage(struct sql *sql, const struct seen_at *at, const struct json_in *sekisho);
/* Also what a spool shed or lost, and the prefixes of a policy. */
void book_health(
	struct sql *sql, const struct seen_at *at, int64_t time, const struct json_in *sekisho);
/* What a sensor counted without an event of its own, by day. */
void book_stats(
	struct sql *sql, const struct seen_at *at, int64_t time, const struct json_in *sekisho);
/* An alert of category blind. */
void book_blind(struct sql *sql, const char *run, int64_t time, const struct json_in *sekisho);

#endif
