/* client.c - see client.h. */
#include "core/client.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/ask.h"
#include "core/publish.h"
#include "core/system.h"

#include <string.h>

/* How long a client that finds the way to a worker full waits before it looks again. */
#define RETRY_NS EDA_MS(1)
/* How often a stop looks whether a client has finished handing over, which takes it a microsecond.
 */
#define SETTLE_NS EDA_US(50)

/* --- receipts ----------------------------------------------------------------------------- */

void edai_receipt_blame(edai_receipt *receipt, const edai_route *route)
{
    const edai_route *none = NULL;

    /* relaxed: published by the release in edai_receipt_end, read after its acquire. */
    (void)atomic_compare_exchange_strong_explicit(
        &receipt->blamed, &none, route, memory_order_relaxed, memory_order_relaxed);
}

void edai_receipt_end(edai_receipt *receipt, eda_status status)
{
    const edai_port *port = receipt->client->ctx.sys->port;
    uint32_t none = EDA_OK;

    if (status != EDA_OK) {
        (void)atomic_compare_exchange_strong_explicit(
            &receipt->status, &none, (uint32_t)status, memory_order_relaxed, memory_order_relaxed);
    }
    edai_point(port);
    /* acq_rel: whoever sees 0 sees every status and what the handlers did before. */
    if (atomic_fetch_sub_explicit(&receipt->pending, 1, memory_order_acq_rel) == 1) {
        if (receipt->ended != NULL) {
            receipt->ended(receipt);
        } else {
            port->wake(port->self, &receipt->client->waiter);
        }
    }
}

/* The oldest that has ended; NULL: none. */
static edai_receipt *receipt_oldest(edai_client *client)
{
    uint32_t i;

    for (i = 0; i < client->receipt_count; i++) {
        edai_receipt *receipt = client->receipts[client->receipt_next];

        client->receipt_next = (client->receipt_next + 1) % client->receipt_count;
        if (atomic_load_explicit(&receipt->pending, memory_order_acquire) == 0) {
            receipt->generation++;
            return receipt;
        }
    }
    return NULL;
}

static edai_receipt *receipt_new(edai_client *client)
{
    edai_receipt *receipt;
    edai_receipt **grown;

    /* Only when there are as many as there may be: one that has ended may still be waited for. */
    if (client->receipt_count == EDAI_RECEIPTS_MAX) {
        return receipt_oldest(client);
    }
    if ((client->receipt_count & (client->receipt_count - 1)) == 0) {
        size_t capacity = client->receipt_count == 0 ? 1 : 2 * (size_t)client->receipt_count;

        grown = edai_realloc(client->receipts, capacity * sizeof(edai_receipt *));
        if (grown == NULL) {
            return NULL;
        }
        client->receipts = grown;
    }
    receipt = edai_calloc(1, sizeof(*receipt));
    if (receipt == NULL) {
        return NULL;
    }
    receipt->client = client;
    receipt->generation = 1;
    receipt->index = client->receipt_count;
    client->receipts[client->receipt_count++] = receipt;
    return receipt;
}

/* --- publishing --------------------------------------------------------------------------- */

void edai_client_push(edai_client *client, uint16_t to, edai_envelope *envelope)
{
    edai_worker_post(&client->ctx.sys->workers[to], envelope);
}

static eda_status hand_over_begin(edai_client *client);
static void hand_over_end(edai_client *client);

eda_status edai_client_call(
    edai_client *client, uint16_t to, void (*fn)(edai_worker *worker, void *arg), void *arg)
{
    uint16_t home = 0;
    uint8_t size_class = 0;
    edai_envelope *envelope =
        edai_worker_alloc(NULL, sizeof(*envelope) + sizeof(edai_call), &home, &size_class);
    eda_status status;

    if (envelope == NULL) {
        return edai_ctx_fail(&client->ctx, EDA_ENOMEM, "out of memory");
    }
    if (edai_inbox_pending(&client->ctx.sys->workers[to].inbox) > EDAI_PENDING_MAX) {
        edai_free(envelope);
        return edai_ctx_fail(&client->ctx, EDA_EFULL, "the way to worker %u is full", to);
    }
    *envelope = (edai_envelope){.kind = EDAI_CALL, .home = home, .size_class = size_class};
    *(edai_call *)edai_envelope_body(envelope) = (edai_call){.fn = fn, .arg = arg, .worker = to};
    status = hand_over_begin(client);
    if (status != EDA_OK) {
        edai_free(envelope);
        return status;
    }
    edai_client_push(client, to, envelope);
    hand_over_end(client);
    return EDA_OK;
}

