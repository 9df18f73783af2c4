/* captures_run.c - reads every capture named on standard input with 1, 2 and 4
 * workers (and, with 2, rings of facts that are nearly always full) and checks
 * what must hold for any of them: the same bytes of events, no quota, balanced
 * books, no card alert.  One line of verdict per capture; exit 1 if one failed.
 * usage: captures_run SIGNATURES-FOLDER [WORD...]   words: expected-alert paths */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_once.h"

#define MEMORY (256ull << 20)
#define SMALL_RING 32768
#define RUNS 5
#define WORKERS_MAX 4

static bool card_alert(const struct outcome *outcome)
{
	return outcome->text != NULL &&
	       (memmem(outcome->text, outcome->len, "\"category\":\"card-", 17) != NULL);
}

static const char *problem_of(const struct outcome *outcome, const struct outcome *first)
{
	if (outcome->status != EXIT_DONE && outcome->status != EXIT_DAMAGE)
		return "did not end well";
	if (outcome->report.join.imbalance != 0)
		return "the books do not balance";
	if (outcome->report.join.too_long != 0)
		return "an event did not fit";
	if (outcome->report.quotas != 0)
		return "a quota bit";
	if (card_alert(outcome))
		return "a card alert";
	if (outcome->len != first->len ||
		(outcome->len > 0 && memcmp(outcome->text, first->text, outcome->len) != 0))
		return "other events than with one worker";
	return NULL;
}

static void keep(const char *name, const struct outcome *outcome)
{
	FILE *file = fopen(name, "wb");

	if (file == NULL)
		return;
	fwrite(outcome->text, 1, outcome->len, file);
	fclose(file);
}

static bool one(const struct generation *generation, struct labels *const labels[],
	const char *path, const char *dump)
{
	static const struct {
		uint32_t workers, ring;
	} runs[RUNS] = {{1, 0}, {2, 0}, {4, 0}, {1, SMALL_RING}, {2, SMALL_RING}};
	struct outcome outcome[RUNS];
	const char *problem = NULL;
	size_t i;

	for (i = 0; problem == NULL && i < RUNS; i++) {
		struct run_once run = {.generation = generation,
			.workers = runs[i].workers,
			.fact_ring = runs[i].ring,
			.labels = labels,
			.memory = MEMORY};
		if (!run_files(&run, &path, 1, &outcome[i])) {
			printf("ok %s (refused: %s)\n", path, outcome[i].err.text);
			return true;
		}
		problem = problem_of(&outcome[i], &outcome[0]);
	}
	if (problem != NULL && dump != NULL) {
		keep("first.ndjson", &outcome[0]);
		keep("other.ndjson", &outcome[i - 1]);
	}
	printf("%s %s%s%s", problem == NULL ? "ok" : "not ok", path, problem ? ": " : "",
		problem ? problem : "");
	if (problem != NULL)
		printf(" (%u workers, quotas %llu, imbalance %lld)", runs[i - 1].workers,
			(unsigned long long)outcome[i - 1].report.quotas,
			(long long)outcome[i - 1].report.join.imbalance);
	printf("\n");
	fflush(stdout);
	while (i > 0)
		outcome_free(&outcome[--i]);
	return problem == NULL;
}

int main(int argc, char **argv)
{
	struct generation generation = {0};
	struct labels *labels[WORKERS_MAX];
	struct err err = {0};
	char path[4096];
	bool fine = true;

	if (argc < 2 || !run_generation(argv[1], NULL, &generation) ||
		!labels_new_all(labels, WORKERS_MAX, &err))
		return 2;
	while (fgets(path, sizeof(path), stdin) != NULL) {
		path[strcspn(path, "\n")] = '\0';
		fine = one(&generation, labels, path, argc > 2 ? argv[2] : NULL) && fine;
	}
	labels_free_all(labels, WORKERS_MAX);
	generation_drop(&generation);
	return fine ? 0 : 1;
}
