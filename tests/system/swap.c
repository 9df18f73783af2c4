/* swap.c - a generation changes in the middle of a run: at one position for all
 * workers, no packet lost; one that is refused changes nothing.
 * usage: swap SIGNATURES CAPTURE LIST
 * The capture holds several connections to an address that LIST names. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_once.h"

static uint32_t count(const struct outcome *outcome, const char *text)
{
	uint32_t found = 0;
	const char *at = outcome->text;
	size_t left = outcome->len;

	while ((at = memmem(at, left, text, strlen(text))) != NULL) {
		found++;
		at += strlen(text);
		left = outcome->len - (size_t)(at - outcome->text);
	}
	return found;
}

/* Takes the one line with that text out; false: there is not exactly one. */
static bool take_line(struct outcome *outcome, const char *text)
{
	char *at = memmem(outcome->text, outcome->len, text, strlen(text));
	char *end, *from;

	if (count(outcome, text) != 1)
		return false;
	from = memrchr(outcome->text, '\n', (size_t)(at - outcome->text));
	from = from == NULL ? outcome->text : from + 1;
	end = memchr(at, '\n', outcome->len - (size_t)(at - outcome->text));
	outcome->len -= (size_t)(end + 1 - from);
	memmove(from, end + 1, outcome->len - (size_t)(from - outcome->text));
	return true;
}

static bool check(bool good, int *number, const char *name)
{
	printf("%s %d - %s\n", good ? "ok" : "not ok", ++*number, name);
	return good;
}

static bool run(const struct run_once *run_conf, const char *path, struct outcome *outcome)
{
	if (run_files(run_conf, &path, 1, outcome) && outcome->status == EXIT_DONE)
		return true;
	fprintf(stderr, "%s\n", outcome->err.text);
	return false;
}

static const char needle[] = "\"category\":\"takedown-contact\"";

/* Early: before the connections to the listed address; late: long after them. */
#define EARLY 500
#define LATE 9000

static bool swapped(const struct generation *bare, const struct generation *listed,
	const char *path, uint32_t workers, int *number)
{
	struct run_once conf = {.generation = bare, .workers = workers, .memory = 256u << 20};
	struct outcome never, early, late;
	bool good = run(&conf, path, &never);

	conf.next = listed;
	conf.next_from = EARLY;
	good = good && run(&conf, path, &early);
	conf.next_from = LATE;
	good = good && run(&conf, path, &late);
	if (!good)
		return false;
	good = check(early.report.swaps == 1 && late.report.swaps == 1, number,
		"the generation was swapped once");
	good &= check(early.report.packets == never.report.packets &&
			      late.report.packets == never.report.packets &&
			      early.report.join.imbalance == 0 && late.report.join.imbalance == 0,
		number, "no packet was lost");
	good &= check(count(&early, needle) > 0, number, "what comes behind the swap is listed");
	good &= check(count(&never, needle) == 0 && count(&late, needle) == 0, number,
		"what came before it is not");
	outcome_free(&never);
	outcome_free(&early);
	outcome_free(&late);
	return good;
}

static bool refused(const struct generation *bare, const char *path, int *number)
{
	struct run_once conf = {.generation = bare, .workers = 2, .memory = 256u << 20};
	struct generation broken = *bare;
	struct outcome before, during;
	bool good;

	broken.id = 1;
	broken.section[SECTION_LISTS].image.len--; /* a section that is not whole */
	good = run(&conf, path, &before);
	conf.next = &broken;
	conf.next_from = EARLY;
	good = good && run(&conf, path, &during);
	if (!good)
		return false;
	good = check(during.report.swaps == 0 && during.refused == 1 &&
			     take_line(&during, "\"state\":\"generation-refused\""),
		number, "a broken generation is refused, with a reason in an event");
	good &= check(before.len == during.len && memcmp(before.text, during.text, before.len) == 0,
		number, "and changes nothing else");
	outcome_free(&before);
	outcome_free(&during);
	return good;
}

int main(int argc, char **argv)
{
	struct generation bare = {0}, listed = {0};
	int number = 0;

	if (argc != 4)
		return 2;
	if (!run_generation(argv[1], NULL, &bare) || !run_generation(argv[1], argv[3], &listed))
		return 2;
	puts("1..14");
	bool good = swapped(&bare, &listed, argv[2], 1, &number);
	good &= swapped(&bare, &listed, argv[2], 2, &number);
	good &= swapped(&bare, &listed, argv[2], 4, &number);
	good &= refused(&bare, argv[2], &number);
	generation_drop(&bare);
	generation_drop(&listed);
	return good ? 0 : 1;
}
