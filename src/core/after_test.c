/* after_test.c - what an actor sends itself later, what it takes back, and publishes that leave
 * later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

EDA_RECORD(asking_tick, (uint32_t, n));
EDA_RECORD(asking_other, (uint32_t, n));
EDA_MESSAGE(asking_arm, "asking/arm", (eda_str, how), (uint32_t, n), (eda_duration, delay));
EDA_MESSAGE(asking_aside, "asking/aside", (eda_str, how), (uint32_t, n));
EDA_MESSAGE(asking_later, "asking/later", (uint32_t, n));
EDA_MESSAGE(asking_brief, "asking/brief", .expires_ms = 1, (uint32_t, n));
EDA_MESSAGE(asking_unheard, "asking/unheard", (uint32_t, n));
EDA_MESSAGE(asking_small_arm, "asking/small/arm", (uint32_t, n));
EDA_MESSAGE(asking_small_wait, "asking/small/wait", .overflow = EDA_WAIT, (uint32_t, n));

typedef struct asking_clock {
    eda_timer timer;
    uint32_t count;
} asking_clock;

static eda_status arm_many(asking_clock *self, eda_ctx *ctx, uint32_t count)
{
    uint32_t i;

    for (i = 0; i < count; i++) {
        eda_status status =
            eda_every(ctx, EDA_MSG(asking_tick, .n = i), EDA_SEC(3600), &self->timer);

        if (status != EDA_OK) {
            asking_note("%u:%s", i, eda_status_name(status));
            return status;
        }
    }
    return EDA_OK;
}

static void note_refusals(eda_ctx *ctx)
{
    asking_note("%s", eda_status_name(eda_after(ctx, EDA_MSG(asking_other, .n = 1), 1, NULL)));
    asking_note("%s", eda_status_name(eda_every(ctx, EDA_MSG(asking_tick, .n = 1), 0, NULL)));
    asking_note("%s", eda_status_name(eda_publish_after(ctx, EDA_MSG(asking_arm, .n = 1), 1)));
}

static eda_status clock_arm(asking_clock *self, const asking_arm *arm, eda_ctx *ctx)
{
    asking_note("arm%u", arm->n);
    if (eda_str_equal(arm->how, EDA_STR("many"))) {
        return arm_many(self, ctx, arm->n);
    }
    if (eda_str_equal(arm->how, EDA_STR("refused"))) {
        note_refusals(ctx);
        return EDA_OK;
    }
    if (eda_str_equal(arm->how, EDA_STR("every"))) {
        return eda_every(ctx, EDA_MSG(asking_tick, .n = arm->n), arm->delay, &self->timer);
    }
    if (eda_str_equal(arm->how, EDA_STR("cancel"))) {
        eda_timer_cancel(ctx, self->timer);
        return EDA_OK;
    }
    if (eda_str_equal(arm->how, EDA_STR("publish"))) {
        EDA_TRY(eda_publish_after(ctx, EDA_MSG(asking_later, .n = arm->n), arm->delay));
        EDA_TRY(eda_publish_after(ctx, EDA_MSG(asking_later, .n = arm->n + 1), arm->delay));
        return eda_publish_after(ctx, EDA_MSG(asking_unheard, .n = 1), arm->delay);
    }
    EDA_TRY(eda_after(ctx, EDA_MSG(asking_tick, .n = arm->n), arm->delay, &self->timer));
    if (eda_str_equal(arm->how, EDA_STR("cancel at once"))) {
        eda_timer_cancel(ctx, self->timer);
        eda_timer_cancel(ctx, self->timer);
        eda_timer_cancel(ctx, (eda_timer){.id = 0});
        EDA_TRY(eda_after(ctx, EDA_MSG(asking_tick, .n = arm->n + 1), arm->delay, NULL));
    }
    if (eda_str_equal(arm->how, EDA_STR("block"))) {
        EDA_TRY(eda_blocking(ctx, asking_gate_wait, asking_the_gate));
    }
    if (eda_str_equal(arm->how, EDA_STR("publish and fail"))) {
        EDA_TRY(eda_publish_after(ctx, EDA_MSG(asking_later, .n = arm->n), 0));
        return EDA_EIO;
    }
    if (eda_str_equal(arm->how, EDA_STR("restart"))) {
        return eda_fail(ctx, EDA_EIO, "anew");
    }
    return EDA_OK;
}

static eda_status clock_aside(asking_clock *self, const asking_aside *aside, eda_ctx *ctx)
{
    asking_note("aside%u", aside->n);
    if (eda_str_equal(aside->how, EDA_STR("cancel"))) {
        eda_timer_cancel(ctx, self->timer);
    }
    return EDA_OK;
}

static eda_status clock_tick(asking_clock *self, const asking_tick *tick, eda_ctx *ctx)
{
    self->count++;
    asking_note("tick%u", tick->n);
    if (self->count >= 3) {
        eda_timer_cancel(ctx, self->timer);
    }
    return EDA_OK;
}

static void clock_stop(asking_clock *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    (void)reason;
    asking_note("%s", eda_status_name(eda_after(ctx, EDA_MSG(asking_tick, .n = 1), 1, NULL)));
}

EDA_ACTOR(asking_clock, eda_none, emits(asking_later, asking_unheard), stop(clock_stop),
    on(asking_arm, clock_arm), on(asking_aside, clock_aside, interleaves),
    on_self(asking_tick, clock_tick));

typedef struct asking_hearer {
    uint32_t unused;
} asking_hearer;

static void hearer_later(asking_hearer *self, const asking_later *later)
{
    (void)self;
    asking_note("later%u", later->n);
}

static eda_status hearer_brief(asking_hearer *self, const asking_brief *brief, eda_ctx *ctx)
{
    (void)self;
    asking_note("brief%u/%d", brief->n, eda_envelope_of(ctx)->time_left != 0);
    return EDA_OK;
}

EDA_ACTOR(asking_hearer, eda_none, on(asking_later, hearer_later), on(asking_brief, hearer_brief));

/* One message fits. */
typedef struct asking_small {
    eda_timer timer;
} asking_small;

