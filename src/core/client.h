/* client.h - publishers outside the actors, and their receipts.
 *
 * Threads: one thread's at a time; workers touch the atomics, and the waiter through the port.
 * Memory: kept until the system is freed and reused, so that a late reply never meets freed memory.
 */
#ifndef EDAI_CLIENT_H
#define EDAI_CLIENT_H

#include "base/port.h"
#include "base/random.h"
#include "core/tally.h"
#include "core/turn.h"

#define EDAI_RECEIPTS_MAX 65536u

struct edai_receipt {
    _Atomic uint32_t pending;           /* deliveries, plus one while they are being handed over */
    _Atomic uint32_t status;            /* of the first that did not end as handled */
    _Atomic(const edai_route *) blamed; /* the first whose delivery did not end as handled */
    edai_client *client;
    /* When all have ended, on the worker that ended the last; NULL: the client's thread waits. */
    void (*ended)(edai_receipt *receipt);
    uint32_t generation;
    uint32_t index;
};

struct edai_client {
    eda_ctx ctx;       /* first: a client's eda_ctx is its edai_client */
    edai_client *next; /* of all there ever were */
    edai_client *next_spare;
    uint16_t number;
    bool is_open;
    edai_waiter waiter;
    /* Between looking at the phase and having handed over: a stop waits until it is over. */
    _Atomic uint32_t is_handing_over;
    /* The ask it waits for; a reply claims it by an exchange to 0. */
    _Atomic uint64_t asking;
    _Atomic(edai_envelope *) answer;
    _Atomic uint32_t unadmitted; /* EDA_WAIT deliveries it waits for */
    _Atomic uint32_t admit_status;
    /* When all were admitted, on the worker that admitted the last; NULL: its thread waits. */
    void (*admitted)(edai_client *client);
    uint64_t ask_seq;
    edai_envelope *held_reply; /* borrowed by the caller until its next ask */
    edai_receipt **receipts;   /* by index, in blocks of their own: they never move */
    uint32_t receipt_count;
    uint32_t receipt_next; /* where to look for a free one */
    edai_tally *tallies;
    uint64_t *sequences; /* per actor type: messages routed to it from here */
    edai_random random;
    char error[EDAI_ERROR_SIZE];
};

/* Before its end: this delivery will not end as handled. Any thread; the first one stands. */
void edai_receipt_blame(edai_receipt *receipt, const edai_route *route);
/* Ends one delivery that a receipt waits for. Any thread. */
void edai_receipt_end(edai_receipt *receipt, eda_status status);
/* A reply or an admission for a client, on a worker. */
void edai_client_answer(edai_worker *worker, edai_envelope *reply);
void edai_client_admitted(edai_client *client, eda_status status);
/* Hands one envelope to a worker, from a client's thread. Takes it. */
void edai_client_push(edai_client *client, uint16_t to, edai_envelope *envelope);
EDA_CHECK eda_status edai_client_publish(
    edai_client *client, const edai_msg *msg, const void *data, eda_receipt *receipt);
EDA_CHECK eda_status edai_client_ask(
    edai_client *client, const edai_msg *msg, eda_request request, uint32_t timeout_ms);
/* Runs fn(worker, arg) on a worker. EDA_ENOMEM. */
EDA_CHECK eda_status edai_client_call(
    edai_client *client, uint16_t to, void (*fn)(edai_worker *worker, void *arg), void *arg);
/* After the phase changed: waits until nobody hands over any more on the strength of the old one.
 */
void edai_clients_settle(eda_system *sys);
/* Frees all; when the workers have ended. */
void edai_clients_free(eda_system *sys);

#endif
