/* mailbox.h - what waits for an activation, and what happens when there is no more room.
 *
 * Order: per publisher. Threads: the owning worker's. Bound: the actor type's mailbox_len_max;
 * EDA_WAIT deliveries beyond it stand in a second line, their publishers held; behind them stands
 * what has replaced an older one of its type, so that it overtakes nobody. */
#ifndef EDAI_MAILBOX_H
#define EDAI_MAILBOX_H

#include "core/held.h"
#include "core/worker.h"

/* Takes the envelope: it is admitted, waits for room, or is shed with everybody concerned told. */
void edai_mailbox_put(edai_worker *worker, edai_activation *activation, edai_envelope *envelope);
/* The next message; lets a waiting one in. NULL: empty. */
edai_envelope *edai_mailbox_pop(edai_worker *worker, edai_activation *activation);
/* The first message whose handler interleaves; NULL: none. */
edai_envelope *edai_mailbox_pop_interleaving(edai_worker *worker, edai_activation *activation);
bool edai_mailbox_has_interleaving(const edai_activation *activation);
/* Puts a message back in front, to be tried again. */
void edai_mailbox_unpop(edai_activation *activation, edai_envelope *envelope);
/* Takes out what a self-timer has put in; NULL: nothing of it waits. */
edai_envelope *edai_mailbox_take_self(
    edai_worker *worker, edai_activation *activation, uint64_t timer_id);
/* For a planted fault: what waits is forgotten, uncounted. */
void edai_mailbox_lose(edai_worker *worker, edai_activation *activation);
/* Refuses an EDA_WAIT delivery that waits for room; every one of them. */
void edai_mailbox_refuse_one(
    edai_worker *worker, edai_waiting *waiting, eda_status status, const char *text);
void edai_mailbox_refuse_waiting(
    edai_worker *worker, edai_activation *activation, eda_status status, const char *text);

#endif
