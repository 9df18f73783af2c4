/* cmd_incident.c - sekisho incident N: the page, or a person's decision. */
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include "sekisho/cli.h"
#include "sekisho/incident.h"

static const char *const decisions[] = {"ack", "close", "false"};
#define DECISION_CNT (sizeof(decisions) / sizeof(decisions[0]))

static bool read_number(const char *text, unsigned long long *out, struct err *err)
{
	char *end;

	*out = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || strlen(text) > 18)
		return err_set(err, EXIT_USAGE,
			"incident: \"%s\" is no number of an incident; sekisho incidents lists "
			"them",
			text);
	return true;
}

static int show(struct cli *cli, unsigned long long number, struct err *err)
{
	char target[64];

	snprintf(target, sizeof(target), "/incidents/%llu", number);
	struct value *incident = cli_get(cli, target, err);
	if (incident != NULL && (cli->given & CLI_JSON) == 0)
		incident_page(&cli->page, incident);
	value_drop(incident);
	return err->status != 0 ? err->status : cli_end(cli, err);
}

static void put_decided(struct page *page, const struct value *incident)
{
	page_put(page, "Incident ");
	page_put_value(page, value_at(incident, "id"));
	page_put(page, ": ");
	page_put_value(page, value_at(incident, "state"));
	page_put(page, " (rev ");
	page_put_value(page, value_at(incident, "revision"));
	page_put(page, ")");
	page_line(page);
}

static int decide(struct cli *cli, unsigned long long number, const char *decision, struct err *err)
{
	const struct passwd *user = getpwuid(getuid());
	char target[64];

	if (cli->why == NULL && strcmp(decision, "ack") != 0) {
		err_set(err, EXIT_USAGE,
			"incident %llu %s: say why with --why TEXT; it stays in the incident's "
			"history",
			number, decision);
		return err->status;
	}
	char *body = value_decision(cli->why, user == NULL ? "unknown" : user->pw_name);
	if (body == NULL) {
		err_set(err, EXIT_USAGE, "--why: the text is no UTF-8");
		return err->status;
	}
	snprintf(target, sizeof(target), "/incidents/%llu/%s", number, decision);
	struct value *incident = cli_post(cli, target, bytes_text(body), "application/json", err);
	free(body);
	if (incident != NULL && (cli->given & CLI_JSON) == 0)
		put_decided(&cli->page, incident);
	value_drop(incident);
	return err->status != 0 ? err->status : cli_end(cli, err);
}

int cmd_incident(struct cli *cli, struct err *err)
{
	unsigned long long number;

	if (cli->word_cnt == 0 || cli->word_cnt > 2) {
		err_set(err, EXIT_USAGE,
			"usage: sekisho incident N [ack | close | false] [--why TEXT]");
		return err->status;
	}
	if (!read_number(cli->words[0], &number, err))
		return err->status;
	if (cli->word_cnt == 1 && cli->why != NULL) {
		err_set(err, EXIT_USAGE, "--why belongs to ack, close or false");
		return err->status;
	}
	if (cli->word_cnt == 1)
		return show(cli, number, err);
	for (size_t i = 0; i < DECISION_CNT; i++)
		if (strcmp(cli->words[1], decisions[i]) == 0)
			return decide(cli, number, decisions[i], err);
	return cli_unknown("decision", cli->words[1], decisions, DECISION_CNT, err);
}
