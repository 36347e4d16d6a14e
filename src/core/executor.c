/* executor.c - the two ways to run a system for real: worker threads, and the pump in a program's
 * own loop. */
#include "core/stop.h"
#include "core/system.h"
#include "core/watcher.h"

#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"

#include <errno.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* About what waking a thread takes: to spin longer would cost more than it can save. */
#define SPIN_NS EDA_US(20)
#define BLOCKING_THREADS_MAX 64u
static int64_t now(void *self)
{
    (void)self;
    return edai_clock_monotonic_ns();
}

static int64_t wall(void *self)
{
    (void)self;
    return edai_clock_wall_ns();
}

/* --- blocking threads --------------------------------------------------------------------- */

/* Threads: all fields under the mutex. */
typedef struct blocking_pool {
    edai_mutex mutex;
    edai_cond has_job;
    edai_job *first;
    edai_job *last;
    uint32_t idle_count;
    uint32_t job_count;    /* not taken yet */
    uint32_t thread_count; /* started and not joined; only stop joins */
    bool is_stopping;
    edai_thread threads[BLOCKING_THREADS_MAX];
} blocking_pool;

static void *blocking_main(void *arg)
{
    blocking_pool *pool = arg;

    edai_mutex_lock(&pool->mutex);
    for (;;) {
        edai_job *job = pool->first;

        if (job != NULL) {
            pool->first = job->next;
            pool->job_count--;
            edai_mutex_unlock(&pool->mutex);
            job->run(job->arg);
            job->done(job); /* the job is gone after this */
            edai_mutex_lock(&pool->mutex);
            continue;
        }
        if (pool->is_stopping) {
            break;
        }
        pool->idle_count++;
        edai_cond_wait(&pool->has_job, &pool->mutex);
        pool->idle_count--;
    }
    edai_mutex_unlock(&pool->mutex);
    return NULL;
}

static eda_status blocking_run(blocking_pool *pool, edai_job *job)
{
    eda_status status = EDA_OK;

    edai_mutex_lock(&pool->mutex);
    /* Those idle may have jobs coming to them already. A job must not wait for one that may wait
     * for it. */
    if (pool->idle_count <= pool->job_count && pool->thread_count < BLOCKING_THREADS_MAX) {
        status = edai_thread_start(
            &pool->threads[pool->thread_count], blocking_main, pool, "eda-blocking");
        if (status == EDA_OK) {
            pool->thread_count++;
        } else if (pool->thread_count > 0) {
            status = EDA_OK; /* one that runs will come to it */
        }
    }
    if (status == EDA_OK) {
        job->next = NULL;
        if (pool->first == NULL) {
            pool->first = job;
        } else {
            pool->last->next = job;
        }
        pool->last = job;
        pool->job_count++;
        edai_cond_signal(&pool->has_job);
    }
    edai_mutex_unlock(&pool->mutex);
    return status;
}

static void blocking_init(blocking_pool *pool)
{
    edai_mutex_init(&pool->mutex);
    edai_cond_init(&pool->has_job);
}

static void blocking_stop(blocking_pool *pool)
{
    uint32_t i;

    edai_mutex_lock(&pool->mutex);
    pool->is_stopping = true;
    edai_cond_broadcast(&pool->has_job);
    edai_mutex_unlock(&pool->mutex);
    for (i = 0; i < pool->thread_count; i++) {
        (void)edai_thread_join(&pool->threads[i]);
    }
    pool->thread_count = 0;
}

static void blocking_fini(blocking_pool *pool)
{
    edai_cond_fini(&pool->has_job);
    edai_mutex_fini(&pool->mutex);
}

/* --- worker threads ----------------------------------------------------------------------- */

typedef struct threads {
    edai_executor executor; /* first */
    blocking_pool blocking;
    edai_watcher watcher;
} threads;

static void threads_park(void *self, edai_waiter *waiter, int64_t until)
{
    (void)self;
    (void)edai_parker_park(&waiter->parker, until);
}

static void threads_wake(void *self, edai_waiter *waiter)
{
    (void)self;
    edai_parker_wake(&waiter->parker);
}

static eda_status threads_block(void *self, edai_job *job)
{
    return blocking_run(&((threads *)self)->blocking, job);
}

static void threads_awake(void *self, bool is_awake)
{
    edai_watcher *watcher = &((threads *)self)->watcher;

    if (is_awake) {
        edai_watcher_rouse(watcher);
    } else {
        edai_watcher_rest(watcher);
    }
}

static void threads_join(eda_system *sys)
{
    threads *self = (threads *)(void *)sys->executor;
    uint32_t i;

    edai_watcher_stop(&self->watcher);
    for (i = 0; i < atomic_load(&sys->seat_count); i++) {
        if (sys->seats[i]->has_thread) {
            (void)edai_thread_join(&sys->seats[i]->thread);
            sys->seats[i]->has_thread = false;
        }
    }
    blocking_stop(&self->blocking);
}

