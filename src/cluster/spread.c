/* spread.c - what leaves: deliveries to actors of other nodes, and puts on plain topics.
 *
 * A message reaches the gateway once for each placed actor type here whose instance lives
 * elsewhere, and once (by its type's `abroad` route) for everybody else: actor types that only
 * other nodes host, and whoever subscribes to its topic. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/memory.h"
#include "core/held.h"
#include "core/publish.h"
#include <edacious/codec.h>

#include <stdio.h>
#include <string.h>

/* One message to one actor type on one node. */
typedef struct parcel {
    const edai_route *route; /* by which it is counted */
    const char *actor;
    bool is_raw; /* by topic: its receiver may not know the type */
    const void *data;
    edai_envelope *envelope; /* where it came from */
} parcel;

/* --- what a message says of itself --------------------------------------------------------- */

static const char *publisher_of(const edai_node *node, const edai_envelope *envelope)
{
    if ((envelope->publisher & EDAI_PUBLISHER_CLIENT) != 0) {
        return "";
    }
    return node->sys->actors[envelope->publisher]->actor->name;
}

static uint32_t time_left(const edai_node *node, edai_envelope *envelope)
{
    const edai_ext *ext = edai_envelope_ext(envelope);
    int64_t left;

    if (ext == NULL || (ext->deadline == EDAI_NO_DEADLINE && ext->timeout_ms == 0)) {
        return 0;
    }
    if (ext->deadline == EDAI_NO_DEADLINE) {
        return ext->timeout_ms;
    }
    left = (ext->deadline - edai_system_now(node->sys)) / 1000000;
    left = ext->timeout_ms != 0 && ext->timeout_ms < left ? ext->timeout_ms : left;
    return left < 1 ? 1 : left > UINT32_MAX ? UINT32_MAX : (uint32_t)left;
}

static eda_str topic_of(const edai_msg *msg, const void *data, char *buffer)
{
    size_t len = 0;

    if (msg->type->is_raw) {
        return ((const eda_raw *)data)->topic;
    }
    if (edai_template_format(msg->template, data, buffer, EDA_TOPIC_LEN_MAX, &len) != EDA_OK) {
        len = 0;
    }
    return (eda_str){.ptr = buffer, .len = len};
}

/* --- sending ------------------------------------------------------------------------------- */

static void send_batch(edai_node *node, edai_link *link)
{
    size_t size = link->out.size;

    if (node->is_entering) {
        return; /* the bus does not know this incarnation yet: it waits until the clerk is done */
    }
    edai_wire_end(&link->out, link->out_first);
    if (link->out.is_broken) {
        link->out.size = size; /* tried again when there is memory */
        link->out.is_broken = false;
        return;
    }
    if (edai_node_put_buffer(node, eda_str_from(link->key), &link->out) != EDA_OK) {
        link->out.size = size; /* stays, and grows, until the bus takes it */
        return;
    }
    link->left = link->written;
    link->is_pressing = false;
    edai_buffer_clear(&link->out);
}

/* The core looks at how many are tight before it makes what may have to wait. */
static void count_tight(edai_node *node, edai_link *link)
{
    bool is_tight = edai_link_is_tight(link);

    if (is_tight != link->is_tight) {
        link->is_tight = is_tight;
        node->abroad.tight_count += is_tight ? 1U : UINT32_MAX;
    }
}

/* --- writing ------------------------------------------------------------------------------- */

static eda_status write_raw(edai_buffer *out, edai_wire_item *item, const parcel *what)
{
    const edai_msg *msg = what->route->msg;
    char topic[EDA_TOPIC_LEN_MAX];
    uint8_t *bytes = NULL;

    item->kind = EDAI_WIRE_RAW;
    item->type = topic_of(msg, what->data, topic);
    if (msg->type->is_raw) {
        const eda_raw *raw = what->data;

        item->encoding = raw->encoding;
        item->body = raw->payload;
    } else {
        eda_value value = {.type = msg->type, .data = what->data};

        EDA_TRY(eda_cbor_encode(value, &bytes, &item->body.len));
        item->body.ptr = bytes;
        item->encoding = EDA_STR("application/cbor");
    }
    edai_wire_put(out, item);
    edai_free(bytes);
    return out->is_broken ? EDA_ENOMEM : EDA_OK;
}

