/* watcher.c - see watcher.h. */
#include "core/watcher.h"

#include "base/memory.h"
#include "core/balance.h"
#include "core/system.h"
#include "core/takeover.h"

/* Others wait for a turn that runs long for one to two of these. */
#define LOOK_NS EDA_US(250)
/* Where nothing is taken over, and who is slow is only told of. */
#define TELL_NS EDA_MS(1)
/* Looks between two questions where a turn computes: each takes some 10 us, and it seldom moves. */
#define PLACE_LOOKS 4u

void edai_watcher_fini(edai_watcher *watcher)
{
    if (atomic_load(&watcher->stage) >=
        EDAI_WATCHER_ALARMED) { /* seats set it until they have ended */
        edai_alarm_fini(&watcher->alarm);
    }
    edai_free(watcher->sights);
}

/* --- keeping away from who computes ------------------------------------------------------- */

/* False: ask again. Whoever else confined it meanwhile is left in the right. */
static bool confine(edai_confinement *as, int number, const edai_processors *crowded)
{
    edai_processors current;
    edai_processors wanted;

    if (!edai_processors_of(number, &current)) {
        return false;
    }
    if (!as->is_confined || !edai_processors_are_equal(&current, &as->set)) {
        as->own = current;
    }
    wanted = edai_processors_without(&as->own, crowded);
    if (!edai_processors_are_equal(&current, &wanted) &&
        !edai_processors_confine(number, &wanted)) {
        return false;
    }
    as->set = wanted;
    as->is_confined = !edai_processors_are_equal(&wanted, &as->own);
    return true;
}

/* Where the turn computes that runs long on a seat. */
static int place_of(edai_seat *seat)
{
    int processor = -1;

    /* Under the mutex its thread does not end, and its number is its own. */
    edai_mutex_lock(&seat->mutex);
    if (seat->thread_number != 0) {
        processor = edai_processor_of(seat->thread_number);
    }
    edai_mutex_unlock(&seat->mutex);
    return processor;
}

/* A thread that has not begun yet is confined at a later look. */
static void confine_seat(edai_watcher *self, edai_seat *seat, edai_sight *sight)
{
    static const edai_processors none;
    bool is_long = sight->looks > 0;
    uint64_t as = 2 * self->crowded_as + is_long;
    bool is_done = false;

    if (EDAI_LIKELY(sight->confined_as == as)) {
        return;
    }
    edai_mutex_lock(&seat->mutex);
    if (seat->thread_number != 0) {
        /* Who computes for long may go anywhere. */
        is_done =
            confine(&sight->confinement, seat->thread_number, is_long ? &none : &self->crowded);
    }
    edai_mutex_unlock(&seat->mutex);
    sight->confined_as = is_done ? as : sight->confined_as;
}

/* Before anybody is woken for those who were left: it wakes where it may run. */
static void keep_away(edai_watcher *self, uint32_t count)
{
    edai_processors crowded = {{0}};
    uint32_t i;

    for (i = 0; i < count; i++) {
        edai_sight *sight = &self->sights[i];

        if (EDAI_LIKELY(sight->looks == 0)) {
            continue;
        }
        if (sight->looks % PLACE_LOOKS == 1) {
            sight->processor = place_of(self->sys->seats[i]);
        }
        if (sight->processor >= 0) {
            edai_processors_add(&crowded, (unsigned)sight->processor);
        }
    }
    if (EDAI_UNLIKELY(!edai_processors_are_equal(&crowded, &self->crowded))) {
        self->crowded = crowded;
        self->crowded_as++;
        (void)confine(&self->confinement, edai_thread_number(), &crowded);
    }
    for (i = 0; i < count; i++) {
        confine_seat(self, self->sys->seats[i], &self->sights[i]);
    }
}

/* --- looking ------------------------------------------------------------------------------ */

static void report_slow(eda_system *sys, const edai_seat *seat)
{
    const edai_route *route = atomic_load_explicit(&seat->running, memory_order_relaxed);

    edai_system_log(sys, route->actor->actor->name,
        "a turn on %s has run for over %u ms; let it call eda_blocking, or declare a dedicated "
        "thread",
        route->msg->type->name, sys->options.slow_turn_ms);
}

/* A seat of its own for the workers of one whose turn runs on; NULL: none can be had. */
static edai_seat *seat_for_others(edai_watcher *self)
{
    edai_seat *seat = edai_balance_vacant(
        self->sys, atomic_load_explicit(&self->sys->seat_count, memory_order_relaxed));

    if (seat != NULL) {
        return seat;
    }
    seat = self->unused != NULL ? self->unused : edai_system_add_seat(self->sys);
    self->unused = seat;
    if (seat == NULL || (seat->strands.current == NULL && edai_seat_prepare(seat) != EDA_OK) ||
        edai_seat_start(seat, "eda-spare") != EDA_OK) {
        return NULL;
    }
    self->unused = NULL;
    /* A new thread may run where the one may that starts it. */
    self->sights[seat->index] =
        (edai_sight){.confined_as = 2 * self->crowded_as, .confinement = self->confinement};
    return seat;
}

