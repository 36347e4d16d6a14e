/* member.c - who is there: what this node tells of itself, and what it hears of others. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cluster/describe.h"
#include "cluster/namesake.h"
#include "core/publish.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A node that is there answers within this; then it is asked again. */
#define ASK_MS 1000u

/* --- the hello ----------------------------------------------------------------------------- */

/* Partitions with an activation here. */
static void fill_held(const edai_node *node, const edai_actor_type *type, edai_wire_held *held)
{
    uint32_t i;

    *held = (edai_wire_held){.actor = eda_str_from(type->actor->name)};
    for (i = 0; i < EDAI_PARTITIONS; i++) {
        if (atomic_load_explicit(&type->live_at[i], memory_order_relaxed) > 0) {
            held->bits[i / 8] = (uint8_t)(held->bits[i / 8] | 1u << i % 8);
        }
    }
    edai_move_hold(node, type, held->bits);
}

static bool holds_any(const edai_wire_held *held)
{
    static const uint8_t none[EDAI_PARTITIONS / 8];

    return memcmp(held->bits, none, sizeof(none)) != 0;
}

static uint32_t fill_all_held(edai_node *node, edai_wire_held *held)
{
    eda_system *sys = node->sys;
    uint32_t count = 0;
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        const edai_actor_type *type = sys->actors[i];

        if (type->live_at == NULL || count == EDAI_WIRE_HELD_MAX) {
            continue;
        }
        fill_held(node, type, &held[count]);
        count += holds_any(&held[count]) ? 1 : 0;
    }
    return count;
}

/* What lives here stays here. */
void edai_member_hold(edai_node *node)
{
    eda_system *sys = node->sys;
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        edai_wire_held held;
        const edai_place *place;

        if (sys->actors[i]->live_at != NULL) {
            fill_held(node, sys->actors[i], &held);
            place = edai_view_place(node->view, held.actor);
            edai_view_hold(node->view, place, held.bits);
        }
    }
}

/* What was told by acks: if one is lost on the way, this makes up for it, and it does not tell
 * before its time what is held back. */
static uint32_t fill_links(const edai_node *node, edai_wire_link *links)
{
    uint32_t count = 0;
    uint32_t i;

    for (i = 0; i < EDAI_MEMBERS_MAX; i++) {
        const edai_link *link = node->links[i];

        if (link != NULL && link->acked_arrived + link->acked_missed > 0 &&
            count < EDAI_WIRE_LINKS_MAX) {
            links[count++] = (edai_wire_link){.peer = eda_str_from(link->peer),
                .arrived = link->acked_arrived,
                .lost = link->acked_missed};
        }
    }
    return count;
}

static bool is_usable(const edai_member *member)
{
    return (member->state == EDAI_USABLE || member->state == EDAI_SUSPECT) && !member->is_leaving;
}

/* Another number until what this node does because of them is done. */
static uint64_t hash_of_members(const edai_node *node)
{
    uint64_t sum = edai_node_is_settled(node) ? 0 : 1;
    uint16_t slot;

    sum += node->is_ready && !node->is_leaving ? edai_hash_bytes(node->id, strlen(node->id)) : 0;
    for (slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_member *member = edai_view_at(node->view, slot);

        if (member != NULL && is_usable(member)) {
            sum += edai_hash_bytes(member->id, strlen(member->id));
        }
    }
    return sum;
}

eda_bytes edai_member_hello(edai_node *node)
{
    const char *slash = strchr(node->id, '/');
    edai_hello hello = {.node = {.ptr = node->id, .len = (size_t)(slash - node->id)},
        .inc = eda_str_from(slash + 1),
        .view = edai_view_number(node->view),
        .members = hash_of_members(node),
        .is_leaving = node->is_leaving,
        .actors = node->hosts,
        .is_idle = edai_system_is_idle(node->sys),
        .sent = atomic_load_explicit(&node->counts.sent, memory_order_relaxed),
        .arrived = atomic_load_explicit(&node->counts.arrived, memory_order_relaxed),
        .links = node->hello_links,
        .held = node->hello_held};

    hello.link_count = fill_links(node, hello.links);
    hello.held_count = fill_all_held(node, hello.held);
    edai_buffer_clear(&node->scratch);
    edai_wire_hello(&node->scratch, &hello);
    if (node->scratch.is_broken) {
        return (eda_bytes){.len = 0};
    }
    return (eda_bytes){.ptr = node->scratch.bytes, .len = node->scratch.size};
}

