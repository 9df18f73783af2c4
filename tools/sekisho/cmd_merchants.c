/* cmd_merchants.c - sekisho merchants: whose shops these are, and the import
 * from the operator's customer database. */
#include <errno.h>
#include <stdlib.h>

#include "sekisho/cli.h"
#include "sekisho/rows.h"

#define CSV_MAX (16u << 20)

static const struct columns shown = {{"id", "name", "owner", "agency", "platform", "addresses",
					     "hostnames", "level", "non_retention", "authorised"},
	10};

static int list(struct cli *cli, struct err *err)
{
	struct value *answer = cli_get(cli, "/merchants", err);
	const struct value *merchants = value_at(answer, "merchants");

	if (answer != NULL && (cli->given & CLI_JSON) == 0) {
		if (value_count(merchants) > 0)
			rows_table(&cli->page, &shown, merchants);
		else
			fputs("No merchants.  Import them: sekisho merchants import FILE\n",
				cli->page.out);
	}
	value_drop(answer);
	return err->status != 0 ? err->status : cli_end(cli, err);
}

/* The whole file, heap; *len its length. */
static char *read_file(const char *path, size_t *len, struct err *err)
{
	FILE *file = fopen(path, "rbe");
	char *data = file == NULL ? NULL : malloc(CSV_MAX + 1);

	if (file == NULL) {
		err_set(err, EXIT_USAGE, "%s: %s", path, strerror(errno));
		return NULL;
	}
	*len = data == NULL ? 0 : fread(data, 1, CSV_MAX + 1, file);
	if (data == NULL)
		err_set(err, EXIT_CANNOT, "%s: no memory to read it", path);
	else if (ferror(file) != 0)
		err_set(err, EXIT_CANNOT, "%s: %s", path, strerror(errno));
	else if (*len > CSV_MAX)
		err_set(err, EXIT_USAGE, "%s: more than %u MiB; import it in parts", path,
			CSV_MAX >> 20);
	else if (*len == 0)
		err_set(err, EXIT_USAGE,
			"%s: the file is empty; an empty import would take every merchant out",
			path);
	fclose(file);
	if (err->status == 0)
		return data;
	free(data);
	return NULL;
}

static void put_done(struct cli *cli, const struct value *answer)
{
	static const struct {
		const char *key, *word;
	} rows[] = {{"added", "new"}, {"changed", "changed"}, {"gone", "gone"},
		{"unchanged", "as before"}};
	struct page *page = &cli->page;

	page_put(page, "%s",
		(cli->given & CLI_DRY_RUN) != 0 ? "Would be (nothing was changed): "
						: "Merchants: ");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		page_put(page, "%s", i == 0 ? "" : ", ");
		page_put_value(page, value_at(answer, rows[i].key));
		page_put(page, " %s", rows[i].word);
	}
	page_line(page);
	if (value_at(answer, "policy") != NULL) {
		page_put(page, "Policy for the sensors: ");
		page_put_value(page, value_at(answer, "policy"));
		page_line(page);
	}
}

static int import(struct cli *cli, const char *path, struct err *err)
{
	size_t len;
	char *data = read_file(path, &len, err);

	if (data == NULL)
		return err->status;
	struct value *answer = cli_post(cli,
		(cli->given & CLI_DRY_RUN) != 0 ? "/merchants?dry_run=1" : "/merchants?dry_run=0",
		bytes_of(data, len), "text/csv", err);
	free(data);
	if (answer != NULL && (cli->given & CLI_JSON) == 0)
		put_done(cli, answer);
	value_drop(answer);
	return err->status != 0 ? err->status : cli_end(cli, err);
}

int cmd_merchants(struct cli *cli, struct err *err)
{
	static const char *const actions[] = {"import"};

	if (cli->word_cnt == 0 && (cli->given & CLI_DRY_RUN) == 0)
		return list(cli, err);
	if (cli->word_cnt > 0 && strcmp(cli->words[0], "import") != 0)
		return cli_unknown("action", cli->words[0], actions, 1, err);
	if (cli->word_cnt == 2)
		return import(cli, cli->words[1], err);
	err_set(err, EXIT_USAGE, "usage: sekisho merchants [import FILE [--dry-run]]");
	return err->status;
}
