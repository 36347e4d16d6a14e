/* publish.c - see publish.h. */
#include "core/publish.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/abroad.h"
#include "core/arrival.h"
#include "core/fan.h"
#include <edacious/topic.h>

#include <string.h>

eda_status edai_publish_lookup(eda_ctx *ctx, const eda_type *type, const edai_msg **ret_msg)
{
    const edai_msg *msg = type != NULL ? edai_contract_msg(ctx->sys, type) : NULL;

    if (EDAI_UNLIKELY(msg == NULL && type != NULL && ctx->type != NULL)) {
        return edai_ctx_fail(ctx, EDA_ENOTYPE,
            "message type '%s' is not known to this system: list it in emits(...) of actor '%s'",
            type->name, ctx->type->actor->name);
    }
    if (EDAI_UNLIKELY(msg == NULL)) {
        return edai_ctx_fail(ctx, EDA_ENOTYPE,
            "message type '%s' is not known to this system: add an actor that handles it, or "
            "eda_declare it",
            type != NULL ? type->name : "(none)");
    }
    if (ctx->type != NULL && ctx->type->emits != NULL &&
        EDAI_UNLIKELY((ctx->type->emits[msg->id / 64] >> (msg->id % 64) & 1) == 0)) {
        return edai_ctx_fail(ctx, EDA_EPERM,
            "actor '%s' sends '%s', which its emits(...) does not list", ctx->type->actor->name,
            type->name);
    }
    *ret_msg = msg;
    return EDA_OK;
}

/* A raw message brings its topic along: a key, and one of its type's. */
static eda_status check_raw(eda_ctx *ctx, const edai_msg *msg, const eda_raw *raw)
{
    bool is_key = eda_topic_check_key(raw->topic) == EDA_OK;

    if (is_key && (msg->template == NULL ||
                      eda_topic_includes(edai_template_pattern(msg->template), raw->topic))) {
        return EDA_OK;
    }
    return edai_ctx_fail(ctx, EDA_EKEY, "'%.*s' is no topic of %s",
        raw->topic.len > 100 ? 100 : (int)raw->topic.len, raw->topic.ptr, msg->type->name);
}

eda_status edai_publish_check(eda_ctx *ctx, const edai_msg *msg, const void *data)
{
    eda_problem problem;
    eda_status status = EDA_OK;

    if (msg->shape.needs_check) {
        status = edai_shape_check(&msg->shape, msg->type, data, &problem);
        if (status != EDA_OK) {
            return edai_ctx_fail(ctx, status, "%s", problem.text);
        }
    }
    if (msg->has_keys && edai_template_check(msg->template, data) != EDA_OK) {
        return edai_ctx_fail(ctx, EDA_EKEY,
            "a field of %s cannot be a chunk of its topic %s: 1 to 255 bytes, none of / * $ # ?, "
            "no leading @",
            msg->type->name, msg->type->topic);
    }
    if (EDAI_UNLIKELY(msg->type->is_raw)) {
        return check_raw(ctx, msg, data);
    }
    return status;
}

/* Reads an integer key without a call: all C integer types. */
uint64_t edai_publish_number(const eda_field *field, const void *data)
{
    const char *at = (const char *)data + field->offset;
    uint64_t number = 0;

    switch (field->type->size) {
    case 1:
        number = field->type->kind == EDA_KIND_I8 ? (uint64_t)(int64_t) * (const int8_t *)at
                                                  : *(const uint8_t *)at;
        break;
    case 2: {
        uint16_t value;

        memcpy(&value, at, sizeof(value));
        number = field->type->kind == EDA_KIND_I16 ? (uint64_t)(int64_t)(int16_t)value : value;
        break;
    }
    case 4: {
        uint32_t value;

        memcpy(&value, at, sizeof(value));
        number = field->type->kind == EDA_KIND_I32 ? (uint64_t)(int64_t)(int32_t)value : value;
        break;
    }
    default:
        memcpy(&number, at, sizeof(number));
        break;
    }
    return number;
}

