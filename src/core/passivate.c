/* passivate.c - when an activation goes: at once, after idling, or because there are too many.
 *
 * Nobody is passivated in the middle of something: it is listed, and looked at again at the end of
 * the worker's round. */
#include "base/assert.h"
#include "base/planted.h"
#include "core/mailbox.h"
#include "core/system.h"

/* How many activations one step of a scan looks at. */
#define SCAN_STEP 1024u

static bool is_idle(const edai_activation *activation)
{
    const unsigned busy =
        EDAI_IS_QUEUED | EDAI_IS_BACKING_OFF | EDAI_IS_HELD | EDAI_IS_STARVED | EDAI_IS_STARTING;

    return activation->turn_count == 0 && activation->head == NULL &&
           (activation->flags & busy) == 0 &&
           (activation->extra == NULL || activation->extra->waiting == NULL);
}

static bool has_timers(const edai_activation *activation)
{
    return activation->extra != NULL && activation->extra->timer_count > 0;
}

static void list(edai_worker *worker, edai_activation *activation)
{
    if ((activation->flags & EDAI_IS_LISTED) == 0) {
        activation->flags |= EDAI_IS_LISTED;
        activation->listed_next = worker->listed;
        worker->listed = activation;
    }
}

static bool wants_to_go(edai_worker *worker, const edai_activation *activation)
{
    const edai_actor_type *type = activation->type;
    uint32_t now_ms = (uint32_t)(worker->now / 1000000);
    eda_idleness idleness = {.actor = type->actor,
        .idle = EDA_MS((uint32_t)(now_ms - activation->used_at)),
        .idle_limit = type->idle_ns,
        .live_count = edai_worker_holding(worker, type)->pool.live_count};

    return type->supervisor->on_idle != NULL ? type->supervisor->on_idle(&idleness)
                                             : eda_supervise_idleness(&idleness);
}

void edai_passivate_consider(edai_worker *worker, edai_activation *activation)
{
    const edai_actor_type *type = activation->type;

    if (EDAI_LIKELY(!type->passivates_at_once && type->supervisor->on_idle == NULL)) {
        return; /* the stock answer to who has just fallen idle is no */
    }
    if (is_idle(activation) && !has_timers(activation) &&
        (type->passivates_at_once || wants_to_go(worker, activation))) {
        list(worker, activation);
    }
}

void edai_passivate_listed(edai_worker *worker)
{
    while (worker->listed != NULL) {
        edai_activation *activation = worker->listed;

        worker->listed = activation->listed_next;
        activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_LISTED);
        if (EDAI_PLANTED(PASSIVATION_LOSS) && activation->turn_count == 0) {
            edai_mailbox_lose(worker, activation);
        }
        if (is_idle(activation) && !has_timers(activation)) {
            (void)edai_activation_stop(worker, activation, EDA_STOP_IDLE);
        }
    }
}

void edai_passivate_limit(edai_worker *worker, edai_actor_type *type)
{
    edai_pool *pool = &edai_worker_holding(worker, type)->pool;
    edai_activation *at = pool->idle_first;
    uint32_t looked_at;

    for (looked_at = 0; at != NULL && looked_at < SCAN_STEP && pool->live_count >= type->live_max;
         looked_at++) {
        edai_activation *next = at->idle_next;
        uint32_t generation = next != NULL ? next->generation : 0;

        if (is_idle(at) && (at->flags & EDAI_IS_LISTED) == 0) {
            (void)edai_activation_stop(worker, at, EDA_STOP_LIMIT);
        }
        if (next != NULL && next->generation != generation) {
            break; /* what the stop function published has passivated that one */
        }
        at = next;
    }
    /* All are busy: over the limit for the moment, and again at the next new one. */
}

static void on_scan(edai_worker *worker, edai_timer *timer)
{
    edai_pool *pool = (edai_pool *)(void *)((char *)timer - offsetof(edai_pool, scan));
    edai_activation *at = pool->idle_first;
    edai_actor_type *type = at != NULL ? at->type : NULL;
    uint32_t step;

    if (type == NULL) {
        return; /* armed again with the next activation */
    }
    if (pool->scan_left == 0) {
        pool->scan_left = pool->live_count;
    }
    for (step = 0; step < SCAN_STEP && pool->scan_left > 0 && at != NULL; step++) {
        edai_activation *next = at->idle_next;
        uint32_t generation = next != NULL ? next->generation : 0;
        bool is_gone = is_idle(at) && wants_to_go(worker, at) &&
                       edai_activation_stop(worker, at, EDA_STOP_IDLE);

        pool->scan_left--;
        if (!is_gone && type->live_max == 0) {
            edai_pool_touch(pool, at); /* to the end: the next step goes on behind it */
        }
        if (next != NULL && next->generation != generation) {
            break; /* what the stop function published has passivated that one */
        }
        at = type->live_max == 0 ? pool->idle_first : next;
    }
    if (type->live_max != 0) {
        pool->scan_left =
            0; /* in order of use: the next scan begins with the least recently used again */
    }
    edai_passivate_scan(worker, type);
}

void edai_passivate_scan(edai_worker *worker, edai_actor_type *type)
{
    edai_pool *pool = &edai_worker_holding(worker, type)->pool;
    int64_t delay = pool->scan_left > 0 ? EDA_MS(1) : type->idle_ns / 8 + EDA_MS(1);

    if (pool->scan.index == 0 && pool->live_count > 0) {
        /* Out of memory: the next activation arms it. */
        (void)!edai_timers_arm(&worker->timers, &pool->scan, worker->now + delay, on_scan);
    }
}
