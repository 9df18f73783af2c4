#include "keeper/conf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/option.h"
#include "base/yaml.h"
#include "engine.h"

#ifndef SEKISHO_SIGNATURES
#define SEKISHO_SIGNATURES "/usr/share/sekisho/signatures"
#endif

enum option_code {
	OPT_POLICY = 256,
	OPT_LIST,
	OPT_RULES,
	OPT_GEOIP,
	OPT_WORKERS,
	OPT_MEMORY,
	OPT_PUBLISH,
	OPT_EVENTS,
	OPT_SPOOL,
	OPT_SPOOL_SIZE,
	OPT_CARD_KEY,
	OPT_NAME,
	OPT_BPF,
	OPT_SIGNATURES,
	OPT_INTERFACES,
	OPT_FACT_RING,
};

static const struct option_row options[] = {
	{"read", 'r', true, 'r'},
	{"interface", 'i', true, 'i'},
	{"config", 'c', true, 'c'},
	{"test", 'T', false, 'T'},
	{"help", 'h', false, 'h'},
	{"version", 'V', false, 'V'},
	{"policy", 0, true, OPT_POLICY},
	{"list", 0, true, OPT_LIST},
	{"rules", 0, true, OPT_RULES},
	{"geoip", 0, true, OPT_GEOIP},
	{"workers", 0, true, OPT_WORKERS},
	{"memory", 0, true, OPT_MEMORY},
	{"publish", 0, true, OPT_PUBLISH},
	{"events", 0, true, OPT_EVENTS},
	{"spool", 0, true, OPT_SPOOL},
	{"spool-size", 0, true, OPT_SPOOL_SIZE},
	{"card-key", 0, true, OPT_CARD_KEY},
	{"name", 0, true, OPT_NAME},
	{"bpf", 0, true, OPT_BPF},
	{"signatures", 0, true, OPT_SIGNATURES},
	{"interfaces", 0, false, OPT_INTERFACES},
	{"fact-ring", 0, true, OPT_FACT_RING},
};
#define OPTION_CNT (sizeof(options) / sizeof(options[0]))

void conf_usage(void)
{
	puts("usage: sekisho-sensor -r PATH... | -i IFACE... [options]\n"
	     "  -r, --read PATH        capture files (pcap, pcapng, also gzip'd); may be repeated\n"
	     "  -i, --interface NAME   capture live; may be repeated\n"
	     "  -c, --config FILE      sensor.yaml\n"
	     "      --policy FILE      policy.yaml: whose servers, where cards may go\n"
	     "      --list FILE        addresses, prefixes and domains to watch; may be repeated\n"
	     "      --rules FILE       signatures beside our own; may be repeated\n"
	     "      --geoip FILE       MaxMind DB of countries or ASNs; at most two\n"
	     "      --bpf EXPRESSION   live: packets to keep\n"
	     "      --events -         events to standard output, no aggregator\n"
	     "      --publish ENDPOINT of the aggregator (ipc://PATH, tcp://127.0.0.1:PORT)\n"
	     "      --spool DIR        where events wait (and the card key stands)\n"
	     "      --spool-size SIZE  at most (default 4G)\n"
	     "      --card-key FILE    32 bytes, mode 0600; made if absent\n"
	     "      --name NAME        of this sensor (default: sensor)\n"
	     "      --workers N        1..64 (default 1)\n"
	     "      --memory SIZE      of everything (default 1G)\n"
	     "      --signatures DIR   where cards, rules and PSP profiles stand\n"
	     "      --interfaces       list interfaces and end\n"
	     "  -T, --test             check settings, rules, lists and policy, and end\n"
	     "Exit status: 0 done, 1 done with damage, 2 usage or settings, 3 cannot run, 4 "
	     "internal");
}

static bool number(const char *text, const char *option, uint64_t min, uint64_t max, uint64_t *out,
	struct err *err)
{
	static const char units[] = "KMGT";
	char *end;
	uint64_t value = strtoull(text, &end, 10);
	const char *unit = *end != '\0' ? strchr(units, *end) : NULL;

	if (unit != NULL) {
		value <<= 10 * (unit - units + 1);
		end++;
	}
	if (end == text || *end != '\0' || text[0] == '-' || value < min || value > max)
		return err_set(err, EXIT_USAGE,
			"%s: \"%s\" is not a number from %llu to %llu (K, M, G for powers of 1024)",
			option, text, (unsigned long long)min, (unsigned long long)max);
	*out = value;
	return true;
}

static bool add_path(const char *paths[], uint32_t *count, uint32_t max, const char *path,
	const char *option, struct err *err)
{
	if (*count == max)
		return err_set(err, EXIT_USAGE, "%s: at most %u are taken", option, max);
	paths[(*count)++] = path;
	return true;
}

