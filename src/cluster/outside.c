/* outside.c - outsiders: puts on plain topics, and gets for requests. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "cluster/topic_fill.h"
#include "core/publish.h"
#include "message/problem.h"
#include <edacious/codec.h>
#include <edacious/declare.h>

#include <stdio.h>
#include <string.h>

/* An outsider's request has that long; a get's own timeout does not travel. */
#define ANSWER_MS 10000u
#define TYPE_SHOWN_MAX 48

/* status: of the application's own, which have one code for all. */
EDA_RECORD(error_answer, (eda_str, code), (eda_str, message), (eda_optional(uint32_t), status));

/* --- hearing ------------------------------------------------------------------------------- */

typedef enum declared_kind {
    SUBSCRIBED = 1,
    SERVED,
    WATCHED /* whether anybody subscribes */
} declared_kind;

/* What one declaration on the bus is about; kept until the node is freed. */
struct edai_declared {
    edai_node *node;
    const edai_msg *msg; /* NULL: whatever topic no type declares */
    uint32_t any;        /* then: which of the on_any that ask for such topics */
    declared_kind kind;
    uint64_t id;             /* on the bus; 0: is not there */
    const edai_place *place; /* SERVED: of who answers; NULL: nobody chooses */
    _Atomic bool is_chosen;  /* SERVED: this node is to serve it; written by the gateway */
    eda_status said;         /* logged last: why the bus does not take it */
};

/* Sent by a node of this cluster: its actors have got it, or will. */
static bool is_own(const edai_node *node, const eda_bus_message *message)
{
    edai_attachment attachment;
    edai_buffer buffer = {.size = 0};
    size_t len = strlen(node->cluster);
    bool is_it;

    if (message->attachment.len == 0 ||
        edai_wire_read_attachment(message->attachment, &buffer, &attachment) != EDA_OK) {
        edai_buffer_fini(&buffer);
        return false;
    }
    is_it = attachment.source.len > len && attachment.source.ptr[len] == '/' &&
            memcmp(attachment.source.ptr, node->cluster, len) == 0;
    edai_buffer_fini(&buffer);
    return is_it;
}

static void on_put(void *arg, const eda_bus_message *message)
{
    const edai_declared *declared = arg;
    edai_node *node = declared->node;
    const edai_heard heard = {.kind = EDAI_HEARD_PUT, .message = *message, .of = declared};

    if (!is_own(node, message) && !edai_intake_hear(&node->intake, &heard)) {
        atomic_fetch_add_explicit(&node->counts.turned_away, 1, memory_order_relaxed);
    }
}

static void on_get(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    const edai_declared *declared = arg;
    edai_node *node = declared->node;
    const edai_heard heard = {
        .kind = EDAI_HEARD_GET, .message = *request, .query = query, .of = declared};

    if (!edai_intake_hear(&node->intake, &heard)) {
        atomic_fetch_add_explicit(&node->counts.turned_away, 1, memory_order_relaxed);
        node->driver->answer(node->bus, query, NULL, false);
    }
}

static void on_heard(void *arg, bool is_heard)
{
    const edai_declared *declared = arg;
    edai_node *node = declared->node;
    edai_msg *msg = edai_contract_own(node->sys, declared->msg->id);
    const edai_heard heard = {.kind = EDAI_HEARD_UNWATCHED, .of = msg};

    atomic_store_explicit(&node->watched[msg->id], is_heard, memory_order_relaxed);
    if (is_heard) {
        atomic_store_explicit(&msg->is_heard_abroad, true, memory_order_relaxed);
    } else {
        (void)edai_intake_hear(&node->intake, &heard); /* other nodes' actors may hear it yet */
    }
}

/* --- declaring ----------------------------------------------------------------------------- */

static void list(edai_node *node, declared_kind kind, const edai_msg *msg, uint32_t any)
{
    edai_declared *declared = &node->declared[node->declared_count++];

    *declared = (edai_declared){.node = node, .msg = msg, .any = any, .kind = kind};
    if (kind == SERVED) {
        const char *actor = msg->responder->actor->actor->name;

        declared->place = edai_view_place(node->view, eda_str_from(actor));
    }
}

static bool answers_here(const edai_node *node, const edai_msg *msg)
{
    return msg->responder != NULL && msg->responder->actor != node->sys->gateway_type;
}