static uint32_t flags_of(const parcel *what, uint64_t corr)
{
    const edai_msg *msg = what->route->msg;

    return (msg->is_request ? EDAI_WIRE_REQUEST : 0U) |
           (corr != 0 && !msg->is_request ? EDAI_WIRE_WANTS_END : 0U) |
           ((what->envelope->flags & EDAI_PASSED_ON) != 0 ? EDAI_WIRE_PASSED_ON : 0U) |
           ((what->envelope->flags & EDAI_FROM_OUTSIDE) != 0 ? EDAI_WIRE_OUTSIDE : 0U);
}

static eda_status write_whole(
    edai_node *node, edai_link *link, const parcel *what, uint64_t corr, uint32_t flags)
{
    const edai_msg *msg = what->route->msg;
    bool is_raw = what->is_raw || msg->type->is_raw;
    edai_wire_item item = {.kind = EDAI_WIRE_MESSAGE,
        .flags = flags,
        .type = eda_str_from(msg->type->name),
        .actor = eda_str_from(what->actor),
        .from = eda_str_from(publisher_of(node, what->envelope)),
        .corr = corr,
        .left_ms = time_left(node, what->envelope)};

    link->last = (edai_link_last){.msg = is_raw || corr != 0 ? NULL : msg,
        .actor = what->actor,
        .flags = flags,
        .publisher = what->envelope->publisher};
    return is_raw ? write_raw(&link->out, &item, what)
                  : edai_wire_put_value(&link->out, &item,
                        (eda_value){.type = msg->type, .data = what->data}, msg->plan);
}

/* In a stream of messages most are like the one before. */
static eda_status write_item(edai_node *node, edai_link *link, const parcel *what, uint64_t corr)
{
    const edai_msg *msg = what->route->msg;
    const edai_link_last *last = &link->last;
    uint32_t flags = flags_of(what, corr);

    if (last->msg != msg || last->actor != what->actor || last->flags != flags ||
        last->publisher != what->envelope->publisher || corr != 0 || what->is_raw ||
        time_left(node, what->envelope) != 0) {
        return write_whole(node, link, what, corr, flags);
    }
    return edai_wire_put_value(
        &link->out, NULL, (eda_value){.type = msg->type, .data = what->data}, msg->plan);
}

/* Whoever waits for its end is entered; NULL: nobody waits, or no memory. */
static eda_status enter(
    edai_node *node, const edai_link *link, const parcel *what, edai_sent **ret_sent)
{
    edai_ext *ext = edai_envelope_ext(what->envelope);
    bool is_request = what->route->msg->is_request;

    *ret_sent = NULL;
    if (ext == NULL || (!is_request && ext->receipt == NULL)) {
        return EDA_OK;
    }
    *ret_sent = edai_pending_add(&node->pending, link->slot);
    if (*ret_sent == NULL) {
        return EDA_ENOMEM;
    }
    (*ret_sent)->route = what->route;
    (*ret_sent)->request = is_request ? what->envelope : NULL;
    (*ret_sent)->receipt = ext->receipt;
    return EDA_OK;
}

/* On EDA_OK a request's envelope is kept by what waits for its reply. */
static eda_status write_parcel(edai_node *node, edai_link *link, const parcel *what)
{
    edai_buffer *out = edai_link_batch(link, edai_node_id(node));
    size_t size = out->size;
    edai_sent *sent = NULL;
    uint64_t corr;
    eda_status status = enter(node, link, what, &sent);

    corr = sent != NULL ? sent->entry.number : 0;
    if (status == EDA_OK) {
        status = write_item(node, link, what, corr);
    }
    if (status == EDA_OK) {
        status = edai_link_note(link, &(edai_link_sent){.route = what->route,
                                          .corr = corr,
                                          .size = (uint32_t)(out->size - size),
                                          .count = 1});
    }
    if (status != EDA_OK) {
        out->size = size; /* as if it had not been written */
        out->is_broken = false;
        link->last.msg = NULL;
        if (sent != NULL) {
            edai_free(edai_pending_take(&node->pending, corr));
        }
        return status;
    }
    if (sent != NULL) {
        link->is_pressing = true;
    }
    edai_bump(&node->counts.sent);
    count_tight(node, link);
    if (out->size >= EDAI_LINK_BATCH_SIZE) { /* one turn may send much more */
        send_batch(node, link);
    }
    return EDA_OK;
}

