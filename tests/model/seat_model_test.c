/* seat_model_test.c - a worker is given away while others send to it and its seat's thread falls
 * asleep, in every order of a few small threads: nothing is lost or overtaken, and nobody sleeps
 * with something to do.
 *
 * Threads 0 and 1 run the loop's parts on a seat each, thread 2 is a client. One worker sends
 * numbered messages to another, whether that sits beside it or not; both may move. */
#define EDAI_HAS_PLANTED 1

#include "explore.h"

#include "base/memory.h"
#include "core/after.h"
#include "core/ask.h"
#include "core/balance.h"
#include "core/fetch.h"
#include "core/held.h"
#include "core/mailbox.h"
#include "core/publish.h"
#include "core/stop.h"
#include "core/system.h"
#include "core/takeover.h"

static void lock(edai_mutex *mutex);
static void unlock(edai_mutex *mutex);
static void move_one(edai_seat *from);
static void arrived(edai_worker *worker, const edai_envelope *envelope);

#define edai_mutex_lock(mutex_) lock(mutex_)
#define edai_mutex_unlock(mutex_) unlock(mutex_)
#define edai_system_idle_check(sys_) ((void)(sys_))
#define edai_balance_round(seat_) move_one(seat_)
#define edai_balance_rest(seat_) ((void)(seat_))
#define edai_system_owner(sys_, type_, hash_)                                                      \
    ((void)(sys_), (void)sizeof(type_), (void)(hash_), (uint16_t)RECEIVER)
#define edai_worker_recent(worker_, type_, identity_)                                              \
    ((void)(worker_), (void)sizeof(type_), (edai_activation *)NULL)
#define edai_worker_at_home(worker_, type_, identity_, hash_)                                      \
    ((void)(worker_), (void)sizeof(type_), (void)(hash_), (edai_activation *)NULL)
#define edai_activation_get(worker_, route_, envelope_, hash_, status_)                            \
    ((void)(worker_), (void)(hash_), (void)(status_), (edai_activation *)(void *)stand_in)
#define edai_mailbox_put(worker_, activation_, envelope_)                                          \
    ((void)(activation_), arrived((worker_), (envelope_)))
#define edai_fetch_begin(worker_, envelope_) ((void)(envelope_), (edai_fetch){.slot_of = NULL})
#define edai_fetch_next(worker_, fetch_) ((void)(fetch_))
#define edai_timers_due(timers_, now_) ((void)(timers_), (void)(now_), (edai_timer *)NULL)
#define edai_timers_next(timers_) ((void)(timers_), EDAI_NO_DEADLINE)

enum {
    SENDER = 0,
    RECEIVER
};
#define WORKERS 2u

static _Alignas(16) unsigned char stand_in[sizeof(edai_activation)];

#include "core/inbox.c" /* NOLINT(bugprone-suspicious-include): the production code, compiled for the explorer */
#include "core/seat.c"   /* NOLINT(bugprone-suspicious-include) */
#include "core/worker.c" /* NOLINT(bugprone-suspicious-include) */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

edai_fault edai_planted;

#define SEATS 2u
#define MESSAGES_MAX 3u

typedef struct shape {
    const char *name;
    unsigned sent;   /* by the sender's turns */
    unsigned posted; /* by a client; 0: there is none */
    unsigned moves;  /* of either worker, at the ends of rounds */
    bool is_apart;   /* at first */
} shape;

static const shape *shaped;
static eda_system sys;
static edai_seat seats[SEATS];
static edai_worker workers[WORKERS];
static edai_chain outboxes[WORKERS][WORKERS];
static edai_return_chain returns[WORKERS][WORKERS];
static edai_seat *seat_list[SEATS];
static edai_envelope sent[MESSAGES_MAX];
static edai_envelope posted[MESSAGES_MAX];
static uint64_t next_sent;     /* the sender's */
static uint64_t next_of[2];    /* the receiver's: by publisher */
static uint64_t moves_left;    /* the model's */
static uint64_t ended_workers; /* the receiver's */

static void lock(edai_mutex *mutex)
{
    explore_lock((uint32_t *)(void *)mutex);
}

static void unlock(edai_mutex *mutex)
{
    explore_unlock((uint32_t *)(void *)mutex);
}

