#include "event/wire.h"

#include <string.h>

#include "base/hash.h"

const char *event_kind_word(enum event_kind kind)
{
	static const char *const words[] = {
		"", "alert", "contact", "observe", "coverage", "health", "stats", "health"};

	return words[kind];
}

size_t wire_put(void *out, size_t size, enum wire_kind kind, uint64_t sensor_id, uint64_t epoch,
	struct bytes body)
{
	struct wire_header header = {.magic = WIRE_MAGIC,
		.version = 1,
		.kind = (uint16_t)kind,
		.sensor_id = sensor_id,
		.epoch = epoch,
		.body_len = (uint32_t)body.len,
		.crc = hash_crc32c(0, body.ptr, body.len)};

	if (size < sizeof(header) + body.len)
		return 0;
	memmove((uint8_t *)out + sizeof(header), body.ptr, body.len);
	memcpy(out, &header, sizeof(header));
	return sizeof(header) + body.len;
}

bool wire_get(struct bytes message, struct wire_header *header, struct bytes *body)
{
	if (message.len < sizeof(*header) || message.len > WIRE_MESSAGE_MAX)
		return false;
	memcpy(header, message.ptr, sizeof(*header));
	*body = bytes_skip(message, sizeof(*header));
	return header->magic == WIRE_MAGIC && header->version == 1 &&
	       header->body_len == body->len && header->crc == hash_crc32c(0, body->ptr, body->len);
}

bool wire_record(struct bytes *at, struct record *record, struct bytes *json)
{
	if (at->len < sizeof(*record))
		return false;
	memcpy(record, at->ptr, sizeof(*record));
	size_t padded = sizeof(*record) + (((size_t)record->len + 7) & ~(size_t)7);
	if (record->len > EVENT_JSON_MAX || padded > at->len)
		return false;
	*json = bytes_of(at->ptr + sizeof(*record), record->len);
	*at = bytes_skip(*at, padded);
	return true;
}
