/* policy_test.c - the declared policy: what follows a failure, how long restarts back off, and who
 * is idle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <edacious/supervisor.h>

static eda_verdict verdict(
    eda_actor_options options, bool asked_restart, uint32_t restart_count, uint64_t random)
{
    const eda_actor actor = {.name = "asking", .options = options};
    const eda_failure failure = {.actor = &actor,
        .status = EDA_EFAILED,
        .asked_restart = asked_restart,
        .restart_count = restart_count,
        .random = random};

    return eda_supervise_failure(&failure);
}

static void failure_resumes_by_default(void **state)
{
    (void)state;
    assert_int_equal(verdict((eda_actor_options){.doc = NULL}, false, 0, 0).decision, EDA_RESUME);
    assert_int_equal(
        verdict((eda_actor_options){.doc = NULL}, false, 1000, 0).decision, EDA_RESUME);
    assert_int_equal(
        verdict((eda_actor_options){.on_failure = EDA_RESUME}, false, 0, 0).decision, EDA_RESUME);
}

static void failure_restarts_where_declared_or_asked_for(void **state)
{
    (void)state;
    assert_int_equal(
        verdict((eda_actor_options){.on_failure = EDA_RESTART}, false, 0, 0).decision, EDA_RESTART);
    assert_int_equal(verdict((eda_actor_options){.doc = NULL}, true, 0, 0).decision, EDA_RESTART);
    assert_int_equal(
        verdict((eda_actor_options){.on_failure = EDA_RESUME}, true, 0, 0).decision, EDA_RESTART);
}

static void failure_stops_where_declared_even_if_asked_to_restart(void **state)
{
    (void)state;
    assert_int_equal(
        verdict((eda_actor_options){.on_failure = EDA_STOP}, false, 0, 0).decision, EDA_STOP);
    assert_int_equal(
        verdict((eda_actor_options){.on_failure = EDA_STOP}, true, 0, 0).decision, EDA_STOP);
}

static void restarts_over_the_limit_stop(void **state)
{
    const eda_actor_options two = {.on_failure = EDA_RESTART, .restarts_max = 2};
    const eda_actor_options standard = {.on_failure = EDA_RESTART};

    (void)state;
    assert_int_equal(verdict(two, false, 1, 0).decision, EDA_RESTART);
    assert_int_equal(verdict(two, false, 2, 0).decision, EDA_STOP);
    assert_int_equal(verdict(standard, false, 4, 0).decision, EDA_RESTART);
    assert_int_equal(verdict(standard, false, 5, 0).decision, EDA_STOP);
    assert_int_equal(verdict((eda_actor_options){.doc = NULL}, true, 5, 0).decision, EDA_STOP);
}

/* From 10 ms, doubled each time, to 30 s; up to a quarter less. */
static void backoff_doubles_within_its_bounds(void **state)
{
    const eda_actor_options many = {.on_failure = EDA_RESTART, .restarts_max = UINT32_MAX};
    eda_duration full = EDA_MS(10);
    uint32_t count;
    uint64_t draw;

    (void)state;
    for (count = 0; count < 100; count++) {
        eda_duration least = INT64_MAX;
        eda_duration most = 0;

        for (draw = 0; draw < 1000; draw++) {
            eda_duration backoff =
                verdict(many, false, count, draw * UINT64_C(0x9e3779b97f4a7c15)).backoff;

            least = backoff < least ? backoff : least;
            most = backoff > most ? backoff : most;
        }
        assert_true(most <= full);
        assert_true(least > full - full / 4 - 1);
        assert_true(most - least > full / 8);
        full = full * 2 < EDA_SEC(30) ? full * 2 : EDA_SEC(30);
    }
    assert_int_equal(verdict(many, false, 0, 0).backoff, EDA_MS(10));
    assert_int_equal(verdict(many, false, UINT32_MAX - 1, 0).backoff, EDA_SEC(30));
}

static void idleness_ends_at_the_limit(void **state)
{
    const eda_actor actor = {.name = "asking"};
    eda_idleness idleness = {.actor = &actor, .idle = 99, .idle_limit = 100, .live_count = 1};

    (void)state;
    assert_false(eda_supervise_idleness(&idleness));
    idleness.idle = 100;
    assert_true(eda_supervise_idleness(&idleness));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_resumes_by_default),
        cmocka_unit_test(failure_restarts_where_declared_or_asked_for),
        cmocka_unit_test(failure_stops_where_declared_even_if_asked_to_restart),
        cmocka_unit_test(restarts_over_the_limit_stop),
        cmocka_unit_test(backoff_doubles_within_its_bounds),
        cmocka_unit_test(idleness_ends_at_the_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
