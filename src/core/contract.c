/* contract.c - see contract.h: adding actors and message types one by one. seal.c joins them. */
#include "core/contract.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/system.h"
#include "message/check.h"
#include "message/intern.h"

#include <string.h>

#define STATE_SIZE_MAX 65536u
#define ATTEMPTS_MAX 255u
#define HANDLERS_MAX 256u
#define SAVES_MAX 64u

/* --- message types ------------------------------------------------------------------------ */

eda_status edai_contract_register(eda_system *sys, edai_route *route)
{
    if (sys->route_count == sys->route_capacity) {
        uint32_t capacity = sys->route_capacity == 0 ? 64 : sys->route_capacity * 2;
        edai_route **grown = edai_realloc(sys->routes, capacity * sizeof(edai_route *));

        if (grown == NULL) {
            return EDA_ENOMEM;
        }
        sys->routes = grown;
        sys->route_capacity = capacity;
    }
    route->index = sys->route_count;
    sys->routes[sys->route_count++] = route;
    return EDA_OK;
}

static eda_status grow_msgs(eda_system *sys, uint32_t id)
{
    uint32_t count = sys->msg_count;
    const edai_msg **grown;

    if (id < count) {
        return EDA_OK;
    }
    count = (id + 64u) & ~63u;
    grown = edai_realloc(sys->msgs, count * sizeof(*grown));
    if (grown == NULL) {
        return EDA_ENOMEM;
    }
    memset(grown + sys->msg_count, 0, (count - sys->msg_count) * sizeof(*grown));
    sys->msgs = grown;
    sys->msg_count = count;
    return EDA_OK;
}

/* A type made ready, with the route that counts what nobody hears. NULL: out of memory. */
static edai_msg *msg_new(eda_system *sys, const eda_type *type)
{
    edai_msg *msg = edai_calloc(1, sizeof(*msg));
    edai_route *nobody = edai_calloc(1, sizeof(*nobody));

    if (msg == NULL || nobody == NULL || edai_contract_register(sys, nobody) != EDA_OK) {
        edai_free(msg);
        edai_free(nobody);
        return NULL;
    }
    nobody->msg = msg;
    msg->type = type;
    msg->nobody = nobody;
    msg->shape = edai_shape_of(type);
    msg->is_request = type->reply != NULL;
    if (msg->is_request) {
        msg->reply_shape = edai_shape_of(type->reply);
    }
    return msg;
}

void edai_msg_free(edai_msg *msg)
{
    if (msg == NULL) {
        return;
    }
    while (msg->fans != NULL) {
        edai_fan *next = msg->fans->next;

        edai_free(msg->fans);
        msg->fans = next;
    }
    edai_free(msg->plan);
    edai_template_free(msg->template);
    edai_free(msg->routes);
    edai_free(msg->nobody);
    edai_free(msg);
}

eda_status edai_contract_declare(eda_system *sys, const eda_type *type, edai_msg **ret_msg)
{
    eda_problem problem = {.text = ""};
    uint32_t id = 0;
    edai_msg *msg;
    eda_status status = edai_type_check(type, &problem);

    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "%s", problem.text);
    }
    if (type->topic == NULL) {
        return edai_system_fail(sys, EDA_EINVAL,
            "%s is a record: on_self(...) takes it, on(...) takes messages", type->name);
    }
    status = edai_intern(type, &id);
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "message type '%s': %s", type->name,
            status == EDA_ECONFLICT ? "two declarations of that name differ; rename one"
                                    : eda_status_text(status));
    }
    EDA_TRY(grow_msgs(sys, id));
    if (sys->msgs[id] != NULL) {
        if (ret_msg != NULL) {
            *ret_msg = edai_contract_own(sys, id);
        }
        return EDA_OK;
    }
    msg = msg_new(sys, type);
    if (msg == NULL) {
        return EDA_ENOMEM;
    }
    status = edai_template_new(type, &msg->template, &problem);
    if (status != EDA_OK) {
        sys->routes[--sys->route_count] = NULL;
        edai_msg_free(msg);
        return edai_system_fail(sys, status, "%s", problem.text);
    }
    msg->id = id;
    msg->has_keys = edai_template_can_fail(msg->template) && !type->is_raw;
    msg->is_system = strncmp(type->topic, "@edacious/", 10) == 0;
    sys->msgs[id] = msg;
    if (sys->first_msg == NULL) {
        sys->first_msg = msg;
    } else {
        sys->last_msg->next = msg;
    }
    sys->last_msg = msg;
    if (ret_msg != NULL) {
        *ret_msg = msg;
    }
    return EDA_OK;
}

