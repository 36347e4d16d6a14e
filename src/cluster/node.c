/* node.c - see node.h: making a node, opening its bus, and ending it. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/entropy.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cluster/describe.h"
#include "cluster/namesake.h"
#include "core/publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define RETRY EDA_MS(2)
#define CHOICE EDA_SEC(1)
#define GIVEN_SIZE_MIN ((size_t)128 << 10) /* smaller batches are copied by the bus */
#define REFUSED_LINES_MAX 5u               /* between two regular hellos */

/* --- small things -------------------------------------------------------------------------- */

char *edai_node_key(const edai_node *node, const char *room, const char *id)
{
    size_t size = sizeof("@edacious/v1///") + strlen(node->cluster) + strlen(room) + strlen(id);
    char *key = edai_alloc(size);

    if (key != NULL) {
        (void)snprintf(
            key, size, "@edacious/v1/%s/%s%s%s", node->cluster, room, id[0] != '\0' ? "/" : "", id);
    }
    return key;
}

static void on_retry(edai_worker *gateway, edai_timer *timer)
{
    (void)gateway; /* that a round ends is enough */
    (void)timer;
}

static eda_status end_put(edai_node *node, const eda_bus_message *message, eda_status status)
{
    edai_timers *timers = &node->gateway->timers;

    if (status == EDA_EFULL && node->retry.index == 0 &&
        edai_timers_arm(timers, &node->retry, node->gateway->now + RETRY, on_retry) != EDA_OK) {
        status = EDA_ENOMEM; /* the next hello tries again */
    }
    if (status != EDA_OK && status != EDA_EFULL) {
        edai_node_refuse(node, message->key, status);
    }
    return status;
}

eda_status edai_node_put(edai_node *node, const eda_bus_message *message)
{
    return end_put(
        node, message, node->bus != NULL ? node->driver->put(node->bus, message) : EDA_ECLOSED);
}

eda_status edai_node_put_buffer(edai_node *node, eda_str key, edai_buffer *buffer)
{
    eda_bus_message message = {.key = key};
    eda_bus_piece piece;
    eda_status status;

    if (node->bus == NULL || node->driver->put_pieces == NULL || buffer->size < GIVEN_SIZE_MIN ||
        !edai_given_take(node->given, buffer, &piece)) {
        message.payload = (eda_bytes){.ptr = buffer->bytes, .len = buffer->size};
        return edai_node_put(node, &message);
    }
    status = node->driver->put_pieces(node->bus, &message, &piece, 1);
    if (status != EDA_OK) {
        edai_given_undo(&piece, buffer);
    }
    return end_put(node, &message, status);
}

void edai_node_refuse_text(edai_node *node, eda_str what, eda_status status, const char *text)
{
    edai_bump(&node->counts.refused);
    if (node->refused_lines++ < REFUSED_LINES_MAX) {
        edai_system_log(node->sys, NULL, "refused: %.*s: %s%s%s",
            what.len > 200 ? 200 : (int)what.len, what.ptr, eda_status_name(status),
            text[0] != '\0' ? ": " : "", text);
    }
}

void edai_node_end_refused(edai_node *node)
{
    if (node->refused_lines > REFUSED_LINES_MAX) {
        edai_system_log(node->sys, NULL, "refused: %u more, told by their number alone",
            (unsigned)(node->refused_lines - REFUSED_LINES_MAX));
    }
    node->refused_lines = 0;
}

void edai_node_refuse(edai_node *node, eda_str what, eda_status status)
{
    edai_node_refuse_text(node, what, status, eda_status_text(status));
}

