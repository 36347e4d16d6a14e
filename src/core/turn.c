/* turn.c - see turn.h: running a handler, releasing or dropping its effects. */
#include "core/turn.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/after.h"
#include "core/ask.h"
#include "core/fan.h"
#include "core/fetch.h"
#include "core/mailbox.h"
#include "core/nest.h"
#include "core/publish.h"
#include "core/state.h"
#include "core/takeover.h"

#include "core/system.h"

#include <stdio.h>

/* Lines about failed turns that one worker writes within a second. */
#define FAILURE_LINES_MAX 10u
/* As many messages published weigh as much as a turn. */
#define SENDS_PER_TURN 4u
/* Replies up to so large are filled in on the turn's stack. */
#define ANSWER_SIZE 256u

static void event(const eda_ctx *ctx, edai_event kind, uint64_t b)
{
    const edai_port *port = ctx->worker->port;

    if (EDAI_UNLIKELY(port->event != NULL)) {
        port->event(port->self, ctx->sys, kind,
            ctx->envelope != NULL ? ctx->envelope->route->index : UINT64_MAX, b);
    }
}

/* --- effects ------------------------------------------------------------------------------ */

/* The publisher's own worker and room in the mailbox: nothing to wait for. */
static void dispatch_effect(eda_ctx *ctx, edai_envelope *envelope)
{
    edai_worker *worker = ctx->worker;
    edai_rest *rest;

    if (EDAI_UNLIKELY(envelope->kind == EDAI_REPLY)) {
        edai_worker_dispatch(worker, envelope);
        return;
    }
    edai_tally_add(&worker->tallies[envelope->route->index], EDAI_ACCEPTED);
    if (EDAI_UNLIKELY(envelope->kind == EDAI_BUNDLE)) {
        edai_worker_dispatch(worker, envelope);
        return;
    }
    if (envelope->route->handler->is_self) {
        edai_mailbox_put(worker, ctx->activation, envelope);
        return;
    }
    rest = edai_envelope_rest(envelope);
    if (EDAI_UNLIKELY(rest != NULL && rest->notice != NULL)) {
        edai_held_hold(worker, ctx->activation, envelope);
    }
    edai_worker_dispatch(worker, envelope);
}

static void release_effects(eda_ctx *ctx)
{
    edai_worker *worker = ctx->worker;
    edai_envelope *at = ctx->effects;
    edai_fetch fetch = edai_fetch_begin(worker, at);

    ctx->effects = NULL;
    worker->sent += ctx->effects_count;
    ctx->effects_count = 0;
    worker->put.route = NULL;
    while (at != NULL) {
        edai_envelope *next = at->next;

        edai_fetch_next(worker, &fetch);
        if (!edai_mailbox_put_again(worker, at)) {
            dispatch_effect(ctx, at);
        }
        at = next;
    }
    if (EDAI_UNLIKELY(ctx->armed != NULL)) {
        edai_after_commit(ctx);
    }
    while (EDAI_UNLIKELY(ctx->delayed != NULL)) {
        edai_delayed *delayed = ctx->delayed;

        ctx->delayed = delayed->next;
        edai_delayed_arm(ctx->worker, delayed);
    }
}

/* The same; most often it is one. */
EDAI_ALWAYS_INLINE void release(eda_ctx *ctx)
{
    edai_envelope *only = ctx->effects;

    if (EDAI_LIKELY(
            only != NULL && only->next == NULL && ctx->armed == NULL && ctx->delayed == NULL)) {
        ctx->effects = NULL;
        ctx->worker->sent++;
        ctx->effects_count = 0;
        dispatch_effect(ctx, only);
    } else {
        release_effects(ctx);
    }
}

/* --- the end of a turn -------------------------------------------------------------------- */

_Static_assert(offsetof(eda_ctx, is_state_lost) == offsetof(eda_ctx, has_replied) + 3,
    "the marks are looked at as one");