static bool set_number(struct conf *conf, int code, const char *text, struct err *err)
{
	uint64_t value = 0;

	switch (code) {
	case OPT_WORKERS:
		if (!number(text, "--workers", 1, ENGINE_WORKERS_MAX, &value, err))
			return false;
		conf->workers = (uint32_t)value;
		return true;
	case OPT_FACT_RING:
		if (!number(text, "--fact-ring", 32768, 1u << 30, &value, err))
			return false;
		conf->fact_ring = (uint32_t)value;
		return true;
	case OPT_MEMORY:
		return number(text, "--memory", ENGINE_MEMORY_MIN, 1ull << 40, &conf->memory, err);
	default:
		return number(text, "--spool-size", 64u << 20, 1ull << 44, &conf->spool_bytes, err);
	}
}

static void set_signatures(struct conf *conf, const char *dir, char paths[3][4096])
{
	snprintf(paths[0], sizeof(paths[0]), "%s/psp", dir);
	snprintf(paths[1], sizeof(paths[1]), "%s/cards", dir);
	snprintf(paths[2], sizeof(paths[2]), "%s/rules/sekisho.rules", dir);
	conf->build.profiles_dir = paths[0];
	conf->build.cards_dir = paths[1];
	conf->build.rules[0] = paths[2];
}

static bool set_events(struct conf *conf, const char *text, struct err *err)
{
	if (strcmp(text, "-") != 0)
		return err_set(err, EXIT_USAGE,
			"--events: only \"-\" (standard output) is known, not \"%s\"", text);
	conf->to_stdout = true;
	return true;
}

static bool set_option(struct conf *conf, int code, const char *text, const char **config,
	char paths[3][4096], struct err *err)
{
	switch (code) {
	case 'r':
		return add_path(conf->files, &conf->file_cnt, SOURCE_INPUTS_MAX, text, "-r", err);
	case 'i':
		return add_path(conf->interfaces, &conf->interface_cnt, CONF_INTERFACES_MAX, text,
			"-i", err);
	case 'c':
		*config = text;
		return true;
	case 'T':
		conf->action = ACTION_TEST;
		return true;
	case 'h':
		conf->action = ACTION_HELP;
		return true;
	case 'V':
		conf->action = ACTION_VERSION;
		return true;
	case OPT_INTERFACES:
		conf->action = ACTION_INTERFACES;
		return true;
	case OPT_POLICY:
		conf->build.policy_path = text;
		return true;
	case OPT_LIST:
		return add_path(conf->build.lists, &conf->build.list_cnt, BUILD_PATHS_MAX, text,
			"--list", err);
	case OPT_RULES:
		return add_path(conf->build.rules, &conf->build.rule_cnt, BUILD_PATHS_MAX, text,
			"--rules", err);
	case OPT_GEOIP:
		return add_path(conf->build.geoip, &conf->build.geoip_cnt, BUILD_GEO_MAX, text,
			"--geoip", err);
	case OPT_PUBLISH:
		conf->publish = text;
		return true;
	case OPT_EVENTS:
		return set_events(conf, text, err);
	case OPT_SPOOL:
		conf->spool_dir = text;
		return true;
	case OPT_CARD_KEY:
		conf->card_key = text;
		return true;
	case OPT_NAME:
		conf->name = text;
		return true;
	case OPT_BPF:
		conf->bpf = text;
		return true;
	case OPT_SIGNATURES:
		set_signatures(conf, text, paths);
		return true;
	default:
		return set_number(conf, code, text, err);
	}
}

static bool read_options(struct conf *conf, int argc, char **argv, const char **config,
	char paths[3][4096], struct err *err)
{
	struct option_walk walk = options_of(options, OPTION_CNT, argc, argv);
	int code;

	while ((code = option_next(&walk, err)) >= 0)
		if (!set_option(conf, code, walk.value, config, paths, err))
			return false;
	if (code == OPTION_WRONG)
		return false;
	for (int i = walk.at; i < argc; i++) {
		if (conf->file_cnt == 0)
			return err_set(err, EXIT_USAGE,
				"\"%s\" stands alone; files to read follow -r", argv[i]);
		if (!add_path(conf->files, &conf->file_cnt, SOURCE_INPUTS_MAX, argv[i], "-r", err))
			return false;
	}
	return true;
}

static bool yaml_paths(const struct yaml_node *list, const char *paths[], uint32_t *count,
	uint32_t max, struct err *err)
{
	if (!yaml_is(list, YAML_SEQUENCE, err))
		return false;
	for (const struct yaml_node *item = list != NULL ? list->first : NULL; item != NULL;
		item = item->next) {
		if (*count == max)
			return yaml_error(item, err, "at most %u are taken", max);
		if (!yaml_text(item, &paths[*count], err))
			return false;
		(*count)++;
	}
	return true;
}