edai_link *edai_node_link(edai_node *node, uint16_t slot)
{
    const edai_member *member;
    char *key;

    if (EDAI_LIKELY(node->links[slot] != NULL)) {
        return node->links[slot];
    }
    member = edai_view_at(node->view, slot);
    if (member == NULL) {
        return NULL;
    }
    key = edai_node_key(node, "in", member->id);
    if (key == NULL) {
        return NULL;
    }
    node->links[slot] = edai_link_new(slot, member->id, key);
    if (node->links[slot] == NULL) {
        edai_free(key);
        return NULL;
    }
    node->links[slot]->serial = ++node->link_serial;
    node->linked[slot / 64] |= UINT64_C(1) << slot % 64;
    return node->links[slot];
}

edai_link *edai_node_unlink(edai_node *node, uint16_t slot)
{
    edai_link *link = node->links[slot];

    node->links[slot] = NULL;
    node->linked[slot / 64] &= ~(UINT64_C(1) << slot % 64);
    return link;
}

void edai_node_mark(edai_node *node, edai_msg *msg)
{
    bool is_heard = edai_node_is_watched(node, msg) && !msg->type->is_inside;

    if (msg->abroad == NULL) {
        return;
    }
    is_heard = is_heard || edai_fars_of(&node->fars, node->sys, msg)->count > 0;
    atomic_store_explicit(&msg->is_heard_abroad, is_heard, memory_order_relaxed);
}

/* A call that travels by itself. */
typedef struct call_block {
    edai_envelope envelope;
    edai_call call;
    void (*fn)(edai_worker *gateway, void *arg);
    edai_node *node;
} call_block;

static void on_call(edai_worker *gateway, void *arg)
{
    call_block block = *(call_block *)arg;

    edai_free(arg);
    block.fn(gateway, block.node);
}

eda_status edai_node_call(edai_node *node, void (*fn)(edai_worker *gateway, void *arg))
{
    call_block *block = edai_alloc(sizeof(*block));

    if (block == NULL) {
        return EDA_ENOMEM;
    }
    block->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    block->call = (edai_call){.fn = on_call, .arg = block};
    block->fn = fn;
    block->node = node;
    edai_worker_post(node->gateway, &block->envelope);
    return EDA_OK;
}

/* --- what the bus's threads hear ------------------------------------------------------------ */

static void hear(edai_node *node, edai_heard_kind kind, const eda_bus_message *message)
{
    const edai_heard heard = {.kind = kind, .message = *message, .given = message};

    (void)edai_intake_hear(&node->intake, &heard);
}

static void on_batch(void *arg, const eda_bus_message *message)
{
    hear(arg, EDAI_HEARD_BATCH, message);
}

static void on_hello(void *arg, const eda_bus_message *message)
{
    hear(arg, EDAI_HEARD_HELLO, message);
}

static void on_token(void *arg, eda_str key, bool is_alive)
{
    edai_node *node = arg;
    const edai_heard heard = {
        .kind = EDAI_HEARD_TOKEN, .message = {.key = key}, .is_alive = is_alive};

    (void)edai_intake_hear(&node->intake, &heard);
}

static void hear_get(
    edai_node *node, edai_heard_kind kind, const eda_bus_message *request, eda_bus_query *query)
{
    const edai_heard heard = {.kind = kind, .message = *request, .query = query};

    if (!edai_intake_hear(&node->intake, &heard)) {
        node->driver->answer(node->bus, query, NULL, false);
    }
}

static void on_ping(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    hear_get(arg, EDAI_HEARD_PING, request, query);
}

static void on_describe(void *arg, const eda_bus_message *request, eda_bus_query *query)
{
    hear_get(arg, EDAI_HEARD_DESCRIBE, request, query);
}

static void on_replaced(void *arg, eda_str text)
{
    const eda_bus_message message = {.key = text};

    hear(arg, EDAI_HEARD_REPLACED, &message);
}

static void on_log(void *arg, eda_str line)
{
    edai_node *node = arg;

    edai_system_log(node->sys, "bus", "%.*s", line.len > 400 ? 400 : (int)line.len, line.ptr);
}

/* --- catalogue and ps ------------------------------------------------------------------------ */

