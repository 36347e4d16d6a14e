/* after.c - see after.h; and the public calls on timers. */
#include "core/after.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/takeover.h"

static edai_after *after_of(edai_timer *timer)
{
    return (edai_after *)(void *)((char *)timer - offsetof(edai_after, timer));
}

static void after_free(edai_worker *worker, edai_after *after)
{
    edai_timers_disarm(&worker->timers, &after->timer);
    if (after->envelope != NULL) {
        edai_worker_free(worker, after->envelope);
    }
    edai_free(after);
}

static bool list_remove(edai_after **list, const edai_after *after)
{
    for (; *list != NULL; list = &(*list)->next) {
        if (*list == after) {
            *list = after->next;
            return true;
        }
    }
    return false;
}

/* A copy of the record for one tick; NULL: out of memory, the tick is dropped. */
static edai_envelope *tick_of(edai_worker *worker, edai_after *after)
{
    const edai_extras none = {.deadline = 0};
    edai_envelope *envelope = NULL;
    eda_ctx ctx = {.magic = EDAI_CTX_MAGIC,
        .kind = EDAI_CTX_TURN,
        .sys = worker->sys,
        .worker = worker,
        .activation = after->activation,
        .publisher = after->envelope->publisher};

    if (edai_self_make(&ctx, after->envelope->route, edai_envelope_data(after->envelope), &none,
            after->id, &envelope) != EDA_OK) {
        envelope = NULL;
    }
    edai_ctx_release(&ctx);
    return envelope;
}

static void on_due(edai_worker *worker, edai_timer *timer)
{
    edai_after *after = after_of(timer);
    edai_activation *activation = after->activation;
    edai_envelope *envelope;

    if (worker->port->event != NULL) {
        worker->port->event(
            worker->port->self, worker->sys, EDAI_EVENT_TIMER, after->is_orphan, after->id);
    }
    if (after->period > 0) {
        int64_t due = timer->due + after->period;

        if (due <= worker->now) { /* missed ticks are dropped, the phase kept */
            due += (worker->now - due) / after->period * after->period + after->period;
        }
        envelope = tick_of(worker, after);
        /* Cannot fail: the heap has the room this timer just left. */
        (void)!edai_timers_arm(&worker->timers, timer, due, on_due);
    } else {
        envelope = after->envelope;
        after->envelope = NULL;
        if (!after->is_orphan) {
            (void)list_remove(&activation->extra->timers, after);
            activation->extra->timer_count--;
        }
        edai_free(after);
    }
    if (envelope != NULL) {
        edai_tally_add(&worker->tallies[envelope->route->index], EDAI_ACCEPTED);
        edai_mailbox_put(worker, activation, envelope);
    }
}

void edai_after_commit(eda_ctx *ctx)
{
    edai_worker *worker = ctx->worker;

    while (ctx->armed != NULL) {
        edai_after *after = ctx->armed;
        edai_extra *extra = ctx->activation->extra;

        ctx->armed = after->next;
        after->next = extra->timers;
        extra->timers = after;
        extra->timer_count++;
        if (after->timer.due < worker->now) {
            after->timer.due = worker->now;
        }
        if (edai_timers_arm(&worker->timers, &after->timer, after->timer.due, on_due) != EDA_OK) {
            /* As a timer that is due at once: late or early it fires once, and nothing is lost. */
            on_due(worker, &after->timer);
        }
    }
}

void edai_after_forget(eda_ctx *ctx)
{
    while (ctx->armed != NULL) {
        edai_after *after = ctx->armed;

        ctx->armed = after->next;
        after_free(ctx->worker, after);
    }
}

void edai_after_cancel_all(edai_worker *worker, edai_activation *activation)
{
    edai_extra *extra = activation->extra;

    while (extra != NULL && extra->timers != NULL) {
        edai_after *after = extra->timers;

        extra->timers = after->next;
        extra->timer_count--;
        if (EDAI_PLANTED(LATE_TIMER) && after->timer.due <= worker->now) {
            after->is_orphan = true;
        } else {
            after_free(worker, after);
        }
    }
}