static bool read_file(struct conf *conf, const char *path, const char **signatures, struct err *err)
{
	static const char *const keys[] = {"name", "interfaces", "bpf", "workers", "memory",
		"publish", "spool", "spool_size", "card_key", "policy", "lists", "rules", "geoip",
		"signatures", "ring"};
	uint64_t workers = conf->workers;

	conf->doc = yaml_load(path, err);
	if (conf->doc == NULL)
		return false;
	const struct yaml_node *root = yaml_root(conf->doc);
	if (!yaml_check_keys(root, keys, sizeof(keys) / sizeof(keys[0]), err) ||
		!yaml_text(yaml_get(root, "name"), &conf->name, err) ||
		!yaml_text(yaml_get(root, "bpf"), &conf->bpf, err) ||
		!yaml_text(yaml_get(root, "publish"), &conf->publish, err) ||
		!yaml_text(yaml_get(root, "spool"), &conf->spool_dir, err) ||
		!yaml_text(yaml_get(root, "card_key"), &conf->card_key, err) ||
		!yaml_text(yaml_get(root, "policy"), &conf->build.policy_path, err) ||
		!yaml_text(yaml_get(root, "signatures"), signatures, err) ||
		!yaml_u64(yaml_get(root, "workers"), 1, ENGINE_WORKERS_MAX, &workers, err) ||
		!yaml_size(yaml_get(root, "memory"), ENGINE_MEMORY_MIN, 1ull << 40, &conf->memory,
			err) ||
		!yaml_size(yaml_get(root, "ring"), 1u << 20, 1ull << 34, &conf->ring_bytes, err) ||
		!yaml_size(yaml_get(root, "spool_size"), 64u << 20, 1ull << 44, &conf->spool_bytes,
			err))
		return false;
	conf->workers = (uint32_t)workers;
	return yaml_paths(yaml_get(root, "interfaces"), conf->interfaces, &conf->interface_cnt,
		       CONF_INTERFACES_MAX, err) &&
	       yaml_paths(yaml_get(root, "lists"), conf->build.lists, &conf->build.list_cnt,
		       BUILD_PATHS_MAX, err) &&
	       yaml_paths(yaml_get(root, "rules"), conf->build.rules, &conf->build.rule_cnt,
		       BUILD_PATHS_MAX, err) &&
	       yaml_paths(yaml_get(root, "geoip"), conf->build.geoip, &conf->build.geoip_cnt,
		       BUILD_GEO_MAX, err);
}

static bool check(struct conf *conf, struct err *err)
{
	if (conf->action != ACTION_RUN && conf->action != ACTION_TEST)
		return true;
	if (conf->file_cnt > 0)
		conf->interface_cnt = 0; /* files given by hand win over the file's interfaces */
	if (conf->action == ACTION_RUN && conf->file_cnt == 0 && conf->interface_cnt == 0)
		return err_set(err, EXIT_USAGE,
			"nothing to read; give -r FILE or -i INTERFACE (see --help)");
	if (conf->action == ACTION_RUN && !conf->to_stdout && conf->publish == NULL)
		return err_set(err, EXIT_USAGE,
			"nowhere to send events; give --events - or --publish ENDPOINT");
	if (conf->to_stdout && conf->publish != NULL)
		return err_set(err, EXIT_USAGE, "--events and --publish exclude each other");
	if (conf->publish != NULL && conf->spool_dir == NULL)
		return err_set(err, EXIT_USAGE,
			"--publish needs --spool DIR, where events wait until they are stored");
	if (conf->publish != NULL && !endpoint_check("--publish", conf->publish, err))
		return false;
	conf->build.default_level = conf->interface_cnt > 0 ? LEVEL_CONTACTS : LEVEL_CONTENT;
	return true;
}

/* Two passes: the file gives what the command line does not. */
bool conf_read(struct conf *conf, int argc, char **argv, struct err *err)
{
	static char paths[3][4096];
	const char *config = NULL, *signatures = SEKISHO_SIGNATURES;

	*conf = (struct conf){.workers = 1,
		.memory = 1ull << 30,
		.ring_bytes = 64u << 20,
		.spool_bytes = 4ull << 30,
		.name = "sensor",
		.build = {.rule_cnt = 1}};
	set_signatures(conf, signatures, paths);
	if (!read_options(conf, argc, argv, &config, paths, err))
		return false;
	if (config != NULL) {
		*conf = (struct conf){.workers = 1,
			.memory = 1ull << 30,
			.ring_bytes = 64u << 20,
			.spool_bytes = 4ull << 30,
			.name = "sensor",
			.build = {.rule_cnt = 1}};
		if (!read_file(conf, config, &signatures, err))
			return false;
		set_signatures(conf, signatures, paths);
		if (!read_options(conf, argc, argv, &config, paths, err))
			return false;
	}
	return check(conf, err);
}

void conf_drop(struct conf *conf)
{
	yaml_drop(conf->doc);
	conf->doc = NULL;
}
