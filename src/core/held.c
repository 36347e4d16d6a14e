/* held.c - see held.h. */
#include "core/held.h"

#include "base/assert.h"
#include "core/system.h"

void edai_held_hold(edai_worker *worker, edai_activation *publisher, edai_envelope *envelope)
{
    edai_rest *rest = edai_envelope_its_rest(envelope);

    EDA_ASSERT(publisher->extra != NULL, "made when the turn published");
    rest->held = publisher;
    rest->held_generation = publisher->generation;
    rest->held_identity = publisher->identity;
    rest->held_worker = worker->index;
    if (publisher->extra->holds++ == 0) {
        publisher->flags |= EDAI_IS_HELD;
        worker->held_count++;
    }
}

void edai_held_settle(edai_worker *worker, edai_activation *publisher, uint32_t generation)
{
    if (publisher->generation != generation || publisher->extra == NULL ||
        publisher->extra->holds == 0) {
        return; /* it was stopped meanwhile */
    }
    if (--publisher->extra->holds == 0) {
        publisher->flags = (uint16_t)(publisher->flags & ~EDAI_IS_HELD);
        worker->held_count--;
        edai_activation_wake(worker, publisher);
        edai_passivate_consider(worker, publisher);
    }
}

void edai_held_release(edai_worker *worker, edai_rest *rest, eda_status status)
{
    edai_envelope *notice;
    edai_admitted *body;

    if (rest->held_client != NULL) {
        edai_client_admitted(rest->held_client, status);
        rest->held_client = NULL;
        return;
    }
    if (rest->held == NULL) {
        return;
    }
    if (rest->held_worker == worker->index) {
        edai_held_settle(worker, rest->held, rest->held_generation);
        rest->held = NULL;
        return;
    }
    notice = rest->notice;
    EDA_ASSERT(notice != NULL, "made with the delivery, so that telling cannot fail");
    rest->notice = NULL;
    notice->kind = EDAI_ADMITTED;
    notice->flags = 0;
    body = edai_envelope_body(notice);
    *body = (edai_admitted){
        .held = rest->held, .generation = rest->held_generation, .worker = rest->held_worker};
    rest->held = NULL;
    edai_worker_send(worker, body->worker, notice);
}
