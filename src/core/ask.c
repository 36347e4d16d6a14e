/* ask.c - requests and replies: the turn waits, its thread does not. */
#include "core/ask.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/abroad.h"
#include "core/nest.h"
#include "core/publish.h"
#include "core/takeover.h"

#include <string.h>

static void on_deadline(edai_worker *worker, edai_timer *timer)
{
    edai_wait *wait = (edai_wait *)(void *)((char *)timer - offsetof(edai_wait, timer));

    (void)worker;
    edai_suspend_end(wait->ctx, wait->kind == EDAI_WAIT_TIME ? EDA_OK : EDA_ETIMEOUT);
}

/* --- deadlines ---------------------------------------------------------------------------- */

static int64_t reckon(int64_t deadline, uint32_t timeout_ms, int64_t now)
{
    int64_t due = timeout_ms != 0 ? now + EDA_MS(timeout_ms) : EDAI_NO_DEADLINE;

    return due < deadline ? due : deadline;
}

/* The wait's deadline, and the request's if that is still under way here, are known from now on. */
static void settle(edai_wait *wait, int64_t now)
{
    edai_ext *ext;

    wait->deadline = reckon(wait->deadline, wait->timeout_ms, now);
    if (wait->young_request == NULL) {
        return;
    }
    ext = edai_envelope_its_ext(wait->young_request);
    ext->deadline = wait->deadline < ext->deadline ? wait->deadline : ext->deadline;
    ext->timeout_ms = 0;
}

void edai_ask_under_way(edai_worker *worker, edai_wait *wait, edai_envelope *request)
{
    wait->young_request = request;
    wait->young_next = worker->young;
    wait->young_at = &worker->young;
    if (worker->young != NULL) {
        worker->young->young_at = &wait->young_next;
    }
    worker->young = wait;
}

static void young_remove(edai_wait *wait)
{
    *wait->young_at = wait->young_next;
    if (wait->young_next != NULL) {
        wait->young_next->young_at = wait->young_at;
    }
    wait->young_at = NULL;
}

static void grow_up(edai_worker *worker, edai_wait *wait, int64_t now)
{
    young_remove(wait);
    settle(wait, now);
    if (wait->deadline != EDAI_NO_DEADLINE) {
        edai_timers_arm_reserved(&worker->timers, &wait->timer, wait->deadline, on_deadline);
    } else {
        edai_timers_release(&worker->timers);
    }
}

void edai_ask_grown(edai_worker *worker, edai_wait *wait, eda_status status)
{
    young_remove(wait);
    edai_timers_release(&worker->timers);
    /* Without a reply: the request is still under way. */
    if (status != EDA_OK) {
        settle(wait, edai_system_now(worker->sys));
    }
}

void edai_ask_told(const edai_reply *reply)
{
    eda_ctx *ctx = NULL;

    if (reply->client == NULL && !edai_abroad_asked(reply)) {
        ctx = edai_suspend_by_ask(reply->asker, reply->ask_seq);
    }

    if (ctx != NULL) {
        ctx->wait->young_request = NULL;
    }
}

void edai_ask_settle(edai_worker *worker, int64_t now)
{
    while (worker->young != NULL) {
        grow_up(worker, worker->young, now);
    }
}

/* Deadlines travel: who is asked has no longer than who asks. */
static void limit(const eda_ctx *ctx, edai_wait *wait, uint32_t timeout_ms)
{
    const edai_ext *ext = ctx->envelope != NULL ? edai_envelope_ext(ctx->envelope) : NULL;

    wait->timeout_ms = timeout_ms != EDA_FOREVER ? timeout_ms : 0;
    wait->deadline = timeout_ms != 0 ? EDAI_NO_DEADLINE : edai_system_now(ctx->sys);
    if (ext != NULL) {
        wait->deadline = ext->deadline < wait->deadline ? ext->deadline : wait->deadline;
        if (ext->timeout_ms != 0 && (wait->timeout_ms == 0 || ext->timeout_ms < wait->timeout_ms)) {
            wait->timeout_ms = ext->timeout_ms;
        }
    }
}

/* The receiver's worker, if the request stays on this thread till the round ends: whatever becomes
 * of it until then, who asked is told in the same moment. NULL: elsewhere. The planted faults lose
 * track of requests. */
static edai_worker *near_owner(const eda_ctx *ctx, const edai_envelope *envelope)
{
    edai_worker *owner;

    if (EDAI_PLANTED(WRONG_REPLY)) {
        return NULL;
    }
    if (EDAI_PLANTED(PASSIVATION_LOSS)) {
        return NULL;
    }
    if (EDAI_UNLIKELY(envelope->route->actor->worker == EDAI_PLACED ||
                      envelope->route->actor->worker == ctx->sys->gateway)) {
        return NULL; /* it may be another node's */
    }
    owner = &ctx->sys->workers[edai_publish_owner(ctx->sys, envelope)];
    return edai_worker_seat(owner) == edai_worker_seat(ctx->worker) ? owner : NULL;
}

