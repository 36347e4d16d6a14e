#define _GNU_SOURCE 1

#include "base/thread.h"

#include "base/assert.h"
#include "base/clock.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void *identify(void *arg)
{
    const void **ret_self = arg;
    *ret_self = edai_thread_self();
    return arg;
}

static void thread_join_returns_the_result(void **state)
{
    (void)state;
    const void *other = NULL;
    edai_thread thread;
    assert_int_equal(
        edai_thread_start(&thread, identify, &other, "a name that is too long for the system"),
        EDA_OK);
    assert_ptr_equal(edai_thread_join(&thread), &other);
    assert_non_null(other);
    assert_ptr_equal(edai_thread_self(), edai_thread_self());
}

static void *read_mask(void *arg)
{
    sigset_t *ret_mask = arg;
    (void)pthread_sigmask(SIG_SETMASK, NULL, ret_mask);
    return NULL;
}

static void thread_start_leaves_signals_to_the_program(void **state)
{
    (void)state;
    sigset_t mine;
    sigset_t others;
    edai_thread thread;
    assert_int_equal(edai_thread_start(&thread, read_mask, &others, NULL), EDA_OK);
    (void)edai_thread_join(&thread);
    (void)read_mask(&mine);
    assert_false(sigismember(&mine, SIGTERM));
    assert_true(sigismember(&others, SIGTERM));
    assert_true(sigismember(&others, SIGINT));
    assert_false(sigismember(&others, SIGSEGV));
}

static void cpu_count_is_at_least_one(void **state)
{
    (void)state;
    assert_true(edai_cpu_count() >= 1);
    edai_cpu_relax();
    edai_thread_yield();
}

/* --- mutex and condition --- */

typedef struct turns {
    edai_mutex mutex;
    edai_cond cond;
    unsigned count; /* under the mutex; even: the first thread's turn */
    unsigned count_max;
} turns;

static void take_turns(turns *t, unsigned parity)
{
    edai_mutex_lock(&t->mutex);
    while (t->count < t->count_max) {
        if (t->count % 2 == parity) {
            t->count++;
            edai_cond_signal(&t->cond);
        } else {
            edai_cond_wait(&t->cond, &t->mutex);
        }
    }
    edai_cond_broadcast(&t->cond);
    edai_mutex_unlock(&t->mutex);
}

static void *take_odd_turns(void *arg)
{
    take_turns(arg, 1);
    return NULL;
}

static void cond_signal_alternates_two_threads(void **state)
{
    (void)state;
    turns t = {.count_max = 2000};
    edai_mutex_init(&t.mutex);
    edai_cond_init(&t.cond);
    edai_thread thread;
    assert_int_equal(edai_thread_start(&thread, take_odd_turns, &t, "odd"), EDA_OK);
    take_turns(&t, 0);
    (void)edai_thread_join(&thread);
    assert_int_equal(t.count, t.count_max);
    edai_cond_fini(&t.cond);
    edai_mutex_fini(&t.mutex);
}

static void cond_wait_until_past_deadline_returns_false(void **state)
{
    (void)state;
    edai_mutex mutex;
    edai_cond cond;
    edai_mutex_init(&mutex);
    edai_cond_init(&cond);
    edai_mutex_lock(&mutex);
    assert_false(edai_cond_wait_until(&cond, &mutex, edai_clock_monotonic_ns()));
    assert_false(edai_cond_wait_until(&cond, &mutex, 0));
    assert_false(edai_cond_wait_until(&cond, &mutex, INT64_MIN));
    edai_mutex_unlock(&mutex);
    edai_cond_fini(&cond);
    edai_mutex_fini(&mutex);
}

/* --- parker --- */

static void parker_wake_before_park_returns_at_once(void **state)
{
    (void)state;
    edai_parker parker;
    edai_parker_init(&parker);
    edai_parker_wake(&parker);
    edai_parker_wake(&parker);
    assert_true(edai_parker_park(&parker, EDAI_NO_DEADLINE));
    assert_false(edai_parker_park(&parker, edai_clock_monotonic_ns())); /* two wakes were one */
    edai_parker_wake(&parker);
    assert_true(edai_parker_park(&parker, INT64_MIN)); /* a wake is worth more than a deadline */
    edai_parker_fini(&parker);
}

