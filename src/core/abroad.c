/* abroad.c - see abroad.h: the core's side of a connection to other nodes. */
#include "core/abroad.h"

#include "base/hash.h"
#include "base/memory.h"
#include "core/publish.h"

#include <string.h>

/* --- contracts ----------------------------------------------------------------------------- */

/* Stands for everybody elsewhere; its handlers never run. */
static eda_status never(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    (void)state;
    (void)message;
    (void)ret_reply;
    (void)ctx;
    return EDA_ESTATE;
}

static const eda_handler handlers[] = {{.fn = never}, {.fn = NULL}};
static const eda_handler answering[] = {{.fn = never, .answers = true}, {.fn = NULL}};
static const eda_actor elsewhere = {.name = "elsewhere", .handlers = handlers};

static eda_status make_type(eda_system *sys)
{
    edai_actor_type *type = edai_calloc(1, sizeof(*type));

    if (type == NULL) {
        return EDA_ENOMEM;
    }
    type->actor = &elsewhere;
    type->supervisor = &eda_supervisor_singleton;
    type->index = (uint16_t)sys->actor_count; /* of holdings there is one more */
    type->own_worker = UINT16_MAX;
    type->mailbox_len_max = UINT32_MAX;
    type->hash = edai_hash_bytes(elsewhere.name, strlen(elsewhere.name));
    sys->gateway_type = type;
    return EDA_OK;
}

eda_status edai_abroad_connect(eda_system *sys)
{
    uint32_t i;

    sys->gateway = EDAI_NO_GATEWAY;
    if (sys->options.bus == NULL && sys->options.bus_driver == NULL) {
        return EDA_OK;
    }
    EDA_TRY(make_type(sys));
    EDA_TRY(edai_abroad_new(sys, &sys->abroad));
    for (i = 0; i < sys->actor_count; i++) {
        edai_actor_type *type = sys->actors[i];

        if (type->owners == NULL) {
            continue;
        }
        type->live_at = edai_calloc(EDAI_SHARDS, sizeof(*type->live_at));
        if (type->live_at == NULL) {
            return EDA_ENOMEM;
        }
    }
    return EDA_OK;
}

static eda_status make_route(
    eda_system *sys, edai_msg *msg, const eda_handler *handler, edai_route **ret_route)
{
    edai_route *route = edai_calloc(1, sizeof(*route));
    eda_status status;

    if (route == NULL) {
        return EDA_ENOMEM;
    }
    *route =
        (edai_route){.actor = sys->gateway_type, .handler = handler, .msg = msg, .is_single = true};
    status = edai_contract_register(sys, route);
    if (status != EDA_OK) {
        edai_free(route);
        return status;
    }
    *ret_route = route;
    return EDA_OK;
}

static eda_status route_one(eda_system *sys, edai_msg *msg)
{
    if (msg->is_system) {
        return EDA_OK;
    }
    msg->plan = msg->type->is_raw ? NULL : edai_cbor_plan_new(msg->type);
    if (!msg->is_request) {
        EDA_TRY(make_route(sys, msg, handlers, &msg->elsewhere));
        return make_route(sys, msg, handlers, &msg->abroad);
    }
    return msg->responder == NULL ? make_route(sys, msg, answering, &msg->responder) : EDA_OK;
}

eda_status edai_abroad_route(eda_system *sys)
{
    edai_msg *msg;

    if (sys->abroad == NULL) {
        return EDA_OK;
    }
    EDA_TRY(route_one(sys, edai_contract_raw(sys)));
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        EDA_TRY(route_one(sys, msg));
    }
    return EDA_OK;
}

void edai_abroad_free(eda_system *sys)
{
    if (sys->abroad != NULL) {
        edai_far_tally *tallies = sys->abroad->tallies;

        sys->abroad->free(sys->abroad);
        edai_free(tallies);
        sys->abroad = NULL;
    }
}

edai_activation edai_somebody_abroad;

/* --- replies ------------------------------------------------------------------------------- */

/* In a block of its own. NULL: out of memory. */
static edai_envelope *make_reply(edai_worker *gateway, edai_envelope *request, const void *data)
{
    const edai_msg *msg = request->route->msg;
    const edai_ext *ext = edai_envelope_its_ext(request);
    edai_envelope *envelope;
    edai_reply *reply;
    size_t size = 0;
    uint16_t home = 0;
    uint8_t size_class = 0;

    if (edai_shape_size(&msg->reply_shape, msg->type->reply, data, &size) != EDA_OK) {
        return NULL;
    }
    envelope =
        edai_worker_alloc(gateway, sizeof(*envelope) + sizeof(*reply) + size, &home, &size_class);
    if (envelope == NULL) {
        return NULL;
    }
    *envelope = (edai_envelope){.kind = EDAI_REPLY, .home = home, .size_class = size_class};
    reply = edai_envelope_body(envelope);
    *reply = (edai_reply){.client = ext->asking_client,
        .asker = ext->asker,
        .ask_seq = ext->ask_seq,
        .worker = ext->asker_worker};
    edai_shape_copy(&msg->reply_shape, msg->type->reply, data, reply + 1, size);
    return envelope;
}

void edai_abroad_reply(edai_worker *gateway, edai_envelope *request, const void *data)
{
    const edai_msg *msg = request->route->msg;
    edai_envelope *envelope;

    if (msg->reply_shape.is_plain && msg->reply_shape.size <= edai_reply_room(request)) {
        edai_reply_value(gateway, request, data, msg->reply_shape.size);
        return;
    }
    envelope = make_reply(gateway, request, data);
    if (envelope == NULL) {
        edai_reply_status(gateway, request, EDA_ENOMEM, "out of memory for the reply");
        return;
    }
    edai_worker_free(gateway, request);
    edai_worker_dispatch(gateway, envelope);
}

/* --- sums ---------------------------------------------------------------------------------- */

uint64_t edai_far_ended(const eda_system *sys)
{
    uint64_t sum = 0;
    uint32_t i;
    uint32_t outcome;

    if (sys->abroad == NULL) {
        return 0;
    }
    for (i = 0; i < sys->route_count; i++) {
        for (outcome = 0; outcome < EDAI_FAR_OUTCOMES; outcome++) {
            sum += edai_far_get(sys->abroad, i, (edai_far_outcome)outcome);
        }
    }
    return sum;
}
