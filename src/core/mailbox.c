/* mailbox.c - see mailbox.h. */
#include "core/mailbox.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/fan.h"
#include "core/publish.h"

void edai_mailbox_unpop(edai_activation *activation, edai_envelope *envelope)
{
    envelope->next = activation->head;
    activation->head = envelope;
    if (envelope->next == NULL) {
        activation->tail = envelope;
    }
    activation->len++;
}

/* Takes out `envelope`, whose predecessor is `before` (NULL: it is the head). */
static void unlink_at(edai_activation *activation, edai_envelope *before, edai_envelope *envelope)
{
    if (before == NULL) {
        activation->head = envelope->next;
    } else {
        before->next = envelope->next;
    }
    if (activation->tail == envelope) {
        activation->tail = before;
    }
    envelope->next = NULL;
    activation->len--;
}

/* Tells the publisher that holds back because of this delivery. */
static void tell_admitted(edai_worker *worker, edai_envelope *envelope)
{
    edai_rest *rest = edai_envelope_rest(envelope);

    if (rest != NULL && (rest->held != NULL || rest->held_client != NULL)) {
        edai_held_release(worker, rest, EDA_OK);
    }
}

static void shed(edai_worker *worker, edai_envelope *envelope, eda_status status, const char *text)
{
    edai_envelope_end(worker, envelope, EDAI_SHED, status, text);
}

static edai_envelope *find_type(
    edai_activation *activation, const edai_msg *msg, edai_envelope **ret_before)
{
    edai_envelope *before = NULL;
    edai_envelope *at;

    for (at = activation->head; at != NULL; at = at->next) {
        if (at->route->msg == msg && (at->flags & EDAI_IS_REQUEST) == 0) {
            *ret_before = before;
            return at;
        }
        before = at;
    }
    return NULL;
}

static void waiting_unlink(edai_extra *extra, edai_waiting *waiting)
{
    edai_waiting *before = NULL;
    edai_waiting *at = extra->waiting;

    while (at != waiting) {
        before = at;
        at = at->next;
    }
    if (before == NULL) {
        extra->waiting = waiting->next;
    } else {
        before->next = waiting->next;
    }
    if (extra->waiting_last == waiting) {
        extra->waiting_last = before;
    }
}

/* Out of the line. */
static edai_envelope *leave_line(edai_worker *worker, edai_waiting *waiting)
{
    edai_extra *extra = waiting->activation->extra;
    edai_envelope *envelope = waiting->envelope;

    waiting_unlink(extra, waiting);
    edai_free(waiting);
    if (extra->waiting == NULL) {
        edai_timers_disarm(&worker->timers, &extra->trouble->line);
    }
    return envelope;
}

static void on_waited_too_long(edai_worker *worker, edai_timer *timer);

/* One timer for all: most of them never wait so long. EDA_ENOMEM. */
static eda_status arm_line(edai_worker *worker, edai_trouble *trouble, int64_t due)
{
    if (due == EDAI_NO_DEADLINE || (trouble->line.index != 0 && trouble->line.due <= due)) {
        return EDA_OK;
    }
    edai_timers_disarm(&worker->timers, &trouble->line);
    return edai_timers_arm(&worker->timers, &trouble->line, due, on_waited_too_long);
}

static void on_waited_too_long(edai_worker *worker, edai_timer *timer)
{
    edai_trouble *trouble = (edai_trouble *)(void *)((char *)timer - offsetof(edai_trouble, line));
    const edai_extra *extra = trouble->owner->extra;
    int64_t now = worker->now;
    edai_waiting *at = extra->waiting;
    int64_t next_due = EDAI_NO_DEADLINE;

    for (; at != NULL; at = at->next) {
        next_due = at->due > now && at->due < next_due ? at->due : next_due;
    }
    if (arm_line(worker, trouble, next_due) != EDA_OK) {
        EDA_ASSERT(false, "its own place in the heap is free");
    }
    at = extra->waiting;
    while (at != NULL) {
        edai_waiting *next = at->next;

        if (at->due <= now) {
            shed(worker, leave_line(worker, at), EDA_EFULL,
                "the mailbox stayed full for the whole wait");
        }
        at = next;
    }
}

