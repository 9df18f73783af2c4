#include "keeper/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/secret.h"
#include "base/syscalls.h"
#include "engine.h"
#include "keeper/child.h"
#include "keeper/feed.h"
#include "keeper/key.h"
#include "keeper/reload.h"
#include "keeper/restart.h"
#include "keeper/ring.h"
#include "keeper/sink.h"
#include "shipper/shipper.h"

#define RESTARTS_MAX 5                /* of an engine that files kill again and again */
#define ENGINE_LIVED_NS 5000000000ull /* it died of something else then */
#define SHIPPER_LIVED_NS 60000000000ull
#define TICK_NS 1000000000ull

struct keeper {
	const struct conf *conf;
	struct source *source;
	struct generation generation;
	struct event_ring ring;
	uint8_t card_key[CARD_KEY_LEN];
	pid_t engine, shipper;
	int engine_status; /* exit status once it has ended for good; -1: runs */
	uint32_t restarts; /* of the engine */
	struct restart engine_again, shipper_again;
	struct reload reload;
	sigset_t signals; /* that are waited for, and blocked else */
	bool stopping;
};

static bool open_source(struct keeper *keeper, struct err *err)
{
	const struct conf *conf = keeper->conf;

	if (conf->file_cnt > 0)
		keeper->source = source_files(conf->files, conf->file_cnt, err);
	else
		keeper->source = source_live(
			conf->interfaces, conf->interface_cnt, conf->bpf, conf->ring_bytes, err);
	return keeper->source != NULL;
}

static bool open_key(struct keeper *keeper, struct err *err)
{
	const struct conf *conf = keeper->conf;
	char path[4096];

	if (conf->card_key != NULL)
		return key_load(conf->card_key, keeper->card_key, err);
	if (conf->spool_dir == NULL)
		return key_random(keeper->card_key, err);
	snprintf(path, sizeof(path), "%s/card.key", conf->spool_dir);
	return key_load(path, keeper->card_key, err);
}

static bool make_spool(const struct conf *conf, struct err *err)
{
	struct stat state;

	if (conf->spool_dir == NULL || mkdir(conf->spool_dir, 0700) == 0)
		return true;
	if (errno != EEXIST)
		return err_set(err, EXIT_CANNOT,
			"--spool: %s: cannot make the folder: %s; make it, or name another",
			conf->spool_dir, strerror(errno));
	if (stat(conf->spool_dir, &state) == -1 || !S_ISDIR(state.st_mode))
		return err_set(err, EXIT_CANNOT, "--spool: %s: is no folder; name another",
			conf->spool_dir);
	if (access(conf->spool_dir, R_OK | W_OK | X_OK) == -1)
		return err_set(err, EXIT_CANNOT,
			"--spool: %s: cannot be written: %s; give it to the user of the sensor",
			conf->spool_dir, strerror(errno));
	return true;
}

static void say_defaults(const struct conf *conf)
{
	if (conf->build.policy_path == NULL)
		log_line(LOG_LEVEL_WARN,
			"no policy: private addresses count as protected, level is %s; give "
			"--policy",
			conf->build.default_level == LEVEL_CONTENT ? "content" : "contacts");
	if (!syscalls_filtered())
		log_line(LOG_LEVEL_WARN,
			"BUILT WITH A SANITIZER: no process's system calls are filtered; not for "
			"real traffic");
	if (conf->spool_dir == NULL && conf->card_key == NULL)
		log_line(LOG_LEVEL_INFO,
			"card tokens are of this run alone; --card-key FILE keeps the key");
}

static bool prepare(struct keeper *keeper, struct err *err)
{
	/* Nothing is written before all that was given is known to be good. */
	if (!child_no_core(err) || !open_source(keeper, err))
		return false;
	source_fork(keeper->source, false); /* the builder reads strangers' text */
	if (!build_in_child(&keeper->conf->build, &keeper->generation, err) ||
		!make_spool(keeper->conf, err) || !open_key(keeper, err))
		return false;
	return event_ring_open(&keeper->ring,
		       keeper->conf->to_stdout ? NULL : keeper->conf->spool_dir, err) &&
	       child_keep(CHILD_CAPS_FILES, err);
}

static bool engine_ready(void *self, struct err *err)
{
	return child_confine_engine(err) && feed_start(self, err);
}