/* --- asking ------------------------------------------------------------------------------- */

eda_status edai_ask_lookup(eda_ctx *ctx, eda_request request, const edai_msg **ret_msg)
{
    const edai_msg *msg = NULL;

    EDA_TRY(edai_publish_lookup(ctx, request.value.type, &msg));
    if (!msg->is_request) {
        return edai_ctx_fail(ctx, EDA_EINVAL, "%s is not a request", msg->type->name);
    }
    if (msg->needs_check) {
        EDA_TRY(edai_publish_check(ctx, msg, request.value.data));
    }
    if (msg->responder == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOENT, "no actor answers %s", msg->type->name);
    }
    *ret_msg = msg;
    return EDA_OK;
}

eda_status edai_ask_result(eda_ctx *ctx, edai_envelope *envelope, const void **ret_reply)
{
    const edai_reply *reply = edai_envelope_body(envelope);

    if (reply->status != EDA_OK) {
        return edai_ctx_fail(
            ctx, reply->status, "%.*s", (int)reply->text_len, (const char *)(reply + 1));
    }
    *ret_reply = reply + 1;
    return EDA_OK;
}

/* Waits for the reply, the deadline or the actor's end. */
static eda_status wait_for_reply(eda_ctx *ctx, edai_envelope *envelope, edai_wait *wait)
{
    edai_worker *worker = ctx->worker;
    edai_worker *owner = near_owner(ctx, envelope);
    eda_status status = edai_timers_reserve(&worker->timers);

    if (status != EDA_OK) {
        edai_worker_free(worker, envelope);
        return edai_ctx_fail(ctx, status, "out of memory for the deadline");
    }
    if (owner != NULL && edai_nest_ask(ctx, owner, envelope, wait)) {
        return wait->status;
    }
    edai_ask_under_way(worker, wait, envelope);
    if (owner == NULL) {
        grow_up(worker, wait, edai_system_now(ctx->sys));
    }
    wait->request = envelope; /* leaves as soon as the stack for the loop is there */
    status = edai_suspend_turn(ctx, wait);
    if (status == EDA_OK) {
        return wait->status;
    }
    if (wait->young_at != NULL) {
        edai_ask_grown(worker, wait, EDA_OK);
    } else {
        edai_timers_disarm(&worker->timers, &wait->timer);
    }
    edai_worker_free(worker, envelope);
    return status;
}

/* Asking oneself can only work where the handler interleaves. */
static bool is_self_ask(const eda_ctx *ctx, edai_envelope *envelope)
{
    const edai_activation *activation = ctx->activation;

    return envelope->route->actor == activation->type &&
           envelope->identity == activation->identity && !envelope->route->handler->interleaves;
}

/* Unique on the worker, for replies; growing on the seat, too, so that of asks in one round it can
 * be told which came last. */
static uint64_t next_seq(const eda_ctx *ctx)
{
    edai_worker *worker = ctx->worker;
    edai_seat *seat = edai_worker_seat(worker);
    uint64_t last = worker->ask_seq > seat->ask_seq ? worker->ask_seq : seat->ask_seq;

    worker->ask_seq = last + 1;
    seat->ask_seq = last + 1;
    return last + 1;
}

