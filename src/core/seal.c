/* seal.c - joins message types and actor types: who receives what, resolved once before the start.
 */
#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/abroad.h"
#include "core/contract.h"
#include "core/fan.h"
#include "core/system.h"

#include <string.h>

/* A plain reply of up to so many bytes, headers included, has a place in its request. */
#define REPLY_IN_PLACE_MAX 256u

/* Makes the route of an on_any handler for one message type. */
static eda_status any_route(
    eda_system *sys, const edai_route *handler_route, const edai_msg *msg, edai_route **ret_route)
{
    edai_actor_type *type = handler_route->actor;
    const eda_field *key = edai_contract_key(type, handler_route->handler, msg->type);
    edai_route *route;
    eda_status status;

    *ret_route = NULL;
    if (type->supervisor == &eda_supervisor_keyed &&
        (key == NULL || !edai_contract_is_key(type, key))) {
        return EDA_OK; /* nothing says which one */
    }
    route = edai_calloc(1, sizeof(*route));
    if (route == NULL) {
        return EDA_ENOMEM;
    }
    edai_contract_route(route, type, handler_route->handler, msg);
    route->is_any = true;
    status = edai_contract_register(sys, route);
    if (status != EDA_OK) {
        edai_free(route);
        return status;
    }
    *ret_route = route;
    return EDA_OK;
}

static bool hears(const edai_route *any, const edai_msg *msg, bool *ret_needs_match)
{
    eda_str pattern = eda_str_from(any->handler->pattern);
    eda_str topic;

    if (msg->is_request ||
        (msg->is_system && strncmp(any->handler->pattern, "@edacious", 9) != 0)) {
        return false;
    }
    if (msg->template == NULL) { /* undeclared topics: by each one's own */
        *ret_needs_match = true;
        return true;
    }
    topic = edai_template_pattern(msg->template);
    *ret_needs_match = !eda_topic_includes(pattern, topic);
    return eda_topic_intersects(pattern, topic);
}

static eda_status append(edai_msg *msg, edai_route *route)
{
    edai_route **grown;

    if ((msg->route_count & (msg->route_count - 1)) == 0) {
        size_t capacity = msg->route_count == 0 ? 1 : 2 * (size_t)msg->route_count;

        grown = edai_realloc(msg->routes, capacity * sizeof(edai_route *));
        if (grown == NULL) {
            return EDA_ENOMEM;
        }
        msg->routes = grown;
    }
    msg->routes[msg->route_count++] = route;
    msg->loose_count = msg->route_count;
    return EDA_OK;
}

/* The one message type a handler names. */
static eda_status join_typed(eda_system *sys, edai_route *route)
{
    edai_msg *msg = edai_contract_own(sys, route->msg->id);

    if (msg->is_request && msg->responder != NULL) {
        return edai_system_fail(sys, EDA_ECONFLICT,
            "both '%s' and '%s' answer %s; a request has one responder: leave it out of one of "
            "them",
            msg->responder->actor->actor->name, route->actor->actor->name, msg->type->name);
    }
    if (msg->is_request) {
        msg->responder = route;
    }
    return append(msg, route);
}

/* An on_any and one message type, if it hears that. */
static eda_status join_any(eda_system *sys, edai_msg *msg, const edai_route *route)
{
    edai_route *made = NULL;
    bool needs_match = false;

    if (!hears(route, msg, &needs_match)) {
        return EDA_OK;
    }
    EDA_TRY(any_route(sys, route, msg, &made));
    if (made == NULL) {
        return EDA_OK;
    }
    made->needs_match = needs_match;
    return append(msg, made);
}

static eda_status join_route(eda_system *sys, edai_route *route)
{
    edai_msg *msg;

    if (route->handler->pattern == NULL) {
        return route->handler->is_self ? EDA_OK : join_typed(sys, route);
    }
    EDA_TRY(join_any(sys, edai_contract_raw(sys), route));
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        EDA_TRY(join_any(sys, msg, route));
    }
    return EDA_OK;
}