/* Nothing is to be told, given back or forgotten at the turn's end; there may be effects. */
static inline bool is_tidy(const eda_ctx *ctx)
{
    uintptr_t left = (uintptr_t)ctx->replies | (uintptr_t)ctx->scratch | (uintptr_t)ctx->error;
    uint32_t marks;

    memcpy(&marks, (const char *)ctx + offsetof(eda_ctx, has_replied), sizeof(marks));
    return (left | marks) == 0;
}

static inline bool has_effects(const eda_ctx *ctx)
{
    return ((uintptr_t)ctx->effects | (uintptr_t)ctx->armed | (uintptr_t)ctx->delayed) != 0;
}

static eda_status commit(eda_ctx *ctx)
{
    const edai_actor_type *type = ctx->activation->type;

    if (EDAI_PLANTED(EARLY_EFFECTS) && ctx->activation->head != NULL &&
        ctx->activation->head->publisher != ctx->envelope->publisher) {
        release_effects(ctx);
    }
    if (!type->has_saves) {
        return EDA_OK;
    }
    return type->is_saved_lazily && !ctx->is_state_lost
               ? edai_state_keep(ctx->worker, ctx->activation)
               : edai_state_commit(ctx->worker, ctx->activation);
}

/* A request whose handler returned without an answer. */
static bool lacks_answer(const eda_ctx *ctx)
{
    return ctx->envelope->route->msg->is_request && !ctx->has_replied;
}

static bool end_well(eda_ctx *ctx)
{
    edai_worker *worker = ctx->worker;
    edai_envelope *envelope = ctx->envelope;
    const edai_ext *ext;

    /* While the turn is still counted: what leaves may call for a new activation, for which this
     * one must not go. */
    if (has_effects(ctx)) {
        release_effects(ctx);
    }
    ctx->activation->turn_count--;
    edai_tally_add(&worker->tallies[envelope->route->index], EDAI_HANDLED);
    if (EDAI_UNLIKELY((envelope->flags & EDAI_HAS_EXT) != 0)) {
        ext = edai_envelope_ext(envelope);
        if (ext->receipt != NULL) {
            edai_receipt_end(ext->receipt, EDA_OK);
        }
        if (ctx->answer != NULL) {
            edai_reply_value(worker, envelope, ctx->answer, envelope->route->msg->reply_shape.size);
            return true;
        }
        if (ctx->has_refused || lacks_answer(ctx)) {
            edai_reply_status(worker, envelope, ctx->has_refused ? EDA_EREFUSED : EDA_EFAILED,
                ctx->has_refused ? ctx->error : "the handler did not reply");
            return true;
        }
    }
    edai_worker_free(worker, envelope);
    return true;
}

static bool is_ended_by_stop(const eda_ctx *ctx, eda_status status)
{
    return status == EDA_ECANCELED && edai_system_phase(ctx->sys) == EDAI_ENDING;
}

/* Puts the message back in front if it has attempts left. */
static bool try_again(eda_ctx *ctx, eda_status status)
{
    uint32_t attempts = ctx->envelope->route->handler->attempts;

    if (is_ended_by_stop(ctx, status) || attempts <= 1 ||
        ctx->envelope->attempts + 1u >= attempts ||
        (ctx->activation->flags & EDAI_WANTS_STOP) != 0) {
        return false;
    }
    if (EDAI_UNLIKELY(edai_fan_is_stub(ctx->envelope)) && edai_fan_keep(ctx) != EDA_OK) {
        return false; /* without memory for a copy there is nothing to try again */
    }
    ctx->envelope->attempts++;
    edai_mailbox_unpop(ctx->activation, ctx->envelope);
    ctx->envelope = NULL;
    return true;
}

/* A turn that fails is an event somebody should see; a storm of them is cut to some lines a second.
 */