static eda_status ask_in_turn(
    eda_ctx *ctx, const edai_msg *msg, eda_request request, uint32_t timeout_ms)
{
    edai_wait wait = {.kind = EDAI_WAIT_ASK, .ctx = ctx};
    edai_envelope *envelope = NULL;
    eda_status status;

    EDA_TRY(edai_suspend_check(ctx));
    if (edai_activation_extra(ctx->activation) == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    wait.since = ctx->worker->now;
    wait.seq = next_seq(ctx);
    limit(ctx, &wait, timeout_ms);
    EDA_TRY(edai_publish_ask(ctx, msg, request.value.data, &wait, &envelope));
    EDA_ASSERT(envelope != NULL, "made");
    if (is_self_ask(ctx, envelope)) {
        edai_worker_free(ctx->worker, envelope);
        return edai_ctx_fail(ctx, EDA_EDEADLOCK, "actor '%s' asks itself (%s): %s -> %s",
            ctx->type->actor->name, msg->type->name, ctx->type->actor->name,
            ctx->type->actor->name);
    }
    wait.target = msg->responder->actor;
    wait.target_identity = envelope->identity;
    status = wait_for_reply(ctx, envelope, &wait);
    if (status == EDA_OK && wait.reply != NULL) {
        wait.reply->next = ctx->replies;
        ctx->replies = wait.reply;
        return edai_ask_result(ctx, wait.reply, request.ret_reply);
    }
    if (wait.text != NULL) {
        status = edai_ctx_fail(ctx, status, "%s", wait.text);
        edai_free(wait.text);
        return status;
    }
    return edai_ctx_fail(ctx, status, "%s: %s", msg->type->name, eda_status_text(status));
}

/* A turn's; what its actor type asked last is not looked up again. */
static inline eda_status lookup(eda_ctx *ctx, eda_request request, const edai_msg **ret_msg)
{
    edai_asked *known;

    if (ctx->type == NULL) {
        return edai_ask_lookup(ctx, request, ret_msg);
    }
    known = edai_worker_asked(ctx->worker, ctx->type, request.value.type);
    if (EDAI_LIKELY(known->type == request.value.type && known->by == ctx->type)) {
        *ret_msg = known->msg;
        return EDA_OK;
    }
    EDA_TRY(edai_ask_lookup(ctx, request, ret_msg));
    EDA_ASSERT(*ret_msg != NULL, "found");
    if (!(*ret_msg)->needs_check) {
        *known = (edai_asked){.type = request.value.type, .by = ctx->type, .msg = *ret_msg};
    }
    return EDA_OK;
}

static eda_status ask_any(eda_ctx *ctx, eda_request request, uint32_t timeout_ms)
{
    const edai_msg *msg = NULL;

    EDA_TRY(lookup(ctx, request, &msg));
    EDA_ASSERT(msg != NULL, "found");
    if (ctx->kind == EDAI_CTX_CLIENT) {
        return edai_client_ask((edai_client *)ctx, msg, request, timeout_ms);
    }
    return ask_in_turn(ctx, msg, request, timeout_ms);
}

eda_status eda_ask(eda_ctx *ctx, eda_request request, uint32_t timeout_ms)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = ask_any(ctx, request, timeout_ms);
    edai_takeover_back(ctx, entered);
    return status;
}

void edai_ask_answered(edai_worker *worker, edai_envelope *envelope)
{
    const edai_reply *reply = edai_envelope_body(envelope);
    eda_ctx *ctx;

    if (reply->client != NULL) {
        edai_client_answer(worker, envelope);
        return;
    }
    if (EDAI_UNLIKELY(worker->index == worker->sys->gateway)) {
        worker->sys->abroad->answered(worker->sys->abroad, worker, envelope);
        return;
    }
    ctx = edai_suspend_by_ask(reply->asker, reply->ask_seq);
    if (ctx == NULL) {
        edai_worker_free(worker, envelope); /* it gave up waiting */
        return;
    }
    ctx->wait->reply = envelope;
    edai_suspend_end(ctx, EDA_OK);
}

/* --- replying ----------------------------------------------------------------------------- */

/* In a block of its own, among the turn's effects. */
static eda_status reply_apart(eda_ctx *ctx, const edai_msg *msg, const void *data)
{
    const edai_ext *ext = edai_envelope_its_ext(ctx->envelope);
    edai_envelope *envelope;
    edai_reply *reply;
    size_t size = 0;
    uint16_t home = 0;
    uint8_t size_class = 0;

    EDA_TRY(edai_shape_size(&msg->reply_shape, msg->type->reply, data, &size));
    envelope = edai_worker_alloc(
        ctx->worker, sizeof(*envelope) + sizeof(*reply) + size, &home, &size_class);
    if (envelope == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    *envelope = (edai_envelope){.kind = EDAI_REPLY, .home = home, .size_class = size_class};
    reply = edai_envelope_body(envelope);
    *reply = (edai_reply){.client = ext->asking_client,
        .asker = ext->asker,
        .ask_seq = ext->ask_seq,
        .worker = ext->asker_worker};
    edai_shape_copy(&msg->reply_shape, msg->type->reply, data, reply + 1, size);
    edai_ctx_add_effects(ctx, envelope, envelope, 0);
    ctx->has_replied = true;
    return EDA_OK;
}

static eda_status check_reply(eda_ctx *ctx, const edai_msg *msg, const void *data)
{
    eda_problem problem;
    eda_status status = EDA_OK;

    if (msg->reply_shape.needs_check) {
        status = edai_shape_check(&msg->reply_shape, msg->type->reply, data, &problem);
    }
    return status == EDA_OK ? EDA_OK : edai_ctx_fail(ctx, status, "%s", problem.text);
}

eda_status edai_ask_answer(eda_ctx *ctx, const void *reply)
{
    const edai_msg *msg = ctx->envelope->route->msg;

    EDA_TRY(check_reply(ctx, msg, reply));
    if (!msg->reply_shape.is_plain || msg->reply_shape.size > edai_reply_room(ctx->envelope)) {
        return reply_apart(ctx, msg, reply);
    }
    ctx->answer = reply;
    ctx->has_replied = true;
    return EDA_OK;
}

static eda_status reply_with(eda_ctx *ctx, eda_value value)
{
    const edai_msg *msg;

    if (ctx->envelope == NULL || !ctx->envelope->route->msg->is_request || ctx->has_replied) {
        return edai_ctx_fail(
            ctx, EDA_ESTATE, "there is no request to reply to, or it was answered");
    }
    msg = ctx->envelope->route->msg;
    if (value.type != msg->type->reply && strcmp(value.type->name, msg->type->reply->name) != 0) {
        return edai_ctx_fail(ctx, EDA_EINVAL, "%s is answered with %s, not %s", msg->type->name,
            msg->type->reply->name, value.type->name);
    }
    EDA_TRY(check_reply(ctx, msg, value.data));
    return reply_apart(ctx, msg, value.data);
}

eda_status eda_reply(eda_ctx *ctx, eda_value value)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = reply_with(ctx, value);
    edai_takeover_back(ctx, entered);
    return status;
}

