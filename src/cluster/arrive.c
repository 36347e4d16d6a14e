/* arrive.c - what comes from other nodes: messages, ends of ours, acks. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/publish.h"
#include "wire/wire_take.h"
#include <edacious/codec.h>

#include <stdio.h>
#include <string.h>

/* An ack waits no longer than until so many messages have come, or for so long. */
#define ACK_LEN 4096u
#define ACK_DELAY EDA_US(200)
/* Between two tellings that somebody is dead. */
#define TELL_DEAD EDA_MS(100)

/* Of messages that refer to the batch they came in instead of being copied. */
#define REFERRED_SIZE_MIN ((size_t)8 << 10)

/* Waits for the end of a delivery that somebody abroad waits for. */
typedef struct far_receipt {
    edai_receipt receipt;
    edai_envelope envelope; /* brings it to the gateway when all have ended */
    edai_call call;
    edai_node *node;
    uint64_t link; /* serial */
    uint64_t corr;
} far_receipt;

_Static_assert(
    offsetof(far_receipt, call) == offsetof(far_receipt, envelope) + sizeof(edai_envelope),
    "the call is the envelope's body");

/* --- telling ------------------------------------------------------------------------------- */

/* NULL: that node is gone. */
static edai_link *link_of(const edai_node *node, uint64_t serial)
{
    edai_link *link;
    uint32_t slot;

    for (slot = 0; (link = edai_node_next_link(node, &slot)) != NULL; slot++) {
        if (link->serial == serial) {
            return link;
        }
    }
    return NULL;
}

static void put_item(edai_node *node, edai_link *link, const edai_wire_item *item)
{
    edai_buffer *out = edai_link_batch(link, edai_node_id(node));
    size_t size = out->size;

    edai_wire_put(out, item);
    if (out->is_broken) { /* whoever waits for it learns by the deadline */
        out->size = size;
        out->is_broken = false;
    }
    link->is_pressing = true;
}

static void tell_end(edai_node *node, uint64_t serial, const edai_wire_item *item)
{
    edai_link *link = link_of(node, serial);

    if (link != NULL) {
        put_item(node, link, item);
    }
}

static void tell_failed(
    edai_node *node, edai_link *link, uint64_t corr, eda_status status, const char *text)
{
    const edai_wire_item end = {
        .kind = EDAI_WIRE_END, .corr = corr, .status = status, .text = eda_str_from(text)};

    if (corr != 0) {
        put_item(node, link, &end);
    }
}

/* --- receipts of others -------------------------------------------------------------------- */

static void on_ended(edai_worker *gateway, void *arg)
{
    far_receipt *self = arg;
    const edai_wire_item end = {.kind = EDAI_WIRE_END,
        .corr = self->corr,
        .status = (eda_status)atomic_load(&self->receipt.status)};

    (void)gateway;
    tell_end(self->node, self->link, &end);
    edai_free(self);
}

/* On whichever worker ended the last one. */
static void ended(edai_receipt *receipt)
{
    far_receipt *self = (far_receipt *)(void *)receipt;

    self->envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    self->call = (edai_call){.fn = on_ended, .arg = self};
    edai_worker_post(self->node->gateway, &self->envelope);
}

/* NULL: nobody waits, or there is no memory. */
static edai_receipt *make_receipt(edai_node *node, const edai_link *link, uint64_t corr)
{
    far_receipt *self = corr != 0 ? edai_calloc(1, sizeof(*self)) : NULL;

    if (self == NULL) {
        return NULL;
    }
    self->receipt.client = node->held; /* which has the system */
    self->receipt.ended = ended;
    atomic_store_explicit(&self->receipt.pending, 1, memory_order_relaxed);
    self->node = node;
    self->link = link->serial;
    self->corr = corr;
    return &self->receipt;
}

/* --- messages ------------------------------------------------------------------------------ */

static bool is_named(eda_str name, const char *text)
{
    return eda_str_equal(eda_str_from(text), name);
}

/* To NULL: none. Those of the last message are tried first: one batch names the same few. */
static void find_actor(const edai_node *node, eda_str name, const edai_actor_type **io_last)
{
    char text[64];

    if (name.len == 0 || name.len >= sizeof(text)) {
        *io_last = NULL;
    } else if (*io_last == NULL || !is_named(name, (*io_last)->actor->name)) {
        memcpy(text, name.ptr, name.len);
        text[name.len] = '\0';
        *io_last = edai_contract_find(node->sys, text);
    }
}

