/* child.c - the same in a child that may die of it.
 *
 * The parent makes the memory files, the child fills them and says over a pipe
 * which section it began (one byte each) and at last what went wrong, if
 * anything did; the parent seals what the child made. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "build/build.h"
#include "build/limits.h"

#define FILES_MAX (2 * BUILD_PATHS_MAX + BUILD_GEO_MAX + 1)
#define FILES_SAID 3
#define KIB (1 << 10)
#define MIB (1 << 20)

struct plan {
	const struct build_request *request;
	const struct build_limits *limits;
	struct build_child *child;
	pid_t parent;
};

struct told { /* by the child */
	enum section_kind stage;
	struct err err; /* status 0: none */
};

struct file_size {
	const char *path;
	off_t bytes;
};

static void say(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;

	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (-1 == n && errno == EINTR)
			continue;
		if (n <= 0)
			return; /* the parent sees an exit status without a text */
		at += n;
		len -= (size_t)n;
	}
}

static bool build_all(const struct plan *plan, struct err *err)
{
	for (int i = 0; i < SECTION_COUNT; i++) {
		enum section_kind kind = (enum section_kind)i;
		uint8_t stage = (uint8_t)i, *image = NULL;
		size_t len = 0;

		say(plan->child->pipe[1], &stage, 1);
		bool good = build_section(plan->request, kind, &image, &len, err) &&
			    section_write(plan->child->section[i], kind, bytes_of(image, len), err);
		free(image);
		if (!good)
			return false;
	}
	return true;
}

static int fd_order(const void *x, const void *y)
{
	return *(const int *)x - *(const int *)y;
}

static void signals_default(void)
{
	const struct sigaction action = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int s = 1; s < NSIG; s++)
		sigaction(s, &action, NULL); /* some cannot be set, and need not */
	signal(SIGHUP, SIG_IGN); /* to all of us, where a terminal goes away: the parent's */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Never returns: nothing of the parent's exit handlers or buffers runs twice. */
static _Noreturn void child_main(const struct plan *plan)
{
	struct err err = {0};
	int keep[SECTION_COUNT + 1];

	signals_default();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != plan->parent)
		_exit(EXIT_CANNOT);
	memcpy(keep, plan->child->section, sizeof(plan->child->section));
	keep[SECTION_COUNT] = plan->child->pipe[1];
	qsort(keep, SECTION_COUNT + 1, sizeof(keep[0]), fd_order);
	if (build_confine(plan->limits, keep, SECTION_COUNT + 1, &err) && build_all(plan, &err))
		_exit(EXIT_DONE);
	uint8_t stage = SECTION_COUNT;
	say(plan->child->pipe[1], &stage, 1);
	say(plan->child->pipe[1], &err, sizeof(err));
	_exit(EXIT_CANNOT);
}

