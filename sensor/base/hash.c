#include "base/hash.h"

#include <endian.h>
#include <string.h>

#include "base/sip.h"

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

SIP_INLINE uint64_t sip(
	const struct hash_key *key, const uint8_t *p, size_t len, int rounds, int final_rounds)
{
	struct sip s = sip_start(key);
	uint64_t last = (uint64_t)len << 56;
	size_t n = 0;

	for (; n + 8 <= len; n += 8)
		sip_word(&s, load64(p + n), rounds);
	for (unsigned shift = 0; n < len; n++, shift += 8)
		last |= (uint64_t)p[n] << shift;
	return sip_end(&s, last, rounds, final_rounds);
}

uint64_t hash_sip13(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 1, 3);
}

uint64_t hash_sip24(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 2, 4);
}
