/* takeover_model_test.c - who holds a worker while a turn runs long, in every order of three small
 * threads: the seat's own, which runs a handler that calls verbs; one that claims the seat; and the
 * one that is given its workers. Never two of them at once, and each sees what the one before did.
 *
 * The turn goes on, once it was taken, on the stack of thread 0, while the third stands still for
 * it: together they are that seat's thread. */
#include "explore.h"

#include "base/memory.h"
#include "core/suspend.h"
#include "core/system.h"
#include "core/takeover.h"

static void lock(edai_mutex *mutex);
static void unlock(edai_mutex *mutex);
static void *pool_calloc(size_t count, size_t size);
static edai_extra *extra_of(edai_activation *activation);
static edai_strand *reserve(edai_seat *from);
static edai_worker *clear(edai_seat *from);
static void put(edai_seat *to, edai_worker *workers);
static void leave_stack(void);
static void resumed(eda_ctx *ctx);
static void post(const edai_envelope *notice);

#define edai_mutex_lock(mutex_) lock(mutex_)
#define edai_mutex_unlock(mutex_) unlock(mutex_)
#define edai_barrier_all() explore_barrier()
#define edai_calloc(count_, size_) pool_calloc((count_), (size_))
#define edai_free(block_) ((void)(block_))
#define edai_activation_extra(activation_) extra_of(activation_)
#define edai_seat_reserve(seat_) reserve(seat_)
#define edai_seat_clear(seat_) clear(seat_)
#define edai_seat_put(seat_, workers_) put((seat_), (workers_))
#define edai_fiber_switch(from_, to_) ((void)(from_), (void)(to_), leave_stack())
#define edai_suspend_return(ctx_) resumed(ctx_)
#define edai_suspend_alone(worker_, activation_) ((void)(worker_), (void)(activation_))
#define edai_suspend_back(worker_, activation_) ((void)(worker_), (void)(activation_))
#define edai_worker_post(worker_, notice_) ((void)(worker_), post(notice_))
#include "core/takeover.c" /* NOLINT(bugprone-suspicious-include): the production code, compiled for the explorer */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum {
    SEAT = 0,
    CLAIMANT,
    OTHER
};

enum {
    A_WORKER = 1,
    NOTHING
};

typedef struct shape {
    const char *name;
    unsigned verbs;  /* of the turn, before it returns */
    unsigned claims; /* tried, each for what is seen to run */
    bool may_fail;   /* to find a stack */
} shape;

static const shape *shaped;
static eda_system sys;
static edai_seat seat;
static edai_seat other;
static edai_worker worker;
static edai_route route;
static edai_envelope envelope;
static eda_ctx ctx;
static edai_strand stacks[2];
static edai_extra extra;
static edai_detached blocks[2];
static uint64_t block_count;
static edai_waiter turn_waiter;  /* of thread 0, off its stack */
static edai_waiter other_waiter; /* of thread OTHER */
static _Atomic uint32_t given;   /* to OTHER: A_WORKER or NOTHING, for good */
static _Atomic uint32_t posted;  /* to its worker: the turn may go on */
static _Atomic uint32_t ended;   /* the turn, on OTHER */
static uint64_t turns_on;        /* the seat that the turn runs on: SEAT or OTHER */
static uint64_t holder;          /* of the worker, plus 1; 0: its handler runs */
static uint64_t handled;
static uint64_t taken;

/* --- what the production code calls ------------------------------------------------------- */

static void lock(edai_mutex *mutex)
{
    explore_lock((uint32_t *)(void *)mutex);
}

static void unlock(edai_mutex *mutex)
{
    explore_unlock((uint32_t *)(void *)mutex);
}

static void *pool_calloc(size_t count, size_t size)
{
    (void)count;
    (void)size;
    return &blocks[block_count++];
}

static edai_extra *extra_of(edai_activation *activation)
{
    (void)activation;
    return &extra;
}

