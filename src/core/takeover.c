/* takeover.c - see takeover.h. */
#include "core/takeover.h"

#include "base/assert.h"
#include "base/memory.h"
#include "core/fan.h"
#include "core/nest.h"
#include "core/suspend.h"
#include "core/system.h"

/* What a turn that was left alone needs to be found again; owned by its ctx. */
struct edai_detached {
    edai_wait wait;
    struct {
        edai_envelope envelope;
        edai_call call;
    } notice;
};

/* The turn becomes one that waits, as if it had called eda_blocking. Its seat is ours. */
static bool detach(edai_seat *seat, edai_detached *made)
{
    eda_ctx *ctx = seat->user_ctx;
    edai_worker *worker = ctx->worker;
    edai_extra *extra;

    if (worker->suspended_count > worker->sys->options.stacks_max ||
        (edai_fan_is_stub(ctx->envelope) && edai_fan_leave(ctx) != EDA_OK)) {
        return false;
    }
    extra = edai_activation_extra(ctx->activation);
    seat->next_strand = extra != NULL ? edai_seat_reserve(seat) : NULL;
    if (seat->next_strand == NULL) {
        return false;
    }
    made->wait =
        (edai_wait){.kind = EDAI_WAIT_JOB, .ctx = ctx, .since = seat->port->now(seat->port->self)};
    edai_nest_settle(seat);
    ctx->detached = made;
    ctx->wait = &made->wait;
    ctx->next_suspended = extra->suspended;
    extra->suspended = ctx;
    ctx->strand = seat->strands.current;
    seat->strands.current = NULL;
    worker->suspended_count++;
    worker->current = NULL;
    edai_suspend_alone(worker, ctx->activation); /* unlike with eda_blocking its handler does run */
    return true;
}

bool edai_takeover(edai_seat *seat, uint64_t user, edai_seat *to)
{
    edai_detached *made = edai_calloc(1, sizeof(*made));
    edai_worker *homeless = NULL;
    bool is_taken;

    if (made == NULL) {
        return false;
    }
    edai_mutex_lock(&seat->mutex);
    atomic_store_explicit(&seat->claim, EDAI_CLAIMED, memory_order_relaxed);
    /* After it, either the thread sees the claim when it enters, or we see that it has entered. */
    edai_barrier_all();
    /* acquire: pairs with the release in edai_takeover_leave. */
    is_taken =
        atomic_load_explicit(&seat->user, memory_order_acquire) == user && detach(seat, made);
    if (is_taken) {
        homeless = edai_seat_clear(seat);
    }
    atomic_store_explicit(
        &seat->claim, is_taken ? EDAI_TAKEN : EDAI_UNCLAIMED, memory_order_release);
    edai_mutex_unlock(&seat->mutex);
    if (is_taken) {
        edai_seat_put(to, homeless);
    } else {
        edai_free(made);
    }
    return is_taken;
}

void edai_takeover_settle(eda_ctx *ctx)
{
    edai_seat *seat = ctx->seat;
    bool is_taken;

    edai_mutex_lock(&seat->mutex); /* whoever claims has decided when we get it */
    is_taken = atomic_load_explicit(&seat->claim, memory_order_relaxed) == EDAI_TAKEN;
    atomic_store_explicit(&seat->claim, EDAI_UNCLAIMED, memory_order_relaxed);
    edai_mutex_unlock(&seat->mutex);
    if (!is_taken) {
        return;
    }
    /* The seat's thread goes on upon a stack of its own, tells the worker, and is free for others;
     * the worker's thread takes this stack up. */
    seat->departing = ctx;
    edai_fiber_switch(&ctx->strand->fiber, &seat->host);
    edai_suspend_return(ctx);
    edai_free(ctx->detached);
    ctx->detached = NULL;
    edai_suspend_back(ctx->worker, ctx->activation);
}

static void call_resume(edai_worker *worker, void *arg)
{
    (void)worker;
    edai_suspend_end(arg, EDA_OK);
}

void edai_takeover_announce(eda_ctx *ctx)
{
    edai_detached *made = ctx->detached;

    made->notice.envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    made->notice.call = (edai_call){.fn = call_resume, .arg = ctx, .worker = ctx->worker->index};
    edai_worker_post(ctx->worker, &made->notice.envelope);
}