/* What eda_publish_raw sends on topics that no type declares. */
static const eda_field raw_fields[] = {
    {.name = "topic", .type = &eda_type_eda_str, .offset = offsetof(eda_raw, topic)},
    {.name = "encoding", .type = &eda_type_eda_str, .offset = offsetof(eda_raw, encoding)},
    {.name = "payload", .type = &eda_type_eda_bytes, .offset = offsetof(eda_raw, payload)},
    {.name = NULL}};
static const eda_type raw_type = {.name = "eda_raw",
    .kind = EDA_KIND_RECORD,
    .size = sizeof(eda_raw),
    .fields = raw_fields,
    .is_raw = true};

edai_msg *edai_contract_raw(eda_system *sys)
{
    if (sys->raw == NULL) {
        sys->raw = msg_new(sys, &raw_type);
    }
    return sys->raw;
}

edai_msg *edai_contract_own(eda_system *sys, uint32_t id)
{
    /* The table is read-only for everybody else; the system owns what is in it. */
    union {
        const edai_msg *constant;
        edai_msg *own;
    } msg = {.constant = sys->msgs[id]};

    return msg.own;
}

const edai_msg *edai_contract_msg(const eda_system *sys, const eda_type *type)
{
    uint32_t id = edai_intern_id(type);

    if (EDAI_UNLIKELY(id == 0)) {
        if (type->topic == NULL || edai_intern(type, &id) != EDA_OK) {
            return NULL;
        }
    }
    return id < sys->msg_count ? sys->msgs[id] : NULL;
}

/* --- actor types -------------------------------------------------------------------------- */

static eda_status refuse(
    eda_system *sys, const eda_actor *actor, const char *what, const char *name)
{
    return edai_system_fail(sys, EDA_EINVAL, "actor '%s': %s%s%s", actor->name, what,
        name != NULL ? ": " : "", name != NULL ? name : "");
}

static const eda_field *field_of(const eda_type *type, const char *name)
{
    const eda_field *field;

    for (field = type->fields; field != NULL && field->name != NULL; field++) {
        if (strcmp(field->name, name) == 0) {
            return field;
        }
    }
    return NULL;
}

const eda_field *edai_contract_key(
    const edai_actor_type *type, const eda_handler *handler, const eda_type *message)
{
    const char *name = handler->key != NULL       ? handler->key
                       : type->actor->key != NULL ? type->actor->key
                                                  : type->actor->pool_key;

    return name != NULL ? field_of(message, name) : NULL;
}

static bool is_integer(const eda_field *field)
{
    return field->type->kind >= EDA_KIND_I8 && field->type->kind <= EDA_KIND_U64;
}

bool edai_contract_is_key(const edai_actor_type *type, const eda_field *field)
{
    return is_integer(field) ? !type->has_text_keys
                             : field->type->kind == EDA_KIND_STR && !type->has_number_keys;
}

void edai_contract_route(
    edai_route *route, edai_actor_type *type, const eda_handler *handler, const edai_msg *msg)
{
    bool is_keyed = type->supervisor == &eda_supervisor_keyed;

    route->actor = type;
    route->handler = handler;
    route->msg = msg;
    route->key = handler->is_self ? NULL : edai_contract_key(type, handler, msg->type);
    route->is_number_key = is_keyed && route->key != NULL && is_integer(route->key);
    route->is_single = type->supervisor == &eda_supervisor_singleton;
    route->is_text_key = is_keyed && route->key != NULL && !route->is_number_key;
    if (route->is_number_key && route->key->type->kind <= EDA_KIND_I64) {
        type->is_signed_key = true;
    }
    type->has_number_keys = type->has_number_keys || route->is_number_key;
    type->has_text_keys = type->has_text_keys || route->is_text_key;
    type->has_interleaves = type->has_interleaves || handler->interleaves;
}

