#include <assert.h>
#include <string.h>

#include "join/state.h"

const char *source_name(const struct join *join, uint16_t source)
{
	return source < join->conf.source_cnt ? join->conf.sources[source] : "";
}

void send_start(struct join *join, struct json *json, const char *type, uint64_t ns)
{
	json_start(json, join->json, sizeof(join->json));
	json_time(json, "timestamp", ns);
	json_text(json, "event_type", type);
	json_text(json, "sensor", join->conf.sensor);
}

void send_run(struct join *join, struct json *json)
{
	uint8_t run[8];

	for (int i = 0; i < 8; i++)
		run[i] = (uint8_t)(join->conf.run >> (56 - 8 * i));
	json_hex(json, "run", run, sizeof(run));
	json_bool(json, "replay", join->conf.replay);
}

void send_generation(struct join *join, struct json *json)
{
	uint8_t generation[8];

	for (int i = 0; i < 8; i++)
		generation[i] = (uint8_t)(join->env.generation >> (56 - 8 * i));
	json_hex(json, "generation", generation, sizeof(generation));
}

void send_event(struct join *join, struct json *json, struct record *record)
{
	size_t len = json_end(json);

	if (len == 0) {
		join->counters.too_long++;
		return;
	}
	uint8_t *room = join->sink.reserve(join->sink.self, (uint32_t)(sizeof(*record) + len));
	if (room == NULL)
		return;
	record->n = ++join->n;
	record->run = join->conf.run;
	record->replay = join->conf.replay;
	record->len = (uint32_t)len;
	memcpy(room, record, sizeof(*record));
	memcpy(room + sizeof(*record), join->json, len);
	join->sink.commit(join->sink.self, (uint32_t)(sizeof(*record) + len));
	join->counters.events++;
}
