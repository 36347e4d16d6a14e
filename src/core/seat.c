/* seat.c - see seat.h: the loop. */
#include "core/seat.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "base/processors.h"
#include "core/ask.h"
#include "core/balance.h"
#include "core/system.h"
#include "core/takeover.h"

/* A round that took longer looks at the clock twice as often, one that was quicker half as often.
 */
#define ROUND_NS 50000
/* Activations of one worker, before another on the seat gets its turn. */
#define ACTIVATIONS_IN_A_ROW 16u
/* Polls of the inboxes between two looks at the clock while spinning. */
#define SPIN_POLLS 64u

static void loop(void *arg);

/* --- making and ending -------------------------------------------------------------------- */

void edai_seat_init(edai_seat *seat, eda_system *sys, uint16_t index)
{
    seat->sys = sys;
    seat->port = sys->port;
    seat->index = index;
    seat->round_turns = 16;
    seat->turns_cap = UINT32_MAX;
    seat->turns_stop = UINT64_MAX;
    seat->now = edai_system_now(sys);
    seat->window_at = seat->now;
    atomic_init(&seat->is_parked, true);
    edai_parker_init(&seat->waiter.parker);
    edai_mutex_init(&seat->mutex);
    edai_strands_init(&seat->strands, sys->options.stack_size);
}

void edai_seat_fini(edai_seat *seat)
{
    if (seat->sys == NULL) {
        return;
    }
    if (seat->strands.current != NULL) { /* prepared, but its thread was never started */
        seat->strands.retired = seat->strands.current;
        seat->strands.current = NULL;
    }
    edai_strands_fini(&seat->strands);
    edai_mutex_fini(&seat->mutex);
    edai_parker_fini(&seat->waiter.parker);
}

void edai_seat_worker_ended(eda_system *sys)
{
    uint32_t i;

    if (atomic_fetch_add(&sys->ended_workers, 1) + 1u < sys->worker_count) {
        return;
    }
    for (i = 0; i < atomic_load(&sys->seat_count); i++) {
        sys->port->wake(sys->port->self, &sys->seats[i]->waiter);
    }
}

static bool has_ended(const edai_seat *seat)
{
    const eda_system *sys = seat->sys;

    return atomic_load_explicit(&sys->ended_workers, memory_order_acquire) == sys->worker_count;
}

/* --- workers that come and go ------------------------------------------------------------- */

static void seat_add(edai_seat *seat, edai_worker *worker)
{
    worker->seat_next = seat->workers;
    seat->workers = worker;
    seat->worker_count++;
    worker->now = seat->now;
    /* release: pairs with the acquire in edai_seat_wake, for a seat that was made a moment ago. */
    atomic_store_explicit(&worker->seat, seat, memory_order_release);
}

void edai_seat_place(edai_seat *seat, edai_worker *worker)
{
    seat_add(seat, worker);
}

void edai_seat_ready(edai_seat *seat, edai_worker *worker)
{
    if (worker->is_ready) {
        return;
    }
    worker->is_ready = true;
    worker->ready_next = NULL;
    if (seat->ready == NULL) {
        seat->ready = worker;
    } else {
        seat->ready_last->ready_next = worker;
    }
    seat->ready_last = worker;
}

static void ready_pop(edai_seat *seat)
{
    edai_worker *worker = seat->ready;

    seat->ready = worker->ready_next;
    worker->ready_next = NULL;
    worker->is_ready = false;
}

static void ready_remove(edai_seat *seat, edai_worker *worker)
{
    edai_worker *rest = seat->ready;

    seat->ready = NULL;
    while (rest != NULL) {
        edai_worker *next = rest->ready_next;

        rest->is_ready = false;
        if (rest != worker) {
            edai_seat_ready(seat, rest);
        }
        rest = next;
    }
}

/* Whose turn it is, in turns; NULL: nobody has anything to run. */
static edai_worker *next_ready(edai_seat *seat)
{
    edai_worker *worker = seat->ready;

    while (worker != NULL && !edai_worker_has_work(worker)) {
        ready_pop(seat);
        worker = seat->ready;
    }
    if (worker != NULL && worker->ready_next != NULL) {
        seat->ready = worker->ready_next;
        worker->ready_next = NULL;
        seat->ready_last->ready_next = worker;
        seat->ready_last = worker;
    }
    return worker;
}

/* Leaves its seat, having handed over what it sent: that arrives before what it will send from
 * elsewhere. */