static void run_number(const struct keeper *keeper, struct engine_conf *conf)
{
	uint64_t key[2] = {source_identity(keeper->source), keeper->generation.id};

	if (conf->live && getrandom(key, sizeof(key), 0) != sizeof(key))
		log_line(LOG_LEVEL_ERROR, "no random bytes for the run's number");
	const struct hash_key none = {0, 0};
	conf->run = hash_sip24(&none, key, sizeof(key));
	conf->key = (struct hash_key){key[0], key[1]};
}

static void say_damage(struct source *source)
{
	for (uint32_t i = 0; i < source_inputs(source); i++) {
		struct source_input input;

		source_input(source, i, &input);
		if (input.damage != NULL)
			log_line(LOG_LEVEL_WARN, "%s: %s; what stands before it was read",
				input.name, input.damage);
	}
}

/* The child's whole life. */
static int engine_child(struct keeper *keeper)
{
	static struct feed feed; /* its thread ends with the process */
	struct err err = {0};
	struct ring_sink ring = {.live = source_is_live(keeper->source) && !keeper->conf->to_stdout,
		.stop = &child_stop};
	struct engine_report report = {0};
	struct event_sink sink = ring_sink(&ring);
	struct engine_conf conf = {.workers = keeper->conf->workers,
		.memory = keeper->conf->memory,
		.fact_ring = keeper->conf->fact_ring,
		.live = source_is_live(keeper->source),
		.sensor = keeper->conf->name,
		.ready = engine_ready,
		.self = &feed};

	reload_forget_keeper(&keeper->reload);
	feed_init(&feed, conf.live ? &keeper->reload.control : NULL, keeper->reload.serial,
		&keeper->generation);
	memcpy(conf.token_key, keeper->card_key, sizeof(conf.token_key));
	if (keeper->restarts > 0)
		source_take_over(keeper->source);
	struct labels *labels[ENGINE_WORKERS_MAX] = {NULL};
	if (!labels_new_all(labels, conf.workers, &err)) {
		log_line(LOG_LEVEL_ERROR, "engine: %s", err.text);
		return err.status;
	}
	conf.labels = labels;
	run_number(keeper, &conf);
	if (!child_start("sekisho-engine", &err) || !child_keep(CHILD_CAPS_NONE, &err) ||
		!secret_stack(&err) ||
		!spsc_attach(&ring.ring, keeper->ring.mem, keeper->ring.len, true)) {
		log_line(LOG_LEVEL_ERROR, "engine: %s", err.text);
		return EXIT_INTERNAL;
	}
	int status = engine_run(
		&conf, keeper->source, sink, feed_calls(&feed), &child_stop, &report, &err);
	explicit_bzero(conf.token_key, sizeof(conf.token_key));
	explicit_bzero(keeper->card_key, sizeof(keeper->card_key));
	labels_free_all(labels, conf.workers);
	if (err.status != 0)
		log_line(LOG_LEVEL_ERROR, "engine: %s", err.text);
	say_damage(keeper->source);
	if (report.quotas > 0)
		log_line(LOG_LEVEL_WARN,
			"limits of memory cut inspection n=%llu hint=\"raise --memory\"",
			(unsigned long long)report.quotas);
	if (report.join.imbalance != 0 || report.join.too_long != 0)
		log_line(LOG_LEVEL_ERROR, "the books do not balance: %lld bytes, %llu events",
			(long long)report.join.imbalance, (unsigned long long)report.join.too_long);
	return status;
}

static int shipper_child(struct keeper *keeper)
{
	const struct conf *conf = keeper->conf;
	struct err err = {0};
	struct spsc ring;
	struct shipper_conf shipper = {.endpoint = conf->publish,
		.spool_dir = conf->spool_dir,
		.spool_bytes = conf->spool_bytes,
		.name = conf->name,
		.until_drained = !source_is_live(keeper->source)};

	source_close(keeper->source); /* it never sees a packet, nor could */
	explicit_bzero(keeper->card_key, sizeof(keeper->card_key));
	reload_forget(&keeper->reload);
	if (!child_start("sekisho-shipper", &err) || !child_keep(CHILD_CAPS_FILES, &err) ||
		!child_confine_shipper(&err) ||
		!spsc_attach(&ring, keeper->ring.mem, keeper->ring.len, false)) {
		log_line(LOG_LEVEL_ERROR, "shipper: %s", err.text);
		return EXIT_INTERNAL;
	}
	int status = shipper_run(&shipper, &ring, &child_stop, &err);
	if (err.status != 0)
		log_line(LOG_LEVEL_ERROR, "shipper: %s", err.text);
	return status;
}

