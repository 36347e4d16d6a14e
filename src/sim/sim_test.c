/* sim_test.c - the simulator itself: the same seed gives the same run, and what goes wrong is said.
 */
#include <edacious/declare.h>
#include <edacious/sim.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

EDA_MESSAGE(step, "walker/{walker}/step", (uint32_t, walker));

typedef struct walker {
    uint32_t steps;
} walker;

static uint64_t handled;

static eda_status walker_on_step(walker *self, const step *made, eda_ctx *ctx)
{
    (void)made;
    self->steps++;
    handled++;
    return eda_sleep(ctx, EDA_US(self->steps));
}

EDA_ACTOR(walker, eda_none, key(walker), on(step, walker_on_step));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < 10; i++) {
        assert_int_equal(eda_publish(client, EDA_MSG(step, .walker = i % 3), NULL), EDA_OK);
    }
}

static eda_system *make(eda_sim *sim, uint32_t workers)
{
    eda_options options = eda_sim_options(sim);
    eda_system *sys = NULL;

    if (workers != 0) {
        options.workers = workers;
    }
    assert_int_equal(eda_sim_system_new(sim, &options, &sys), EDA_OK);
    assert_int_equal(eda_add(sys, (eda_added){.actor = &eda_actor_walker}), EDA_OK);
    assert_int_equal(eda_system_start(sys), EDA_OK);
    return sys;
}

static const char *walk(eda_sim *sim)
{
    eda_system *sys = make(sim, 0);

    assert_int_equal(eda_sim_client(sim, sys, client_main, NULL), EDA_OK);
    assert_int_equal(eda_sim_client(sim, sys, client_main, NULL), EDA_OK);
    if (eda_sim_run(sim, 100000) != EDA_OK) {
        return "a hang";
    }
    eda_system_free(sys);
    return NULL;
}

static void seed_run_twice_gives_the_same_hash(void **state)
{
    const eda_sim_scenario scenario = {.name = "walk", .run = walk};
    uint64_t seed;

    (void)state;
    for (seed = 1; seed <= 20; seed++) {
        eda_sim_report one = {.hash = 0};
        eda_sim_report two = {.hash = 0};

        handled = 0;
        assert_int_equal(eda_sim_seed(&scenario, seed, &one), EDA_OK);
        assert_null(one.problem);
        assert_int_equal(handled, 20);
        assert_int_equal(eda_sim_seed(&scenario, seed, &two), EDA_OK);
        assert_true(one.hash == two.hash && one.steps == two.steps);
    }
}

static void seeds_that_differ_give_different_hashes(void **state)
{
    const eda_sim_scenario scenario = {.name = "walk", .run = walk};
    eda_sim_report one = {.hash = 0};
    eda_sim_report two = {.hash = 0};

    (void)state;
    assert_int_equal(eda_sim_seed(&scenario, 1, &one), EDA_OK);
    assert_int_equal(eda_sim_seed(&scenario, 2, &two), EDA_OK);
    assert_true(one.hash != two.hash);
}

/* Three hours pass in no time. */
static const char *sleep_long(eda_sim *sim)
{
    eda_system *sys = make(sim, 1);
    eda_ctx *client = eda_system_client(sys);
    eda_time before = eda_now(client);

    handled = 0;
    assert_int_equal(eda_publish_after(client, EDA_MSG(step, .walker = 1), EDA_SEC(10800)), EDA_OK);
    assert_int_equal(eda_publish_wait(client, EDA_MSG(step, .walker = 2), 1000), EDA_OK);
    assert_int_equal(handled, 1); /* the delayed one is not due */
    eda_sim_sleep(sim, EDA_SEC(10801));
    assert_int_equal(eda_wait_idle(sys, 1000), EDA_OK);
    assert_int_equal(handled, 2);
    assert_true(eda_now(client) - before >= EDA_SEC(10801));
    eda_system_free(sys);
    return NULL;
}

static void time_is_virtual(void **state)
{
    const eda_sim_scenario scenario = {.name = "sleep", .run = sleep_long};
    eda_sim_report report = {.hash = 0};

    (void)state;
    assert_int_equal(eda_sim_seed(&scenario, 1, &report), EDA_OK);
    assert_null(report.problem);
}

static const char *complain(eda_sim *sim)
{
    return eda_sim_text(sim, "number %d", 7);
}

static void problem_of_a_scenario_is_reported(void **state)
{
    const eda_sim_scenario scenario = {.name = "complain", .run = complain};
    eda_sim_report report = {.hash = 0};

    (void)state;
    assert_int_equal(eda_sim_seed(&scenario, 1, &report), EDA_OK);
    assert_string_equal(report.problem, "number 7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seed_run_twice_gives_the_same_hash),
        cmocka_unit_test(seeds_that_differ_give_different_hashes),
        cmocka_unit_test(time_is_virtual),
        cmocka_unit_test(problem_of_a_scenario_is_reported),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
