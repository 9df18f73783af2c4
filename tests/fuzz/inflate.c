/* The same bytes give the same blocks, the same end and the same rest, whole,
 * cut where the first two bytes say, and in pieces. */
#include <stdlib.h>

#include "base/hash.h"
#include "codec/inflate.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct inflaters *pool(void)
{
	static struct arena arena;
	static struct inflaters *inflaters;
	struct err err;

	if (inflaters == NULL) {
		if (!arena_new(&arena, inflaters_bytes(1) + 4096, &err))
			abort();
		inflaters = inflaters_new(&arena, 1);
	}
	return inflaters;
}

static uint64_t run(struct bytes in, size_t first, size_t each)
{
	const struct hash_key key = {3, 4};
	struct inflaters *inflaters = pool();
	uint32_t state = inflate_open(inflaters, INFLATE_AUTO);
	enum inflate_rc rc = INFLATE_OK;
	uint64_t sum[3] = {0}, total = 0;
	size_t n = first;

	while (rc == INFLATE_OK) {
		struct bytes piece = bytes_head(in, n), out;
		bool last = piece.len == in.len;

		in = bytes_skip(in, piece.len);
		do {
			rc = inflate_step(inflaters, state, &piece, last, &out);
			if (out.len > INFLATE_BLOCK || (out.len > 0 && rc != INFLATE_OK))
				abort();
			total += out.len;
			sum[1] = hash_sip13(&key, out.ptr, out.len);
			sum[2] = out.len;
			if (out.len > 0)
				sum[0] = hash_sip13(&key, sum, sizeof(sum));
		} while (rc == INFLATE_OK && (piece.len > 0 || out.len > 0 || last));
		sum[1] = piece.len;
		n = each;
	}
	if (total > INFLATE_OUT_MAX)
		abort();
	sum[1] += inflate_rest(inflaters, state).len + in.len;
	sum[2] = rc;
	inflate_close(inflaters, state);
	return hash_sip13(&key, sum, sizeof(sum));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	struct bytes in = bytes_of(data + 2, size - 2);
	uint64_t sum = run(in, size, size);

	if (sum != run(in, 1 + (size_t)(data[0] << 8 | data[1]), size) ||
		sum != run(in, 1 + data[0], 1 + data[1]))
		abort();
	return 0;
}