static eda_status check_type(eda_system *sys, const eda_actor *actor, const eda_type *type)
{
    eda_problem problem = {.text = ""};
    eda_status status = edai_type_check(type, &problem);

    return status == EDA_OK
               ? EDA_OK
               : edai_system_fail(sys, status, "actor '%s': %s", actor->name, problem.text);
}

/* Makes a message type known that an actor handles or emits. */
static eda_status declare_for(
    eda_system *sys, const eda_actor *actor, const eda_type *type, edai_msg **ret_msg)
{
    char text[EDAI_SYSTEM_ERROR_SIZE];
    eda_status status = edai_contract_declare(sys, type, ret_msg);

    if (status == EDA_OK || sys->error[0] == '\0') {
        return status;
    }
    memcpy(text, sys->error, sizeof(text));
    return edai_system_fail(sys, status, "actor '%s': %s", actor->name, text);
}

/* on_self: a record with a message type of its own, which nobody else can publish. */
static eda_status make_self(eda_system *sys, edai_actor_type *type, uint32_t at)
{
    const eda_handler *handler = &type->actor->handlers[at];
    edai_msg *msg;

    EDA_TRY(check_type(sys, type->actor, handler->type));
    msg = msg_new(sys, handler->type);
    if (msg == NULL) {
        return EDA_ENOMEM;
    }
    type->self_msgs[at] = msg;
    edai_contract_route(&type->routes[at], type, handler, msg);
    return EDA_OK;
}

/* Of the stock supervisors; others may do without a key, or with any field. */
static eda_status check_key(eda_system *sys, const edai_actor_type *type,
    const eda_handler *handler, const eda_type *message)
{
    const eda_actor *actor = type->actor;
    const eda_field *field = edai_contract_key(type, handler, message);
    const char *name = handler->key;

    if (type->supervisor != &eda_supervisor_keyed && type->supervisor != &eda_supervisor_pool) {
        return EDA_OK;
    }
    if (name == NULL) {
        name = actor->key != NULL ? actor->key : actor->pool_key;
    }
    if (name != NULL && field == NULL) {
        return edai_system_fail(sys, EDA_EINVAL,
            "actor '%s' handles %s, which has no field '%s': name the key with on(%s, ..., "
            "key(field))",
            actor->name, message->name, name, message->name);
    }
    if (field != NULL && !edai_contract_is_key(type, field)) {
        return edai_system_fail(sys, EDA_EINVAL,
            "actor '%s' handles %s, whose field '%s' cannot be its key: all of an actor's keys are "
            "strings, or all "
            "integers",
            actor->name, message->name, name);
    }
    return EDA_OK;
}

static bool is_same_handler(const eda_handler *a, const eda_handler *b)
{
    return a->type != NULL && b->type != NULL && a->is_self == b->is_self &&
           strcmp(a->type->name, b->type->name) == 0;
}

/* What can be said of a handler before anything is made of it. */
static eda_status check_entry(eda_system *sys, const eda_actor *actor, uint32_t at)
{
    const eda_handler *handler = &actor->handlers[at];
    uint32_t i;

    if ((handler->type == NULL) == (handler->pattern == NULL)) {
        return refuse(sys, actor, "a handler has a type or a pattern, one of the two", NULL);
    }
    if (handler->pattern != NULL && (handler->is_self || handler->answers)) {
        return refuse(sys, actor, "on_any neither answers nor takes records; leave that out",
            handler->pattern);
    }
    if (handler->is_self && handler->answers) {
        return refuse(sys, actor, "nobody asks with a record to oneself; leave .answers out",
            handler->type->name);
    }
    for (i = 0; i < at; i++) {
        if (is_same_handler(&actor->handlers[i], handler)) {
            return refuse(
                sys, actor, "it handles this twice; leave one handler out", handler->type->name);
        }
    }
    return EDA_OK;
}