/* Some seats have no thread: what has begun ends, and the workers that sit on those with it. */
static eda_status end_half_started(eda_system *sys, eda_status status)
{
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        edai_seat *seat = edai_worker_seat(&sys->workers[i]);

        if (seat->has_thread) {
            edai_stop_worker(&sys->workers[i]);
        } else {
            edai_seat_worker_ended(sys);
        }
    }
    threads_join(sys);
    return edai_system_fail(
        sys, status, "%u worker threads could not be started", sys->worker_count);
}

static eda_status threads_start(eda_system *sys)
{
    threads *self = (threads *)(void *)sys->executor;
    eda_status status = EDA_OK;
    uint16_t i;

    /* With one worker no two turns ever run at once: a promise to some programs. Asked for before
     * there are threads: in a process that has some the kernel takes 10 ms for it. */
    bool takes_over = sys->shard_workers > 1 && edai_barrier_all_prepare();
    for (i = 0; i < sys->worker_count && status == EDA_OK; i++) {
        status = edai_seat_prepare(sys->seats[i]);
    }
    for (i = 0; i < sys->worker_count && status == EDA_OK; i++) {
        edai_seat *seat = sys->seats[i];
        char name[24];

        (void)snprintf(name, sizeof(name), "eda-worker-%u", i);
        status = edai_seat_start(seat, name);
    }
    if (status != EDA_OK) {
        return end_half_started(sys, status);
    }
    edai_watcher_start(&self->watcher, sys, takes_over);
    return EDA_OK;
}

static void threads_free(edai_executor *executor)
{
    threads *self = (threads *)(void *)executor;

    blocking_fini(&self->blocking);
    edai_watcher_fini(&self->watcher);
    edai_free(self);
}

edai_executor *edai_threads_new(void)
{
    threads *self = edai_calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    blocking_init(&self->blocking);
    self->executor = (edai_executor){.port = {.self = self,
                                         .now = now,
                                         .wall = wall,
                                         .park = threads_park,
                                         .wake = threads_wake,
                                         .block = threads_block,
                                         .awake = threads_awake,
                                         .spin_ns = edai_cpu_count() > 1 ? SPIN_NS : 0},
        .start = threads_start,
        .stop = threads_join,
        .free = threads_free};
    return &self->executor;
}

/* --- the pump ----------------------------------------------------------------------------- */

#define UNBOUNDED UINT32_MAX
/* What the pump runs before a blocked client looks whether what it waits for has come. */
#define HOST_TURNS 256u
#define HOST_ROUNDS 16u

/* One seat, a coroutine of whichever thread steps it: a worker, and on a bus the gateway. */
typedef struct pump {
    edai_executor executor; /* first */
    blocking_pool blocking;
    eda_system *sys;
    int fd;               /* readable while the worker has something to do */
    bool is_inside;       /* a step runs: no step within a step */
    uint32_t rounds_left; /* of this step */
    edai_waiter *host;    /* who waits outside while the pump runs */
} pump;

static void pump_signal(pump *self)
{
    uint64_t one = 1;

    while (write(self->fd, &one, sizeof(one)) < 0 && errno == EINTR) {
    }
}

/* Nothing has come since the seat parked, for any of its workers that goes on; if none does, it
 * ends.
 */
static bool rests(const edai_seat *seat)
{
    const edai_worker *at;
    bool goes_on = false;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        if (!at->is_stopping && !edai_inbox_is_parked(&at->inbox)) {
            return false;
        }
        goes_on = goes_on || !at->is_stopping;
    }
    return goes_on;
}

static int64_t next_timer(const edai_seat *seat)
{
    int64_t next = EDAI_NO_DEADLINE;
    const edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        int64_t due = edai_timers_next(&at->timers);

        next = due < next ? due : next;
    }
    return next;
}

/* Runs the seat until it parks, or has run that many turns or rounds. */
static void pump_run(pump *self, uint64_t turns_max, uint32_t rounds_max)
{
    edai_seat *seat = self->sys->seats[0];
    uint64_t drained;

    EDA_ASSERT(
        !self->is_inside, "a pumped system is stepped by one thread, and not from a handler");
    while (read(self->fd, &drained, sizeof(drained)) < 0 && errno == EINTR) {
    }
    self->is_inside = true;
    seat->turns_stop =
        turns_max < UINT64_MAX - seat->turns_ever ? seat->turns_ever + turns_max : UINT64_MAX;
    self->rounds_left = rounds_max;
    if (!seat->is_done) {
        edai_seat_enter(seat);
    }
    seat->turns_stop = UINT64_MAX;
    self->is_inside = false;
    if (!seat->is_done && !rests(seat)) {
        pump_signal(self); /* something is left */
    }
}