/* Somebody here handles puts on its plain topic. */
static bool hears(const edai_msg *msg)
{
    return !msg->is_system && !msg->type->is_inside && !msg->type->is_outgoing &&
           !msg->is_request && msg->route_count > 0;
}

static void list_msg(edai_node *node, const edai_msg *msg)
{
    if (msg->is_system || msg->type->is_inside) {
        return;
    }
    if (msg->is_request) {
        if (answers_here(node, msg)) {
            list(node, SERVED, msg, 0);
        }
        return;
    }
    if (hears(msg)) {
        list(node, SUBSCRIBED, msg, 0);
    }
    list(node, WATCHED, msg, 0);
}

static eda_str any_pattern(const edai_node *node, uint32_t any)
{
    return eda_str_from(node->sys->undeclared->routes[any]->handler->pattern);
}

/* By an on_any before it. */
static bool is_included(const edai_node *node, uint32_t any)
{
    uint32_t i;

    for (i = 0; i < any; i++) {
        if (eda_topic_includes(any_pattern(node, i), any_pattern(node, any))) {
            return true;
        }
    }
    return false;
}

eda_status edai_outside_prepare(edai_node *node)
{
    eda_system *sys = node->sys;
    const edai_msg *msg;
    uint32_t count = sys->undeclared->route_count;
    uint32_t i;

    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        count += 2;
    }
    node->declared = edai_calloc(count + 1, sizeof(*node->declared));
    if (node->declared == NULL) {
        return EDA_ENOMEM;
    }
    /* Nobody can tell who hears topics that nobody declares. */
    atomic_store_explicit(&node->watched[sys->msg_count], true, memory_order_relaxed);
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        list_msg(node, msg);
    }
    for (i = 0; i < sys->undeclared->route_count; i++) { /* foreign topics */
        if (!is_included(node, i)) {
            list(node, SUBSCRIBED, NULL, i);
        }
    }
    return EDA_OK;
}

static eda_str pattern_of(const edai_node *node, const edai_declared *declared)
{
    return declared->msg != NULL ? edai_template_pattern(declared->msg->template)
                                 : any_pattern(node, declared->any);
}

static eda_status declare(edai_node *node, edai_declared *declared)
{
    const eda_bus_driver *driver = node->driver;
    eda_str pattern = pattern_of(node, declared);
    uint64_t id = 0;
    eda_status status = EDA_EINVAL;

    switch (declared->kind) {
    case SUBSCRIBED:
        status = driver->subscribe(node->bus, pattern, on_put, declared, &id);
        break;
    case SERVED:
        status = driver->serve(node->bus, pattern, on_get, declared, &id);
        break;
    case WATCHED:
        status = driver->heard(node->bus, pattern, on_heard, declared, &id);
        break;
    }
    declared->id = status == EDA_OK ? id : 0;
    return status;
}

static void undeclare(edai_node *node, edai_declared *declared)
{
    if (declared->id != 0) {
        node->driver->drop(node->bus, declared->id);
        declared->id = 0;
    }
}

static bool is_chosen(const edai_declared *declared)
{
    return atomic_load_explicit(&declared->is_chosen, memory_order_relaxed);
}

eda_status edai_outside_open(edai_node *node)
{
    uint32_t i;

    for (i = 0; i < node->declared_count; i++) {
        edai_declared *declared = &node->declared[i];
        eda_status status = EDA_OK;

        if (declared->kind != SERVED || is_chosen(declared)) {
            status = declare(node, declared);
        }
        if (status != EDA_OK) {
            return edai_system_fail(node->sys, status, "the bus does not take the pattern %.*s: %s",
                EDA_STR_ARG(pattern_of(node, declared)), eda_status_text(status));
        }
    }
    return EDA_OK;
}

void edai_outside_close(edai_node *node)
{
    uint32_t i = node->declared_count;

    while (i-- > 0) {
        undeclare(node, &node->declared[i]);
    }
}

/* --- who serves requests ------------------------------------------------------------------- */

/* Zenoh asks one server in each of its regions - itself, its clients, its routers - and so more
 * than one, if several nodes serve. */
