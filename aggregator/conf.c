#include "conf.h"

#include <stdio.h>
#include <string.h>

#include "base/endpoint.h"
#include "base/option.h"
#include "base/yaml.h"

#define DB_MAX_LEAST (1u << 20)

enum option_code {
	OPT_LISTEN = 256,
	OPT_DB,
	OPT_DB_MAX,
	OPT_SOCKET,
	OPT_PUBLISH,
	OPT_MERCHANTS,
	OPT_POLICY_OUT
};

static const struct option_row options[] = {
	{"config", 'c', true, 'c'},
	{"test", 'T', false, 'T'},
	{"help", 'h', false, 'h'},
	{"version", 'V', false, 'V'},
	{"listen", 0, true, OPT_LISTEN},
	{"db", 0, true, OPT_DB},
	{"db-max", 0, true, OPT_DB_MAX},
	{"socket", 0, true, OPT_SOCKET},
	{"publish", 0, true, OPT_PUBLISH},
	{"merchants", 0, true, OPT_MERCHANTS},
	{"policy-out", 0, true, OPT_POLICY_OUT},
};
#define OPTION_CNT (sizeof(options) / sizeof(options[0]))

static const char *const keys[] = {
	"listen", "db", "db_max", "socket", "publish", "merchants", "policy_out"};

void conf_usage(void)
{
	puts("usage: sekisho-aggregator -c aggregator.yaml | --listen E --db PATH --socket PATH\n"
	     "  -c, --config FILE      aggregator.yaml: the options below as keys (db_max, ...)\n"
	     "      --listen ENDPOINT  where sensors connect: ipc://PATH or tcp://127.0.0.1:PORT\n"
	     "      --db PATH          the database; made if absent\n"
	     "      --db-max SIZE      of it at most (default: no limit); sensors wait when full\n"
	     "      --socket PATH      of the API (HTTP, mode 0660)\n"
	     "      --publish ENDPOINT alerts and health for other programs; a slow one misses "
	     "some\n"
	     "      --merchants FILE   CSV, read at the start\n"
	     "      --policy-out PATH  policy.yaml for sensors, written at every import\n"
	     "  -T, --test             check settings and the database, and end\n"
	     "Exit status: 0 done, 2 usage or settings, 3 cannot run, 4 internal");
}

static bool size_read(const char *text, uint64_t *out, struct err *err)
{
	struct err why = {0};
	char line[64];

	/* One reading of sizes: the settings file's. */
	snprintf(line, sizeof(line), "db_max: %.40s\n", text);
	struct yaml_doc *doc = yaml_read(bytes_text(line), "--db-max", &why);
	bool good = doc != NULL && yaml_size(yaml_get(yaml_root(doc), "db_max"), DB_MAX_LEAST,
					   1ull << 46, out, &why);
	yaml_drop(doc);
	return good ||
	       err_set(err, EXIT_USAGE,
		       "--db-max: \"%s\" is no size from 1M to 64T (like 512M or 20G)", text);
}

static bool file_read(struct conf *conf, const char *path, struct err *err)
{
	conf->doc = yaml_load(path, err);
	if (conf->doc == NULL)
		return false;
	const struct yaml_node *root = yaml_root(conf->doc);
	return yaml_check_keys(root, keys, sizeof(keys) / sizeof(keys[0]), err) &&
	       yaml_text(yaml_get(root, "listen"), &conf->listen, err) &&
	       yaml_text(yaml_get(root, "db"), &conf->db, err) &&
	       yaml_size(yaml_get(root, "db_max"), DB_MAX_LEAST, 1ull << 46, &conf->db_max, err) &&
	       yaml_text(yaml_get(root, "socket"), &conf->socket, err) &&
	       yaml_text(yaml_get(root, "publish"), &conf->publish, err) &&
	       yaml_text(yaml_get(root, "merchants"), &conf->merchants, err) &&
	       yaml_text(yaml_get(root, "policy_out"), &conf->policy_out, err);
}

static bool option_set(struct conf *conf, int code, const char *text, struct err *err)
{
	switch (code) {
	case OPT_LISTEN:
		conf->listen = text;
		return true;
	case OPT_DB:
		conf->db = text;
		return true;
	case OPT_DB_MAX:
		return size_read(text, &conf->db_max, err);
	case OPT_SOCKET:
		conf->socket = text;
		return true;
	case OPT_PUBLISH:
		conf->publish = text;
		return true;
	case OPT_MERCHANTS:
		conf->merchants = text;
		return true;
	case OPT_POLICY_OUT:
		conf->policy_out = text;
		return true;
	case 'T':
		conf->action = ACTION_TEST;
		return true;
	case 'V':
		conf->action = ACTION_VERSION;
		return true;
	case 'h':
		conf->action = ACTION_HELP;
		return true;
	default:
		return true;
	}
}

static bool line_read(struct conf *conf, int argc, char **argv, struct err *err)
{
	struct option_walk walk = options_of(options, OPTION_CNT, argc, argv);
	int code;

	while ((code = option_next(&walk, err)) >= 0)
		if (!option_set(conf, code, walk.value, err))
			return false;
	if (code == OPTION_END && walk.at < argc)
		return err_set(err, EXIT_USAGE, "\"%s\": no option; see --help", argv[walk.at]);
	return code == OPTION_END;
}

static bool complete(const struct conf *conf, struct err *err)
{
	if (conf->listen == NULL)
		return err_set(err, EXIT_USAGE, "--listen is missing: where sensors connect");
	if (conf->db == NULL)
		return err_set(err, EXIT_USAGE, "--db is missing: where events are kept");
	if (conf->socket == NULL)
		return err_set(err, EXIT_USAGE, "--socket is missing: where questions are asked");
	return endpoint_check("--listen", conf->listen, err) &&
	       (conf->publish == NULL || endpoint_check("--publish", conf->publish, err));
}

bool conf_read(struct conf *conf, int argc, char **argv, struct err *err)
{
	struct option_walk walk = options_of(options, OPTION_CNT, argc, argv);
	int code;

	*conf = (struct conf){0};
	while ((code = option_next(&walk, err)) >= 0) {
		if (code == 'c' && conf->doc != NULL)
			return err_set(err, EXIT_USAGE, "-c: one file only");
		if (code == 'c' && !file_read(conf, walk.value, err))
			return false;
	}
	if (code == OPTION_WRONG || !line_read(conf, argc, argv, err))
		return false;
	return conf->action == ACTION_HELP || conf->action == ACTION_VERSION || complete(conf, err);
}

void conf_drop(struct conf *conf)
{
	yaml_drop(conf->doc);
	conf->doc = NULL;
}