static edai_describe_self self_of(const edai_node *node)
{
    const char *slash = strchr(node->id, '/');

    return (edai_describe_self){.node = {.ptr = node->id, .len = (size_t)(slash - node->id)},
        .inc = eda_str_from(slash + 1),
        .cluster = eda_str_from(node->cluster)};
}

static const char *state_name(const edai_member *member)
{
    static const char *const names[] = {[EDAI_JOINING] = "joining",
        [EDAI_USABLE] = "up",
        [EDAI_SUSPECT] = "suspect",
        [EDAI_LEAVING] = "leaving",
        [EDAI_GONE] = "down"};

    return names[member->is_leaving && member->state == EDAI_SUSPECT ? EDAI_LEAVING
                                                                     : member->state];
}

static size_t fill_nodes(const edai_node *node, edai_ps_node *nodes)
{
    size_t count = 0;
    uint16_t slot;

    for (slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_member *member = edai_view_at(node->view, slot);

        if (member != NULL) {
            const char *slash = strchr(member->id, '/');

            nodes[count++] =
                (edai_ps_node){.node = {.ptr = member->id, .len = (size_t)(slash - member->id)},
                    .inc = eda_str_from(slash + 1),
                    .state = eda_str_from(state_name(member))};
        }
    }
    return count;
}

static size_t fill_links(const edai_node *node, edai_ps_link *links)
{
    size_t count = 0;
    uint16_t slot;

    for (slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_link *link = node->links[slot];

        if (link != NULL) {
            links[count++] = (edai_ps_link){.node = eda_str_from(link->peer),
                .sent = link->written,
                .arrived = link->arrived,
                .lost = link->told_lost,
                .unknown = link->unknown,
                .queued = edai_link_under_way(link)};
        }
    }
    return count;
}

static eda_status describe_ps(edai_node *node, char **ret_json, size_t *ret_len)
{
    const edai_describe_self self = self_of(node);
    const eda_cluster_counts counts = eda_system_cluster(node->sys);
    edai_ps_node *nodes = edai_calloc(EDAI_MEMBERS_MAX, sizeof(*nodes));
    edai_ps_link *links = edai_calloc(EDAI_MEMBERS_MAX, sizeof(*links));
    edai_describe_around around = {
        .uptime_s = (uint64_t)((node->gateway->now - node->started_at) / EDA_SEC(1)),
        .counts = &counts,
        .nodes = nodes,
        .links = links};
    eda_status status = EDA_ENOMEM;

    if (nodes != NULL && links != NULL) {
        around.node_count = fill_nodes(node, nodes);
        around.link_count = fill_links(node, links);
        status = edai_describe_ps(node->sys, &self, &around, ret_json, ret_len);
    }
    edai_free(nodes);
    edai_free(links);
    return status;
}

void edai_node_describe(edai_node *node, const edai_heard *heard)
{
    const edai_describe_self self = self_of(node);
    size_t skip = strlen("@edacious/v1/") + strlen(node->cluster) + 1;
    bool is_ps = heard->message.key.len > skip && heard->message.key.ptr[skip] == 'p';
    eda_bus_message answer = {.encoding = EDA_STR("application/json")};
    char *key = edai_node_key(node, is_ps ? "ps" : "catalogue", node->id);
    char *json = NULL;
    size_t len = 0;
    eda_status status = is_ps ? describe_ps(node, &json, &len)
                              : edai_describe_catalogue(node->sys, &self, &json, &len, NULL);

    if (status == EDA_OK && key != NULL) {
        answer.key = eda_str_from(key);
        answer.payload = (eda_bytes){.ptr = (const uint8_t *)json, .len = len};
    }
    node->driver->answer(
        node->bus, heard->query, status == EDA_OK && key != NULL ? &answer : NULL, false);
    edai_free(json);
    edai_free(key);
}

/* --- opening ------------------------------------------------------------------------------- */

