/* conf.h - settings: aggregator.yaml, then the command line over it. */
#ifndef SEKISHO_AGGREGATOR_CONF_H
#define SEKISHO_AGGREGATOR_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

enum conf_action { ACTION_RUN, ACTION_TEST, ACTION_HELP, ACTION_VERSION };

struct conf {
	enum conf_action action;
	const char *listen, *db, *socket;             /* needed */
	const char *publish, *merchants, *policy_out; /* NULL: none */
	uint64_t db_max;                              /* bytes; 0: no limit */
	struct yaml_doc *doc;                         /* texts live in it */
};

bool conf_read(struct conf *conf, int argc, char **argv, struct err *err);
void conf_drop(struct conf *conf);
void conf_usage(void);

#endif