static uint16_t worker_of(const eda_system *sys, const edai_envelope *envelope)
{
    return envelope->kind == EDAI_BUNDLE ? envelope->route->fan->worker
                                         : edai_publish_owner(sys, envelope);
}

static bool has_way(const edai_client *client, edai_envelope *at)
{
    const eda_system *sys = client->ctx.sys;

    for (; at != NULL; at = at->next) {
        if (edai_inbox_pending(&sys->workers[worker_of(sys, at)].inbox) <= EDAI_PENDING_MAX) {
            return true;
        }
    }
    return false;
}

/* Until at least one receiver's worker can be reached. */
static eda_status find_way(edai_client *client, const edai_msg *msg, edai_envelope *first)
{
    const edai_port *port = client->ctx.sys->port;
    uint32_t wait_ms =
        msg->type->wait_ms != 0 ? msg->type->wait_ms : client->ctx.sys->options.wait_ms;
    int64_t until = port->now(port->self) + EDA_MS(wait_ms);

    while (!has_way(client, first)) {
        int64_t now = port->now(port->self);

        if (msg->type->overflow != EDA_WAIT || now >= until) {
            return edai_ctx_fail(
                &client->ctx, EDA_EFULL, "%s: the receiver's worker is full", msg->type->name);
        }
        port->park(port->self, &client->waiter, now + RETRY_NS);
    }
    return EDA_OK;
}

static void wait_for_admission(edai_client *client)
{
    const edai_port *port = client->ctx.sys->port;

    /* The receivers' workers decide and keep the time: an answer comes for each. acquire: pairs
     * with client_admitted. */
    while (atomic_load_explicit(&client->unadmitted, memory_order_acquire) > 0) {
        port->park(port->self, &client->waiter, EDAI_NO_DEADLINE);
    }
}

void edai_client_admitted(edai_client *client, eda_status status)
{
    const edai_port *port = client->ctx.sys->port;

    if (status != EDA_OK) {
        atomic_store_explicit(&client->admit_status, (uint32_t)status, memory_order_relaxed);
    }
    if (atomic_fetch_sub_explicit(&client->unadmitted, 1, memory_order_acq_rel) == 1) {
        if (client->admitted != NULL) {
            client->admitted(client);
        } else {
            port->wake(port->self, &client->waiter);
        }
    }
}

/* Counts before the first one leaves: receipts and admissions may be answered while the rest is
 * handed over. */
static void prepare(
    edai_client *client, const edai_msg *msg, edai_envelope *first, edai_receipt *receipt)
{
    edai_envelope *at;
    uint32_t count = 0;

    for (at = first; at != NULL; at = at->next) {
        count++;
        if (msg->type->overflow == EDA_WAIT && !msg->is_request) {
            edai_envelope_its_rest(at)->held_client = client;
        }
    }
    if (receipt != NULL) {
        atomic_store_explicit(&receipt->pending, count + 1, memory_order_relaxed);
    }
    atomic_store_explicit(&client->unadmitted,
        msg->type->overflow == EDA_WAIT && !msg->is_request ? count : 0, memory_order_relaxed);
    atomic_store_explicit(&client->admit_status, EDA_OK, memory_order_relaxed);
}

/* On EDA_OK the system keeps running until hand_over_end. */
static eda_status hand_over_begin(edai_client *client)
{
    /* seq_cst, as the store of the phase in eda_system_stop and the load in edai_clients_settle:
     * either we see the new phase, or the stop sees us. */
    atomic_store(&client->is_handing_over, 1);
    edai_point(client->ctx.sys->port);
    if (atomic_load(&client->ctx.sys->phase) != EDAI_RUNNING) {
        atomic_store_explicit(&client->is_handing_over, 0, memory_order_release);
        return edai_ctx_fail(&client->ctx, EDA_ECLOSED, "the system is stopping or has stopped");
    }
    return EDA_OK;
}

static void hand_over_end(edai_client *client)
{
    atomic_store_explicit(&client->is_handing_over, 0, memory_order_release);
}