static eda_status open_bus(edai_node *node)
{
    const eda_bus_options options = {.config = node->sys->options.bus_config,
        .replaced = on_replaced,
        .log = on_log,
        .arg = node};
    eda_bus_problem problem = {.text = ""};
    eda_status status = node->driver->open(&options, &node->bus, &problem);

    if (status != EDA_OK) {
        node->bus = NULL;
        return edai_system_fail(node->sys, status, "the bus '%s' cannot be opened: %s",
            node->driver->name, problem.text);
    }
    return EDA_OK;
}

/* In the cluster's room; of one kind each. */
typedef struct room {
    const char *name;
    const char *id;
    eda_bus_put_fn *on_put;
    eda_bus_get_fn *on_get;
    eda_bus_token_fn *on_token;
} room;

static eda_status enter(edai_node *node, const room *what)
{
    const eda_bus_driver *driver = node->driver;
    char *key = edai_node_key(node, what->name, what->id);
    eda_str pattern = key != NULL ? eda_str_from(key) : (eda_str){.len = 0};
    uint64_t *id = &node->own_ids[node->own_count];
    eda_status status = EDA_ENOMEM;

    if (key != NULL && what->on_put != NULL) {
        status = driver->subscribe(node->bus, pattern, what->on_put, node, id);
    } else if (key != NULL && what->on_get != NULL) {
        status = driver->serve(node->bus, pattern, what->on_get, node, id);
    } else if (key != NULL && what->on_token != NULL) {
        status = driver->watch(node->bus, pattern, what->on_token, node, id);
    } else if (key != NULL) {
        status = driver->token(node->bus, pattern, id);
    }
    if (status == EDA_OK) {
        node->own_count++;
    } else {
        (void)edai_system_fail(node->sys, status, "the bus refuses %s: %s",
            key != NULL ? key : what->name, eda_status_text(status));
    }
    edai_free(key);
    return status;
}

static eda_status index_msgs(edai_node *node)
{
    edai_msg *msg;

    for (msg = node->sys->first_msg; msg != NULL; msg = msg->next) {
        EDA_TRY(edai_names_add(
            &node->msg_names, edai_hash_bytes(msg->type->name, strlen(msg->type->name)), msg));
    }
    return EDA_OK;
}

static eda_status hash_hosted(edai_node *node)
{
    const edai_describe_self self = self_of(node);
    char *json = NULL;
    size_t len = 0;
    eda_status status = edai_describe_catalogue(node->sys, &self, &json, &len, &node->hosts);

    edai_free(json);
    return status;
}

eda_status edai_node_enter(edai_node *node)
{
    const room rooms[] = {{.name = "in", .id = node->id, .on_put = on_batch},
        {.name = "ping", .id = node->id, .on_get = on_ping},
        {.name = "catalogue", .id = node->id, .on_get = on_describe},
        {.name = "ps", .id = node->id, .on_get = on_describe},
        {.name = "hb", .id = "", .on_put = on_hello},
        {.name = "live", .id = "**", .on_token = on_token}};
    size_t i;

    for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
        EDA_TRY(enter(node, &rooms[i]));
    }
    return EDA_OK;
}

eda_status edai_node_show(edai_node *node)
{
    const room token = {.name = "live", .id = node->id};

    return enter(node, &token);
}

void edai_node_withdraw(edai_node *node)
{
    while (node->own_count > 0) {
        node->own_count--;
        node->driver->drop(node->bus, node->own_ids[node->own_count]);
    }
}

static eda_status node_open(edai_abroad *abroad)
{
    edai_node *node = edai_node_of(abroad);
    eda_system *sys = node->sys;

    node->gateway = &sys->workers[sys->gateway];
    node->started_at = edai_system_now(sys);
    node->watched = edai_calloc(sys->msg_count + 1u, sizeof(*node->watched));
    if (node->watched == NULL) {
        return EDA_ENOMEM;
    }
    EDA_TRY(index_msgs(node));
    EDA_TRY(hash_hosted(node));
    EDA_TRY(edai_outside_prepare(node));
    EDA_TRY(edai_moves_open(node));
    edai_spread_resolve(node);
    edai_intake_open(&node->intake, node);
    EDA_TRY(open_bus(node));
    EDA_TRY(edai_namesake_look(node));
    return edai_node_enter(node);
}

