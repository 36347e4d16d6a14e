/* inbox.c - see inbox.h. The small-model test in tests/model explores every interleaving of these
 * functions. */
#include "core/inbox.h"

#include "base/planted.h"

/* Never dereferenced: stands in the word while the owner sleeps. */
static edai_envelope parked_mark;
#define PARKED (&parked_mark)

void edai_inbox_init(edai_inbox *inbox)
{
    atomic_init(&inbox->newest, NULL);
    atomic_init(&inbox->pending, 0);
}

bool edai_inbox_push(edai_inbox *inbox, edai_chain *chain, const edai_port *port)
{
    edai_envelope *old;
    bool was_parked = false;

    EDA_ASSERT(chain->oldest != NULL, "a chain of one envelope at least");
    /* Before the exchange, so that the owner never subtracts what was not yet added. */
    atomic_fetch_add_explicit(&inbox->pending, chain->count, memory_order_relaxed);
    edai_point(port);
    old = atomic_load_explicit(&inbox->newest, memory_order_relaxed);
    if (EDAI_PLANTED(LOST_WAKEUP)) {
        was_parked = old == PARKED;
    }
    edai_point(port);
    /* release: pairs with the acquire in take; without it the owner could read the envelopes before
     * they are written. acquire: pairs with the release in park; without it whoever replaces the
     * mark could find the worker where it sat before, and wake nobody. */
    do {
        chain->oldest->next = old == PARKED ? NULL : old;
    } while (!atomic_compare_exchange_weak_explicit(
        &inbox->newest, &old, chain->newest, memory_order_acq_rel, memory_order_relaxed));
    if (!EDAI_PLANTED(LOST_WAKEUP)) {
        was_parked = old == PARKED; /* what the exchange replaced */
    }
    *chain = (edai_chain){.newest = NULL};
    edai_point(port);
    return was_parked;
}

edai_envelope *edai_inbox_take(edai_inbox *inbox, const edai_port *port)
{
    edai_envelope *at;
    edai_envelope *oldest = NULL;
    uint32_t count = 0;

    if (edai_inbox_is_empty(inbox)) {
        return NULL;
    }
    edai_point(port);
    at = atomic_exchange_explicit(&inbox->newest, NULL, memory_order_acquire);
    while (at != NULL && at != PARKED) {
        edai_envelope *next = at->next;

        at->next = oldest;
        oldest = at;
        at = next;
        count++;
    }
    atomic_fetch_sub_explicit(&inbox->pending, count, memory_order_relaxed);
    return oldest;
}

bool edai_inbox_park(edai_inbox *inbox, const edai_port *port)
{
    edai_envelope *expected = NULL;

    edai_point(port);
    /* release: the mark carries where the worker sits, which whoever replaces it asks in
     * edai_seat_wake. What is pushed later is read after take's acquire. */
    return atomic_compare_exchange_strong_explicit(
        &inbox->newest, &expected, PARKED, memory_order_release, memory_order_relaxed);
}

edai_envelope *edai_inbox_peek(edai_inbox *inbox)
{
    edai_envelope *newest = atomic_load_explicit(&inbox->newest, memory_order_acquire);

    return newest == PARKED ? NULL : newest;
}

bool edai_inbox_is_parked(const edai_inbox *inbox)
{
    return atomic_load_explicit(&inbox->newest, memory_order_acquire) == PARKED;
}

void edai_inbox_unpark(edai_inbox *inbox)
{
    edai_envelope *expected = PARKED;

    /* A pusher may have replaced the mark already; then there is something to take. */
    (void)atomic_compare_exchange_strong_explicit(
        &inbox->newest, &expected, NULL, memory_order_relaxed, memory_order_relaxed);
}