static eda_status check_handler(
    eda_system *sys, const edai_actor_type *type, const eda_handler *handler, const edai_msg *msg)
{
    const eda_actor *actor = type->actor;

    if (handler->attempts > ATTEMPTS_MAX) {
        return refuse(sys, actor, "attempts(n) takes 1 to 255", NULL);
    }
    if (handler->answers && !msg->is_request) {
        return refuse(sys, actor, "answers(...) takes requests, this is a message; use on(...)",
            msg->type->name);
    }
    return check_key(sys, type, handler, msg->type);
}

static eda_status make_route(eda_system *sys, edai_actor_type *type, uint32_t at)
{
    const eda_handler *handler = &type->actor->handlers[at];
    edai_msg *msg = NULL;

    EDA_TRY(check_entry(sys, type->actor, at));
    if (edai_contract_register(sys, &type->routes[at]) != EDA_OK) {
        return EDA_ENOMEM;
    }
    type->routes[at].actor = type;
    type->routes[at].handler = handler;
    if (handler->is_self) {
        return make_self(sys, type, at);
    }
    if (handler->pattern != NULL) {
        if (eda_topic_check(eda_str_from(handler->pattern)) != EDA_OK) {
            return refuse(sys, type->actor,
                "on_any takes a key expression such as building/**, not", handler->pattern);
        }
        type->routes[at].is_any = true;
        type->routes[at].needs_match = true;
        type->has_interleaves = type->has_interleaves || handler->interleaves;
        return EDA_OK; /* its types are known when the contract is sealed */
    }
    EDA_TRY(declare_for(sys, type->actor, handler->type, &msg));
    EDA_TRY(check_handler(sys, type, handler, msg));
    edai_contract_route(&type->routes[at], type, handler, msg);
    return EDA_OK;
}

static eda_status refuse_saved(
    eda_system *sys, const eda_actor *actor, const eda_field *field, const char *what)
{
    return edai_system_fail(
        sys, EDA_EINVAL, "actor '%s' saves '%s', %s", actor->name, field->name, what);
}

/* One saved field as declared; the macros get all but the borrowing right. */
static eda_status check_saved(eda_system *sys, const eda_actor *actor, const eda_field *field)
{
    eda_problem problem = {.text = ""};
    const eda_field *other;
    eda_status status;

    if (field->type == NULL || field->offset > actor->size ||
        field->type->size > actor->size - field->offset) {
        return refuse_saved(sys, actor, field, "which is no field of its state; use offsetof");
    }
    for (other = actor->saves; other != field; other++) {
        if (strcmp(other->name, field->name) == 0) {
            return refuse_saved(sys, actor, field, "and that twice; leave one out");
        }
    }
    if (field->type->kind == EDA_KIND_TEXT) {
        return EDA_OK;
    }
    if (field->type->kind == EDA_KIND_OPAQUE) {
        return refuse_saved(
            sys, actor, field, "an opaque struct, which nothing can store; use an EDA_RECORD");
    }
    status = edai_type_check(field->type, &problem);
    if (status != EDA_OK) {
        return status == EDA_EINVAL ? refuse_saved(sys, actor, field, problem.text) : status;
    }
    if (!edai_shape_of(field->type).is_plain) {
        return refuse_saved(
            sys, actor, field, "which borrows memory that is gone after the turn; use eda_text");
    }
    return EDA_OK;
}

static eda_status make_saved(eda_system *sys, edai_actor_type *type)
{
    const eda_actor *actor = type->actor;
    eda_field *fields;
    uint32_t count = 0;
    uint32_t i;

    while (actor->saves[count].name != NULL) {
        if (count == SAVES_MAX) {
            return refuse(sys, actor,
                "saves(...) takes at most 64 fields; group them in an EDA_RECORD", NULL);
        }
        EDA_TRY(check_saved(sys, actor, &actor->saves[count]));
        count++;
    }
    fields = edai_calloc(count + 1u, sizeof(*fields));
    if (fields == NULL) {
        return EDA_ENOMEM;
    }
    for (i = 0; i < count; i++) {
        fields[i] = actor->saves[i];
        fields[i].may_miss = true; /* a record written before the field was there */
        if (fields[i].type->kind == EDA_KIND_TEXT) {
            fields[i].type = &eda_type_eda_str;
        }
    }
    type->saved = (eda_type){
        .name = actor->name, .kind = EDA_KIND_RECORD, .size = actor->size, .fields = fields};
    type->has_saves = true;
    type->is_saved_lazily = actor->options.saves_lazily;
    return EDA_OK;
}