static eda_status identify(
    eda_ctx *ctx, const edai_route *route, const void *data, eda_identity *ret_identity)
{
    edai_actor_type *type = route->actor;
    eda_incoming incoming = {
        .actor = type->actor, .type = route->msg->type, .message = data, .key = route->key};
    eda_status status;

    if (route->is_single) {
        *ret_identity = (eda_identity){.number = 0};
        return EDA_OK;
    }
    if (route->is_number_key) {
        *ret_identity = (eda_identity){.number = edai_publish_number(route->key, data)};
        return EDA_OK;
    }
    incoming.sequence = ctx->worker != NULL ? ctx->worker->holdings[type->index].sequence++
                                            : ((edai_client *)ctx)->sequences[type->index]++;
    *ret_identity = (eda_identity){.number = 0};
    status = type->supervisor->identify(&incoming, ret_identity);
    if (status != EDA_OK) {
        return edai_ctx_fail(ctx, status, "%s: no key for actor '%s' in this message",
            route->msg->type->name, type->actor->name);
    }
    if (ret_identity->is_text && (ret_identity->text.len == 0 || ret_identity->text.len > 255)) {
        return edai_ctx_fail(ctx, EDA_EKEY,
            "%s: a key of actor '%s' has %zu bytes; allowed: 1 to 255", route->msg->type->name,
            type->actor->name, ret_identity->text.len);
    }
    return EDA_OK;
}

/* What one envelope needs besides the message. */
typedef struct plan {
    eda_identity identity;
    bool has_ext;
    bool has_rest;
    bool has_key;
    bool has_notice;
    size_t ext_size; /* of extension, rest and copied key, 8-aligned */
} plan;

/* It goes to another node when the turn ends, and little is under way to any: what one turn may
 * add finds room, or waits for it with nobody held back. */
static bool is_way_free(const eda_ctx *ctx, const edai_route *route, eda_identity identity)
{
    const eda_system *sys = ctx->sys;
    const edai_worker *gateway;
    uint64_t hash;

    if (sys->abroad == NULL || ctx->activation == NULL || sys->abroad->tight_count > 0) {
        return false;
    }
    gateway = &sys->workers[sys->gateway];
    if (edai_worker_seat(gateway) != edai_worker_seat(ctx->worker) || gateway->arrived != NULL) {
        return false;
    }
    if (route == route->msg->abroad) {
        return true;
    }
    hash = identity.is_text ? edai_hash_bytes(identity.text.ptr, identity.text.len)
                            : edai_hash_u64(identity.number);
    return edai_system_owner(sys, route->actor, hash) == sys->gateway &&
           !edai_system_is_in_motion(route->actor, hash);
}

/* An EDA_WAIT delivery somebody may have to be told of. */
static bool may_wait(
    const eda_ctx *ctx, const edai_route *route, const edai_extras *extras, eda_identity identity)
{
    if (route->msg->type->overflow != EDA_WAIT || route->msg->is_request) {
        return false;
    }
    return extras->looks_ahead ? !edai_arrival_has_room(ctx->worker, route, identity)
                               : !is_way_free(ctx, route, identity);
}

static void plan_extension(
    eda_ctx *ctx, const edai_route *route, const edai_extras *extras, plan *out)
{
    const eda_type *type = route->msg->type;
    bool is_told = may_wait(ctx, route, extras, out->identity);

    out->has_key = out->identity.is_text && !route->is_text_key;
    out->has_notice = is_told && ctx->kind != EDAI_CTX_CLIENT && ctx->activation != NULL;
    out->has_rest = is_told || out->has_key;
    out->has_ext = out->has_rest || extras->receipt != NULL || extras->asker != NULL ||
                   extras->asking_client != NULL || extras->deadline != 0 || type->expires_ms != 0;
    out->ext_size = out->has_ext ? sizeof(edai_ext) : 0;
    if (out->has_rest) {
        out->ext_size += sizeof(edai_rest);
    }
    if (out->has_key) {
        out->ext_size += (out->identity.text.len + 7) & ~(size_t)7;
    }
}