static void log_failure(eda_ctx *ctx, eda_status status)
{
    edai_worker *worker = ctx->worker;
    char who[320];

    if (worker->now - worker->log_since > EDA_SEC(1)) {
        worker->log_since = worker->now;
        worker->log_count = 0;
    }
    if (++worker->log_count > FAILURE_LINES_MAX) {
        return;
    }
    (void)edai_dead_describe(ctx->envelope, who, sizeof(who));
    edai_system_log(ctx->sys, who, "a turn on %s failed: %s%s%s%s",
        ctx->envelope->route->msg->type->name, eda_status_name(status),
        ctx->error != NULL && ctx->error[0] != '\0' ? ": " : "",
        ctx->error != NULL ? ctx->error : "",
        worker->log_count == FAILURE_LINES_MAX ? " (more in this second are not shown)" : "");
}

static void end_message(eda_ctx *ctx, eda_status status)
{
    uint32_t attempts = ctx->envelope->route->handler->attempts;

    if (is_ended_by_stop(ctx, status)) {
        edai_envelope_end(
            ctx->worker, ctx->envelope, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
    } else if (attempts > 1) {
        log_failure(ctx, status);
        edai_envelope_end(ctx->worker, ctx->envelope, EDAI_DEAD, status,
            ctx->error != NULL && ctx->error[0] != '\0' ? ctx->error
                                                        : "it failed at every attempt");
    } else {
        log_failure(ctx, status);
        edai_envelope_end(ctx->worker, ctx->envelope, EDAI_FAILED, status, ctx->error);
    }
    ctx->envelope = NULL;
}

/* What becomes of the activation. False: it is gone. */
static bool follow_up(eda_ctx *ctx, eda_status status, bool is_state_lost)
{
    edai_activation *activation = ctx->activation;

    if (is_state_lost && activation->turn_count > 0) {
        activation->flags |= EDAI_WANTS_RESTART;
        edai_suspend_cancel_all(activation);
        return true;
    }
    if (is_state_lost) {
        /* After a failed commit memory and store may differ: the next message loads it anew. */
        edai_activation_drop(ctx->worker, activation);
        return true;
    }
    if ((activation->flags & (EDAI_WANTS_RESTART | EDAI_WANTS_STOP)) == 0) {
        return edai_activation_failed(ctx->worker, activation, status, ctx->asked_restart);
    }
    return activation->turn_count > 0 || edai_activation_settle(ctx->worker, activation);
}

static bool end_badly(eda_ctx *ctx, eda_status status)
{
    edai_activation *activation = ctx->activation;
    bool is_state_lost = ctx->is_state_lost;
    bool is_alive;
    bool is_tried_again;

    edai_ctx_drop_effects(ctx);
    if (activation->type->has_saves && edai_state_rollback(activation) != EDA_OK) {
        is_state_lost = true;
    }
    is_tried_again = try_again(ctx, status);
    activation->turn_count--;
    is_alive = follow_up(ctx, status, is_state_lost);
    /* Last, so that whoever waits for the message finds the actor restarted or stopped. */
    if (!is_tried_again) {
        end_message(ctx, status);
    }
    return is_alive;
}

/* What was put off until its turns have ended. False: the activation is gone. */
static bool settle(edai_worker *worker, edai_activation *activation)
{
    if (EDAI_UNLIKELY((activation->flags & (EDAI_WANTS_RESTART | EDAI_WANTS_STOP)) != 0 &&
                      activation->turn_count == 0)) {
        return edai_activation_settle(worker, activation);
    }
    return true;
}

/* Most turns: nothing to save, nobody to be told. */
EDAI_ALWAYS_INLINE bool finish_simply(eda_ctx *ctx)
{
    edai_activation *activation = ctx->activation;
    edai_worker *worker = ctx->worker;
    edai_envelope *envelope = ctx->envelope;

    if (EDAI_UNLIKELY(worker->is_watched)) {
        event(ctx, EDAI_EVENT_END, EDA_OK);
    }
    if (has_effects(ctx)) {
        release(ctx); /* while the turn is still counted, as in end_well */
    }
    activation->turn_count--;
    edai_tally_add(&worker->tallies[envelope->route->index], EDAI_HANDLED);
    edai_worker_free(worker, envelope);
    return settle(worker, activation);
}

static bool finish(eda_ctx *ctx, eda_status status)
{
    edai_activation *activation = ctx->activation;
    edai_worker *worker = ctx->worker;
    bool is_alive;

    event(ctx, EDAI_EVENT_END, (uint64_t)status);
    if (EDAI_UNLIKELY(ctx->has_refused && status == EDA_EREFUSED)) {
        status = EDA_OK;
    }
    if (EDAI_LIKELY(status == EDA_OK)) {
        status = commit(ctx);
        if (status != EDA_OK) {
            ctx->is_state_lost = true;
            (void)edai_ctx_fail(
                ctx, status, "the saved fields were not committed: %s", eda_status_text(status));
        }
    }
    is_alive = status == EDA_OK ? end_well(ctx) : end_badly(ctx, status);
    edai_ctx_release(ctx);
    is_alive = is_alive && settle(worker, activation);
    if (is_alive) {
        edai_ctx_renew(ctx, activation); /* for the next turn of this run */
    }
    return is_alive;
}

/* --- running ------------------------------------------------------------------------------ */

/* By the worker's last look at the clock: a request may run though it expired within this round. */
static bool is_expired(edai_worker *worker, edai_envelope *envelope)
{
    const edai_ext *ext = edai_envelope_ext(envelope);

    return ext != NULL && ext->deadline != EDAI_NO_DEADLINE && ext->deadline <= worker->now;
}

EDAI_ALWAYS_INLINE bool end(eda_ctx *ctx, eda_status status)
{
    edai_worker *worker = ctx->worker;

    worker->current = NULL;
    if (EDAI_LIKELY(status == EDA_OK && is_tidy(ctx) && !ctx->type->has_saves &&
                    (ctx->envelope->flags & EDAI_HAS_EXT) == 0)) {
        return finish_simply(ctx);
    }
    return finish(ctx, status);
}

/* answers(): the function fills in a reply, which lives until the turn has ended. */
EDAI_NOINLINE static bool run_answering(eda_ctx *ctx)
{
    const edai_route *route = ctx->envelope->route;
    size_t size = route->msg->reply_shape.size;
    _Alignas(16) unsigned char room[ANSWER_SIZE];
    void *reply = room;
    eda_status status;

    if (EDAI_LIKELY(size <= sizeof(room))) {
        memset(room, 0, size);
    } else if ((reply = eda_scratch(ctx, size)) == NULL) {
        return end(ctx, edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory"));
    }
    edai_takeover_leave(ctx);
    status =
        route->handler->fn(ctx->activation->state, edai_envelope_data(ctx->envelope), reply, ctx);
    (void)edai_takeover_enter(ctx);
    if (status == EDA_OK && !ctx->has_replied && !ctx->has_refused) {
        status = edai_ask_answer(ctx, reply);
    }
    return end(ctx, status);
}

static eda_status call_specially(eda_ctx *ctx)
{
    const edai_route *route = ctx->envelope->route;
    const void *message;
    eda_status status;

    message = eda_envelope_of(ctx);
    if (message == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    edai_takeover_leave(ctx);
    status = route->handler->fn(ctx->activation->state, message, NULL, ctx);
    (void)edai_takeover_enter(ctx);
    return status;
}

static void count_turn(edai_seat *seat)
{
    seat->turns_ever++;
    seat->stretches++;
    if (seat->turns_left > 0) {
        seat->turns_left--;
    }
}

static void do_nothing(void *arg)
{
    (void)arg;
}

/* Simulated: the handler runs so long that its workers leave it alone. */
static void stray(eda_ctx *ctx)
{
    const edai_port *port = ctx->worker->port;

    if (EDAI_UNLIKELY(port->draw != NULL) && port->draw(port->self, 64) == 0) {
        if (eda_blocking(ctx, do_nothing, NULL) != EDA_OK && ctx->error != NULL) {
            ctx->error[0] = '\0'; /* without memory or a stack it does not, and none the worse */
        }
    }
}

static inline eda_status call_handler(eda_ctx *ctx)
{
    const edai_route *route = ctx->envelope->route;
    eda_status status;

    if (EDAI_UNLIKELY(route->is_any)) {
        return call_specially(ctx);
    }
    edai_takeover_leave(ctx);
    status =
        route->handler->fn(ctx->activation->state, edai_envelope_data(ctx->envelope), NULL, ctx);
    (void)edai_takeover_enter(ctx);
    return status;
}

/* Runs one message; takes the envelope. False: the activation is gone. */
EDAI_ALWAYS_INLINE bool turn_run(
    edai_worker *worker, eda_ctx *ctx, edai_activation *activation, edai_envelope *envelope)
{
    if (EDAI_UNLIKELY((envelope->flags & EDAI_HAS_EXT) != 0 && is_expired(worker, envelope))) {
        edai_envelope_end(worker, envelope, EDAI_EXPIRED, EDA_ETIMEOUT, "expired before its turn");
        return true;
    }
    ctx->envelope = envelope;
    activation->turn_count++;
    worker->current = ctx;
    count_turn(ctx->seat);
    if (EDAI_UNLIKELY(worker->is_watched)) {
        event(ctx, EDAI_EVENT_TURN, activation->identity);
        stray(ctx);
    }
    if (EDAI_UNLIKELY(envelope->route->handler->answers)) {
        return run_answering(ctx);
    }
    return end(ctx, call_handler(ctx));
}

/* How many turns an activation may run in a row. */
static int64_t turns_allowed(const edai_worker *worker)
{
    const edai_seat *seat = edai_worker_seat(worker);
    uint64_t left = seat->turns_stop - seat->turns_ever; /* no more than a pump was asked for */
    uint32_t budget = worker->sys->options.turn_budget;

    budget = budget < seat->turns_cap ? budget : seat->turns_cap;
    return left < budget ? (int64_t)left : (int64_t)budget;
}

/* What a turn takes of the budget: whoever sends much gives way to the receivers, while what was
 * sent is still in the caches. */
static uint32_t charge(const edai_worker *worker, uint32_t sent_before)
{
    return 1 + (worker->sent - sent_before) / SENDS_PER_TURN;
}

void edai_turn_prepare(eda_ctx *ctx, edai_worker *worker)
{
    edai_ctx_init(ctx, EDAI_CTX_TURN, worker->sys, worker);
    ctx->seat = edai_worker_seat(worker);
}

bool edai_turns_run(edai_worker *worker, eda_ctx *ctx, edai_activation *activation)
{
    int64_t budget = turns_allowed(worker);

    edai_ctx_renew(ctx, activation);
    while (budget > 0 && !worker->is_ending && (activation->flags & EDAI_IS_STARTED) != 0 &&
           edai_mailbox_can_run(activation)) {
        edai_envelope *envelope = activation->turn_count == 0
                                      ? edai_mailbox_pop(worker, activation)
                                      : edai_mailbox_pop_interleaving(worker, activation);
        uint32_t sent = worker->sent;

        if (!turn_run(worker, ctx, activation, envelope)) {
            return false;
        }
        budget -= charge(worker, sent);
        if (EDAI_UNLIKELY(worker->has_resumed && budget > turns_allowed(worker))) {
            budget = turns_allowed(worker); /* it waited, and the pump has been called anew */
        }
    }
    return true;
}

bool edai_turn_run_within(edai_worker *worker, edai_activation *activation, edai_envelope *request)
{
    eda_ctx ctx;

    edai_turn_prepare(&ctx, worker);
    edai_ctx_renew(&ctx, activation);
    return turn_run(worker, &ctx, activation, request);
}

/* One turn in place has not ended as most do. */
static bool finish_in_place(
    eda_ctx *ctx, const edai_fan_run *run, const edai_fan_stub *stub, eda_status status)
{
    edai_worker *worker = ctx->worker;
    edai_activation *activation = ctx->activation;
    bool was_suspended = ctx->envelope != &stub->envelope;

    worker->current = NULL;
    if (!was_suspended) {
        edai_fan_account(worker, run, run->at - run->first);
        /* relaxed: the bundle holds one. The end of the message gives it back. */
        atomic_fetch_add_explicit(&stub->shared->refs, 1, memory_order_relaxed);
    }
    if (finish(ctx, status)) {
        edai_activation_wake(worker, activation);
        edai_passivate_ran(worker, activation);
    }
    return !was_suspended;
}

/* What is the same for all turns of a run. */
static void begin_run(eda_ctx *ctx, edai_activation *activation, edai_fan_run *run)
{
    edai_worker *worker = ctx->worker;

    edai_ctx_renew(ctx, activation);
    ctx->seat = edai_worker_seat(worker);
    activation->used_at = (uint32_t)(worker->now / 1000000);
    activation->turn_count++;
    worker->current = ctx;
    worker->fans.run = run;
}

static bool end_run(eda_ctx *ctx, const edai_fan_run *run)
{
    edai_worker *worker = ctx->worker;

    worker->current = NULL;
    ctx->activation->turn_count--;
    edai_fan_account(worker, run, run->end - run->first);
    edai_passivate_ran(worker, ctx->activation);
    return true;
}

bool edai_turn_run_in_place(eda_ctx *ctx, edai_activation *activation, edai_fan_run *run)
{
    edai_worker *worker = ctx->worker;
    const edai_route *route = run->route;
    const bool is_watched = worker->port->event != NULL;
    const bool is_simple = !route->is_any;
    const bool has_saves = activation->type->has_saves;
    uint32_t at;

    begin_run(ctx, activation, run);
    for (at = run->first; at < run->end; at++) {
        edai_fan_stub *stub = &run->stubs[at];
        eda_status status;

        stub->envelope.route = route;
        ctx->envelope = &stub->envelope;
        run->at = at;
        count_turn(ctx->seat);
        if (EDAI_UNLIKELY(is_watched)) {
            event(ctx, EDAI_EVENT_TURN, activation->identity);
            stray(ctx);
        }
        if (EDAI_LIKELY(is_simple && !is_watched)) {
            edai_takeover_leave(ctx);
            status = route->handler->fn(activation->state, stub->shared->data, NULL, ctx);
            (void)edai_takeover_enter(ctx);
        } else {
            status = call_handler(ctx); /* by now its envelope may be another */
        }
        if (EDAI_UNLIKELY(status != EDA_OK || has_saves || !is_tidy(ctx) || has_effects(ctx) ||
                          ctx->envelope != &stub->envelope)) {
            return finish_in_place(ctx, run, stub, status);
        }
        if (EDAI_UNLIKELY(is_watched)) {
            event(ctx, EDAI_EVENT_END, (uint64_t)status);
        }
    }
    return end_run(ctx, run);
}

/* --- start and stop ----------------------------------------------------------------------- */

static eda_status run_start(eda_ctx *ctx)
{
    edai_activation *activation = ctx->activation;
    const edai_actor_type *type = activation->type;
    eda_status status = EDA_OK;

    if (type->has_saves) {
        status = edai_state_load(ctx->worker, activation);
        if (status != EDA_OK) {
            edai_bump(&edai_worker_holding(ctx->worker, type)->state_errors);
            return edai_ctx_fail(
                ctx, status, "its saved state could not be loaded: %s", eda_status_text(status));
        }
    }
    if (type->actor->start != NULL) {
        status = type->actor->start(activation->state, type->deps, ctx);
    }
    if (status == EDA_OK && type->has_saves && (activation->flags & EDAI_IS_NEW) != 0) {
        status = edai_state_commit(ctx->worker, activation); /* creates the record */
        if (status != EDA_OK) {
            edai_turn_stop(ctx->worker, activation, EDA_STOP_RESTART); /* start has done its part */
            return edai_ctx_fail(
                ctx, status, "its record could not be created: %s", eda_status_text(status));
        }
    }
    return status;
}

static bool start_failed(eda_ctx *ctx, eda_status status)
{
    edai_activation *activation = ctx->activation;
    char reason[EDAI_ERROR_SIZE];

    (void)snprintf(reason, sizeof(reason), "refused to start: %s",
        ctx->error != NULL ? ctx->error : eda_status_text(status));
    edai_ctx_drop_effects(ctx);
    edai_ctx_release(ctx);
    activation->turn_count--;
    edai_activation_reset(ctx->worker, activation);
    if (status == EDA_ECANCELED && edai_system_phase(ctx->sys) == EDAI_ENDING) {
        edai_activation_drain(
            ctx->worker, activation, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
    } else {
        edai_activation_drain(ctx->worker, activation, EDAI_DEAD, EDA_EDEAD, reason);
    }
    edai_activation_remove(ctx->worker, activation);
    return false;
}

/* Nothing to load and nothing to call. */
static bool is_started_by_itself(const edai_worker *worker, const edai_actor_type *type)
{
    return !type->has_saves && type->actor->start == NULL && worker->port->event == NULL;
}

static void count_start(edai_worker *worker, edai_activation *activation)
{
    edai_holding *holding = edai_worker_holding(worker, activation->type);

    if ((activation->flags & EDAI_IS_NEW) != 0 || !activation->type->has_saves) {
        edai_bump(&holding->keys_ever);
    }
    edai_activation_started(worker, activation);
}

static bool start_with_ctx(edai_worker *worker, edai_activation *activation)
{
    eda_ctx ctx = {.magic = EDAI_CTX_MAGIC,
        .kind = EDAI_CTX_START,
        .sys = worker->sys,
        .worker = worker,
        .activation = activation,
        .type = activation->type,
        .publisher = activation->type->index};
    eda_status status;

    activation->flags |= EDAI_IS_STARTING;
    activation->turn_count++;
    worker->current = &ctx;
    if (worker->port->event != NULL) {
        worker->port->event(worker->port->self, worker->sys, EDAI_EVENT_START,
            activation->type->index, activation->identity);
    }
    status = run_start(&ctx);
    worker->current = NULL;
    activation->flags = (uint16_t)((activation->flags & ~EDAI_IS_STARTING) | EDAI_IS_STARTED);
    if (status != EDA_OK) {
        return start_failed(&ctx, status);
    }
    count_start(worker, activation);
    release_effects(&ctx);
    activation->turn_count--;
    edai_ctx_release(&ctx);
    if ((activation->flags & (EDAI_WANTS_RESTART | EDAI_WANTS_STOP)) != 0) {
        return edai_activation_settle(worker, activation);
    }
    return true;
}

bool edai_turn_start(edai_worker *worker, edai_activation *activation)
{
    edai_bump(&edai_worker_holding(worker, activation->type)->starts);
    if (EDAI_UNLIKELY(!is_started_by_itself(worker, activation->type))) {
        return start_with_ctx(worker, activation);
    }
    activation->flags |= EDAI_IS_STARTED;
    count_start(worker, activation);
    return true;
}

static void stop_with_ctx(edai_worker *worker, edai_activation *activation, eda_stop_reason reason)
{
    eda_ctx ctx = {.magic = EDAI_CTX_MAGIC,
        .kind = EDAI_CTX_STOP,
        .sys = worker->sys,
        .worker = worker,
        .activation = activation,
        .type = activation->type,
        .publisher = activation->type->index};

    activation->turn_count++;
    activation->type->actor->stop(activation->state, reason, &ctx);
    release_effects(&ctx);
    activation->turn_count--;
    edai_ctx_release(&ctx);
}

void edai_turn_stop(edai_worker *worker, edai_activation *activation, eda_stop_reason reason)
{
    if (activation->type->actor->stop != NULL) {
        stop_with_ctx(worker, activation, reason);
    }
}
