/* places.h - the places in a key expression that a walk along another one may have reached.
 *
 * This is what keeps matching polynomial: "**" makes a walk ambiguous, and instead of trying each
 * way in turn all ways advance together, a set of places per chunk of the other expression.
 * Threads: no state. Memory: given storage. */
#ifndef EDAI_PLACES_H
#define EDAI_PLACES_H

#include "message/chunk.h"

/* An expression cut into its chunks; borrows its text. 2 KiB. */
typedef struct edai_chunks {
    size_t len;
    edai_chunk items[EDA_TOPIC_CHUNKS_MAX];
} edai_chunks;

/* Bit i: i chunks of the expression lie behind; bit len: all of them. */
typedef struct edai_places {
    uint64_t bits[EDA_TOPIC_CHUNKS_MAX / 64 + 1];
} edai_places;

/* False, and ret_chunks undefined, when there are more than EDA_TOPIC_CHUNKS_MAX. */
bool edai_places_split(eda_str expression, edai_chunks *ret_chunks);

/* The start, for a walk that asks whether both intersect: a "**" there may stand for nothing. */
edai_places edai_places_start(const edai_chunks *chunks);
/* All places that one more chunk of the other expression leads to. */
edai_places edai_places_step(const edai_chunks *chunks, edai_places places, edai_chunk chunk);

/* The same for a walk that asks whether the other expression includes this one: start at place 0.
 */
edai_places edai_places_start_included(void);
edai_places edai_places_step_included(
    const edai_chunks *chunks, edai_places places, edai_chunk chunk);

static inline bool edai_places_has(edai_places places, size_t place)
{
    return (places.bits[place / 64] >> (place % 64) & 1) != 0;
}

static inline bool edai_places_is_empty(edai_places places)
{
    return (places.bits[0] | places.bits[1] | places.bits[2]) == 0;
}

#endif
