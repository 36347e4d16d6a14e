/* hash.h - hashes of integers and bytes: the same on every machine, in every process, for ever.
 *
 * Not keyed: whoever chooses the bytes can choose collisions, so tables of foreign keys bound their
 * probing or their size. Threads: any. */
#ifndef EDAI_HASH_H
#define EDAI_HASH_H

#include <stddef.h>
#include <stdint.h>

/* A bijection in which every bit of the input moves half of the output: the finalizer of
 * MurmurHash3 by Austin Appleby (public domain) with the constants that David Stafford found better
 * ("Mix13"). 0 gives 0. */
static inline uint64_t edai_hash_u64(uint64_t value)
{
    value = (value ^ value >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ value >> 27) * UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

/* Goes on from a hash with one more value: order counts. */
static inline uint64_t edai_hash_join(uint64_t hash, uint64_t value)
{
    return edai_hash_u64(hash + UINT64_C(0x9e3779b97f4a7c15) + edai_hash_u64(value));
}

/* FNV-1a (Glenn Fowler, Landon Noll, Kiem-Phong Vo), then the mix above: FNV alone moves the high
 * bits too little. bytes may be NULL when len is 0. */
static inline uint64_t edai_hash_bytes(const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < len; i++) {
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return edai_hash_u64(hash);
}

#endif
