/* random.c - xoshiro256** and SplitMix64. */
#include "base/random.h"

#include "base/assert.h"
#include "base/hash.h"

static uint64_t rotate_left(uint64_t value, unsigned bits)
{
    return value << bits | value >> (64 - bits);
}

/* SplitMix64: its outputs for one run differ from each other, so four of them are never all zero.
 */
static uint64_t split_mix_next(uint64_t *state)
{
    *state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = *state;
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

void edai_random_seed(edai_random *random, uint64_t seed)
{
    for (unsigned i = 0; i < 4; i++) {
        random->state[i] = split_mix_next(&seed);
    }
}

uint64_t edai_random_next(edai_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[1] * 5, 7) * 9;
    uint64_t shifted = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= shifted;
    s[3] = rotate_left(s[3], 45);
    return result;
}

uint64_t edai_random_below(edai_random *random, uint64_t n)
{
    EDA_ASSERT(n > 0, "there is no number below 0 to choose");
    /* The lowest 2^64 mod n outputs are refused, which leaves a multiple of n of them. At worst
     * half are refused, so the loop ends soon: more than 128 rounds are likelier to be a broken
     * generator. */
    uint64_t refused = (0 - n) % n;
    uint64_t value = edai_random_next(random);
    for (unsigned round = 0; value < refused; round++) {
        EDA_ASSERT(round < 128, "a generator gives large numbers, too");
        value = edai_random_next(random);
    }
    return value % n;
}

void edai_random_split(const edai_random *parent, uint64_t key, edai_random *ret_child)
{
    uint64_t seed = edai_hash_u64(key);
    for (unsigned i = 0; i < 4; i++) {
        seed = edai_hash_u64(seed ^ parent->state[i]);
    }
    edai_random_seed(ret_child, seed);
}
