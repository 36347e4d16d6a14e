/* passivate.c - when an activation goes: at once, after idling, or because there are too many.
 *
 * Nobody is passivated in the middle of something: it is listed, and looked at again at the end of
 * the worker's round. */
#include "base/assert.h"
#include "base/hash.h"
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

static edai_pool *pool_of(edai_worker *worker, const edai_activation *activation)
{
    return &edai_worker_holding(worker, activation->type)->pool;
}

static void list(edai_worker *worker, edai_activation *activation)
{
    if ((activation->flags & EDAI_IS_LISTED) == 0) {
        activation->flags |= EDAI_IS_LISTED;
        edai_pool_links(pool_of(worker, activation), activation)->listed_next = worker->listed;
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

void edai_passivate_ran(edai_worker *worker, edai_activation *activation)
{
    if (EDAI_LIKELY(!activation->type->passivates_at_once) || EDAI_PLANTED(PASSIVATION_LOSS)) {
        edai_passivate_consider(worker, activation);
        return;
    }
    /* Between two activations nobody is in the middle of something. */
    if ((activation->flags & EDAI_IS_LISTED) == 0 && is_idle(activation) &&
        !has_timers(activation)) {
        (void)edai_activation_stop(worker, activation, EDA_STOP_IDLE);
    }
}

void edai_passivate_listed(edai_worker *worker)
{
    while (worker->listed != NULL) {
        edai_activation *activation = worker->listed;

        worker->listed = edai_pool_links(pool_of(worker, activation), activation)->listed_next;
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
    edai_activation *at = pool->used_first;
    uint32_t looked_at;

    for (looked_at = 0; at != NULL && looked_at < SCAN_STEP && pool->live_count >= type->live_max;
         looked_at++) {
        edai_activation *next = edai_pool_links(pool, at)->used_next;
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

/* Whoever wants to go among some slots; in the order of the slots, wherever it stood. */
static void on_scan(edai_worker *worker, edai_timer *timer)
{
    edai_pool *pool = (edai_pool *)(void *)((char *)timer - offsetof(edai_pool, scan));
    uint32_t step;

    if (pool->live_count == 0) {
        pool->scanned = (edai_pool_walk){.chunk = NULL};
        return; /* armed again with the next activation */
    }
    for (step = 0; step < SCAN_STEP && !pool->scanned.is_over; step++) {
        edai_activation *at = edai_pool_next(pool, &pool->scanned, 1);

        if (at != NULL && is_idle(at) && wants_to_go(worker, at)) {
            (void)edai_activation_stop(worker, at, EDA_STOP_IDLE);
        }
    }
    if (pool->scanned.is_over) {
        pool->scanned = (edai_pool_walk){.chunk = NULL};
    }
    edai_passivate_scan(worker, pool->type);
}

void edai_passivate_scan(edai_worker *worker, edai_actor_type *type)
{
    edai_pool *pool = &edai_worker_holding(worker, type)->pool;
    int64_t delay;

    if (EDAI_LIKELY(pool->scan.index != 0) || pool->live_count == 0) {
        return;
    }
    delay = pool->scanned.chunk != NULL ? EDA_MS(1) : type->idle_ns / 8 + EDA_MS(1);
    /* Out of memory: the next activation arms it. */
    (void)!edai_timers_arm(&worker->timers, &pool->scan, worker->now + delay, on_scan);
}

/* It is given to another node, or belongs to one. Timers would end with it, so that nobody is given
 * away for their sake who has some. */
static bool is_to_go(const edai_activation *activation)
{
    uint64_t hash = (activation->flags & EDAI_IS_TEXT_KEY) != 0
                        ? activation->identity
                        : edai_hash_u64(activation->identity);

    return edai_system_is_elsewhere(activation->type, hash) &&
           (!has_timers(activation) || !edai_system_is_in_motion(activation->type, hash));
}

static void give_away_type(edai_worker *worker, edai_actor_type *type, bool is_all)
{
    edai_pool *pool = &edai_worker_holding(worker, type)->pool;
    edai_pool_walk walk = {.chunk = NULL};
    edai_activation *at;

    while (pool->live_count > 0 && (at = edai_pool_next(pool, &walk, UINT32_MAX)) != NULL) {
        if (is_idle(at) && (is_all || is_to_go(at))) {
            (void)edai_activation_stop(worker, at, EDA_STOP_IDLE);
        }
    }
}

void edai_passivate_away(edai_worker *worker, const edai_actor_type *of, bool is_all)
{
    const eda_system *sys = worker->sys;
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        if (sys->actors[i]->worker == EDAI_PLACED && (of == NULL || of == sys->actors[i])) {
            give_away_type(worker, sys->actors[i], is_all);
        }
    }
}
