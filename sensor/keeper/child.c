#include "keeper/child.h"

#include <cap-ng.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "keeper/calls.h"

#define LOG_ROOM (1u << 20)

volatile int child_stop;

static void on_signal(int signal)
{
	(void)signal;
	child_stop = 1;
}

#ifdef SEKISHO_CORES /* a program of the tests, never installed */
bool child_no_core(struct err *err)
{
	(void)err;
	log_line(LOG_LEVEL_ERROR,
		"THIS PROGRAM LEAVES CORE DUMPS: it is made for a test, not for traffic");
	return true;
}

static bool no_file_grows(void)
{
	return true; /* a core is one */
}
#else
/* No file may grow, but where standard error is one it takes some lines. */
static rlim_t log_room(void)
{
	struct stat state;

	if (fstat(STDERR_FILENO, &state) == -1 || !S_ISREG(state.st_mode))
		return 0;
	return (rlim_t)state.st_size + LOG_ROOM;
}

static bool no_file_grows(void)
{
	const rlim_t bytes = log_room();
	const struct rlimit files = {bytes, bytes};

	signal(SIGXFSZ, SIG_IGN); /* a line too many is lost, not the engine */
	return setrlimit(RLIMIT_FSIZE, &files) != -1;
}

bool child_no_core(struct err *err)
{
	const struct rlimit none = {0, 0};

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 || setrlimit(RLIMIT_CORE, &none) == -1)
		return err_set(
			err, EXIT_CANNOT, "cannot switch core dumps off: %s", strerror(errno));
	return true;
}
#endif

bool child_keep(enum child_caps keep, struct err *err)
{
	/* A spool or a list may be another user's. */
	bool files = keep == CHILD_CAPS_FILES &&
		     capng_have_capability(CAPNG_PERMITTED, CAP_DAC_OVERRIDE) != 0;
	bool bounds = capng_have_capability(CAPNG_EFFECTIVE, CAP_SETPCAP) != 0;

	capng_clear(CAPNG_SELECT_BOTH);
	if (files)
		capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED | CAPNG_BOUNDING_SET,
			CAP_DAC_OVERRIDE);
	if (capng_apply(bounds ? CAPNG_SELECT_BOTH : CAPNG_SELECT_CAPS) == 0)
		return true;
	return err_set(err, EXIT_CANNOT, "cannot give up capabilities: %s", strerror(errno));
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

bool child_confine_engine(struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 || !no_file_grows())
		return err_set(err, EXIT_CANNOT, "cannot confine the engine: %s", strerror(errno));
	return calls_of_engine(err);
}

bool child_confine_shipper(struct err *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		return err_set(err, EXIT_CANNOT, "cannot confine the shipper: %s", strerror(errno));
	return calls_of_shipper(err);
}
