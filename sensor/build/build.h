/* build.h - text to a generation: the only way, for start, reload and tests. */
#ifndef SEKISHO_BUILD_BUILD_H
#define SEKISHO_BUILD_BUILD_H

#include "generation/generation.h"
#include "policy/policy.h"

#define BUILD_PATHS_MAX 64

struct build_request {
	const char *policy_path;              /* NULL: none */
	const char *profiles_dir, *cards_dir; /* signatures/psp, signatures/cards */
	const char *lists[BUILD_PATHS_MAX];
	uint32_t list_cnt;
	const char *rules[BUILD_PATHS_MAX];
	uint32_t rule_cnt;
	enum policy_level default_level;
};

/* Compiles in this process. */
bool build_here(const struct build_request *request, struct generation *out, struct err *err);
/* Compiles in a forked child under limits (address space, CPU time, no files
 * written, no new processes) and maps what it made; a child that dies is an
 * error with a text, and out stays untouched. */
bool build_in_child(const struct build_request *request, struct generation *out, struct err *err);

#endif