static void send_hello(edai_node *node)
{
    eda_bus_message message = {.key = eda_str_from(node->hello_key),
        .encoding = EDA_STR("application/cbor"),
        .is_urgent = true};

    node->is_hello_due = false;
    edai_member_hold(node);
    message.payload = edai_member_hello(node);
    if (message.payload.len > 0) {
        (void)edai_node_put(node, &message);
    }
}

/* --- what the view wants -------------------------------------------------------------------- */

/* A get of ours that is under way; comes back as what was heard. Its end takes no memory: somebody
 * waits for it. */
typedef struct asking {
    edai_envelope envelope; /* of the end */
    edai_call call;         /* directly behind it: its body */
    edai_node *node;
    edai_heard_kind kind;
    uint64_t number;
    bool was_answered;
    eda_status end;
    char id[EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 2]; /* whom; empty: all */
} asking;

_Static_assert(offsetof(asking, call) == sizeof(edai_envelope), "the call is the envelope's body");

static void on_ended(edai_worker *gateway, void *arg)
{
    asking *self = arg;
    const edai_heard heard = {.kind = self->kind,
        .number = self->number,
        .is_end = true,
        .end = self->end,
        .is_alive = self->was_answered,
        .message.key = eda_str_from(self->id)};

    (void)gateway;
    if (!self->node->is_ending && edai_intake_is_open(&self->node->intake)) {
        edai_member_heard(self->node, &heard);
    }
    edai_free(self);
}

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    asking *self = arg;
    edai_heard heard = {.kind = self->kind, .number = self->number};

    if (answer != NULL && !is_error) {
        heard.message = *answer;
        self->was_answered = true;
        (void)edai_intake_hear(&self->node->intake, &heard);
    }
    if (answer != NULL) {
        return;
    }
    if (!edai_intake_is_open(&self->node->intake)) {
        edai_free(self);
        return;
    }
    self->end = end;
    self->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    self->call = (edai_call){.fn = on_ended, .arg = self};
    edai_worker_post(self->node->gateway, &self->envelope);
}

/* Of one node, or all: `id` NULL. With number 0 the end tells nothing but whether it is served. */
static eda_status ask(
    edai_node *node, edai_heard_kind kind, uint64_t number, const char *id, eda_bytes payload)
{
    asking *self = edai_calloc(1, sizeof(*self));
    char *key =
        edai_node_key(node, kind == EDAI_HEARD_PONG ? "ping" : "catalogue", id != NULL ? id : "**");
    eda_bus_message request = {.payload = payload};
    eda_status status = EDA_ENOMEM;

    if (self != NULL && key != NULL) {
        *self = (asking){.node = node, .kind = kind, .number = number};
        (void)snprintf(self->id, sizeof(self->id), "%s", id != NULL ? id : "");
        request.key = eda_str_from(key);
        status = node->driver->get(node->bus, &request, id == NULL, ASK_MS, on_answer, self);
    }
    edai_free(key);
    if (status != EDA_OK) {
        edai_free(self);
    }
    return status;
}

/* What fails is wanted again. */
static void want_ping(void *arg, const edai_member *member)
{
    (void)ask(arg, EDAI_HEARD_PONG, 0, member->id, edai_member_hello(arg));
}

static void want_catalogue(void *arg, const edai_member *member)
{
    (void)ask(arg, EDAI_HEARD_CATALOGUE, 0, member->id, (eda_bytes){.len = 0});
}

/* Whoever leaves is not heard of at the end: that is what it said, and no news. */
static eda_node_state shown_state(const edai_member *member)
{
    switch (member->state) {
    case EDAI_USABLE:
        return EDA_NODE_UP;
    case EDAI_SUSPECT:
        return member->is_leaving ? EDA_NODE_LEAVING : EDA_NODE_SUSPECT;
    case EDAI_LEAVING:
        return EDA_NODE_LEAVING;
    case EDAI_JOINING:
    case EDAI_GONE:
        break;
    }
    return EDA_NODE_DOWN;
}