/* --- starting ------------------------------------------------------------------------------ */

static void on_admitted_call(edai_worker *gateway, void *arg)
{
    edai_node *node = arg;

    (void)gateway;
    atomic_store_explicit(&node->is_settling, false, memory_order_release);
    edai_arrive_settle(node);
}

/* On the worker that admitted the last one; at most one such call is under way. */
static void on_admitted(edai_client *client)
{
    edai_node *node = edai_node_of(client->ctx.sys->abroad);

    if (!atomic_exchange_explicit(&node->is_settling, true, memory_order_acq_rel)) {
        node->settle_call.envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
        node->settle_call.call = (edai_call){.fn = on_admitted_call, .arg = node};
        edai_worker_post(node->gateway, &node->settle_call.envelope);
    }
}

static void on_begin(edai_worker *gateway, void *arg)
{
    edai_node *node = arg;

    if (!node->is_ending) {
        node->held = node->held_client;
        node->gateway->now = edai_system_now(gateway->sys);
        edai_member_begin(node);
    }
}

/* Until it is known which outsiders' requests this node serves; nodes that are found and say no
 * more are not waited for. */
static void wait_for_choice(edai_node *node)
{
    const edai_port *port = node->sys->port;
    int64_t deadline = edai_system_now(node->sys) + CHOICE;

    while (!atomic_load(&node->has_chosen) && edai_system_now(node->sys) < deadline) {
        port->park(port->self, &node->starter, deadline);
    }
}

static eda_status node_start(edai_abroad *abroad)
{
    edai_node *node = edai_node_of(abroad);
    const edai_port *port = node->sys->port;
    eda_ctx *held = NULL;

    EDA_TRY(eda_client_new(node->sys, &held));
    node->held_client = (edai_client *)held;
    node->held_client->admitted = on_admitted;
    EDA_TRY(edai_node_call(node, on_begin));
    while (!atomic_load(&node->is_known)) { /* the round of pings has its own deadline */
        port->park(port->self, &node->starter, EDAI_NO_DEADLINE);
    }
    EDA_TRY(edai_namesake_check(node));
    wait_for_choice(node);
    EDA_TRY(edai_outside_open(node));
    EDA_TRY(edai_node_show(node));
    return edai_clerk_begin(node);
}

/* --- ending -------------------------------------------------------------------------------- */

void edai_node_end_links(edai_node *node)
{
    edai_link *link;
    uint32_t slot = 0;

    while ((link = edai_node_next_link(node, &slot)) != NULL) {
        (void)edai_node_unlink(node, (uint16_t)slot);
        edai_spread_cut(node, link);
        edai_link_free(link);
    }
}

static void node_end(edai_abroad *abroad, edai_worker *gateway)
{
    edai_node *node = edai_node_of(abroad);
    edai_stranger *stranger;

    if (node->is_ending) {
        return;
    }
    node->is_ending = true;
    edai_timers_disarm(&gateway->timers, &node->tick);
    edai_timers_disarm(&gateway->timers, &node->retry);
    edai_timers_disarm(&gateway->timers, &node->idle.again);
    edai_move_stop(node);
    edai_node_end_links(node);
    edai_spread_take_all(node, &node->stranded);
    while ((stranger = edai_strangers_take_any(&node->strangers)) != NULL) {
        if (stranger->query != NULL) {
            node->driver->answer(node->bus, stranger->query, NULL, false);
        }
        edai_free(stranger->key);
        edai_free(stranger);
    }
}

