/* sqlite.c - the only file that includes SQLite. */
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "store/sql.h"

#define KEPT_MAX 256 /* statements; well above how many there are */
#define PAGE 4096
#define BUSY_MS 2000

struct kept {
	const char *text;
	sqlite3_stmt *statement;
	bool busy;
};

struct sql {
	sqlite3 *db;
	bool failed;
	int code; /* SQLite's, of the last failure */
	char problem[256];
	struct kept kept[KEPT_MAX];
};

static bool fail(struct sql *sql)
{
	if (!sql->failed) {
		snprintf(sql->problem, sizeof(sql->problem), "%s", sqlite3_errmsg(sql->db));
		sql->code = sqlite3_errcode(sql->db) & 0xff;
	}
	sql->failed = true;
	return false;
}

static struct kept *slot(struct sql *sql, const char *text)
{
	size_t at = ((uintptr_t)text * UINT64_C(0x9e3779b97f4a7c15)) >> 56;

	for (size_t i = 0; i < KEPT_MAX; i++) {
		struct kept *kept = &sql->kept[(at + i) % KEPT_MAX];

		if (kept->text == text || kept->text == NULL)
			return kept;
	}
	return NULL;
}

static sqlite3_stmt *prepare(struct sql *sql, const char *text, bool *own)
{
	struct kept *kept = slot(sql, text);
	sqlite3_stmt *statement = NULL;

	*own = kept == NULL || kept->busy;
	if (!*own && kept->statement != NULL) {
		kept->busy = true;
		return kept->statement;
	}
	if (SQLITE_OK != sqlite3_prepare_v3(sql->db, text, -1, *own ? 0 : SQLITE_PREPARE_PERSISTENT,
				 &statement, NULL)) {
		fail(sql);
		return NULL;
	}
	if (!*own)
		*kept = (struct kept){.text = text, .statement = statement, .busy = true};
	return statement;
}