/* --- placed here, living elsewhere --------------------------------------------------------- */

/* A request waits as it would in line for a full mailbox: its asker has a deadline of its own. */
static bool may_wait(const edai_envelope *envelope)
{
    return envelope->route->msg->type->overflow == EDA_WAIT;
}

static void release(edai_worker *gateway, edai_envelope *envelope)
{
    edai_rest *rest = edai_envelope_rest(envelope);

    if (rest != NULL) {
        edai_held_release(gateway, rest, EDA_OK);
    }
}

static void send_one(edai_node *node, edai_link *link, edai_envelope *envelope, const char *actor)
{
    edai_worker *gateway = node->gateway;
    const parcel what = {.route = envelope->route,
        .actor = actor,
        .data = edai_envelope_data(envelope),
        .envelope = envelope};
    eda_status status;

    if (link == NULL) {
        edai_envelope_end(
            gateway, envelope, EDAI_SHED, EDA_ENOENT, "the node that hosts it is not there");
        return;
    }
    if (link->waiting.first != NULL || !edai_link_has_room(link, may_wait(envelope))) {
        if (may_wait(envelope)) {
            edai_line_add(&link->waiting, envelope, envelope);
            count_tight(node, link);
        } else {
            edai_envelope_end(gateway, envelope, EDAI_SHED, EDA_ESHED,
                "too much is on its way to the node that hosts it");
        }
        return;
    }
    status = write_parcel(node, link, &what);
    if (status != EDA_OK) {
        edai_envelope_end(gateway, envelope, EDAI_SHED, status, eda_status_text(status));
        return;
    }
    if ((envelope->flags & EDAI_IS_REQUEST) == 0) {
        release(gateway, envelope);
        edai_worker_free(gateway, envelope);
    }
}

static void take_placed(edai_node *node, edai_envelope *envelope)
{
    const edai_actor_type *type = envelope->route->actor;
    uint64_t hash = edai_publish_hash(envelope);
    uint32_t partition = edai_system_partition(type, hash);
    uint16_t slot = atomic_load_explicit(&type->owners[partition], memory_order_relaxed);

    if (slot == EDAI_SELF || slot == EDAI_NOBODY) {
        edai_arrival_keep(node->gateway, envelope, hash);
        return;
    }
    if (slot == EDAI_MOVING) {
        edai_move_keep(node, envelope);
        return;
    }
    if (edai_move_was_given(node, type, partition)) {
        envelope->flags |= EDAI_PASSED_ON;
    }
    send_one(node, edai_node_link(node, slot), envelope, type->actor->name);
}

/* --- hosted elsewhere alone ---------------------------------------------------------------- */

static bool is_wanted(const edai_far_receiver *receiver, const edai_msg *msg, const void *data)
{
    char buffer[EDA_TOPIC_LEN_MAX];

    return !receiver->needs_match || eda_topic_intersects(eda_str_from(receiver->handle->pattern),
                                         topic_of(msg, data, buffer));
}

/* One that may wait came here when there were places for all (find_full). */
static bool has_room_still(const edai_link *link, const edai_envelope *envelope)
{
    return may_wait(envelope) ? edai_link_has_places(link, 1) : edai_link_has_room(link, false);
}