static pid_t start(struct keeper *keeper, int (*child)(struct keeper *), struct err *err)
{
	source_fork(keeper->source, child == engine_child);
	pid_t pid = fork();

	if (pid != 0)
		source_fork(keeper->source, false);
	if (pid == -1)
		err_set(err, EXIT_CANNOT, "cannot start a process: %s", strerror(errno));
	if (pid != 0)
		return pid;
	_exit(child(keeper));
}

static void say_no_more_events(struct keeper *keeper)
{
	struct spsc_control *control = keeper->ring.mem;

	atomic_store(&control->words[SHIPPER_WORD_ENDED], 1);
}

static const char *how(int status)
{
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		return "a system call that is not on its list: our mistake or a break-in; the "
		       "kernel's log names it, audit type 1326";
	return WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "exit";
}

static bool start_engine(struct keeper *keeper, struct err *err)
{
	restart_started(&keeper->engine_again, clock_boot_ns());
	keeper->engine = start(keeper, engine_child, err);
	return keeper->engine != -1;
}

static bool start_shipper(struct keeper *keeper, struct err *err)
{
	restart_started(&keeper->shipper_again, clock_boot_ns());
	keeper->shipper = start(keeper, shipper_child, err);
	return keeper->shipper != -1;
}

static void engine_ended(struct keeper *keeper, int status)
{
	keeper->engine_status = status;
	say_no_more_events(keeper);
}

/* The engine is gone: for good if it said so or files kill it again and again.  Live it
 * starts again for ever. */
static bool engine_gone(struct keeper *keeper, int status, struct err *err)
{
	bool live = source_is_live(keeper->source);

	keeper->engine = 0;
	if (!WIFSIGNALED(status)) {
		engine_ended(keeper, WEXITSTATUS(status));
		return true;
	}
	if (keeper->stopping || (!live && keeper->restarts == RESTARTS_MAX)) {
		if (!keeper->stopping)
			log_line(LOG_LEVEL_ERROR, "the engine died %u times; giving up",
				keeper->restarts + 1);
		engine_ended(keeper, EXIT_INTERNAL);
		return true;
	}
	keeper->restarts++;
	uint64_t pause_ns = restart_died(&keeper->engine_again, clock_boot_ns());
	log_line(LOG_LEVEL_ERROR, "the engine died (%s); it starts again in %u ms", how(status),
		live ? (unsigned)(pause_ns / 1000000) : 0);
	return live || start_engine(keeper, err); /* files wait for nobody */
}

static bool shipper_gone(struct keeper *keeper, int status, struct err *err)
{
	keeper->shipper = 0;
	if (!WIFSIGNALED(status)) {
		if (WEXITSTATUS(status) != EXIT_DONE)
			err->status = WEXITSTATUS(status); /* it has said why */
		return WEXITSTATUS(status) == EXIT_DONE;
	}
	if (keeper->stopping)
		return true;
	uint64_t pause_ns = restart_died(&keeper->shipper_again, clock_boot_ns());
	log_line(LOG_LEVEL_ERROR, "the shipper died (%s); it starts again in %u ms", how(status),
		(unsigned)(pause_ns / 1000000));
	return true;
}

static void stop_children(struct keeper *keeper)
{
	keeper->stopping = true;
	if (keeper->engine_again.due_ns != 0)
		engine_ended(keeper, EXIT_INTERNAL);
	keeper->engine_again.due_ns = keeper->shipper_again.due_ns = 0;
	if (keeper->engine > 0)
		kill(keeper->engine, SIGTERM);
	else if (keeper->shipper > 0)
		kill(keeper->shipper, SIGTERM);
}

/* Whoever is gone is seen to. */
static bool reap(struct keeper *keeper, struct err *err)
{
	bool fine = true;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid == keeper->engine)
			fine = engine_gone(keeper, status, err) && fine;
		else if (pid == keeper->shipper)
			fine = shipper_gone(keeper, status, err) && fine;
		else if (keeper->reload.running && pid == keeper->reload.child.pid)
			reload_end(&keeper->reload, status, &keeper->generation);
	}
	return fine;
}

/* Those whose pause is over. */
static bool start_due(struct keeper *keeper, struct err *err)
{
	uint64_t now_ns = clock_boot_ns();
	bool fine = true;

	if (keeper->engine_again.due_ns != 0 && keeper->engine_again.due_ns <= now_ns)
		fine = start_engine(keeper, err);
	if (fine && keeper->shipper_again.due_ns != 0 && keeper->shipper_again.due_ns <= now_ns)
		fine = start_shipper(keeper, err);
	return fine;
}

