/* directory.h - which activation has an identity: an open-addressed table of one worker and actor
 * type.
 *
 * A slot is a word: the activation's address and 16 bits of the hash; whether it is the one, the
 * activation itself tells, whose lines the message needs anyway. Integer keys are found by their
 * hash alone (the mix is a bijection); text keys are compared. A large table moves into its
 * successor bit by bit, some slots with each identity that is added, so that nobody waits for it.
 * Threads: the owner's. Memory: 8 bytes a slot, at most five eighths full; starts empty. */
#ifndef EDAI_DIRECTORY_H
#define EDAI_DIRECTORY_H

#include <edacious/value.h>

#include "base/assert.h"

typedef struct edai_activation edai_activation;

typedef struct edai_directory {
    uint64_t *slots;   /* 0: free */
    uint64_t *old;     /* what is not moved yet of the table before; NULL: all is */
    uint32_t len;      /* in both */
    uint32_t capacity; /* power of two, or 0 */
    uint32_t old_capacity;
    uint32_t old_at;   /* the next slot to be moved: the first of a run of used ones, or free */
    uint32_t old_left; /* slots to be looked at yet */
} edai_directory;

/* text NULL: an integer key, whose hash is edai_hash_u64 of it. */
edai_activation *edai_directory_find(
    const edai_directory *directory, uint64_t hash, const eda_str *text);
/* The identity must not be there. EDA_ENOMEM. */
EDA_CHECK eda_status edai_directory_add(
    edai_directory *directory, uint64_t hash, edai_activation *activation);
void edai_directory_remove(
    edai_directory *directory, uint64_t hash, const edai_activation *activation);
/* Asks the memory for the slot of a hash; later, when it is there, for the activation it names. */
EDAI_ALWAYS_INLINE void edai_directory_fetch(const edai_directory *directory, uint64_t hash);
EDAI_ALWAYS_INLINE void edai_directory_fetch_activation(
    const edai_directory *directory, uint64_t hash);
void edai_directory_fini(edai_directory *directory);

/* The high bits: in a table of twice the size everything stands in the same order, and moving is
 * going through both. The low bits chose the shard. */
static inline uint32_t edai_directory_home(uint32_t capacity, uint64_t hash)
{
    return (uint32_t)((hash >> 32) * capacity >> 32);
}

static inline uint16_t edai_directory_tag(uint64_t hash)
{
    return (uint16_t)(hash >> 16);
}

static inline edai_activation *edai_directory_named(uint64_t slot)
{
    return (edai_activation *)(uintptr_t)(slot >> 16); /* NOLINT(performance-no-int-to-ptr) */
}

EDAI_ALWAYS_INLINE void edai_directory_fetch(const edai_directory *directory, uint64_t hash)
{
    __builtin_prefetch(&directory->slots[edai_directory_home(directory->capacity, hash)], 1);
    if (EDAI_UNLIKELY(directory->old != NULL)) {
        __builtin_prefetch(&directory->old[edai_directory_home(directory->old_capacity, hash)]);
    }
}

/* Both cache lines of the activation that a hash most likely names. */
EDAI_ALWAYS_INLINE void edai_directory_fetch_named(
    const uint64_t *slots, uint32_t capacity, uint64_t hash)
{
    uint32_t at = edai_directory_home(capacity, hash);
    uint64_t slot = slots[at];

    if (slot != 0 && (uint16_t)slot != edai_directory_tag(hash)) {
        slot = slots[(at + 1) & (capacity - 1)]; /* the first is somebody else */
    }
    if (slot != 0) {
        __builtin_prefetch(edai_directory_named(slot), 1);
        __builtin_prefetch((const char *)edai_directory_named(slot) + 64, 1);
    }
}

EDAI_ALWAYS_INLINE void edai_directory_fetch_activation(
    const edai_directory *directory, uint64_t hash)
{
    edai_directory_fetch_named(directory->slots, directory->capacity, hash);
    if (EDAI_UNLIKELY(directory->old != NULL)) {
        edai_directory_fetch_named(directory->old, directory->old_capacity, hash);
    }
}

#endif
