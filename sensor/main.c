/* main.c - sekisho-sensor: reads what it was told, then one of a few actions. */
#include <stdio.h>

#include "base/log.h"
#include "keeper/keeper.h"

#ifndef SEKISHO_VERSION
#define SEKISHO_VERSION "0"
#endif

static int act(const struct conf *conf, struct err *err)
{
	switch (conf->action) {
	case ACTION_HELP:
		conf_usage();
		return EXIT_DONE;
	case ACTION_VERSION:
		puts("sekisho-sensor " SEKISHO_VERSION);
		return EXIT_DONE;
	case ACTION_INTERFACES:
		return source_list_interfaces(err) ? EXIT_DONE : err->status;
	case ACTION_TEST:
		return keeper_test(conf, err);
	case ACTION_RUN:
		return keeper_run(conf, err);
	}
	return EXIT_INTERNAL;
}

int main(int argc, char **argv)
{
	static struct conf conf;
	struct err err = {0};
	int status;

	status = conf_read(&conf, argc, argv, &err) ? act(&conf, &err) : err.status;
	if (err.text[0] != '\0')
		fprintf(stderr, "sekisho-sensor: %s\n", err.text);
	conf_drop(&conf);
	return status;
}
