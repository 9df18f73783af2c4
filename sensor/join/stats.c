/* stats.c - what was decided without an event, and which limit bit, of the join and of its
 * workers, as events of type stats: what was added since the last one, once a minute where
 * anything was. */
#include <stddef.h>

#include "join/state.h"

struct counter {
	const char *word;
	size_t offset;
};

#define COUNTER(name)                                                                              \
	{                                                                                          \
#name, offsetof(struct join_counters, name)                                        \
	}

static const struct counter counters[] = {COUNTER(authorised), COUNTER(received),
	COUNTER(test_cards), COUNTER(low), COUNTER(own_payer), COUNTER(folded),
	COUNTER(floods_refused), COUNTER(called_over), COUNTER(contact_refused),
	COUNTER(contact_unnamed), COUNTER(coverage_refused), COUNTER(names_refused)};

#define COUNTER_CNT (sizeof(counters) / sizeof(counters[0]))

static uint64_t value_of(const struct join_counters *from, const struct counter *counter)
{
	uint64_t value;

	memcpy(&value, (const uint8_t *)from + counter->offset, sizeof(value));
	return value;
}

static bool anything(const struct join *join)
{
	for (size_t i = 0; i < COUNTER_CNT; i++)
		if (value_of(&join->counters, &counters[i]) != value_of(&join->told, &counters[i]))
			return true;
	return memcmp(join->counters.limits, join->told.limits, sizeof(join->told.limits)) != 0;
}

static void put_added(struct json *json, const char *word, uint64_t now, uint64_t told)
{
	if (now != told)
		json_u64(json, word, now - told);
}

void stats_tell(struct join *join, uint64_t ns)
{
	struct record record = {.packet_ns = ns, .kind = EVENT_STATS, .event_class = EVENT_P2};
	const struct join_counters *now = &join->counters, *told = &join->told;
	struct json json;

	if (!anything(join))
		return;
	send_start(join, &json, "stats", ns);
	json_object(&json, "sekisho");
	json_object(&json, "counters");
	for (size_t i = 0; i < COUNTER_CNT; i++)
		put_added(&json, counters[i].word, value_of(now, &counters[i]),
			value_of(told, &counters[i]));
	for (enum limit i = 0; i < LIMIT_COUNT; i++)
		put_added(&json, limit_word(i), now->limits[i], told->limits[i]);
	json_close(&json);
	send_run(join, &json);
	json_close(&json);
	join->told = join->counters;
	send_event(join, &json, &record);
}
