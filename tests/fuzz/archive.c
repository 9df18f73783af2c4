/* The stretches of zip, tar, images and magic stand in order inside the bytes, are found in a
 * number of steps that the bytes bound, and decode within their room. */
#include <stdlib.h>

#include "codec/coding.h"
#include "codec/unpack.h"

#define ROOM (16u << 10)

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

static void check(const struct coding *coding, struct bytes buf)
{
	static uint8_t out[ROOM];
	struct stretch stretch;
	size_t from = 0;

	while (coding->find(buf, from, &stretch)) {
		if (stretch.off < from || stretch.len == 0 || stretch.off > buf.len ||
			stretch.len > buf.len - stretch.off)
			abort();
		if (coding->decode(one(), bytes_of(buf.ptr + stretch.off, stretch.len),
			    stretch.variant, out, ROOM) > ROOM)
			abort();
		from = stretch.off + stretch.len;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1);

	if (copy == NULL || size == 0) {
		free(copy);
		return 0;
	}
	memcpy(copy, data, size);
	for (size_t i = 0; i < codings_count; i++)
		if (codings[i]->layer <= LAYER_IMAGE)
			check(codings[i], bytes_of(copy, size));
	free(copy);
	return 0;
}
