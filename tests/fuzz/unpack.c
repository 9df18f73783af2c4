/* Whatever the bytes: what comes out stays in its room, is the same when the room held
 * something else, and the beginning of it fits into a smaller room.  First byte: the kind. */
#include <stdlib.h>

#include "codec/unpack.h"

#define ROOM (64u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct unpacker *one(void)
{
	static struct arena arena;
	static struct unpacker *unpacker;
	struct err err;

	if (unpacker == NULL) {
		if (!arena_new(&arena, unpacker_bytes() + 4096, &err))
			abort();
		unpacker = unpacker_new(&arena);
	}
	return unpacker;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t out[ROOM], again[ROOM];

	if (size < 2)
		return 0;
	enum packed kind = (enum packed)(data[0] % (PACKED_ZSTD + 1));
	struct bytes in = bytes_of(data + 1, size - 1);
	size_t some = 1 + (size_t)data[0] * 100;
	uint8_t *small = malloc(some);

	if (small == NULL)
		abort();
	memset(out, 0x55, sizeof(out));
	memset(again, 0xaa, sizeof(again));
	struct unpacked first = unpack(one(), kind, in, out, ROOM);
	struct unpacked second = unpack(one(), kind, in, again, ROOM);
	struct unpacked part = unpack(one(), kind, in, small, some);
	if (first.len > ROOM || first.used > in.len || first.len != second.len ||
		first.used != second.used || first.ended != second.ended ||
		first.broken != second.broken || memcmp(out, again, first.len) != 0)
		abort();
	if (part.len > some || part.used > in.len)
		abort();
	/* Of what is broken the last matches may be missing, or not. */
	if (!first.broken && (part.len > first.len || memcmp(out, small, part.len) != 0))
		abort();
	free(small);
	return 0;
}
