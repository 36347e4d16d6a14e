/* random.h - a seeded generator: the same numbers from the same seed on every machine.
 *
 * For choices, jitter and simulation, not for secrets. xoshiro256** by David Blackman and
 * Sebastiano Vigna, its state filled by SplitMix64 (Guy Steele, Doug Lea and Christine Flood;
 * constants of Vigna's version), both written here from the published algorithms. Threads: one per
 * generator. */
#ifndef EDAI_RANDOM_H
#define EDAI_RANDOM_H

#include <stdint.h>

typedef struct edai_random {
    uint64_t state[4]; /* not all zero */
} edai_random;

/* Every seed is a good one, 0 included. */
void edai_random_seed(edai_random *random, uint64_t seed);
uint64_t edai_random_next(edai_random *random);
/* From 0 to n - 1, each equally likely; n is at least 1. */
uint64_t edai_random_below(edai_random *random, uint64_t n);
/* Makes a generator of its own for a key (a worker, an actor, a fault). Its numbers depend on the
 * parent's present state and the key alone, not on the order of splits; the parent does not move.
 */
void edai_random_split(const edai_random *parent, uint64_t key, edai_random *ret_child);

#endif