static eda_status declare_emits(eda_system *sys, const eda_actor *actor)
{
    const eda_type *const *emitted;

    for (emitted = actor->emits; emitted != NULL && *emitted != NULL; emitted++) {
        EDA_TRY(declare_for(sys, actor, *emitted, NULL));
    }
    return EDA_OK;
}

static bool is_name(const char *name)
{
    size_t i;

    if (name == NULL || (name[0] >= '0' && name[0] <= '9')) {
        return false;
    }
    for (i = 0; name[i] != '\0'; i++) {
        char c = name[i];

        if (i == 63 || !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9') || c == '_')) {
            return false;
        }
    }
    return i > 0;
}

edai_actor_type *edai_contract_find(const eda_system *sys, const char *name)
{
    uint64_t hash = edai_hash_bytes(name, strlen(name));
    edai_actor_type *type;
    size_t at = 0;

    while ((type = edai_names_next(&sys->actor_names, hash, &at)) != NULL) {
        if (strcmp(type->actor->name, name) == 0) {
            return type;
        }
    }
    return NULL;
}

static eda_status check_actor(eda_system *sys, const eda_actor *actor, uint32_t *ret_count)
{
    uint32_t count = 0;

    if (!is_name(actor->name)) {
        return edai_system_fail(sys, EDA_EINVAL,
            "actor '%.70s': a name has 1 to 63 letters, digits and '_', and no digit first",
            actor->name != NULL ? actor->name : "");
    }
    if (edai_contract_find(sys, actor->name) != NULL) {
        return edai_system_fail(
            sys, EDA_ECONFLICT, "actor '%s' was added before; add it once", actor->name);
    }
    if (actor->size > STATE_SIZE_MAX) {
        return refuse(sys, actor,
            "its state is larger than 64 KiB; keep large things behind a pointer", NULL);
    }
    while (actor->handlers != NULL && actor->handlers[count].fn != NULL) {
        if (++count > HANDLERS_MAX) {
            return refuse(
                sys, actor, "over 256 handlers; end them with an entry without a function", NULL);
        }
    }
    if (count == 0) {
        return refuse(sys, actor,
            "it handles nothing, so nothing would ever bring it to life; give it an on(...)", NULL);
    }
    *ret_count = count;
    return EDA_OK;
}

static const eda_supervisor *supervisor_of(const eda_actor *actor)
{
    if (actor->supervisor != NULL) {
        return actor->supervisor;
    }
    if (actor->key != NULL) {
        return &eda_supervisor_keyed;
    }
    return actor->pool_len != 0 ? &eda_supervisor_pool : &eda_supervisor_singleton;
}

static eda_status check_supervisor(
    eda_system *sys, const eda_actor *actor, const eda_supervisor *supervisor)
{
    const char *problem = "its supervisor refuses it";

    if (supervisor->struct_size != sizeof(*supervisor) || supervisor->identify == NULL) {
        return refuse(sys, actor,
            "its supervisor was built for another version, or cannot identify", supervisor->name);
    }
    if (supervisor->check != NULL && supervisor->check(actor, &problem) != EDA_OK) {
        return refuse(sys, actor, problem, NULL);
    }
    return EDA_OK;
}

void edai_actor_type_free(edai_actor_type *type)
{
    uint32_t i;
    union {
        const eda_field *constant;
        eda_field *own;
    } fields = {.constant = type->saved.fields};
    union {
        const void *constant;
        void *own;
    } deps = {.constant = type->deps};

    for (i = 0; type->self_msgs != NULL && i < type->route_count; i++) {
        edai_msg_free(type->self_msgs[i]);
    }
    edai_free(type->self_msgs);
    edai_free(type->routes);
    edai_free(type->emits);
    edai_free(type->live_at);
    edai_free(fields.own);
    if (type->is_deps_owned) {
        edai_free(deps.own);
    }
    edai_free(type);
}