void edai_outside_choose(edai_node *node)
{
    bool has_changed = false;
    uint32_t i;

    for (i = 0; i < node->declared_count; i++) {
        edai_declared *declared = &node->declared[i];
        bool is_mine = declared->place == NULL ||
                       edai_view_chosen(node->view, declared->place, 0) == EDAI_SELF;

        if (declared->kind == SERVED && is_mine != is_chosen(declared)) {
            atomic_store_explicit(&declared->is_chosen, is_mine, memory_order_relaxed);
            has_changed = true;
        }
    }
    if (has_changed) {
        /* release: whoever serves this choice sees all of it */
        atomic_fetch_add_explicit(&node->choice, 1, memory_order_release);
        edai_clerk_serve(node);
    }
}

bool edai_outside_serve(edai_node *node)
{
    uint32_t choice = atomic_load_explicit(&node->choice, memory_order_acquire);
    bool is_done = true;
    uint32_t i;

    for (i = 0; i < node->declared_count; i++) {
        edai_declared *declared = &node->declared[i];
        eda_status status = EDA_OK;

        if (declared->kind != SERVED || is_chosen(declared) == (declared->id != 0)) {
            continue;
        }
        if (declared->id != 0) {
            undeclare(node, declared);
        } else {
            status = declare(node, declared);
        }
        if (status != EDA_OK && status != declared->said) {
            edai_system_log(node->sys, NULL, "outsiders' requests %.*s are not served yet: %s",
                EDA_STR_ARG(pattern_of(node, declared)), eda_status_text(status));
        }
        declared->said = status;
        is_done = is_done && status == EDA_OK;
    }
    if (is_done) {
        atomic_store_explicit(&node->served, choice, memory_order_relaxed);
    }
    return is_done;
}

/* --- puts ---------------------------------------------------------------------------------- */

static bool is_on(const edai_msg *msg, eda_str key)
{
    return hears(msg) && eda_topic_intersects(edai_template_pattern(msg->template), key);
}

/* Of all declarations that hear a key. The bus tells each of them, and one is to take it. */
static bool is_first(const edai_node *node, const edai_declared *declared, eda_str key)
{
    const edai_msg *msg;
    uint32_t i;

    for (msg = node->sys->first_msg; msg != NULL && msg != declared->msg; msg = msg->next) {
        if (is_on(msg, key)) {
            return false;
        }
    }
    for (i = 0; declared->msg == NULL && i < declared->any; i++) {
        if (eda_topic_intersects(any_pattern(node, i), key)) {
            return false;
        }
    }
    return true;
}

static bool is_named(const edai_msg *msg, eda_str name)
{
    return eda_str_equal(eda_str_from(msg->type->name), name);
}

static const edai_msg *named(const edai_node *node, eda_str name, eda_str key)
{
    const edai_msg *msg;

    for (msg = node->sys->first_msg; msg != NULL; msg = msg->next) {
        if (is_named(msg, name) && is_on(msg, key)) {
            return msg;
        }
    }
    return NULL;
}

/* The attachment's t. Empty: it names none, or cannot be read. */
static eda_str type_of(edai_node *node, const eda_bus_message *message)
{
    edai_attachment attachment = {.type = {.len = 0}};

    if (message->attachment.len == 0 ||
        edai_wire_read_attachment(message->attachment, &node->scratch, &attachment) != EDA_OK) {
        return (eda_str){.len = 0};
    }
    return attachment.type;
}

/* Of a pattern that is asked: it may meet many actors, and is no key that an answer could have. */
#define REFUSED_KEY "@edacious/refused"
static void say_pattern(eda_problem *problem)
{
    (void)edai_problem_set(problem, NULL, EDA_EKEY,
        "actors are asked on one topic, not on a pattern: a value goes in place of each wildcard");
}

static bool is_asked_on(const edai_declared *declared, eda_str key)
{
    return declared->kind == SERVED &&
           eda_topic_intersects(edai_template_pattern(declared->msg->template), key);
}

#define TYPES_SIZE 110u

/* The last one that does not fit is an ellipsis. */
static void add_type(char text[static TYPES_SIZE], const edai_msg *msg)
{
    size_t len = strlen(text);
    int more =
        snprintf(text + len, TYPES_SIZE - len, "%s%s", len == 0 ? ": " : ", ", msg->type->name);

    if (more < 0 || (size_t)more >= TYPES_SIZE - len) {
        text[len] = '\0';
        (void)snprintf(text + len, TYPES_SIZE - len, ", ...");
    }
}

