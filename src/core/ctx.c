/* ctx.c - the verbs of ctx.h that are neither asking nor timing. */
#include <edacious/ctx.h>
#include <edacious/topic.h>

#include "base/assert.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "core/after.h"
#include "core/publish.h"
#include "core/state.h"
#include "core/system.h"
#include "core/takeover.h"
#include "message/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void edai_ctx_check(const eda_ctx *ctx)
{
    EDA_ASSERT(ctx != NULL, "there is a ctx: eda_system_client has none before eda_system_start");
    EDA_ASSERT(
        ctx->magic == EDAI_CTX_MAGIC, "a ctx is used within its turn, a client until it is freed");
}

eda_status edai_ctx_fail(eda_ctx *ctx, eda_status status, const char *format, ...)
{
    va_list list;

    if (ctx->error == NULL) {
        ctx->error = edai_alloc(EDAI_ERROR_SIZE);
        if (ctx->error == NULL) {
            return status; /* the status tells enough */
        }
    }
    va_start(list, format);
    (void)vsnprintf(ctx->error, EDAI_ERROR_SIZE, format, list);
    va_end(list);
    /* It goes into the log, to other nodes and to outsiders: as one line, and as UTF-8, or none of
     * them would take it. */
    edai_utf8_tame(ctx->error, strlen(ctx->error));
    return status;
}

void edai_ctx_free_chain(eda_ctx *ctx, edai_envelope *first)
{
    while (first != NULL) {
        edai_envelope *next = first->next;

        edai_envelope_free(ctx->sys, ctx->worker, first);
        first = next;
    }
}

void edai_ctx_drop_effects(eda_ctx *ctx)
{
    edai_ctx_free_chain(ctx, ctx->effects);
    ctx->effects = NULL;
    edai_after_forget(ctx);
    while (ctx->delayed != NULL) {
        edai_delayed *next = ctx->delayed->next;

        edai_delayed_free(ctx->sys, ctx->worker, ctx->delayed);
        ctx->delayed = next;
    }
}

void edai_ctx_release(eda_ctx *ctx)
{
    edai_ctx_free_chain(ctx, ctx->replies);
    ctx->replies = NULL;
    while (ctx->scratch != NULL) {
        edai_scratch *next = ctx->scratch->next;

        edai_free(ctx->scratch);
        ctx->scratch = next;
    }
    ctx->scratch_size = 0;
    ctx->view = NULL;
    if (ctx->kind != EDAI_CTX_CLIENT && ctx->error != NULL) {
        edai_free(ctx->error);
        ctx->error = NULL;
    }
}

/* --- publishing --------------------------------------------------------------------------- */

static eda_status publish(eda_ctx *ctx, const edai_msg *msg, const void *data, eda_receipt *receipt)
{
    const edai_extras none = {.may_bundle = true};
    edai_envelope *first = NULL;
    edai_envelope *last = NULL;
    edai_envelope *at;
    uint32_t count = 0;

    if (ctx->kind == EDAI_CTX_CLIENT) {
        return edai_client_publish((edai_client *)ctx, msg, data, receipt);
    }
    if (receipt != NULL) {
        return edai_ctx_fail(ctx, EDA_EPERM, "only a client waits for receipts; a handler asks");
    }
    if (ctx->effects_count >= EDAI_EFFECTS_MAX) {
        return edai_ctx_fail(ctx, EDA_ELIMIT, "over %u publishes in one turn", EDAI_EFFECTS_MAX);
    }
    if (EDAI_LIKELY(msg->light != NULL)) {
        first = edai_publish_light(ctx, msg->light, data);
        if (first == NULL) {
            return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
        }
        edai_ctx_add_effects(ctx, first, first, 1);
        return EDA_OK;
    }
    EDA_TRY(edai_publish_make(ctx, msg, data, &none, &first, &last));
    if (first == NULL) {
        edai_tally_add(&ctx->worker->tallies[msg->nobody->index], EDAI_UNHEARD);
        return EDA_OK;
    }
    for (at = first; at != NULL; at = at->next) {
        count++;
    }
    edai_ctx_add_effects(ctx, first, last, count);
    return EDA_OK;
}