static void set_options(const eda_system *sys, edai_actor_type *type)
{
    const eda_actor_options *options = &type->actor->options;
    uint32_t idle_ms = options->idle_ms != 0 ? options->idle_ms : sys->options.idle_ms;

    type->mailbox_len_max =
        options->mailbox_len_max != 0 ? options->mailbox_len_max : sys->options.mailbox_len_max;
    type->idle_ns = EDA_MS(idle_ms);
    type->passivates_at_once = options->passivates_at_once || sys->options.passivates_at_once;
    type->hash = edai_hash_bytes(type->actor->name, strlen(type->actor->name));
    type->worker = UINT16_MAX;
    type->own_worker = UINT16_MAX;
    type->is_spread = type->supervisor->has_keys;
}

static eda_status register_actor(eda_system *sys, edai_actor_type *type)
{
    edai_actor_type **grown;

    if (sys->actor_count == EDAI_ACTORS_MAX) {
        return edai_system_fail(sys, EDA_ELIMIT, "over %u actor types", EDAI_ACTORS_MAX);
    }
    if (sys->actor_count == sys->actor_capacity) {
        uint32_t capacity = sys->actor_capacity == 0 ? 16 : 2 * sys->actor_capacity;

        grown = edai_realloc(sys->actors, capacity * sizeof(edai_actor_type *));
        if (grown == NULL) {
            return EDA_ENOMEM;
        }
        sys->actors = grown;
        sys->actor_capacity = capacity;
    }
    EDA_TRY(edai_names_add(&sys->actor_names, type->hash, type));
    type->index = (uint16_t)sys->actor_count;
    sys->actors[sys->actor_count++] = type;
    return EDA_OK;
}

static eda_status fill_type(eda_system *sys, edai_actor_type *type)
{
    uint32_t i;

    for (i = 0; i < type->route_count; i++) {
        EDA_TRY(make_route(sys, type, i));
    }
    if (type->actor->saves != NULL) {
        EDA_TRY(make_saved(sys, type));
    }
    return declare_emits(sys, type->actor);
}

eda_status edai_contract_add(eda_system *sys, eda_added added)
{
    const eda_actor *actor = added.actor;
    edai_actor_type *type;
    uint32_t routes_before = sys->route_count;
    uint32_t count = 0;
    eda_status status;

    EDA_ASSERT(actor != NULL, "an actor to be added");
    EDA_TRY(check_actor(sys, actor, &count));
    EDA_TRY(actor->deps != NULL ? check_type(sys, actor, actor->deps) : EDA_OK);
    EDA_TRY(check_supervisor(sys, actor, supervisor_of(actor)));
    type = edai_calloc(1, sizeof(*type));
    if (type == NULL) {
        return EDA_ENOMEM;
    }
    type->actor = actor;
    type->supervisor = supervisor_of(actor);
    type->route_count = count;
    type->routes = edai_calloc(count, sizeof(*type->routes));
    type->self_msgs = edai_calloc(count, sizeof(*type->self_msgs));
    set_options(sys, type);
    status = type->routes == NULL || type->self_msgs == NULL ? EDA_ENOMEM : fill_type(sys, type);
    if (status == EDA_OK) {
        status = edai_depend_explicit(sys, type, added.deps);
    }
    if (status == EDA_OK) {
        status = register_actor(sys, type);
    }
    if (status != EDA_OK) {
        edai_contract_forget(sys, type, routes_before);
    }
    return status;
}

void edai_contract_forget(eda_system *sys, edai_actor_type *type, uint32_t routes_before)
{
    uint32_t kept = routes_before;
    uint32_t i;

    /* Message types that came with it stay known; its own routes go. */
    for (i = routes_before; i < sys->route_count; i++) {
        edai_route *route = sys->routes[i];
        bool is_self_msg = route->actor == NULL && route->msg->template == NULL;

        if (route->actor != type && !is_self_msg) {
            sys->routes[kept] = route;
            route->index = kept++;
        }
    }
    sys->route_count = kept;
    edai_actor_type_free(type);
}