/* At the envelope's end, so that the payload stays right behind the extension. */
static void copy_key(edai_envelope *envelope, size_t payload_size, eda_str key)
{
    edai_rest *rest = edai_envelope_its_rest(envelope);
    char *at = (char *)edai_envelope_payload(envelope) + payload_size;

    memcpy(at, key.ptr, key.len);
    rest->key = (eda_str){.ptr = at, .len = key.len};
    envelope->flags |= EDAI_HAS_KEY;
}

static eda_status fill_extension(
    eda_ctx *ctx, edai_envelope *envelope, const edai_extras *extras, const plan *made)
{
    edai_ext *ext = edai_envelope_its_ext(envelope);
    uint32_t expires_ms = envelope->route->msg->type->expires_ms;

    *ext = (edai_ext){.deadline = extras->deadline != 0 ? extras->deadline : EDAI_NO_DEADLINE,
        .asking_client = extras->asking_client,
        .asker = extras->asker,
        .ask_seq = extras->ask_seq,
        .asker_worker = ctx->worker != NULL ? ctx->worker->index : 0,
        .timeout_ms = extras->timeout_ms,
        .receipt = extras->receipt};
    if (expires_ms != 0) {
        int64_t due = edai_system_now(ctx->sys) + EDA_MS(expires_ms);

        ext->deadline = due < ext->deadline ? due : ext->deadline;
    }
    if (EDAI_UNLIKELY(made->has_rest)) {
        *edai_envelope_its_rest(envelope) = (edai_rest){.held = NULL};
    }
    if (made->has_notice) {
        edai_rest *rest = edai_envelope_its_rest(envelope);
        uint16_t home = 0;
        uint8_t size_class = 0;

        if (edai_activation_extra(ctx->activation) == NULL) {
            return EDA_ENOMEM;
        }
        rest->notice = edai_worker_alloc(
            ctx->worker, sizeof(edai_envelope) + sizeof(edai_admitted), &home, &size_class);
        if (rest->notice == NULL) {
            return EDA_ENOMEM;
        }
        *rest->notice = (edai_envelope){.home = home, .size_class = size_class};
    }
    return EDA_OK;
}

/* An envelope with room for a payload, or with a reference to a shared one. */
static edai_envelope *make_envelope(eda_ctx *ctx, const edai_route *route,
    const edai_extras *extras, const plan *made, size_t payload_size)
{
    uint16_t home = 0;
    uint8_t size_class = 0;
    edai_envelope *envelope = edai_worker_alloc(
        ctx->worker, sizeof(*envelope) + made->ext_size + payload_size, &home, &size_class);

    if (envelope == NULL) {
        return NULL;
    }
    *envelope = (edai_envelope){.route = route,
        .identity = made->identity.is_text
                        ? edai_hash_bytes(made->identity.text.ptr, made->identity.text.len)
                        : made->identity.number,
        .home = home,
        .size_class = size_class,
        .kind = EDAI_DELIVERY,
        .flags =
            (uint8_t)((made->has_ext ? EDAI_HAS_EXT : 0) | (made->has_rest ? EDAI_HAS_REST : 0) |
                      (made->identity.is_text ? EDAI_IS_TEXT : 0) |
                      (route->msg->is_request ? EDAI_IS_REQUEST : 0)),
        .publisher = ctx->publisher};
    if (made->has_ext && fill_extension(ctx, envelope, extras, made) != EDA_OK) {
        edai_envelope_free(ctx->sys, ctx->worker, envelope);
        return NULL;
    }
    return envelope;
}

static size_t align_up(size_t size)
{
    return (size + 7) & ~(size_t)7;
}

static eda_status payload_size_of(
    eda_ctx *ctx, const edai_msg *msg, const void *data, size_t *ret_size)
{
    EDA_TRY(edai_shape_size(&msg->shape, msg->type, data, ret_size));
    if (*ret_size > EDA_CODEC_SIZE_MAX) {
        return edai_ctx_fail(ctx, EDA_ERANGE, "%s takes %zu bytes; at most %u are allowed",
            msg->type->name, *ret_size, EDA_CODEC_SIZE_MAX);
    }
    return EDA_OK;
}