static const edai_msg *find_msg(const edai_node *node, eda_str name)
{
    size_t at = 0;
    const edai_msg *msg;

    while ((msg = edai_names_next(&node->msg_names, edai_hash_bytes(name.ptr, name.len), &at)) !=
           NULL) {
        if (eda_str_equal(eda_str_from(msg->type->name), name)) {
            return msg;
        }
    }
    return NULL;
}

/* What is like the last message names nobody else. */
static void resolve(edai_node *node, const edai_wire_item *item)
{
    const edai_msg *msg = node->last_msg;

    if (item->kind == EDAI_WIRE_SAME) {
        return;
    }
    find_actor(node, item->actor, &node->last_receiver);
    find_actor(node, item->from, &node->last_publisher);
    if (item->kind == EDAI_WIRE_MESSAGE &&
        (msg == NULL || !is_named(item->type, msg->type->name))) {
        node->last_msg = find_msg(node, item->type);
    }
}

/* A message that has been read. */
typedef struct taken {
    const edai_msg *msg;
    const void *data;
    bool is_struct; /* what it points to lies in the batch */
    eda_raw raw;
} taken;

static eda_status take_value(
    edai_node *node, const edai_wire_item *item, const edai_msg *msg, taken *out)
{
    out->msg = msg;
    if (msg == NULL) {
        return EDA_ENOTYPE;
    }
    EDA_TRY(edai_cbor_decode_lent(msg->type, msg->plan, item->body, &node->decoded, &out->data));
    out->is_struct = node->decoded.is_struct;
    return EDA_OK;
}

/* By topic: of a type that is known here, or raw. */
static eda_status take_raw(edai_node *node, const edai_wire_item *item, taken *out)
{
    const edai_msg *msg = edai_contract_by_topic(node->sys, item->type);

    EDA_TRY(eda_topic_check_key(item->type));
    if (msg != NULL && !msg->type->is_raw) {
        return take_value(node, item, msg, out);
    }
    out->msg = msg != NULL ? msg : node->sys->undeclared;
    out->raw = (eda_raw){.topic = item->type, .encoding = item->encoding, .payload = item->body};
    out->data = &out->raw;
    return EDA_OK;
}

static eda_status take_request(edai_node *node, const edai_link *link, const edai_wire_item *item,
    const taken *what, edai_arrival *arrival)
{
    edai_stranger *stranger;

    if (!what->msg->is_request) {
        return EDA_EINVAL;
    }
    stranger = edai_strangers_add(&node->strangers, what->msg);
    if (stranger == NULL) {
        return node->strangers.count == EDAI_PENDING_CORR_MAX ? EDA_ELIMIT : EDA_ENOMEM;
    }
    stranger->link = link->serial;
    stranger->corr = item->corr;
    arrival->ask_seq = stranger->entry.number;
    return EDA_OK;
}

static void tell_moved(
    edai_node *node, edai_link *link, const edai_wire_item *item, const edai_delivered *delivered)
{
    const edai_wire_item moved = {
        .kind = EDAI_WIRE_MOVED, .actor = item->actor, .partition = delivered->partition};

    edai_bump(&node->counts.moved);
    put_item(node, link, &moved);
}

/* It is most of its batch, which so keeps little else alive. */
static bool may_refer(const edai_node *node, const edai_wire_item *item)
{
    return item->body.len >= REFERRED_SIZE_MIN && item->body.len >= node->batch_size / 2 &&
           edai_intake_may_lend(&node->intake, node->batch_size);
}

static eda_status deliver(
    edai_node *node, edai_link *link, const edai_wire_item *item, const taken *what)
{
    const edai_actor_type *publisher = node->last_publisher;
    edai_arrival arrival = {.actor = node->last_receiver,
        .publisher = publisher != NULL ? publisher->index : EDAI_PUBLISHER_ABROAD,
        .may_pass_on = (item->flags & EDAI_WIRE_PASSED_ON) == 0,
        .is_outside = (item->flags & EDAI_WIRE_OUTSIDE) != 0,
        .held_client = node->held};
    edai_delivered delivered = {.count = 0};
    eda_status status;

    if (arrival.actor == NULL) {
        return EDA_ENOENT;
    }
    if (what->is_struct && may_refer(node, item)) {
        arrival.backing = node->backing;
    }
    if (item->left_ms != 0) {
        arrival.deadline = edai_system_later(node->sys, EDA_MS(item->left_ms));
    }
    if ((item->flags & EDAI_WIRE_REQUEST) != 0) {
        EDA_TRY(take_request(node, link, item, what, &arrival));
    } else if (what->msg->is_request) {
        return EDA_EINVAL;
    } else if ((item->flags & EDAI_WIRE_WANTS_END) != 0) {
        arrival.receipt = make_receipt(node, link, item->corr);
        if (arrival.receipt == NULL && item->corr != 0) {
            return EDA_ENOMEM; /* not delivered: its sender would never hear of the end */
        }
    }
    status = edai_arrival_deliver(node->gateway, what->msg, what->data, &arrival, &delivered);
    if (arrival.receipt != NULL) {
        edai_receipt_end(arrival.receipt, status);
        status = EDA_OK;
    }
    if (arrival.ask_seq != 0 && delivered.count == 0) {
        edai_free(edai_strangers_take(&node->strangers, arrival.ask_seq));
        status = status == EDA_OK ? EDA_ENOENT : status;
    }
    if (delivered.passed > 0) {
        tell_moved(node, link, item, &delivered);
    }
    return arrival.receipt == NULL && delivered.count == 0 && status == EDA_OK ? EDA_ENOENT
                                                                               : status;
}