static void seat_remove(edai_seat *seat, edai_worker *worker)
{
    edai_worker **at;

    if (!EDAI_PLANTED(UNFLUSHED_MOVE)) {
        edai_worker_flush(worker);
    }
    edai_worker_return_all(worker);
    if (worker->is_ready) {
        ready_remove(seat, worker);
    }
    for (at = &seat->workers; *at != worker; at = &(*at)->seat_next) {
        EDA_ASSERT(*at != NULL, "a worker is given away by the seat it sits on");
    }
    *at = worker->seat_next;
    seat->worker_count--;
    atomic_store_explicit(&worker->seat, NULL, memory_order_relaxed);
}

/* Its mutex is held. */
static void put_given(edai_seat *to, edai_worker *worker)
{
    worker->seat_next = to->given;
    to->given = worker;
    atomic_store_explicit(&to->has_given, true, memory_order_relaxed);
}

bool edai_seat_give(edai_worker *worker, edai_seat *to)
{
    edai_seat *seat = edai_worker_seat(worker);

    if (!EDAI_PLANTED(UNFLUSHED_MOVE)) {
        edai_worker_flush(worker); /* before the mutex, under which the simulator must not switch */
    }
    edai_mutex_lock(&to->mutex);
    if (atomic_load_explicit(&to->claim, memory_order_relaxed) == EDAI_TAKEN) {
        edai_mutex_unlock(&to->mutex);
        return false;
    }
    seat_remove(seat, worker);
    put_given(to, worker);
    edai_mutex_unlock(&to->mutex);
    edai_point(seat->port);
    seat->port->wake(seat->port->self, &to->waiter);
    return true;
}

edai_worker *edai_seat_clear(edai_seat *seat)
{
    edai_worker *all = seat->given;
    edai_worker *worker;

    for (worker = seat->workers; worker != NULL; worker = worker->seat_next) {
        edai_ask_settle(worker, seat->port->now(seat->port->self)); /* while they are together */
    }
    seat->given = NULL;
    atomic_store_explicit(&seat->has_given, false, memory_order_relaxed);
    while (seat->workers != NULL) {
        edai_worker *at = seat->workers;

        seat_remove(seat, at);
        at->seat_next = all;
        all = at;
    }
    return all;
}

void edai_seat_put(edai_seat *seat, edai_worker *workers)
{
    edai_worker *next;

    edai_mutex_lock(&seat->mutex);
    for (; workers != NULL; workers = next) {
        next = workers->seat_next;
        put_given(seat, workers);
    }
    edai_mutex_unlock(&seat->mutex);
    seat->port->wake(seat->port->self, &seat->waiter);
}

/* From here on those who sit together reach each other directly. What they have sent each other
 * before comes first: it is handed over, and stands in what has arrived. */
static void take_given(edai_seat *seat)
{
    edai_worker *at;
    edai_worker *given;

    edai_mutex_lock(&seat->mutex);
    given = seat->given;
    seat->given = NULL;
    atomic_store(&seat->is_vacant, false);
    atomic_store_explicit(&seat->has_given, false, memory_order_relaxed);
    edai_mutex_unlock(&seat->mutex);
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        edai_worker_flush(at);
    }
    while (given != NULL) {
        edai_worker *next = given->seat_next;

        seat_add(seat, given);
        given = next;
    }
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        edai_worker_take_inbox(at);
        if (edai_worker_has_work(at)) {
            edai_seat_ready(seat, at);
        }
    }
}

void edai_seat_wake(edai_worker *worker)
{
    /* On its way: who takes it looks into its inbox. */
    edai_seat *seat = atomic_load_explicit(&worker->seat, memory_order_acquire);

    if (seat != NULL) {
        seat->port->wake(seat->port->self, &seat->waiter);
    }
}

/* --- the loop ----------------------------------------------------------------------------- */

static void look_at_clock(edai_seat *seat)
{
    int64_t before = seat->now;
    edai_worker *at;

    seat->now = seat->port->now(seat->port->self);
    if (seat->was_idle) {
        seat->window_slept_ns += seat->now - before;
        seat->was_idle = false;
    }
    if (seat->now - before > ROUND_NS) {
        seat->round_turns = seat->round_turns > 2 ? seat->round_turns / 2 : 1;
    } else if (seat->round_turns < EDAI_ROUND_TURNS_MAX) {
        seat->round_turns *= 2;
    }
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        at->now = seat->now;
    }
}

