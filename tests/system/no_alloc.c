/* no_alloc.c - workers and join allocate nothing after ready: this program puts
 * itself before the allocator and aborts on the first call while a run is under
 * way (from the first batch to the end of engine_run).
 * usage: no_alloc SIGNATURES CAPTURE... */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "event/record.h"
#include "run_once.h"

#define WORKERS_MAX 4

static atomic_bool armed;
static atomic_ulong events;
static atomic_ulong runs; /* that were armed */

static void forbid(const char *what)
{
	if (!atomic_load(&armed))
		return;
	atomic_store(&armed, false);
	dprintf(STDERR_FILENO, "%s after ready\n", what);
	abort();
}

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *old, size_t size);
extern void __libc_free(void *old);

void *malloc(size_t size)
{
	forbid("malloc");
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	forbid("calloc");
	return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size)
{
	forbid("realloc");
	return __libc_realloc(old, size);
}

void free(void *old)
{
	/* Joining a thread frees its stack in the first thread; nobody frees what nobody took. */
	if (old != NULL && gettid() != getpid())
		forbid("free");
	if (old == NULL)
		return;
	__libc_free(old);
}

static uint8_t room[sizeof(struct record) + EVENT_JSON_MAX + 1];

static void *reserve(void *self, uint32_t len)
{
	(void)self;
	if (len >= sizeof(room))
		return NULL;
	room[len] = 0;
	return room;
}

static void commit(void *self, uint32_t len)
{
	(void)self;
	(void)len;
	atomic_fetch_add(&events, 1);
	if (strstr((const char *)room + sizeof(struct record), "\"state\":\"ended\"") != NULL)
		atomic_store(&armed, false); /* the last event: the threads are gone */
}

static const struct generation *next(void *self, struct pos at)
{
	if (at.ord == 0)
		return self;
	if (atomic_exchange(&armed, true) == false)
		atomic_fetch_add(&runs, 1); /* asked between batches: the run is under way */
	return NULL;
}

static bool run(struct generation *generation, struct labels *const labels[], const char *path,
	uint32_t workers)
{
	static const int stop = 0;
	struct engine_conf conf = {.workers = workers,
		.memory = 256u << 20,
		.key = {1, 2},
		.sensor = "test",
		.labels = labels};
	struct engine_report report;
	struct err err = {0};
	struct source *source = source_files(&path, 1, &err);

	if (source == NULL) {
		fprintf(stderr, "%s\n", err.text);
		return false;
	}
	int status = engine_run(&conf, source,
		(struct event_sink){.reserve = reserve, .commit = commit},
		(struct generation_feed){.self = generation, .next = next}, &stop, &report, &err);
	bool ended = !atomic_exchange(&armed, false);
	source_close(source);
	return ended && (status == EXIT_DONE || status == EXIT_DAMAGE);
}

int main(int argc, char **argv)
{
	struct generation generation = {0};
	struct labels *labels[WORKERS_MAX];
	struct err err = {0};

	if (argc < 3)
		return 2;
	if (!run_generation(argv[1], NULL, &generation))
		return 2;
	if (!labels_new_all(labels, WORKERS_MAX, &err)) {
		fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	for (int i = 2; i < argc; i++)
		for (uint32_t workers = 1; workers <= WORKERS_MAX; workers *= 2)
			if (!run(&generation, labels, argv[i], workers))
				return 1;
	labels_free_all(labels, WORKERS_MAX);
	generation_drop(&generation);
	printf("%lu runs, %lu events, none cost an allocation\n", atomic_load(&runs),
		atomic_load(&events));
	return atomic_load(&runs) > 0 ? 0 : 1;
}