static const edai_route *self_route(const edai_actor_type *type, const eda_type *record)
{
    uint32_t i;

    for (i = 0; i < type->route_count; i++) {
        const eda_handler *handler = type->routes[i].handler;

        if (handler->is_self &&
            (handler->type == record ||
                eda_str_equal(eda_str_from(handler->type->name), eda_str_from(record->name)))) {
            return &type->routes[i];
        }
    }
    return NULL;
}

static eda_status make(
    eda_ctx *ctx, eda_value record, eda_duration delay, eda_duration period, edai_after **ret_after)
{
    const edai_route *route = self_route(ctx->type, record.type);
    const edai_extras none = {.deadline = 0};
    edai_extra *extra = edai_activation_extra(ctx->activation);
    edai_after *after;
    eda_status status;

    if (route == NULL) {
        return edai_ctx_fail(ctx, EDA_EPERM, "actor '%s' has no on_self(%s, ...)",
            ctx->type->actor->name, record.type->name);
    }
    EDA_TRY(edai_publish_check(ctx, route->msg, record.data));
    after = edai_calloc(1, sizeof(*after));
    if (extra == NULL || after == NULL) {
        edai_free(after);
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    after->id = ++ctx->worker->ask_seq;
    status = edai_self_make(ctx, route, record.data, &none, after->id, &after->envelope);
    if (status != EDA_OK) {
        edai_free(after);
        return status;
    }
    after->activation = ctx->activation;
    after->period = period;
    after->timer.due = edai_system_later(ctx->sys, delay);
    *ret_after = after;
    return EDA_OK;
}

static uint32_t count_armed(const eda_ctx *turn)
{
    uint32_t count = 0;
    const edai_after *at;

    for (at = turn->armed; at != NULL; at = at->next) {
        count++;
    }
    return count;
}

/* With those that open turns are going to arm. */
static uint32_t count_timers(const eda_ctx *ctx)
{
    const edai_extra *extra = ctx->activation->extra;
    uint32_t count = count_armed(ctx);
    const eda_ctx *turn;

    if (extra == NULL) {
        return count;
    }
    for (turn = extra->suspended; turn != NULL; turn = turn->next_suspended) {
        count += count_armed(turn);
    }
    return count + extra->timer_count;
}

static eda_status arm(
    eda_ctx *ctx, eda_value record, eda_duration delay, eda_duration period, eda_timer *ret_timer)
{
    edai_after *after = NULL;
    edai_after **last;

    edai_ctx_check(ctx);
    if (ctx->kind == EDAI_CTX_CLIENT || ctx->kind == EDAI_CTX_STOP) {
        return edai_ctx_fail(
            ctx, EDA_EPERM, "only a running actor can send itself something later");
    }
    if (count_timers(ctx) >= EDAI_SELF_TIMERS_MAX) {
        return edai_ctx_fail(ctx, EDA_ELIMIT, "%u timers are armed; one actor may have no more",
            EDAI_SELF_TIMERS_MAX);
    }
    EDA_TRY(make(ctx, record, delay, period, &after));
    EDA_ASSERT(after != NULL, "made");
    if (ret_timer != NULL) {
        ret_timer->id = after->id;
    }
    if (delay <= 0 && period == 0) {
        edai_ctx_add_effects(ctx, after->envelope, after->envelope, 1);
        edai_free(after);
        return EDA_OK;
    }
    for (last = &ctx->armed; *last != NULL; last = &(*last)->next) {
    }
    *last = after; /* in order, so that what is due at the same moment is handled in order */
    return EDA_OK;
}

static eda_status arm_once(eda_ctx *ctx, eda_value record, eda_duration delay, eda_timer *ret_timer)
{
    return arm(ctx, record, delay, 0, ret_timer);
}

eda_status eda_after(eda_ctx *ctx, eda_value record, eda_duration delay, eda_timer *ret_timer)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = arm_once(ctx, record, delay, ret_timer);
    edai_takeover_back(ctx, entered);
    return status;
}

