#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/addr.h"
#include "base/csv.h"
#include "merchant/merchant.h"
#include "store/schema.h"

enum column {
	COL_ID,
	COL_NAME,
	COL_OWNER,
	COL_AGENCY,
	COL_PLATFORM,
	COL_ADDRESSES,
	COL_HOSTNAMES,
	COL_ACCOUNTS,
	COL_LEVEL,
	COL_BASIS,
	COL_NON_RETENTION,
	COL_AUTHORISED,
	COL_CONTACT,
	COLUMNS
};

static const char *const names[COLUMNS] = {"id", "name", "owner", "agency", "platform", "addresses",
	"hostnames", "accounts", "level", "basis", "non_retention", "authorised", "contact"};

struct import {
	struct sql *sql;
	int at[COLUMNS]; /* field of a row, -1: absent */
	struct merchant_change *change;
	struct err *err;
};

struct merchant {
	char text[COLUMNS][CSV_LINE_MAX + 1];
	int64_t id;
};

static bool bad(struct import *import, uint32_t line, const char *what, const char *text)
{
	return err_set(import->err, EXIT_USAGE, "merchants, line %u: %s: \"%s\"", line, what, text);
}

static bool header_read(struct import *import, const struct csv_row *row)
{
	char name[32];

	for (int c = 0; c < COLUMNS; c++)
		import->at[c] = -1;
	for (uint32_t f = 0; f < row->count; f++) {
		struct bytes field = bytes_trim(row->field[f]);
		int found = -1;

		for (int c = 0; c < COLUMNS; c++) {
			if (bytes_equal(field, bytes_text(names[c])))
				found = c;
		}
		snprintf(name, sizeof(name), "%.*s", (int)field.len, (const char *)field.ptr);
		if (found < 0)
			return bad(import, row->line, "no column is called so", name);
		if (import->at[found] >= 0)
			return bad(import, row->line, "the column stands there twice", name);
		import->at[found] = (int)f;
	}
	if (import->at[COL_ID] < 0 || import->at[COL_NAME] < 0)
		return bad(import, row->line, "the first line must name the columns; needed",
			"id,name");
	return true;
}

/* Lists: one space between items. */
static void list_tidy(char *text)
{
	char *out = text;

	for (const char *in = text; *in != '\0'; in++) {
		bool gap = *in == ' ' || *in == ';' || *in == ',';

		if (!gap)
			*out++ = *in;
		else if (out > text && out[-1] != ' ')
			*out++ = ' ';
	}
	if (out > text && out[-1] == ' ')
		out--;
	*out = '\0';
}

static bool row_texts(struct import *import, const struct csv_row *row, struct merchant *m)
{
	for (int c = 0; c < COLUMNS; c++) {
		struct bytes field = {0};

		m->text[c][0] = '\0';
		if (import->at[c] >= 0 && (uint32_t)import->at[c] < row->count)
			field = bytes_trim(row->field[import->at[c]]);
		for (size_t i = 0; i < field.len; i++) {
			if (field.ptr[i] < ' ' || field.ptr[i] == 0x7f)
				return bad(import, row->line, "a control character in column",
					names[c]);
		}
		if (field.len > 0)
			memcpy(m->text[c], field.ptr, field.len);
		m->text[c][field.len] = '\0';
	}
	list_tidy(m->text[COL_ADDRESSES]);
	list_tidy(m->text[COL_HOSTNAMES]);
	list_tidy(m->text[COL_ACCOUNTS]);
	list_tidy(m->text[COL_AUTHORISED]);
	return true;
}

static bool addresses_good(struct import *import, uint32_t line, const char *list)
{
	while (*list != '\0') {
		size_t len = strcspn(list, " ");
		struct prefix prefix;
		char item[64];

		snprintf(item, sizeof(item), "%.*s", (int)len, list);
		if (!prefix_parse(bytes_of(list, len), &prefix))
			return bad(import, line, "no address or prefix", item);
		list += len + strspn(list + len, " ");
	}
	return true;
}

static bool word_good(const char *word, const char *const words[], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(word, words[i]) == 0)
			return true;
	}
	return word[0] == '\0';
}

static bool row_good(struct import *import, uint32_t line, struct merchant *m)
{
	static const char *const levels[] = {"none", "match_only", "contacts", "content"};
	static const char *const truth[] = {"true", "false"};
	char *end;

	m->id = strtoll(m->text[COL_ID], &end, 10);
	if (*end != '\0' || m->id < 1 || m->id > UINT32_MAX)
		return bad(
			import, line, "id is not a number from 1 to 4294967295", m->text[COL_ID]);
	if (m->text[COL_NAME][0] == '\0')
		return bad(import, line, "the name is empty; id", m->text[COL_ID]);
	if (!word_good(m->text[COL_LEVEL], levels, 4))
		return bad(import, line, "level is none of none, match_only, contacts, content",
			m->text[COL_LEVEL]);
	if (!word_good(m->text[COL_NON_RETENTION], truth, 2))
		return bad(import, line, "non_retention is neither true nor false",
			m->text[COL_NON_RETENTION]);
	return addresses_good(import, line, m->text[COL_ADDRESSES]);
}

