/* stop.c - see stop.h; and eda_system_stop. */
#include "core/stop.h"

#include "base/assert.h"
#include "core/abroad.h"
#include "core/publish.h"
#include "core/suspend.h"
#include "core/system.h"

/* Cancels what is suspended and stops what is not; true when the type has no activation left. */
static bool end_type(edai_worker *worker, edai_actor_type *type)
{
    edai_pool *pool = &edai_worker_holding(worker, type)->pool;
    edai_pool_walk walk = {.chunk = NULL};
    edai_activation *at;

    while (pool->live_count > 0 && (at = edai_pool_next(pool, &walk, UINT32_MAX)) != NULL) {
        at->flags = (uint16_t)(at->flags & ~EDAI_IS_LISTED);
        if (at->turn_count > 0) {
            edai_suspend_cancel_all(at);
        } else if ((at->flags & (EDAI_IS_QUEUED | EDAI_IS_STARVED)) == 0) {
            (void)edai_activation_stop(worker, at, EDA_STOP_SYSTEM);
        }
    }
    return pool->live_count == 0;
}

static void unqueue_all(edai_worker *worker)
{
    worker->listed = NULL;
    while (worker->run_first != NULL) {
        worker->run_first->flags = (uint16_t)(worker->run_first->flags & ~EDAI_IS_QUEUED);
        worker->run_first = worker->run_first->run_next;
    }
    while (worker->starved != NULL) {
        worker->starved->flags = (uint16_t)(worker->starved->flags & ~EDAI_IS_STARVED);
        worker->starved = worker->starved->run_next;
    }
}

void edai_stop_step(edai_worker *worker)
{
    const eda_system *sys = worker->sys;
    bool is_done = true;
    uint32_t i;

    unqueue_all(worker);
    edai_fans_stop(worker);
    if (worker->index == sys->gateway) {
        sys->abroad->end(sys->abroad, worker);
    }
    for (i = 0; i < sys->actor_count; i++) {
        is_done = end_type(worker, sys->actors[i]) && is_done;
    }
    if (is_done && worker->suspended_count == 0 && worker->resumable == NULL) {
        edai_timers_disarm(&worker->timers, &worker->deadlock_scan);
        if (!worker->is_stopping) {
            worker->is_stopping = true;
            edai_seat_worker_ended(worker->sys);
        }
    }
}

static void call_end(edai_worker *worker, void *arg)
{
    (void)arg;
    worker->is_ending = true;
}

/* What reached an inbox after its worker had ended. */
static bool end_inbox(edai_worker *worker)
{
    edai_envelope *at = worker->arrived;
    bool was_there;

    worker->arrived = NULL;
    if (at == NULL) {
        at = edai_inbox_take(&worker->inbox, worker->port);
    }
    was_there = at != NULL;

    while (at != NULL) {
        edai_envelope *next = at->next;

        if (at->kind == EDAI_DELIVERY) {
            edai_envelope_end(worker, at, EDAI_STOPPED, EDA_ECANCELED, "the system stopped");
        } else if (at->kind == EDAI_BUNDLE) {
            edai_fan_stop_bundle(worker, at);
        } else if (at->kind == EDAI_CALL) {
            edai_call call = *(edai_call *)edai_envelope_body(at);

            edai_worker_free(worker, at);
            call.fn(worker, call.arg); /* a scan of waits under way frees itself this way */
        } else {
            edai_worker_free(worker, at);
        }
        at = next;
    }
    edai_worker_flush(worker); /* answers to whoever asked, which end in the next pass */
    return was_there;
}

static void end_inboxes(eda_system *sys)
{
    bool was_there;
    uint16_t i;

    do {
        was_there = false;
        for (i = 0; i < sys->worker_count; i++) {
            was_there = end_inbox(&sys->workers[i]) || was_there;
        }
    } while (was_there);
}

void edai_stop_worker(edai_worker *worker)
{
    /* In place: ending a system cannot fail for want of memory. */
    worker->end_notice.envelope = (edai_envelope){.kind = EDAI_CALL, .home = EDAI_HOME_NOWHERE};
    worker->end_notice.call = (edai_call){.fn = call_end, .worker = worker->index};
    edai_worker_post(worker, &worker->end_notice.envelope);
}

void eda_system_stop(eda_system *sys)
{
    uint32_t running = EDAI_RUNNING;
    uint16_t i;

    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    if (!atomic_compare_exchange_strong(&sys->phase, &running, EDAI_DRAINING)) {
        return;
    }
    edai_clients_settle(sys);
    if (sys->abroad != NULL) {
        sys->abroad->leave(sys->abroad);
    }
    /* Whatever is left after drain_ms is ended below. */
    if (eda_wait_idle(sys, sys->options.drain_ms) != EDA_OK) {
        edai_system_log(sys, NULL, "work is left after %u ms; it is ended", sys->options.drain_ms);
    }
    atomic_store(&sys->phase, EDAI_ENDING);
    for (i = 0; i < sys->worker_count; i++) {
        edai_stop_worker(&sys->workers[i]);
    }
    sys->executor->stop(sys);
    end_inboxes(sys);
    if (sys->abroad != NULL) {
        sys->abroad->close(sys->abroad);
        end_inboxes(sys); /* the bus's threads ended only now, and may have posted something */
    }
    atomic_store(&sys->phase, EDAI_ENDED);
}