static bool begin_round(edai_seat *seat)
{
    bool is_busy = false;
    edai_worker *at;

    if (EDAI_UNLIKELY(atomic_load_explicit(&seat->has_given, memory_order_relaxed))) {
        take_given(seat);
    }
    look_at_clock(seat);
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        if (EDAI_LIKELY(!at->is_stopping)) {
            is_busy = edai_worker_begin_round(at) || is_busy;
        }
    }
    seat->turns_left = seat->round_turns < seat->turns_cap ? seat->round_turns : seat->turns_cap;
    return is_busy;
}

/* Somebody elsewhere has more to do than this seat should add to. */
static bool is_overdrawn(const edai_seat *seat)
{
    return seat->sys->worker_count > seat->worker_count && seat->workers != NULL &&
           edai_worker_is_overdrawn(seat->workers);
}

/* The gateway, if it sits here, hears and answers between activations, too: a round may be long
 * where turns are, and who is not heard of is taken for dead. */
static void serve_gateway(edai_seat *seat)
{
    eda_system *sys = seat->sys;
    edai_worker *gateway;

    if (EDAI_LIKELY(sys->gateway == EDAI_NO_GATEWAY)) {
        return;
    }
    gateway = &sys->workers[sys->gateway];
    if (edai_worker_seat(gateway) == seat && !gateway->is_stopping) {
        gateway->now = edai_system_now(sys);
        (void)edai_worker_begin_round(gateway);
        edai_worker_end_round(gateway);
    }
}

/* Runs some activations of a worker; returns the seat it sits on then. Not one alone: changing
 * workers costs a little, too. */
static edai_seat *run_worker(edai_seat *seat, edai_worker *worker)
{
    seat->row_left = ACTIVATIONS_IN_A_ROW - 1;
    seat->turns_left--;
    do {
        edai_worker_run_next(worker);
        seat = edai_worker_seat(worker);
        serve_gateway(seat);
    } while (worker->run_first != NULL && edai_seat_may_run_another(seat));
    return seat;
}

/* Runs turns until none is ready or it is time to look at the clock. A turn that is resumed leaves
 * this stack, and the loop begins anew upon another when it suspends again: its round goes on, so
 * that it ends, and what was sent leaves, also when there is always somebody to be resumed. Where
 * a turn has been suspended its worker may sit elsewhere by now, and there the loop goes on. */
static edai_seat *run_turns(edai_seat *seat, bool *is_busy)
{
    edai_worker *worker;

    seat->is_mid_round = true;
    while (seat->turns_left > 0 && seat->turns_ever < seat->turns_stop &&
           (worker = next_ready(seat)) != NULL) {
        *is_busy = true;
        seat = run_worker(seat, worker);
    }
    seat->is_mid_round = false;
    *is_busy = *is_busy || seat->ready != NULL;
    return seat;
}

/* True when it has left something to run. */
static bool end_round(edai_seat *seat)
{
    edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        edai_worker_end_round(at);
    }
    if (EDAI_PLANTED(UNFLUSHED_MOVE)) {
        edai_balance_round(seat);
    }
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        edai_worker_flush(at); /* when all that can send here has sent */
    }
    if (!EDAI_PLANTED(UNFLUSHED_MOVE)) {
        edai_balance_round(seat);
    }
    return seat->ready != NULL;
}

static bool has_arrived(const edai_seat *seat)
{
    const edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        if (!at->is_stopping && !edai_inbox_is_empty(&at->inbox)) {
            return true;
        }
    }
    return atomic_load_explicit(&seat->has_given, memory_order_relaxed);
}

static bool spin(edai_seat *seat)
{
    int64_t until = seat->now + seat->port->spin_ns;
    uint32_t i;

    if (seat->port->spin_ns == 0 || seat->workers == NULL) {
        return false;
    }
    do {
        for (i = 0; i < SPIN_POLLS; i++) {
            if (has_arrived(seat)) {
                return true;
            }
            edai_cpu_relax();
        }
        edai_thread_yield(); /* whoever is to bring it may wait for this very processor */
    } while (seat->port->now(seat->port->self) < until);
    return false;
}

/* Marks every inbox; false: something is there, do not sleep. */
static bool mark_parked(edai_seat *seat, int64_t *ret_until)
{
    int64_t until = EDAI_NO_DEADLINE;
    edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        int64_t due = edai_timers_next(&at->timers);

        if (at->is_stopping) {
            continue;
        }
        if (!edai_inbox_park(&at->inbox, seat->port)) {
            return false;
        }
        until = due < until ? due : until;
    }
    *ret_until = until;
    return !atomic_load_explicit(&seat->has_given, memory_order_relaxed) && !has_ended(seat);
}