/* Next time it is known at once. */
static void remember(eda_ctx *ctx, const eda_type *type, const edai_msg *msg)
{
    if (ctx->worker != NULL && ctx->type != NULL && msg->light != NULL && !msg->needs_check) {
        const edai_envelope model = {.home = ctx->worker->index,
            .size_class = msg->light->size_class,
            .kind = EDAI_DELIVERY,
            .publisher = ctx->type->index};
        edai_published *known = edai_worker_published(ctx->worker, ctx->type, type);

        *known = (edai_published){.type = type, .by = ctx->type, .route = msg->light};
        memcpy(known->head, &model.home, sizeof(known->head));
    }
}

/* What the same actor type published last: its right to, and the receiver, are known. False: not
 * so. Where there is no memory it fails as the long way does: which types are known depends on
 * where they lie, and what a seed does must not. */
EDAI_ALWAYS_INLINE bool publish_again(
    eda_ctx *ctx, eda_value message, const eda_receipt *receipt, eda_status *ret_status)
{
    const edai_published *known;
    edai_envelope *envelope;

    if (ctx->type == NULL || receipt != NULL || ctx->effects_count >= EDAI_EFFECTS_MAX) {
        return false;
    }
    known = edai_worker_published(ctx->worker, ctx->type, message.type);
    if (known->type != message.type || known->by != ctx->type) {
        return false;
    }
    envelope = edai_publish_known(ctx->worker, known, message.data);
    if (EDAI_UNLIKELY(envelope == NULL)) {
        *ret_status = edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
        return true;
    }
    edai_ctx_add_effects(ctx, envelope, envelope, 1);
    return true;
}

EDAI_NOINLINE static eda_status publish_value(eda_ctx *ctx, eda_value message, eda_receipt *receipt)
{
    const edai_msg *msg = NULL;

    EDA_TRY(edai_publish_lookup(ctx, message.type, &msg));
    if (EDAI_UNLIKELY(msg->is_request)) {
        return edai_ctx_fail(ctx, EDA_EINVAL, "%s is a request: ask it", msg->type->name);
    }
    if (EDAI_UNLIKELY(msg->needs_check)) {
        EDA_TRY(edai_publish_check(ctx, msg, message.data));
    }
    remember(ctx, message.type, msg);
    return publish(ctx, msg, message.data, receipt);
}

eda_status eda_publish(eda_ctx *ctx, eda_value message, eda_receipt *receipt)
{
    uint64_t entered;
    eda_status status = EDA_OK;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    if (EDAI_UNLIKELY(!publish_again(ctx, message, receipt, &status))) {
        status = publish_value(ctx, message, receipt);
    }
    edai_takeover_back(ctx, entered);
    return status;
}

static eda_status decode_on_topic(
    eda_ctx *ctx, const edai_msg *msg, eda_str topic, eda_str json, void **ret_data)
{
    edai_template_value values[EDA_TOPIC_CHUNKS_MAX];
    edai_preset presets[EDA_TOPIC_CHUNKS_MAX];
    size_t count = 0;
    size_t i;
    eda_problem problem = {.text = ""};
    eda_status status =
        edai_template_parse(msg->template, topic, values, EDA_TOPIC_CHUNKS_MAX, &count);

    if (status != EDA_OK) {
        return edai_ctx_fail(
            ctx, EDA_ENOTYPE, "no message type has the topic %.*s", EDA_STR_ARG(topic));
    }
    for (i = 0; i < count; i++) {
        presets[i] = (edai_preset){.field = values[i].field, .text = values[i].chunk};
    }
    status = edai_json_decode_preset(msg->type, json, presets, count, ret_data, &problem);
    return status == EDA_OK ? EDA_OK : edai_ctx_fail(ctx, status, "%s", problem.text);
}