/* So a message type's receivers stand in the order in which the actors were added. */
static eda_status join_actors(eda_system *sys)
{
    uint32_t actor;
    uint32_t i;

    for (actor = 0; actor < sys->actor_count; actor++) {
        edai_actor_type *type = sys->actors[actor];

        for (i = 0; i < type->route_count; i++) {
            EDA_TRY(join_route(sys, &type->routes[i]));
        }
    }
    return EDA_OK;
}

/* Two messages (or two requests) on the very same topic: nothing could say which one a payload is.
 */
static eda_status check_topic(eda_system *sys, edai_names *topics, edai_msg *msg)
{
    eda_str pattern = edai_template_pattern(msg->template);
    uint64_t hash = edai_hash_bytes(pattern.ptr, pattern.len);
    const edai_msg *other;
    size_t at = 0;

    while ((other = edai_names_next(topics, hash, &at)) != NULL) {
        if (other->is_request == msg->is_request &&
            eda_str_equal(edai_template_pattern(other->template), pattern)) {
            return edai_system_fail(sys, EDA_ECONFLICT,
                "%s and %s have the same topic, %s: give one of them another", other->type->name,
                msg->type->name, msg->type->topic);
        }
    }
    return edai_names_add(topics, hash, msg);
}

static eda_status index_topics(eda_system *sys)
{
    edai_names topics = {0};
    eda_status status = EDA_OK;
    edai_msg *msg;

    for (msg = sys->first_msg; msg != NULL && status == EDA_OK; msg = msg->next) {
        status = check_topic(sys, &topics, msg);
        if (status == EDA_OK) {
            status = edai_trie_insert(sys->topics, edai_template_pattern(msg->template), msg);
        }
    }
    edai_names_fini(&topics);
    return status;
}

/* Of a plain request's block, so that a plain reply fits it, too, unless that is large. */
static size_t request_size(const edai_msg *msg)
{
    size_t size = sizeof(edai_envelope) + sizeof(edai_ext) + ((msg->shape.size + 7) & ~(size_t)7);
    size_t reply_size = sizeof(edai_envelope) + sizeof(edai_reply) + msg->reply_shape.size;

    return msg->reply_shape.is_plain && reply_size > size && reply_size <= REPLY_IN_PLACE_MAX
               ? reply_size
               : size;
}

/* Most messages: one receiver by an integer key or none, a plain struct that fits a slab's block,
 * no extension but a request's. */
static void set_light(edai_msg *msg)
{
    uint32_t i;

    const eda_type *type = msg->type;
    edai_route *route = msg->responder;
    size_t size = sizeof(edai_envelope) + ((msg->shape.size + 7) & ~(size_t)7);

    if (msg->is_request) {
        size = request_size(msg);
    } else {
        route = msg->route_count == 1 ? msg->routes[0] : NULL;
    }
    for (i = 0; i < msg->route_count; i++) {
        msg->routes[i]->is_put_plainly = type->overflow != EDA_KEEP_LATEST;
    }
    if (msg->is_request && route != NULL) {
        route->is_put_plainly = true;
    }
    msg->needs_check = msg->shape.needs_check || msg->has_keys || type->is_raw;
    if (route == NULL || msg->abroad != NULL || route->needs_match || !msg->shape.is_plain ||
        type->expires_ms != 0 || type->overflow == EDA_WAIT || size > EDAI_SLAB_SMALL_MAX) {
        return;
    }
    if (route->is_number_key || route->actor->supervisor == &eda_supervisor_singleton) {
        route->size_class = edai_slab_class(size);
        route->size = (uint32_t)msg->shape.size;
        route->is_word_key = route->is_number_key && route->key->type->size == sizeof(uint64_t);
        route->key_offset = route->is_word_key ? (uint32_t)route->key->offset : 0;
        msg->light = route;
    }
}

/* --- fans ----------------------------------------------------------------------------------- */

/* An actor type's routes stand together. One with several must get message after message by all of
 * them, which a fan does not do. */
static bool is_only_one(const edai_msg *msg, uint32_t at)
{
    const edai_actor_type *type = msg->routes[at]->actor;

    return (at == 0 || msg->routes[at - 1]->actor != type) &&
           (at + 1 == msg->route_count || msg->routes[at + 1]->actor != type);
}

/* Its deliveries need no look at the message and no envelope that remembers something, and have one
 * activation whose mailbox holds a batch of them. */
