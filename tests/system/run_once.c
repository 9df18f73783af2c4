#include "run_once.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build/build.h"
#include "event/record.h"

struct memory_sink {
	struct outcome *outcome;
	uint8_t record[sizeof(struct record) + EVENT_JSON_MAX];
};

static void *reserve(void *self, uint32_t len)
{
	struct memory_sink *sink = self;

	return len <= sizeof(sink->record) ? sink->record : NULL;
}

static void commit(void *self, uint32_t len)
{
	struct memory_sink *sink = self;
	struct outcome *outcome = sink->outcome;
	size_t json = len - sizeof(struct record);

	if (outcome->len + json + 1 > outcome->room) {
		outcome->room = (outcome->room + json) * 2 + 65536;
		outcome->text = realloc(outcome->text, outcome->room);
		if (outcome->text == NULL)
			abort();
	}
	memcpy(outcome->text + outcome->len, sink->record + sizeof(struct record), json);
	outcome->len += json;
	outcome->text[outcome->len++] = '\n';
}

struct feed {
	const struct run_once *run;
	struct outcome *outcome;
	bool offered;
};

static const struct generation *next(void *self, struct pos at)
{
	struct feed *feed = self;

	if (at.ord == 0)
		return feed->run->generation;
	if (feed->offered || feed->run->next == NULL || at.ord < feed->run->next_from)
		return NULL;
	feed->offered = true;
	return feed->run->next;
}

static void taken(void *self, const struct generation *generation, const char *reason)
{
	struct feed *feed = self;

	(void)generation;
	feed->outcome->refused += reason != NULL;
}

bool run_generation(const char *signatures, const char *list, struct generation *out)
{
	char psp[4096], cards[4096], rules[4096];
	struct build_request request = {.profiles_dir = psp,
		.cards_dir = cards,
		.rules = {rules},
		.rule_cnt = 1,
		.lists = {list},
		.list_cnt = list != NULL,
		.default_level = LEVEL_CONTENT};
	struct err err = {0};

	snprintf(psp, sizeof(psp), "%s/psp", signatures);
	snprintf(cards, sizeof(cards), "%s/cards", signatures);
	snprintf(rules, sizeof(rules), "%s/rules/sekisho.rules", signatures);
	if (build_here(&request, out, &err))
		return true;
	fprintf(stderr, "%s\n", err.text);
	return false;
}

bool run_files(const struct run_once *run, const char *const paths[], uint32_t count,
	struct outcome *outcome)
{
	static const int stop = 0;
	struct memory_sink sink = {.outcome = outcome};
	struct engine_conf conf = {.workers = run->workers,
		.memory = run->memory,
		.fact_ring = run->fact_ring,
		.run = 0x1122334455667788,
		.key = {1, 2},
		.token_key = {7},
		.sensor = "test",
		.labels = run->labels};
	struct feed feed = {.run = run, .outcome = outcome};

	*outcome = (struct outcome){.status = -1};
	struct source *source = source_files(paths, count, &outcome->err);
	if (source == NULL)
		return false;
	outcome->status = engine_run(&conf, source,
		(struct event_sink){.self = &sink, .reserve = reserve, .commit = commit},
		(struct generation_feed){.self = &feed, .next = next, .taken = taken}, &stop,
		&outcome->report, &outcome->err);
	source_close(source);
	return true;
}

void outcome_free(struct outcome *outcome)
{
	free(outcome->text);
	outcome->text = NULL;
}