/* It has arrived, and nobody here takes it: versions of the program differ. What could not be read
 * is read again, for the sentence. */
static void refuse(edai_node *node, edai_link *link, const edai_wire_item *item, const taken *what,
    eda_status status)
{
    eda_str name = item->type;
    eda_problem problem = {.text = ""};
    char line[sizeof(problem.text) + 300];
    void *data = NULL;

    if (name.len == 0 && what->msg != NULL) { /* one like the last */
        name = eda_str_from(what->msg->type->name);
    }
    if (what->msg != NULL && what->data == NULL &&
        eda_cbor_decode(what->msg->type, item->body, &data, &problem) == EDA_OK) {
        edai_free(data);
    }
    if (problem.text[0] == '\0') {
        (void)snprintf(problem.text, sizeof(problem.text), "%s", eda_status_text(status));
    }
    (void)snprintf(line, sizeof(line), "%s, from node %.*s", problem.text, 255, link->peer);
    edai_node_refuse_text(node, name, status, line);
    tell_failed(node, link, item->corr, status, problem.text);
}

static void take_message(edai_node *node, edai_link *link, const edai_wire_item *item)
{
    taken what = {.msg = NULL};
    eda_status status;

    resolve(node, item);
    status = item->kind == EDAI_WIRE_RAW ? take_raw(node, item, &what)
                                         : take_value(node, item, node->last_msg, &what);
    if (status == EDA_OK) {
        status = deliver(node, link, item, &what);
    }
    if (status != EDA_OK) {
        refuse(node, link, item, &what, status);
    }
}

/* --- ends of ours -------------------------------------------------------------------------- */

static void end_request(
    edai_node *node, edai_sent *sent, eda_status status, eda_str text, eda_bytes reply)
{
    const eda_type *type = sent->route->msg->type->reply;
    char buffer[512];
    eda_problem problem = {.text = ""};
    void *data = NULL;

    if (status == EDA_OK) {
        status = eda_cbor_decode(type, reply, &data, &problem);
        text = eda_str_from(problem.text);
    }
    if (status == EDA_OK) {
        edai_abroad_reply(node->gateway, sent->request, data);
        edai_free(data);
        return;
    }
    if (text.len >= sizeof(buffer)) {
        text.len = sizeof(buffer) - 1;
    }
    memcpy(buffer, text.ptr, text.len);
    buffer[text.len] = '\0';
    edai_reply_status(node->gateway, sent->request, status, buffer);
}

/* Of a message: what does not say why no handler had it has failed. */
static eda_status end_of_message(eda_status status)
{
    switch (status) {
    case EDA_OK:
    case EDA_ESHED:
    case EDA_EDEAD:
    case EDA_EIO:      /* lost on the way */
    case EDA_EUNKNOWN: /* the node that had it vanished */
    case EDA_EINVAL:   /* this and the following: the node it was for could not take it */
    case EDA_ESYNTAX:
    case EDA_ERANGE:
    case EDA_ENOTYPE:
    case EDA_ENOENT:
        return status;
    default:
        return EDA_EFAILED;
    }
}

void edai_arrive_end(
    edai_node *node, edai_sent *sent, eda_status status, eda_str text, eda_bytes reply)
{
    if (sent->request != NULL) {
        end_request(node, sent, status, text, reply);
    } else {
        if (status != EDA_OK) {
            edai_receipt_blame(sent->receipt, sent->route);
        }
        edai_receipt_end(sent->receipt, end_of_message(status));
    }
    edai_free(sent);
}

/* "This incarnation was taken for dead." */
static bool tells_death(const edai_wire_item *item)
{
    return item->kind == EDAI_WIRE_END && item->corr == 0 && item->status == EDA_ECLOSED;
}

