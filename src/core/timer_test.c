/* timer_test.c - a worker's timers: by due time, equal ones as armed; in no time at all but made-up
 * numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "base/random.h"
#include "core/timer.h"

#define LEN 300u

static void fire(edai_worker *worker, edai_timer *timer)
{
    (void)worker;
    (void)timer;
}

static void timers_empty_are_never_due(void **state)
{
    edai_timers timers;

    (void)state;
    edai_timers_init(&timers);
    assert_null(edai_timers_due(&timers, INT64_MAX));
    assert_true(edai_timers_next(&timers) == INT64_MAX);
    edai_timers_fini(&timers);
}

static void timer_is_due_at_its_time_and_not_before(void **state)
{
    edai_timers timers;
    edai_timer timer = {.index = 0};

    (void)state;
    edai_timers_init(&timers);
    assert_int_equal(edai_timers_arm(&timers, &timer, 100, fire), EDA_OK);
    assert_true(edai_timers_next(&timers) == 100);
    assert_null(edai_timers_due(&timers, 99));
    assert_ptr_equal(edai_timers_due(&timers, 100), &timer);
    assert_null(edai_timers_due(&timers, 100));
    assert_int_equal(edai_timers_arm(&timers, &timer, INT64_MIN, fire), EDA_OK); /* again */
    assert_ptr_equal(edai_timers_due(&timers, INT64_MIN), &timer);
    edai_timers_fini(&timers);
}

static void place_kept_is_armed_without_memory(void **state)
{
    edai_timers timers;
    edai_timer all[LEN] = {{.index = 0}};
    size_t i;

    (void)state;
    edai_timers_init(&timers);
    for (i = 0; i < LEN; i++) {
        assert_int_equal(edai_timers_reserve(&timers), EDA_OK);
        assert_true(edai_timers_next(&timers) == 0); /* nobody may sleep yet */
    }
    edai_alloc_fail_at(1);
    for (i = 0; i + 1 < LEN; i++) {
        edai_timers_arm_reserved(&timers, &all[i], (int64_t)(LEN - i), fire);
    }
    assert_true(edai_timers_next(&timers) == 0);
    edai_timers_release(&timers);
    assert_true(edai_timers_next(&timers) == 2);
    edai_alloc_fail_at(0);
    for (i = LEN - 1; i-- > 0;) {
        assert_ptr_equal(edai_timers_due(&timers, INT64_MAX), &all[i]);
    }
    assert_null(edai_timers_due(&timers, INT64_MAX));
    edai_timers_fini(&timers);
}

static void place_cannot_be_kept_without_memory(void **state)
{
    edai_timers timers;
    edai_timer timer = {.index = 0};

    (void)state;
    edai_timers_init(&timers);
    edai_alloc_fail_at(1);
    assert_int_equal(edai_timers_reserve(&timers), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_true(edai_timers_next(&timers) == INT64_MAX);
    assert_int_equal(edai_timers_reserve(&timers), EDA_OK);
    edai_timers_arm_reserved(&timers, &timer, 3, fire);
    assert_true(edai_timers_next(&timers) == 3);
    edai_timers_fini(&timers);
}

static void timers_of_equal_time_fire_as_armed(void **state)
{
    edai_timers timers;
    edai_timer all[LEN] = {{.index = 0}};
    size_t i;

    (void)state;
    edai_timers_init(&timers);
    for (i = 0; i < LEN; i++) {
        assert_int_equal(edai_timers_arm(&timers, &all[i], 5, fire), EDA_OK);
    }
    for (i = 0; i < LEN; i += 3) { /* a hole does not change the others' order */
        edai_timers_disarm(&timers, &all[i]);
    }
    for (i = 0; i < LEN; i++) {
        if (i % 3 != 0) {
            assert_ptr_equal(edai_timers_due(&timers, 5), &all[i]);
        }
    }
    assert_null(edai_timers_due(&timers, INT64_MAX));
    edai_timers_fini(&timers);
}

static void disarm_of_what_is_not_armed_does_nothing(void **state)
{
    edai_timers timers;
    edai_timer timer = {.index = 0};

    (void)state;
    edai_timers_init(&timers);
    edai_timers_disarm(&timers, &timer);
    assert_int_equal(edai_timers_arm(&timers, &timer, 1, fire), EDA_OK);
    edai_timers_disarm(&timers, &timer);
    edai_timers_disarm(&timers, &timer);
    assert_int_equal(timers.len, 0);
    edai_timers_fini(&timers);
}

/* Arms and disarms at random, then takes all: they must come sorted, and none be missing. */
static void timers_after_many_changes_come_sorted(void **state)
{
    edai_timers timers;
    edai_timer all[LEN] = {{.index = 0}};
    edai_random random;
    edai_timer *timer;
    size_t armed = 0;
    size_t i;
    int64_t before = INT64_MIN;
    uint64_t order = 0;

    (void)state;
    edai_random_seed(&random, 7);
    edai_timers_init(&timers);
    for (i = 0; i < 20000; i++) {
        timer = &all[edai_random_next(&random) % LEN];
        if (timer->index != 0) {
            edai_timers_disarm(&timers, timer);
        } else {
            assert_int_equal(edai_timers_arm(&timers, timer,
                                 (int64_t)(edai_random_next(&random) % 100) - 50, fire),
                EDA_OK);
        }
    }
    for (i = 0; i < LEN; i++) {
        armed += all[i].index != 0 ? 1 : 0;
    }
    assert_int_equal(armed, timers.len);
    while ((timer = edai_timers_due(&timers, INT64_MAX)) != NULL) {
        assert_true(timer->due > before || (timer->due == before && timer->order > order));
        before = timer->due;
        order = timer->order;
        assert_int_equal(timer->index, 0);
        armed--;
    }
    assert_int_equal(armed, 0);
    edai_timers_fini(&timers);
}

static void arm_without_memory_fails_and_arms_nothing(void **state)
{
    edai_timers timers;
    edai_timer timer = {.index = 0};

    (void)state;
    edai_timers_init(&timers);
    edai_alloc_fail_at(1);
    assert_int_equal(edai_timers_arm(&timers, &timer, 1, fire), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(timer.index, 0);
    assert_null(edai_timers_due(&timers, INT64_MAX));
    assert_int_equal(edai_timers_arm(&timers, &timer, 1, fire), EDA_OK);
    assert_ptr_equal(edai_timers_due(&timers, 1), &timer);
    edai_alloc_fail_at(1); /* the room it left suffices */
    assert_int_equal(edai_timers_arm(&timers, &timer, 2, fire), EDA_OK);
    edai_alloc_fail_at(0);
    edai_timers_fini(&timers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_empty_are_never_due),
        cmocka_unit_test(timer_is_due_at_its_time_and_not_before),
        cmocka_unit_test(place_kept_is_armed_without_memory),
        cmocka_unit_test(place_cannot_be_kept_without_memory),
        cmocka_unit_test(timers_of_equal_time_fire_as_armed),
        cmocka_unit_test(disarm_of_what_is_not_armed_does_nothing),
        cmocka_unit_test(timers_after_many_changes_come_sorted),
        cmocka_unit_test(arm_without_memory_fails_and_arms_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
