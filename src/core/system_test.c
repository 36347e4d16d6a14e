/* system_test.c - options, phases, waiting for idleness, limits on new keys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "delivery.h"

EDA_MESSAGE(visit, "visit/{guest}", (uint32_t, guest));
EDA_MESSAGE(call, "call", (uint32_t, n));
EDA_MESSAGE(nap, "nap", (eda_duration, time));

typedef struct guest_room {
    uint32_t count;
} guest_room;

static void room_visit(guest_room *self, const visit *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(guest_room, eda_none, key(guest), on(visit, room_visit));

typedef struct porter {
    uint32_t count;
} porter;

static void porter_call(porter *self, const call *message)
{
    (void)message;
    self->count++;
}

static eda_status porter_nap(porter *self, const nap *message, eda_ctx *ctx)
{
    self->count++;
    return eda_sleep(ctx, message->time);
}

EDA_ACTOR(porter, eda_none, on(call, porter_call), on(nap, porter_nap));

/* --- options ------------------------------------------------------------------------------ */

static void keep_line(void *arg, eda_str line)
{
    (void)snprintf(arg, 256, "%.*s", EDA_STR_ARG(line));
}

static void options_out_of_bounds_are_refused(void **state)
{
    eda_store wrong_store = {.struct_size = 1};
    static const char *const said[] = {"option workers is 65; 64 at most",
        "option workers is 2; a pumped system has 1", "option stack_size is 1; 16384 at least",
        "option stacks_max is 4294967295; 1000000 at most",
        "option store 'memory.db' is unknown; there is 'memory'",
        "option store_object: its struct_size is 1, not "};
    eda_options wrong[] = {
        {.workers = 65},
        {.pumped = true, .workers = 2},
        {.stack_size = 1},
        {.stacks_max = UINT32_MAX},
        {.store = "memory.db"},
        {.store_object = &wrong_store},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        eda_system *sys = NULL;
        char line[256] = "";

        wrong[i].log = keep_line;
        wrong[i].log_arg = line;
        delivery_assert_status(eda_system_new(&wrong[i], &sys), EDA_EINVAL);
        assert_null(sys);
        assert_non_null(strstr(line, said[i]));
    }
}

static void options_none_are_all_defaults(void **state)
{
    eda_system *sys = NULL;

    (void)state;
    delivery_assert_ok(eda_system_new(NULL, &sys));
    assert_string_equal(eda_system_error(sys), "");
    eda_system_free(sys); /* never started */
    eda_system_free(NULL);
}

/* --- phases ------------------------------------------------------------------------------- */

static void calls_out_of_their_phase_are_refused(void **state)
{
    const eda_options options = {.pumped = true};
    eda_system *sys = NULL;
    eda_ctx *client = NULL;

    (void)state;
    delivery_assert_ok(eda_system_new(&options, &sys));
    assert_null(eda_system_client(sys));
    delivery_assert_status(eda_client_new(sys, &client), EDA_ESTATE);
    delivery_assert_ok(eda_wait_idle(sys, 60000)); /* nothing can be under way */
    eda_system_stop(sys);                          /* nor stopped */
    delivery_assert_ok(eda_add(sys, EDA_WITH(porter)));
    delivery_assert_status(eda_add(sys, EDA_WITH(porter)), EDA_ECONFLICT);
    delivery_assert_ok(eda_system_start(sys));
    delivery_assert_status(eda_add(sys, EDA_WITH(guest_room)), EDA_ESTATE);
    delivery_assert_status(eda_declare(sys, &eda_type_visit), EDA_ESTATE);
    delivery_assert_status(eda_add_linked(sys), EDA_ESTATE);
    delivery_assert_status(eda_system_start(sys), EDA_ESTATE);
    assert_true(strlen(eda_system_error(sys)) > 0);
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(call), 60000));
    eda_system_stop(sys);
    eda_system_stop(sys);
    delivery_assert_ok(eda_wait_idle(sys, 60000));
    delivery_assert_status(eda_system_start(sys), EDA_ESTATE);
    delivery_end(sys);
}

static void linked_actors_are_added_once(void **state)
{
    const eda_options options = {.pumped = true};
    eda_system *sys = NULL;

    (void)state;
    delivery_assert_ok(eda_system_new(&options, &sys));
    delivery_assert_ok(eda_add(sys, EDA_WITH(porter)));
    delivery_assert_ok(eda_add_linked(sys));
    delivery_assert_ok(eda_add_linked(sys));
    delivery_assert_ok(eda_system_start(sys));
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(visit), 60000));
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(call), 60000));
    delivery_end(sys);
}

static void systems_side_by_side_know_nothing_of_each_other(void **state)
{
    eda_system *one = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_porter));
    eda_system *two = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_guest_room));

    (void)state;
    delivery_assert_ok(eda_publish_wait(eda_system_client(one), EDA_MSG(call), 60000));
    delivery_assert_ok(eda_publish_wait(eda_system_client(two), EDA_MSG(visit), 60000));
    delivery_assert_status(eda_publish(eda_system_client(two), EDA_MSG(call), NULL), EDA_ENOTYPE);
    delivery_assert_counts(one, NULL, NULL, .handled = 1);
    delivery_assert_counts(two, NULL, NULL, .handled = 1);
    delivery_end(one);
    delivery_assert_ok(eda_publish_wait(eda_system_client(two), EDA_MSG(visit), 60000));
    delivery_end(two);
}