static void say_conflict(
    edai_node *node, const eda_bus_message *message, bool is_get, eda_problem *problem)
{
    char types[TYPES_SIZE] = "";
    const eda_str type = type_of(node, message);
    const edai_msg *msg;
    uint32_t i;

    for (msg = node->sys->first_msg; !is_get && msg != NULL; msg = msg->next) {
        if (is_on(msg, message->key)) {
            add_type(types, msg);
        }
    }
    for (i = 0; is_get && i < node->declared_count; i++) {
        if (is_asked_on(&node->declared[i], message->key)) {
            add_type(types, node->declared[i].msg);
        }
    }
    if (type.len > 0) {
        (void)edai_problem_set(problem, NULL, EDA_ECONFLICT,
            "'%.*s' is none of the types of this topic%s",
            type.len > TYPE_SHOWN_MAX ? TYPE_SHOWN_MAX : (int)type.len, type.ptr, types);
    } else {
        (void)edai_problem_set(problem, NULL, EDA_ECONFLICT,
            "several types share this topic, and the attachment has no t%s", types);
    }
}

/* The type that a put is of: the one its attachment names, else the only one of its topic. EDA_OK
 * with NULL: none, which may be a foreign topic's. */
static eda_status find_meant(
    edai_node *node, const eda_bus_message *message, const edai_msg **ret_msg)
{
    const edai_msg *msg = edai_contract_by_topic(node->sys, message->key);
    eda_str type = type_of(node, message);

    if (type.len > 0) {
        *ret_msg = named(node, type, message->key);
        return *ret_msg != NULL ? EDA_OK : EDA_ECONFLICT;
    }
    *ret_msg = msg != NULL && hears(msg) ? msg : NULL;
    return EDA_OK;
}

/* False: another declaration hears the put, too, and takes it. */
static bool is_to_take(edai_node *node, const edai_declared *declared,
    const eda_bus_message *message, eda_status *io_status)
{
    const edai_msg *meant = NULL;
    edai_template_value values[EDAI_TEMPLATE_VALUES_MAX];
    size_t count = 0;

    if (*io_status == EDA_OK) {
        *io_status = find_meant(node, message, &meant);
    }
    if (meant != NULL) {
        return meant == declared->msg;
    }
    if (declared->msg == NULL) { /* what others of a foreign topic call it does not matter */
        *io_status = *io_status == EDA_ECONFLICT ? EDA_OK : *io_status;
    } else if (*io_status == EDA_OK && edai_template_parse(declared->msg->template, message->key,
                                           values, EDAI_TEMPLATE_VALUES_MAX, &count) == EDA_OK) {
        *io_status = EDA_ECONFLICT; /* several */
    }
    return is_first(node, declared, message->key);
}

static eda_status deliver(edai_node *node, const edai_msg *msg, const void *data)
{
    const edai_arrival arrival = {
        .publisher = EDAI_PUBLISHER_ABROAD, .is_outside = true, .held_client = node->held};
    edai_delivered delivered;

    if (msg->type->overflow == EDA_WAIT &&
        atomic_load_explicit(&node->held->unadmitted, memory_order_relaxed) > EDAI_NODE_HELD_MAX) {
        return EDA_EFULL;
    }
    return edai_arrival_deliver(node->gateway, msg, data, &arrival, &delivered);
}

static eda_status put_raw(edai_node *node, const edai_msg *msg, const eda_bus_message *message)
{
    const eda_raw raw = {
        .topic = message->key, .encoding = message->encoding, .payload = message->payload};

    if (message->payload.len > EDA_CODEC_SIZE_MAX) {
        return EDA_ERANGE;
    }
    return deliver(node, msg, &raw);
}

