/* cmd_tail.c - sekisho tail: events as they are stored, one line each. */
#include <signal.h>
#include <unistd.h>

#include "sekisho/cli.h"

#define WAIT_S 25u /* the aggregator waits at most 30 */
#define BATCH 100u
#define BEFORE_END 10 /* events shown of what is there already */

/* after: the id of an event, or "last". */
static struct value *ask(
	const struct cli *cli, const char *after, unsigned limit, unsigned wait_s, struct err *err)
{
	char target[128];
	struct api_question question = {.method = "GET", .target = target, .wait_s = wait_s};

	snprintf(target, sizeof(target), "/events?after=%s&limit=%u&wait=%u", after, limit, wait_s);
	return api_ask(cli->socket, &question, err);
}

/* The id of the last event, 0 before the first. */
static uint64_t find_end(const struct cli *cli, struct err *err)
{
	struct value *answer = ask(cli, "last", 1, 0, err);
	uint64_t end = 0;

	if (answer != NULL && !value_u64(value_at(answer, "next"), &end))
		err_set(err, EXIT_CANNOT, "%s: the answer has no \"next\"", cli->socket);
	value_drop(answer);
	return end;
}

static void put_pair(struct page *page, const struct value *event, const char *ip, const char *port)
{
	uint64_t number;

	page_put_value(page, value_at(event, ip));
	if (value_u64(value_at(event, port), &number))
		page_put(page, ":%llu", (unsigned long long)number);
}

/* Names in clear of the other side: what an alert is about. */
static void put_name(struct page *page, const struct value *event)
{
	static const struct {
		const char *object, *key;
	} names[] = {{"http", "hostname"}, {"tls", "sni"}, {"dns", "rrname"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct value *name = value_at(value_at(event, names[i].object), names[i].key);
		if (name == NULL)
			continue;
		page_put(page, "  ");
		page_put_name(page, name);
	}
}

static void put_alert(struct page *page, const struct value *event)
{
	const struct value *alert = value_at(event, "alert");
	bool first = value_at(value_at(event, "sekisho"), "confidence") != NULL &&
		     value_is(value_at(event, "sekisho"), "confidence", "high");

	page_put(page, "  ");
	page_colour(page, first ? PAGE_RED : PAGE_YELLOW);
	page_put_value(page, value_at(alert, "signature"));
	page_put(page, ", severity ");
	page_put_value(page, value_at(alert, "severity"));
	page_colour(page, PAGE_PLAIN);
	if (value_at(event, "src_ip") == NULL)
		return;
	page_put(page, "  ");
	put_pair(page, event, "src_ip", "src_port");
	page_put(page, " -> ");
	put_pair(page, event, "dest_ip", "dest_port");
	put_name(page, event);
}

/* What other kinds of events say, by the names of their members. */
static void put_other(struct page *page, const struct value *ours)
{
	static const char *const texts[] = {
		"state", "reason", "what", "name", "detail", "n", "minute"};
	static const char *const arrays[] = {"rows", "contacts", "subjects", "frames", "inputs"};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		const struct value *value = value_at(ours, texts[i]);
		if (value == NULL || value_is_array(value) || value_is_object(value))
			continue;
		page_put(page, "  %s ", texts[i]);
		page_put_value(page, value);
	}
	for (size_t i = 0; i < sizeof(arrays) / sizeof(arrays[0]); i++)
		if (value_is_array(value_at(ours, arrays[i])))
			page_put(page, "  %zu %s", value_count(value_at(ours, arrays[i])),
				arrays[i]);
}

static void put_event(struct page *page, const struct value *row)
{
	const struct value *event = value_at(row, "event");
	char type[16] = "?";

	value_copy(value_at(event, "event_type"), type, sizeof(type));
	page_put_time(page, value_at(event, "timestamp"));
	page_put(page, "  ");
	page_put_value(page, value_at(row, "sensor") != NULL ? value_at(row, "sensor")
							     : value_at(event, "sensor"));
	page_put(page, "  ");
	page_put_value(page, value_at(event, "event_type"));
	for (size_t len = strlen(type); len < sizeof("coverage") - 1; len++)
		page_put(page, " ");
	if (strcmp(type, "alert") == 0)
		put_alert(page, event);
	else
		put_other(page, value_at(event, "sekisho"));
	fprintf(page->out, "%s\n", page_take(page));
}

static bool put_events(struct cli *cli, const struct value *events, struct err *err)
{
	for (size_t i = 0; i < value_count(events); i++) {
		const struct value *row = value_item(events, i);
		if ((cli->given & CLI_JSON) == 0)
			put_event(&cli->page, row);
		else if (!cli_print_json(cli, row, err))
			return false;
	}
	return cli_end(cli, err) == EXIT_DONE;
}

static void say_where(struct err *err, uint64_t after)
{
	struct err why = *err;

	err_set(err, why.status, "%s; go on later with: sekisho tail --after %llu", why.text,
		(unsigned long long)after);
}

static void follow(struct cli *cli, uint64_t after, struct err *err)
{
	while (err->status == 0) {
		char from[24];
		uint64_t next;

		snprintf(from, sizeof(from), "%llu", (unsigned long long)after);
		struct value *answer = ask(cli, from, BATCH, WAIT_S, err);

		if (answer == NULL) {
			say_where(err, after);
			return;
		}
		if (!value_u64(value_at(answer, "next"), &next) || next < after)
			err_set(err, EXIT_CANNOT, "the aggregator gives no place to go on from");
		else if (put_events(cli, value_at(answer, "events"), err))
			after = next;
		value_drop(answer);
	}
}

/* Everything is flushed after each batch, so there is nothing to undo. */
static void end_now(int signal_number)
{
	(void)signal_number;
	_exit(EXIT_DONE);
}

int cmd_tail(struct cli *cli, struct err *err)
{
	struct sigaction action = {.sa_handler = end_now};
	uint64_t after = cli->after;

	if (-1 == sigaction(SIGINT, &action, NULL) || -1 == sigaction(SIGTERM, &action, NULL)) {
		err_set(err, EXIT_INTERNAL, "signals cannot be set");
		return err->status;
	}
	if ((cli->given & CLI_AFTER) == 0) {
		uint64_t end = find_end(cli, err);
		after = end > BEFORE_END ? end - BEFORE_END : 0;
	}
	follow(cli, after, err);
	return err->status;
}