/* True: there was such a receiver, and its delivery was accepted. */
static bool send_far(edai_node *node, const edai_far_receiver *receiver, edai_envelope *envelope)
{
    const edai_msg *msg = envelope->route->msg;
    edai_tally *tally = &node->gateway->tallies[msg->elsewhere->index];
    edai_ext *ext = edai_envelope_ext(envelope);
    const parcel what = {.route = msg->elsewhere,
        .actor = receiver->far->name,
        .is_raw = receiver->handle->message == NULL,
        .data = edai_envelope_data(envelope),
        .envelope = envelope};
    uint16_t slot = edai_far_owner(receiver, what.data);
    edai_link *link = slot == EDAI_NOBODY || slot == EDAI_SELF ? NULL : edai_node_link(node, slot);

    if (link == NULL || !is_wanted(receiver, msg, what.data)) {
        return false;
    }
    edai_tally_add(tally, EDAI_ACCEPTED);
    if (ext != NULL && ext->receipt != NULL) {
        atomic_fetch_add_explicit(&ext->receipt->pending, 1, memory_order_relaxed);
    }
    if (!has_room_still(link, envelope) || write_parcel(node, link, &what) != EDA_OK) {
        edai_tally_add(tally, EDAI_SHED);
        if (ext != NULL && ext->receipt != NULL) {
            edai_receipt_blame(ext->receipt, msg->elsewhere);
            edai_receipt_end(ext->receipt, EDA_ESHED);
        }
    }
    return true;
}

/* --- plain topics -------------------------------------------------------------------------- */

/* A raw message's own bytes, or JSON. */
static eda_status encode_plain(
    const edai_msg *msg, const void *data, eda_bus_message *message, char **ret_json)
{
    const eda_value value = {.type = msg->type, .data = data};
    size_t len = 0;

    *ret_json = NULL;
    if (msg->type->is_raw) {
        const eda_raw *raw = data;

        message->encoding = raw->encoding;
        message->payload = raw->payload;
        return EDA_OK;
    }
    EDA_TRY(eda_json_encode(value, ret_json, &len));
    message->encoding = EDA_STR("application/json");
    message->payload = (eda_bytes){.ptr = (const uint8_t *)*ret_json, .len = len};
    return EDA_OK;
}

/* What says whose it is: one publisher shows many of a type. */
static eda_bytes attachment_of(edai_node *node, const edai_envelope *envelope)
{
    const edai_msg *msg = envelope->route->msg;
    edai_buffer *buffer = &node->shown_attachment;
    char source[sizeof(node->id) + (size_t)2 * EDAI_WIRE_NODE_LEN_MAX];
    edai_attachment attachment = {
        .type = eda_str_from(msg == node->sys->undeclared ? "" : msg->type->name)};

    if (msg != node->shown_msg || envelope->publisher != node->shown_publisher) {
        (void)snprintf(source, sizeof(source), "%s/%s/%s", node->cluster, node->id,
            publisher_of(node, envelope));
        attachment.source = eda_str_from(source);
        edai_buffer_clear(buffer);
        edai_wire_attachment(buffer, &attachment);
        node->shown_msg = buffer->is_broken ? NULL : msg;
        node->shown_publisher = envelope->publisher;
    }
    return (eda_bytes){.ptr = buffer->bytes, .len = buffer->is_broken ? 0 : buffer->size};
}

/* Whoever subscribes on the bus sees it. Nodes recognise it by the source, and leave it. */
static void show(edai_node *node, edai_envelope *envelope)
{
    const edai_msg *msg = envelope->route->msg;
    const void *data = edai_envelope_data(envelope);
    char topic[EDA_TOPIC_LEN_MAX];
    eda_bus_message message = {
        .key = topic_of(msg, data, topic), .attachment = attachment_of(node, envelope)};
    char *json = NULL;
    eda_status status;

    status = message.key.len > 0 ? encode_plain(msg, data, &message, &json) : EDA_EKEY;
    if (status != EDA_OK) { /* no memory, or as JSON it is larger than the codec's bound */
        edai_node_refuse(node, message.key, status);
        return;
    }
    if (message.attachment.len > 0 && edai_node_put(node, &message) == EDA_OK) {
        edai_bump(&node->counts.shown);
    }
    edai_free(json);
}

static bool is_shown(const edai_node *node, const edai_msg *msg)
{
    return !msg->type->is_inside && edai_node_is_watched(node, msg);
}

static bool takes_all(const edai_link *link, uint32_t count)
{
    return link->waiting.first == NULL && edai_link_has_room(link, true) &&
           edai_link_has_places(link, count);
}

