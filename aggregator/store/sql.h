/* sql.h - SQLite behind a few calls, so that one file knows it.
 *
 * One connection, one thread.  A failure is sticky until the transaction ends:
 * every later call does nothing, questions give no row, and sql_commit() rolls
 * back and returns false.  So callers check once, at the end.
 * text must be a literal: statements are kept by its address.
 * types: one letter per value: i int64_t, t const char * (NULL gives null),
 * b struct bytes as text, r double. */
#ifndef SEKISHO_STORE_SQL_H
#define SEKISHO_STORE_SQL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

struct sql;

struct sql_rows {
	struct sql *sql;
	void *statement; /* NULL: no more rows */
	bool own;        /* not kept: it was asked while its twin was still being read */
};

/* Creates the file (mode 0640) if absent.  max_bytes bounds it; 0: none.
 * NULL and err: unwritable, damaged, not a database. */
struct sql *sql_open(const char *path, uint64_t max_bytes, struct err *err);
void sql_close(struct sql *sql); /* NULL passes */

/* Several statements without values. */
bool sql_script(struct sql *sql, const char *text);
bool sql_run(struct sql *sql, const char *text, const char *types, ...);
/* Rows of the last sql_run(). */
int64_t sql_changes(struct sql *sql);
int64_t sql_last_id(struct sql *sql);

/* for (rows = sql_ask(...); sql_next(&rows);) ...; to leave early: sql_end(). */
struct sql_rows sql_ask(struct sql *sql, const char *text, const char *types, ...);
bool sql_next(struct sql_rows *rows);
void sql_end(struct sql_rows *rows);
int64_t sql_int(const struct sql_rows *rows, int column);
double sql_real(const struct sql_rows *rows, int column);
/* Valid until the next step; never NULL ("" for null). */
const char *sql_text(const struct sql_rows *rows, int column);
bool sql_null(const struct sql_rows *rows, int column);
/* The first value of the first row, or otherwise. */
int64_t sql_one(struct sql *sql, int64_t otherwise, const char *text, const char *types, ...);

bool sql_begin(struct sql *sql);
bool sql_commit(struct sql *sql);
void sql_rollback(struct sql *sql);
/* Fails the transaction for a reason of the caller's. */
void sql_fail(struct sql *sql, const char *problem);
bool sql_failed(const struct sql *sql);
/* What the last failure was, in words. */
const char *sql_problem(const struct sql *sql);
/* And what a person may do about it. */
const char *sql_remedy(const struct sql *sql);

#endif