static bool is_plain(const edai_msg *msg, uint32_t at)
{
    const edai_route *route = msg->routes[at];
    const edai_actor_type *type = route->actor;

    return !route->needs_match && type->supervisor == &eda_supervisor_singleton &&
           type->worker != EDAI_PLACED && type->actor->options.activations_max == 0 &&
           type->mailbox_len_max >= EDAI_FAN_BATCH && is_only_one(msg, at);
}

static uint16_t worker_of(const eda_system *sys, const edai_route *route)
{
    return edai_system_owner(sys, route->actor, edai_hash_u64(0));
}

/* How many plain receivers each worker has; the rest, and those alone on their worker, are loose.
 */
static void count_plain(
    const eda_system *sys, const edai_msg *msg, uint32_t *counts, uint32_t *ret_loose)
{
    uint32_t loose = msg->route_count;
    uint32_t i;

    for (i = 0; i < msg->route_count; i++) {
        if (is_plain(msg, i)) {
            counts[worker_of(sys, msg->routes[i])]++;
        }
    }
    for (i = 0; i < sys->worker_count; i++) {
        loose -= counts[i] > 1 ? counts[i] : 0;
    }
    *ret_loose = loose;
}

static void join_fan(edai_fan *fan, edai_route *route)
{
    route->fan = fan;
    route->fan_at = fan->count;
    route->fan_next = route->actor->fanned;
    route->actor->fanned = route;
    fan->routes[fan->count++] = route;
    if (route->actor->mailbox_len_max < fan->len_max) {
        fan->len_max = route->actor->mailbox_len_max;
    }
}

static eda_status make_fan(eda_system *sys, edai_msg *msg, uint16_t worker, uint32_t count)
{
    edai_fan *fan = edai_calloc(1, sizeof(*fan) + count * sizeof(fan->routes[0]));
    uint32_t i;

    if (fan == NULL) {
        return EDA_ENOMEM;
    }
    fan->next = msg->fans;
    msg->fans = fan;
    fan->msg = msg;
    fan->worker = worker;
    fan->len_max = UINT32_MAX;
    fan->index = sys->fan_count++;
    fan->counter.fan = fan;
    for (i = 0; i < msg->route_count; i++) {
        if (is_plain(msg, i) && worker_of(sys, msg->routes[i]) == worker) {
            join_fan(fan, msg->routes[i]);
        }
    }
    return edai_contract_register(sys, &fan->counter);
}

/* The loose ones first, each part in its order. */
static void sort_routes(edai_msg *msg, edai_route **loose)
{
    uint32_t kept = 0;
    uint32_t i;

    for (i = 0; i < msg->route_count; i++) {
        if (msg->routes[i]->fan == NULL) {
            loose[kept++] = msg->routes[i];
        }
    }
    for (i = 0; i < msg->route_count; i++) {
        if (msg->routes[i]->fan != NULL) {
            loose[kept++] = msg->routes[i];
        }
    }
    edai_free(msg->routes);
    msg->routes = loose;
}

/* A message for several receivers goes as one bundle to the plain ones of each worker. */
static eda_status set_fans(eda_system *sys, edai_msg *msg)
{
    const eda_type *type = msg->type;
    uint32_t *counts;
    edai_route **sorted;
    eda_status status = EDA_OK;
    uint16_t i;

    if (msg->route_count < 2 || msg->is_request || type->expires_ms != 0 ||
        type->overflow == EDA_WAIT || type->overflow == EDA_KEEP_LATEST) {
        return EDA_OK;
    }
    counts = edai_calloc(sys->worker_count, sizeof(*counts));
    sorted = edai_calloc(msg->route_count, sizeof(edai_route *));
    if (counts == NULL || sorted == NULL) {
        edai_free(counts);
        edai_free(sorted);
        return EDA_ENOMEM;
    }
    count_plain(sys, msg, counts, &msg->loose_count);
    for (i = 0; i < sys->worker_count && status == EDA_OK; i++) {
        status = counts[i] > 1 ? make_fan(sys, msg, i, counts[i]) : EDA_OK;
    }
    sort_routes(msg, sorted);
    edai_free(counts);
    return status;
}

