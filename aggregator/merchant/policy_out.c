/* policy_out.c - policy.yaml for sensors, without names and contacts. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "merchant/merchant.h"

/* Double-quoted YAML: controls were refused at import. */
static void quoted(FILE *file, const char *text, size_t len)
{
	fputc('"', file);
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '"' || text[i] == '\\')
			fputc('\\', file);
		fputc(text[i], file);
	}
	fputc('"', file);
}

static void list(FILE *file, const char *key, const char *text)
{
	if (text[0] == '\0')
		return;
	fprintf(file, "    %s: [", key);
	for (bool first = true; *text != '\0'; first = false) {
		size_t len = strcspn(text, " ");

		if (!first)
			fputs(", ", file);
		quoted(file, text, len);
		text += len + strspn(text + len, " ");
	}
	fputs("]\n", file);
}

static void write_all(struct sql *sql, FILE *file)
{
	struct sql_rows rows = sql_ask(sql,
		"SELECT id, addresses, hostnames, accounts, level, basis, non_retention, authorised"
		" FROM merchant ORDER BY id",
		"");

	fputs("# Written by sekisho-aggregator from the merchants it knows; changes here are "
	      "lost.\n"
	      "merchants:\n",
		file);
	while (sql_next(&rows)) {
		fprintf(file, "  - id: %lld\n", (long long)sql_int(&rows, 0));
		list(file, "addresses", sql_text(&rows, 1));
		list(file, "hostnames", sql_text(&rows, 2));
		list(file, "accounts", sql_text(&rows, 3));
		if (sql_text(&rows, 4)[0] != '\0')
			fprintf(file, "    level: %s\n", sql_text(&rows, 4));
		if (sql_text(&rows, 5)[0] != '\0') {
			fputs("    basis: ", file);
			quoted(file, sql_text(&rows, 5), strlen(sql_text(&rows, 5)));
			fputc('\n', file);
		}
		if (sql_text(&rows, 6)[0] != '\0')
			fprintf(file, "    non_retention: %s\n", sql_text(&rows, 6));
		list(file, "authorised", sql_text(&rows, 7));
	}
}

bool merchants_policy(struct sql *sql, const char *path, struct err *err)
{
	char temp[4096];

	if (snprintf(temp, sizeof(temp), "%s.new", path) >= (int)sizeof(temp))
		return err_set(err, EXIT_USAGE, "--policy-out: the path is too long");
	int fd = open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	FILE *file = -1 != fd ? fdopen(fd, "w") : NULL;
	if (file == NULL) {
		if (-1 != fd)
			close(fd);
		return err_set(err, EXIT_CANNOT, "%s: %s", temp, strerror(errno));
	}
	write_all(sql, file);
	bool good = 0 == fflush(file) && !ferror(file) && 0 == fsync(fd);
	good = 0 == fclose(file) && good;
	if (good && !sql_failed(sql) && 0 == rename(temp, path))
		return true;
	err_set(err, EXIT_CANNOT, "%s: cannot be written: %s", path,
		sql_failed(sql) ? sql_problem(sql) : strerror(errno));
	unlink(temp);
	return false;
}