static bool row_put(struct import *import, uint32_t line, const struct merchant *m)
{
	const char *t[COLUMNS];

	for (int c = 0; c < COLUMNS; c++)
		t[c] = m->text[c];
	if (sql_one(import->sql, 0, "SELECT 1 FROM temp.seen WHERE id = ?", "i", m->id) != 0)
		return bad(import, line, "the id stands there twice", t[COL_ID]);
	sql_run(import->sql, "INSERT INTO temp.seen VALUES(?)", "i", m->id);
	bool known =
		sql_one(import->sql, 0, "SELECT 1 FROM merchant WHERE id = ?", "i", m->id) != 0;
	sql_run(import->sql,
		"INSERT INTO merchant VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
		"?13)"
		" ON CONFLICT(id) DO UPDATE SET name = ?2, owner = ?3, agency = ?4, platform = ?5,"
		" addresses = ?6, hostnames = ?7, accounts = ?8, level = ?9, basis = ?10,"
		" non_retention = ?11, authorised = ?12, contact = ?13 WHERE (name, owner, agency,"
		" platform, addresses, hostnames, accounts, level, basis, non_retention, "
		"authorised,"
		" contact) IS NOT (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
		"itttttttttttt", m->id, t[COL_NAME], t[COL_OWNER], t[COL_AGENCY], t[COL_PLATFORM],
		t[COL_ADDRESSES], t[COL_HOSTNAMES], t[COL_ACCOUNTS], t[COL_LEVEL], t[COL_BASIS],
		t[COL_NON_RETENTION], t[COL_AUTHORISED], t[COL_CONTACT]);
	if (!known)
		import->change->added++;
	else if (sql_changes(import->sql) > 0)
		import->change->changed++;
	else
		import->change->unchanged++;
	return true;
}

static bool rows_read(struct import *import, struct bytes text, struct merchant *m)
{
	struct csv csv = csv_of(text);
	struct csv_row row;
	enum csv_rc rc = csv_next(&csv, &row);
	int64_t count = 0;

	if (rc == CSV_END)
		return err_set(import->err, EXIT_USAGE,
			"merchants: nothing is there; the first line names the columns: "
			"id,name,...");
	if (rc == CSV_BAD || !header_read(import, &row))
		return rc == CSV_ROW ? false : bad(import, row.line, "unreadable", row.problem);
	while ((rc = csv_next(&csv, &row)) != CSV_END) {
		if (rc == CSV_BAD)
			return bad(import, row.line, "unreadable", row.problem);
		if (++count > MERCHANTS_MAX)
			return bad(import, row.line, "more merchants than", "200000");
		if (!row_texts(import, &row, m) || !row_good(import, row.line, m) ||
			!row_put(import, row.line, m))
			return false;
	}
	return true;
}

static bool take_all(struct import *import, struct bytes csv, const char *policy_out, int64_t now)
{
	struct merchant *m = calloc(1, sizeof(*m));
	char detail[128];

	if (m == NULL)
		return err_set(import->err, EXIT_CANNOT, "out of memory");
	bool good = rows_read(import, csv, m);
	free(m);
	if (!good)
		return false;
	sql_run(import->sql, "DELETE FROM merchant WHERE id NOT IN (SELECT id FROM temp.seen)", "");
	import->change->gone = sql_changes(import->sql);
	snprintf(detail, sizeof(detail), "added %lld, changed %lld, gone %lld, unchanged %lld",
		(long long)import->change->added, (long long)import->change->changed,
		(long long)import->change->gone, (long long)import->change->unchanged);
	audit_add(import->sql, now, "merchants", "imported", detail);
	/* Before the commit: if it cannot be written, nothing has changed. */
	if (policy_out != NULL && !sql_failed(import->sql))
		return merchants_policy(import->sql, policy_out, import->err);
	return true;
}

bool merchants_import(struct sql *sql, struct bytes csv, bool dry_run, const char *policy_out,
	int64_t now, struct merchant_change *change, struct err *err)
{
	struct import import = {.sql = sql, .change = change, .err = err};

	*change = (struct merchant_change){0};
	sql_begin(sql);
	sql_script(sql, "CREATE TEMP TABLE IF NOT EXISTS seen(id INTEGER PRIMARY KEY);"
			"DELETE FROM temp.seen");
	bool good = take_all(&import, csv, dry_run ? NULL : policy_out, now);
	if (!good || dry_run) {
		if (good && sql_failed(sql))
			good = err_set(err, EXIT_CANNOT, "merchants: %s", sql_problem(sql));
		sql_rollback(sql);
		return good;
	}
	if (!sql_commit(sql))
		return err_set(err, EXIT_CANNOT, "merchants: %s", sql_problem(sql));
	change->policy_written = policy_out != NULL;
	return true;
}
