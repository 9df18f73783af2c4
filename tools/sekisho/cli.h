/* cli.h - what a subcommand of sekisho gets, and the subcommands there are. */
#ifndef SEKISHO_TOOLS_CLI_H
#define SEKISHO_TOOLS_CLI_H

#include "sekisho/api.h"
#include "sekisho/page.h"

enum cli_option {
	CLI_JSON = 1 << 0, /* this and the next: of every subcommand */
	CLI_SOCKET = 1 << 1,
	CLI_WHY = 1 << 2,
	CLI_DRY_RUN = 1 << 3,
	CLI_STATE = 1 << 4,
	CLI_RUN = 1 << 5,
	CLI_LIMIT = 1 << 6,
	CLI_AFTER = 1 << 7,
	CLI_HELP = 1 << 8,
	CLI_VERSION = 1 << 9,
	CLI_TYPE = 1 << 10,
	CLI_SIGNATURES = 1 << 11,
};

struct cli {
	unsigned given; /* enum cli_option bits */
	const char *socket, *why, *state, *run, *type, *signatures;
	uint64_t limit, after;
	char *const *words; /* behind the subcommand */
	size_t word_cnt;
	struct page page; /* standard output */
};

/* Each returns an exit status (base/err.h) and sets err where it is not 0 and
 * something is to be said. */
int cmd_status(struct cli *cli, struct err *err);
int cmd_incidents(struct cli *cli, struct err *err);
int cmd_incident(struct cli *cli, struct err *err);
int cmd_tail(struct cli *cli, struct err *err);
int cmd_merchants(struct cli *cli, struct err *err);
int cmd_explain(struct cli *cli, struct err *err);

/* GET; NULL with err.  With --json the object is printed already. */
struct value *cli_get(struct cli *cli, const char *target, struct err *err);
struct value *cli_post(
	struct cli *cli, const char *target, struct bytes body, const char *type, struct err *err);
/* One line of JSON, flushed; false if standard output is gone. */
bool cli_print_json(struct cli *cli, const struct value *value, struct err *err);
/* The page is whole: what was written reached standard output. */
int cli_end(struct cli *cli, struct err *err);
/* Another word than those that are known. */
int cli_unknown(const char *what, const char *word, const char *const known[], size_t count,
	struct err *err);

#endif