/* A round has ended: the step may have done as much as it was asked for. */
static void pump_round(void *arg)
{
    pump *self = arg;
    edai_seat *seat = self->sys->seats[0];

    if (self->rounds_left != UNBOUNDED) {
        self->rounds_left--;
    }
    if (self->rounds_left == 0 || seat->turns_ever >= seat->turns_stop) {
        edai_seat_yield(seat);
    }
}

static void set_host(pump *self, edai_waiter *host)
{
    edai_mutex_lock(&self->sys->mutex);
    self->host = host;
    edai_mutex_unlock(&self->sys->mutex);
}

/* The seat parks: back to whoever stepped. Somebody outside waits: runs the seat meanwhile. */
static void pump_park(void *arg, edai_waiter *waiter, int64_t until)
{
    pump *self = arg;
    edai_seat *seat = self->sys->seats[0];
    int64_t next;

    if (waiter == &seat->waiter) {
        edai_seat_yield(seat);
        return;
    }
    /* A little at a time: what the host waits for may be there long before the seat has nothing
     * more to do, and its deadline, too. */
    pump_run(self, HOST_TURNS, HOST_ROUNDS);
    next = next_timer(seat);
    next = next < until ? next : until;
    /* From here on a push from another thread wakes us; one that came before has replaced a parked
     * mark. */
    set_host(self, waiter);
    if (rests(seat)) {
        (void)edai_parker_park(&waiter->parker, next);
    }
    set_host(self, NULL);
}

static void pump_wake(void *arg, edai_waiter *waiter)
{
    pump *self = arg;

    if (waiter == &self->sys->seats[0]->waiter) {
        pump_signal(self);
        edai_mutex_lock(&self->sys->mutex);
        if (self->host != NULL) {
            edai_parker_wake(&self->host->parker);
        }
        edai_mutex_unlock(&self->sys->mutex);
        return;
    }
    edai_parker_wake(&waiter->parker);
}

static eda_status pump_block(void *self, edai_job *job)
{
    return blocking_run(&((pump *)self)->blocking, job);
}

static eda_status pump_start(eda_system *sys)
{
    pump *self = (pump *)(void *)sys->executor;

    self->sys = sys;
    pump_signal(self); /* it has not parked yet: what is published before it does wakes nobody */
    return edai_seat_prepare(sys->seats[0]);
}

static void pump_stop(eda_system *sys)
{
    pump *self = (pump *)(void *)sys->executor;
    edai_waiter waiter = {.entity = NULL};

    edai_parker_init(&waiter.parker);
    while (!sys->seats[0]->is_done) {
        pump_park(self, &waiter, EDAI_NO_DEADLINE);
    }
    edai_parker_fini(&waiter.parker);
    blocking_stop(&self->blocking);
}

static void pump_free(edai_executor *executor)
{
    pump *self = (pump *)(void *)executor;

    blocking_fini(&self->blocking);
    if (self->fd >= 0) {
        (void)close(self->fd);
    }
    edai_free(self);
}

edai_executor *edai_pump_new(void)
{
    pump *self = edai_calloc(1, sizeof(*self));

    if (self == NULL) {
        return NULL;
    }
    blocking_init(&self->blocking);
    self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self->fd < 0) {
        pump_free(&self->executor);
        return NULL;
    }
    self->executor = (edai_executor){.port = {.self = self,
                                         .now = now,
                                         .wall = wall,
                                         .park = pump_park,
                                         .wake = pump_wake,
                                         .block = pump_block,
                                         .round = pump_round},
        .start = pump_start,
        .stop = pump_stop,
        .free = pump_free};
    return &self->executor;
}

static pump *pump_of(eda_system *sys)
{
    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    return sys->executor->port.park == pump_park ? (pump *)(void *)sys->executor : NULL;
}

uint32_t eda_system_step(eda_system *sys, uint32_t turns_max, uint32_t *ret_wait_ms)
{
    pump *self = pump_of(sys);
    edai_seat *seat;
    uint64_t before;
    int64_t left;

    EDA_ASSERT(
        self != NULL && self->sys != NULL, "only a pumped system that was started is stepped");
    seat = sys->seats[0];
    before = seat->turns_ever;
    pump_run(self, turns_max != 0 ? turns_max : UINT64_MAX, UNBOUNDED);
    if (ret_wait_ms != NULL) {
        left = next_timer(seat);
        if (!seat->is_done && !rests(seat)) {
            *ret_wait_ms = 0;
        } else if (seat->is_done || left == EDAI_NO_DEADLINE) {
            *ret_wait_ms = EDA_FOREVER;
        } else {
            left = (left - edai_clock_monotonic_ns() + EDA_MS(1) - 1) / EDA_MS(1);
            *ret_wait_ms = left < 0 ? 0 : (uint32_t)(left > 3600000 ? 3600000 : left);
        }
    }
    return (uint32_t)(seat->turns_ever - before);
}

int eda_system_fd(eda_system *sys)
{
    pump *self = pump_of(sys);

    return self != NULL ? self->fd : -1;
}
