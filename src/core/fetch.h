/* fetch.h - what a chain of envelopes will touch is asked of the memory some envelopes ahead.
 *
 * A slot of a large directory, and the activation it names, are each a cache miss or two; asked for
 * one after the other a message waits for all of them, asked for ahead for next to none. Only
 * hints: who changes a directory meanwhile makes some of them useless. Threads: the worker's. */
#ifndef EDAI_FETCH_H
#define EDAI_FETCH_H

#include "base/hash.h"
#include "core/publish.h"

/* How many envelopes ahead: of the slots, and of the activations, by when the slots are there. */
#define EDAI_FETCH_SLOTS 24u
#define EDAI_FETCH_ACTIVATIONS 12u
/* Smaller directories stay in the nearer caches by themselves. */
#define EDAI_FETCH_CAPACITY_MIN 8192u

typedef struct edai_fetch {
    const edai_envelope *slot_of;       /* the next whose slot is asked for */
    const edai_envelope *activation_of; /* the next whose activation is */
} edai_fetch;

/* By this worker's own directory of the type, for keys spread evenly: it is at hand, while whose
 * key it is takes a hash. */
static inline bool edai_fetch_is_worth(const edai_worker *worker, const edai_envelope *envelope)
{
    return EDAI_LIKELY(envelope->kind == EDAI_DELIVERY) &&
           worker->holdings[envelope->route->actor->index].directory.capacity >=
               EDAI_FETCH_CAPACITY_MIN;
}

/* Where the receiver is found. NULL: not on this seat, or nowhere yet. */
static inline const edai_directory *edai_fetch_directory(
    const edai_worker *worker, const edai_envelope *envelope, uint64_t hash)
{
    const edai_actor_type *type = envelope->route->actor;
    edai_worker *owner = &worker->sys->workers[edai_system_owner(worker->sys, type, hash)];
    const edai_directory *directory = &edai_worker_holding(owner, type)->directory;

    return edai_worker_seat(owner) == edai_worker_seat(worker) && directory->capacity > 0
               ? directory
               : NULL;
}

EDAI_ALWAYS_INLINE void edai_fetch_slot(const edai_worker *worker, const edai_envelope *envelope)
{
    uint64_t hash = edai_publish_hash(envelope);
    const edai_directory *directory = edai_fetch_directory(worker, envelope, hash);

    if (directory != NULL) {
        edai_directory_fetch(directory, hash);
    }
}

EDAI_ALWAYS_INLINE void edai_fetch_activation(
    const edai_worker *worker, const edai_envelope *envelope)
{
    uint64_t hash = edai_publish_hash(envelope);
    const edai_directory *directory = edai_fetch_directory(worker, envelope, hash);

    if (directory != NULL) {
        edai_directory_fetch_activation(directory, hash);
    }
}

EDAI_ALWAYS_INLINE void edai_fetch_step_slot(const edai_worker *worker, edai_fetch *fetch)
{
    const edai_envelope *envelope = fetch->slot_of;

    if (envelope != NULL) {
        fetch->slot_of = envelope->next;
        if (edai_fetch_is_worth(worker, envelope)) {
            edai_fetch_slot(worker, envelope);
        }
    }
}

EDAI_ALWAYS_INLINE void edai_fetch_step_activation(const edai_worker *worker, edai_fetch *fetch)
{
    const edai_envelope *envelope = fetch->activation_of;

    if (envelope != NULL) {
        fetch->activation_of = envelope->next;
        if (edai_fetch_is_worth(worker, envelope)) {
            edai_fetch_activation(worker, envelope);
        }
    }
}

/* Before the first of a chain is dispatched. */
static inline edai_fetch edai_fetch_begin(const edai_worker *worker, const edai_envelope *first)
{
    edai_fetch fetch = {.slot_of = NULL};
    uint32_t i;

    if (first == NULL || first->next == NULL || !edai_fetch_is_worth(worker, first)) {
        return fetch; /* one alone is there as soon as it is asked for; else the first decides */
    }
    fetch = (edai_fetch){.slot_of = first, .activation_of = first};
    for (i = 0; i < EDAI_FETCH_SLOTS; i++) {
        edai_fetch_step_slot(worker, &fetch);
    }
    for (i = 0; i < EDAI_FETCH_ACTIVATIONS; i++) {
        edai_fetch_step_activation(worker, &fetch);
    }
    return fetch;
}

/* Before each one is dispatched. */
EDAI_ALWAYS_INLINE void edai_fetch_next(const edai_worker *worker, edai_fetch *fetch)
{
    if (EDAI_UNLIKELY(fetch->activation_of != NULL)) {
        edai_fetch_step_slot(worker, fetch);
        edai_fetch_step_activation(worker, fetch);
    }
}

#endif