static eda_status arm_periodic(
    eda_ctx *ctx, eda_value record, eda_duration period, eda_timer *ret_timer)
{
    if (period <= 0) {
        return edai_ctx_fail(ctx, EDA_EINVAL, "a period must be positive");
    }
    return arm(ctx, record, period, period, ret_timer);
}

eda_status eda_every(eda_ctx *ctx, eda_value record, eda_duration period, eda_timer *ret_timer)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = arm_periodic(ctx, record, period, ret_timer);
    edai_takeover_back(ctx, entered);
    return status;
}

static void cancel_in(edai_worker *worker, edai_after **list, uint64_t id, uint32_t *count)
{
    edai_after **at;

    for (at = list; *at != NULL; at = &(*at)->next) {
        if ((*at)->id == id) {
            edai_after *after = *at;

            *at = after->next;
            if (count != NULL) {
                (*count)--;
            }
            after_free(worker, after);
            return;
        }
    }
}

/* A record without delay is an effect until its turn has ended. */
static void cancel_effect(eda_ctx *turn, uint64_t id)
{
    edai_envelope *before = NULL;
    edai_envelope *at;

    for (at = turn->effects; at != NULL; before = at, at = at->next) {
        if (at->kind == EDAI_DELIVERY && at->route->handler->is_self && at->identity == id) {
            break;
        }
    }
    if (at == NULL) {
        return;
    }
    if (before == NULL) {
        turn->effects = at->next;
    } else {
        before->next = at->next;
    }
    if (turn->effects_last == at) {
        turn->effects_last = before;
    }
    turn->effects_count--;
    edai_worker_free(turn->worker, at);
}

static void cancel_in_turn(eda_ctx *turn, uint64_t id)
{
    cancel_in(turn->worker, &turn->armed, id, NULL);
    cancel_effect(turn, id);
}

static void cancel(eda_ctx *ctx, eda_timer timer)
{
    edai_activation *activation;
    edai_extra *extra;
    edai_envelope *envelope;
    eda_ctx *turn;

    activation = ctx->activation;
    if (activation == NULL || timer.id == 0) {
        return;
    }
    cancel_in_turn(ctx, timer.id);
    extra = activation->extra;
    if (extra != NULL) {
        cancel_in(ctx->worker, &extra->timers, timer.id, &extra->timer_count);
        for (turn = extra->suspended; turn != NULL; turn = turn->next_suspended) {
            cancel_in_turn(turn, timer.id);
        }
    }
    envelope = edai_mailbox_take_self(ctx->worker, activation, timer.id);
    if (envelope != NULL) {
        edai_envelope_end(
            ctx->worker, envelope, EDAI_STOPPED, EDA_ECANCELED, "canceled by its actor");
    }
}

void eda_timer_cancel(eda_ctx *ctx, eda_timer timer)
{
    uint64_t entered;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    cancel(ctx, timer);
    edai_takeover_back(ctx, entered);
}

/* --- delayed publishes -------------------------------------------------------------------- */

static void on_delayed(edai_worker *worker, edai_timer *timer)
{
    edai_delayed *delayed = (edai_delayed *)(void *)((char *)timer - offsetof(edai_delayed, timer));

    while (delayed->envelopes != NULL) {
        edai_envelope *envelope = delayed->envelopes;

        delayed->envelopes = envelope->next;
        edai_tally_add(&worker->tallies[envelope->route->index], EDAI_ACCEPTED);
        edai_worker_dispatch(worker, envelope);
    }
    edai_free(delayed);
}

void edai_delayed_arm(edai_worker *worker, edai_delayed *delayed)
{
    if (edai_timers_arm(&worker->timers, &delayed->timer, delayed->timer.due, on_delayed) !=
        EDA_OK) {
        on_delayed(worker, &delayed->timer); /* too early rather than never */
    }
}

void edai_delayed_free_all(edai_worker *worker)
{
    size_t i;

    for (i = 0; i < worker->timers.len; i++) {
        edai_timer *timer = worker->timers.heap[i];
        edai_delayed *delayed =
            (edai_delayed *)(void *)((char *)timer - offsetof(edai_delayed, timer));

        if (timer->fire != on_delayed) {
            continue;
        }
        edai_delayed_free(worker->sys, worker, delayed);
    }
}

