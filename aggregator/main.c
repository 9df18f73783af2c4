/* main.c - sekisho-aggregator: one thread, one loop: sensors' messages into
 * the store, questions out of it. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "conf.h"
#include "ingest/zmq.h"
#include "merchant/merchant.h"
#include "serve/api.h"
#include "store/schema.h"

#define TURNS 8 /* of ingest before the API gets its turn */

struct program {
	const struct conf *conf;
	struct sql *sql;
	struct hub *hub;
	struct http *http;
	struct api api;
	int lock, signals;
	bool made; /* the database: there was none before this start */
};

/* Events are masked, but what is read of the wire stands in memory too. */
static bool no_core(struct err *err)
{
	const struct rlimit none = {0, 0};

	return (-1 != prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) && -1 != setrlimit(RLIMIT_CORE, &none)) ||
	       err_set(err, EXIT_CANNOT, "cannot switch core dumps off: %s", strerror(errno));
}

/* Two writers of one database would each keep marks of their own. */
static bool lock(struct program *p, struct err *err)
{
	char path[4096];

	if (snprintf(path, sizeof(path), "%s.lock", p->conf->db) >= (int)sizeof(path))
		return err_set(err, EXIT_USAGE, "--db: the path is too long");
	p->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (-1 == p->lock)
		return err_set(err, EXIT_CANNOT,
			"--db: %s: cannot be made or opened: %s; the folder must exist and be "
			"ours to write",
			path, strerror(errno));
	if (-1 == flock(p->lock, LOCK_EX | LOCK_NB))
		return err_set(err, EXIT_CANNOT,
			"--db: %s: another sekisho-aggregator uses this database; stop it, or "
			"name another",
			p->conf->db);
	p->made = -1 == access(p->conf->db, F_OK) && errno == ENOENT;
	return true;
}

/* err says which line: of which file. */
static void name_file(const char *path, struct err *err)
{
	const struct err line = *err;

	err_set(err, line.status, "--merchants: %s: %s", path, line.text);
}

static bool merchants_load(struct program *p, struct err *err)
{
	struct merchant_change change;
	struct stat st;
	bool good = false;

	int fd = open(p->conf->merchants, O_RDONLY | O_CLOEXEC);
	if (-1 == fd || -1 == fstat(fd, &st) || !S_ISREG(st.st_mode) ||
		st.st_size > HTTP_FILE_MAX) {
		err_set(err, EXIT_USAGE, "--merchants: %s: %s", p->conf->merchants,
			-1 == fd ? strerror(errno) : "is no file of at most 16 MiB");
	} else {
		size_t size = (size_t)st.st_size;
		uint8_t *text = malloc(size + 1);

		if (text == NULL || read(fd, text, size) != (ssize_t)size)
			err_set(err, EXIT_CANNOT, "--merchants: %s: cannot be read",
				p->conf->merchants);
		else
			good = merchants_import(p->sql, bytes_of(text, size), false,
				p->conf->policy_out, (int64_t)clock_real_ns(), &change, err);
		if (!good && text != NULL && err->status == EXIT_USAGE)
			name_file(p->conf->merchants, err);
		free(text);
	}
	if (-1 != fd)
		close(fd);
	return good;
}

static bool signals_open(struct program *p, struct err *err)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return -1 != p->signals || err_set(err, EXIT_CANNOT, "signalfd: %s", strerror(errno));
}

static bool program_open(struct program *p, struct err *err)
{
	const struct conf *conf = p->conf;

	if (!no_core(err) || !signals_open(p, err) || !lock(p, err))
		return false;
	p->sql = store_open(conf->db, conf->db_max, err);
	if (p->sql == NULL || (conf->merchants != NULL && !merchants_load(p, err)))
		return false;
	int64_t torn = audit_check(p->sql);
	if (torn != 0)
		log_line(LOG_LEVEL_ERROR, "the audit log was changed at row %lld", (long long)torn);
	if (conf->action == ACTION_TEST)
		return true;
	p->hub = hub_open(conf->listen, conf->publish, p->sql, err);
	if (p->hub == NULL)
		return false;
	p->api = (struct api){
		.sql = p->sql, .hub = p->hub, .db = conf->db, .policy_out = conf->policy_out};
	p->http = http_open(conf->socket, api_answer, api_limit, &p->api, err);
	return p->http != NULL;
}

/* A start that failed, or only tested, leaves no empty database. */
static void unmake(const char *db)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char path[4096];

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (snprintf(path, sizeof(path), "%s%s", db, parts[i]) < (int)sizeof(path))
			unlink(path);
}

static void program_close(struct program *p, bool ran)
{
	http_close(p->http);
	hub_close(p->hub);
	sql_close(p->sql);
	if (p->made && !ran)
		unmake(p->conf->db);
	if (-1 != p->lock)
		close(p->lock);
	if (-1 != p->signals)
		close(p->signals);
}

static void run(struct program *p)
{
	struct pollfd fds[4] = {
		{.fd = p->signals, .events = POLLIN}, {.fd = http_fd(p->http), .events = POLLIN}};
	int hub_fd[2];
	size_t count = hub_fds(p->hub, hub_fd);

	for (size_t i = 0; i < count; i++)
		fds[2 + i] = (struct pollfd){.fd = hub_fd[i], .events = POLLIN};
	log_line(LOG_LEVEL_INFO, "ready: sensors at %s, questions at %s", p->conf->listen,
		p->conf->socket);
	while (!(fds[0].revents & POLLIN)) {
		bool more = true, committed = false;

		for (int i = 0; more && i < TURNS; i++)
			more = hub_turn(p->hub, (int64_t)clock_real_ns(), &committed);
		if (committed)
			http_wake(p->http);
		int timeout = http_turn(p->http, clock_boot_ns());
		poll(fds, 2 + count, more ? 0 : timeout);
	}
	log_line(LOG_LEVEL_INFO, "told to end");
}

static int start(const struct conf *conf, struct err *err)
{
	struct program p = {.conf = conf, .lock = -1, .signals = -1};

	bool good = program_open(&p, err);
	bool runs = good && conf->action == ACTION_RUN;
	if (runs)
		run(&p);
	program_close(&p, runs);
	return good ? EXIT_DONE : err->status;
}

int main(int argc, char **argv)
{
	struct conf conf;
	struct err err = {0};
	int status = EXIT_DONE;

	if (!conf_read(&conf, argc, argv, &err))
		status = err.status;
	else if (conf.action == ACTION_HELP)
		conf_usage();
	else if (conf.action == ACTION_VERSION)
		puts("sekisho-aggregator " SEKISHO_VERSION);
	else
		status = start(&conf, &err);
	if (err.status != 0)
		fprintf(stderr, "sekisho-aggregator: %s\n", err.text);
	conf_drop(&conf);
	return status;
}
