/* worker.c - see worker.h: the loop. */
#include "core/worker.h"

#include "base/assert.h"
#include "base/memory.h"
#include "core/after.h"
#include "core/ask.h"
#include "core/fetch.h"
#include "core/held.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/stop.h"

#include <string.h>

/* A round that took longer looks at the clock twice as often, one that was quicker half as often.
 */
#define ROUND_NS 50000
/* Envelopes admitted between two activations. */
#define DRAIN_MAX 256u
/* Freed blocks of another worker that wait to go home together; all go before a worker sleeps. */
#define RETURN_CHAIN_MIN 32u
/* Polls of the inbox between two looks at the clock while spinning. */
#define SPIN_POLLS 64u
/* Stacks kept back for turns that answer requests: without one, who waits for them would wait for
 * ever. */
#define RESERVE_DIVISOR 8u

static void loop(void *arg);

/* --- making and ending -------------------------------------------------------------------- */

static eda_status init_holdings(edai_worker *worker)
{
    const eda_system *sys = worker->sys;
    uint32_t i;

    worker->holdings = edai_calloc(sys->actor_count + 1u, sizeof(*worker->holdings));
    if (worker->holdings == NULL) {
        return EDA_ENOMEM;
    }
    for (i = 0; i < sys->actor_count; i++) {
        edai_actor_type *type = sys->actors[i];
        edai_holding *holding = &worker->holdings[i];

        edai_pool_init(&holding->pool, type->actor->size,
            type->live_max != 0 || type->passivates_at_once || type->supervisor->on_idle != NULL,
            type->live_max != 0);
        holding->pool.type = type;
        holding->new_tokens = sys->options.new_keys_per_s;
        holding->new_at = worker->now;
    }
    return EDA_OK;
}

eda_status edai_worker_init(edai_worker *worker, eda_system *sys, uint16_t index)
{
    worker->sys = sys;
    worker->port = sys->port;
    worker->index = index;
    worker->round_turns = 16;
    worker->turns_cap = UINT32_MAX;
    worker->turns_stop = UINT64_MAX;
    worker->now = edai_system_now(sys);
    edai_slab_init(&worker->slab);
    edai_timers_init(&worker->timers);
    edai_inbox_init(&worker->inbox);
    edai_parker_init(&worker->waiter.parker);
    edai_random_seed(&worker->random, sys->options.seed + index);
    edai_strands_init(&worker->strands, sys->options.stacks_max + 2, sys->options.stack_size);
    worker->outbox = edai_calloc(sys->worker_count, sizeof(*worker->outbox));
    worker->returns = edai_calloc(sys->worker_count, sizeof(*worker->returns));
    worker->tallies = edai_alloc_aligned(64, (sys->route_count + 1) * sizeof(*worker->tallies));
    if (worker->outbox == NULL || worker->returns == NULL || worker->tallies == NULL) {
        return EDA_ENOMEM;
    }
    memset(worker->tallies, 0, (sys->route_count + 1) * sizeof(*worker->tallies));
    return init_holdings(worker);
}

void edai_worker_fini(edai_worker *worker)
{
    uint32_t i;

    if (worker->sys == NULL) {
        return;
    }
    edai_delayed_free_all(worker);
    if (worker->strands.current != NULL) { /* prepared, but its thread was never started */
        worker->strands.retired = worker->strands.current;
        worker->strands.current = NULL;
    }
    for (i = 0; worker->holdings != NULL && i < worker->sys->actor_count; i++) {
        edai_directory_fini(&worker->holdings[i].directory);
        edai_pool_fini(&worker->holdings[i].pool);
    }
    edai_free(worker->holdings);
    edai_free(worker->outbox);
    edai_free(worker->returns);
    edai_free(worker->tallies);
    edai_timers_fini(&worker->timers);
    edai_strands_fini(&worker->strands);
    edai_parker_fini(&worker->waiter.parker);
    edai_slab_fini(&worker->slab);
}

/* --- sending ------------------------------------------------------------------------------ */

void edai_worker_send(edai_worker *worker, uint16_t to, edai_envelope *envelope)
{
    edai_chain_add(&worker->outbox[to], envelope);
    worker->out_count++;
}

void edai_worker_post(edai_worker *worker, edai_envelope *envelope)
{
    edai_chain chain = {.newest = NULL};

    edai_chain_add(&chain, envelope);
    if (edai_inbox_push(&worker->inbox, &chain, worker->port)) {
        worker->port->wake(worker->port->self, &worker->waiter);
    }
}