/* A link without room to one of those that get it; NULL: all have room, even were it one link. */
static edai_link *find_full(edai_node *node, const edai_far_list *list, edai_envelope *envelope)
{
    const void *data = edai_envelope_data(envelope);
    uint32_t i;

    for (i = 0; i < list->count; i++) {
        uint16_t slot = edai_far_owner(&list->items[i], data);
        edai_link *link =
            slot == EDAI_NOBODY || slot == EDAI_SELF ? NULL : edai_node_link(node, slot);

        if (link != NULL && !takes_all(link, list->count) &&
            is_wanted(&list->items[i], envelope->route->msg, data)) {
            return link;
        }
    }
    return NULL;
}

/* Once for all that are elsewhere. */
static void take_spread(edai_node *node, edai_envelope *envelope)
{
    edai_worker *gateway = node->gateway;
    const edai_msg *msg = envelope->route->msg;
    const edai_far_list *list = edai_fars_of(&node->fars, node->sys, msg);
    edai_ext *ext = edai_envelope_ext(envelope);
    edai_link *full =
        node->abroad.tight_count > 0 && may_wait(envelope) ? find_full(node, list, envelope) : NULL;
    bool is_heard = false;
    uint32_t i;

    if (full != NULL) { /* before it went to any, as it comes here again for all */
        edai_line_add(&full->waiting, envelope, envelope);
        count_tight(node, full);
        return;
    }
    for (i = 0; i < list->count; i++) {
        is_heard = send_far(node, &list->items[i], envelope) || is_heard;
    }
    if (is_shown(node, msg)) {
        show(node, envelope);
        is_heard = true;
    }
    if (!is_heard && !edai_arrival_is_heard_here(msg, edai_envelope_data(envelope))) {
        edai_tally_add(&gateway->tallies[msg->nobody->index], EDAI_UNHEARD);
    }
    edai_tally_add(&gateway->tallies[envelope->route->index], EDAI_HANDLED);
    release(gateway, envelope);
    if (ext != NULL && ext->receipt != NULL) {
        edai_receipt_end(ext->receipt, EDA_OK);
    }
    edai_worker_free(gateway, envelope);
}

static void take_request(edai_node *node, edai_envelope *envelope)
{
    const edai_far_list *list = edai_fars_of(&node->fars, node->sys, envelope->route->msg);
    uint16_t slot;

    if (list->count == 0) {
        edai_envelope_end(node->gateway, envelope, EDAI_SHED, EDA_ENOENT,
            "no actor answers it, here or on another node");
        return;
    }
    slot = edai_far_owner(&list->items[0], edai_envelope_data(envelope));
    send_one(node, slot == EDAI_NOBODY || slot == EDAI_SELF ? NULL : edai_node_link(node, slot),
        envelope, list->items[0].far->name);
}

void edai_spread_take(edai_abroad *self, edai_worker *gateway, edai_envelope *envelope)
{
    edai_node *node = edai_node_of(self);
    const edai_route *route = envelope->route;

    if (node->is_ending) {
        edai_envelope_end(gateway, envelope, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
    } else if (route == route->msg->abroad) {
        take_spread(node, envelope);
    } else if (route->actor == node->sys->gateway_type) {
        take_request(node, envelope);
    } else {
        take_placed(node, envelope);
    }
}

void edai_spread_resolve(edai_node *node)
{
    eda_system *sys = node->sys;
    const edai_msg *msg;

    node->is_unresolved = edai_fars_resolve(&node->fars, sys) != EDA_OK;
    if (node->is_unresolved) { /* until the next regular hello */
        edai_system_log(sys, NULL, "out of memory: some actors of other nodes are not heard of");
    }
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        edai_node_mark(node, edai_contract_own(sys, msg->id));
    }
    edai_node_mark(node, sys->raw);
}

/* --- what a link's peer tells -------------------------------------------------------------- */

/* Nothing will be told of the end any more. */
static void give_up(edai_node *node, edai_sent *sent, eda_status status, const char *text)
{
    if (sent == NULL) {
        return;
    }
    edai_arrive_end(node, sent, status, eda_str_from(text), (eda_bytes){.len = 0});
}

