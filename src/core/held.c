/* held.c - see held.h. */
#include "core/held.h"

#include "base/assert.h"
#include "core/system.h"

void edai_held_hold(edai_worker *worker, edai_activation *publisher, edai_envelope *envelope)
{
    edai_ext *ext = edai_envelope_its_ext(envelope);

    EDA_ASSERT(publisher->extra != NULL, "made when the turn published");
    ext->held = publisher;
    ext->held_generation = publisher->generation;
    ext->held_identity = publisher->identity;
    ext->held_worker = worker->index;
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

void edai_held_release(edai_worker *worker, edai_ext *ext, eda_status status)
{
    edai_envelope *notice;
    edai_admitted *body;

    if (ext->held_client != NULL) {
        edai_client_admitted(ext->held_client, status);
        ext->held_client = NULL;
        return;
    }
    if (ext->held == NULL) {
        return;
    }
    if (ext->held_worker == worker->index) {
        edai_held_settle(worker, ext->held, ext->held_generation);
        ext->held = NULL;
        return;
    }
    notice = ext->notice;
    EDA_ASSERT(notice != NULL, "made with the delivery, so that telling cannot fail");
    ext->notice = NULL;
    notice->kind = EDAI_ADMITTED;
    notice->flags = 0;
    body = edai_envelope_body(notice);
    *body = (edai_admitted){
        .held = ext->held, .generation = ext->held_generation, .worker = ext->held_worker};
    ext->held = NULL;
    edai_worker_send(worker, body->worker, notice);
}