static void admit_waiting(edai_worker *worker, edai_activation *activation)
{
    edai_extra *extra = activation->extra;

    while (extra->waiting != NULL && activation->len < activation->type->mailbox_len_max) {
        edai_envelope *envelope = leave_line(worker, extra->waiting);

        edai_mailbox_append(activation, envelope);
        tell_admitted(worker, envelope);
    }
}

static bool is_own(const edai_activation *activation, edai_envelope *envelope)
{
    const edai_ext *ext = edai_envelope_ext(envelope);
    const edai_rest *rest = edai_envelope_rest(envelope);

    return (ext != NULL && ext->asker == activation) || (rest != NULL && rest->held == activation);
}

/* Who waits for a stack goes on without waiting once it is asked: whoever asks may hold a stack. */
static void feed(edai_worker *worker, edai_activation *activation, const edai_envelope *envelope)
{
    if (EDAI_UNLIKELY((activation->flags & EDAI_IS_STARVED) != 0) &&
        (envelope->flags & EDAI_IS_REQUEST) != 0) {
        edai_worker_unstarve(worker, activation);
    }
}

/* At the end of the line, for at most wait_ms; 0: as long as it takes. False: out of memory. */
static bool stand_in_line(
    edai_worker *worker, edai_activation *activation, edai_envelope *envelope, uint32_t wait_ms)
{
    edai_trouble *trouble = edai_activation_trouble(activation);
    edai_extra *extra = activation->extra;
    edai_waiting *waiting = edai_calloc(1, sizeof(*waiting));
    int64_t due = wait_ms != 0 ? worker->now + EDA_MS(wait_ms) : EDAI_NO_DEADLINE;

    if (trouble == NULL || waiting == NULL || arm_line(worker, trouble, due) != EDA_OK) {
        edai_free(waiting);
        shed(worker, envelope, EDA_ENOMEM, "out of memory");
        return false;
    }
    waiting->envelope = envelope;
    waiting->activation = activation;
    waiting->due = due;
    waiting->serial = ++trouble->waited;
    if (extra->waiting == NULL) {
        extra->waiting = waiting;
    } else {
        extra->waiting_last->next = waiting;
    }
    extra->waiting_last = waiting;
    return true;
}

/* Lets an EDA_WAIT delivery stand in line. */
static void wait_for_room(edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    uint32_t wait_ms = envelope->route->msg->type->wait_ms;

    if (is_own(activation, envelope)) {
        shed(worker, envelope, EDA_EDEADLOCK, "an actor would wait for room in its own mailbox");
        return;
    }
    if (wait_ms == 0) {
        wait_ms = worker->sys->options.wait_ms;
    }
    if (stand_in_line(worker, activation, envelope, wait_ms)) {
        edai_waitgraph_arm(worker);
        feed(worker, activation, envelope);
    }
}

static bool replaces(const edai_msg *msg, bool is_full)
{
    return !msg->is_request && (msg->type->overflow == EDA_KEEP_LATEST ||
                                   (msg->type->overflow == EDA_DROP_OLDEST && is_full));
}

/* One that stands in line because it must not overtake those in it; NULL: none. */
static edai_envelope *take_from_line(
    edai_worker *worker, edai_activation *activation, const edai_msg *msg)
{
    edai_extra *extra = activation->extra;
    edai_waiting *at = extra != NULL ? extra->waiting : NULL;

    while (at != NULL && at->envelope->route->msg != msg) {
        at = at->next;
    }
    return at != NULL ? leave_line(worker, at) : NULL;
}

/* An older one of its type has left a place. Where others stand in line it is the first one's, and
 * the newer one stands behind them: its publisher's may be among them. */
static bool take_place(edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    if (activation->extra != NULL && activation->extra->waiting != NULL) {
        admit_waiting(worker, activation);
    }
    if (activation->len < activation->type->mailbox_len_max) {
        return true;
    }
    (void)stand_in_line(worker, activation, envelope, 0);
    return false;
}

/* Makes room for one more of the message's type, by its policy. False: the envelope was taken care
 * of. */
