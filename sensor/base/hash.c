#include "base/hash.h"

#include <endian.h>
#include <string.h>

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}

static inline uint64_t rotl64(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

struct sip {
	uint64_t v0, v1, v2, v3;
};

/* With constant counts these loops are gone: half of the time. */
#define INLINE static inline __attribute__((always_inline))

INLINE void sip_rounds(struct sip *s, int count)
{
	for (; count > 0; count--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = rotl64(s->v1, 13) ^ s->v0;
		s->v3 = rotl64(s->v3, 16) ^ s->v2;
		s->v0 = rotl64(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = rotl64(s->v1, 17) ^ s->v2;
		s->v3 = rotl64(s->v3, 21) ^ s->v0;
		s->v2 = rotl64(s->v2, 32);
	}
}

INLINE void sip_word(struct sip *s, uint64_t word, int rounds)
{
	s->v3 ^= word;
	sip_rounds(s, rounds);
	s->v0 ^= word;
}

INLINE uint64_t sip(
	const struct hash_key *key, const uint8_t *p, size_t len, int rounds, int final_rounds)
{
	struct sip s = {key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d), key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573)};
	uint64_t last = (uint64_t)len << 56;
	size_t n = 0;

	for (; n + 8 <= len; n += 8)
		sip_word(&s, load64(p + n), rounds);
	for (unsigned shift = 0; n < len; n++, shift += 8)
		last |= (uint64_t)p[n] << shift;
	sip_word(&s, last, rounds);
	s.v2 ^= 0xff;
	sip_rounds(&s, final_rounds);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t hash_sip13(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 1, 3);
}

uint64_t hash_sip24(const struct hash_key *key, const void *data, size_t len)
{
	return sip(key, data, len, 2, 4);
}
