/* arrival.c - see arrival.h. */
#include "core/arrival.h"

#include "base/assert.h"
#include "base/hash.h"
#include "core/abroad.h"
#include "core/mailbox.h"
#include "core/publish.h"

const edai_activation *edai_arrival_find(
    edai_worker *gateway, const edai_route *route, uint64_t identity)
{
    const edai_actor_type *type = route->actor;
    uint64_t hash = edai_hash_u64(identity);
    edai_worker *worker = &gateway->sys->workers[edai_system_owner(gateway->sys, type, hash)];
    edai_activation *activation;

    if (edai_worker_seat(worker) != edai_worker_seat(gateway) || worker->arrived != NULL ||
        worker->is_ending) {
        return NULL;
    }
    activation = edai_worker_recent(worker, type, identity);
    if (activation == NULL) {
        activation = edai_worker_at_home(worker, type, identity, hash);
    }
    if (activation != NULL) {
        gateway->put = (edai_put){
            .route = route, .identity = identity, .owner = worker, .activation = activation};
    }
    return activation;
}

bool edai_arrival_is_heard_here(const edai_msg *msg, const void *data)
{
    uint32_t i;

    for (i = 0; i < msg->route_count; i++) {
        if (edai_publish_is_wanted(msg->routes[i], data)) {
            return true;
        }
    }
    return false;
}

void edai_arrival_keep(edai_worker *gateway, edai_envelope *envelope, uint64_t hash)
{
    edai_worker_deliver_to(gateway,
        edai_system_own_worker(gateway->sys, envelope->route->actor, hash), envelope, hash);
}

static void mark(edai_envelope *envelope, const edai_arrival *arrival)
{
    edai_rest *rest = edai_envelope_rest(envelope);

    envelope->publisher = arrival->publisher;
    envelope->flags |= arrival->is_outside ? EDAI_FROM_OUTSIDE : 0;
    if (rest != NULL && arrival->held_client != NULL &&
        envelope->route->msg->type->overflow == EDA_WAIT) {
        rest->held_client = arrival->held_client;
        atomic_fetch_add_explicit(&arrival->held_client->unadmitted, 1, memory_order_relaxed);
    }
    if (arrival->receipt != NULL) {
        atomic_fetch_add_explicit(&arrival->receipt->pending, 1, memory_order_relaxed);
    }
}

/* To its worker here, or on to the node that owns it. */
static void hand_on(
    eda_ctx *ctx, edai_envelope *envelope, const edai_arrival *arrival, edai_delivered *delivered)
{
    const edai_route *route = envelope->route;
    uint64_t hash;

    mark(envelope, arrival);
    delivered->count++;
    if (edai_mailbox_put_again(ctx->worker, envelope)) { /* so it stays here, like that one */
        return;
    }
    edai_arrival_begin(ctx->worker); /* whoever was found may be put nothing now */
    hash = edai_publish_hash(envelope);
    edai_tally_add(&ctx->worker->tallies[route->index], EDAI_ACCEPTED);
    if (edai_system_is_in_motion(route->actor, hash)) {
        ctx->sys->abroad->take(ctx->sys->abroad, ctx->worker, envelope);
    } else if (arrival->may_pass_on && edai_system_is_elsewhere(route->actor, hash)) {
        envelope->flags |= EDAI_PASSED_ON;
        delivered->passed++;
        delivered->partition = edai_system_partition(route->actor, hash);
        ctx->sys->abroad->take(ctx->sys->abroad, ctx->worker, envelope);
    } else {
        edai_arrival_keep(ctx->worker, envelope, hash);
    }
}

static bool is_anothers(const edai_route *route, edai_envelope *envelope)
{
    uint64_t hash = edai_publish_hash(envelope);

    return edai_system_is_elsewhere(route->actor, hash) &&
           !edai_system_is_in_motion(route->actor, hash);
}

static eda_status deliver_one(eda_ctx *ctx, const edai_route *route, const void *data,
    const edai_arrival *arrival, edai_delivered *delivered)
{
    const edai_extras extras = {.deadline = arrival->deadline,
        .asker = arrival->ask_seq != 0 ? &edai_somebody_abroad : NULL,
        .ask_seq = arrival->ask_seq,
        .receipt = arrival->receipt,
        .looks_ahead = true};
    edai_envelope *envelope = NULL;

    if (!edai_publish_is_wanted(route, data)) {
        return EDA_OK;
    }
    EDA_TRY(arrival->backing != NULL && !route->msg->is_request
                ? edai_publish_lent(ctx, route, data, arrival->backing, &extras, &envelope)
                : edai_publish_one(ctx, route, data, &extras, &envelope));
    EDA_ASSERT(envelope != NULL, "made");
    envelope->next = NULL;
    if (arrival->actor == NULL && !arrival->may_pass_on && is_anothers(route, envelope)) {
        edai_envelope_free(ctx->sys, ctx->worker, envelope); /* its owner got one, too */
        return EDA_OK;
    }
    hand_on(ctx, envelope, arrival, delivered);
    return EDA_OK;
}

eda_status edai_arrival_deliver(edai_worker *gateway, const edai_msg *msg, const void *data,
    const edai_arrival *arrival, edai_delivered *ret_delivered)
{
    eda_status status = EDA_OK;
    eda_ctx ctx;
    uint32_t i;

    edai_ctx_init(&ctx, EDAI_CTX_TURN, gateway->sys, gateway);
    ctx.publisher = EDAI_PUBLISHER_ABROAD;
    *ret_delivered = (edai_delivered){.count = 0};
    for (i = 0; i < msg->route_count; i++) {
        eda_status one = EDA_OK;

        if (arrival->actor == NULL || msg->routes[i]->actor == arrival->actor) {
            one = deliver_one(&ctx, msg->routes[i], data, arrival, ret_delivered);
        }
        if (one != EDA_OK) {
            edai_arrival_begin(gateway); /* the receiver may have been found, but was put nothing */
            status = status == EDA_OK ? one : status;
        }
    }
    edai_ctx_release(&ctx);
    return status;
}
