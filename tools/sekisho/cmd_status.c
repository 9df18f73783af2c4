/* cmd_status.c - sekisho status: what runs, what was seen, and what was not. */
#include "base/limit.h"
#include "sekisho/cli.h"
#include "sekisho/rows.h"
#include "sekisho/table.h"

/* A column of what was seen; share and size say how its number reads. */
struct column {
	const char *head, *key;
	enum { TEXT, NUMBER, SHARE, SIZE, OWN } form;
};

static const struct column interface_columns[] = {{"SOURCE", "source", TEXT},
	{"SENSOR", "sensor", TEXT}, {"RUN", "run", TEXT}, {"FRAMES", "frames", NUMBER},
	{"LOST", "drops", NUMBER}, {"BYTES", "payload", SIZE}, {"READ", "share_inspected", SHARE},
	{"TLS", "share_tls", SHARE}, {"NO ANSWER", "share_one_sided", SHARE},
	{"GAPS", "missing", SIZE}, {"OWN SEEN", "prefixes", OWN}};
static const struct column merchant_columns[] = {{"SHOP OR SERVER", "merchant", TEXT},
	{"RUN", "run", TEXT}, {"BYTES", "payload", SIZE}, {"READ", "share_inspected", SHARE},
	{"TLS", "share_tls", SHARE}, {"NO ANSWER", "share_one_sided", SHARE},
	{"GAPS", "missing", SIZE}, {"LOST", "drops", NUMBER}, {"OWN SEEN", "prefixes", OWN}};
#define LENGTH(columns) (sizeof(columns) / sizeof((columns)[0]))

/* What a sensor only counted: the aggregator's word, and how it reads behind a number. */
static const struct {
	const char *word, *text;
} counters[] = {{"authorised", "findings whose cards may go there"},
	{"received", "findings in answers to own servers"},
	{"own_payer", "findings of a payer's own card"}, {"test_cards", "findings of test cards"},
	{"low", "findings too weak to tell"}, {"folded", "alerts folded into others"},
	{"floods_refused", "alerts told singly: too many floods at once"},
	{"called_over", "addresses beyond those whose names are kept"},
	{"contact_refused", "sums of contacts without room"},
	{"contact_unnamed", "contacts whose name had no room"},
	{"coverage_refused", "sums of coverage without room"},
	{"names_refused", "DNS answers without room"}};

static void drop_column(struct columns *columns, const char *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < columns->count; i++)
		if (strcmp(columns->keys[i], key) != 0)
			columns->keys[kept++] = columns->keys[i];
	columns->count = kept;
}

static void put_sensors(struct page *page, const struct value *rows)
{
	struct columns columns;

	page_colour(page, PAGE_BOLD);
	page_put(page, "SENSORS");
	page_colour(page, PAGE_PLAIN);
	rows_columns(&columns, rows);
	drop_column(&columns, "counters"); /* put_counted() */
	if (columns.count == 0)
		page_put(page, "  none");
	page_line(page);
	if (columns.count > 0)
		rows_table(page, &columns, rows);
	fputc('\n', page->out);
}

static void put_own(struct page *page, const struct value *row)
{
	if (value_at(row, "prefixes") == NULL) {
		page_put(page, "-");
		return;
	}
	page_put_value(page, value_at(row, "prefixes_seen"));
	page_put(page, " of ");
	page_put_value(page, value_at(row, "prefixes"));
}

/* A merchant, or the server that has none: "s0/203.0.113.7". */
static void put_subject(struct page *page, const struct value *row)
{
	const struct value *merchant = value_at(row, "merchant");
	struct bytes subject;

	if (merchant != NULL) {
		page_put_value(page, value_at(merchant, "name") != NULL ? value_at(merchant, "name")
									: value_at(merchant, "id"));
	} else if (value_text(value_at(row, "subject"), &subject)) {
		size_t slash = bytes_find_byte(subject, '/');

		subject = bytes_skip(subject, slash == SIZE_MAX ? 0 : slash + 1);
		if (bytes_equal(subject, bytes_text("::")))
			page_put(page, "of nobody here");
		else
			page_put_bytes(page, subject);
	}
}

static void put_cell(struct page *page, const struct column *column, const struct value *row)
{
	const struct value *value = value_at(row, column->key);
	uint64_t number;
	double share;

	if (column->form == OWN)
		put_own(page, row);
	else if (column->form == TEXT && strcmp(column->key, "merchant") == 0)
		put_subject(page, row);
	else if (column->form == SHARE && value_real(value, &share))
		page_put_share(page, share);
	else if (column->form == SIZE && value_u64(value, &number))
		page_put_size(page, number);
	else if (value != NULL)
		page_put_value(page, value);
	else
		page_put(page, "-");
}

