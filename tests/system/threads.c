/* threads.c - a thread that cannot be started: the run ends with one clear line, and those
 * that were started end before the memory they work in does.
 * usage: threads SIGNATURES CAPTURE */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "run_once.h"

#define WORKERS 4

static int starts_left; /* until one fails */

int __wrap_pthread_create(
	pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *self);
int __real_pthread_create(
	pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *self);

int __wrap_pthread_create(
	pthread_t *id, const pthread_attr_t *attr, void *(*run)(void *), void *self)
{
	return starts_left-- == 0 ? EAGAIN : __real_pthread_create(id, attr, run, self);
}

static bool ends(const struct generation *generation, const char *capture, int starts)
{
	struct run_once conf = {.generation = generation, .workers = WORKERS, .memory = 256u << 20};
	struct outcome outcome;

	starts_left = starts;
	bool good = run_files(&conf, &capture, 1, &outcome) && outcome.status == EXIT_CANNOT &&
		    strstr(outcome.err.text, "cannot start a thread") != NULL &&
		    outcome.report.packets == 0;
	outcome_free(&outcome);
	return good;
}

int main(int argc, char **argv)
{
	struct generation generation = {0};
	bool good = true;

	if (argc != 3 || !run_generation(argv[1], NULL, &generation))
		return 2;
	printf("1..%d\n", WORKERS + 1);
	for (int starts = 0; starts <= WORKERS; starts++) {
		bool fine = ends(&generation, argv[2], starts);
		printf("%s %d - behind %d threads the next cannot be started\n",
			fine ? "ok" : "not ok", starts + 1, starts);
		good &= fine;
	}
	generation_drop(&generation);
	return good ? 0 : 1;
}