void edai_outside_put(
    edai_node *node, const edai_declared *declared, const eda_bus_message *message)
{
    const edai_msg *msg = declared->msg;
    eda_problem problem = {.text = ""};
    void *data = NULL;
    eda_status status = eda_topic_check_key(message->key);

    if (!is_to_take(node, declared, message, &status)) {
        return;
    }
    edai_bump(&node->counts.seen);
    if (status == EDA_ECONFLICT) {
        say_conflict(node, message, false, &problem);
    } else if (status == EDA_OK && (msg == NULL || msg->type->is_raw)) {
        status = put_raw(node, msg != NULL ? msg : node->sys->undeclared, message);
    } else if (status == EDA_OK) {
        status = edai_topic_fill(
            msg, message->key, message->encoding, message->payload, &data, &problem);
        status = status == EDA_OK ? deliver(node, msg, data) : status;
    }
    edai_free(data);
    if (status != EDA_OK) {
        edai_utf8_tame(problem.text, strlen(problem.text)); /* it may quote what came, cut */
        edai_node_refuse_text(node, message->key, status,
            problem.text[0] != '\0' ? problem.text : eda_status_text(status));
    }
}

/* --- gets ---------------------------------------------------------------------------------- */

static eda_status encode(
    eda_value value, bool is_cbor, eda_bus_message *message, uint8_t **ret_bytes)
{
    char *json = NULL;
    size_t len = 0;

    if (is_cbor) {
        EDA_TRY(eda_cbor_encode(value, ret_bytes, &len));
        message->encoding = EDA_STR("application/cbor");
    } else {
        EDA_TRY(eda_json_encode(value, &json, &len));
        *ret_bytes = (uint8_t *)(void *)json;
        message->encoding = EDA_STR("application/json");
    }
    message->payload = (eda_bytes){.ptr = *ret_bytes, .len = len};
    return EDA_OK;
}

/* A get that is to be answered. */
typedef struct asked {
    eda_bus_query *query;
    eda_str key;
    bool is_cbor;
} asked;

static void answer_error(edai_node *node, const asked *by, eda_status status, eda_str text)
{
    const error_answer error = {.code = eda_str_from(eda_status_name(status)),
        .message = text.len > 0 ? text : eda_str_from(eda_status_text(status)),
        .status = {.is_set = status >= EDA_STATUS_USER, .value = (uint32_t)status}};
    const eda_value value = {.type = &eda_type_error_answer, .data = &error};
    eda_bus_message message = {.key = by->key};
    uint8_t *bytes = NULL;
    bool is_encoded = encode(value, by->is_cbor, &message, &bytes) == EDA_OK;

    node->driver->answer(node->bus, by->query, is_encoded ? &message : NULL, true);
    edai_free(bytes);
}

static eda_status ask(edai_node *node, const edai_msg *msg, const void *data, const asked *by)
{
    edai_arrival arrival = {.publisher = EDAI_PUBLISHER_ABROAD,
        .actor = msg->responder->actor,
        .is_outside = true,
        .may_pass_on = true,
        .deadline = edai_system_later(node->sys, EDA_MS(ANSWER_MS))};
    edai_stranger *stranger = edai_strangers_add(&node->strangers, msg);
    edai_delivered delivered;
    eda_status status;

    if (stranger == NULL) {
        return EDA_ELIMIT;
    }
    arrival.ask_seq = stranger->entry.number;
    stranger->is_cbor = by->is_cbor;
    stranger->query = by->query;
    stranger->key = edai_alloc(by->key.len + 1);
    if (stranger->key == NULL) {
        edai_free(edai_strangers_take(&node->strangers, arrival.ask_seq));
        return EDA_ENOMEM;
    }
    memcpy(stranger->key, by->key.ptr, by->key.len);
    stranger->key[by->key.len] = '\0';
    status = edai_arrival_deliver(node->gateway, msg, data, &arrival, &delivered);
    if (delivered.count == 0) {
        edai_free(stranger->key);
        edai_free(edai_strangers_take(&node->strangers, arrival.ask_seq));
        return status == EDA_OK ? EDA_ENOENT : status;
    }
    return EDA_OK; /* answered already, perhaps */
}

/* Its fields, too, are what that type declares. */
static bool is_key_of(const edai_declared *declared, eda_str key)
{
    edai_template_value values[EDAI_TEMPLATE_VALUES_MAX];
    size_t count = 0;

    return edai_template_parse(
               declared->msg->template, key, values, EDAI_TEMPLATE_VALUES_MAX, &count) == EDA_OK;
}

