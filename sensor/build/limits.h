/* limits.h - what a builder child may use; a parameter, so that tests can lower it. */
#ifndef SEKISHO_BUILD_LIMITS_H
#define SEKISHO_BUILD_LIMITS_H

#include "build/build.h"

struct build_limits {
	uint64_t memory_bytes;  /* of address space, beyond what the parent had */
	uint64_t section_bytes; /* of each section */
	uint32_t cpu_s;
	uint32_t wall_ms; /* a list may be a pipe that nobody writes to */
};

extern const struct build_limits build_limits_default;

/* Compiles section kind of the request; out is malloc'd. */
bool build_section(const struct build_request *request, enum section_kind kind, uint8_t **out,
	size_t *out_len, struct err *err);

/* In the child: closes what it was not given, then lets it read files and use
 * its limits, and no more: no file opened for writing, no process, no privilege,
 * no core.  keep: descriptors, ascending. */
bool build_confine(
	const struct build_limits *limits, const int keep[], uint32_t keep_cnt, struct err *err);

bool build_in_child_under(const struct build_request *request, const struct build_limits *limits,
	struct generation *out, struct err *err);

#endif