static void node_close(edai_abroad *abroad)
{
    edai_node *node = edai_node_of(abroad);

    edai_clerk_end(node);
    edai_intake_close(&node->intake);
    if (node->bus != NULL) {
        node->driver->close(node->bus);
        node->bus = NULL;
    }
    if (node->held_client != NULL) {
        node->held_client->admitted = NULL;
        eda_client_free(&node->held_client->ctx);
        node->held_client = NULL;
    }
}

static void node_free(edai_abroad *abroad)
{
    edai_node *node = edai_node_of(abroad);

    node_close(abroad);
    edai_fars_fini(&node->fars);
    edai_entries_fini(&node->pending);
    edai_entries_fini(&node->strangers);
    edai_names_fini(&node->msg_names);
    edai_buffer_fini(&node->scratch);
    edai_buffer_fini(&node->shown_attachment);
    edai_moves_fini(node);
    edai_intake_fini(&node->intake);
    edai_given_stock_free(node->given);
    edai_free(node->decoded.block);
    edai_view_free(node->view);
    edai_mutex_fini(&node->mutex);
    edai_clerk_fini(&node->clerk);
    edai_parker_fini(&node->starter.parker);
    edai_free(node->watched);
    edai_free(node->declared);
    edai_free(node->cluster);
    edai_free(node->hello_key);
    edai_free(node->live_prefix);
    edai_free(node);
}

/* --- making -------------------------------------------------------------------------------- */

static void node_end_round(edai_abroad *abroad, edai_worker *gateway)
{
    edai_node *node = edai_node_of(abroad);

    (void)gateway;
    if (node->is_ending || node->bus == NULL) {
        return;
    }
    edai_member_end_round(node);
    edai_spread_take_all(node, &node->stranded);
    edai_arrive_acks(node);
    edai_spread_flush(node);
}

static bool is_chunk(const char *text)
{
    eda_str chunk = eda_str_from(text);

    return chunk.len > 0 && chunk.len <= EDAI_WIRE_NODE_LEN_MAX && chunk.ptr[0] != '@' &&
           memchr(chunk.ptr, '/', chunk.len) == NULL && eda_topic_check_key(chunk) == EDA_OK;
}

static eda_status check_names(eda_system *sys)
{
    if (!is_chunk(sys->name)) {
        return edai_system_fail(sys, EDA_EINVAL,
            "'%.100s' cannot name a node: 1 to 255 bytes, none of / * $ # ?, no leading @",
            sys->name);
    }
    if (!is_chunk(sys->options.cluster)) {
        return edai_system_fail(sys, EDA_EINVAL,
            "'%.100s' cannot name a cluster: 1 to 255 bytes, none of / * $ # ?, no leading @",
            sys->options.cluster);
    }
    return EDA_OK;
}

static eda_status check_saves(eda_system *sys)
{
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        const edai_actor_type *type = sys->actors[i];

        if (type->has_saves && type->actor->options.scope == EDA_SCOPE_CLUSTER &&
            !sys->options.is_unfenced && sys->store != NULL && !sys->store->is_shared) {
            return edai_system_fail(sys, EDA_EMISSING,
                "actor '%s' saves, and on several nodes that needs a store that all share: give "
                "one, declare scope(node), or set .is_unfenced (of the stock main: --unfenced). "
                "Then two nodes may hold one actor for a moment. And what it saved is in its "
                "node's store alone, and gone with that",
                type->actor->name);
        }
    }
    return EDA_OK;
}

static bool answers(const eda_actor *actor)
{
    const eda_handler *handler;

    for (handler = actor->handlers; handler->fn != NULL; handler++) {
        if (handler->answers) {
            return true;
        }
    }
    return false;
}

