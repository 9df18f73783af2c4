/* Goal: every number of any text is told in order, within its bounds, and what lacks nothing is
 * just what pan_find() tells. */
#include "pan/doubt.h"
#include "pan/fixture.h"
#include "require.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEXT_MAX 2000 /* so that all hits are told */

static bool overlaps(const struct pan_scan *scan, const struct pan_doubt *doubt)
{
	for (uint32_t i = 0; i < scan->count; i++)
		if (scan->hit[i].off < doubt->off + doubt->len &&
			doubt->off < scan->hit[i].off + scan->hit[i].len)
			return true;
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pan_scan scan;
	const struct hash_key key = {.k0 = 1};
	const struct pan_doubtful text = {
		.buf = bytes_of(data, size), .before_start = true, .after_end = true};
	struct pan_doubt doubt;
	size_t at = 0;

	if (size > TEXT_MAX)
		return 0;
	pan_find(fixture_table(), &key, text.buf, 0, size, true, true, &scan);
	while (pan_doubt_next(fixture_table(), &text, at, &doubt)) {
		require(doubt.off >= at && doubt.len >= doubt.digits);
		require(doubt.len <= size - doubt.off && doubt.digits >= PAN_DOUBT_DIGITS);
		require(scan.more > 0 || (doubt.lacks == 0) == overlaps(&scan, &doubt));
		at = doubt.off + doubt.len;
	}
	return 0;
}
