/* inbox.h - the hand-over: chains of envelopes from many threads to one worker, and how a worker
 * sleeps on it.
 *
 * One word holds the newest envelope, or the mark that the worker is parked: a push that replaces
 * the mark must wake it, so no wake-up can fall between the worker's last look and its sleep.
 * Order: per pusher. Threads: push from any, take and park by the owner. */
#ifndef EDAI_INBOX_H
#define EDAI_INBOX_H

#include "base/port.h"
#include "core/envelope.h"

typedef struct edai_inbox {
    _Alignas(64) _Atomic(edai_envelope *) newest; /* NULL: empty; the parked mark */
    _Atomic uint32_t pending;                     /* pushed and not yet taken */
} edai_inbox;

/* Linked newest first: ready to be pushed by one exchange. */
typedef struct edai_chain {
    edai_envelope *newest;
    edai_envelope *oldest;
    uint32_t count;
} edai_chain;

void edai_inbox_init(edai_inbox *inbox);

static inline void edai_chain_add(edai_chain *chain, edai_envelope *envelope)
{
    envelope->next = chain->newest;
    chain->newest = envelope;
    if (chain->count++ == 0) {
        chain->oldest = envelope;
    }
}

/* Hands a chain over and empties it. True: the owner was parked and must be woken by the caller. */
bool edai_inbox_push(edai_inbox *inbox, edai_chain *chain, const edai_port *port);
/* Takes everything, oldest first; NULL: nothing there. */
edai_envelope *edai_inbox_take(edai_inbox *inbox, const edai_port *port);
/* Marks the owner as parked; false: something is there, do not sleep. */
bool edai_inbox_park(edai_inbox *inbox, const edai_port *port);
/* What is there, newest first, left where it is; only while nobody pushes or takes. */
edai_envelope *edai_inbox_peek(edai_inbox *inbox);
/* True while nothing replaced the mark. */
bool edai_inbox_is_parked(const edai_inbox *inbox);
/* Takes the mark back after a sleep, whoever ended it. */
void edai_inbox_unpark(edai_inbox *inbox);

static inline bool edai_inbox_is_empty(const edai_inbox *inbox)
{
    return atomic_load_explicit(&inbox->newest, memory_order_relaxed) == NULL;
}

static inline uint32_t edai_inbox_pending(const edai_inbox *inbox)
{
    return atomic_load_explicit(&inbox->pending, memory_order_relaxed);
}

#endif