static void take_end(edai_node *node, const edai_link *link, const edai_wire_item *item)
{
    edai_sent *sent = edai_pending_take(&node->pending, item->corr);

    if (tells_death(item)) {
        node->is_dead = true; /* not in the middle of a batch */
        return;
    }
    if (sent == NULL) {
        return; /* it was given up */
    }
    if (sent->slot != link->slot) {
        /* Not the one it was sent to: put back by telling its asker what is true. */
        edai_arrive_end(
            node, sent, EDA_EINVAL, EDA_STR("another node answered"), (eda_bytes){.len = 0});
        return;
    }
    edai_arrive_end(node, sent, item->status, item->text, item->body);
}

/* --- batches ------------------------------------------------------------------------------- */

/* Of a batch's first message; messages that were sent before it and did not come are missed. */
static void count_gap(edai_node *node, edai_link *link, uint64_t first)
{
    uint64_t next = link->arrived + link->missed + 1;

    if (first > next) {
        link->missed += first - next;
        link->is_ack_due = true;
        link->is_ack_urgent = true;
        atomic_store_explicit(&node->counts.missed,
            atomic_load_explicit(&node->counts.missed, memory_order_relaxed) + (first - next),
            memory_order_relaxed);
    }
}

static void owe_ack(const edai_node *node, edai_link *link)
{
    if (!link->is_ack_due) {
        link->is_ack_due = true;
        link->ack_due_since = node->gateway->now;
    }
}

static void take_item(
    edai_node *node, edai_link *link, const edai_wire_item *item, uint64_t *io_number)
{
    switch (item->kind) {
    case EDAI_WIRE_MESSAGE:
    case EDAI_WIRE_SAME:
    case EDAI_WIRE_RAW:
        if (*io_number == link->arrived + link->missed + 1) { /* else it came before */
            link->arrived++;
            node->gateway->charged++;
            edai_bump(&node->counts.arrived);
            take_message(node, link, item);
        }
        ++*io_number;
        owe_ack(node, link);
        break;
    case EDAI_WIRE_END:
        take_end(node, link, item);
        break;
    case EDAI_WIRE_MOVED:
        edai_node_tell(node); /* the views differ: let them meet */
        break;
    case EDAI_WIRE_ACK:
        edai_spread_acked(node, link, item->arrived, item->lost);
        break;
    }
}

/* Each of two took the other for dead. The one who sees fewer nodes begins anew: one that was cut
 * off, and not all those who were not. */
static bool gives_way(const edai_node *node, eda_str to, const edai_wire_item *telling)
{
    edai_cbor_reader reader = {
        .at = telling->body.ptr, .end = telling->body.ptr + telling->body.len};
    uint64_t mine = edai_view_usable_count(node->view);
    uint64_t theirs = 0;

    if (telling->body.len == 0 || !edai_wire_take_number(&reader, UINT64_MAX, &theirs)) {
        return true;
    }
    return mine < theirs || (mine == theirs && eda_str_compare(edai_node_id(node), to) < 0);
}

/* Whoever sent it is dead here. */
static void take_from_dead(edai_node *node, edai_wire_reader *reader)
{
    edai_wire_item item;

    if (edai_wire_next(reader, &item) == EDA_OK && tells_death(&item) &&
        gives_way(node, reader->sender, &item)) {
        node->is_dead = true;
    } else {
        edai_arrive_tell_dead(node, reader->sender);
    }
}

/* What was sent to an incarnation before this one may have waited here: its numbers are another
 * link's. */
static bool is_for_this_life(const edai_node *node, eda_str key)
{
    size_t len = strlen(node->id);

    return key.len >= len && memcmp(key.ptr + key.len - len, node->id, len) == 0;
}

void edai_arrive_batch(edai_node *node, eda_str key, eda_bytes bytes, edai_backing *backing)
{
    edai_wire_reader reader;
    edai_wire_item item;
    edai_link *link = NULL;
    uint64_t number;
    bool is_empty = true;
    eda_status status = edai_wire_read(bytes, &reader);

    if (!is_for_this_life(node, key)) {
        return;
    }
    if (status != EDA_OK) {
        edai_node_refuse(node, EDA_STR("a batch"), status);
        return;
    }
    status = edai_member_link(node, reader.sender, &link);
    if (status == EDA_ESTALE) {
        take_from_dead(node, &reader);
        return;
    }
    if (status != EDA_OK) {
        edai_node_refuse(node, reader.sender, status);
        return;
    }
    node->backing = backing;
    node->batch_size = bytes.len;
    number = reader.first;
    count_gap(node, link, number);
    while ((status = edai_wire_next(&reader, &item)) == EDA_OK) {
        take_item(node, link, &item, &number);
        is_empty = false;
    }
    link->is_ack_due = link->is_ack_due || is_empty;
    link->is_ack_urgent = link->is_ack_urgent || is_empty; /* it was asked how far it came */
    if (status != EDA_ENOENT) {
        edai_node_refuse(node, reader.sender, status);
    }
}

