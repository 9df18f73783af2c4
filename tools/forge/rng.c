/* rng.c - splitmix64. */
#include "rng.h"

#include <string.h>

uint64_t rng_next(struct rng *r)
{
	uint64_t z = (r->state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t rng_below(struct rng *r, uint64_t n)
{
	return n ? rng_next(r) % n : 0;
}

void rng_fill(struct rng *r, void *data, size_t len)
{
	uint8_t *p = data;

	for (; len >= 8; len -= 8, p += 8) {
		uint64_t v = rng_next(r);

		memcpy(p, &v, 8);
	}
	for (uint64_t v = rng_next(r); len > 0; len--, v >>= 8)
		*p++ = (uint8_t)v;
}