static void publish_change(edai_node *node, const edai_member *member)
{
    const char *slash = strchr(member->id, '/');
    const edai_msg *msg = edai_contract_msg(node->sys, &eda_type_eda_node_change);
    const eda_node_change change = {
        .node = {.ptr = member->id, .len = (size_t)(slash - member->id)},
        .incarnation = eda_str_from(slash + 1),
        .state = shown_state(member),
        .nodes = edai_view_usable_count(node->view)};

    if (msg != NULL) {
        edai_publish_system(node->gateway, msg, &change);
    }
}

static void log_change(edai_node *node, const edai_member *member, edai_member_state before)
{
    static const char *const names[] = {[EDA_NODE_UP] = "is up",
        [EDA_NODE_SUSPECT] = "is not heard of",
        [EDA_NODE_LEAVING] = "is leaving",
        [EDA_NODE_DOWN] = "is gone"};
    const uint32_t count = edai_view_usable_count(node->view);

    edai_system_log(node->sys, NULL, "node %s %s; %u node%s", member->id,
        names[shown_state(member)], count, count == 1 ? "" : "s");
    if (before == EDAI_JOINING && edai_namesake_is(node, eda_str_from(member->id))) {
        edai_system_log(node->sys, NULL,
            "node %s has this node's name: give each its own (eda_options.name)", member->id);
    }
}

static void on_changed(void *arg, const edai_member *member, edai_member_state before)
{
    edai_node *node = arg;

    edai_node_tell(node);
    node->is_choice_due = true;
    if (member->state == EDAI_GONE && node->links[member->slot] != NULL) {
        edai_link *link = node->links[member->slot];

        (void)edai_node_unlink(node, member->slot);
        edai_spread_cut(node, link);
        edai_link_free(link);
    }
    if (member->state == EDAI_JOINING || (member->state == EDAI_GONE && before == EDAI_JOINING)) {
        return; /* nobody saw it yet */
    }
    if (shown_state(member) == node->told[member->slot]) {
        return;
    }
    if (before == EDAI_JOINING) {
        node->met = member->slot;
    }
    node->told[member->slot] = member->state == EDAI_GONE ? 0 : shown_state(member);
    log_change(node, member, before);
    publish_change(node, member);
}

static void on_placed(void *arg)
{
    edai_node *node = arg;

    edai_spread_resolve(node);
    node->is_choice_due = true;
}

edai_view_events edai_member_events(edai_node *node)
{
    return (edai_view_events){.arg = node,
        .ping = want_ping,
        .catalogue = want_catalogue,
        .changed = on_changed,
        .placed = on_placed};
}

eda_status edai_member_link(edai_node *node, eda_str id, edai_link **ret_link)
{
    const edai_member *member = edai_view_find(node->view, id);

    if (member == NULL) {
        EDA_TRY(edai_view_token(node->view, id, true, node->gateway->now));
        member = edai_view_find(node->view, id);
    }
    if (member == NULL) {
        return EDA_EINVAL; /* this node itself */
    }
    *ret_link = edai_node_link(node, member->slot);
    return *ret_link != NULL ? EDA_OK : EDA_ENOMEM;
}

/* --- what is heard ------------------------------------------------------------------------- */

static void take_links(edai_node *node, const edai_hello *hello, eda_str id)
{
    const edai_member *member = edai_view_find(node->view, id);
    edai_link *link = member != NULL ? node->links[member->slot] : NULL;
    uint32_t i;

    for (i = 0; link != NULL && i < hello->link_count; i++) {
        if (eda_str_equal(hello->links[i].peer, edai_node_id(node))) {
            edai_spread_acked(node, link, hello->links[i].arrived, hello->links[i].lost);
        }
    }
}

