/* build.h - text to a generation: the only way.  The keeper calls build_in_child() at the
 * start and for -T, build_begin() and build_end() at SIGHUP (keeper/reload.h); tests call
 * build_here(). */
#ifndef SEKISHO_BUILD_BUILD_H
#define SEKISHO_BUILD_BUILD_H

#include <sys/types.h>

#include "generation/generation.h"
#include "policy/policy.h"

#define BUILD_PATHS_MAX 64
#define BUILD_GEO_MAX 2

struct build_request {
	const char *policy_path;              /* NULL: none */
	const char *profiles_dir, *cards_dir; /* signatures/psp, signatures/cards */
	const char *lists[BUILD_PATHS_MAX];
	uint32_t list_cnt;
	const char *rules[BUILD_PATHS_MAX];
	uint32_t rule_cnt;
	const char *geoip[BUILD_GEO_MAX]; /* MaxMind DB files: countries, ASNs */
	uint32_t geoip_cnt;
	enum policy_level default_level;
};

/* Compiles in this process. */
bool build_here(const struct build_request *request, struct generation *out, struct err *err);
/* Compiles in a forked child and maps what it made.  The child has 2 GiB of
 * memory beyond the caller's, 60 s of CPU time, 5 minutes in all and 2 GiB a
 * section; it opens no file for writing, starts no process and has no other
 * descriptor of the caller's (so /dev/fd/N is no path here).  A child that dies
 * is an error with a text, and out stays untouched.  Waits; leaves no zombie,
 * but SIGCHLD must not be ignored. */
bool build_in_child(const struct build_request *request, struct generation *out, struct err *err);

/* The same in two steps, for who has more to do than to wait: build_end() takes what
 * waitpid() said of pid, and leaves nothing open. */
struct build_child {
	pid_t pid;
	int pipe[2]; /* -1: closed */
	int section[SECTION_COUNT];
};
bool build_begin(const struct build_request *request, struct build_child *child, struct err *err);
bool build_end(const struct build_request *request, struct build_child *child, int status,
	struct generation *out, struct err *err);
/* Closes what is open of it: in a process that was forked meanwhile for something else. */
void build_forget(struct build_child *child);

#endif