void edai_clients_settle(eda_system *sys)
{
    edai_waiter waiter = {.entity = NULL};
    edai_client *client;

    edai_parker_init(&waiter.parker);
    edai_mutex_lock(&sys->mutex);
    client = sys->clients;
    edai_mutex_unlock(&sys->mutex);
    for (; client != NULL; client = client->next) { /* clients are added in front, and never go */
        while (atomic_load(&client->is_handing_over) != 0) {
            sys->port->park(sys->port->self, &waiter, edai_system_now(sys) + SETTLE_NS);
        }
    }
    edai_parker_fini(&waiter.parker);
}

static void hand_over(edai_client *client, edai_envelope *at, edai_receipt *receipt)
{
    const eda_system *sys = client->ctx.sys;

    while (at != NULL) {
        edai_envelope *next = at->next;

        edai_tally_add(&client->tallies[at->route->index], EDAI_ACCEPTED);
        edai_client_push(client, worker_of(sys, at), at);
        at = next;
    }
    if (receipt != NULL) {
        edai_receipt_end(receipt, EDA_OK);
    }
}

eda_status edai_client_publish(
    edai_client *client, const edai_msg *msg, const void *data, eda_receipt *receipt)
{
    edai_extras extras = {.may_bundle = receipt == NULL};
    edai_envelope *first = NULL;
    edai_envelope *last = NULL;
    eda_status status;

    if (receipt != NULL) {
        extras.receipt = receipt_new(client);
        if (extras.receipt == NULL) {
            return edai_ctx_fail(&client->ctx, EDA_ELIMIT, "%u receipts are open, or out of memory",
                client->receipt_count);
        }
        atomic_store_explicit(&extras.receipt->status, EDA_OK, memory_order_relaxed);
        atomic_store_explicit(&extras.receipt->blamed, NULL, memory_order_relaxed);
    }
    EDA_TRY(edai_publish_make(&client->ctx, msg, data, &extras, &first, &last));
    status = first != NULL ? find_way(client, msg, first) : EDA_OK;
    if (status == EDA_OK) {
        status = hand_over_begin(client);
    }
    if (status != EDA_OK) {
        edai_ctx_free_chain(&client->ctx, first);
        return status;
    }
    if (first == NULL) {
        edai_tally_add(&client->tallies[msg->nobody->index], EDAI_UNHEARD);
    }
    prepare(client, msg, first, extras.receipt);
    hand_over(client, first, extras.receipt);
    hand_over_end(client);
    if (first != NULL && msg->type->overflow == EDA_WAIT && !msg->is_request) {
        wait_for_admission(client);
        status = (eda_status)atomic_load_explicit(&client->admit_status, memory_order_relaxed);
        if (status != EDA_OK && last == first) {
            status = status == EDA_ESHED ? EDA_EFULL : status;
            status = status == EDA_ECANCELED ? EDA_ECLOSED : status;
            return edai_ctx_fail(&client->ctx, status, "%s was not admitted: %s", msg->type->name,
                eda_status_text(status));
        }
    }
    if (receipt != NULL) {
        receipt->id = (uint64_t)extras.receipt->generation << 32 | (extras.receipt->index + 1);
    }
    return EDA_OK;
}

/* --- waiting ------------------------------------------------------------------------------ */

static int64_t deadline_of(edai_client *client, uint32_t timeout_ms)
{
    return timeout_ms == EDA_FOREVER ? EDAI_NO_DEADLINE
                                     : edai_system_now(client->ctx.sys) + EDA_MS(timeout_ms);
}

/* A planted fault ends a wait for several deliveries with one to go. */
static uint32_t left_at_the_end(bool is_for_several)
{
    return EDAI_PLANTED(EARLY_RECEIPT) && is_for_several ? 1 : 0;
}

/* Another node could not take it, and has logged why. */
static bool is_refusal(eda_status status)
{
    switch (status) {
    case EDA_EFAILED:
    case EDA_ESHED:
    case EDA_EDEAD:
    case EDA_EUNKNOWN:
    case EDA_EIO:
        return false;
    default:
        return true;
    }
}

static eda_status fail_receipt(eda_ctx *ctx, const edai_receipt *receipt, eda_status status)
{
    const edai_route *blamed = atomic_load_explicit(&receipt->blamed, memory_order_relaxed);

    if (blamed == NULL) {
        return edai_ctx_fail(ctx, status, "%s", eda_status_text(status));
    }
    return edai_ctx_fail(ctx, status, "%s on %s: %s%s", blamed->actor->actor->name,
        blamed->msg->type->name, eda_status_text(status),
        is_refusal(status) ? "; the log of the node it was for says more" : "");
}

