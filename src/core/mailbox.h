/* mailbox.h - what waits for an activation, and what happens when there is no more room.
 *
 * Order: per publisher. Threads: the owning worker's. Bound: the actor type's mailbox_len_max;
 * EDA_WAIT deliveries beyond it stand in a second line, their publishers held; behind them stands
 * what has replaced an older one of its type, so that it overtakes nobody. */
#ifndef EDAI_MAILBOX_H
#define EDAI_MAILBOX_H

#include "base/choose.h"
#include "core/held.h"
#include "core/worker.h"

/* Takes the envelope: it is admitted, waits for room, or is shed with everybody concerned told. */
void edai_mailbox_put(edai_worker *worker, edai_activation *activation, edai_envelope *envelope);
/* The next message; lets a waiting one in. NULL: empty. */
edai_envelope *edai_mailbox_pop(edai_worker *worker, edai_activation *activation);
/* The first message whose handler interleaves; NULL: none. */
edai_envelope *edai_mailbox_pop_interleaving(edai_worker *worker, edai_activation *activation);
bool edai_mailbox_has_interleaving(const edai_activation *activation);
/* It has something to do, and nothing keeps it from doing it. */
static inline bool edai_mailbox_can_run(const edai_activation *activation)
{
    return activation->head != NULL && (activation->flags & EDAI_BLOCKED) == 0 &&
           (activation->turn_count == 0 || edai_mailbox_has_interleaving(activation));
}
/* Puts a message back in front, to be tried again. */
void edai_mailbox_unpop(edai_activation *activation, edai_envelope *envelope);
/* Takes out what a self-timer has put in; NULL: nothing of it waits. */
edai_envelope *edai_mailbox_take_self(
    edai_worker *worker, edai_activation *activation, uint64_t timer_id);
/* For a planted fault: what waits is forgotten, uncounted. */
void edai_mailbox_lose(edai_worker *worker, edai_activation *activation);
/* Refuses an EDA_WAIT delivery that waits for room. */
void edai_mailbox_refuse_one(
    edai_worker *worker, edai_waiting *waiting, eda_status status, const char *text);

/* At the end, whether there is room or not. */
static inline void edai_mailbox_append(edai_activation *activation, edai_envelope *envelope)
{
    envelope->next = NULL;
    if (activation->head == NULL) {
        activation->head = envelope;
    } else {
        EDA_ASSERT(activation->tail != NULL, "a mailbox with a head has a tail");
        activation->tail->next = envelope;
    }
    activation->tail = envelope;
    activation->len++;
}

/* There is room, and nobody to be told. */
static inline bool edai_mailbox_has_plain_room(
    const edai_activation *activation, const edai_envelope *envelope)
{
    const edai_actor_type *type = activation->type;

    return envelope->route->is_put_plainly && (envelope->flags & EDAI_HAS_REST) == 0 &&
           (activation->flags & (EDAI_IS_STARVED | EDAI_IS_STARTING)) == 0 &&
           type->fanned == NULL && activation->len < type->mailbox_len_max;
}

/* As edai_mailbox_put, for most messages. False: there is more to think of, it was not taken. */
static inline bool edai_mailbox_put_plainly(
    edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    if (!edai_mailbox_has_plain_room(activation, envelope)) {
        return false;
    }
    edai_mailbox_append(activation, envelope);
    if ((activation->flags & EDAI_IS_QUEUED) == 0) {
        edai_activation_wake(worker, activation);
    }
    return true;
}

/* At the end, and into the run queue, unless it is there. Of many that are ready nobody can
 * foretell which has something waiting and is queued: nothing is decided by that but where is
 * written. */
static inline void edai_mailbox_append_to_one_of_many(
    edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    const bool is_queued = (activation->flags & EDAI_IS_QUEUED) != 0;
    edai_activation *last = worker->run_last;
    edai_envelope **end =
        edai_choose(activation->head == NULL, &activation->head, activation->tail);
    edai_activation **link = edai_choose(is_queued, &worker->nowhere, &last->run_next);
    edai_activation **next = edai_choose(is_queued, &worker->nowhere, &activation->run_next);

    _Static_assert(offsetof(edai_envelope, next) == 0, "the tail's link is where the tail is");
    envelope->next = NULL;
    *end = envelope;
    activation->tail = envelope;
    activation->len++;
    *link = activation;
    *next = NULL;
    worker->run_last = edai_choose(is_queued, last, activation);
    activation->flags |= EDAI_IS_QUEUED;
}

/* As edai_mailbox_put_plainly, where the receiver is likely another than the last ones. */
static inline bool edai_mailbox_put_to_one_of_many(
    edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    if (worker->run_first == NULL || (activation->flags & EDAI_BLOCKED) != 0 ||
        activation->turn_count != 0) {
        return edai_mailbox_put_plainly(worker, activation, envelope);
    }
    if (!edai_mailbox_has_plain_room(activation, envelope)) {
        return false;
    }
    edai_mailbox_append_to_one_of_many(worker, activation, envelope);
    return true;
}

/* To the receiver of the message before, of the same turn or the same batch from another node, and
 * counts it as accepted. False: it is another, or there is more to think of. */
static inline bool edai_mailbox_put_again(edai_worker *worker, edai_envelope *envelope)
{
    const edai_put *last = &worker->put;

    /* A reply has no route, and there may be none to compare with. */
    if (last->route == NULL || envelope->route != last->route ||
        envelope->identity != last->identity || (envelope->flags & EDAI_IS_TEXT) != 0 ||
        !edai_mailbox_put_plainly(last->owner, last->activation, envelope)) {
        return false;
    }
    edai_tally_add(&worker->tallies[last->route->index], EDAI_ACCEPTED);
    return true;
}

#endif