static bool make_room(edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    const edai_msg *msg = envelope->route->msg;
    bool is_full = activation->len >= activation->type->mailbox_len_max;
    bool is_in_line = false; /* an older one may be */
    edai_envelope *before = NULL;
    edai_envelope *older = NULL;

    if (envelope->route->handler->is_self) {
        is_full = activation->len >= 2 * activation->type->mailbox_len_max;
    } else if (msg->type->overflow == EDA_WAIT && is_full) {
        wait_for_room(worker, activation, envelope);
        return false;
    } else if (replaces(msg, is_full)) {
        older = find_type(activation, msg, &before);
        is_in_line = older == NULL && is_full;
    }
    if (older != NULL && EDAI_PLANTED(KEEP_OLDEST) && older->publisher != envelope->publisher) {
        shed(worker, envelope, EDA_ESHED, "a newer one came");
        return false;
    }
    if (older != NULL) {
        unlink_at(activation, before, older);
    } else if (is_in_line) {
        older = take_from_line(worker, activation, msg);
    }
    if (older != NULL) {
        shed(worker, older, EDA_ESHED, "a newer one came");
        return take_place(worker, activation, envelope);
    }
    if (is_full) {
        shed(worker, envelope, EDA_ESHED, "the mailbox is full");
        return false;
    }
    return true;
}

void edai_mailbox_put(edai_worker *worker, edai_activation *activation, edai_envelope *envelope)
{
    if (EDAI_LIKELY(edai_mailbox_put_plainly(worker, activation, envelope))) {
        return;
    }
    edai_fan_let_pass(worker, activation->type);
    if (EDAI_UNLIKELY(activation->len >= activation->type->mailbox_len_max ||
                      envelope->route->msg->type->overflow == EDA_KEEP_LATEST)) {
        if (!make_room(worker, activation, envelope)) {
            return;
        }
    }
    if (EDAI_PLANTED(CHAIN_ORDER) && (activation->flags & EDAI_IS_STARTING) != 0 &&
        edai_worker_is_foreign(worker, envelope)) {
        edai_mailbox_unpop(activation, envelope);
    } else {
        edai_mailbox_append(activation, envelope);
    }
    if (EDAI_UNLIKELY((envelope->flags & EDAI_HAS_REST) != 0)) {
        tell_admitted(worker, envelope);
    }
    feed(worker, activation, envelope);
    edai_activation_wake(worker, activation);
}

edai_envelope *edai_mailbox_pop(edai_worker *worker, edai_activation *activation)
{
    edai_envelope *envelope = activation->head;

    if (envelope == NULL) {
        return NULL;
    }
    activation->head = envelope->next;
    activation->len--;
    if (EDAI_UNLIKELY(activation->extra != NULL && activation->extra->waiting != NULL)) {
        admit_waiting(worker, activation);
    }
    return envelope;
}

static edai_envelope *find_interleaving(
    const edai_activation *activation, edai_envelope **ret_before)
{
    edai_envelope *before = NULL;
    edai_envelope *at;

    for (at = activation->head; at != NULL; at = at->next) {
        if (at->route->handler->interleaves) {
            *ret_before = before;
            return at;
        }
        before = at;
    }
    return NULL;
}

edai_envelope *edai_mailbox_pop_interleaving(edai_worker *worker, edai_activation *activation)
{
    edai_envelope *before = NULL;
    edai_envelope *envelope = find_interleaving(activation, &before);

    if (envelope == NULL) {
        return NULL;
    }
    unlink_at(activation, before, envelope);
    if (activation->extra != NULL && activation->extra->waiting != NULL) {
        admit_waiting(worker, activation);
    }
    return envelope;
}

bool edai_mailbox_has_interleaving(const edai_activation *activation)
{
    edai_envelope *before = NULL;

    return activation->type->has_interleaves && (activation->flags & EDAI_IS_STARTED) != 0 &&
           find_interleaving(activation, &before) != NULL;
}

edai_envelope *edai_mailbox_take_self(
    edai_worker *worker, edai_activation *activation, uint64_t timer_id)
{
    edai_envelope *before = NULL;
    edai_envelope *at;

    for (at = activation->head; at != NULL; at = at->next) {
        if (at->route->handler->is_self && at->identity == timer_id) {
            unlink_at(activation, before, at);
            if (activation->extra->waiting != NULL) {
                admit_waiting(worker, activation);
            }
            return at;
        }
        before = at;
    }
    return NULL;
}

void edai_mailbox_refuse_one(
    edai_worker *worker, edai_waiting *waiting, eda_status status, const char *text)
{
    shed(worker, leave_line(worker, waiting), status, text);
}

void edai_mailbox_lose(edai_worker *worker, edai_activation *activation)
{
    while (activation->head != NULL) {
        edai_worker_free(worker, edai_mailbox_pop(worker, activation));
    }
}
