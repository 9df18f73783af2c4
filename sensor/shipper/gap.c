#include <assert.h>

#include "event/json.h"
#include "shipper/disk.h"

size_t gap_body(const char *sensor, const struct gap *gap, uint8_t out[static SPOOL_BODY_MAX])
{
	struct json json;

	json_start(&json, (char *)out + sizeof(struct record), EVENT_JSON_MAX);
	json_time(&json, "timestamp", gap->real_ns);
	json_text(&json, "event_type", event_kind_word(EVENT_GAP));
	json_text(&json, "sensor", sensor);
	json_object(&json, "sekisho");
	json_text(&json, "reason", gap->reason);
	json_u64(&json, "class", gap->event_class);
	json_u64(&json, "n", gap->n);
	json_u64(&json, "first_seq", gap->first_seq);
	json_close(&json);
	size_t len = json_end(&json);
	assert(len > 0);
	const struct record record = {.packet_ns = gap->real_ns,
		.len = (uint32_t)len,
		.kind = EVENT_GAP,
		.event_class = EVENT_P0};
	memcpy(out, &record, sizeof(record));
	return sizeof(record) + len;
}
