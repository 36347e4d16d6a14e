/* stop_left_test.c - stopping with work left: queued, suspended, starting, later; all of it ends
 * and is counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery.h"

EDA_MESSAGE(chore, "chore/{who}", (uint32_t, who), (eda_duration, nap), (uint32_t, later));
EDA_MESSAGE(other_chore, "chore/{who}/other", (uint32_t, who));
EDA_RECORD(tea, (uint32_t, cups));
EDA_REQUEST(tea_please, tea, "tea/please");
EDA_RECORD(ring);

typedef struct helper {
    uint32_t count;
} helper;

static eda_status helper_start(helper *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    /* 13 takes for ever to start. */
    return eda_str_equal(eda_key(ctx), EDA_STR("13")) ? eda_sleep(ctx, EDA_SEC(100000)) : EDA_OK;
}

static eda_status helper_chore(helper *self, const chore *message, eda_ctx *ctx)
{
    const tea *reply = NULL;
    uint32_t i;

    self->count++;
    for (i = 0; i < message->later; i++) {
        EDA_TRY(eda_publish_after(ctx, EDA_MSG(other_chore, .who = message->who), EDA_SEC(100000)));
        EDA_TRY(eda_after(ctx, EDA_MSG(ring), EDA_SEC(100000), NULL));
    }
    if (message->nap < 0) {
        return eda_ask(ctx, EDA_ASK(tea_please, &reply), EDA_FOREVER);
    }
    return message->nap > 0 ? eda_sleep(ctx, message->nap) : EDA_OK;
}

static void helper_other(helper *self, const other_chore *message)
{
    (void)message;
    self->count++;
}

static void helper_ring(helper *self, const ring *message)
{
    (void)message;
    self->count++;
}

static void helper_stop(helper *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    delivery_trace("%.*s:%d ", EDA_STR_ARG(eda_key(ctx)), (int)reason);
    /* Too late for the others, and counted all the same. */
    (void)!eda_publish(ctx, EDA_MSG(other_chore, .who = 99), NULL);
}

EDA_ACTOR(helper, eda_none, key(who), emits(other_chore, tea_please), start(helper_start),
    stop(helper_stop), on(chore, helper_chore), on(other_chore, helper_other),
    on_self(ring, helper_ring));

/* Stubborn: asks again whatever it is told, a few times. */
typedef struct kettle {
    uint32_t count;
} kettle;

static eda_status kettle_tea(kettle *self, const tea_please *please, tea *ret_tea, eda_ctx *ctx)
{
    eda_status status = EDA_OK;
    int i;

    (void)please;
    for (i = 0; i < 3; i++) {
        status = eda_sleep(ctx, EDA_SEC(100000));
    }
    ret_tea->cups = ++self->count;
    return status;
}

EDA_ACTOR(kettle, eda_none, answers(tea_please, kettle_tea));

static eda_system *start(void)
{
    delivery_trace_clear();
    return delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_helper, &eda_actor_kettle));
}

static void stop_with_nothing_left_stops_every_activation(void **state)
{
    eda_system *sys = start();
    uint32_t who;

    (void)state;
    for (who = 1; who <= 3; who++) {
        delivery_assert_ok(
            eda_publish_wait(eda_system_client(sys), EDA_MSG(chore, .who = who), 60000));
    }
    (void)delivery_stop(sys);
    assert_string_equal(delivery_traced(), "1:4 2:4 3:4 ");
    delivery_assert_counts(sys, "chore", NULL, .handled = 3);
    delivery_assert_counts(sys, "other_chore", NULL, .stopped = 3);
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    eda_system_free(sys);
}

static void stop_handles_what_is_queued_before(void **state)
{
    const eda_options patient = {.pumped = true, .drain_ms = 60000};
    eda_system *sys =
        delivery_start(&patient, DELIVERY_ACTORS(&eda_actor_helper, &eda_actor_kettle));
    uint32_t i;

    (void)state;
    for (i = 0; i < 1000; i++) { /* nothing has run yet */
        delivery_assert_ok(
            eda_publish(eda_system_client(sys), EDA_MSG(chore, .who = i % 10), NULL));
    }
    eda_system_stop(sys);
    delivery_assert_counts(sys, "chore", NULL, .handled = 1000);
    delivery_end(sys);
}

static void stop_with_suspended_turns_ends_them_and_what_waits_behind(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    uint32_t i;

    (void)state;
    for (i = 0; i < 5; i++) {
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(chore, .who = i, .nap = EDA_SEC(100000)), NULL));
        delivery_assert_ok(eda_publish(client, EDA_MSG(chore, .who = i), NULL));
        delivery_assert_ok(eda_publish(client, EDA_MSG(chore, .who = i), NULL));
    }
    assert_int_equal(delivery_pump(sys), 5);
    (void)delivery_stop(sys);
    delivery_assert_counts(sys, "chore", NULL, .stopped = 15);
    eda_system_free(sys);
}

static void stop_with_asks_under_way_ends_asker_and_responder(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(chore, .who = 1, .nap = -1), &receipt));
    delivery_assert_ok(eda_publish(client, EDA_MSG(chore, .who = 2, .nap = -1), NULL));
    assert_int_equal(delivery_pump(sys), 3);
    (void)delivery_stop(sys);
    delivery_assert_status(eda_wait(client, receipt, 0), EDA_EFAILED);
    delivery_assert_counts(sys, "chore", NULL, .stopped = 2);
    delivery_assert_counts(sys, "tea_please", NULL, .stopped = 2);
    eda_system_free(sys);
}

static void stop_with_one_that_starts_ends_what_waits_for_it(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    int i;

    (void)state;
    for (i = 0; i < 4; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(chore, .who = 13), NULL));
    }
    assert_int_equal(delivery_pump(sys), 0);
    (void)delivery_stop(sys);
    delivery_assert_counts(sys, "chore", NULL, .stopped = 4);
    assert_string_equal(delivery_traced(), ""); /* it never was */
    eda_system_free(sys);
}

static void stop_with_timers_and_delayed_publishes_leaves_nothing(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(chore, .who = 1, .later = 60), 60000));
    delivery_assert_ok(eda_publish_after(client, EDA_MSG(chore, .who = 1), EDA_SEC(100000)));
    (void)delivery_stop(sys); /* the client's may not even have reached its worker */
    delivery_assert_counts(sys, "chore", NULL, .handled = 1);
    delivery_assert_counts(sys, "ring", NULL, .stopped = 0);
    eda_system_free(sys);
}

static void free_without_stop_stops(void **state)
{
    eda_system *sys = start();

    (void)state;
    delivery_assert_ok(
        eda_publish(eda_system_client(sys), EDA_MSG(chore, .nap = EDA_SEC(100000)), NULL));
    eda_system_free(sys);
    assert_string_equal(delivery_traced(), "0:4 ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_with_nothing_left_stops_every_activation),
        cmocka_unit_test(stop_handles_what_is_queued_before),
        cmocka_unit_test(stop_with_suspended_turns_ends_them_and_what_waits_behind),
        cmocka_unit_test(stop_with_asks_under_way_ends_asker_and_responder),
        cmocka_unit_test(stop_with_one_that_starts_ends_what_waits_for_it),
        cmocka_unit_test(stop_with_timers_and_delayed_publishes_leaves_nothing),
        cmocka_unit_test(free_without_stop_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