eda_status edai_publish_one(eda_ctx *ctx, const edai_route *route, const void *data,
    const edai_extras *extras, edai_envelope **ret_envelope)
{
    plan made = {.has_ext = false};
    size_t size = 0;
    edai_envelope *envelope;

    EDA_TRY(identify(ctx, route, data, &made.identity));
    plan_extension(ctx, route, extras, &made);
    EDA_TRY(payload_size_of(ctx, route->msg, data, &size));
    envelope = make_envelope(ctx, route, extras, &made, align_up(size));
    if (envelope == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    edai_shape_copy(
        &route->msg->shape, route->msg->type, data, edai_envelope_payload(envelope), size);
    if (made.has_key) {
        copy_key(envelope, align_up(size), made.identity.text);
    }
    *ret_envelope = envelope;
    return EDA_OK;
}

static edai_envelope *make_light_ask(
    eda_ctx *ctx, const edai_route *route, const void *data, const edai_wait *wait)
{
    edai_envelope *envelope = edai_slab_alloc(&ctx->worker->slab, route->size_class);
    edai_ext *ext = (edai_ext *)(void *)(envelope + 1);

    if (EDAI_UNLIKELY(envelope == NULL)) {
        return NULL;
    }
    *envelope = (edai_envelope){.route = route,
        .identity = edai_light_identity(route, data),
        .home = ctx->worker->index,
        .size_class = route->size_class,
        .kind = EDAI_DELIVERY,
        .flags = EDAI_HAS_EXT | EDAI_IS_REQUEST,
        .publisher = ctx->publisher};
    *ext = (edai_ext){.asker = ctx->activation,
        .ask_seq = wait->seq,
        .asker_worker = ctx->worker->index,
        .timeout_ms = wait->timeout_ms,
        .deadline = wait->deadline};
    edai_light_copy(ext + 1, route, data);
    return envelope;
}

eda_status edai_publish_ask(eda_ctx *ctx, const edai_msg *msg, const void *data,
    const edai_wait *wait, edai_envelope **ret_envelope)
{
    edai_envelope *envelope;

    if (EDAI_UNLIKELY(msg->light == NULL)) {
        const edai_extras extras = {.deadline = wait->deadline,
            .timeout_ms = wait->timeout_ms,
            .asker = ctx->activation,
            .ask_seq = wait->seq};

        return edai_publish_one(ctx, msg->responder, data, &extras, ret_envelope);
    }
    envelope = make_light_ask(ctx, msg->light, data, wait);
    if (envelope == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    *ret_envelope = envelope;
    return EDA_OK;
}

eda_status edai_self_make(eda_ctx *ctx, const edai_route *route, const void *data,
    const edai_extras *extras, uint64_t timer_id, edai_envelope **ret_envelope)
{
    const plan made = {.identity = {.number = timer_id}};
    size_t size = 0;
    edai_envelope *envelope;

    EDA_TRY(payload_size_of(ctx, route->msg, data, &size));
    envelope = make_envelope(ctx, route, extras, &made, align_up(size));
    if (envelope == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    edai_shape_copy(
        &route->msg->shape, route->msg->type, data, edai_envelope_payload(envelope), size);
    *ret_envelope = envelope;
    return EDA_OK;
}

/* True when a route takes a message on this very topic. */
bool edai_publish_is_wanted(const edai_route *route, const void *data)
{
    char topic[EDA_TOPIC_LEN_MAX];
    size_t len = 0;

    if (!route->needs_match) {
        return true;
    }
    if (route->msg->type->is_raw) {
        const eda_raw *raw = data;

        return eda_topic_intersects(eda_str_from(route->handler->pattern), raw->topic);
    }
    if (edai_template_format(route->msg->template, data, topic, sizeof(topic), &len) != EDA_OK) {
        return false;
    }
    return eda_topic_intersects(
        eda_str_from(route->handler->pattern), (eda_str){.ptr = topic, .len = len});
}

/* backing NULL: copies what the message points to. */
static eda_status make_shared(eda_ctx *ctx, const edai_msg *msg, const void *data,
    edai_backing *backing, edai_shared **ret_shared)
{
    uint16_t home = 0;
    uint8_t size_class = 0;
    size_t size = 0;
    edai_shared *shared;

    EDA_TRY(payload_size_of(ctx, msg, data, &size));
    size = backing != NULL ? msg->shape.size : size;
    shared = edai_worker_alloc(ctx->worker, sizeof(*shared) + align_up(size), &home, &size_class);
    if (shared == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    atomic_init(&shared->refs, 1);
    shared->home = home;
    shared->size_class = size_class;
    shared->backing = backing;
    if (backing != NULL) {
        memcpy(shared->data, data, size);
        edai_backing_keep(backing);
    } else {
        edai_shape_copy(&msg->shape, msg->type, data, shared->data, size);
    }
    *ret_shared = shared;
    return EDA_OK;
}

static eda_status make_fan_out_one(eda_ctx *ctx, const edai_route *route, edai_shared *shared,
    const edai_extras *extras, edai_envelope **ret_envelope)
{
    plan made = {.has_ext = false};
    edai_envelope *envelope;

    /* From the shared copy, so that the key may point into it. */
    EDA_TRY(identify(ctx, route, shared->data, &made.identity));
    plan_extension(ctx, route, extras, &made);
    envelope = make_envelope(ctx, route, extras, &made, sizeof(shared));
    if (envelope == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    *(edai_shared **)edai_envelope_payload(envelope) = shared;
    envelope->flags |= EDAI_IS_SHARED;
    if (made.has_key) {
        copy_key(envelope, sizeof(shared), made.identity.text);
    }
    atomic_fetch_add_explicit(&shared->refs, 1, memory_order_relaxed);
    *ret_envelope = envelope;
    return EDA_OK;
}

eda_status edai_publish_lent(eda_ctx *ctx, const edai_route *route, const void *data,
    edai_backing *backing, const edai_extras *extras, edai_envelope **ret_envelope)
{
    edai_shared *shared = NULL;
    eda_status status;

    EDA_ASSERT(!route->msg->is_request, "a request's block becomes its reply");
    EDA_TRY(make_shared(ctx, route->msg, data, backing, &shared));
    EDA_ASSERT(shared != NULL, "made");
    status = make_fan_out_one(ctx, route, shared, extras, ret_envelope);
    edai_shared_release(ctx->sys, ctx->worker, shared);
    return status;
}

/* One for all receivers of a fan. */
static eda_status make_bundle(
    eda_ctx *ctx, const edai_fan *fan, edai_shared *shared, edai_envelope **ret_envelope)
{
    edai_envelope *envelope = edai_fan_envelope(ctx->worker, &fan->counter, shared, ctx->publisher);

    if (envelope == NULL) {
        return edai_ctx_fail(ctx, EDA_ENOMEM, "out of memory");
    }
    envelope->kind = EDAI_BUNDLE;
    *ret_envelope = envelope;
    return EDA_OK;
}

static void free_all(eda_ctx *ctx, edai_envelope *at)
{
    while (at != NULL) {
        edai_envelope *next = at->next;

        edai_envelope_free(ctx->sys, ctx->worker, at);
        at = next;
    }
}

/* A chain, oldest first. */
typedef struct chain {
    edai_envelope *first;
    edai_envelope *last;
} chain;

static void chain_append(chain *to, edai_envelope *envelope)
{
    EDA_ASSERT(envelope != NULL, "made");
    envelope->next = NULL;
    if (to->first == NULL) {
        to->first = envelope;
    } else {
        to->last->next = envelope;
    }
    to->last = envelope;
}

static eda_status fill_fan_out(
    eda_ctx *ctx, const edai_msg *msg, edai_shared *shared, const edai_extras *extras, chain *made)
{
    uint32_t count = extras->may_bundle ? msg->loose_count : msg->route_count;
    const edai_fan *fan = extras->may_bundle ? msg->fans : NULL;
    edai_envelope *envelope = NULL;
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (edai_publish_is_wanted(msg->routes[i], shared->data)) {
            EDA_TRY(make_fan_out_one(ctx, msg->routes[i], shared, extras, &envelope));
            chain_append(made, envelope);
        }
    }
    for (; fan != NULL; fan = fan->next) {
        EDA_TRY(make_bundle(ctx, fan, shared, &envelope));
        chain_append(made, envelope);
    }
    if (edai_abroad_hears(msg)) {
        EDA_TRY(make_fan_out_one(ctx, msg->abroad, shared, extras, &envelope));
        chain_append(made, envelope);
    }
    return EDA_OK;
}

static eda_status make_fan_out(eda_ctx *ctx, const edai_msg *msg, const void *data,
    const edai_extras *extras, edai_envelope **ret_first, edai_envelope **ret_last)
{
    chain made = {.first = NULL};
    edai_shared *shared = NULL;
    eda_status status = make_shared(ctx, msg, data, NULL, &shared);

    if (status != EDA_OK) {
        return status;
    }
    EDA_ASSERT(shared != NULL, "made");
    status = fill_fan_out(ctx, msg, shared, extras, &made);
    edai_shared_release(ctx->sys, ctx->worker, shared);
    if (status != EDA_OK) {
        free_all(ctx, made.first);
        return status;
    }
    *ret_first = made.first;
    *ret_last = made.last;
    return EDA_OK;
}

/* To one receiver. */
static eda_status make_alone(eda_ctx *ctx, const edai_route *route, const void *data,
    const edai_extras *extras, edai_envelope **ret_first, edai_envelope **ret_last)
{
    edai_envelope *envelope = NULL;

    EDA_TRY(edai_publish_one(ctx, route, data, extras, &envelope));
    EDA_ASSERT(envelope != NULL, "made");
    envelope->next = NULL;
    *ret_first = envelope;
    *ret_last = envelope;
    return EDA_OK;
}

eda_status edai_publish_make(eda_ctx *ctx, const edai_msg *msg, const void *data,
    const edai_extras *extras, edai_envelope **ret_first, edai_envelope **ret_last)
{
    bool is_heard_abroad = edai_abroad_hears(msg);

    if (EDAI_LIKELY(msg->route_count == 1 && !msg->routes[0]->needs_match && !is_heard_abroad)) {
        return make_alone(ctx, msg->routes[0], data, extras, ret_first, ret_last);
    }
    if (msg->route_count == 0 && is_heard_abroad) {
        return make_alone(ctx, msg->abroad, data, extras, ret_first, ret_last);
    }
    *ret_first = NULL;
    *ret_last = NULL;
    if (msg->route_count == 0) {
        return EDA_OK;
    }
    return make_fan_out(ctx, msg, data, extras, ret_first, ret_last);
}

eda_str edai_publish_key(edai_envelope *envelope)
{
    const char *data;
    eda_str key;

    if ((envelope->flags & EDAI_HAS_KEY) != 0) {
        return edai_envelope_its_rest(envelope)->key;
    }
    data = edai_envelope_data(envelope);
    EDA_ASSERT(envelope->route->is_text_key, "else the key was copied");
    memcpy(&key, data + envelope->route->key->offset, sizeof(key));
    return key;
}

uint16_t edai_publish_owner(const eda_system *sys, const edai_envelope *envelope)
{
    return edai_system_owner(sys, envelope->route->actor, edai_publish_hash(envelope));
}

void edai_publish_system(edai_worker *worker, const edai_msg *msg, const void *data)
{
    eda_ctx ctx = {.magic = EDAI_CTX_MAGIC,
        .kind = EDAI_CTX_TURN,
        .sys = worker->sys,
        .worker = worker,
        .publisher = EDAI_PUBLISHER_CLIENT};
    const edai_extras none = {.deadline = 0};
    edai_envelope *first = NULL;
    edai_envelope *last = NULL;

    /* A report that cannot be made is not worth failing for: the outcome itself was counted. */
    if (edai_publish_make(&ctx, msg, data, &none, &first, &last) != EDA_OK) {
        edai_ctx_release(&ctx);
        return;
    }
    while (first != NULL) {
        edai_envelope *next = first->next;

        edai_tally_add(&worker->tallies[first->route->index], EDAI_ACCEPTED);
        edai_worker_dispatch(worker, first);
        first = next;
    }
    edai_ctx_release(&ctx);
}