/* Blocks go home in chains, each of which costs a cache line's way there and back. */
static void flush_returns(edai_worker *worker, uint32_t count_min)
{
    uint16_t i;

    for (i = 0; i < worker->sys->worker_count; i++) {
        edai_return_chain *chain = &worker->returns[i];

        if (chain->count >= count_min) {
            edai_slab_return(&worker->sys->workers[i].slab, chain->first, chain->last);
            *chain = (edai_return_chain){.first = NULL};
        }
    }
}

void edai_worker_flush(edai_worker *worker)
{
    eda_system *sys = worker->sys;
    uint16_t i;

    if (sys->worker_count > 1) {
        flush_returns(worker, RETURN_CHAIN_MIN);
    }
    if (worker->out_count == 0) {
        return;
    }
    for (i = 0; i < sys->worker_count; i++) {
        edai_worker *to = &sys->workers[i];

        if (worker->outbox[i].count > 0 &&
            edai_inbox_push(&to->inbox, &worker->outbox[i], worker->port)) {
            worker->port->wake(worker->port->self, &to->waiter);
        }
    }
    worker->out_count = 0;
}

/* --- receiving ---------------------------------------------------------------------------- */

static void admit(edai_worker *worker, edai_envelope *envelope)
{
    eda_status status = EDA_OK;
    edai_activation *activation;

    if (EDAI_UNLIKELY(worker->is_ending)) {
        edai_envelope_end(worker, envelope, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
        return;
    }
    activation = edai_activation_get(worker, envelope->route, envelope, &status);

    if (EDAI_UNLIKELY(activation == NULL)) {
        edai_envelope_end(worker, envelope, EDAI_SHED,
            status == EDA_ENOMEM ? EDA_ENOMEM : EDA_ESHED,
            status == EDA_ENOMEM ? "out of memory for a new activation"
                                 : "the limit on new keys was reached");
        return;
    }
    edai_mailbox_put(worker, activation, envelope);
}

static void receive(edai_worker *worker, edai_envelope *envelope)
{
    switch ((edai_kind)envelope->kind) {
    case EDAI_DELIVERY:
        admit(worker, envelope);
        break;
    case EDAI_REPLY:
        edai_ask_answered(worker, envelope);
        break;
    case EDAI_ADMITTED: {
        edai_admitted *body = edai_envelope_body(envelope);

        edai_held_settle(worker, body->held, body->generation);
        edai_worker_free(worker, envelope);
        break;
    }
    case EDAI_CALL: {
        edai_call call = *(edai_call *)edai_envelope_body(envelope);

        edai_worker_free(worker, envelope);
        call.fn(worker, call.arg);
        break;
    }
    }
}

void edai_worker_dispatch(edai_worker *worker, edai_envelope *envelope)
{
    uint16_t to;

    if (EDAI_LIKELY(envelope->kind == EDAI_DELIVERY)) {
        to = edai_publish_owner(worker->sys, envelope);
    } else {
        EDA_ASSERT(envelope->kind == EDAI_REPLY, "others are sent to a worker by number");
        const edai_reply *reply = edai_envelope_body(envelope);

        to = reply->client != NULL ? worker->index : reply->worker;
    }
    if (to == worker->index) {
        receive(worker, envelope);
    } else {
        edai_worker_send(worker, to, envelope);
    }
}

/* Admits what has arrived, at most DRAIN_MAX envelopes: under a flood turns must run in between. */
static bool drain_inbox(edai_worker *worker)
{
    uint32_t left = DRAIN_MAX;
    edai_fetch fetch;

    if (worker->arrived == NULL) {
        worker->arrived = edai_inbox_take(&worker->inbox, worker->port);
    }
    fetch = edai_fetch_begin(worker, worker->arrived);
    while (worker->arrived != NULL && left > 0) {
        edai_envelope *envelope = worker->arrived;

        worker->arrived = envelope->next;
        edai_fetch_next(worker, &fetch);
        receive(worker, envelope);
        left--;
    }
    return left < DRAIN_MAX;
}

/* --- running ------------------------------------------------------------------------------ */

void edai_worker_queue(edai_worker *worker, edai_activation *activation)
{
    activation->run_next = NULL;
    if (worker->run_first == NULL) {
        worker->run_first = activation;
    } else {
        worker->run_last->run_next = activation;
    }
    worker->run_last = activation;
}

/* Beyond those kept back. A stack always goes to whoever finds that no other turn holds one. */
static bool has_spare_stack(const edai_worker *worker)
{
    uint32_t reserve = worker->strands.max / RESERVE_DIVISOR + 2;

    return worker->strands.used <= 1 || worker->strands.used + reserve < worker->strands.max;
}

static bool has_request(const edai_activation *activation)
{
    const edai_envelope *at;
    const edai_waiting *waiting;

    for (at = activation->head; at != NULL; at = at->next) {
        if ((at->flags & EDAI_IS_REQUEST) != 0) {
            return true;
        }
    }
    for (waiting = activation->extra != NULL ? activation->extra->waiting : NULL; waiting != NULL;
         waiting = waiting->next) {
        if ((waiting->envelope->flags & EDAI_IS_REQUEST) != 0) {
            return true;
        }
    }
    return false;
}

/* Who was asked may use what was kept back, also for what stands before the request. */
static bool has_stack_for(const edai_worker *worker, const edai_activation *activation)
{
    return EDAI_LIKELY(!activation->type->asks) || has_spare_stack(worker) ||
           has_request(activation);
}

static void starve(edai_worker *worker, edai_activation *activation)
{
    activation->flags = (uint16_t)((activation->flags & ~EDAI_IS_QUEUED) | EDAI_IS_STARVED);
    activation->run_next = NULL;
    if (worker->starved == NULL) {
        worker->starved = activation;
    } else {
        worker->starved_last->run_next = activation;
    }
    worker->starved_last = activation;
}

/* Removes from a list by run_next; false: it is not there. */
static bool list_remove(
    edai_activation **first, edai_activation **last, const edai_activation *activation)
{
    edai_activation *before = NULL;
    edai_activation *at;

    for (at = *first; at != activation; before = at, at = at->run_next) {
        if (at == NULL) {
            return false;
        }
    }
    if (before == NULL) {
        *first = at->run_next;
    } else {
        before->run_next = at->run_next;
    }
    if (*last == at) {
        *last = before;
    }
    at->run_next = NULL;
    return true;
}

void edai_worker_unstarve(edai_worker *worker, edai_activation *activation)
{
    bool was_there = list_remove(&worker->starved, &worker->starved_last, activation);

    EDA_ASSERT(was_there, "who is flagged as starved is in the list");
    activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_STARVED);
    edai_activation_wake(worker, activation);
    edai_passivate_consider(worker, activation);
}