static struct timespec until_due(const struct keeper *keeper)
{
	uint64_t due[] = {keeper->engine_again.due_ns, keeper->shipper_again.due_ns};
	uint64_t now_ns = clock_boot_ns(), wait_ns = TICK_NS;

	for (size_t i = 0; i < sizeof(due) / sizeof(due[0]); i++) {
		uint64_t left_ns = due[i] > now_ns ? due[i] - now_ns : 0;

		if (due[i] != 0 && left_ns < wait_ns)
			wait_ns = left_ns;
	}
	return (struct timespec){
		.tv_sec = (time_t)(wait_ns / 1000000000), .tv_nsec = (long)(wait_ns % 1000000000)};
}

static bool has_child(const struct keeper *keeper)
{
	return keeper->engine > 0 || keeper->engine_again.due_ns != 0 || keeper->shipper > 0 ||
	       keeper->shipper_again.due_ns != 0;
}

/* A replay is of one generation: its events, sent again, must be the same. */
static void hang_up(struct keeper *keeper)
{
	if (source_is_live(keeper->source))
		reload_begin(&keeper->reload);
	else
		log_line(LOG_LEVEL_WARN,
			"SIGHUP: a replay reads its files once, at the start; it goes on");
}

/* Until both are gone.  The shipper is told to end only after the engine has. */
static bool watch(struct keeper *keeper, struct err *err)
{
	bool fine = true;

	while (has_child(keeper)) {
		const struct timespec wait = until_due(keeper);
		int signal = sigtimedwait(&keeper->signals, NULL, &wait);

		if (signal == SIGHUP && !keeper->stopping)
			hang_up(keeper);
		source_tend(keeper->source);
		fine = reap(keeper, err) && fine;
		if (signal == SIGTERM || signal == SIGINT || keeper->stopping || !fine)
			stop_children(keeper);
		fine = start_due(keeper, err) && fine;
	}
	return fine;
}

/* For as long as we live: it ends nothing, and what comes before we watch is seen to then. */
static void block_hangup(void)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	sigprocmask(SIG_BLOCK, &hangup, NULL);
}

static void block_signals(struct keeper *keeper)
{
	sigemptyset(&keeper->signals);
	sigaddset(&keeper->signals, SIGTERM);
	sigaddset(&keeper->signals, SIGINT);
	sigaddset(&keeper->signals, SIGCHLD);
	sigaddset(&keeper->signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &keeper->signals, NULL);
}

static int run(struct keeper *keeper, struct err *err)
{
	struct spsc_control *control;

	block_hangup();
	if (!prepare(keeper, err) || !reload_init(&keeper->reload, &keeper->conf->build, err))
		return err->status;
	control = keeper->ring.mem;
	atomic_store(&control->words[SHIPPER_WORD_ENDED], 0);
	say_defaults(keeper->conf);
	block_signals(keeper);
	keeper->engine_status = -1;
	if (!start_shipper(keeper, err) || !start_engine(keeper, err)) {
		stop_children(keeper);
		keeper->engine = 0;
		keeper->engine_status = err->status;
	}
	if (!watch(keeper, err))
		return err->status;
	return keeper->engine_status;
}

int keeper_run(const struct conf *conf, struct err *err)
{
	struct keeper keeper = {.conf = conf,
		.ring = {.fd = -1},
		.engine_again = {.lived_ns = ENGINE_LIVED_NS},
		.shipper_again = {.lived_ns = SHIPPER_LIVED_NS}};
	int status = run(&keeper, err);

	explicit_bzero(keeper.card_key, sizeof(keeper.card_key));
	event_ring_close(&keeper.ring);
	reload_close(&keeper.reload);
	generation_drop(&keeper.generation);
	if (keeper.source != NULL)
		source_close(keeper.source);
	return status;
}

int keeper_test(const struct conf *conf, struct err *err)
{
	struct generation generation = {0};

	if (!build_in_child(&conf->build, &generation, err))
		return err->status;
	printf("settings are fine: %u workers, %llu MiB, generation %016llx\n", conf->workers,
		(unsigned long long)(conf->memory >> 20), (unsigned long long)generation.id);
	for (int i = 0; i < SECTION_COUNT; i++)
		printf("  %-8s %zu bytes\n", section_word((enum section_kind)i),
			generation.section[i].image.len);
	generation_drop(&generation);
	return EXIT_DONE;
}
