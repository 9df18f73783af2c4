/* sekisho.c - the hand tool: asks the aggregator, shows the answer to a person. */
#include <stdlib.h>

#include "base/option.h"
#include "sekisho/cli.h"

#ifndef SEKISHO_VERSION
#define SEKISHO_VERSION "0"
#endif
#define SOCKET_PATH "/run/sekisho/api.sock"

struct command {
	const char *name;
	int (*run)(struct cli *cli, struct err *err);
	unsigned takes;  /* enum cli_option bits beside CLI_JSON and CLI_SOCKET */
	size_t word_max; /* behind its name */
	const char *usage, *sentence;
};

/* One row per subcommand; each is a file sekisho/cmd_NAME.c. */
static const struct command commands[] = {
	{"status", cmd_status, 0, 0, "status", "what runs, what was seen and what was not"},
	{"incidents", cmd_incidents, CLI_STATE | CLI_RUN | CLI_LIMIT, 0,
		"incidents [--state open|closed|all] [--run R] [--limit N]",
		"one row each, worst first"},
	{"incident", cmd_incident, CLI_WHY, 2, "incident N [ack|close|false] [--why TEXT]",
		"the page of one, or a decision about it"},
	{"tail", cmd_tail, CLI_AFTER, 0, "tail [--after ID]", "events as they arrive; Ctrl-C ends"},
	{"merchants", cmd_merchants, CLI_DRY_RUN, 2, "merchants [import FILE [--dry-run]]",
		"whose shops these are"},
	{"explain", cmd_explain, CLI_TYPE | CLI_SIGNATURES, 1,
		"explain FILE|-|HEX|EVENT [--type TYPE] [--signatures DIR]",
		"why it is a card, or none"},
};
#define COMMAND_CNT (sizeof(commands) / sizeof(commands[0]))

static const struct option_row options[] = {
	{"json", 0, false, CLI_JSON},
	{"socket", 0, true, CLI_SOCKET},
	{"why", 0, true, CLI_WHY},
	{"dry-run", 0, false, CLI_DRY_RUN},
	{"state", 0, true, CLI_STATE},
	{"run", 0, true, CLI_RUN},
	{"limit", 0, true, CLI_LIMIT},
	{"after", 0, true, CLI_AFTER},
	{"type", 0, true, CLI_TYPE},
	{"signatures", 0, true, CLI_SIGNATURES},
	{"help", 'h', false, CLI_HELP},
	{"version", 'V', false, CLI_VERSION},
};
#define OPTION_CNT (sizeof(options) / sizeof(options[0]))

static int usage(void)
{
	puts("usage: sekisho COMMAND [--json] [--socket PATH]\n");
	for (size_t i = 0; i < COMMAND_CNT; i++)
		printf("  %-58s %s\n", commands[i].usage, commands[i].sentence);
	puts("\n  --json         the aggregator's answer as it is, one object per line\n"
	     "  --socket PATH  of the aggregator (default: SEKISHO_SOCKET, or " SOCKET_PATH ")\n"
	     "Exit status: 0 done, 2 asked wrongly, 3 no answer, 4 internal");
	return EXIT_DONE;
}

static bool read_number(const char *option, const char *text, uint64_t *out, struct err *err)
{
	char *end;

	*out = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || strlen(text) > 18)
		return err_set(err, EXIT_USAGE, "%s: \"%s\" is not a number", option, text);
	return true;
}

/* It becomes part of a request line. */
static bool read_run(const char *text, struct err *err)
{
	size_t hex = strspn(text, "0123456789abcdef");

	if (strcmp(text, "live") == 0 || (hex == 16 && text[hex] == '\0'))
		return true;
	return err_set(err, EXIT_USAGE,
		"--run: \"%s\" is neither \"live\" nor the 16 hex digits of a replay", text);
}

static bool take_option(struct cli *cli, int code, const char *text, struct err *err)
{
	cli->given |= (unsigned)code;
	switch (code) {
	case CLI_SOCKET:
		cli->socket = text;
		return true;
	case CLI_WHY:
		cli->why = text;
		return true;
	case CLI_STATE:
		cli->state = text;
		return true;
	case CLI_RUN:
		cli->run = text;
		return read_run(text, err);
	case CLI_TYPE:
		cli->type = text;
		return true;
	case CLI_SIGNATURES:
		cli->signatures = text;
		return true;
	case CLI_LIMIT:
		return read_number("--limit", text, &cli->limit, err);
	case CLI_AFTER:
		return read_number("--after", text, &cli->after, err);
	default:
		return true;
	}
}

/* *first: the first of argv that is no option. */
static bool read_options(struct cli *cli, int argc, char **argv, int *first, struct err *err)
{
	struct option_walk walk = options_of(options, OPTION_CNT, argc, argv);
	int code;

	while ((code = option_next(&walk, err)) >= 0)
		if (!take_option(cli, code, walk.value, err))
			return false;
	*first = walk.at;
	return code == OPTION_END;
}

static const struct command *find_command(const char *word, struct err *err)
{
	const char *names[COMMAND_CNT];

	for (size_t i = 0; i < COMMAND_CNT; i++) {
		names[i] = commands[i].name;
		if (strcmp(word, names[i]) == 0)
			return &commands[i];
	}
	cli_unknown("command", word, names, COMMAND_CNT, err);
	return NULL;
}

static int run(struct cli *cli, const struct command *command, struct err *err)
{
	unsigned wrong = cli->given & ~(command->takes | CLI_JSON | CLI_SOCKET);

	for (size_t i = 0; i < OPTION_CNT; i++) {
		if ((wrong & (unsigned)options[i].code) == 0)
			continue;
		err_set(err, EXIT_USAGE, "--%s does not belong to \"%s\"; usage: sekisho %s",
			options[i].name, command->name, command->usage);
		return err->status;
	}
	if (cli->word_cnt > command->word_max) {
		err_set(err, EXIT_USAGE, "\"%s\" is one word too many; usage: sekisho %s",
			cli->words[command->word_max], command->usage);
		return err->status;
	}
	return command->run(cli, err);
}

static int act(struct cli *cli, int argc, char **argv, struct err *err)
{
	const char *path = getenv("SEKISHO_SOCKET");
	int first;

	cli->socket = path != NULL && path[0] != '\0' ? path : SOCKET_PATH;
	if (!read_options(cli, argc, argv, &first, err))
		return err->status;
	if ((cli->given & CLI_HELP) != 0)
		return usage();
	if ((cli->given & CLI_VERSION) != 0) {
		puts("sekisho " SEKISHO_VERSION);
		return EXIT_DONE;
	}
	if (first == argc) {
		err_set(err, EXIT_USAGE, "say what to do: see sekisho --help");
		return err->status;
	}
	const struct command *command = find_command(argv[first], err);
	if (command == NULL)
		return err->status;
	cli->words = argv + first + 1;
	cli->word_cnt = (size_t)(argc - first - 1);
	return run(cli, command, err);
}

int main(int argc, char **argv)
{
	static struct cli cli;
	struct err err = {0};

	page_start(&cli.page, stdout);
	int status = act(&cli, argc, argv, &err);
	if (err.status != 0)
		fprintf(stderr, "sekisho: %s\n", err.text);
	return status;
}