/* A hello by itself, in a ping, or as an answer to ours. */
static void take_hello(edai_node *node, eda_bytes bytes, bool is_pong, uint64_t number)
{
    edai_hello hello = {.links = node->heard_links, .held = node->heard_held};
    char id[sizeof(node->id)];
    eda_status status = edai_wire_read_hello(bytes, &hello);

    if (status == EDA_OK) {
        (void)snprintf(
            id, sizeof(id), "%.*s/%.*s", EDA_STR_ARG(hello.node), EDA_STR_ARG(hello.inc));
        if (strcmp(id, node->id) == 0) {
            return;
        }
        status = is_pong ? edai_view_pong(node->view, &hello, node->gateway->now)
                         : edai_view_hello(node->view, &hello, node->gateway->now);
    }
    if (status == EDA_ESTALE) {
        edai_arrive_tell_dead(node, eda_str_from(id));
        return;
    }
    if (status != EDA_OK) {
        edai_node_refuse(node, EDA_STR("a hello"), status);
        return;
    }
    if (is_pong && number != 0 && number == node->first_round && !atomic_load(&node->is_known)) {
        edai_namesake_note(node, &hello);
    }
    take_links(node, &hello, eda_str_from(id));
    edai_wait_heard(node, &hello, eda_str_from(id), is_pong ? number : 0);
}

static void take_token(edai_node *node, const edai_heard *heard)
{
    eda_str key = heard->message.key;
    size_t skip = strlen(node->live_prefix);
    eda_str id;

    if (key.len <= skip) {
        return;
    }
    id = (eda_str){.ptr = key.ptr + skip, .len = key.len - skip};
    eda_status status = edai_view_token(node->view, id, heard->is_alive, node->gateway->now);

    if (status == EDA_ESTALE && heard->is_alive) {
        edai_arrive_tell_dead(node, id);
    } else if (status != EDA_OK && status != EDA_ESTALE) {
        edai_node_refuse(node, id, status);
    }
}

static bool answers(const edai_catalogue_actor *actor)
{
    size_t i;

    for (i = 0; i < actor->handles.len; i++) {
        if (actor->handles.items[i].answers) {
            return true;
        }
    }
    return false;
}

/* Names of what it hosts, to be placed. */
static eda_status learn(edai_node *node, const edai_catalogue *catalogue, eda_str id)
{
    eda_str *names = edai_calloc(catalogue->actors.len + 1, sizeof(*names));
    eda_status status = EDA_OK;
    uint32_t count = 0;
    size_t i;

    if (names == NULL) {
        return EDA_ENOMEM;
    }
    for (i = 0; i < catalogue->actors.len && status == EDA_OK; i++) {
        const edai_catalogue_actor *actor = &catalogue->actors.items[i];

        if (actor->scope == EDAI_CATALOGUE_CLUSTER) {
            names[count++] = actor->name;
            status = edai_fars_learn(&node->fars, node->view, actor);
        } else if (answers(actor)) {
            names[count++] = actor->name; /* to choose who serves its requests */
        }
    }
    if (status == EDA_OK) {
        status = edai_view_catalogued(node->view, id, edai_catalogue_hash(catalogue), names, count);
    }
    edai_free(names);
    return status;
}

static void take_catalogue(edai_node *node, eda_bytes json)
{
    edai_catalogue *catalogue = NULL;
    eda_problem problem = {.text = ""};
    char id[sizeof(node->id)];
    eda_status status = edai_catalogue_read(json, &catalogue, &problem);

    if (status == EDA_OK) {
        if (catalogue->node.len > EDAI_WIRE_NODE_LEN_MAX ||
            catalogue->inc.len != EDAI_WIRE_INC_LEN) {
            status = EDA_EINVAL;
        } else {
            (void)snprintf(id, sizeof(id), "%.*s/%.*s", EDA_STR_ARG(catalogue->node),
                EDA_STR_ARG(catalogue->inc));
            status = learn(node, catalogue, eda_str_from(id));
        }
    }
    if (status != EDA_OK) {
        edai_node_refuse_text(node, EDA_STR("a catalogue"), status, problem.text);
    }
    edai_free(catalogue);
    edai_spread_resolve(node);
}

/* Not an incarnation before this one, which it was on its way to. */
static bool is_asked(eda_str pattern, const char *key)
{
    return memchr(pattern.ptr, '*', pattern.len) != NULL ||
           eda_str_equal(pattern, eda_str_from(key));
}

