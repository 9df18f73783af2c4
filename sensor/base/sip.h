/* sip.h - the core of SipHash, for the two places that may not pay a call: hash.c, and the
 * hash of a packet's tuple.  Everybody else takes hash.h. */
#ifndef SEKISHO_BASE_SIP_H
#define SEKISHO_BASE_SIP_H

#include "base/hash.h"

/* With constant counts the loops are gone: half of the time. */
#define SIP_INLINE static inline __attribute__((always_inline))

struct sip {
	uint64_t v0, v1, v2, v3;
};

SIP_INLINE uint64_t sip_rotl(uint64_t v, unsigned n)
{
	return v << n | v >> (64 - n);
}

SIP_INLINE struct sip sip_start(const struct hash_key *key)
{
	return (struct sip){key->k0 ^ UINT64_C(0x736f6d6570736575),
		key->k1 ^ UINT64_C(0x646f72616e646f6d), key->k0 ^ UINT64_C(0x6c7967656e657261),
		key->k1 ^ UINT64_C(0x7465646279746573)};
}

SIP_INLINE void sip_rounds(struct sip *s, int count)
{
	for (; count > 0; count--) {
		s->v0 += s->v1;
		s->v2 += s->v3;
		s->v1 = sip_rotl(s->v1, 13) ^ s->v0;
		s->v3 = sip_rotl(s->v3, 16) ^ s->v2;
		s->v0 = sip_rotl(s->v0, 32);
		s->v2 += s->v1;
		s->v0 += s->v3;
		s->v1 = sip_rotl(s->v1, 17) ^ s->v2;
		s->v3 = sip_rotl(s->v3, 21) ^ s->v0;
		s->v2 = sip_rotl(s->v2, 32);
	}
}

SIP_INLINE void sip_word(struct sip *s, uint64_t word, int rounds)
{
	s->v3 ^= word;
	sip_rounds(s, rounds);
	s->v0 ^= word;
}

/* last: the bytes behind the last whole word, and the length in its highest byte. */
SIP_INLINE uint64_t sip_end(struct sip *s, uint64_t last, int rounds, int final_rounds)
{
	sip_word(s, last, rounds);
	s->v2 ^= 0xff;
	sip_rounds(s, final_rounds);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

/* hash_sip13() of two words, as they lie in memory. */
SIP_INLINE uint64_t sip13_two(const struct hash_key *key, uint64_t first, uint64_t second)
{
	struct sip s = sip_start(key);

	sip_word(&s, first, 1);
	sip_word(&s, second, 1);
	return sip_end(&s, UINT64_C(16) << 56, 1, 3);
}

#endif
