/* takeover.h - a turn that runs long is left alone by its seat's workers.
 *
 * While a handler runs its thread touches nothing of the runtime. So somebody else may take all
 * workers from its seat in that time, if the thread notices before it touches them again: it
 * notices whenever it enters the runtime, by a verb or by returning. Then it waits, like a turn
 * that called eda_blocking, until its worker, wherever that sits by now, lets it go on.
 *
 * Entering and leaving take no locked instruction: the thread writes `user` and reads `claim`, the
 * other writes `claim` and reads `user`, and the barrier that keeps each write before the read is
 * had by membarrier(2) on all threads at once, paid by the one who claims. */
#ifndef EDAI_TAKEOVER_H
#define EDAI_TAKEOVER_H

#include "core/seat.h"
#include "core/turn.h"

/* Waits until its worker lets it go on, if its workers were taken. */
void edai_takeover_settle(eda_ctx *ctx);

/* The handler enters the runtime, by a verb or by returning; what it gets goes to
 * edai_takeover_back at the verb's end. */
static inline uint64_t edai_takeover_enter(eda_ctx *ctx)
{
    edai_seat *seat = ctx->seat;
    uint64_t user;

    if (EDAI_UNLIKELY(seat == NULL)) {
        return 0; /* a client's, or a start or stop function's */
    }
    user = atomic_load_explicit(&seat->user, memory_order_relaxed);
    if (user == 0) {
        return 0; /* within the runtime already */
    }
    atomic_store_explicit(&seat->user, 0, memory_order_relaxed);
    atomic_signal_fence(memory_order_seq_cst); /* the rest of the barrier is edai_barrier_all */
    /* acquire: pairs with the release by whoever claimed, looked, and gave up again. */
    if (EDAI_UNLIKELY(atomic_load_explicit(&seat->claim, memory_order_acquire) != EDAI_UNCLAIMED)) {
        edai_takeover_settle(ctx);
    }
    return user;
}

/* Into the handler: from here on its workers may be taken. */
static inline void edai_takeover_leave(eda_ctx *ctx)
{
    edai_seat *seat = ctx->seat;

    if (EDAI_UNLIKELY(seat == NULL)) {
        return;
    }
    atomic_store_explicit(&seat->running, ctx->envelope->route, memory_order_relaxed);
    seat->user_ctx = ctx;
    /* release: who finds the number and claims the seat sees everything of its workers. */
    atomic_store_explicit(&seat->user, seat->stretches, memory_order_release);
}

/* At the end of a verb: back to where it was called. Who was resumed elsewhere meanwhile has made
 * itself known to its new seat (edai_suspend_return). */
static inline void edai_takeover_back(eda_ctx *ctx, uint64_t entered)
{
    if (EDAI_LIKELY(entered != 0)) {
        /* release: as in edai_takeover_leave. */
        atomic_store_explicit(&ctx->seat->user, ctx->seat->stretches, memory_order_release);
    }
}

/* Takes the workers from a seat on which that turn still runs its handler, and gives them to
 * another. False: the turn has ended or called a verb, or there is no memory. Threads: any but the
 * seat's own. */
bool edai_takeover(edai_seat *seat, uint64_t user, edai_seat *to);
/* The thread has left the stack of the turn that was taken from it: lets its worker know. */
void edai_takeover_announce(eda_ctx *ctx);

#endif