static void release(struct sql *sql, sqlite3_stmt *statement, bool own)
{
	if (own) {
		sqlite3_finalize(statement);
		return;
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	for (size_t i = 0; i < KEPT_MAX; i++) {
		if (sql->kept[i].statement == statement)
			sql->kept[i].busy = false;
	}
}

static void bind(sqlite3_stmt *statement, const char *types, va_list args)
{
	struct bytes bytes;
	const char *text;

	for (int i = 0; types[i] != '\0'; i++) {
		switch (types[i]) {
		case 'i':
			sqlite3_bind_int64(statement, i + 1, va_arg(args, int64_t));
			break;
		case 'r':
			sqlite3_bind_double(statement, i + 1, va_arg(args, double));
			break;
		case 'b':
			bytes = va_arg(args, struct bytes);
			sqlite3_bind_text(statement, i + 1, (const char *)bytes.ptr, (int)bytes.len,
				SQLITE_TRANSIENT);
			break;
		default:
			text = va_arg(args, const char *);
			sqlite3_bind_text(statement, i + 1, text, -1, SQLITE_TRANSIENT);
			break;
		}
	}
}

bool sql_script(struct sql *sql, const char *text)
{
	return !sql->failed &&
	       (SQLITE_OK == sqlite3_exec(sql->db, text, NULL, NULL, NULL) || fail(sql));
}

static struct sql_rows ask(struct sql *sql, const char *text, const char *types, va_list args)
{
	struct sql_rows rows = {.sql = sql};

	if (sql->failed)
		return rows;
	rows.statement = prepare(sql, text, &rows.own);
	if (rows.statement != NULL)
		bind(rows.statement, types, args);
	return rows;
}

bool sql_run(struct sql *sql, const char *text, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	struct sql_rows rows = ask(sql, text, types, args);
	va_end(args);
	while (sql_next(&rows))
		;
	return !sql->failed;
}

struct sql_rows sql_ask(struct sql *sql, const char *text, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	struct sql_rows rows = ask(sql, text, types, args);
	va_end(args);
	return rows;
}

bool sql_next(struct sql_rows *rows)
{
	if (rows->statement == NULL)
		return false;
	int rc = sqlite3_step(rows->statement);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		fail(rows->sql);
	sql_end(rows);
	return false;
}

void sql_end(struct sql_rows *rows)
{
	if (rows->statement != NULL)
		release(rows->sql, rows->statement, rows->own);
	rows->statement = NULL;
}

int64_t sql_one(struct sql *sql, int64_t otherwise, const char *text, const char *types, ...)
{
	va_list args;

	va_start(args, types);
	struct sql_rows rows = ask(sql, text, types, args);
	va_end(args);
	int64_t value = otherwise;
	if (sql_next(&rows)) {
		if (!sql_null(&rows, 0))
			value = sql_int(&rows, 0);
		sql_end(&rows);
	}
	return value;
}

int64_t sql_int(const struct sql_rows *rows, int column)
{
	return sqlite3_column_int64(rows->statement, column);
}

double sql_real(const struct sql_rows *rows, int column)
{
	return sqlite3_column_double(rows->statement, column);
}

const char *sql_text(const struct sql_rows *rows, int column)
{
	const char *text = (const char *)sqlite3_column_text(rows->statement, column);

	return text != NULL ? text : "";
}

bool sql_null(const struct sql_rows *rows, int column)
{
	return sqlite3_column_type(rows->statement, column) == SQLITE_NULL;
}

int64_t sql_changes(struct sql *sql)
{
	return sqlite3_changes64(sql->db);
}

int64_t sql_last_id(struct sql *sql)
{
	return sqlite3_last_insert_rowid(sql->db);
}

bool sql_begin(struct sql *sql)
{
	sql->failed = false;
	return sql_script(sql, "BEGIN IMMEDIATE");
}

bool sql_commit(struct sql *sql)
{
	if (sql_script(sql, "COMMIT"))
		return true;
	sql_rollback(sql);
	return false;
}

void sql_rollback(struct sql *sql)
{
	/* A full disk may have rolled back already. */
	if (!sqlite3_get_autocommit(sql->db))
		sqlite3_exec(sql->db, "ROLLBACK", NULL, NULL, NULL);
	sql->failed = false;
}

void sql_fail(struct sql *sql, const char *problem)
{
	snprintf(sql->problem, sizeof(sql->problem), "%s", problem);
	sql->code = SQLITE_ERROR;
	sql->failed = true;
}

bool sql_failed(const struct sql *sql)
{
	return sql->failed;
}

const char *sql_problem(const struct sql *sql)
{
	return sql->problem;
}

const char *sql_remedy(const struct sql *sql)
{
	switch (sql->code) {
	case SQLITE_FULL:
		return "free space, or raise --db-max";
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return "stop, move it away with its -wal and -shm, restore a copy or start anew: "
		       "sensors send again what they still keep";
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return "another program holds the database; end it";
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return "its folder and files must be ours to write";
	case SQLITE_IOERR:
		return "look at the disk and its mount";
	default:
		return "see the log of the system";
	}
}

static bool sound(struct sql *sql)
{
	struct sql_rows rows = sql_ask(sql, "PRAGMA quick_check(1)", "");
	bool ok = sql_next(&rows) && strcmp(sql_text(&rows, 0), "ok") == 0;

	if (!ok && rows.statement != NULL) {
		const char *text = sql_text(&rows, 0), *line = strrchr(text, '\n');

		snprintf(sql->problem, sizeof(sql->problem), "%s", line != NULL ? line + 1 : text);
		sql->code = SQLITE_CORRUPT;
	}
	sql_end(&rows);
	return ok;
}

static bool settle(struct sql *sql, uint64_t max_bytes)
{
	char limit[64];

	snprintf(limit, sizeof(limit), "PRAGMA max_page_count=%llu",
		(unsigned long long)(max_bytes / PAGE));
	return sql_script(sql, "PRAGMA page_size=4096; PRAGMA journal_mode=WAL;"
			       "PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;"
			       "PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;"
			       "PRAGMA wal_autocheckpoint=4000; PRAGMA temp_store=MEMORY") &&
	       sound(sql) && (max_bytes == 0 || sql_script(sql, limit));
}

struct sql *sql_open(const char *path, uint64_t max_bytes, struct err *err)
{
	struct sql *sql = calloc(1, sizeof(*sql));

	if (sql == NULL) {
		err_set(err, EXIT_CANNOT, "%s: out of memory", path);
		return NULL;
	}
	mode_t mask = umask(0027);
	int rc = sqlite3_open_v2(path, &sql->db,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_extended_result_codes(sql->db, 1);
		sqlite3_busy_timeout(sql->db, BUSY_MS);
	}
	bool good = rc == SQLITE_OK ? settle(sql, max_bytes) : fail(sql);
	umask(mask);
	if (good)
		return sql;
	if (sql->code == SQLITE_CORRUPT || sql->code == SQLITE_NOTADB)
		err_set(err, EXIT_CANNOT,
			"--db: %s: the database is damaged (%s); move it away with its -wal and "
			"-shm, restore a copy or start anew: sensors send again what they still "
			"keep",
			path, sql->problem);
	else
		err_set(err, EXIT_CANNOT, "--db: %s: cannot be used as database: %s; %s", path,
			sql->problem, sql_remedy(sql));
	sql_close(sql);
	return NULL;
}

void sql_close(struct sql *sql)
{
	if (sql == NULL)
		return;
	for (size_t i = 0; i < KEPT_MAX; i++)
		sqlite3_finalize(sql->kept[i].statement);
	sqlite3_close(sql->db);
	free(sql);
}