eda_status eda_wait(eda_ctx *ctx, eda_receipt receipt, uint32_t timeout_ms)
{
    edai_client *client = (edai_client *)ctx;
    uint32_t index = (uint32_t)receipt.id - 1;
    edai_receipt *waited;
    bool is_for_several;
    int64_t deadline;
    eda_status status;
    const edai_port *port = ctx->sys->port;

    edai_ctx_check(ctx);
    if (ctx->kind != EDAI_CTX_CLIENT) {
        return edai_ctx_fail(ctx, EDA_EPERM, "a handler does not wait for receipts; it asks");
    }
    if (receipt.id == 0 || index >= client->receipt_count ||
        client->receipts[index]->generation != receipt.id >> 32) {
        return edai_ctx_fail(ctx, EDA_EINVAL,
            "no such receipt of this client; only its newest 65,536 can be waited for");
    }
    waited = client->receipts[index];
    deadline = deadline_of(client, timeout_ms);
    is_for_several = atomic_load_explicit(&waited->pending, memory_order_relaxed) > 1;
    edai_point(port);
    while (atomic_load_explicit(&waited->pending, memory_order_acquire) >
           left_at_the_end(is_for_several)) {
        if (port->now(port->self) >= deadline) {
            return edai_ctx_fail(ctx, EDA_ETIMEOUT, "%u deliveries have not ended within %u ms",
                atomic_load(&waited->pending), timeout_ms);
        }
        port->park(port->self, &client->waiter, deadline);
    }
    status = (eda_status)atomic_load_explicit(&waited->status, memory_order_relaxed);
    return status == EDA_OK ? EDA_OK : fail_receipt(ctx, waited, status);
}

eda_status eda_publish_wait(eda_ctx *client, eda_value message, uint32_t timeout_ms)
{
    eda_receipt receipt = {.id = 0};

    EDA_TRY(eda_publish(client, message, &receipt));
    return eda_wait(client, receipt, timeout_ms);
}

/* --- asking ------------------------------------------------------------------------------- */

void edai_client_answer(edai_worker *worker, edai_envelope *envelope)
{
    const edai_reply *reply = edai_envelope_body(envelope);
    edai_client *client = reply->client;
    uint64_t expected = reply->ask_seq;

    if (!atomic_compare_exchange_strong(&client->asking, &expected, 0)) {
        edai_worker_free(worker, envelope); /* it gave up waiting */
        return;
    }
    /* release: pairs with the acquire in wait_for_answer; the reply is read there. */
    atomic_store_explicit(&client->answer, envelope, memory_order_release);
    worker->port->wake(worker->port->self, &client->waiter);
}

static edai_envelope *wait_for_answer(edai_client *client, uint64_t seq, int64_t deadline)
{
    const edai_port *port = client->ctx.sys->port;
    edai_envelope *answer;

    while ((answer = atomic_load_explicit(&client->answer, memory_order_acquire)) == NULL) {
        uint64_t expected = seq;

        if (port->now(port->self) >= deadline &&
            atomic_compare_exchange_strong(&client->asking, &expected, 0)) {
            return NULL;
        }
        /* Past the deadline a worker has claimed the ask: its answer is a few instructions away. */
        port->park(port->self, &client->waiter, deadline);
    }
    return answer;
}

static void drop_reply(edai_client *client)
{
    if (client->held_reply != NULL) {
        edai_envelope_free(client->ctx.sys, NULL, client->held_reply);
        client->held_reply = NULL;
    }
}