static void take_over(edai_watcher *self, edai_seat *seat, uint64_t user)
{
    edai_seat *to;

    if (seat->index >= self->sys->shard_workers && seat->index < self->sys->worker_count) {
        return; /* a dedicated thread is there for turns that run long */
    }
    to = seat_for_others(self);
    if (to != NULL && !edai_takeover(seat, user, to)) {
        /* It sees for itself whether it is vacant: somebody else may have given it workers. */
        seat->port->wake(seat->port->self, &to->waiter);
    }
}

static void see(edai_watcher *self, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        const edai_seat *seat = self->sys->seats[i];
        /* acquire: pairs with the release in edai_takeover_leave, for what report_slow reads. */
        uint64_t user = atomic_load_explicit(&seat->user, memory_order_acquire);
        edai_sight *sight = &self->sights[i];

        sight->looks = user != 0 && user == sight->user ? sight->looks + 1 : 0;
        sight->user = user;
    }
}

static void look(edai_watcher *self)
{
    const eda_system *sys = self->sys;
    uint32_t slow_looks = sys->options.slow_turn_ms == EDA_UNLIMITED
                              ? UINT32_MAX
                              : (uint32_t)(EDA_MS(sys->options.slow_turn_ms) / self->look_ns) + 1;
    uint32_t count = atomic_load_explicit(&sys->seat_count, memory_order_relaxed);
    uint32_t i;

    see(self, count);
    if (self->takes_over) {
        keep_away(self, count);
    }
    for (i = 0; i < count; i++) {
        edai_seat *seat = sys->seats[i];
        const edai_sight *sight = &self->sights[i];

        /* Again at the next look if there was no seat, stack or memory for it. */
        if (sight->looks > 0 && self->takes_over &&
            atomic_load_explicit(&seat->claim, memory_order_relaxed) != EDAI_TAKEN) {
            take_over(self, seat, sight->user);
        }
        if (sight->looks == slow_looks) {
            report_slow(self->sys, seat);
        }
    }
}

/* --- its thread --------------------------------------------------------------------------- */

static bool is_anyone_awake(const eda_system *sys)
{
    uint32_t count = atomic_load(&sys->seat_count);
    uint32_t i;

    for (i = 0; i < count; i++) {
        if (!atomic_load(&sys->seats[i]->is_parked)) {
            return true;
        }
    }
    return false;
}

void edai_watcher_rouse(edai_watcher *self)
{
    /* seq_cst, as in fall_asleep: either that sees that the seat is not parked any more, or we see
     * that the alarm is not set. */
    if (atomic_load(&self->sleeps) && atomic_exchange(&self->sleeps, false)) {
        edai_alarm_set(&self->alarm, self->look_ns);
    }
}

/* Nobody was awake, and the alarm is not set: perhaps the one that was to tell of the stop. */
static void fall_asleep(edai_watcher *self)
{
    atomic_store(&self->sleeps, true);
    if (is_anyone_awake(self->sys) || atomic_load(&self->stops)) {
        edai_watcher_rouse(self);
    }
}

void edai_watcher_rest(edai_watcher *self)
{
    if (atomic_load(&self->stage) == EDAI_WATCHER_WATCHING && !atomic_load(&self->sleeps) &&
        !is_anyone_awake(self->sys)) {
        edai_alarm_stop(&self->alarm);
        fall_asleep(self);
    }
}

static void *watch(void *arg)
{
    edai_watcher *self = arg;

    edai_thread_hasten();
    while (!atomic_load(&self->stops)) {
        look(self);
        if (is_anyone_awake(self->sys)) {
            edai_alarm_set(&self->alarm, self->look_ns);
        } else {
            fall_asleep(self);
        }
        edai_alarm_wait(&self->alarm);
    }
    return NULL;
}

void edai_watcher_start(edai_watcher *self, eda_system *sys, bool takes_over)
{
    self->sys = sys;
    self->takes_over = takes_over;
    self->look_ns = takes_over ? LOOK_NS : TELL_NS;
    self->sights =
        edai_calloc((size_t)sys->worker_count + EDAI_SPARE_SEATS_MAX, sizeof(*self->sights));
    if (self->sights == NULL || edai_alarm_init(&self->alarm) != EDA_OK) {
        return;
    }
    atomic_store(&self->stage, EDAI_WATCHER_ALARMED);
    if (edai_thread_start(&self->thread, watch, self, "eda-watcher") == EDA_OK) {
        atomic_store(&self->stage, EDAI_WATCHER_WATCHING);
    }
}

void edai_watcher_stop(edai_watcher *self)
{
    if (atomic_load(&self->stage) != EDAI_WATCHER_WATCHING) {
        return;
    }
    atomic_store(&self->stops, true);
    edai_alarm_set(&self->alarm, 1);
    (void)edai_thread_join(&self->thread);
    atomic_store(&self->stage, EDAI_WATCHER_ALARMED);
}