static eda_status topic_check(eda_ctx *ctx, eda_str topic)
{
    if (eda_topic_check_key(topic) != EDA_OK) {
        return edai_ctx_fail(ctx, EDA_EKEY,
            "'%.*s' is no key: chunks between '/', none empty, no wildcard, none of # ? $",
            topic.len > 100 ? 100 : (int)topic.len, topic.ptr);
    }
    return EDA_OK;
}

static eda_status publish_json(eda_ctx *ctx, eda_str topic, eda_str json, eda_receipt *receipt)
{
    const edai_msg *msg;
    void *data = NULL;
    eda_status status;

    EDA_TRY(topic_check(ctx, topic));
    msg = edai_contract_by_topic(ctx->sys, topic);
    if (msg == NULL || msg->is_request || msg->type->is_raw) {
        return edai_ctx_fail(
            ctx, EDA_ENOTYPE, "no message type has the topic %.*s", EDA_STR_ARG(topic));
    }
    EDA_TRY(edai_publish_lookup(ctx, msg->type, &msg));
    EDA_TRY(decode_on_topic(ctx, msg, topic, json, &data));
    status = edai_publish_check(ctx, msg, data);
    if (status == EDA_OK) {
        status = publish(ctx, msg, data, receipt);
    }
    edai_free(data);
    return status;
}

eda_status eda_publish_json(eda_ctx *ctx, eda_str topic, eda_str json, eda_receipt *receipt)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = publish_json(ctx, topic, json, receipt);
    edai_takeover_back(ctx, entered);
    return status;
}

static eda_status publish_raw(
    eda_ctx *ctx, eda_str topic, eda_str encoding, eda_bytes payload, eda_receipt *receipt)
{
    const edai_msg *msg;
    const eda_raw raw = {.topic = topic, .encoding = encoding, .payload = payload};

    EDA_TRY(topic_check(ctx, topic));
    msg = edai_contract_by_topic(ctx->sys, topic);
    if (msg != NULL && !msg->type->is_raw) {
        return edai_ctx_fail(ctx, EDA_EPERM, "%.*s is the topic of %s: publish that, or its JSON",
            EDA_STR_ARG(topic), msg->type->name);
    }
    if (msg == NULL) {
        msg = ctx->sys->undeclared;
    }
    if (msg != ctx->sys->undeclared) {
        EDA_TRY(edai_publish_lookup(ctx, msg->type, &msg));
    } else if (ctx->type != NULL && !ctx->type->actor->emits_any) {
        return edai_ctx_fail(ctx, EDA_EPERM,
            "actor '%s' publishes on %.*s, which no type has: only emits(any) allows that",
            ctx->type->actor->name, EDA_STR_ARG(topic));
    }
    EDA_TRY(edai_publish_check(ctx, msg, &raw));
    return publish(ctx, msg, &raw, receipt);
}

eda_status eda_publish_raw(
    eda_ctx *ctx, eda_str topic, eda_str encoding, eda_bytes payload, eda_receipt *receipt)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = publish_raw(ctx, topic, encoding, payload, receipt);
    edai_takeover_back(ctx, entered);
    return status;
}

/* --- what a turn knows -------------------------------------------------------------------- */

eda_str eda_error(eda_ctx *ctx)
{
    if (ctx == NULL) { /* a system that did not start has no client; its own error tells why */
        return (eda_str){.ptr = "", .len = 0};
    }
    edai_ctx_check(ctx);
    return eda_str_from(ctx->error);
}

eda_status eda_refuse(eda_ctx *ctx, const char *format, ...)
{
    char text[EDAI_ERROR_SIZE];
    va_list list;

    edai_ctx_check(ctx);
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (ctx->envelope == NULL || !ctx->envelope->route->msg->is_request || ctx->has_replied) {
        return edai_ctx_fail(ctx, EDA_ESTATE, "there is no request to refuse, or it was answered");
    }
    ctx->has_refused = true;
    return edai_ctx_fail(ctx, EDA_EREFUSED, "%s", text);
}