/* Taken in turns by all threads: no race of the code under test. */
__attribute__((no_sanitize_thread)) static bool take_move(void)
{
    if (moves_left == 0 || explore_choose(2) == 0) {
        return false;
    }
    moves_left--;
    return true;
}

/* Any worker, or none. */
static void move_one(edai_seat *from)
{
    edai_worker *at = from->workers;

    if (at == NULL || !take_move()) {
        return;
    }
    if (at->seat_next != NULL && explore_choose(2) == 1) {
        at = at->seat_next;
    }
    explore_check(edai_seat_give(at, &seats[1 - from->index]), "no turn runs long");
}

/* By the thread that has the receiver. */
static void arrived(edai_worker *worker, const edai_envelope *envelope)
{
    explore_check(worker == &workers[RECEIVER], "what is sent to one arrives there");
    explore_check(
        envelope->identity == next_of[envelope->publisher]++, "each once, in the order sent");
    if (next_of[0] == shaped->sent && next_of[1] == shaped->posted) {
        for (; ended_workers < WORKERS; ended_workers++) {
            edai_seat_worker_ended(&sys);
        }
    }
}

static void reset_worker(uint16_t index)
{
    edai_worker *worker = &workers[index];

    *worker = (edai_worker){.sys = &sys,
        .port = explore_port(),
        .index = index,
        .outbox = outboxes[index],
        .returns = returns[index]};
    edai_inbox_init(&worker->inbox);
    edai_seat_place(&seats[shaped->is_apart ? index : 0], worker);
}

static void reset(void)
{
    uint16_t i;

    memset(&sys, 0, sizeof(sys));
    memset(seats, 0, sizeof(seats));
    memset(outboxes, 0, sizeof(outboxes));
    memset(returns, 0, sizeof(returns));
    sys.port = explore_port();
    sys.workers = workers;
    sys.worker_count = WORKERS;
    sys.gateway = EDAI_NO_GATEWAY; /* else worker 0 would be it */
    sys.seats = seat_list;
    atomic_init(&sys.seat_count, SEATS);
    for (i = 0; i < SEATS; i++) {
        seats[i].sys = &sys;
        seats[i].port = explore_port();
        seats[i].index = i;
        seats[i].round_turns = 1;
        seats[i].turns_cap = 1;
        seats[i].turns_stop = UINT64_MAX;
        seat_list[i] = &seats[i];
    }
    for (i = 0; i < WORKERS; i++) {
        reset_worker(i);
    }
    for (i = 0; i < MESSAGES_MAX; i++) {
        sent[i] = (edai_envelope){.kind = EDAI_DELIVERY, .identity = i, .publisher = 0};
        posted[i] = (edai_envelope){.kind = EDAI_DELIVERY, .identity = i, .publisher = 1};
    }
    next_sent = 0;
    next_of[0] = 0;
    next_of[1] = 0;
    moves_left = shaped->moves;
    ended_workers = 0;
}

static bool sits_on(const edai_seat *seat, const edai_worker *worker)
{
    const edai_worker *at = seat->workers;

    while (at != NULL && at != worker) {
        at = at->seat_next;
    }
    return at != NULL;
}

/* A turn of the sender's, if it sits here. */
static bool run_sender(const edai_seat *seat)
{
    if (!sits_on(seat, &workers[SENDER]) || next_sent == shaped->sent) {
        return false;
    }
    edai_worker_dispatch(&workers[SENDER], &sent[next_sent++]);
    return true;
}

/* As `loop` does, with the sender's turn for all turns. */
static void run_seat(edai_seat *seat)
{
    while (!has_ended(seat)) {
        bool is_busy;

        explore_forget(0);
        is_busy = begin_round(seat);
        is_busy = run_sender(seat) || is_busy;
        is_busy = end_round(seat) || is_busy;
        if (!is_busy && !has_ended(seat)) {
            park(seat);
        }
    }
}

static void run_client(void)
{
    unsigned i;

    for (i = 0; i < shaped->posted; i++) {
        explore_forget(i);
        edai_worker_post(&workers[RECEIVER], &posted[i]);
    }
}