static void put_coverage(struct page *page, const char *heading, const struct column *columns,
	size_t count, const struct value *rows)
{
	struct table table;

	page_colour(page, PAGE_BOLD);
	page_put(page, "%s", heading);
	page_colour(page, PAGE_PLAIN);
	if (value_count(rows) == 0)
		page_put(page, "  none");
	page_line(page);
	if (value_count(rows) == 0) {
		fputc('\n', page->out);
		return;
	}
	table_start(&table, count);
	for (size_t k = 0; k < count; k++) {
		page_put(page, "%s", columns[k].head);
		table_cell(&table, page);
		table.side[k] = columns[k].form == TEXT ? TABLE_LEFT : TABLE_RIGHT;
	}
	for (size_t i = 0; i < value_count(rows); i++)
		for (size_t k = 0; k < count; k++) {
			put_cell(page, &columns[k], value_item(rows, i));
			table_cell(&table, page);
		}
	table_end(&table, page);
	fputc('\n', page->out);
}

/* Several rows under one heading, each with whose it is in front: the head of the next one. */
static void put_head(struct page *page, const char *heading, bool *first, const struct value *whose,
	const char *since)
{
	page_section(page, *first ? heading : "");
	*first = false;
	page_put(page, "at ");
	page_put_value(page, whose);
	page_put(page, "%s:", since);
	page_end(page);
}

static void end_rows(struct page *page, bool none)
{
	page->margin = 0;
	if (!none)
		fputc('\n', page->out);
}

/* Silence of these is worth nothing. */
static void put_unseen(struct page *page, const struct value *interfaces)
{
	bool first = true;

	for (size_t i = 0; i < value_count(interfaces); i++) {
		const struct value *row = value_item(interfaces, i);
		const struct value *unseen = value_at(row, "unseen");
		uint64_t own = 0, seen = 0;

		if (value_count(unseen) == 0)
			continue;
		put_head(page, "NEVER SEEN", &first, value_at(row, "source"), "");
		for (size_t k = 0; k < value_count(unseen); k++) {
			page_put_value(page, value_item(unseen, k));
			page_end(page);
		}
		if (value_u64(value_at(row, "prefixes"), &own) &&
			value_u64(value_at(row, "prefixes_seen"), &seen) &&
			own - seen > value_count(unseen))
			page_put(page, "and %llu more",
				(unsigned long long)(own - seen - value_count(unseen)));
		page_line(page);
	}
	end_rows(page, first);
}

static const char *counter_text(const char *word)
{
	for (size_t i = 0; i < LENGTH(counters); i++)
		if (strcmp(counters[i].word, word) == 0)
			return counters[i].text;
	return word;
}

static void put_counter(struct page *page, const struct value *value, const char *word)
{
	enum limit limit = limit_find(word);

	page_put_value(page, value);
	page_put(page, " ");
	page_put_bytes(
		page, bytes_text(limit == LIMIT_COUNT ? counter_text(word) : limit_text(limit)));
	if (limit != LIMIT_COUNT && limit_is_quota(limit))
		page_put(page, " (raise memory)");
	page_end(page);
}

/* Those that are limits, or those that are none. */
static void put_counted(
	struct page *page, const char *heading, bool limits, const struct value *sensors)
{
	bool first = true;

	for (size_t i = 0; i < value_count(sensors); i++) {
		const struct value *row = value_item(sensors, i), *value;
		bool begun = false;
		const char *word;

		for (size_t k = 0;; k++) {
			value = value_member(value_at(row, "counters"), k, &word);
			if (word == NULL)
				break;
			if ((limit_find(word) != LIMIT_COUNT) != limits)
				continue;
			if (!begun)
				put_head(page, heading, &first, value_at(row, "name"),
					", last two days");
			begun = true;
			put_counter(page, value, word);
		}
		if (begun)
			page_line(page);
	}
	end_rows(page, first);
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
	put_sensors(page, value_at(status, "sensors"));
	put_coverage(page, "INTERFACES AND FILES, last two days", interface_columns,
		LENGTH(interface_columns), value_at(status, "interfaces"));
	put_coverage(page, "SHOPS AND SERVERS, last two days", merchant_columns,
		LENGTH(merchant_columns), value_at(status, "merchants"));
	put_unseen(page, value_at(status, "interfaces"));
	put_counted(page, "COUNTED", false, value_at(status, "sensors"));
	put_counted(page, "LIMITS", true, value_at(status, "sensors"));
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