void edai_delayed_free(eda_system *sys, edai_worker *worker, edai_delayed *delayed)
{
    while (delayed->envelopes != NULL) {
        edai_envelope *next = delayed->envelopes->next;

        edai_envelope_free(sys, worker, delayed->envelopes);
        delayed->envelopes = next;
    }
    edai_free(delayed);
}

static void shift_deadlines(edai_envelope *at, eda_duration delay)
{
    for (; at != NULL; at = at->next) {
        edai_ext *ext = edai_envelope_ext(at);

        if (ext != NULL && ext->deadline != EDAI_NO_DEADLINE) {
            ext->deadline =
                delay < EDAI_NO_DEADLINE - ext->deadline ? ext->deadline + delay : EDAI_NO_DEADLINE;
        }
    }
}

static void call_delayed_arm(edai_worker *worker, void *arg)
{
    edai_delayed_arm(worker, arg);
}

static void publish_later_add(eda_ctx *ctx, edai_delayed *delayed)
{
    edai_delayed **at = &ctx->delayed;

    while (*at != NULL) {
        at = &(*at)->next; /* in order, so that what is due at the same moment leaves in order */
    }
    *at = delayed;
}

static eda_status publish_later_check(eda_ctx *ctx, const edai_msg *msg, const void *data)
{
    if (msg->is_request) {
        return edai_ctx_fail(ctx, EDA_EINVAL, "%s is a request: ask it", msg->type->name);
    }
    if (ctx->kind == EDAI_CTX_CLIENT && edai_system_phase(ctx->sys) != EDAI_RUNNING) {
        return edai_ctx_fail(ctx, EDA_ECLOSED, "the system is stopping or has stopped");
    }
    if (ctx->kind != EDAI_CTX_CLIENT && ctx->effects_count >= EDAI_EFFECTS_MAX) {
        return edai_ctx_fail(ctx, EDA_ELIMIT, "over %u publishes in one turn", EDAI_EFFECTS_MAX);
    }
    return edai_publish_check(ctx, msg, data);
}

static void count_unheard(eda_ctx *ctx, const edai_msg *msg)
{
    edai_tally_add(ctx->kind == EDAI_CTX_CLIENT ? &((edai_client *)ctx)->tallies[msg->nobody->index]
                                                : &ctx->worker->tallies[msg->nobody->index],
        EDAI_UNHEARD);
}

static eda_status publish_after(eda_ctx *ctx, eda_value message, eda_duration delay)
{
    const edai_msg *msg = NULL;
    const edai_extras none = {.deadline = 0};
    edai_delayed *delayed;
    edai_envelope *first = NULL;
    edai_envelope *last = NULL;
    eda_status status;

    EDA_TRY(edai_publish_lookup(ctx, message.type, &msg));
    EDA_TRY(publish_later_check(ctx, msg, message.data));
    EDA_TRY(edai_publish_make(ctx, msg, message.data, &none, &first, &last));
    if (first == NULL) {
        count_unheard(ctx, msg);
        return EDA_OK;
    }
    delayed = edai_calloc(1, sizeof(*delayed));
    if (delayed == NULL) {
        edai_ctx_free_chain(ctx, first);
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    shift_deadlines(first, delay);
    delayed->envelopes = first;
    delayed->timer.due = edai_system_later(ctx->sys, delay);
    if (ctx->kind != EDAI_CTX_CLIENT) {
        publish_later_add(ctx, delayed);
        ctx->effects_count++;
        return EDA_OK;
    }
    status = edai_client_call((edai_client *)ctx, 0, call_delayed_arm, delayed);
    if (status != EDA_OK) {
        edai_delayed_free(ctx->sys, NULL, delayed);
    }
    return status;
}

eda_status eda_publish_after(eda_ctx *ctx, eda_value message, eda_duration delay)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = publish_after(ctx, message, delay);
    edai_takeover_back(ctx, entered);
    return status;
}