/* Those who are being found are waited for the first time, so that no node that joins takes itself
 * for the only one. */
static void choose(edai_node *node)
{
    uint16_t slot;

    if (!node->is_choice_due || !node->is_ready || !atomic_load(&node->is_known)) {
        return;
    }
    for (slot = 1; slot < EDAI_MEMBERS_MAX && !atomic_load(&node->has_chosen); slot++) {
        const edai_member *member = edai_view_at(node->view, slot);

        if (member != NULL && member->state == EDAI_JOINING) {
            return;
        }
    }
    node->is_choice_due = false;
    edai_outside_choose(node);
    if (!atomic_exchange(&node->has_chosen, true)) {
        node->sys->port->wake(node->sys->port->self, &node->starter);
    }
}

static void answer_ping(edai_node *node, const edai_heard *heard)
{
    char *key = edai_node_key(node, "ping", node->id); /* what was asked for may be a pattern */
    eda_bus_message answer = {.encoding = EDA_STR("application/cbor")};
    const bool is_mine = key != NULL && is_asked(heard->message.key, key);

    if (heard->message.payload.len > 0) {
        take_hello(node, heard->message.payload, false, 0);
    }
    choose(node); /* so that the hello does not agree to what is not done */
    answer.payload = edai_member_hello(node);
    answer.key = key != NULL ? eda_str_from(key) : answer.key;
    node->driver->answer(node->bus, heard->query,
        node->is_ready && !node->is_entering && is_mine && answer.payload.len > 0 ? &answer : NULL,
        false);
    edai_free(key);
}

/* Of one node. Nobody serves it any more: its process is gone, though its host lives. */
static void end_ping(edai_node *node, const edai_heard *heard)
{
    if (!heard->is_alive && heard->end == EDA_OK) {
        edai_view_unserved(node->view, heard->message.key, node->gateway->now);
    }
}

void edai_member_heard(edai_node *node, const edai_heard *heard)
{
    const eda_bus_message *message = &heard->message;

    node->is_tick_due = node->is_tick_due || heard->kind < EDAI_HEARD_DESCRIBE;
    edai_arrival_begin(node->gateway);

    switch (heard->kind) {
    case EDAI_HEARD_BATCH:
        edai_arrive_batch(node, message->key, message->payload, heard->backing);
        break;
    case EDAI_HEARD_HELLO:
        take_hello(node, message->payload, false, 0);
        break;
    case EDAI_HEARD_TOKEN:
        take_token(node, heard);
        break;
    case EDAI_HEARD_PING:
        answer_ping(node, heard);
        break;
    case EDAI_HEARD_PONG:
        if (heard->is_end && message->key.len > 0) {
            end_ping(node, heard);
        } else if (heard->is_end) {
            edai_wait_round_ended(node, heard->number);
        } else {
            take_hello(node, message->payload, true, heard->number);
        }
        break;
    case EDAI_HEARD_CATALOGUE:
        if (!heard->is_end) {
            take_catalogue(node, message->payload);
        }
        break;
    case EDAI_HEARD_DESCRIBE:
        edai_node_describe(node, heard);
        break;
    case EDAI_HEARD_PUT:
        edai_outside_put(node, heard->of, message);
        break;
    case EDAI_HEARD_GET:
        edai_outside_get(node, heard->of, message, heard->query);
        break;
    case EDAI_HEARD_UNWATCHED:
        EDA_ASSERT(heard->of != NULL, "it says whom nobody watches");
        edai_node_mark(node, edai_contract_own(node->sys, ((const edai_msg *)heard->of)->id));
        break;
    case EDAI_HEARD_REPLACED:
        edai_system_log(
            node->sys, NULL, "the bus's session was replaced: %.*s", EDA_STR_ARG(message->key));
        edai_node_tell(node);
        break;
    }
    edai_meet_look(node);
}

/* --- time ---------------------------------------------------------------------------------- */

/* At the end of the round: what waits to be read is heard first. */
static void on_tick(edai_worker *gateway, edai_timer *timer)
{
    (void)gateway;
    ((edai_node *)(void *)((char *)timer - offsetof(edai_node, tick)))->is_tick_due = true;
}