static eda_status permit(const eda_system *sys, edai_actor_type *type)
{
    const eda_type *const *emitted;

    if (type->actor->emits_any) {
        type->asks = true;
        return EDA_OK;
    }
    type->emits = edai_calloc(sys->msg_count / 64u + 1u, sizeof(*type->emits));
    if (type->emits == NULL) {
        return EDA_ENOMEM;
    }
    for (emitted = type->actor->emits; emitted != NULL && *emitted != NULL; emitted++) {
        const edai_msg *msg = edai_contract_msg(sys, *emitted);

        EDA_ASSERT(msg != NULL, "declared when the actor was added");
        type->emits[msg->id / 64] |= UINT64_C(1) << (msg->id % 64);
        type->asks = type->asks || msg->is_request;
    }
    return EDA_OK;
}

static void set_limits(const eda_system *sys, edai_actor_type *type)
{
    uint64_t workers = sys->shard_workers;
    uint64_t live_max = type->actor->options.activations_max;

    /* Shares are rounded up: a limit never gets tighter by adding workers. */
    type->live_max = type->worker != UINT16_MAX && type->worker != EDAI_PLACED
                         ? live_max
                         : (live_max + workers - 1) / workers;
    type->keys_max = (sys->options.keys_max + workers - 1) / workers;
}

eda_status edai_contract_seal(eda_system *sys)
{
    uint32_t i;
    edai_msg *undeclared = edai_contract_raw(sys);
    edai_msg *msg;

    sys->topics = edai_trie_new();
    if (sys->topics == NULL || undeclared == NULL) {
        return EDA_ENOMEM;
    }
    sys->undeclared = undeclared;
    /* Whether or not a handler names it: an on_any may ask for it by topic. */
    EDA_TRY(edai_contract_declare(sys, &eda_type_eda_dead_letter, NULL));
    EDA_TRY(index_topics(sys));
    EDA_TRY(join_actors(sys));
    EDA_TRY(edai_abroad_route(sys));
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        set_light(msg);
        EDA_TRY(set_fans(sys, msg));
    }
    for (i = 0; i < sys->actor_count; i++) {
        EDA_TRY(permit(sys, sys->actors[i]));
        set_limits(sys, sys->actors[i]);
    }
    sys->dead_letter = edai_contract_msg(sys, &eda_type_eda_dead_letter);
    return EDA_OK;
}

/* --- by topic ----------------------------------------------------------------------------- */

typedef struct found {
    const edai_msg *msg;
    eda_str topic;
    uint32_t count;
} found;

static void on_match(void *value, void *arg)
{
    const edai_msg *msg = value;
    found *out = arg;
    edai_template_value values[EDAI_TEMPLATE_VALUES_MAX];
    size_t count = 0;

    if (edai_template_parse(msg->template, out->topic, values, EDAI_TEMPLATE_VALUES_MAX, &count) ==
        EDA_OK) {
        out->msg = msg;
        out->count++;
    }
}

const edai_msg *edai_contract_by_topic(const eda_system *sys, eda_str topic)
{
    found out = {.topic = topic};

    edai_trie_match(sys->topics, topic, on_match, &out);
    return out.count == 1 ? out.msg : NULL; /* two types on one topic: nothing says which */
}

/* --- the end ------------------------------------------------------------------------------ */

/* Not so those that seal made; and an actor type may have none of its own. */
static bool stands_in_its_actor(const edai_route *route)
{
    const edai_actor_type *type = route->actor;

    return type->route_count > 0 && route >= type->routes &&
           route < type->routes + type->route_count;
}

void edai_contract_free(eda_system *sys)
{
    uint32_t i;

    for (i = 0; i < sys->route_count; i++) {
        if (sys->routes[i]->actor != NULL && !stands_in_its_actor(sys->routes[i])) {
            edai_free(sys->routes[i]);
        }
    }
    for (i = 0; i < sys->actor_count; i++) {
        edai_actor_type_free(sys->actors[i]);
    }
    for (i = 0; i < sys->msg_count; i++) {
        edai_msg_free(edai_contract_own(sys, i));
    }
    edai_msg_free(sys->raw);
    edai_trie_free(sys->topics);
    edai_names_fini(&sys->actor_names);
    edai_free(sys->actors);
    edai_free(sys->routes);
    edai_free(sys->msgs);
}