/* A plain access to what the seat's thread uses, too: it has to be ordered with that. */
static edai_strand *reserve(edai_seat *from)
{
    from->strands.free_count++;
    return shaped->may_fail && explore_choose(2) == 1 ? NULL : &stacks[1];
}

/* The model's own book, not to be looked into for races. */
__attribute__((no_sanitize_thread)) static uint64_t exchange_holder(uint64_t now)
{
    uint64_t before = holder;

    holder = now;
    return before;
}

static void hold(uint64_t who)
{
    explore_check(exchange_holder(who + 1) == 0, "two hold one worker");
    worker.window_runs++; /* a plain access: it has to be ordered with all others */
}

static void release(uint64_t who)
{
    explore_check(exchange_holder(0) == who + 1, "who lets go has held");
}

static edai_worker *clear(edai_seat *from)
{
    explore_check(from == &seat && turns_on == SEAT, "only the seat that was claimed is cleared");
    hold(CLAIMANT);
    taken++;
    from->workers = NULL;
    return &worker;
}

static void put(edai_seat *to, edai_worker *workers)
{
    explore_check(to == &other && workers == &worker, "what was taken is given");
    release(CLAIMANT);
    atomic_store_explicit(&given, A_WORKER, memory_order_release);
    explore_port()->wake(NULL, &other_waiter);
}

/* The seat's thread, upon a stack of its own, tells the worker; the turn stands still. */
static void leave_stack(void)
{
    explore_check(seat.departing == &ctx, "who leaves is announced");
    edai_takeover_announce(&ctx);
    explore_port()->park(NULL, &turn_waiter, EDAI_NO_DEADLINE);
    turns_on = OTHER;
}

static void resumed(eda_ctx *of)
{
    of->wait = NULL;
    of->seat = &other;
}

static void post(const edai_envelope *notice)
{
    explore_check(notice->kind == EDAI_CALL, "the worker is told by a call");
    atomic_store_explicit(&posted, 1, memory_order_release);
    explore_port()->wake(NULL, &other_waiter);
}

/* --- the threads -------------------------------------------------------------------------- */

static void reset(void)
{
    memset(&sys, 0, sizeof(sys));
    memset(&seat, 0, sizeof(seat));
    memset(&other, 0, sizeof(other));
    memset(&worker, 0, sizeof(worker));
    memset(&ctx, 0, sizeof(ctx));
    memset(stacks, 0, sizeof(stacks));
    memset(&extra, 0, sizeof(extra));
    memset(blocks, 0, sizeof(blocks));
    memset(&turn_waiter, 0, sizeof(turn_waiter));
    memset(&other_waiter, 0, sizeof(other_waiter));
    sys.options.stacks_max = 16;
    seat.port = explore_port();
    seat.stretches = 1;
    seat.strands.current = &stacks[0];
    seat.workers = &worker;
    other.port = explore_port();
    other.stretches = 1;
    worker.sys = &sys;
    worker.port = explore_port();
    envelope.route = &route;
    ctx.worker = &worker;
    ctx.seat = &seat;
    ctx.envelope = &envelope;
    block_count = 0;
    atomic_init(&given, 0);
    atomic_init(&posted, 0);
    atomic_init(&ended, 0);
    turns_on = SEAT;
    holder = SEAT + 1; /* the turn has been begun */
    handled = 0;
    taken = 0;
}

static void run_handler(uint64_t who)
{
    release(who);
    handled++;
}

/* A turn, and the seat's own work after it. */
static void run_turn(void)
{
    unsigned i;

    for (i = 0; i <= shaped->verbs; i++) {
        run_handler(turns_on);
        edai_takeover_leave(&ctx);
        explore_check(edai_takeover_enter(&ctx) != 0, "who comes from the handler is told so");
        hold(turns_on);
        ctx.seat->strands.free_count++;
        ctx.seat->stretches++; /* another turn may begin after each return */
    }
    release(turns_on);
    if (turns_on == OTHER) {
        atomic_store_explicit(&ended, 1, memory_order_release);
        explore_port()->wake(NULL, &other_waiter); /* its loop goes on */
    }
}

