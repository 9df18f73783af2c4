/* rng.h - the one source of chance: same seed, same bytes (splitmix64, Steele,
 * Lea, Flood 2014).  Not for secrets. */
#ifndef FORGE_RNG_H
#define FORGE_RNG_H

#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state; /* the seed to begin with */
};

uint64_t rng_next(struct rng *r);
/* 0..n-1; 0 for n = 0. */
uint64_t rng_below(struct rng *r, uint64_t n);
void rng_fill(struct rng *r, void *data, size_t len);

#endif
