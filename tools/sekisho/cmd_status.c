/* cmd_status.c - sekisho status: what runs, what was seen, and what was not.
 * The aggregator decides which columns there are. */
#include "sekisho/cli.h"
#include "sekisho/rows.h"

static void put_rows(struct page *page, const char *heading, const struct value *rows)
{
	struct columns columns;

	page_colour(page, PAGE_BOLD);
	page_put(page, "%s", heading);
	page_colour(page, PAGE_PLAIN);
	rows_columns(&columns, rows);
	if (columns.count == 0)
		page_put(page, "  none");
	page_line(page);
	if (columns.count > 0)
		rows_table(page, &columns, rows);
	fputc('\n', page->out);
}

static void put_members(struct page *page, const char *heading, const struct value *object)
{
	const char *key;

	page_section(page, heading);
	for (size_t i = 0;; i++) {
		const struct value *value = value_member(object, i, &key);
		if (key == NULL)
			break;
		page_put_bytes(page, bytes_text(key));
		page_put(page, " ");
		rows_put(page, key, value);
		page_end(page);
	}
	page_line(page);
}

static void put_status(struct page *page, const struct value *status)
{
	put_rows(page, "SENSORS", value_at(status, "sensors"));
	put_rows(page, "INTERFACES AND FILES", value_at(status, "interfaces"));
	put_rows(page, "SHOPS AND SERVERS", value_at(status, "merchants"));
	put_members(page, "STORE", value_at(status, "store"));
	page_section(page, "VERSION");
	page_put_value(page, value_at(status, "version"));
	page_line(page);
	page->margin = 0;
}

int cmd_status(struct cli *cli, struct err *err)
{
	struct value *status = cli_get(cli, "/status", err);

	if (status != NULL && (cli->given & CLI_JSON) == 0)
		put_status(&cli->page, status);
	value_drop(status);
	return err->status != 0 ? err->status : cli_end(cli, err);
}
