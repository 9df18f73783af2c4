#include "keeper/child.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOG_ROOM (1u << 20)

volatile int child_stop;

static void on_signal(int signal)
{
	(void)signal;
	child_stop = 1;
}

bool child_no_core(struct err *err)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || setrlimit(RLIMIT_CORE, &none) == -1)
		return err_set(
			err, EXIT_CANNOT, "cannot switch core dumps off: %s", strerror(errno));
	return true;
}

bool child_start(const char *name, struct err *err)
{
	struct sigaction action = {.sa_handler = on_signal};
	sigset_t none;

	sigemptyset(&none);
	child_stop = 0;
	sigprocmask(SIG_SETMASK, &none, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN); /* the keeper's */
	signal(SIGCHLD, SIG_DFL);
	prctl(PR_SET_NAME, name, 0, 0, 0);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1)
		return err_set(err, EXIT_CANNOT, "prctl: %s", strerror(errno));
	if (getppid() == 1)
		return err_set(err, EXIT_CANNOT, "the keeper is gone");
	return child_no_core(err);
}

/* No file may grow, but where standard error is one it takes some lines. */
static rlim_t log_room(void)
{
	struct stat state;

	if (fstat(STDERR_FILENO, &state) == -1 || !S_ISREG(state.st_mode))
		return 0;
	return (rlim_t)state.st_size + LOG_ROOM;
}

bool child_confine_engine(struct err *err)
{
	const rlim_t bytes = log_room();
	const struct rlimit files = {bytes, bytes};

	signal(SIGXFSZ, SIG_IGN); /* a line too many is lost, not the engine */
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || setrlimit(RLIMIT_FSIZE, &files) == -1)
		return err_set(err, EXIT_CANNOT, "cannot confine the engine: %s", strerror(errno));
	return true;
}
