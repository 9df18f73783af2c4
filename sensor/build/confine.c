/* confine.c - the cage of a builder child: it reads text that strangers wrote. */
#include <errno.h>
#include <linux/landlock.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/syscalls.h"
#include "build/limits.h"

static const struct syscall_row calls[] = {
#define CALL(name, why) {.call = #name},
#define CALL_IF(name, argument, bits, is, why)                                                     \
	{.call = #name, .arg = argument, .mask = bits, .value = is},
#include "build/calls.def"
};

const struct build_limits build_limits_default = {
	.memory_bytes = (uint64_t)2 << 30,
	.section_bytes = (uint64_t)2 << 30,
	.cpu_s = 60,
	.wall_ms = 300000,
};

/* Everything that changes a file system, of ABI 1 (kernel 5.13). */
#define LANDLOCK_WRITES                                                                            \
	(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE |                              \
		LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE |                   \
		LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_DIR |                       \
		LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK |                       \
		LANDLOCK_ACCESS_FS_MAKE_FIFO | LANDLOCK_ACCESS_FS_MAKE_BLOCK |                     \
		LANDLOCK_ACCESS_FS_MAKE_SYM)

static bool failed(struct err *err, const char *what)
{
	return err_set(err, EXIT_CANNOT, "builder: %s: %s", what, strerror(errno));
}

/* The child inherits its parent's mappings; only what it adds is limited. */
static bool address_space(uint64_t *bytes)
{
	unsigned long long pages = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (file == NULL)
		return false;
	bool good = fscanf(file, "%llu", &pages) == 1;
	fclose(file);
	*bytes = pages * (uint64_t)sysconf(_SC_PAGESIZE);
	return good;
}

static bool limit(__rlimit_resource_t what, uint64_t soft, uint64_t hard)
{
	const struct rlimit rlimit = {.rlim_cur = soft, .rlim_max = hard};

	return -1 != setrlimit(what, &rlimit);
}

static bool limits_set(const struct build_limits *limits)
{
	const struct itimerval wall = {.it_value = {.tv_sec = limits->wall_ms / 1000,
					       .tv_usec = limits->wall_ms % 1000 * 1000}};
	uint64_t space;

	/* a sanitizer maps terabytes of shadow */
	if (syscalls_filtered() &&
		(!address_space(&space) || !limit(RLIMIT_AS, space + limits->memory_bytes,
						   space + limits->memory_bytes)))
		return false;
	return limit(RLIMIT_CPU, limits->cpu_s, limits->cpu_s + 1) &&
	       limit(RLIMIT_FSIZE, limits->section_bytes, limits->section_bytes) &&
	       limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_NPROC, 0, 0) &&
	       -1 != setitimer(ITIMER_REAL, &wall, NULL);
}

/* A kernel without Landlock is no error: the other limits stand. */
static bool no_writing(void)
{
	const struct landlock_ruleset_attr attr = {.handled_access_fs = LANDLOCK_WRITES};
	long fd = syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr), 0);

	if (-1 == fd)
		return errno == ENOSYS || errno == EOPNOTSUPP;
	bool good = -1 != syscall(SYS_landlock_restrict_self, (int)fd, 0);
	close((int)fd);
	return good;
}

static bool close_others(const int keep[], uint32_t keep_cnt)
{
	unsigned from = STDERR_FILENO + 1;

	for (uint32_t i = 0; i < keep_cnt; i++) {
		unsigned fd = (unsigned)keep[i];

		if (fd > from && -1 == close_range(from, fd - 1, 0))
			return false;
		from = fd >= from ? fd + 1 : from;
	}
	return -1 != close_range(from, ~0u, 0);
}

bool build_confine(
	const struct build_limits *limits, const int keep[], uint32_t keep_cnt, struct err *err)
{
	if (!close_others(keep, keep_cnt))
		return failed(err, "descriptors could not be closed");
	if (-1 == prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return failed(err, "no_new_privs could not be set");
	if (!limits_set(limits))
		return failed(err, "limits could not be set");
	if (!no_writing())
		return failed(err, "Landlock could not be set");
	return syscalls_only(calls, sizeof(calls) / sizeof(calls[0]), err);
}