static eda_status small_arm(asking_small *self, const asking_small_arm *arm, eda_ctx *ctx)
{
    asking_note("arm%u", arm->n);
    EDA_TRY(eda_after(ctx, EDA_MSG(asking_tick, .n = arm->n), 1, &self->timer));
    return EDA_OK;
}

static eda_status small_wait(asking_small *self, const asking_small_wait *wait, eda_ctx *ctx)
{
    asking_note("wait%u", wait->n);
    if (wait->n == 1) {
        EDA_TRY(eda_blocking(ctx, asking_gate_wait, asking_the_gate));
        eda_timer_cancel(ctx, self->timer);
    }
    return EDA_OK;
}

static void small_tick(asking_small *self, const asking_tick *tick)
{
    (void)self;
    asking_note("tick%u", tick->n);
}

EDA_ACTOR(asking_small, eda_none, options(.mailbox_len_max = 1), on(asking_small_arm, small_arm),
    on(asking_small_wait, small_wait), on_self(asking_tick, small_tick));

static const eda_actor *const everybody[] = {
    &eda_actor_asking_clock, &eda_actor_asking_hearer, &eda_actor_asking_small, NULL};

static void publish(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

#define ARM(how_, n_, delay_)                                                                      \
    EDA_MSG(asking_arm, .how = EDA_STR(how_), .n = (n_), .delay = (delay_))
#define ASIDE(how_, n_) EDA_MSG(asking_aside, .how = EDA_STR(how_), .n = (n_))

/* --- once --------------------------------------------------------------------------------- */

static void after_no_time_counts_as_queued(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("", 1, 0));
    publish(sys, ARM("", 2, -5));
    asking_settle(sys); /* so the system was not idle before they were handled */
    assert_string_equal(asking_notes(), "arm1 arm2 tick1 tick2");
    assert_true(eda_system_counts(sys, "asking_tick", NULL).is_known);
    asking_assert_counts(sys, "asking_tick", .accepted = 2, .handled = 2);
    asking_end(sys);
}

static void after_some_time_does_not_count_until_due(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("", 1, EDA_MS(2)));
    asking_settle(sys);
    asking_pump_until(sys, "tick1", 1);
    asking_settle(sys);
    asking_assert_counts(sys, "asking_tick", .accepted = 1, .handled = 1);
    asking_end(sys);
}

static void after_the_end_of_time_is_never_due(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("", 1, INT64_MAX));
    asking_settle(sys);
    asking_end(sys);
    assert_int_equal(asking_noted("tick1"), 0);
}

static void every_ticks_until_canceled(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("every", 1, EDA_US(100)));
    publish(sys, ARM("", 9, EDA_MS(20)));
    asking_pump_until(sys, "tick1", 1);
    asking_settle(sys);
    asking_end(sys);
}

static void every_canceled_in_its_tick_ends(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("every", 1, EDA_US(10)));
    asking_pump_until(sys, "tick1", 3);
    publish(sys, ARM("", 9, EDA_MS(2)));
    asking_pump_until(sys, "tick9", 1);
    assert_int_equal(asking_noted("tick1"), 3);
    asking_settle(sys);
    asking_end(sys);
}

