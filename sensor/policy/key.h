/* key.h - how a policy image hashes its keys.  The keys of the tables are the
 * operator's own, so nobody can make them collide: no secret is needed. */
#ifndef SEKISHO_POLICY_KEY_H
#define SEKISHO_POLICY_KEY_H

#include <stdint.h>
#include <string.h>

static inline uint64_t image_mix(uint64_t x)
{
	x ^= x >> 32;
	x *= 0xd6e8feb86659fd93;
	x ^= x >> 32;
	return x;
}

static inline uint64_t image_half(const uint8_t b[static 8])
{
	uint64_t v;

	memcpy(&v, b, sizeof(v));
	return __builtin_bswap64(v);
}

static inline uint64_t image_addr_hash(uint64_t hi, uint64_t lo, uint32_t scope)
{
	return image_mix(lo ^ image_mix(hi + scope * 0x9e3779b97f4a7c15u));
}

/* Names are hashed from their end, so that one walk gives all suffixes. */
#define IMAGE_NAME_SEED 0x811c9dc5u
static inline uint32_t image_name_step(uint32_t hash, uint8_t lower)
{
	return (hash ^ lower) * 0x01000193u;
}

static inline uint32_t image_name_finish(uint32_t hash, uint32_t tenant)
{
	return (uint32_t)image_mix(((uint64_t)tenant << 32) | hash);
}

/* Of the last bytes of a name, in lower case, as a number. */
static inline uint32_t image_tail(uint64_t tail)
{
	return (uint32_t)(image_mix(tail) >> 20);
}

#endif
