/* stress_run.c - many runs in one process.  Each line of standard input is one
 * run: POLICY WORKERS MEGABYTES RING PATH..., parted by tabs (POLICY: a file, or
 * "-" for none; RING: bytes of each ring of facts, 0 = default).  Its answer is a
 * line "# STATUS QUOTAS IMBALANCE TOO-LONG BYTES" and that many bytes of events,
 * or "# refused TEXT".
 * usage: stress_run SIGNATURES-FOLDER [no-rules] */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/build.h"
#include "run_once.h"

#define POLICIES_MAX 64
#define PATHS_MAX 8
#define LINE_LEN 16384

struct made { /* a policy that a run asked for */
	char path[1024];
	struct generation generation;
};

struct maker {
	char psp[4096], cards[4096], rules[4096];
	bool with_rules;
	struct made made[POLICIES_MAX];
	uint32_t made_cnt;
};

static const struct generation *generation_of(struct maker *maker, const char *policy)
{
	struct build_request request = {.profiles_dir = maker->psp,
		.cards_dir = maker->cards,
		.rules = {maker->rules},
		.rule_cnt = maker->with_rules ? 1 : 0,
		.policy_path = strcmp(policy, "-") == 0 ? NULL : policy,
		.default_level = LEVEL_CONTENT};
	struct made *made = &maker->made[maker->made_cnt];
	struct err err = {0};

	for (uint32_t i = 0; i < maker->made_cnt; i++)
		if (strcmp(maker->made[i].path, policy) == 0)
			return &maker->made[i].generation;
	if (maker->made_cnt == POLICIES_MAX) {
		fprintf(stderr, "more than %d policies\n", POLICIES_MAX);
		exit(2);
	}
	snprintf(made->path, sizeof(made->path), "%s", policy);
	if (!build_here(&request, &made->generation, &err)) {
		fprintf(stderr, "%s\n", err.text);
		exit(2);
	}
	maker->made_cnt++;
	return &made->generation;
}

static void answer(const struct outcome *outcome)
{
	if (outcome->status == -1 || (outcome->err.status != 0 && outcome->len == 0)) {
		printf("# refused %s\n", outcome->err.text);
		return;
	}
	printf("# %d %llu %lld %llu %zu\n", outcome->status,
		(unsigned long long)outcome->report.quotas,
		(long long)outcome->report.join.imbalance,
		(unsigned long long)outcome->report.join.too_long, outcome->len);
	fwrite(outcome->text, 1, outcome->len, stdout);
	fflush(stdout);
}

static bool one(struct maker *maker, char *line)
{
	char *word[4 + PATHS_MAX], *rest = NULL;
	uint32_t cnt = 0;
	struct outcome outcome;

	for (char *w = strtok_r(line, "\t", &rest); w != NULL && cnt < 4 + PATHS_MAX;
		w = strtok_r(NULL, "\t", &rest))
		word[cnt++] = w;
	if (cnt < 5) {
		fprintf(stderr, "a line wants POLICY WORKERS MEGABYTES RING PATH...\n");
		return false;
	}
	struct run_once run = {.generation = generation_of(maker, word[0]),
		.workers = (uint32_t)strtoul(word[1], NULL, 10),
		.memory = strtoull(word[2], NULL, 10) << 20,
		.fact_ring = (uint32_t)strtoul(word[3], NULL, 10)};
	run_files(&run, (const char *const *)&word[4], cnt - 4, &outcome);
	answer(&outcome);
	outcome_free(&outcome);
	return true;
}

int main(int argc, char **argv)
{
	static struct maker maker;
	static char line[LINE_LEN];

	if (argc < 2)
		return 2;
	snprintf(maker.psp, sizeof(maker.psp), "%s/psp", argv[1]);
	snprintf(maker.cards, sizeof(maker.cards), "%s/cards", argv[1]);
	snprintf(maker.rules, sizeof(maker.rules), "%s/rules/sekisho.rules", argv[1]);
	maker.with_rules = argc < 3;
	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (!one(&maker, line))
			return 2;
	}
	for (uint32_t i = 0; i < maker.made_cnt; i++)
		generation_drop(&maker.made[i].generation);
	return 0;
}
