/* balance.c - see balance.h. */
#include "core/balance.h"

#include "core/system.h"

/* Of a window: a seat that slept less is saturated. */
#define SATURATED 900u
/* What two seats together may use of one, to become one. */
#define ROOM 700u

bool edai_balance_spreads(const edai_balance *known)
{
    return known->busy >= SATURATED && known->turn_ns >= EDAI_SPREAD_TURN_NS;
}

bool edai_balance_gathers(const edai_balance *known)
{
    if (known->is_first) {
        return false;
    }
    return known->busy + known->first_busy <= ROOM ||
           (known->turn_ns <= EDAI_GATHER_TURN_NS && known->first_turn_ns <= EDAI_GATHER_TURN_NS);
}

/* Ends the window. */
static void measure(edai_seat *seat)
{
    int64_t length = seat->now - seat->window_at;
    int64_t awake = length - seat->window_slept_ns;
    uint64_t turns = seat->turns_ever - seat->window_turns;

    atomic_store_explicit(
        &seat->load.turn_ns, turns > 0 ? (uint64_t)awake / turns : 0, memory_order_relaxed);
    atomic_store_explicit(
        &seat->load.busy, (uint32_t)(1000 * awake / length), memory_order_relaxed);
    seat->window_at = seat->now;
    seat->window_slept_ns = 0;
    seat->window_turns = seat->turns_ever;
}

static edai_balance known_of(const edai_seat *seat)
{
    const edai_seat *first = seat->sys->seats[0];

    return (edai_balance){
        .turn_ns = atomic_load_explicit(&seat->load.turn_ns, memory_order_relaxed),
        .busy = atomic_load_explicit(&seat->load.busy, memory_order_relaxed),
        .first_turn_ns = atomic_load_explicit(&first->load.turn_ns, memory_order_relaxed),
        .first_busy = atomic_load_explicit(&first->load.busy, memory_order_relaxed),
        .is_first = seat == first};
}

edai_seat *edai_balance_vacant(eda_system *sys, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        bool is_vacant = true;

        if (atomic_compare_exchange_strong(&sys->seats[i]->is_vacant, &is_vacant, false)) {
            return sys->seats[i];
        }
    }
    return NULL;
}

static bool may_move(const edai_worker *worker)
{
    /* A dedicated one has its thread. */
    return worker->index < worker->sys->shard_workers || worker->index == worker->sys->gateway;
}

static edai_worker *busiest_of(const edai_seat *seat)
{
    edai_worker *busiest = seat->workers;
    edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        if (at->window_runs > busiest->window_runs) {
            busiest = at;
        }
    }
    return busiest;
}

/* Gives away others than the busiest, with up to half of what was run in the last window. */
static void spread(edai_seat *seat)
{
    const edai_worker *busiest = busiest_of(seat);
    edai_seat *to = NULL;
    uint64_t total = 0;
    uint64_t given = 0;
    edai_worker *at;
    edai_worker *next;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        total += at->window_runs;
    }
    for (at = seat->workers; at != NULL; at = next) {
        next = at->seat_next;
        if (at == busiest || at->window_runs == 0 || !may_move(at) ||
            given + at->window_runs > total / 2) {
            continue;
        }
        if (to == NULL) {
            to = edai_balance_vacant(seat->sys, seat->sys->spread_max);
        }
        if (to == NULL) {
            return;
        }
        given += at->window_runs;
        (void)edai_seat_give(at, to); /* who sleeps has no turn that runs long */
    }
}

static void gather(edai_seat *seat, edai_seat *to)
{
    edai_worker *at;
    edai_worker *next;

    for (at = seat->workers; at != NULL; at = next) {
        next = at->seat_next;
        if (may_move(at) && !edai_seat_give(at, to)) {
            return; /* a turn runs long there: another time */
        }
    }
}

/* The simulator: anybody, to anywhere, at any time. */
static void shuffle(edai_seat *seat)
{
    uint32_t to = seat->port->draw(seat->port->self, 16 * seat->sys->shard_workers);
    edai_worker *at = seat->workers;
    uint32_t skip;

    if (to >= seat->sys->shard_workers || at == NULL) {
        return;
    }
    for (skip = seat->port->draw(seat->port->self, seat->worker_count); skip > 0; skip--) {
        at = at->seat_next;
    }
    if (may_move(at) && seat->sys->seats[to] != seat) {
        (void)edai_seat_give(at, seat->sys->seats[to]); /* nothing runs long in a simulation */
    }
}

static void forget_runs(edai_seat *seat)
{
    edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        at->window_runs = 0;
    }
}

void edai_balance_round(edai_seat *seat)
{
    edai_balance known;

    if (EDAI_UNLIKELY(seat->port->draw != NULL)) {
        shuffle(seat);
        return;
    }
    if (EDAI_LIKELY(seat->now - seat->window_at < EDAI_WINDOW_NS)) {
        return;
    }
    measure(seat);
    known = known_of(seat);
    seat->dear_windows = edai_balance_spreads(&known) ? seat->dear_windows + 1 : 0;
    if (seat->worker_count > 1 && seat->dear_windows >= EDAI_DEAR_WINDOWS) {
        spread(seat);
        seat->dear_windows = 0;
    } else if (seat->worker_count > 0 && known.busy >= SATURATED && edai_balance_gathers(&known)) {
        gather(seat, seat->sys->seats[0]);
    }
    forget_runs(seat);
}

void edai_balance_rest(edai_seat *seat)
{
    const edai_balance known = known_of(seat);

    if (seat->worker_count > 0 && seat->port->draw == NULL && edai_balance_gathers(&known)) {
        gather(seat, seat->sys->seats[0]);
    }
    if (seat->worker_count == 0) {
        atomic_store(&seat->is_vacant, true);
    }
}