/* The declaration of the type that a get asks: which its attachment names, else the only one of its
 * topic. EDA_ECONFLICT: names none, or there are several; then NULL. EDA_OK with NULL: a key of
 * none. */
static eda_status find_asked(
    edai_node *node, const eda_bus_message *request, const edai_declared **ret_meant)
{
    eda_str type = type_of(node, request);
    const edai_declared *only = NULL;
    uint32_t i;

    *ret_meant = NULL;
    for (i = 0; i < node->declared_count; i++) {
        const edai_declared *declared = &node->declared[i];

        if (!is_asked_on(declared, request->key)) {
            continue;
        }
        if (type.len > 0 && is_named(declared->msg, type)) {
            *ret_meant = declared;
            return EDA_OK;
        }
        if (type.len == 0 && is_key_of(declared, request->key)) {
            if (only != NULL) {
                return EDA_ECONFLICT;
            }
            only = declared;
        }
    }
    *ret_meant = only;
    return type.len > 0 ? EDA_ECONFLICT : EDA_OK;
}

/* The bus asks each declaration of this node that hears the key, and one is to answer: that of the
 * type asked; if another node serves that, or there is none, the first. */
static bool is_to_answer(
    const edai_node *node, const edai_declared *declared, const edai_declared *meant, eda_str key)
{
    const edai_declared *other;

    if (meant != NULL && is_chosen(meant)) {
        return meant == declared;
    }
    for (other = node->declared; other != declared; other++) {
        if (is_asked_on(other, key) && is_chosen(other)) {
            return false;
        }
    }
    return true;
}

static void answer_get(edai_node *node, const edai_msg *msg, const eda_bus_message *request,
    eda_bus_query *query, eda_status status)
{
    const asked by = {.query = query,
        .key = status == EDA_EKEY ? EDA_STR(REFUSED_KEY) : request->key,
        .is_cbor = edai_encoding_of(request->encoding) == EDAI_ENCODING_CBOR};
    eda_problem problem = {.text = ""};
    void *data = NULL;

    edai_bump(&node->counts.seen);
    if (status == EDA_ECONFLICT) {
        say_conflict(node, request, true, &problem);
    } else if (status == EDA_EKEY) {
        say_pattern(&problem);
    } else if (status == EDA_OK) {
        status = edai_topic_fill(
            msg, request->key, request->encoding, request->payload, &data, &problem);
    }
    if (status == EDA_OK) {
        status = ask(node, msg, data, &by);
    }
    edai_free(data);
    if (status != EDA_OK) {
        edai_utf8_tame(problem.text, strlen(problem.text)); /* it may quote what came, cut */
        edai_node_refuse_text(node, request->key, status, problem.text);
        answer_error(node, &by, status,
            eda_str_from(problem.text[0] != '\0' ? problem.text : eda_status_text(status)));
    }
}

void edai_outside_get(edai_node *node, const edai_declared *declared,
    const eda_bus_message *request, eda_bus_query *query)
{
    const edai_declared *meant = NULL;
    eda_status status = eda_topic_check_key(request->key);

    if (status == EDA_OK) {
        status = find_asked(node, request, &meant);
    }
    if (!is_to_answer(node, declared, meant, request->key)) {
        node->driver->answer(node->bus, query, NULL, false);
        return;
    }
    answer_get(node, meant != NULL ? meant->msg : declared->msg, request, query, status);
}

void edai_outside_answer(
    edai_node *node, edai_stranger *stranger, const edai_reply *reply, const void *data)
{
    const eda_value value = {.type = stranger->msg->type->reply, .data = data};
    const asked by = {
        .query = stranger->query, .key = eda_str_from(stranger->key), .is_cbor = stranger->is_cbor};
    eda_bus_message message = {.key = by.key};
    uint8_t *bytes = NULL;
    eda_status status = reply->status;
    eda_str text = {.ptr = data, .len = reply->text_len};

    if (status == EDA_OK) {
        status = encode(value, stranger->is_cbor, &message, &bytes);
        text = eda_str_from(eda_status_text(status));
    }
    if (status == EDA_OK) {
        node->driver->answer(node->bus, stranger->query, &message, false);
    } else {
        answer_error(node, &by, status, text);
    }
    edai_free(bytes);
    edai_free(stranger->key);
    stranger->query = NULL;
}
