/* after.h - records an actor sends itself later, and publishes that leave later.
 *
 * Threads: the owning worker's. A self-timer belongs to its activation and dies with it; a delayed
 * publish belongs to the worker. */
#ifndef EDAI_AFTER_H
#define EDAI_AFTER_H

#include "core/worker.h"

#define EDAI_SELF_TIMERS_MAX 64u

typedef struct edai_after {
    struct edai_after *next; /* of the activation, or of the turn that arms it */
    edai_activation *activation;
    edai_envelope *envelope; /* the record, ready to be delivered; NULL: given away */
    edai_timer timer;
    uint64_t id;
    eda_duration period; /* 0: once */
    bool is_orphan;      /* planted fault only: its activation is gone */
} edai_after;

/* The turn succeeded: what it armed begins to run. Failed: it is forgotten. */
void edai_after_commit(eda_ctx *ctx);
void edai_after_forget(eda_ctx *ctx);
void edai_after_cancel_all(edai_worker *worker, edai_activation *activation);

/* Delayed publishes, kept by the system until they are due. */
typedef struct edai_delayed {
    struct edai_delayed *next; /* of the turn */
    edai_timer timer;
    edai_envelope *envelopes; /* oldest first */
} edai_delayed;
void edai_delayed_arm(edai_worker *worker, edai_delayed *delayed);
void edai_delayed_free(eda_system *sys, edai_worker *worker, edai_delayed *delayed);
/* Frees what never became due. */
void edai_delayed_free_all(edai_worker *worker);

#endif
