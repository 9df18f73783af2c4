#include "codec/key.h"

#include "base/scratch.h"
#include "codec/crib.h"

bool key_is_one(const struct key *key)
{
	const uint8_t *k = key->byte;

	switch (key->period) {
	case 1:
		return k[0] != 0;
	case 2:
		return k[0] != k[1];
	case 3:
		return k[0] != k[1] || k[1] != k[2];
	default:
		return k[0] != k[2] || k[1] != k[3];
	}
}

size_t key_take(const struct key *key, struct bytes coded, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	for (size_t i = 0; i < n; i++)
		out[i] = key_plain(key, coded.ptr[i], i);
	return n;
}

size_t key_take_end(const struct key *key, struct bytes coded, uint8_t *out, size_t room)
{
	size_t n = coded.len < room ? coded.len : room;

	for (size_t i = 0; i < n; i++)
		out[i] = key_plain(key, coded.ptr[coded.len - 1 - i], coded.len - 1 - i);
	return n;
}

size_t key_records(const struct key *key, struct bytes head)
{
	SCRATCH uint8_t out[KEY_HEAD];
	size_t n = key_take(key, head, out, sizeof(out));
	size_t count = crib_records(bytes_of(out, n));

	if (count == 0) {
		n = key_take_end(key, head, out, sizeof(out));
		count = crib_records(bytes_of(out, n));
	}
	explicit_bzero(out, n);
	return count;
}