/* So many of the oldest, which there are, end so. */
static void settle(
    edai_node *node, edai_link *link, edai_far_outcome outcome, uint64_t many, uint64_t *io_count)
{
    edai_link_sent oldest;

    while (edai_link_take(link, many, &oldest)) {
        many -= oldest.count;
        *io_count += oldest.count;
        edai_far_add(&node->abroad, oldest.route, outcome, oldest.count);
        if (outcome == EDAI_LOST && oldest.corr != 0) {
            give_up(node, edai_pending_take(&node->pending, oldest.corr), EDA_EIO,
                "it was lost on the way: nobody handled it");
        }
    }
}

/* Of those that left, how many the peer now tells of: later tellings may come before earlier ones,
 * and it may say what it likes. */
static uint64_t told_now(const edai_link *link, uint64_t before, uint64_t now)
{
    uint64_t many = now > before ? now - before : 0;
    uint64_t out = link->left > link->told ? link->left - link->told : 0;
    uint64_t under_way = edai_link_under_way(link);

    out = out < under_way ? out : under_way;
    return many < out ? many : out;
}

/* Lets in what waits for room. */
static void admit_waiting(edai_node *node, edai_link *link)
{
    edai_envelope *at = edai_line_take_all(&link->waiting);

    while (at != NULL) {
        edai_envelope *next = at->next;

        if (link->waiting.first != NULL || !edai_link_has_room(link, true)) {
            edai_line_add(&link->waiting, at, at);
        } else {
            edai_spread_take(&node->abroad, node->gateway, at);
        }
        at = next;
    }
}

void edai_spread_acked(edai_node *node, edai_link *link, uint64_t arrived, uint64_t lost)
{
    uint64_t many = told_now(link, link->told_lost, lost);

    link->told_lost += many;
    settle(node, link, EDAI_LOST, many, &link->told);
    settle(node, link, EDAI_FORWARDED, told_now(link, link->told, arrived + lost), &link->told);
    if (link->waiting.first != NULL && edai_link_has_room(link, true)) {
        admit_waiting(node, link);
    }
    count_tight(node, link);
}

void edai_spread_take_all(edai_node *node, edai_line *line)
{
    edai_envelope *at = edai_line_take_all(line);

    while (at != NULL) {
        edai_envelope *next = at->next;

        at->next = NULL;
        edai_spread_take(&node->abroad, node->gateway, at);
        at = next;
    }
}

void edai_spread_cut(edai_node *node, edai_link *link)
{
    edai_sent *sent;

    if (link->told + link->unknown < link->left) {
        settle(node, link, EDAI_UNKNOWN, link->left - link->told - link->unknown, &link->unknown);
    }
    settle(node, link, EDAI_LOST, edai_link_under_way(link), &link->unknown); /* never left */
    while ((sent = edai_pending_take_of(&node->pending, link->slot)) != NULL) {
        give_up(node, sent, EDA_EUNKNOWN, "the node that had it vanished: the outcome is unknown");
    }
    if (link->waiting.first != NULL) { /* the partitions have no other owner yet */
        edai_line_add(&node->stranded, link->waiting.first, link->waiting.last);
        (void)edai_line_take_all(&link->waiting);
    }
    count_tight(node, link);
}

void edai_spread_probe(edai_node *node)
{
    uint32_t i;

    for (i = 0; i < EDAI_MEMBERS_MAX; i++) {
        edai_link *link = node->links[i];

        if (link == NULL) {
            continue;
        }
        if (link->left > link->told + link->unknown && link->told == link->told_before) {
            (void)edai_link_batch(link, edai_node_id(node)); /* its number tells of the gap */
            link->is_pressing = true;
        }
        link->told_before = link->told;
    }
}

void edai_spread_flush(edai_node *node)
{
    edai_link *link;
    uint32_t slot;

    for (slot = 0; (link = edai_node_next_link(node, &slot)) != NULL; slot++) {
        if (edai_link_is_due(link)) {
            send_batch(node, link);
        }
    }
}
