/* wire_get.c - a message is taken only if its lengths agree, and its records
 * lie inside it.  The input is a message, and the body of a good one. */
#include <stdlib.h>
#include <string.h>

#include "event/wire.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void records(struct bytes body)
{
	struct bytes at = bytes_skip(body, sizeof(struct wire_batch)), json;
	struct record record;
	size_t left = at.len;

	while (wire_record(&at, &record, &json)) {
		require(record.len <= EVENT_JSON_MAX && json.len == record.len);
		require(json.ptr >= body.ptr && json.ptr + json.len <= body.ptr + body.len);
		require(at.len + sizeof(record) + record.len <= left);
		left = at.len;
	}
	require(at.len == left);
}

static void message(struct bytes bytes, bool good)
{
	struct wire_header header;
	struct bytes body;

	if (!wire_get(bytes, &header, &body)) {
		require(!good);
		return;
	}
	require(body.len == header.body_len && body.len + sizeof(header) == bytes.len);
	records(body);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t room = sizeof(struct wire_header) + size;

	message(bytes_of(data, size), false);
	if (room > WIRE_MESSAGE_MAX)
		return 0;
	uint8_t *out = malloc(room);
	require(out != NULL);
	require(wire_put(out, room - 1, WIRE_BATCH, 1, 2, bytes_of(data, size)) == 0);
	require(wire_put(out, room, WIRE_BATCH, 1, 2, bytes_of(data, size)) == room);
	message(bytes_of(out, room), true);
	free(out);
	return 0;
}
