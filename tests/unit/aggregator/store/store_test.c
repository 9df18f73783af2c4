/* Goal: a failure inside a transaction leaves nothing of it, the audit log
 * tells a changed row, another version is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/schema.h"

static struct sql *open_new(void)
{
	struct err err = {0};
	struct sql *sql = store_open(":memory:", 0, &err);

	assert_non_null(sql);
	return sql;
}

static int64_t count(struct sql *sql)
{
	return sql_one(sql, -1, "SELECT count(*) FROM history", "");
}

static bool add(struct sql *sql, const char *who)
{
	return sql_run(sql,
		"INSERT INTO history(incident, time, who, what, why) VALUES(1, 2, ?, "
		"'w', 'y')",
		"t", who);
}

static void a_failure_leaves_nothing_of_its_transaction(void **state)
{
	struct sql *sql = open_new();

	(void)state;
	assert_true(sql_begin(sql) && add(sql, "ann"));
	assert_false(add(sql, NULL)); /* NOT NULL */
	assert_string_equal(sql_problem(sql), "NOT NULL constraint failed: history.who");
	assert_false(add(sql, "bob")); /* sticky */
	assert_int_equal(count(sql), -1);
	assert_false(sql_commit(sql));
	assert_int_equal(count(sql), 0);
	assert_true(sql_begin(sql) && add(sql, "ann") && sql_commit(sql));
	assert_int_equal(count(sql), 1);
	sql_close(sql);
}

static void a_question_inside_the_same_question_is_answered(void **state)
{
	struct sql *sql = open_new();
	int rows = 0;

	(void)state;
	assert_true(sql_begin(sql) && add(sql, "a") && add(sql, "b") && sql_commit(sql));
	for (int depth = 0; depth < 2; depth++) {
		static const char text[] = "SELECT who FROM history ORDER BY id";
		struct sql_rows outer = sql_ask(sql, text, "");

		while (sql_next(&outer)) {
			struct sql_rows inner = sql_ask(sql, text, "");

			while (sql_next(&inner))
				rows++;
		}
	}
	assert_int_equal(rows, 8);
	sql_close(sql);
}

static void a_changed_audit_row_is_found(void **state)
{
	struct sql *sql = open_new();

	(void)state;
	assert_true(sql_begin(sql));
	for (int i = 0; i < 5; i++)
		audit_add(sql, 100 + i, "ann", "closed", "incident 1");
	assert_true(sql_commit(sql));
	assert_int_equal(audit_check(sql), 0);
	assert_true(sql_script(sql, "UPDATE audit SET who = 'bob' WHERE id = 3"));
	assert_int_equal(audit_check(sql), 3);
	assert_true(sql_script(sql, "UPDATE audit SET who = 'ann' WHERE id = 3"));
	assert_int_equal(audit_check(sql), 0);
	assert_true(sql_script(sql, "DELETE FROM audit WHERE id = 2"));
	assert_int_equal(audit_check(sql), 2);
	sql_close(sql);
}

static void another_version_is_refused(void **state)
{
	char path[] = "/tmp/sekisho-store-XXXXXX";
	struct err err = {0};
	int fd = mkstemp(path);

	(void)state;
	assert_int_not_equal(fd, -1);
	struct sql *sql = store_open(path, 0, &err);
	assert_non_null(sql);
	assert_true(sql_script(sql, "UPDATE meta SET value = 99 WHERE key = 'version'"));
	sql_close(sql);
	assert_null(store_open(path, 0, &err));
	assert_int_equal(err.status, EXIT_USAGE);
	assert_non_null(strstr(err.text,
		": written by version 99 of the store, this program knows 3; use the program that "
		"wrote it"));
	close(fd);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_failure_leaves_nothing_of_its_transaction),
		cmocka_unit_test(a_question_inside_the_same_question_is_answered),
		cmocka_unit_test(a_changed_audit_row_is_found),
		cmocka_unit_test(another_version_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