static edai_links *links_of(edai_worker *worker, edai_activation *activation)
{
    return edai_pool_links(&edai_worker_holding(worker, activation->type)->pool, activation);
}

void edai_worker_forget(edai_worker *worker, edai_activation *activation)
{
    edai_activation **at;

    if ((activation->flags & EDAI_IS_QUEUED) != 0) {
        (void)list_remove(&worker->run_first, &worker->run_last, activation);
    }
    if ((activation->flags & EDAI_IS_STARVED) != 0) {
        (void)list_remove(&worker->starved, &worker->starved_last, activation);
    }
    if ((activation->flags & EDAI_IS_LISTED) != 0) {
        for (at = &worker->listed; *at != NULL; at = &links_of(worker, *at)->listed_next) {
            if (*at == activation) {
                *at = links_of(worker, activation)->listed_next;
                break;
            }
        }
    }
}

static void run_next(edai_worker *worker)
{
    edai_activation *activation = worker->run_first;

    worker->run_first = activation->run_next;
    activation->run_next = NULL;
    if (EDAI_UNLIKELY(!has_stack_for(worker, activation))) {
        starve(worker, activation);
        return;
    }
    edai_activation_run(worker, activation);
}

/* The loop's stack is left for good: everything it knows stands in the worker. */
static _Noreturn void go_on(edai_worker *worker)
{
    eda_ctx *ctx = worker->resumable;
    edai_strand *mine = worker->strands.current;

    worker->resumable = ctx->next_resumable;
    ctx->is_resumable = false;
    worker->strands.retired = mine;
    worker->strands.current = ctx->strand;
    edai_fiber_exit(&mine->fiber, &ctx->strand->fiber);
}

static void look_at_clock(edai_worker *worker)
{
    int64_t before = worker->now;

    worker->now = worker->port->now(worker->port->self);
    if (worker->now - before > ROUND_NS) {
        worker->round_turns = worker->round_turns > 2 ? worker->round_turns / 2 : 1;
    } else if (worker->round_turns < EDAI_ROUND_TURNS_MAX) {
        worker->round_turns *= 2;
    }
}

static bool fire_timers(edai_worker *worker)
{
    bool is_busy = false;
    edai_timer *timer;

    while ((timer = edai_timers_due(&worker->timers, worker->now)) != NULL) {
        timer->fire(worker, timer);
        is_busy = true;
    }
    return is_busy;
}

static bool is_overdrawn(edai_worker *worker)
{
    uint16_t i;

    for (i = 0; i < worker->sys->worker_count; i++) {
        if (i != worker->index &&
            edai_inbox_pending(&worker->sys->workers[i].inbox) > EDAI_PENDING_MAX) {
            return true;
        }
    }
    return false;
}