static size_t hear(int fd, void *data, size_t size)
{
	uint8_t *at = data;
	size_t got = 0;

	while (got < size) {
		ssize_t n = read(fd, at + got, size - got);

		if (-1 == n && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* Until the child is gone or has said its error.  It is not trusted: it read
 * strangers' text, so its error is cut and passed through safe_line again. */
static void listen_to(int fd, struct told *told)
{
	uint8_t stage;
	struct err err;

	for (uint32_t i = 0; i <= SECTION_COUNT && hear(fd, &stage, 1) == 1; i++) {
		if (stage < SECTION_COUNT) {
			told->stage = (enum section_kind)stage;
			continue;
		}
		if (hear(fd, &err, sizeof(err)) != sizeof(err))
			return;
		err.text[sizeof(err.text) - 1] = 0;
		told->err.status = EXIT_CANNOT;
		if (err.status == EXIT_USAGE || err.status == EXIT_INTERNAL)
			told->err.status = err.status;
		memcpy(told->err.text, err.text, sizeof(err.text));
		return;
	}
}

static int size_order(const void *x, const void *y)
{
	const struct file_size *a = x, *b = y;

	return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

static void size_add(struct file_size *files, uint32_t *count, const char *path)
{
	struct stat st;

	if (path != NULL && -1 != stat(path, &st))
		files[(*count)++] = (struct file_size){.path = path, .bytes = st.st_size};
}

/* "a.csv 31 MiB, b.rules 2 KiB": the largest of what was read. */
static void sizes_text(const struct build_request *request, char *out, size_t size)
{
	struct file_size files[FILES_MAX];
	uint32_t count = 0;
	size_t at = 0;

	size_add(files, &count, request->policy_path);
	for (uint32_t i = 0; i < request->list_cnt && i < BUILD_PATHS_MAX; i++)
		size_add(files, &count, request->lists[i]);
	for (uint32_t i = 0; i < request->rule_cnt && i < BUILD_PATHS_MAX; i++)
		size_add(files, &count, request->rules[i]);
	for (uint32_t i = 0; i < request->geoip_cnt && i < BUILD_GEO_MAX; i++)
		size_add(files, &count, request->geoip[i]);
	qsort(files, count, sizeof(files[0]), size_order);
	snprintf(out, size, "no files");
	for (uint32_t i = 0; i < count && i < FILES_SAID && at < size; i++) {
		off_t bytes = files[i].bytes;
		off_t unit = bytes >= MIB ? MIB : bytes >= KIB ? KIB : 1;
		int n = snprintf(out + at, size - at, "%s%.80s %lld %s", i > 0 ? ", " : "",
			files[i].path, (long long)(bytes / unit),
			unit == 1 ? "B" : (unit == KIB ? "KiB" : "MiB"));

		at += n > 0 ? (size_t)n : 0;
	}
}

/* Why a child that was killed was killed. */
static void death_text(int signal, const struct build_limits *limits, char *out, size_t size)
{
	switch (signal) {
	case SIGXCPU:
		snprintf(out, size, "it needed more than %u s of CPU time", limits->cpu_s);
		break;
	case SIGXFSZ:
		snprintf(out, size, "the section became larger than %llu bytes",
			(unsigned long long)limits->section_bytes);
		break;
	case SIGALRM:
		snprintf(out, size, "it was not done after %u ms (is a file a pipe?)",
			limits->wall_ms);
		break;
	case SIGKILL:
		snprintf(out, size, "it was killed (no memory left, or by hand)");
		break;
	default:
		snprintf(out, size, "it died of signal %d (%s)", signal, strsignal(signal));
		break;
	}
}

static bool died(const struct plan *plan, const struct told *told, int status, struct err *err)
{
	char sizes[360], why[128];

	sizes_text(plan->request, sizes, sizeof(sizes));
	if (WIFSIGNALED(status))
		death_text(WTERMSIG(status), plan->limits, why, sizeof(why));
	else
		snprintf(why, sizeof(why), "it ended with status %d and no text",
			WEXITSTATUS(status));
	return err_set(err, EXIT_CANNOT,
		"compiling the %s failed: %s; read were %s. Nothing was loaded; shorten the "
		"largest",
		section_word(told->stage), why, sizes);
}

static bool ended(const struct plan *plan, const struct told *told, int status, struct err *err)
{
	if (told->err.status == EXIT_CANNOT) {
		char sizes[240];

		sizes_text(plan->request, sizes, sizeof(sizes));
		return err_set(err, EXIT_CANNOT, "%.200s (limit %llu MiB; read were %s)",
			told->err.text, (unsigned long long)(plan->limits->memory_bytes >> 20),
			sizes);
	}
	if (told->err.status != 0)
		return err_set(err, told->err.status, "%s", told->err.text);
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_DONE)
		return true;
	return died(plan, told, status, err);
}

static bool finish_all(struct plan *plan, struct generation *out, struct err *err)
{
	struct generation made = {0};

	for (int i = 0; i < SECTION_COUNT; i++) {
		if (!section_finish(&made.section[i], plan->child->section[i], err)) {
			generation_drop(&made);
			return false;
		}
		plan->child->section[i] = -1;
		if (made.section[i].kind != (uint32_t)i) {
			generation_drop(&made);
			return err_set(err, EXIT_INTERNAL, "builder: section %s is another kind",
				section_word((enum section_kind)i));
		}
	}
	generation_finish(&made);
	*out = made;
	return true;
}

/* The child, with all signals held back until it has its own handling of them. */
static pid_t fork_quiet(struct plan *plan)
{
	sigset_t all, before;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	plan->parent = getpid();
	pid_t pid = fork();
	if (0 == pid)
		child_main(plan);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static void close_one(int *fd)
{
	if (-1 != *fd)
		close(*fd);
	*fd = -1;
}

static bool open_all(struct build_child *child, struct err *err)
{
	*child = (struct build_child){.pid = -1, .pipe = {-1, -1}};
	for (int i = 0; i < SECTION_COUNT; i++)
		child->section[i] = -1;
	for (int i = 0; i < SECTION_COUNT; i++) {
		child->section[i] = section_memfd((enum section_kind)i, err);
		if (-1 == child->section[i])
			return false;
	}
	if (-1 == pipe2(child->pipe, O_CLOEXEC))
		return err_set(err, EXIT_CANNOT, "builder: no pipe: %s", strerror(errno));
	return true;
}

void build_forget(struct build_child *child)
{
	for (int i = 0; i < SECTION_COUNT; i++)
		close_one(&child->section[i]);
	close_one(&child->pipe[0]);
	close_one(&child->pipe[1]);
}

static bool begin(struct plan *plan, struct err *err)
{
	bool good = open_all(plan->child, err);

	if (good) {
		plan->child->pid = fork_quiet(plan);
		good = -1 != plan->child->pid ||
		       err_set(err, EXIT_CANNOT, "builder: no process: %s", strerror(errno));
	}
	if (good)
		close_one(&plan->child->pipe[1]);
	else
		build_forget(plan->child);
	return good;
}

static bool end(struct plan *plan, int status, struct generation *out, struct err *err)
{
	struct told told = {.stage = SECTION_POLICY};

	listen_to(plan->child->pipe[0], &told);
	bool good = ended(plan, &told, status, err) && finish_all(plan, out, err);
	build_forget(plan->child);
	return good;
}

static bool wait_for(pid_t pid, int *status, struct err *err)
{
	pid_t gone;

	do
		gone = waitpid(pid, status, 0);
	while (-1 == gone && errno == EINTR);
	return -1 != gone ||
	       err_set(err, EXIT_CANNOT, "builder: its end was not seen: %s", strerror(errno));
}

bool build_in_child_under(const struct build_request *request, const struct build_limits *limits,
	struct generation *out, struct err *err)
{
	struct build_child child;
	struct plan plan = {.request = request, .limits = limits, .child = &child};
	int status = 0;

	if (!begin(&plan, err))
		return false;
	if (wait_for(child.pid, &status, err))
		return end(&plan, status, out, err);
	build_forget(&child);
	return false;
}

bool build_in_child(const struct build_request *request, struct generation *out, struct err *err)
{
	return build_in_child_under(request, &build_limits_default, out, err);
}

bool build_begin(const struct build_request *request, struct build_child *child, struct err *err)
{
	struct plan plan = {.request = request, .limits = &build_limits_default, .child = child};

	return begin(&plan, err);
}

bool build_end(const struct build_request *request, struct build_child *child, int status,
	struct generation *out, struct err *err)
{
	struct plan plan = {.request = request, .limits = &build_limits_default, .child = child};

	return end(&plan, status, out, err);
}
