/* pan_find: what windows find is what the whole gives, and what stands around
 * is answered with known reasons only.  First byte: size of the runs. */
#include <stdlib.h>

#include "base/why.h"
#include "pan/fixture.h"
#include "require.h"

#define INPUT_MAX 4096

static const struct hash_key key = {.k0 = 1, .k1 = 2};

static void same(const struct pan_hit *a, const struct pan_hit *b, size_t base)
{
	require(a->off == b->off + base && a->len == b->len && a->why == b->why &&
		a->quick == b->quick);
}

static void windows(struct bytes all, size_t step, const struct pan_scan *whole)
{
	size_t from = 0, count = 0;
	uint32_t shaped = 0, failed = 0;

	for (size_t end = step; from < all.len; end += step) {
		bool last = end >= all.len;
		size_t have = last ? all.len : end;
		size_t base = from > PAN_SPAN_MAX ? from - PAN_SPAN_MAX : 0;
		size_t to = last ? have : have > PAN_SPAN_MAX ? have - PAN_SPAN_MAX : 0;
		struct pan_scan got;
		if (to <= from)
			continue;
		uint8_t *copy = malloc(have - base);
		require(copy != NULL);
		memcpy(copy, all.ptr + base, have - base);
		pan_find(fixture_table(), &key, bytes_of(copy, have - base), from - base, to - base,
			base == 0, last, &got);
		free(copy);
		for (uint32_t i = 0; i < got.count; i++)
			same(&whole->hit[count++], &got.hit[i], base);
		shaped += got.shaped;
		failed += got.failed;
		from = to;
	}
	require(count == whole->count && shaped == whole->shaped && failed == whole->failed);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pan_scan whole;
	const uint64_t known = WHY_BIT(WHY_CARD_KEY) | WHY_BIT(WHY_CARD_EXPIRY) |
			       WHY_BIT(WHY_CARD_CODE) | WHY_BIT(WHY_CARD_HOLDER) |
			       WHY_BIT(WHY_CARD_DECOY_KEY) | WHY_BIT(WHY_CARD_IN_LIST);

	if (size < 2 || size > INPUT_MAX)
		return 0;
	struct bytes all = bytes_of(data + 1, size - 1);
	pan_find(fixture_table(), &key, all, 0, all.len, true, true, &whole);
	for (uint32_t i = 0; i < whole.count; i++) {
		const struct pan_hit *hit = &whole.hit[i];
		require(hit->len <= PAN_SPAN_MAX && hit->off + hit->len <= all.len);
		require((pan_context(fixture_table(), all, hit->off, hit->len, bytes_of(data, 1)) &
				~known) == 0);
	}
	if (whole.more == 0 && all.len > 0)
		windows(all, data[0] + 1u, &whole);
	return 0;
}
