/* conf.h - what the sensor was told: command line over sensor.yaml over defaults. */
#ifndef SEKISHO_KEEPER_CONF_H
#define SEKISHO_KEEPER_CONF_H

#include "build/build.h"
#include "capture/source.h"

#define CONF_INTERFACES_MAX 16

enum conf_action { ACTION_RUN, ACTION_TEST, ACTION_INTERFACES, ACTION_HELP, ACTION_VERSION };

struct conf {
	enum conf_action action;
	const char *files[SOURCE_INPUTS_MAX];
	uint32_t file_cnt;
	const char *interfaces[CONF_INTERFACES_MAX];
	uint32_t interface_cnt;
	const char *bpf;
	uint64_t ring_bytes; /* kernel's, per interface */
	struct build_request build;
	uint32_t workers;
	uint64_t memory;
	bool to_stdout;      /* --events - */
	const char *publish; /* endpoint of the aggregator */
	const char *spool_dir;
	uint64_t spool_bytes;
	const char *card_key; /* path of the token key; NULL: beside the spool */
	const char *name;
	uint32_t fact_ring;   /* bytes; 0 = default */
	struct yaml_doc *doc; /* owns what came from the file */
};

/* Reads the command line (and the file it names).  False: usage or settings,
 * status EXIT_USAGE. */
bool conf_read(struct conf *conf, int argc, char **argv, struct err *err);
void conf_drop(struct conf *conf);
void conf_usage(void);

#endif
