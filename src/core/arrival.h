/* arrival.h - what comes from another node or from outside, on its way to who handles it here.
 *
 * Most arrives in batches, of which one message is like the one before: so the receiver is searched
 * once, by whoever needs it first, and noted in the gateway's edai_put. What a large message points
 * to stays in what was received (edai_backing). Order: as it is delivered. Threads: the gateway's.
 */
#ifndef EDAI_ARRIVAL_H
#define EDAI_ARRIVAL_H

#include "core/system.h"
#include "core/worker.h"

/* A message from another node or from outside. */
typedef struct edai_arrival {
    const edai_actor_type *actor; /* for this one alone, wherever it is placed; NULL: for all that
                                   * are this node's */
    uint16_t publisher;           /* index of the actor type, or EDAI_PUBLISHER_ABROAD */
    bool is_outside;
    bool may_pass_on;         /* to the node that owns it, if that is another */
    int64_t deadline;         /* 0: none */
    uint64_t ask_seq;         /* requests: what `answered` knows them by; 0: not asked */
    edai_receipt *receipt;    /* its pending count is raised by the number of deliveries */
    edai_backing *backing;    /* what the message points to lies there; NULL: it is copied */
    edai_client *held_client; /* told when EDA_WAIT deliveries are admitted; NULL: nobody */
} edai_arrival;

/* What became of it. */
typedef struct edai_delivered {
    uint32_t count;     /* deliveries, with those passed on */
    uint32_t passed;    /* to another node */
    uint32_t partition; /* of the last one passed on */
} edai_delivered;

/* Before what one event of the bus brings is delivered: then each message may find the receiver of
 * the one before, which stays, since no turn runs in between (edai_put). */
static inline void edai_arrival_begin(edai_worker *gateway)
{
    gateway->put.route = NULL;
}
/* Delivers it, on the gateway. EDA_EKEY, EDA_ENOMEM, EDA_ERANGE: not to all; what was delivered
 * stands, and is told. */
EDA_CHECK eda_status edai_arrival_deliver(edai_worker *gateway, const edai_msg *msg,
    const void *data, const edai_arrival *arrival, edai_delivered *ret_delivered);
/* Delivers to its worker on this node, whoever owns it. Takes the envelope; `hash` of its identity.
 */
void edai_arrival_keep(edai_worker *gateway, edai_envelope *envelope, uint64_t hash);
/* The message has a receiver here, whether this node's or not. */
bool edai_arrival_is_heard_here(const edai_msg *msg, const void *data);
/* The receiver, if it is this node's and runs on this seat, and nothing stands before what comes
 * for it. Noted, so that it need not be searched again when the message is put. */
const edai_activation *edai_arrival_find(
    edai_worker *gateway, const edai_route *route, uint64_t identity);
/* While an EDA_WAIT delivery is made: its receiver runs on this seat and lives, has room, and
 * nothing stands before it. What is another seat's is not looked at. */
static inline bool edai_arrival_has_room(
    edai_worker *gateway, const edai_route *route, eda_identity identity)
{
    const edai_actor_type *type = route->actor;
    const edai_put *last = &gateway->put;
    const edai_activation *activation;

    if (identity.is_text) {
        return false;
    }
    activation = last->route == route && last->identity == identity.number
                     ? last->activation
                     : edai_arrival_find(gateway, route, identity.number);
    return activation != NULL && activation->len < type->mailbox_len_max &&
           (activation->extra == NULL || activation->extra->waiting == NULL);
}

#endif