eda_status eda_fail(eda_ctx *ctx, eda_status status, const char *format, ...)
{
    char text[EDAI_ERROR_SIZE];
    va_list list;

    edai_ctx_check(ctx);
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    ctx->asked_restart = true;
    return edai_ctx_fail(ctx, status == EDA_OK ? EDA_EFAILED : status, "%s", text);
}

void *eda_scratch(eda_ctx *ctx, size_t size)
{
    edai_scratch *block;

    edai_ctx_check(ctx);
    if (size > EDAI_SCRATCH_MAX - ctx->scratch_size) {
        return NULL;
    }
    block = edai_calloc(1, sizeof(*block) + size);
    if (block == NULL) {
        return NULL;
    }
    block->next = ctx->scratch;
    ctx->scratch = block;
    ctx->scratch_size += size;
    return block->data;
}

static eda_str key_of(eda_ctx *ctx)
{
    char *buffer;

    if (ctx->activation == NULL) {
        return (eda_str){.ptr = "", .len = 0};
    }
    if ((ctx->activation->flags & EDAI_IS_TEXT_KEY) != 0) {
        return edai_activation_key(ctx->activation, NULL);
    }
    buffer = eda_scratch(ctx, 24);
    return buffer != NULL ? edai_activation_key(ctx->activation, buffer)
                          : (eda_str){.ptr = "", .len = 0};
}

eda_str eda_key(eda_ctx *ctx)
{
    uint64_t entered;
    eda_str result;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx); /* an activation's flags are its worker's */
    result = key_of(ctx);
    edai_takeover_back(ctx, entered);
    return result;
}

static bool is_new(eda_ctx *ctx)
{
    return ctx->activation != NULL && (ctx->activation->flags & EDAI_IS_NEW) != 0;
}

bool eda_ctx_is_new(eda_ctx *ctx)
{
    uint64_t entered;
    bool result;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    result = is_new(ctx);
    edai_takeover_back(ctx, entered);
    return result;
}

static eda_str topic_of(eda_ctx *ctx, const edai_msg *msg, const void *data)
{
    char *buffer;
    size_t len = 0;

    if (msg->type->is_raw) {
        return ((const eda_raw *)data)->topic;
    }
    if (msg->template == NULL) {
        return eda_str_from(msg->type->topic);
    }
    buffer = eda_scratch(ctx, EDA_TOPIC_LEN_MAX);
    if (buffer == NULL ||
        edai_template_format(msg->template, data, buffer, EDA_TOPIC_LEN_MAX, &len) != EDA_OK) {
        return (eda_str){.ptr = "", .len = 0};
    }
    return (eda_str){.ptr = buffer, .len = len};
}

static eda_str publisher_of(eda_ctx *ctx)
{
    uint16_t publisher = ctx->envelope->publisher;
    char *buffer;

    if ((publisher & EDAI_PUBLISHER_CLIENT) == 0) {
        return eda_str_from(ctx->sys->actors[publisher]->actor->name);
    }
    buffer = eda_scratch(ctx, 24);
    if (buffer == NULL) {
        return eda_str_from("client");
    }
    (void)snprintf(buffer, 24, "client %u", publisher & ~EDAI_PUBLISHER_CLIENT);
    return eda_str_from(buffer);
}