/* --- canceled ----------------------------------------------------------------------------- */

static void cancel_in_the_same_turn_leaves_only_the_others(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("cancel at once", 1, 0));
    publish(sys, ARM("cancel at once", 3, EDA_MS(1)));
    asking_pump_until(sys, "tick4", 1);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "arm1 arm3 tick2 tick4");
    asking_assert_counts(sys, "asking_tick", .accepted = 2, .handled = 2);
    asking_end(sys);
}

static void cancel_of_a_due_one_keeps_it_from_being_handled(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("", 1, 0));
    publish(sys, ARM("cancel", 2, 0)); /* stands before the record in the mailbox */
    asking_settle(sys);
    assert_string_equal(asking_notes(), "arm1 arm2");
    asking_assert_counts(sys, "asking_tick", .accepted = 1, .stopped = 1);
    asking_end(sys);
}

static void cancel_of_an_armed_one_keeps_it_from_falling_due(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("", 1, EDA_MS(1)));
    publish(sys, ARM("cancel", 2, 0));
    publish(sys, ARM("", 3, EDA_MS(2)));
    asking_pump_until(sys, "tick3", 1);
    assert_int_equal(asking_noted("tick1"), 0);
    asking_settle(sys);
    asking_end(sys);
}

/* The timer stands in the effects of a turn that is suspended. */
static void cancel_reaches_into_an_open_turn(void **state)
{
    const eda_duration delays[] = {0, 1};
    uint32_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        eda_system *sys = asking_start(NULL, everybody);
        asking_gate *mine = asking_the_gate;

        publish(sys, ARM("block", 1, delays[i]));
        publish(sys, ASIDE("cancel", 2));
        (void)eda_system_step(sys, 0, NULL);
        assert_string_equal(asking_notes(), "arm1 aside2");
        asking_gate_open(mine);
        asking_settle(sys);
        publish(sys, ARM("", 3, 1));
        asking_pump_until(sys, "tick3", 1);
        assert_int_equal(asking_noted("tick1"), 0);
        asking_end(sys);
        asking_free_gate(state);
        asking_make_gate(state);
    }
}

/* Its place in a full mailbox is free for whoever waits for one. */
static void cancel_lets_in_who_waits_for_room(void **state)
{
    const eda_options threads = {.workers = 1};
    eda_system *sys = asking_start(&threads, everybody);
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 0};

    (void)state;
    publish(sys, EDA_MSG(asking_small_arm, .n = 1));
    assert_int_equal(eda_publish(client, EDA_MSG(asking_small_wait, .n = 1), &receipt), EDA_OK);
    asking_gate_await(asking_the_gate, 1);
    asking_gate_open(asking_the_gate);
    assert_int_equal(eda_publish(client, EDA_MSG(asking_small_wait, .n = 2), NULL), EDA_OK);
    assert_int_equal(eda_wait(client, receipt, ASKING_TIMEOUT_MS), EDA_OK);
    asking_settle(sys);
    assert_int_equal(asking_noted("wait2"), 1);
    asking_end(sys);
}

/* --- limits and ends ---------------------------------------------------------------------- */

static void timers_over_64_are_refused(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("many", 65, 0)); /* a failed turn arms nothing */
    publish(sys, ARM("many", 60, 0));
    publish(sys, ARM("many", 5, 0));
    publish(sys, ARM("many", 4, 0));
    publish(sys, ARM("", 7, 1));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "arm65 64:EDA_ELIMIT arm60 arm5 4:EDA_ELIMIT arm4 arm7");
    publish(sys, ARM("cancel", 8, 0));
    publish(sys, ARM("many", 1, 0));
    asking_settle(sys);
    asking_assert_counts(sys, "asking_arm", .accepted = 7, .handled = 4, .failed = 3);
    asking_end(sys);
}

static void timers_that_cannot_be_are_refused(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    publish(sys, ARM("refused", 1, 0));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "arm1 EDA_EPERM EDA_EINVAL EDA_EPERM");
    assert_int_equal(eda_after(client, EDA_MSG(asking_tick, .n = 1), 1, NULL), EDA_EPERM);
    assert_int_equal(eda_every(client, EDA_MSG(asking_tick, .n = 1), 1, NULL), EDA_EPERM);
    eda_timer_cancel(client, (eda_timer){.id = 1});
    asking_end(sys);
    assert_int_equal(asking_noted("EDA_EPERM"), 3); /* from the stop function */
}