static void arm(edai_node *node, int64_t due)
{
    edai_timers *timers = &node->gateway->timers;

    edai_timers_disarm(timers, &node->tick);
    if (edai_timers_arm(timers, &node->tick, due, on_tick) != EDA_OK) {
        edai_system_log(node->sys, NULL, "out of memory: this node says no more of itself");
    }
}

/* Requests whose asker has given up. */
static void sweep(edai_node *node)
{
    uint32_t at = 0;
    edai_sent *sent;

    while ((sent = edai_pending_take_late(&node->pending, node->gateway->now, &at)) != NULL) {
        edai_arrive_end(
            node, sent, EDA_ETIMEOUT, EDA_STR("no reply in time"), (eda_bytes){.len = 0});
    }
}

static void tick(edai_node *node)
{
    int64_t now = node->gateway->now;
    int64_t due = edai_view_tick(node->view, now);

    node->is_tick_due = false;
    if (now >= node->hello_at + EDA_MS(EDAI_HELLO_MS) - EDA_MS(1)) {
        node->hello_at = now;
        edai_node_end_refused(node);
        sweep(node);
        if (node->is_unresolved) {
            edai_spread_resolve(node);
        }
        edai_leave_strays(node);
        edai_move_consider(node);
        edai_spread_probe(node);
        edai_node_tell(node);
    }
    if (node->hello_at + EDA_MS(EDAI_HELLO_MS) < due) {
        due = node->hello_at + EDA_MS(EDAI_HELLO_MS);
    }
    arm(node, due);
}

/* The others have given its actors away: nothing of the old incarnation goes on. */
static void rejoin(edai_node *node)
{
    uint64_t count;

    edai_move_stop(node);
    edai_node_end_links(node);
    count = edai_leave_all(node);
    atomic_fetch_add(&node->counts.given_up, count);
    edai_system_log(node->sys, NULL,
        "the other nodes took %s for dead: it begins anew; actors given up: %" PRIu64, node->id,
        count);
    memset(node->seen_members, 0, sizeof(node->seen_members));
    edai_node_draw_inc(node);
    edai_view_rename(node->view, edai_node_id(node));
    node->is_dead = false;
    node->is_entering = true;
    edai_clerk_enter(node);
}

void edai_member_entered(edai_node *node)
{
    node->is_entering = false;
    node->is_choice_due = true;
    edai_node_tell(node);
}

void edai_member_served(edai_node *node)
{
    edai_node_tell(node);
}

void edai_member_end_round(edai_node *node)
{
    uint64_t number;

    if (node->is_dead && node->is_ready && !node->is_leaving && !node->is_entering) {
        rejoin(node);
    }
    if (node->is_tick_due && node->is_ready) {
        tick(node);
    }
    number = edai_view_number(node->view);
    if (number != node->members_at) {
        node->members_at = number;
        edai_node_tell(node);
    }
    choose(node);
    if (node->is_hello_due && node->is_ready && !node->is_entering) {
        node->members = hash_of_members(node);
        send_hello(node);
        edai_wait_check(node);
    }
}

/* --- starting ------------------------------------------------------------------------------ */

/* Everybody who is there is asked, and told of this node thereby. */
static void ask_first(edai_node *node)
{
    node->idle.number++;
    node->first_round = node->idle.number;
    if (ask(node, EDAI_HEARD_PONG, node->first_round, NULL, edai_member_hello(node)) != EDA_OK) {
        edai_wait_round_ended(node, node->first_round);
    }
}

void edai_member_begin(edai_node *node)
{
    node->is_ready = true;
    node->is_choice_due = true;
    edai_view_ready(node->view);
    node->hello_at = node->gateway->now;
    arm(node, node->gateway->now + EDA_MS(EDAI_PING_MS));
    ask_first(node);
    edai_node_tell(node);
}

void edai_member_farewell(edai_node *node)
{
    edai_member_hold(node);
    node->idle.is_running = false;
    ask_first(node);
}

void edai_member_ask_all(edai_node *node)
{
    if (ask(node, EDAI_HEARD_PONG, node->idle.number, NULL, (eda_bytes){.len = 0}) != EDA_OK) {
        edai_wait_round_ended(node, node->idle.number);
    }
}
