/* suspend.c - see suspend.h. */
#include "core/suspend.h"

#include "base/assert.h"
#include "base/planted.h"
#include "core/ask.h"
#include "core/fan.h"
#include "core/nest.h"
#include "core/publish.h"
#include "core/system.h"

eda_status edai_suspend_check(eda_ctx *ctx)
{
    if (ctx->kind == EDAI_CTX_STOP || ctx->activation == NULL) {
        return edai_ctx_fail(ctx, EDA_ESTATE, "a stop function cannot wait");
    }
    if ((ctx->activation->flags & (EDAI_WANTS_RESTART | EDAI_WANTS_STOP)) != 0 ||
        edai_system_phase(ctx->sys) == EDAI_ENDING) {
        return edai_ctx_fail(ctx, EDA_ECANCELED, "the actor is being stopped");
    }
    return EDA_OK;
}

/* What the turn waits for gets going, now that waiting cannot fail any more. */
static void depart(eda_ctx *ctx, edai_wait *wait)
{
    edai_worker *worker = ctx->worker;
    eda_status status;

    if (wait->request != NULL) {
        edai_envelope *request = wait->request;

        wait->request = NULL;
        edai_tally_add(&worker->tallies[request->route->index], EDAI_ACCEPTED);
        edai_worker_dispatch(worker, request);
    }
    if (wait->job != NULL) {
        status = worker->port->block(worker->port->self, wait->job);
        if (status != EDA_OK) {
            edai_suspend_end(ctx, status);
        }
    }
}

void edai_suspend_enter(eda_ctx *ctx, edai_wait *wait)
{
    edai_extra *extra = ctx->activation->extra;

    EDA_ASSERT(extra != NULL, "made before anything was sent");
    ctx->wait = wait;
    ctx->next_suspended = extra->suspended;
    extra->suspended = ctx;
}

eda_status edai_suspend_leave(eda_ctx *ctx, edai_wait *wait, edai_strand **ret_next)
{
    edai_worker *worker = ctx->worker;
    edai_activation *activation = ctx->activation;
    edai_seat *seat = edai_worker_seat(worker);
    edai_strand *next;

    if (EDAI_UNLIKELY(edai_fan_is_stub(ctx->envelope)) && edai_fan_leave(ctx) != EDA_OK) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    next = worker->suspended_count <= ctx->sys->options.stacks_max ? edai_seat_reserve(seat) : NULL;
    if (next == NULL) {
        return edai_ctx_fail(ctx, EDA_ELIMIT,
            "%u turns are suspended on this worker; raise stacks_max", worker->suspended_count);
    }
    edai_nest_settle(seat);
    seat->nests_left = ctx->sys->options.turn_budget; /* others have had their turn by then */
    edai_suspend_enter(ctx, wait);
    worker->suspended_count++;
    worker->current = NULL;
    depart(ctx, wait);
    edai_waitgraph_arm(worker);
    edai_activation_wake(worker, activation); /* an interleaving message may run now */
    edai_seat_leave(seat, ctx, next);
    *ret_next = next;
    return EDA_OK;
}

void edai_suspend_return(eda_ctx *ctx)
{
    edai_worker *worker = ctx->worker;
    eda_ctx **at;

    edai_strands_reclaim(&edai_worker_seat(worker)->strands);
    worker->current = ctx;
    worker->suspended_count--;
    for (at = &ctx->activation->extra->suspended; *at != ctx; at = &(*at)->next_suspended) {
    }
    *at = ctx->next_suspended;
    ctx->wait = NULL;
    ctx->strand = NULL;
    if (ctx->seat != NULL) {
        ctx->seat = edai_worker_seat(worker);
        ctx->seat->stretches++; /* another one than any that the watcher has seen there */
        ctx->seat->user_ctx = ctx;
        atomic_store_explicit(&ctx->seat->running, ctx->envelope->route, memory_order_relaxed);
    }
}

static void list_resumable(edai_worker *worker, eda_ctx *ctx)
{
    ctx->next_resumable = NULL;
    if (worker->resumable == NULL) {
        worker->resumable = ctx;
    } else {
        worker->resumable_last->next_resumable = ctx;
    }
    worker->resumable_last = ctx;
    edai_seat_ready(edai_worker_seat(worker), worker);
}

void edai_suspend_end(eda_ctx *ctx, eda_status status)
{
    edai_worker *worker = ctx->worker;

    if (ctx->is_resumable) {
        return; /* the first reason stands */
    }
    ctx->wait->status = status;
    if (ctx->wait->young_at != NULL) {
        edai_ask_grown(worker, ctx->wait, status);
    } else {
        edai_timers_disarm(&worker->timers, &ctx->wait->timer);
    }
    ctx->is_resumable = true;
    if (EDAI_LIKELY((ctx->activation->flags & EDAI_IS_ALONE) == 0) || ctx->detached != NULL) {
        list_resumable(worker, ctx);
    }
}

void edai_suspend_alone(edai_worker *worker, edai_activation *activation)
{
    eda_ctx *at = worker->resumable;

    activation->flags |= EDAI_IS_ALONE;
    worker->resumable = NULL;
    while (at != NULL) {
        eda_ctx *next = at->next_resumable;

        if (at->activation != activation) {
            list_resumable(worker, at);
        }
        at = next;
    }
}

void edai_suspend_back(edai_worker *worker, edai_activation *activation)
{
    eda_ctx *at;

    activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_ALONE);
    for (at = activation->extra->suspended; at != NULL; at = at->next_suspended) {
        if (at->is_resumable) {
            list_resumable(worker, at);
        }
    }
}

void edai_suspend_cancel_all(edai_activation *activation)
{
    eda_ctx *ctx = activation->extra != NULL ? activation->extra->suspended : NULL;

    for (; ctx != NULL; ctx = ctx->next_suspended) {
        /* A blocking function cannot be taken back: its turn goes on when it has returned. */
        if (ctx->wait->kind != EDAI_WAIT_JOB) {
            edai_suspend_end(ctx, EDA_ECANCELED);
        }
    }
}

eda_ctx *edai_suspend_by_ask(edai_activation *activation, uint64_t seq)
{
    eda_ctx *ctx = activation->extra != NULL ? activation->extra->suspended : NULL;

    for (; ctx != NULL; ctx = ctx->next_suspended) {
        if (ctx->wait->kind == EDAI_WAIT_ASK && !ctx->is_resumable &&
            (ctx->wait->seq == seq || EDAI_PLANTED(WRONG_REPLY))) {
            return ctx;
        }
    }
    return NULL;
}