static void timers_of_a_failed_turn_are_forgotten(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("publish and fail", 1, 1));
    publish(sys, ARM("publish and fail", 2, 0));
    publish(sys, ARM("", 3, EDA_MS(1)));
    asking_pump_until(sys, "tick3", 1);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "arm1 arm2 arm3 tick3");
    asking_assert_counts(sys, "asking_later", .accepted = 0);
    asking_end(sys);
}

static void timers_die_with_the_activation_and_delayed_publishes_do_not(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, ARM("every", 1, EDA_MS(20)));
    publish(sys, ARM("publish", 5, EDA_MS(30)));
    publish(sys, ARM("restart", 2, 0));
    asking_pump_until(sys, "later6", 1);
    asking_settle(sys);
    assert_int_equal(asking_noted("tick1") + asking_noted("tick2"), 0);
    assert_int_equal(asking_noted("later5 later6"), 1);
    asking_assert_counts(sys, "asking_unheard", .unheard = 1);
    asking_end(sys);
}

/* --- publishes that leave later ----------------------------------------------------------- */

static void publish_after_from_a_client_leaves_when_due(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    assert_int_equal(eda_publish_after(client, EDA_MSG(asking_later, .n = 1), EDA_MS(1)), EDA_OK);
    assert_int_equal(eda_publish_after(client, EDA_MSG(asking_later, .n = 2), -1), EDA_OK);
    assert_int_equal(eda_publish_after(client, EDA_MSG(asking_unheard, .n = 2), 1), EDA_OK);
    assert_int_equal(
        eda_publish_after(client, EDA_MSG(asking_later, .n = 3), EDA_SEC(3600)), EDA_OK);
    assert_int_equal(eda_publish_after(client, EDA_MSG(asking_later, .n = 4), INT64_MAX), EDA_OK);
    asking_pump_until(sys, "later1", 1);
    assert_string_equal(asking_notes(), "later2 later1");
    asking_settle(sys);
    asking_assert_counts(sys, NULL, .accepted = 2, .handled = 2, .unheard = 1);
    eda_system_stop(sys); /* what is not due yet was never accepted */
    assert_int_equal(eda_publish_after(client, EDA_MSG(asking_later, .n = 5), 0), EDA_ECLOSED);
    asking_end(sys);
}

static void publish_after_expires_from_when_it_leaves(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    assert_int_equal(
        eda_publish_after(eda_system_client(sys), EDA_MSG(asking_brief, .n = 1), EDA_SEC(3600)),
        EDA_OK);
    assert_int_equal(
        eda_publish_after(eda_system_client(sys), EDA_MSG(asking_brief, .n = 2), INT64_MAX),
        EDA_OK);
    asking_settle(sys);
    asking_end(sys);
}

static void timers_on_many_workers_are_all_handled(void **state)
{
    const eda_options threads = {.workers = 8};
    eda_system *sys = asking_start(&threads, everybody);
    uint32_t i;

    (void)state;
    for (i = 0; i < 100; i++) {
        publish(sys, ARM("", i, 0));
        publish(sys, ARM("publish", i, 0));
        assert_int_equal(
            eda_publish_after(eda_system_client(sys), EDA_MSG(asking_later, .n = i), 0), EDA_OK);
    }
    asking_settle(sys);
    asking_assert_counts(sys, "asking_arm", .accepted = 200, .handled = 200);
    asking_end(sys);
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, asking_make_gate, asking_free_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_no_time_counts_as_queued),
        cmocka_unit_test(after_some_time_does_not_count_until_due),
        cmocka_unit_test(after_the_end_of_time_is_never_due),
        cmocka_unit_test(every_ticks_until_canceled),
        cmocka_unit_test(every_canceled_in_its_tick_ends),
        cmocka_unit_test(cancel_in_the_same_turn_leaves_only_the_others),
        cmocka_unit_test(cancel_of_a_due_one_keeps_it_from_being_handled),
        cmocka_unit_test(cancel_of_an_armed_one_keeps_it_from_falling_due),
        GATED(cancel_reaches_into_an_open_turn),
        GATED(cancel_lets_in_who_waits_for_room),
        cmocka_unit_test(timers_over_64_are_refused),
        cmocka_unit_test(timers_that_cannot_be_are_refused),
        cmocka_unit_test(timers_of_a_failed_turn_are_forgotten),
        cmocka_unit_test(timers_die_with_the_activation_and_delayed_publishes_do_not),
        cmocka_unit_test(publish_after_from_a_client_leaves_when_due),
        cmocka_unit_test(publish_after_expires_from_when_it_leaves),
        cmocka_unit_test(timers_on_many_workers_are_all_handled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