static void parker_park_returns_false_not_before_its_deadline(void **state)
{
    (void)state;
    edai_parker parker;
    edai_parker_init(&parker);
    assert_false(edai_parker_park(&parker, 0));
    assert_false(edai_parker_park(&parker, INT64_MIN));
    int64_t deadline = edai_clock_monotonic_ns() + 2000000;
    assert_false(edai_parker_park(&parker, deadline));
    assert_true(edai_clock_monotonic_ns() >= deadline);
    edai_parker_fini(&parker);
}

typedef struct token {
    edai_parker parkers[2];
    uint64_t count; /* plain: handed over by the parkers, which a race detector checks */
    uint64_t rounds;
    int64_t deadline_ns;
} token;

static void hand_over(token *t, unsigned me)
{
    for (uint64_t i = 0; i < t->rounds; i++) {
        while (!edai_parker_park(&t->parkers[me], t->deadline_ns)) {
        }
        EDA_ASSERT(t->count % 2 == me, "only the thread with the token runs");
        t->count++;
        edai_parker_wake(&t->parkers[1 - me]);
    }
}

static void *hand_over_second(void *arg)
{
    hand_over(arg, 1);
    return NULL;
}

static void hand_over_between_two(int64_t deadline_ns)
{
    token t = {.rounds = 10000, .deadline_ns = deadline_ns};
    edai_parker_init(&t.parkers[0]);
    edai_parker_init(&t.parkers[1]);
    edai_thread thread;
    assert_int_equal(edai_thread_start(&thread, hand_over_second, &t, "token"), EDA_OK);
    edai_parker_wake(&t.parkers[0]);
    hand_over(&t, 0);
    (void)edai_thread_join(&thread);
    assert_int_equal(t.count, 2 * t.rounds);
    assert_true(edai_parker_park(&t.parkers[0], 0)); /* the last wake */
    edai_parker_fini(&t.parkers[0]);
    edai_parker_fini(&t.parkers[1]);
}

static void parker_hands_a_token_over(void **state)
{
    (void)state;
    hand_over_between_two(EDAI_NO_DEADLINE);
}

/* Every park times out at once unless the wake came first: the two meet in every order. */
static void parker_wake_that_meets_a_timeout_is_not_lost(void **state)
{
    (void)state;
    hand_over_between_two(0);
}

enum {
    WAKERS = 3,
    WAKES = 2000,
    WAKES_ALL = WAKERS * WAKES
};

typedef struct crowd {
    edai_parker parker;
    _Atomic uint64_t given;
} crowd;

static void *wake_often(void *arg)
{
    crowd *c = arg;
    for (unsigned i = 0; i < WAKES; i++) {
        /* Relaxed: the parker's own release and acquire make the count visible to who is woken. */
        atomic_fetch_add_explicit(&c->given, 1, memory_order_relaxed);
        edai_parker_wake(&c->parker);
    }
    return NULL;
}

static void parker_woken_by_many_sees_every_write(void **state)
{
    (void)state;
    crowd c = {.given = 0};
    edai_parker_init(&c.parker);
    edai_thread threads[WAKERS];
    for (size_t i = 0; i < WAKERS; i++) {
        assert_int_equal(edai_thread_start(&threads[i], wake_often, &c, "waker"), EDA_OK);
    }
    while (atomic_load_explicit(&c.given, memory_order_relaxed) < WAKES_ALL) {
        (void)edai_parker_park(&c.parker, EDAI_NO_DEADLINE); /* hangs if a wake is lost */
    }
    for (size_t i = 0; i < WAKERS; i++) {
        (void)edai_thread_join(&threads[i]);
    }
    edai_parker_fini(&c.parker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(thread_join_returns_the_result),
        cmocka_unit_test(thread_start_leaves_signals_to_the_program),
        cmocka_unit_test(cpu_count_is_at_least_one),
        cmocka_unit_test(cond_signal_alternates_two_threads),
        cmocka_unit_test(cond_wait_until_past_deadline_returns_false),
        cmocka_unit_test(parker_wake_before_park_returns_at_once),
        cmocka_unit_test(parker_park_returns_false_not_before_its_deadline),
        cmocka_unit_test(parker_hands_a_token_over),
        cmocka_unit_test(parker_wake_that_meets_a_timeout_is_not_lost),
        cmocka_unit_test(parker_woken_by_many_sees_every_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
