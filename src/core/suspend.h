/* suspend.h - a turn that waits: for an answer, for a time, for a blocking call.
 *
 * Its handler keeps its stack; meanwhile others run. Threads: the worker's alone. */
#ifndef EDAI_SUSPEND_H
#define EDAI_SUSPEND_H

#include "base/assert.h"
#include "core/turn.h"

typedef enum edai_wait_kind {
    EDAI_WAIT_NONE = 0,
    EDAI_WAIT_ASK,
    EDAI_WAIT_TIME,
    EDAI_WAIT_JOB
} edai_wait_kind;

/* Why a turn is suspended; on the suspended stack. */
typedef struct edai_wait {
    edai_wait_kind kind;
    uint64_t seq;      /* asks: unique on the worker */
    int64_t since;     /* monotonic ns, as of the round in which it began to wait */
    eda_status status; /* set by who resumes */
    edai_envelope *reply;
    const edai_actor_type *target; /* asks */
    uint64_t target_identity;
    edai_timer timer;
    /* Young asks: made in this round, of whoever sits here, too; at its end the timer is armed, but
     * few get so old. */
    struct edai_wait **young_at; /* what points to it in the worker's list; NULL: not young */
    struct edai_wait *young_next;
    edai_envelope *young_request; /* on this seat; NULL: it is one no more */
    uint32_t timeout_ms;          /* as edai_ext's */
    int64_t deadline;             /* what is known of it */
    char *text; /* of the status, owned by who resumes until the turn has copied it; NULL: none */
    struct eda_ctx *ctx;
    edai_envelope *request; /* asks: leaves when the turn is suspended */
    edai_job *job;          /* blocking calls: taken when the turn is suspended */
} edai_wait;

/* Whether it may wait at all. EDA_ESTATE: in a stop function. EDA_ECANCELED: the activation is
 * being stopped. */
EDA_CHECK eda_status edai_suspend_check(eda_ctx *ctx);
/* From now on the turn is one that waits; counted by the caller. */
void edai_suspend_enter(eda_ctx *ctx, edai_wait *wait);
/* The two halves of edai_suspend_turn: before its stack is left, and once it goes on. */
EDA_CHECK eda_status edai_suspend_leave(eda_ctx *ctx, edai_wait *wait, edai_strand **ret_next);
void edai_suspend_return(eda_ctx *ctx);
/* Suspends the running turn until edai_suspend_end; the caller filled in wait, made the
 * activation's extra and had edai_suspend_check agree. EDA_ELIMIT: no stack is free; nothing
 * happened. */
EDA_CHECK static inline eda_status edai_suspend_turn(eda_ctx *ctx, edai_wait *wait)
{
    edai_strand *next = NULL;

    EDA_TRY(edai_suspend_leave(ctx, wait, &next));
    EDA_ASSERT(next != NULL, "reserved");
    edai_fiber_switch_inline(&ctx->strand->fiber, &next->fiber);
    edai_suspend_return(ctx);
    return EDA_OK;
}
/* The turn may go on, with this status of its wait; the first one given stands. */
void edai_suspend_end(eda_ctx *ctx, eda_status status);

/* Its workers leave the running turn of an activation alone: until it is back no other turn of that
 * begins or goes on. */
void edai_suspend_alone(edai_worker *worker, edai_activation *activation);
void edai_suspend_back(edai_worker *worker, edai_activation *activation);
/* Ends the wait of every suspended turn of an activation by EDA_ECANCELED. */
void edai_suspend_cancel_all(edai_activation *activation);
/* The suspended turn of an activation that waits for this ask; NULL: none any more. */
eda_ctx *edai_suspend_by_ask(edai_activation *activation, uint64_t seq);

#endif