static void run(unsigned thread)
{
    if (thread < SEATS) {
        run_seat(&seats[thread]);
    } else {
        run_client();
    }
}

static void finish(void)
{
    explore_check(
        next_of[0] == shaped->sent && next_of[1] == shaped->posted, "all that was sent arrived");
}

static explore_result explore_shape(const shape *given, bool is_weak, explore_fault fault)
{
    static const explore_region regions[] = {{seats, sizeof(seats)}, {workers, sizeof(workers)},
        {outboxes, sizeof(outboxes)}, {sent, sizeof(sent)}, {posted, sizeof(posted)},
        {&sys, sizeof(sys)}, {&next_sent, sizeof(next_sent)}, {next_of, sizeof(next_of)},
        {&moves_left, sizeof(moves_left)}, {&ended_workers, sizeof(ended_workers)}, {NULL, 0}};
    explore_model model = {.thread_count = SEATS + (given->posted > 0 ? 1 : 0),
        .reset = reset,
        .run = run,
        .finish = finish,
        .fault = fault,
        .regions = is_weak ? NULL : regions};
    explore_result result;

    shaped = given;
    result = explore(&model);
    explore_print(is_weak ? "weak memory" : "strong memory", given->name, &result);
    return result;
}

static const shape one_post = {"together, 1 posted, 1 move", 0, 1, 1, false};
static const shape two_sent = {"apart, 2 sent, 1 move", 2, 0, 1, true};

static void explore_all(const shape *at, bool is_weak)
{
    for (; at->name != NULL; at++) {
        explore_result result = explore_shape(at, is_weak, EXPLORE_SOUND);

        assert_null(result.failure);
        assert_true(result.schedule_count > 0);
    }
}

static void workers_that_move_in_every_schedule_lose_nothing(void **state)
{
    static const shape shapes[] = {
        {"together, 3 sent, 2 moves", 3, 0, 2, false},
        {"apart, 2 sent, 2 moves", 2, 0, 2, true},
        {"apart, 1 sent, 1 posted, 1 move", 1, 1, 1, true},
        {NULL, 0, 0, 0, false},
    };

    (void)state;
    explore_all(shapes, false);
}

static void workers_that_move_with_stale_loads_lose_nothing(void **state)
{
    static const shape shapes[] = {
        {"together, 1 posted, 1 move", 0, 1, 1, false},
        {"together, 1 sent, 1 move", 1, 0, 1, false},
        {"apart, 1 sent, 1 move", 1, 0, 1, true},
        {NULL, 0, 0, 0, false},
    };

    (void)state;
    explore_all(shapes, true);
}

/* --- mutations: each must be found -------------------------------------------------------- */

/* Whoever wakes it asks where it sits; without either order it may see where it sat before. */
static void parked_mark_that_carries_nothing_is_found_out(void **state)
{
    (void)state;
    assert_string_equal(
        explore_shape(&one_post, true, EXPLORE_RELAXED_PARK).failure, "a thread sleeps for ever");
    assert_string_equal(
        explore_shape(&one_post, true, EXPLORE_RELEASING_PUSH).failure, "a thread sleeps for ever");
}

static void seat_asked_for_before_the_push_is_found_out(void **state)
{
    explore_result result;

    (void)state;
    edai_planted = EDAI_FAULT_EARLY_SEAT;
    result = explore_shape(&one_post, true, EXPLORE_SOUND);
    edai_planted = EDAI_FAULT_NONE;
    assert_string_equal(result.failure, "a thread sleeps for ever");
}

static void chain_left_behind_is_found_out(void **state)
{
    explore_result result;

    (void)state;
    edai_planted = EDAI_FAULT_UNFLUSHED_MOVE;
    result = explore_shape(&two_sent, false, EXPLORE_SOUND);
    edai_planted = EDAI_FAULT_NONE;
    assert_non_null(result.failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(workers_that_move_in_every_schedule_lose_nothing),
        cmocka_unit_test(workers_that_move_with_stale_loads_lose_nothing),
        cmocka_unit_test(parked_mark_that_carries_nothing_is_found_out),
        cmocka_unit_test(seat_asked_for_before_the_push_is_found_out),
        cmocka_unit_test(chain_left_behind_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