void edai_arrive_tell_dead(edai_node *node, eda_str id)
{
    uint8_t count[EDAI_CBOR_HEAD_SIZE_MAX];
    const size_t count_size =
        edai_cbor_put_head(count, EDAI_CBOR_MAJOR_UNSIGNED, edai_view_usable_count(node->view));
    const edai_wire_item end = {.kind = EDAI_WIRE_END,
        .status = EDA_ECLOSED,
        .text = EDA_STR("this incarnation was taken for dead"),
        .body = {.ptr = count, .len = count_size}};
    char text[sizeof(node->id)];
    eda_bus_message message = {.key = {.len = 0}};
    char *key;

    if (id.len >= sizeof(text) || node->gateway->now < node->told_dead_at + TELL_DEAD) {
        return;
    }
    node->told_dead_at = node->gateway->now;
    memcpy(text, id.ptr, id.len);
    text[id.len] = '\0';
    key = edai_node_key(node, "in", text);
    edai_buffer_clear(&node->scratch);
    edai_wire_begin(&node->scratch, edai_node_id(node), 1);
    edai_wire_put(&node->scratch, &end);
    edai_wire_end(&node->scratch, 1);
    if (key != NULL && !node->scratch.is_broken) {
        message.key = eda_str_from(key);
        message.payload = (eda_bytes){.ptr = node->scratch.bytes, .len = node->scratch.size};
        (void)edai_node_put(node, &message);
    }
    edai_free(key);
}

/* --- acks ---------------------------------------------------------------------------------- */

void edai_arrive_settle(edai_node *node)
{
    node->is_ack_held = false;
}

/* Each ack costs both nodes what a batch costs: while there is more to do here, one stands for
 * many. */
static bool may_wait(const edai_node *node, const edai_link *link)
{
    edai_worker *gateway = node->gateway;
    bool is_busy = gateway->arrived != NULL || edai_worker_seat(gateway)->ready != NULL ||
                   !edai_inbox_is_empty(&gateway->inbox);

    return is_busy && !link->is_ack_urgent &&
           link->arrived + link->missed - link->acked_arrived - link->acked_missed < ACK_LEN &&
           gateway->now - link->ack_due_since < ACK_DELAY;
}

void edai_arrive_acks(edai_node *node)
{
    edai_link *link;
    uint32_t slot;

    /* What found no room is not acknowledged, so that its sender slows down. */
    if (node->held != NULL &&
        atomic_load_explicit(&node->held->unadmitted, memory_order_acquire) > EDAI_NODE_HELD_MAX) {
        node->is_ack_held = true;
    }
    if (node->is_ack_held) {
        return;
    }
    for (slot = 0; (link = edai_node_next_link(node, &slot)) != NULL; slot++) {
        if (link->is_ack_due && !may_wait(node, link)) {
            const edai_wire_item ack = {
                .kind = EDAI_WIRE_ACK, .arrived = link->arrived, .lost = link->missed};

            link->is_ack_due = false;
            link->is_ack_urgent = false;
            link->acked_arrived = link->arrived;
            link->acked_missed = link->missed;
            put_item(node, link, &ack);
        }
    }
}

/* --- replies to others --------------------------------------------------------------------- */

void edai_arrive_answered(edai_abroad *self, edai_worker *gateway, edai_envelope *envelope)
{
    edai_node *node = edai_node_of(self);
    const edai_reply *reply = edai_envelope_body(envelope);
    edai_stranger *stranger = edai_strangers_take(&node->strangers, reply->ask_seq);
    edai_wire_item end = {.kind = EDAI_WIRE_END, .status = reply->status};
    uint8_t *bytes = NULL;

    if (stranger != NULL && stranger->link == 0) {
        edai_outside_answer(node, stranger, reply, reply + 1);
    } else if (stranger != NULL) {
        end.corr = stranger->corr;
        if (reply->status == EDA_OK) {
            const eda_value value = {.type = stranger->msg->type->reply, .data = reply + 1};

            end.status = eda_cbor_encode(value, &bytes, &end.body.len);
            end.body.ptr = bytes;
        } else {
            end.text = (eda_str){.ptr = (const char *)(reply + 1), .len = reply->text_len};
        }
        tell_end(node, stranger->link, &end);
    }
    edai_free(bytes);
    edai_free(stranger);
    edai_worker_free(gateway, envelope);
}