/* Runs turns until none is ready or it is time to look at the clock. A turn that is resumed leaves
 * this stack, and the loop begins anew upon another when it suspends again: its round goes on, so
 * that it ends, and what was sent leaves, also when there is always somebody to be resumed. */
static bool run_turns(edai_worker *worker)
{
    bool is_busy = false;

    if (!worker->is_mid_round) {
        worker->is_mid_round = true;
        worker->turns_left =
            worker->round_turns < worker->turns_cap ? worker->round_turns : worker->turns_cap;
    }
    while (worker->turns_left > 0 && worker->turns_ever < worker->turns_stop) {
        if (EDAI_UNLIKELY(worker->resumable != NULL) &&
            (!worker->has_resumed || worker->run_first == NULL)) {
            worker->turns_left--;
            worker->has_resumed = true;
            go_on(worker);
        }
        worker->has_resumed = false;
        if (EDAI_UNLIKELY(worker->starved != NULL) && has_spare_stack(worker)) {
            edai_worker_unstarve(worker, worker->starved);
        }
        if (worker->run_first == NULL) {
            break;
        }
        is_busy = true;
        worker->turns_left--;
        run_next(worker);
        if (worker->arrived != NULL || !edai_inbox_is_empty(&worker->inbox)) {
            (void)drain_inbox(worker);
        }
    }
    worker->is_mid_round = false;
    return is_busy || worker->resumable != NULL || worker->run_first != NULL;
}

static bool run_round(edai_worker *worker)
{
    bool is_busy = drain_inbox(worker);

    look_at_clock(worker);
    is_busy = fire_timers(worker) || is_busy;
    if (worker->sys->worker_count == 1 || !is_overdrawn(worker)) {
        is_busy = run_turns(worker) || is_busy;
    } else {
        is_busy = true;
    }
    if (worker->listed != NULL) {
        edai_passivate_listed(worker);
        is_busy = true;
    }
    edai_worker_flush(worker);
    return is_busy;
}

static bool spin(edai_worker *worker)
{
    int64_t until = worker->now + worker->port->spin_ns;
    uint32_t i = 0;

    if (worker->port->spin_ns == 0) {
        return false;
    }
    do {
        if (!edai_inbox_is_empty(&worker->inbox)) {
            return true;
        }
        edai_cpu_relax();
    } while (++i % SPIN_POLLS != 0 || worker->port->now(worker->port->self) < until);
    return false;
}

static void park(edai_worker *worker)
{
    if (spin(worker)) {
        return;
    }
    flush_returns(worker, 1);
    edai_system_idle_check(worker->sys);
    if (edai_inbox_park(&worker->inbox, worker->port)) {
        worker->port->park(worker->port->self, &worker->waiter, edai_timers_next(&worker->timers));
        edai_inbox_unpark(&worker->inbox);
    }
}

static void loop(void *arg)
{
    edai_worker *worker = arg;

    edai_strands_reclaim(&worker->strands);
    while (!worker->is_stopping) {
        if (EDAI_UNLIKELY(worker->is_ending)) {
            edai_stop_step(worker);
        }
        if (!run_round(worker) && !worker->is_stopping) {
            park(worker);
        }
        if (EDAI_UNLIKELY(worker->port->round != NULL)) {
            worker->port->round(worker->port->self);
        }
    }
    worker->is_done = true;
    worker->strands.retired = worker->strands.current;
    edai_fiber_exit(&worker->strands.current->fiber, &worker->host);
}

eda_status edai_worker_prepare(edai_worker *worker)
{
    worker->strands.current = edai_strands_take(&worker->strands, loop, worker);
    return worker->strands.current != NULL ? EDA_OK : EDA_ENOMEM;
}

void edai_worker_enter(edai_worker *worker)
{
    edai_fiber_init_thread(&worker->host);
    edai_fiber_switch(&worker->host, &worker->strands.current->fiber);
    if (worker->is_done) {
        edai_strands_reclaim(&worker->strands);
        worker->strands.current = NULL;
    }
    edai_fiber_fini(&worker->host);
}

void edai_worker_yield(edai_worker *worker)
{
    edai_fiber_switch(&worker->strands.current->fiber, &worker->host);
    edai_strands_reclaim(&worker->strands);
}

edai_strand *edai_worker_reserve(edai_worker *worker)
{
    return edai_strands_take(&worker->strands, loop, worker);
}

void edai_worker_leave(edai_worker *worker, eda_ctx *ctx, edai_strand *next)
{
    ctx->strand = worker->strands.current;
    worker->strands.current = next;
    edai_fiber_switch(&ctx->strand->fiber, &next->fiber);
    edai_strands_reclaim(&worker->strands);
}
