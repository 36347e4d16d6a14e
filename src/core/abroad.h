/* abroad.h - where the core meets the cluster: what it asks of whoever connects it to other nodes.
 *
 * A connected system has one worker more, the gateway, which owns no shards. What is for another
 * node is dispatched to it like any other delivery, and what comes from another node is dispatched
 * by it; so order, accounting and stopping need no other rules. Threads: the gateway's by the
 * thread that runs it; start, leave, free by the thread that owns the system. The connection itself
 * is made in src/cluster, which stands above. */
#ifndef EDAI_ABROAD_H
#define EDAI_ABROAD_H

#include "core/system.h"

typedef struct edai_abroad edai_abroad;

/* Ends of deliveries that only a connected system has. */
typedef enum edai_far_outcome {
    EDAI_FORWARDED = 0,
    EDAI_LOST,
    EDAI_UNKNOWN,
    EDAI_FAR_OUTCOMES
} edai_far_outcome;

/* Per route; written by the gateway, read by anybody. */
typedef struct edai_far_tally {
    _Atomic uint64_t counts[EDAI_FAR_OUTCOMES];
} edai_far_tally;

/* The connection: functions, and what the core reads of it. */
struct edai_abroad {
    edai_far_tally *tallies; /* per route; made by the core before start */
    uint32_t tight_count;    /* ways to other nodes with little room left; the gateway's */
    /* Contracts are sealed, workers made and not yet running. */
    eda_status (*open)(edai_abroad *self);
    /* Workers run; returns when this node can be reached. */
    eda_status (*start)(edai_abroad *self);
    /* No more from outside; others take over what is here. Then the drain. */
    void (*leave)(edai_abroad *self);
    /* Workers have ended, or never ran. */
    void (*close)(edai_abroad *self);
    void (*free)(edai_abroad *self);

    /* On the gateway. A delivery for another node; takes it. */
    void (*take)(edai_abroad *self, edai_worker *gateway, edai_envelope *envelope);
    /* The reply to a request that came from abroad; takes it. */
    void (*answered)(edai_abroad *self, edai_worker *gateway, edai_envelope *reply);
    /* Whatever is to be sent at the end of a round. */
    void (*end_round)(edai_abroad *self, edai_worker *gateway);
    /* The system ends what is left: so does the connection. */
    void (*end)(edai_abroad *self, edai_worker *gateway);
};

/* Makes the connection that the system's options ask for, and gives the types that are placed their
 * owners. EDA_ENOENT, EDA_EINVAL, EDA_EMISSING: the sentence goes to the system's error.
 * EDA_ENOMEM. Defined in src/cluster. */
EDA_CHECK eda_status edai_abroad_new(eda_system *sys, edai_abroad **ret_abroad);

/* --- for system.c and seal.c ---------------------------------------------------------------- */

/* Before the seal: connects, and makes the gateway's type. */
EDA_CHECK eda_status edai_abroad_connect(eda_system *sys);
/* A route to the gateway for each message type, and a responder for requests nobody answers here.
 */
EDA_CHECK eda_status edai_abroad_route(eda_system *sys);
void edai_abroad_free(eda_system *sys);

/* --- for the connection ---------------------------------------------------------------------- */

/* Answers a request that went abroad with its type's reply; takes the request. */
void edai_abroad_reply(edai_worker *gateway, edai_envelope *request, const void *data);

/* Stands for whoever asks from abroad, in requests and replies. */
extern edai_activation edai_somebody_abroad;

static inline bool edai_abroad_asked(const edai_reply *reply)
{
    return reply->asker == &edai_somebody_abroad;
}

/* Outsiders, or actors that only other nodes host, get the message type. */
static inline bool edai_abroad_hears(const edai_msg *msg)
{
    return msg->abroad != NULL && atomic_load_explicit(&msg->is_heard_abroad, memory_order_relaxed);
}

static inline void edai_far_add(
    edai_abroad *abroad, const edai_route *route, edai_far_outcome outcome, uint64_t many)
{
    _Atomic uint64_t *count = &abroad->tallies[route->index].counts[outcome];

    atomic_store_explicit(
        count, atomic_load_explicit(count, memory_order_relaxed) + many, memory_order_release);
}

static inline uint64_t edai_far_get(
    const edai_abroad *abroad, uint32_t route, edai_far_outcome outcome)
{
    return atomic_load_explicit(&abroad->tallies[route].counts[outcome], memory_order_acquire);
}

/* Of all routes and all three. 0 if the system is not connected. */
uint64_t edai_far_ended(const eda_system *sys);

#endif