/* --- idleness ----------------------------------------------------------------------------- */

static void idle_wait_runs_all_there_is(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_porter));
    uint32_t i;

    (void)state;
    for (i = 0; i < 500; i++) {
        delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(call, .n = i), NULL));
    }
    delivery_assert_ok(eda_wait_idle(sys, EDA_FOREVER));
    delivery_assert_counts(sys, "call", NULL, .handled = 500);
    delivery_end(sys);
}

static void idle_wait_with_a_suspended_turn_times_out(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_porter));

    (void)state;
    delivery_assert_ok(
        eda_publish(eda_system_client(sys), EDA_MSG(nap, .time = EDA_SEC(100000)), NULL));
    delivery_assert_status(eda_wait_idle(sys, 1), EDA_ETIMEOUT);
    assert_true(strlen(eda_system_error(sys)) > 0);
    delivery_assert_status(eda_wait_idle(sys, 0), EDA_ETIMEOUT);
    (void)delivery_stop(sys);
    eda_system_free(sys);
}

static void idle_wait_does_not_wait_for_what_leaves_later(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_porter));

    (void)state;
    delivery_assert_ok(
        eda_publish_after(eda_system_client(sys), EDA_MSG(call, .n = 1), EDA_SEC(100000)));
    delivery_assert_ok(eda_wait_idle(sys, 60000));
    (void)delivery_pump(sys);
    delivery_assert_ok(eda_wait_idle(sys, 60000));
    delivery_assert_counts(sys, "call", NULL, .handled = 0); /* and it is not counted at stop */
    delivery_end(sys);
}

/* --- new keys ----------------------------------------------------------------------------- */

static void keys_over_keys_max_are_shed_until_others_go(void **state)
{
    const eda_options options = {.pumped = true, .keys_max = 10};
    eda_system *sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_guest_room));
    eda_ctx *client = eda_system_client(sys);
    uint32_t i;

    (void)state;
    for (i = 0; i < 15; i++) {
        delivery_assert_status(eda_publish_wait(client, EDA_MSG(visit, .guest = i), 60000),
            i < 10 ? EDA_OK : EDA_ESHED);
    }
    for (i = 0; i < 15; i++) { /* those that are there are served as before */
        delivery_assert_status(eda_publish_wait(client, EDA_MSG(visit, .guest = i), 60000),
            i < 10 ? EDA_OK : EDA_ESHED);
    }
    delivery_assert_counts(sys, "visit", NULL, .handled = 20, .shed = 10);
    assert_int_equal(eda_system_activations(sys, "guest_room").live, 10);
    delivery_end(sys);
}

static void keys_over_keys_max_are_free_again_after_passivation(void **state)
{
    const eda_options options = {.pumped = true, .keys_max = 2, .passivates_at_once = true};
    eda_system *sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_guest_room));
    uint32_t i;

    (void)state;
    for (i = 0; i < 100; i++) {
        delivery_assert_ok(
            eda_publish_wait(eda_system_client(sys), EDA_MSG(visit, .guest = i), 60000));
        (void)delivery_pump(sys);
    }
    assert_int_equal(eda_system_activations(sys, NULL).passivations, 100);
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    delivery_end(sys);
}

/* 5,000 in an instant, at 100 a second: the first hundred, and what time brings meanwhile. */
static void keys_over_the_rate_are_shed_and_all_accounted_for(void **state)
{
    const eda_options options = {.pumped = true, .new_keys_per_s = 100};
    eda_system *sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_guest_room));
    eda_counts counts;
    uint32_t i;

    (void)state;
    for (i = 0; i < 5000; i++) {
        delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(visit, .guest = i), NULL));
    }
    delivery_settle(sys);
    counts = eda_system_counts(sys, "visit", NULL);
    assert_true(counts.handled >= 100);
    assert_int_equal(counts.handled + counts.shed, 5000);
    assert_int_equal(eda_system_activations(sys, NULL).keys_ever, counts.handled);
    delivery_end(sys);
}

static void singletons_know_no_limit_of_keys(void **state)
{
    const eda_options options = {.pumped = true, .keys_max = 1, .new_keys_per_s = 1};
    eda_system *sys =
        delivery_start(&options, DELIVERY_ACTORS(&eda_actor_porter, &eda_actor_guest_room));

    (void)state;
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(visit, .guest = 1), 60000));
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(call), 60000));
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_out_of_bounds_are_refused),
        cmocka_unit_test(options_none_are_all_defaults),
        cmocka_unit_test(calls_out_of_their_phase_are_refused),
        cmocka_unit_test(linked_actors_are_added_once),
        cmocka_unit_test(systems_side_by_side_know_nothing_of_each_other),
        cmocka_unit_test(idle_wait_runs_all_there_is),
        cmocka_unit_test(idle_wait_with_a_suspended_turn_times_out),
        cmocka_unit_test(idle_wait_does_not_wait_for_what_leaves_later),
        cmocka_unit_test(keys_over_keys_max_are_shed_until_others_go),
        cmocka_unit_test(keys_over_keys_max_are_free_again_after_passivation),
        cmocka_unit_test(keys_over_the_rate_are_shed_and_all_accounted_for),
        cmocka_unit_test(singletons_know_no_limit_of_keys),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