/* --- other waits -------------------------------------------------------------------------- */

static eda_status sleep_in_turn(eda_ctx *ctx, eda_duration time)
{
    edai_wait wait = {.kind = EDAI_WAIT_TIME, .ctx = ctx};
    eda_status status;

    if (ctx->kind == EDAI_CTX_CLIENT) {
        return edai_ctx_fail(ctx, EDA_EPERM, "a client has a thread of its own to sleep on");
    }
    EDA_TRY(edai_suspend_check(ctx));
    if (edai_activation_extra(ctx->activation) == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    wait.since = edai_system_now(ctx->sys);
    EDA_TRY(edai_timers_arm(
        &ctx->worker->timers, &wait.timer, edai_system_later(ctx->sys, time), on_deadline));
    status = edai_suspend_turn(ctx, &wait);
    if (status != EDA_OK) {
        edai_timers_disarm(&ctx->worker->timers, &wait.timer);
        return status;
    }
    return wait.status == EDA_OK
               ? EDA_OK
               : edai_ctx_fail(ctx, wait.status, "%s", eda_status_text(wait.status));
}

eda_status eda_sleep(eda_ctx *ctx, eda_duration time)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = sleep_in_turn(ctx, time);
    edai_takeover_back(ctx, entered);
    return status;
}

/* One blocking call; on the suspended stack, which cannot go before the job is done. */
typedef struct blocking {
    edai_job job;
    eda_ctx *ctx;
    edai_envelope *notice;
} blocking;

static void call_resume(edai_worker *worker, void *arg)
{
    (void)worker;
    edai_suspend_end(arg, EDA_OK);
}

static void on_done(edai_job *job)
{
    blocking *call = (blocking *)(void *)job;

    edai_worker_post(call->ctx->worker, call->notice);
}

static eda_status run_blocking(eda_ctx *ctx, void (*fn)(void *arg), void *arg)
{
    edai_wait wait = {.kind = EDAI_WAIT_JOB, .ctx = ctx};
    blocking call = {.job = {.run = fn, .arg = arg, .done = on_done}, .ctx = ctx};
    uint16_t home = 0;
    uint8_t size_class = 0;
    eda_status status;

    if (ctx->kind == EDAI_CTX_CLIENT) {
        fn(arg); /* a client's thread may block */
        return EDA_OK;
    }
    EDA_TRY(edai_suspend_check(ctx));
    call.notice =
        edai_worker_alloc(NULL, sizeof(edai_envelope) + sizeof(edai_call), &home, &size_class);
    if (call.notice == NULL || edai_activation_extra(ctx->activation) == NULL) {
        edai_free(call.notice);
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    *call.notice = (edai_envelope){.kind = EDAI_CALL, .home = home, .size_class = size_class};
    *(edai_call *)edai_envelope_body(call.notice) =
        (edai_call){.fn = call_resume, .arg = ctx, .worker = ctx->worker->index};
    wait.since = edai_system_now(ctx->sys);
    wait.job = &call.job;
    status = edai_suspend_turn(ctx, &wait);
    if (status != EDA_OK) {
        edai_free(call.notice);
        return status;
    }
    if (wait.status != EDA_OK) { /* the job was never taken */
        edai_free(call.notice);
        return edai_ctx_fail(ctx, wait.status, "no blocking thread could be had");
    }
    return EDA_OK;
}

eda_status eda_blocking(eda_ctx *ctx, void (*fn)(void *arg), void *arg)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = run_blocking(ctx, fn, arg);
    edai_takeover_back(ctx, entered);
    return status;
}