static void tell_whether_awake(edai_seat *seat, bool is_awake)
{
    atomic_store(&seat->is_parked, !is_awake);
    if (seat->port->awake != NULL) {
        seat->port->awake(seat->port->self, is_awake);
    }
}

static void park(edai_seat *seat)
{
    int64_t until = EDAI_NO_DEADLINE;
    edai_worker *at;

    seat->was_idle = true;
    if (spin(seat)) {
        return;
    }
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        edai_worker_return_all(at);
    }
    edai_system_idle_check(seat->sys);
    edai_balance_rest(seat);
    if (mark_parked(seat, &until)) {
        tell_whether_awake(seat, false);
        seat->port->park(seat->port->self, &seat->waiter, until);
        tell_whether_awake(seat, true);
    }
    for (at = seat->workers; at != NULL; at = at->seat_next) {
        edai_inbox_unpark(&at->inbox);
    }
}

_Noreturn void edai_seat_loop(edai_seat *seat)
{
    bool is_busy = false;

    edai_strands_reclaim(&seat->strands);
    while (seat->is_mid_round || !has_ended(seat)) {
        if (!seat->is_mid_round) {
            is_busy = begin_round(seat);
        }
        if (!is_overdrawn(seat)) {
            seat = run_turns(seat, &is_busy);
        } else {
            seat->is_mid_round = false;
            is_busy = true;
        }
        is_busy = end_round(seat) || is_busy;
        if (!is_busy && !has_ended(seat)) {
            park(seat);
        }
        if (EDAI_UNLIKELY(seat->port->round != NULL)) {
            seat->port->round(seat->port->self);
        }
    }
    seat->is_done = true;
    seat->strands.retired = seat->strands.current;
    edai_fiber_exit(&seat->strands.current->fiber, &seat->host);
}

static void loop(void *arg)
{
    edai_seat_loop(arg);
}

eda_status edai_seat_prepare(edai_seat *seat)
{
    seat->strands.current = edai_strands_take(&seat->strands, loop, seat);
    return seat->strands.current != NULL ? EDA_OK : EDA_ENOMEM;
}

void edai_seat_enter(edai_seat *seat)
{
    edai_fiber_init_thread(&seat->host);
    edai_fiber_switch(&seat->host, &seat->strands.current->fiber);
    while (seat->departing != NULL) {
        eda_ctx *ctx = seat->departing;

        seat->departing = NULL;
        seat->strands.current = seat->next_strand;
        seat->next_strand = NULL;
        edai_takeover_announce(ctx);
        edai_fiber_switch(&seat->host, &seat->strands.current->fiber);
    }
    if (seat->is_done) {
        edai_strands_reclaim(&seat->strands);
        seat->strands.current = NULL;
    }
    edai_fiber_fini(&seat->host);
}

static void set_number(edai_seat *seat, int number)
{
    edai_mutex_lock(&seat->mutex);
    seat->thread_number = number;
    edai_mutex_unlock(&seat->mutex);
}

static void *seat_main(void *arg)
{
    edai_seat *seat = arg;

    set_number(seat, edai_thread_number());
    tell_whether_awake(seat, true);
    edai_seat_enter(seat);
    atomic_store(&seat->is_parked, true);
    set_number(seat, 0);
    return NULL;
}

eda_status edai_seat_start(edai_seat *seat, const char *name)
{
    eda_status status = edai_thread_start(&seat->thread, seat_main, seat, name);

    seat->has_thread = status == EDA_OK;
    return status;
}

void edai_seat_yield(edai_seat *seat)
{
    edai_fiber_switch(&seat->strands.current->fiber, &seat->host);
    edai_strands_reclaim(&seat->strands);
}

/* --- suspension --------------------------------------------------------------------------- */

edai_strand *edai_seat_reserve(edai_seat *seat)
{
    return edai_strands_take(&seat->strands, loop, seat);
}

void edai_seat_leave(edai_seat *seat, eda_ctx *ctx, edai_strand *next)
{
    ctx->strand = seat->strands.current;
    seat->strands.current = next;
}

/* Everything the loop knows stands in the seat. */
_Noreturn void edai_seat_go_on(edai_seat *seat, eda_ctx *ctx)
{
    edai_strand *mine = seat->strands.current;

    seat->strands.retired = mine;
    seat->strands.current = ctx->strand;
    edai_fiber_exit(&mine->fiber, &ctx->strand->fiber);
}
