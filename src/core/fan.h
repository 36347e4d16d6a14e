/* fan.h - one message for many receivers of a worker: bundles, which wait beside the run queue.
 *
 * A bundle is an envelope for a whole fan (contract.h). It waits with its worker and not in
 * mailboxes; when its turn has come, receiver after receiver handles all waiting bundles of the
 * fan, up to a batch, in place. A receiver that cannot (it is busy, suspended, held, not started)
 * gets ordinary envelopes instead, and stands apart until it is idle again: what comes for it
 * meanwhile goes to its mailbox at once. So does what waits here before anything else is put into
 * its mailbox.
 *
 * Order: per publisher. Threads: the owning worker's. Bound: a fan's least mailbox_len_max; beyond,
 * its receivers all get envelopes, and their policies decide. */
#ifndef EDAI_FAN_H
#define EDAI_FAN_H

#include "core/contract.h"
#include "core/envelope.h"

/* Bundles of one fan that a receiver handles in a row. */
#define EDAI_FAN_BATCH 64u

typedef struct eda_ctx eda_ctx;

/* A receiver's place in a fan. */
typedef struct edai_fan_place {
    edai_activation *activation; /* NULL: there is none now */
    uint64_t done;               /* number of the last bundle it was given */
    uint32_t apart_at;           /* in the list of those apart, plus 1; 0: it is not */
} edai_fan_place;

/* A fan on its worker. */
typedef struct edai_fan_line {
    const edai_fan *fan;
    edai_fan_place *places;
    uint32_t *apart; /* places of those apart */
    uint32_t apart_count;
    uint32_t waiting; /* bundles */
    uint64_t number;  /* of the last bundle */
} edai_fan_line;

/* What a handler sees as its envelope while it runs in place. */
typedef struct edai_fan_stub {
    edai_envelope envelope;
    edai_shared *shared;
} edai_fan_stub;

/* The turns that one receiver runs in place in a row; on the stack they run on. */
typedef struct edai_fan_run {
    const edai_route *route;
    edai_fan_place *place;
    edai_fan_stub *stubs;
    uint64_t number; /* of the bundle of stubs[0] */
    uint32_t first;
    uint32_t at; /* the one that runs */
    uint32_t end;
} edai_fan_run;

/* Of a worker. */
typedef struct edai_fans {
    edai_fan_line *lines; /* by the fan's index */
    edai_fan_stub *stubs; /* a batch's */
    edai_envelope *first; /* bundles, oldest first */
    edai_envelope *last;
    edai_fan_run *run;               /* while a handler runs in place */
    const edai_actor_type *starting; /* gets its first message, which passes nothing */
    /* The batch at the head, which receivers are handling. */
    edai_fan_line *line;
    uint32_t batch_len; /* 0: none was begun */
    uint32_t next;      /* the place whose turn it is */
    bool was_last;      /* of the fans and the run queue, which take turns */
} edai_fans;

EDA_CHECK eda_status edai_fans_init(edai_worker *worker);
void edai_fans_fini(edai_worker *worker);
/* Takes a bundle. */
void edai_fans_put(edai_worker *worker, edai_envelope *bundle);
/* Runs some turns of the batch at the head; there must be one. Returns when they have ended,
 * perhaps after a suspension. */
void edai_fans_step(edai_worker *worker);
/* Ends what waits: it is counted as stopped. */
void edai_fans_stop(edai_worker *worker);
/* The same for a bundle that was not taken. */
void edai_fan_stop_bundle(edai_worker *worker, edai_envelope *bundle);
/* Deliveries that wait in bundles. */
uint64_t edai_fans_count(const edai_worker *worker);

/* An envelope of its own for one receiver, which refers to the shared message. worker NULL: a
 * client's. NULL: out of memory. */
edai_envelope *edai_fan_envelope(
    edai_worker *worker, const edai_route *route, edai_shared *shared, uint16_t publisher);
/* True for a turn that runs in place. */
bool edai_fan_is_stub(const edai_envelope *envelope);
/* Gives a turn that runs in place an envelope of its own, so that it may be suspended or its
 * message kept. EDA_ENOMEM: nothing happened. */
EDA_CHECK eda_status edai_fan_leave(eda_ctx *ctx);
EDA_CHECK eda_status edai_fan_keep(eda_ctx *ctx);
/* Counts the turns of a run that ended well; the one at `at` has begun. */
void edai_fan_account(edai_worker *worker, const edai_fan_run *run, uint32_t handled);

/* Spills what waits here for the actor type's activation: something else is put into its mailbox.
 */
void edai_fan_part(edai_worker *worker, const edai_actor_type *type);
void edai_fan_set_places(
    edai_worker *worker, const edai_actor_type *type, edai_activation *activation);

static inline void edai_fan_let_pass(edai_worker *worker, const edai_actor_type *type)
{
    if (EDAI_UNLIKELY(type->fanned != NULL)) {
        edai_fan_part(worker, type);
    }
}

/* The type's activation is this one from now on; NULL: it goes. */
static inline void edai_fan_place_at(
    edai_worker *worker, const edai_actor_type *type, edai_activation *activation)
{
    if (EDAI_UNLIKELY(type->fanned != NULL)) {
        edai_fan_set_places(worker, type, activation);
    }
}

#endif
