/* run_once.h - engine_run in this process, events into memory: what the system
 * tests compare byte for byte. */
#ifndef SEKISHO_TEST_RUN_ONCE_H
#define SEKISHO_TEST_RUN_ONCE_H

#include "engine.h"

struct outcome {
	char *text; /* every event's JSON, one per line; malloc'd */
	size_t len, room;
	int status;
	struct engine_report report;
	struct err err;
	uint32_t refused; /* generations */
};

struct run_once {
	const struct generation *generation;
	uint32_t workers;
	uint64_t memory;
	uint32_t fact_ring;
	struct labels *const *labels; /* one a worker, or NULL */
	const struct generation *next; /* NULL: none; else offered once, behind next_from frames */
	uint64_t next_from;
};

/* What stands in the folder of signatures, and a list (NULL: none); false: said why on
 * standard error. */
bool run_generation(const char *signatures, const char *list, struct generation *out);
/* Reads the files; false: they could not be opened (outcome->err says why). */
bool run_files(const struct run_once *run, const char *const paths[], uint32_t count,
	struct outcome *outcome);
void outcome_free(struct outcome *outcome);

#endif
