#include "stream/state.h"

#include "base/hash.h"

#define ENTRY_MAX UINT16_MAX

static uint32_t add_entry(struct half *half)
{
	half->newest = (uint8_t)((half->newest + 1) % REMEMBER_MAX);
	if (half->remembered < REMEMBER_MAX)
		half->remembered++;
	half->gaps &= (uint8_t) ~(1u << half->newest);
	half->crc[half->newest] = 0;
	half->len[half->newest] = 0;
	return half->newest;
}

static bool is_gap(const struct half *half, uint32_t entry)
{
	return (half->gaps >> entry & 1) != 0;
}

void remember(struct half *half, struct bytes data, bool continues)
{
	uint32_t entry = half->newest;

	if (half->remembered == 0 || is_gap(half, entry))
		continues = false;
	while (data.len > 0) {
		size_t room = continues ? ENTRY_MAX - half->len[entry] : 0;

		if (room == 0) {
			entry = add_entry(half);
			room = ENTRY_MAX;
		}
		size_t len = data.len < room ? data.len : room;
		half->crc[entry] = hash_crc32c(half->crc[entry], data.ptr, len);
		half->len[entry] = (uint16_t)(half->len[entry] + len);
		data = bytes_skip(data, len);
		continues = false;
	}
}

void remember_gap(struct half *half, uint32_t len)
{
	uint32_t entry = add_entry(half);

	half->gaps |= (uint8_t)(1u << entry);
	half->crc[entry] = len;
}

enum old_copy remember_compare(const struct half *half, uint32_t seq, struct bytes data)
{
	uint32_t back = half->next - seq; /* of the copy's first byte, before next */
	uint32_t back_end = back - (uint32_t)data.len;
	uint64_t end = 0; /* of the entry, before next */
	size_t same = 0;

	for (uint32_t i = 0; i < half->remembered && end < back; i++) {
		uint32_t entry = (half->newest + REMEMBER_MAX - i) % REMEMBER_MAX;
		bool gap = is_gap(half, entry);
		uint64_t start = end + (gap ? half->crc[entry] : half->len[entry]);

		if (gap && start > back_end)
			return OLD_NEW;
		if (!gap && start <= back && end >= back_end) {
			if (hash_crc32c(0, data.ptr + (back - start), half->len[entry]) !=
				half->crc[entry])
				return OLD_DIFFERS;
			same += half->len[entry];
		}
		end = start;
	}
	return same == data.len ? OLD_SAME : OLD_DIFFERS;
}
