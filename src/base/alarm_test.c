#define _GNU_SOURCE 1

#include "base/alarm.h"

#include "base/clock.h"

#include <edacious/value.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>

#include <cmocka.h>

static edai_alarm start(void)
{
    edai_alarm alarm;

    assert_int_equal(edai_alarm_init(&alarm), EDA_OK);
    return alarm;
}

static void it_rings_at_its_time(void **state)
{
    edai_alarm alarm = start();
    int64_t begin = edai_clock_monotonic_ns();

    (void)state;
    edai_alarm_set(&alarm, EDA_MS(1));
    edai_alarm_wait(&alarm);
    assert_true(edai_clock_monotonic_ns() - begin >= EDA_MS(1));
    edai_alarm_fini(&alarm);
}

static void a_ring_before_the_wait_is_not_missed(void **state)
{
    edai_alarm alarm = start();
    int64_t begin = edai_clock_monotonic_ns();

    (void)state;
    edai_alarm_set(&alarm, 1);
    while (edai_clock_monotonic_ns() - begin < EDA_US(100)) {
        /* it has rung then, or does so while it is waited for */
    }
    edai_alarm_wait(&alarm);
    edai_alarm_fini(&alarm);
}

static void what_it_was_set_to_before_is_forgotten(void **state)
{
    edai_alarm alarm = start();
    int64_t begin = edai_clock_monotonic_ns();

    (void)state;
    edai_alarm_set(&alarm, EDA_SEC(86400));
    edai_alarm_set(&alarm, 1);
    edai_alarm_wait(&alarm);
    assert_true(edai_clock_monotonic_ns() - begin < EDA_SEC(86400));
    edai_alarm_fini(&alarm);
}

/* Not even one that it has rung for already. */
static void once_stopped_it_rings_when_it_is_set_again(void **state)
{
    edai_alarm alarm = start();
    int64_t begin;

    (void)state;
    edai_alarm_set(&alarm, 1);
    edai_alarm_stop(&alarm);
    begin = edai_clock_monotonic_ns();
    edai_alarm_set(&alarm, EDA_MS(1));
    edai_alarm_wait(&alarm);
    assert_true(edai_clock_monotonic_ns() - begin >= EDA_MS(1));
    edai_alarm_fini(&alarm);
}

static void *wait_for_it(void *alarm)
{
    edai_alarm_wait(alarm);
    return alarm;
}

static void another_thread_may_set_it(void **state)
{
    edai_alarm alarm = start();
    edai_thread thread;

    (void)state;
    assert_int_equal(edai_thread_start(&thread, wait_for_it, &alarm, NULL), EDA_OK);
    edai_alarm_set(&alarm, 1);
    assert_ptr_equal(edai_thread_join(&thread), &alarm);
    edai_alarm_fini(&alarm);
}

#if defined(__linux__)
static void without_a_descriptor_there_is_none(void **state)
{
    struct rlimit before;
    struct rlimit none;
    edai_alarm alarm;
    eda_status status;

    (void)state;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    status = edai_alarm_init(&alarm);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(status, EDA_ELIMIT);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_rings_at_its_time),
        cmocka_unit_test(a_ring_before_the_wait_is_not_missed),
        cmocka_unit_test(what_it_was_set_to_before_is_forgotten),
        cmocka_unit_test(once_stopped_it_rings_when_it_is_set_again),
        cmocka_unit_test(another_thread_may_set_it),
#if defined(__linux__)
        cmocka_unit_test(without_a_descriptor_there_is_none),
#endif
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
