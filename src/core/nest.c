/* nest.c - see nest.h. */
#include "core/nest.h"

#include "base/assert.h"
#include "core/ask.h"
#include "core/mailbox.h"
#include "core/system.h"

/* Whoever it is for can run this very moment, and nothing stands before it. NULL: not so. */
static edai_activation *find_idle(
    const edai_worker *worker, edai_worker *owner, const edai_envelope *request)
{
    const unsigned busy = EDAI_IS_STARTING | EDAI_IS_QUEUED | EDAI_IS_HELD | EDAI_IS_BACKING_OFF |
                          EDAI_IS_STARVED | EDAI_WANTS_RESTART | EDAI_WANTS_STOP | EDAI_IS_ALONE;
    const edai_route *route = request->route;
    edai_activation *found = (request->flags & (EDAI_IS_TEXT | EDAI_HAS_REST)) == 0
                                 ? edai_activation_find(owner, route->actor, request->identity)
                                 : NULL;

    if (found == NULL || (found->flags & (busy | EDAI_IS_STARTED)) != EDAI_IS_STARTED ||
        found->head != NULL || found->turn_count != 0 || !route->is_put_plainly ||
        route->actor->fanned != NULL || owner->is_ending ||
        (found->extra != NULL && found->extra->waiting != NULL)) {
        return NULL;
    }
    /* What has arrived and was not yet received may be for it. */
    return owner->arrived == NULL || owner == worker ? found : NULL;
}

/* Others have had their turn lately, and none is kept from it that was asked for. */
static bool may_nest(const eda_ctx *ctx)
{
    const edai_seat *seat = ctx->seat;
    const edai_worker *worker = ctx->worker;
    const edai_port *port = worker->port;

    if (seat == NULL || seat->nests_left == 0 || seat->turns_left == 0 ||
        seat->turns_ever >= seat->turns_stop || edai_fan_is_stub(ctx->envelope) ||
        worker->suspended_count > ctx->sys->options.stacks_max) {
        return false;
    }
    return EDAI_LIKELY(!worker->is_watched) || port->draw == NULL || port->draw(port->self, 2) == 0;
}

/* Upon the responder's stack. What it was given is gone if its turn was suspended: then the asker
 * may have gone on long since. */
static void answer(void *arg)
{
    const edai_nest *nest = arg;
    edai_worker *owner = nest->owner;
    edai_activation *activation = nest->activation;
    edai_seat *seat;

    edai_tally_add(&nest->ctx->worker->tallies[nest->request->route->index], EDAI_ACCEPTED);
    activation->used_at = (uint32_t)(owner->now / 1000000);
    if (activation->type->live_max != 0) {
        edai_pool_touch(&edai_worker_holding(owner, activation->type)->pool, activation);
    }
    if (edai_turn_run_within(owner, activation, nest->request)) {
        edai_activation_wake(owner, activation);
        edai_passivate_ran(owner, activation);
    }
    seat = edai_worker_seat(owner);
    if (EDAI_LIKELY(seat->nest == nest && nest->wait->reply != NULL)) {
        edai_timers_release(&nest->ctx->worker->timers);
        return;
    }
    EDA_ASSERT(seat->nest == nest || seat->nest == NULL, "those within have ended");
    edai_nest_settle(seat); /* it will be tried again, and answered then */
    edai_seat_loop(seat);
}

/* The asker goes on where it asked. */
static void go_on(const edai_nest *nest, edai_strand *used)
{
    eda_ctx *ctx = nest->ctx;
    edai_worker *worker = ctx->worker;
    edai_seat *seat = ctx->seat;

    EDA_ASSERT(seat->nest == nest, "those within have ended");
    seat->nest = nest->outer;
    seat->strands.current = nest->strand;
    edai_fiber_called(&used->fiber);
    edai_strands_give_back(&seat->strands, used);
    worker->suspended_count--;
    worker->current = ctx;
    seat->stretches++;
    seat->user_ctx = ctx;
    atomic_store_explicit(&seat->running, ctx->envelope->route, memory_order_relaxed);
}

bool edai_nest_ask(eda_ctx *ctx, edai_worker *owner, edai_envelope *request, edai_wait *wait)
{
    edai_worker *worker = ctx->worker;
    edai_seat *seat = ctx->seat;
    edai_activation *activation = may_nest(ctx) ? find_idle(worker, owner, request) : NULL;
    edai_strand *strand = activation != NULL ? edai_strands_borrow(&seat->strands) : NULL;
    edai_nest nest = {
        .ctx = ctx, .wait = wait, .request = request, .owner = owner, .activation = activation};

    bool was_run;

    if (strand == NULL) {
        return false;
    }
    nest.outer = seat->nest;
    nest.strand = seat->strands.current;
    seat->nest = &nest;
    seat->strands.current = strand;
    seat->nests_left--;
    worker->suspended_count++;
    worker->current = NULL;
    was_run = edai_fiber_run(&nest.strand->fiber, &strand->fiber, strand->stack, answer, &nest);
    if (EDAI_LIKELY(!nest.is_settled)) {
        go_on(&nest, strand);
    } else {
        edai_suspend_return(ctx);
    }
    return was_run;
}

static void settle(edai_nest *nest)
{
    eda_ctx *ctx = nest->ctx;
    edai_wait *wait = nest->wait;

    nest->is_settled = true;
    ctx->strand = nest->strand;
    edai_suspend_enter(ctx, wait);
    edai_ask_under_way(ctx->worker, wait, nest->request);
    edai_waitgraph_arm(ctx->worker);
    edai_activation_wake(ctx->worker, ctx->activation); /* an interleaving message may run now */
    if (wait->reply != NULL) {
        edai_suspend_end(ctx, EDA_OK);
    }
}

void edai_nest_settle(edai_seat *seat)
{
    edai_nest *nest = seat->nest;

    seat->nest = NULL;
    while (nest != NULL) {
        edai_nest *outer = nest->outer;

        settle(nest);
        nest = outer;
    }
}