static eda_status place_types(edai_node *node)
{
    eda_system *sys = node->sys;
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        edai_actor_type *type = sys->actors[i];
        edai_place *place;

        if (type->actor->options.scope == EDA_SCOPE_CLUSTER || answers(type->actor)) {
            EDA_TRY(edai_view_host(node->view, eda_str_from(type->actor->name)));
        }
        if (type->actor->options.scope != EDA_SCOPE_CLUSTER) {
            continue;
        }
        place = edai_view_place(node->view, eda_str_from(type->actor->name));
        if (place == NULL) {
            return EDA_ENOMEM;
        }
        type->owners = place->owner;
    }
    return EDA_OK;
}

void edai_node_draw_inc(edai_node *node)
{
    uint64_t inc = 0;

    if (!edai_entropy(&inc, sizeof(inc))) {
        inc = edai_hash_u64((uint64_t)node->sys->port->wall(node->sys->port->self));
    }
    (void)snprintf(node->id, sizeof(node->id), "%s/%016" PRIx64, node->sys->name, inc);
    node->shown_msg = NULL; /* it says whose it is */
}

static eda_status name_node(edai_node *node)
{
    char *prefix;

    edai_node_draw_inc(node);
    node->cluster = edai_alloc(strlen(node->sys->options.cluster) + 1);
    if (node->cluster == NULL) {
        return EDA_ENOMEM;
    }
    memcpy(node->cluster, node->sys->options.cluster, strlen(node->sys->options.cluster) + 1);
    node->hello_key = edai_node_key(node, "hb", "");
    prefix = edai_node_key(node, "live", "x");
    if (prefix != NULL) {
        prefix[strlen(prefix) - 1] = '\0';
    }
    node->live_prefix = prefix;
    return node->hello_key != NULL && prefix != NULL ? EDA_OK : EDA_ENOMEM;
}

static eda_status find_driver(edai_node *node)
{
    eda_system *sys = node->sys;
    eda_bus_problem problem = {.text = ""};
    eda_status status = EDA_OK;

    node->driver = sys->options.bus_driver;
    if (node->driver == NULL) {
        status = eda_bus_find(sys->options.bus, &node->driver, &problem);
    } else if (node->driver->struct_size != sizeof(*node->driver) ||
               node->driver->version != EDA_BUS_VERSION) {
        return edai_system_fail(sys, EDA_EINVAL,
            "the bus driver was built for another version of edacious: build it anew");
    }
    return status == EDA_OK ? EDA_OK : edai_system_fail(sys, status, "%s", problem.text);
}

static eda_status fill(edai_node *node)
{
    const edai_view_events events = edai_member_events(node);

    EDA_TRY(check_names(node->sys));
    EDA_TRY(check_saves(node->sys));
    EDA_TRY(find_driver(node));
    EDA_TRY(name_node(node));
    EDA_TRY(edai_view_new(edai_node_id(node), &events, &node->view));
    if (node->sys->suspect_ms != 0) {
        edai_view_suspect_after(node->view, node->sys->suspect_ms);
    }
    node->given = edai_given_stock_new();
    return node->given != NULL ? place_types(node) : EDA_ENOMEM;
}

eda_status edai_abroad_new(eda_system *sys, edai_abroad **ret_abroad)
{
    edai_node *node = edai_calloc(1, sizeof(*node));
    eda_status status;

    if (node == NULL) {
        return EDA_ENOMEM;
    }
    node->abroad = (edai_abroad){.open = node_open,
        .start = node_start,
        .leave = edai_leave,
        .close = node_close,
        .free = node_free,
        .take = edai_spread_take,
        .answered = edai_arrive_answered,
        .end_round = node_end_round,
        .end = node_end};
    node->sys = sys;
    edai_mutex_init(&node->mutex);
    edai_intake_init(&node->intake);
    edai_clerk_init(&node->clerk);
    edai_parker_init(&node->starter.parker);
    status = fill(node);
    if (status != EDA_OK) {
        node_free(&node->abroad);
        return status;
    }
    *ret_abroad = &node->abroad;
    return EDA_OK;
}
