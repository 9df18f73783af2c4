/* cmd_incidents.c - sekisho incidents: one row each, worst first. */
#include "sekisho/cli.h"
#include "sekisho/table.h"

static const char *const heads[] = {
	"NO", "SEV", "CERTAINTY", "STATE", "CARDS", "LAST, UTC", "SHOP OR SERVER", "WHAT"};
enum { COLUMNS = sizeof(heads) / sizeof(heads[0]) };

static void put_heads(struct table *table, struct page *page)
{
	table_start(table, COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++) {
		page_put(page, "%s", heads[i]);
		table_cell(table, page);
	}
	table->side[0] = table->side[4] = TABLE_RIGHT;
}

static void put_cell(struct table *table, struct page *page, const struct value *value)
{
	page_put_value(page, value);
	table_cell(table, page);
}

static void put_row(struct table *table, struct page *page, const struct value *incident)
{
	const struct value *merchant = value_at(incident, "merchant");
	const struct value *sinks = value_at(incident, "sinks");
	bool confirmed = value_is(incident, "certainty", "confirmed");

	for (size_t i = 0; i < value_count(sinks); i++)
		page_foreign(page, value_item(sinks, i));
	put_cell(table, page, value_at(incident, "id"));
	put_cell(table, page, value_at(incident, "severity"));
	page_colour(page, confirmed ? PAGE_RED : PAGE_YELLOW);
	page_put_value(page, value_at(incident, "certainty"));
	page_colour(page, PAGE_PLAIN);
	table_cell(table, page);
	page_put_value(page, value_at(incident, "state"));
	page_put(page, "%s", value_true(value_at(incident, "going_on")) ? ", going on" : "");
	table_cell(table, page);
	put_cell(table, page, value_at(incident, "cards"));
	page_put_time(page, value_at(incident, "last"));
	table_cell(table, page);
	put_cell(table, page,
		value_at(merchant, "name") != NULL ? value_at(merchant, "name")
						   : value_at(incident, "server"));
	put_cell(table, page, value_at(incident, "title"));
	page->foreign_cnt = 0;
}

static void put_table(struct cli *cli, const struct value *incidents)
{
	struct page *page = &cli->page;
	struct table table;

	put_heads(&table, page);
	for (size_t i = 0; i < value_count(incidents); i++)
		put_row(&table, page, value_item(incidents, i));
	table_end(&table, page);
	fputs("The whole page of one: sekisho incident NO\n", page->out);
}

static bool make_target(const struct cli *cli, char *out, size_t size, struct err *err)
{
	const char *state = cli->state == NULL ? "open" : cli->state;
	static const char *const states[] = {"open", "closed", "all"};
	bool known = false;

	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		known = known || strcmp(state, states[i]) == 0;
	if (!known) {
		cli_unknown("--state", state, states, sizeof(states) / sizeof(states[0]), err);
		return false;
	}
	int len = snprintf(out, size, "/incidents?state=%s", state);
	if (cli->run != NULL)
		len += snprintf(out + len, size - (size_t)len, "&run=%s", cli->run);
	if ((cli->given & CLI_LIMIT) != 0)
		snprintf(out + len, size - (size_t)len, "&limit=%llu",
			(unsigned long long)cli->limit);
	return true;
}

int cmd_incidents(struct cli *cli, struct err *err)
{
	char target[128];
	struct value *answer = NULL;

	if (make_target(cli, target, sizeof(target), err))
		answer = cli_get(cli, target, err);
	if (answer == NULL || (cli->given & CLI_JSON) != 0) {
		value_drop(answer);
		return err->status;
	}
	const struct value *incidents = value_at(answer, "incidents");
	if (value_count(incidents) > 0)
		put_table(cli, incidents);
	else
		fprintf(cli->page.out,
			"No incidents (%s).  What silence is worth: sekisho status\n",
			cli->state == NULL ? "open" : cli->state);
	value_drop(answer);
	return cli_end(cli, err);
}
