/* fetch.h - what a chain of envelopes will touch is asked of the memory some envelopes ahead.
 *
 * A slot of a large directory, and the activation it names, are each a cache miss or two; asked for
 * one after the other a message waits for all of them, asked for ahead for next to none. Only
 * hints: who changes a directory meanwhile makes some of them useless. Threads: the worker's. */
#ifndef EDAI_FETCH_H
#define EDAI_FETCH_H

#include "base/hash.h"
#include "core/worker.h"

/* How many envelopes ahead: of the slots, and of the activations, by when the slots are there. */
#define EDAI_FETCH_SLOTS 24u
#define EDAI_FETCH_ACTIVATIONS 12u
/* Smaller directories stay in the nearer caches by themselves. */
#define EDAI_FETCH_CAPACITY_MIN 8192u

typedef struct edai_fetch {
    const edai_envelope *slot_of;       /* the next whose slot is asked for */
    const edai_envelope *activation_of; /* the next whose activation is */
} edai_fetch;

/* NULL: nothing worth asking for. */
static inline const edai_directory *edai_fetch_directory(
    edai_worker *worker, const edai_envelope *envelope)
{
    const edai_directory *directory;

    if (EDAI_UNLIKELY(envelope->kind != EDAI_DELIVERY)) {
        return NULL;
    }
    directory = &edai_worker_holding(worker, envelope->route->actor)->directory;
    return directory->capacity >= EDAI_FETCH_CAPACITY_MIN ? directory : NULL;
}

static inline uint64_t edai_fetch_hash(const edai_envelope *envelope)
{
    return (envelope->flags & EDAI_IS_TEXT) != 0 ? envelope->identity
                                                 : edai_hash_u64(envelope->identity);
}

EDAI_ALWAYS_INLINE void edai_fetch_slot(edai_worker *worker, edai_fetch *fetch)
{
    const edai_directory *directory;

    if (fetch->slot_of == NULL) {
        return;
    }
    directory = edai_fetch_directory(worker, fetch->slot_of);
    if (directory != NULL) {
        edai_directory_fetch(directory, edai_fetch_hash(fetch->slot_of));
    }
    fetch->slot_of = fetch->slot_of->next;
}

EDAI_ALWAYS_INLINE void edai_fetch_activation(edai_worker *worker, edai_fetch *fetch)
{
    const edai_directory *directory;

    if (fetch->activation_of == NULL) {
        return;
    }
    directory = edai_fetch_directory(worker, fetch->activation_of);
    if (directory != NULL) {
        edai_directory_fetch_activation(directory, edai_fetch_hash(fetch->activation_of));
    }
    fetch->activation_of = fetch->activation_of->next;
}

/* Before the first of a chain is dispatched. */
static inline edai_fetch edai_fetch_begin(edai_worker *worker, const edai_envelope *first)
{
    edai_fetch fetch = {.slot_of = NULL};
    uint32_t i;

    if (first == NULL || first->next == NULL) {
        return fetch; /* one alone is there as soon as it is asked for */
    }
    fetch = (edai_fetch){.slot_of = first, .activation_of = first};
    for (i = 0; i < EDAI_FETCH_SLOTS; i++) {
        edai_fetch_slot(worker, &fetch);
    }
    for (i = 0; i < EDAI_FETCH_ACTIVATIONS; i++) {
        edai_fetch_activation(worker, &fetch);
    }
    return fetch;
}

/* Before each one is dispatched. */
EDAI_ALWAYS_INLINE void edai_fetch_next(edai_worker *worker, edai_fetch *fetch)
{
    if (EDAI_UNLIKELY(fetch->activation_of != NULL)) {
        edai_fetch_slot(worker, fetch);
        edai_fetch_activation(worker, fetch);
    }
}

#endif
