/* nest.h - a turn within a turn: who is asked, is idle and sits on the same seat answers at once.
 *
 * Its turn runs upon a stack of its own, as a call of the asker's, who is not suspended meanwhile:
 * nothing is queued, nobody is looked for, and no stack is left for good. Only if that turn cannot
 * go on, or is left alone, the askers it runs within become what they are taken for all the time:
 * turns that wait. Then the answering turn's stack is one like any other, upon which the loop goes
 * on when the turn has ended. So everything is as if the request had been put into the mailbox and
 * its receiver were next. Threads: the seat's; while its turn is left alone, whoever takes its
 * workers. Bound: a turn budget of such turns, then one ask goes the long way and others run. */
#ifndef EDAI_NEST_H
#define EDAI_NEST_H

#include "core/suspend.h"
#include "core/worker.h"

/* On the asker's stack. Those of one seat stand in a chain, each within the one before it; while
 * there are any, the innermost one's turn is what the seat runs. */
struct edai_nest {
    edai_nest *outer;
    eda_ctx *ctx; /* who asks */
    struct edai_wait *wait;
    edai_strand *strand;    /* its stack */
    edai_envelope *request; /* owned by the turn that handles it */
    edai_worker *owner;     /* the responder's */
    edai_activation *activation;
    bool is_settled; /* it has become a turn that waits */
};

/* Lets the request be answered at once; `owner` is its receiver's worker, on the same seat. True:
 * the wait is over, as after a suspension. False: it has to be sent, and nothing happened. The
 * place for the wait's timer has been reserved. */
bool edai_nest_ask(eda_ctx *ctx, edai_worker *owner, edai_envelope *request, edai_wait *wait);
/* All askers of the seat become turns that wait: the turn within cannot go on now. */
void edai_nest_settle(edai_seat *seat);

/* A reply to the innermost asker. Takes it, or says no. */
static inline bool edai_nest_take(const edai_seat *seat, edai_envelope *envelope)
{
    const edai_reply *reply = edai_envelope_body(envelope);
    const edai_nest *nest = seat->nest;

    if (nest == NULL || reply->asker != nest->ctx->activation ||
        reply->ask_seq != nest->wait->seq || reply->client != NULL) {
        return false;
    }
    nest->wait->reply = envelope;
    return true;
}

#endif
