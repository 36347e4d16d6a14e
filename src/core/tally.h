/* tally.h - counts of deliveries: one writer each, readable by anybody at any time.
 *
 * The writer adds without a locked instruction; readers see each count rise monotonically. */
#ifndef EDAI_TALLY_H
#define EDAI_TALLY_H

#include <stdatomic.h>
#include <stdint.h>

typedef enum edai_outcome {
    EDAI_ACCEPTED = 0,
    EDAI_HANDLED,
    EDAI_FAILED,
    EDAI_EXPIRED,
    EDAI_SHED,
    EDAI_DEAD,
    EDAI_STOPPED,
    EDAI_UNHEARD,
    EDAI_OUTCOMES
} edai_outcome;

typedef struct edai_tally {
    _Atomic uint64_t counts[EDAI_OUTCOMES];
} edai_tally;

/* Only the one writer. Relaxed: a reader needs no more than each number by itself, and who sums
 * them up for the idle wait reads the outcomes before the acceptances. release/acquire makes that
 * order hold. */
static inline void edai_bump(_Atomic uint64_t *count)
{
    atomic_store_explicit(
        count, atomic_load_explicit(count, memory_order_relaxed) + 1, memory_order_release);
}

static inline void edai_tally_add(edai_tally *tally, edai_outcome outcome)
{
    edai_bump(&tally->counts[outcome]);
}

static inline void edai_tally_add_many(edai_tally *tally, edai_outcome outcome, uint64_t many)
{
    _Atomic uint64_t *count = &tally->counts[outcome];

    atomic_store_explicit(
        count, atomic_load_explicit(count, memory_order_relaxed) + many, memory_order_release);
}

static inline uint64_t edai_tally_get(const edai_tally *tally, edai_outcome outcome)
{
    return atomic_load_explicit(&tally->counts[outcome], memory_order_acquire);
}

#endif
