/* held.h - publishers that wait: an actor whose EDA_WAIT effects found no room does not begin
 * another turn.
 *
 * Threads: hold and settle by the publisher's worker, release by the receiver's. */
#ifndef EDAI_HELD_H
#define EDAI_HELD_H

#include "core/worker.h"

/* The publisher of an EDA_WAIT delivery that leaves its worker, or finds no room there, is held. */
void edai_held_hold(edai_worker *worker, edai_activation *publisher, edai_envelope *envelope);
/* The delivery was admitted, or never will be: tells whoever is held by it, once. */
void edai_held_release(edai_worker *worker, edai_rest *rest, eda_status status);
/* One delivery less to wait for, on the publisher's own worker. */
void edai_held_settle(edai_worker *worker, edai_activation *publisher, uint32_t generation);

#endif