static void claim(void)
{
    unsigned i;

    for (i = 0; i < shaped->claims && taken == 0; i++) {
        uint64_t user = atomic_load_explicit(&seat.user, memory_order_acquire);

        if (user != 0) {
            (void)edai_takeover(&seat, user, &other);
        }
    }
    if (taken == 0) {
        atomic_store_explicit(&given, NOTHING, memory_order_release);
        explore_port()->wake(NULL, &other_waiter);
    }
}

static uint32_t wait_for(_Atomic uint32_t *what)
{
    uint32_t seen;

    while ((seen = atomic_load_explicit(what, memory_order_acquire)) == 0) {
        explore_port()->park(NULL, &other_waiter, EDAI_NO_DEADLINE);
    }
    return seen;
}

static void hold_a_while(uint64_t who)
{
    hold(who);
    release(who);
}

/* The other seat: has the worker, hears of the turn, lets it go on, has the worker again. */
static void run_other(void)
{
    if (wait_for(&given) == NOTHING) {
        return;
    }
    hold_a_while(OTHER);
    (void)wait_for(&posted);
    explore_port()->wake(NULL, &turn_waiter);
    (void)wait_for(&ended);
    hold_a_while(OTHER);
}

static void run(unsigned thread)
{
    switch (thread) {
    case SEAT:
        run_turn();
        break;
    case CLAIMANT:
        claim();
        break;
    default:
        run_other();
        break;
    }
}

static uint64_t taken_count;

static void finish(void)
{
    explore_check(handled == shaped->verbs + 1, "the turn has run to its end");
    explore_check(seat.claim == EDAI_UNCLAIMED, "no claim is left");
    explore_check(seat.user == 0 && other.user == 0, "no handler runs");
    taken_count += taken;
}

static explore_result explore_shape(const shape *given_shape, explore_fault fault)
{
    explore_model model = {
        .thread_count = 3, .reset = reset, .run = run, .finish = finish, .fault = fault};
    explore_result result;

    shaped = given_shape;
    taken_count = 0;
    result = explore(&model);
    explore_print("weak memory", given_shape->name, &result);
    return result;
}

static const shape one_verb = {"a turn with a verb, 1 claim", 1, 1, false};
static const shape no_stack = {"a turn with a verb, 1 claim, perhaps no stack", 1, 1, true};

static void worker_in_every_schedule_is_held_by_one(void **state)
{
    static const shape shapes[] = {
        {"a turn without verbs, 2 claims, perhaps no stack", 0, 2, true},
        {"a turn with 2 verbs, 1 claim, perhaps no stack", 2, 1, true},
        {"a turn with a verb, 2 claims", 1, 2, false},
        {NULL, 0, 0, false},
    };
    const shape *at;

    (void)state;
    for (at = shapes; at->name != NULL; at++) {
        explore_result result = explore_shape(at, EXPLORE_SOUND);

        assert_null(result.failure);
        assert_true(result.schedule_count > 0);
        assert_true(taken_count > 0);
    }
}

/* --- mutations: each must be found -------------------------------------------------------- */

static void claim_without_barrier_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&one_verb, EXPLORE_NO_BARRIER).failure);
}

static void claim_with_relaxed_release_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&one_verb, EXPLORE_RELAXED_RELEASE).failure);
}

static void claim_with_relaxed_acquire_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&one_verb, EXPLORE_RELAXED_ACQUIRE).failure);
}

/* Of the thread's own accesses only: what the one that gave up has touched. */
static void claim_given_up_unseen_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&no_stack, EXPLORE_OWNER_RELAXED_ACQUIRE).failure);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(worker_in_every_schedule_is_held_by_one),
        cmocka_unit_test(claim_without_barrier_is_found_out),
        cmocka_unit_test(claim_with_relaxed_release_is_found_out),
        cmocka_unit_test(claim_with_relaxed_acquire_is_found_out),
        cmocka_unit_test(claim_given_up_unseen_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