eda_status edai_client_ask(
    edai_client *client, const edai_msg *msg, eda_request request, uint32_t timeout_ms)
{
    eda_ctx *ctx = &client->ctx;
    edai_extras extras = {.asking_client = client, .ask_seq = ++client->ask_seq};
    edai_envelope *envelope = NULL;
    int64_t deadline = deadline_of(client, timeout_ms);

    eda_status status;

    drop_reply(client);
    extras.deadline = deadline;
    EDA_TRY(edai_publish_one(ctx, msg->responder, request.value.data, &extras, &envelope));
    if (!has_way(client, envelope)) {
        edai_envelope_free(ctx->sys, NULL, envelope);
        return edai_ctx_fail(ctx, EDA_EFULL, "%s: the receiver's worker is full", msg->type->name);
    }
    status = hand_over_begin(client);
    if (status != EDA_OK) {
        edai_envelope_free(ctx->sys, NULL, envelope);
        return status;
    }
    atomic_store_explicit(&client->answer, NULL, memory_order_relaxed);
    atomic_store(&client->asking, client->ask_seq);
    edai_tally_add(&client->tallies[envelope->route->index], EDAI_ACCEPTED);
    edai_client_push(client, edai_publish_owner(ctx->sys, envelope), envelope);
    hand_over_end(client);
    client->held_reply = wait_for_answer(client, client->ask_seq, deadline);
    if (client->held_reply == NULL) {
        return edai_ctx_fail(
            ctx, EDA_ETIMEOUT, "%s: no reply within %u ms", msg->type->name, timeout_ms);
    }
    return edai_ask_result(ctx, client->held_reply, request.ret_reply);
}

/* --- making and freeing ------------------------------------------------------------------- */

static eda_status client_make(eda_system *sys, edai_client **ret_client)
{
    edai_client *client;

    if (sys->client_count == EDAI_ACTORS_MAX) {
        return EDA_ELIMIT;
    }
    client = edai_calloc(1, sizeof(*client));
    if (client == NULL) {
        return EDA_ENOMEM;
    }
    client->tallies = edai_calloc(sys->route_count + 1u, sizeof(*client->tallies));
    client->sequences = edai_calloc(sys->actor_count + 1u, sizeof(*client->sequences));
    if (client->tallies == NULL || client->sequences == NULL) {
        edai_free(client->tallies);
        edai_free(client->sequences);
        edai_free(client);
        return EDA_ENOMEM;
    }
    client->number = ++sys->client_count;
    edai_random_seed(&client->random, sys->options.seed ^ 0x636c69656e74u ^ client->number);
    edai_parker_init(&client->waiter.parker);
    client->next = sys->clients;
    sys->clients = client;
    *ret_client = client;
    return EDA_OK;
}

eda_status eda_client_new(eda_system *sys, eda_ctx **ret_client)
{
    edai_client *client;
    eda_status status = EDA_OK;

    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    if (edai_system_phase(sys) != EDAI_RUNNING) {
        return edai_system_fail(
            sys, EDA_ESTATE, "a client needs a running system: call eda_system_start first");
    }
    edai_mutex_lock(&sys->mutex);
    client = sys->spare_clients;
    if (client != NULL) {
        sys->spare_clients = client->next_spare;
    } else {
        status = client_make(sys, &client);
    }
    edai_mutex_unlock(&sys->mutex);
    if (status != EDA_OK) {
        return status;
    }
    client->is_open = true;
    client->ctx = (eda_ctx){.magic = EDAI_CTX_MAGIC,
        .kind = EDAI_CTX_CLIENT,
        .sys = sys,
        .error = client->error,
        .publisher = (uint16_t)(EDAI_PUBLISHER_CLIENT | client->number)};
    client->error[0] = '\0';
    *ret_client = &client->ctx;
    return EDA_OK;
}

void eda_client_free(eda_ctx *ctx)
{
    edai_client *client = (edai_client *)ctx;
    eda_system *sys;

    if (ctx == NULL) {
        return;
    }
    edai_ctx_check(ctx);
    EDA_ASSERT(ctx->kind == EDAI_CTX_CLIENT, "a handler's ctx belongs to the framework");
    sys = ctx->sys;
    drop_reply(client);
    edai_ctx_release(ctx);
    client->is_open = false;
    client->ctx.magic = 0;
    edai_mutex_lock(&sys->mutex);
    client->next_spare = sys->spare_clients;
    sys->spare_clients = client;
    edai_mutex_unlock(&sys->mutex);
}

void edai_clients_free(eda_system *sys)
{
    while (sys->clients != NULL) {
        edai_client *client = sys->clients;
        uint32_t i;

        EDA_ASSERT(!client->is_open, "clients are freed before their system");
        sys->clients = client->next;
        for (i = 0; i < client->receipt_count; i++) {
            edai_free(client->receipts[i]);
        }
        edai_free(client->receipts);
        edai_free(client->tallies);
        edai_free(client->sequences);
        edai_parker_fini(&client->waiter.parker);
        edai_free(client);
    }
}