const eda_envelope *eda_envelope_of(eda_ctx *ctx)
{
    const edai_ext *ext;
    const edai_msg *msg;

    edai_ctx_check(ctx);
    if (ctx->view != NULL || ctx->envelope == NULL) {
        return ctx->view;
    }
    ctx->view = eda_scratch(ctx, sizeof(*ctx->view));
    if (ctx->view == NULL) {
        return NULL;
    }
    msg = ctx->envelope->route->msg;
    ext = edai_envelope_ext(ctx->envelope);
    *ctx->view = (eda_envelope){.type = msg == ctx->sys->undeclared ? NULL : msg->type,
        .data = edai_envelope_data(ctx->envelope),
        .publisher = publisher_of(ctx),
        .attempt = ctx->envelope->attempts + 1u};
    ctx->view->topic = topic_of(ctx, msg, ctx->view->data);
    if (ext != NULL && ext->deadline != EDAI_NO_DEADLINE) {
        ctx->view->time_left = ext->deadline - edai_system_now(ctx->sys);
    }
    if (ext != NULL && ext->timeout_ms != 0 &&
        (ext->deadline == EDAI_NO_DEADLINE || EDA_MS(ext->timeout_ms) < ctx->view->time_left)) {
        ctx->view->time_left = EDA_MS(ext->timeout_ms); /* asked within this round */
    }
    return ctx->view;
}

eda_time eda_now(eda_ctx *ctx)
{
    edai_ctx_check(ctx);
    return ctx->sys->port->wall(ctx->sys->port->self);
}

static uint64_t draw(eda_ctx *ctx)
{
    if (ctx->worker != NULL) {
        return edai_random_next(&ctx->worker->random);
    }
    return edai_random_next(&((edai_client *)ctx)->random);
}

uint64_t eda_random(eda_ctx *ctx)
{
    uint64_t entered;
    uint64_t result;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    result = draw(ctx);
    edai_takeover_back(ctx, entered);
    return result;
}

static eda_status text_set(eda_ctx *ctx, eda_text *text, eda_str value)
{
    eda_status status;

    EDA_ASSERT(ctx->activation != NULL, "an owned text belongs to an activation");
    status = edai_state_text_set(ctx->activation, text, value);
    return status == EDA_OK ? EDA_OK
                            : edai_ctx_fail(ctx, status, "a text of %zu bytes: %s", value.len,
                                  eda_status_text(status));
}

eda_status eda_text_set(eda_ctx *ctx, eda_text *text, eda_str value)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = text_set(ctx, text, value);
    edai_takeover_back(ctx, entered);
    return status;
}

static eda_status save(eda_ctx *ctx)
{
    eda_status status;

    if (ctx->activation == NULL || !ctx->activation->type->has_saves ||
        ctx->kind == EDAI_CTX_START) {
        return edai_ctx_fail(ctx, EDA_ESTATE, "there is nothing to save, or not yet");
    }
    status = edai_state_commit(ctx->worker, ctx->activation);
    ctx->is_state_lost =
        status != EDA_OK; /* unless a later one succeeds, the activation goes with the turn */
    return status == EDA_OK ? EDA_OK
                            : edai_ctx_fail(ctx, status, "the saved fields were not committed: %s",
                                  eda_status_text(status));
}

eda_status eda_save(eda_ctx *ctx)
{
    uint64_t entered;
    eda_status status;

    edai_ctx_check(ctx);
    entered = edai_takeover_enter(ctx);
    status = save(ctx);
    edai_takeover_back(ctx, entered);
    return status;
}

void eda_log(eda_ctx *ctx, const char *format, ...)
{
    char text[512];
    char who[320];
    va_list list;
    uint64_t entered;

    edai_ctx_check(ctx);
    va_start(list, format);
    (void)vsnprintf(text, sizeof(text), format, list);
    va_end(list);
    if (ctx->activation != NULL) {
        entered = edai_takeover_enter(ctx);
        edai_activation_name(ctx->activation, who, sizeof(who));
        edai_takeover_back(ctx, entered);
    } else {
        (void)snprintf(who, sizeof(who), "client %u", ctx->publisher & ~EDAI_PUBLISHER_CLIENT);
    }
    edai_system_log(ctx->sys, who, "%s", text);
}
