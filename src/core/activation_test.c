/* activation_test.c - what follows a failure: resume, restart, stop, attempts; and the same while
 * other turns are open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <stdio.h>
#include <string.h>

EDA_RECORD(asking_value, (uint32_t, n));
EDA_MESSAGE(asking_do, "asking/do", (eda_str, how), (uint32_t, n));
EDA_MESSAGE(asking_try, "asking/try", (uint32_t, fail_times), (uint32_t, n));
EDA_MESSAGE(asking_aside, "asking/aside", (eda_str, how), (uint32_t, n));
EDA_MESSAGE(asking_left, "asking/left", (uint32_t, n));
EDA_MESSAGE(asking_save, "asking/save", (eda_str, how), (uint32_t, n));
EDA_MESSAGE(asking_stopper_do, "asking/stopper", (eda_str, how), (uint32_t, n));
EDA_MESSAGE(asking_fragile_do, "asking/fragile", (eda_str, how), (uint32_t, n));

static eda_status act(eda_ctx *ctx, eda_str how)
{
    if (eda_str_equal(how, EDA_STR("fail"))) {
        return EDA_STATUS_USER;
    }
    if (eda_str_equal(how, EDA_STR("restart"))) {
        return eda_fail(ctx, EDA_EIO, "asked for it");
    }
    if (eda_str_equal(how, EDA_STR("gate"))) {
        return eda_blocking(ctx, asking_gate_wait, asking_the_gate);
    }
    if (eda_str_equal(how, EDA_STR("sleep"))) {
        return eda_sleep(ctx, EDA_SEC(3600));
    }
    return EDA_OK;
}

/* --- who keeps its memory ----------------------------------------------------------------- */

typedef struct asking_doer {
    uint32_t sum;
    uint32_t tries;
    eda_text text;
} asking_doer;

static eda_status doer_start(asking_doer *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    asking_note("start%u/%zu", self->sum, self->text.len);
    return eda_text_set(ctx, &self->text, EDA_STR("a text of one's own"));
}

static void doer_stop(asking_doer *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)ctx;
    asking_note("stop%d/%u", (int)reason, self->sum);
}

static eda_status doer_do(asking_doer *self, const asking_do *message, eda_ctx *ctx)
{
    eda_status status;

    self->sum += message->n;
    asking_note("do%u=%u", message->n, self->sum);
    EDA_TRY(eda_publish(ctx, EDA_MSG(asking_left, .n = message->n), NULL));
    status = act(ctx, message->how);
    if (status != EDA_OK) {
        asking_note("end%u:%s", message->n, eda_status_name(status));
    }
    return status;
}

static eda_status doer_try(asking_doer *self, const asking_try *message, eda_ctx *ctx)
{
    asking_note("try%u/%u", message->n, eda_envelope_of(ctx)->attempt);
    if (self->tries++ < message->fail_times) {
        return EDA_STATUS_USER;
    }
    self->tries = 0;
    return EDA_OK;
}

static eda_status doer_aside(asking_doer *self, const asking_aside *message, eda_ctx *ctx)
{
    const asking_do again = {.how = message->how, .n = message->n};

    return doer_do(self, &again, ctx);
}

EDA_ACTOR(asking_doer, eda_none, emits(asking_left), start(doer_start), stop(doer_stop),
    on(asking_do, doer_do), on(asking_try, doer_try, attempts(3)),
    on(asking_aside, doer_aside, interleaves));

/* --- who is stopped ----------------------------------------------------------------------- */

typedef struct asking_stopper {
    uint32_t sum;
} asking_stopper;

static eda_status stopper_do(asking_stopper *self, const asking_stopper_do *message, eda_ctx *ctx)
{
    self->sum += message->n;
    asking_note("do%u=%u", message->n, self->sum);
    if (eda_str_equal(message->how, EDA_STR("again"))) {
        EDA_TRY(
            eda_publish(ctx, EDA_MSG(asking_stopper_do, .how = EDA_STR("fail"), .n = 100), NULL));
    }
    return act(ctx, message->how);
}

static eda_status stopper_aside(asking_stopper *self, const asking_aside *message, eda_ctx *ctx)
{
    eda_status status;

    self->sum += message->n;
    asking_note("aside%u", message->n);
    status = act(ctx, message->how);
    asking_note("end%u:%s", message->n, eda_status_name(status));
    return status;
}

static void stopper_stop(asking_stopper *self, eda_stop_reason reason, eda_ctx *ctx)
{
    asking_note("stop%d/%u", (int)reason, self->sum);
    if (eda_publish(ctx, EDA_MSG(asking_left, .n = 7), NULL) != EDA_OK) {
        asking_note("NOT");
    }
}

EDA_ACTOR(asking_stopper, eda_none, emits(asking_left, asking_stopper_do), on_failure(stop),
    on(asking_stopper_do, stopper_do), on(asking_aside, stopper_aside, interleaves),
    stop(stopper_stop));

/* --- who may be restarted twice ----------------------------------------------------------- */

typedef struct asking_fragile {
    uint32_t sum;
} asking_fragile;

static eda_status fragile_do(asking_fragile *self, const asking_fragile_do *message, eda_ctx *ctx)
{
    self->sum += message->n;
    asking_note("do%u=%u", message->n, self->sum);
    return act(ctx, message->how);
}

EDA_ACTOR(asking_fragile, eda_none, options(.restarts_max = 2), on_failure(restart),
    on(asking_fragile_do, fragile_do));

/* --- who saves ---------------------------------------------------------------------------- */

typedef struct asking_saver {
    uint32_t saved;
    uint32_t unsaved;
    eda_text text;
} asking_saver;

static eda_status saver_save(asking_saver *self, const asking_save *message, eda_ctx *ctx)
{
    char text[16];

    asking_note("%u/%u/%.*s/%d", self->saved, self->unsaved, EDA_STR_ARG(eda_text_str(self->text)),
        eda_ctx_is_new(ctx));
    self->saved += message->n;
    self->unsaved += message->n;
    (void)snprintf(text, sizeof(text), "t%u", self->saved);
    EDA_TRY(eda_text_set(ctx, &self->text, eda_str_from(text)));
    if (eda_str_equal(message->how, EDA_STR("save and fail"))) {
        EDA_TRY(eda_save(ctx));
        self->saved += 1000;
        return EDA_EIO;
    }
    return act(ctx, message->how);
}

EDA_ACTOR(asking_saver, eda_none, saves(saved, text), on(asking_save, saver_save));

/* --- who hears ---------------------------------------------------------------------------- */

typedef struct asking_hearer {
    uint32_t unused;
} asking_hearer;

static void hearer_left(asking_hearer *self, const asking_left *left)
{
    (void)self;
    asking_note("left%u", left->n);
}

static void hearer_dead(asking_hearer *self, const eda_dead_letter *letter)
{
    (void)self;
    asking_note("dead:%.*s:%.*s", EDA_STR_ARG(letter->message), EDA_STR_ARG(letter->reason));
}

EDA_ACTOR(asking_hearer, eda_none, on(asking_left, hearer_left), on(eda_dead_letter, hearer_dead));

static const eda_actor *const doers[] = {&eda_actor_asking_doer, &eda_actor_asking_hearer, NULL};
static const eda_actor *const stoppers[] = {
    &eda_actor_asking_stopper, &eda_actor_asking_hearer, NULL};
static const eda_actor *const fragiles[] = {&eda_actor_asking_fragile, NULL};
static const eda_actor *const savers[] = {&eda_actor_asking_saver, NULL};

static void publish(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

#define DO(how_, n_) EDA_MSG(asking_do, .how = EDA_STR(how_), .n = (n_))
#define TRY(times_, n_) EDA_MSG(asking_try, .fail_times = (times_), .n = (n_))
#define ASIDE(how_, n_) EDA_MSG(asking_aside, .how = EDA_STR(how_), .n = (n_))
#define STOPPER(how_, n_) EDA_MSG(asking_stopper_do, .how = EDA_STR(how_), .n = (n_))
#define FRAGILE(how_, n_) EDA_MSG(asking_fragile_do, .how = EDA_STR(how_), .n = (n_))
#define SAVE(how_, n_) EDA_MSG(asking_save, .how = EDA_STR(how_), .n = (n_))

/* --- resume ------------------------------------------------------------------------------- */

static void failure_resumes_with_memory_and_drops_effects(void **state)
{
    eda_system *sys = asking_start(NULL, doers);

    (void)state;
    publish(sys, DO("", 1));
    publish(sys, DO("fail", 2));
    publish(sys, DO("", 4));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "start0/0 do1=1 do2=3 end2:application do4=7 left1 left4");
    asking_assert_counts(sys, "asking_do", .accepted = 3, .handled = 2, .failed = 1);
    assert_int_equal(eda_system_activations(sys, "asking_doer").restarts, 0);
    asking_end(sys);
}

static void failure_rolls_saved_fields_back(void **state)
{
    eda_system *sys = asking_start_saving(savers);

    (void)state;
    publish(sys, SAVE("fail", 1)); /* nothing committed but the empty record */
    publish(sys, SAVE("", 2));
    publish(sys, SAVE("fail", 4));
    publish(sys, SAVE("save and fail", 8));
    publish(sys, SAVE("", 16));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "0/0//1 0/1//1 2/3/t2/1 2/7/t2/1 10/15/t10/1");
    asking_end(sys);
}

static void restart_of_one_who_saves_loads_what_was_committed(void **state)
{
    eda_system *sys = asking_start_saving(savers);

    (void)state;
    publish(sys, SAVE("", 2));
    publish(sys, SAVE("restart", 4));
    publish(sys, SAVE("", 8));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "0/0//1 2/2/t2/1 2/0/t2/0");
    assert_int_equal(eda_system_activations(sys, "asking_saver").restarts, 1);
    asking_end(sys);
}

/* --- restart ------------------------------------------------------------------------------ */

static void restart_keeps_mailbox_and_loses_memory(void **state)
{
    eda_system *sys = asking_start(NULL, doers);
    eda_receipt receipt = {.id = 0};

    (void)state;
    publish(sys, DO("", 1));
    assert_int_equal(eda_publish(eda_system_client(sys), DO("restart", 2), &receipt), EDA_OK);
    publish(sys, DO("", 4));
    publish(sys, DO("", 8));
    assert_int_equal(eda_wait(eda_system_client(sys), receipt, ASKING_TIMEOUT_MS), EDA_EFAILED);
    asking_settle(sys);
    assert_string_equal(asking_notes(),
        "start0/0 do1=1 do2=3 end2:EDA_EIO stop3/3 left1 start0/0 do4=4 do8=12 left4 left8");
    assert_int_equal(eda_system_activations(sys, "asking_doer").restarts, 1);
    assert_int_equal(eda_system_activations(sys, "asking_doer").starts, 2);
    asking_end(sys);
}

static void restarts_over_the_limit_stop_and_kill_what_waits(void **state)
{
    eda_system *sys = asking_start(NULL, fragiles);

    (void)state;
    publish(sys, FRAGILE("fail", 1));
    publish(sys, FRAGILE("fail", 2));
    publish(sys, FRAGILE("fail", 3));
    publish(sys, FRAGILE("", 4));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "do1=1 do2=2 do3=3");
    asking_assert_counts(sys, "asking_fragile_do", .accepted = 4, .failed = 3, .dead = 1);
    assert_int_equal(eda_system_activations(sys, "asking_fragile").restarts, 2);
    assert_int_equal(eda_system_activations(sys, "asking_fragile").live, 0);
    publish(sys, FRAGILE("fail", 5)); /* a new one, with a count of its own */
    publish(sys, FRAGILE("", 6));
    asking_settle(sys);
    asking_assert_counts(
        sys, "asking_fragile_do", .accepted = 6, .failed = 4, .dead = 1, .handled = 1);
    asking_end(sys);
}

static void restart_while_backing_off_can_be_stopped(void **state)
{
    const eda_options options = {.pumped = true, .drain_ms = 1};
    eda_system *sys = asking_start(&options, fragiles);

    (void)state;
    publish(sys, FRAGILE("fail", 1));
    publish(sys, FRAGILE("", 2));
    (void)eda_system_step(sys, 0, NULL);
    asking_end(sys);
}

/* --- stop --------------------------------------------------------------------------------- */

static void stop_kills_what_waits_and_the_next_message_makes_a_new_one(void **state)
{
    eda_system *sys = asking_start(NULL, stoppers);

    (void)state;
    publish(sys, STOPPER("", 1));
    publish(sys, STOPPER("fail", 2));
    publish(sys, STOPPER("", 4));
    asking_settle(sys);
    assert_int_equal(asking_noted("do1=1 do2=3 stop3/3"), 1);
    assert_int_equal(asking_noted("left7"), 1); /* what the stop function published */
    assert_int_equal(
        asking_noted("dead:asking_stopper_do:its actor failed too often, or was stopped "
                     "after a failure"),
        1);
    asking_assert_counts(
        sys, "asking_stopper_do", .accepted = 3, .handled = 1, .failed = 1, .dead = 1);
    publish(sys, STOPPER("", 8));
    asking_settle(sys);
    assert_int_equal(asking_noted("do8=8"), 1);
    asking_end(sys);
}

/* The one that is stopped stands in the run queue, because of the message it sent itself. */
static void stop_of_one_queued_leaves_nothing_behind(void **state)
{
    eda_system *sys = asking_start(NULL, stoppers);
    uint32_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        publish(sys, STOPPER("again", 1));
        publish(sys, STOPPER("fail", 2));
        publish(sys, STOPPER("", 4));
        asking_settle(sys);
    }
    asking_assert_counts(
        sys, "asking_stopper_do", .accepted = 12, .handled = 3, .failed = 3, .dead = 6);
    assert_int_equal(eda_system_activations(sys, "asking_stopper").live, 0);
    asking_end(sys);
}

/* Queued for an interleaving message while the turn that is going to fail is suspended. */
static void stop_of_one_queued_while_suspended_leaves_nothing_behind(void **state)
{
    eda_system *sys = asking_start(NULL, stoppers);

    (void)state;
    publish(sys, STOPPER("gate", 1));
    (void)eda_system_step(sys, 0, NULL);
    publish(sys, ASIDE("fail", 2));
    publish(sys, ASIDE("", 3));
    publish(sys, STOPPER("", 4));
    (void)eda_system_step(sys, 1, NULL);
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_int_equal(eda_system_activations(sys, "asking_stopper").live, 0);
    publish(sys, STOPPER("", 8));
    asking_settle(sys);
    assert_int_equal(asking_noted("do8=8"), 1);
    asking_end(sys);
}

/* --- attempts ----------------------------------------------------------------------------- */

static void attempts_make_later_messages_wait(void **state)
{
    eda_system *sys = asking_start(NULL, doers);

    (void)state;
    publish(sys, TRY(2, 1));
    publish(sys, DO("", 1));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "start0/0 try1/1 try1/2 try1/3 do1=1 left1");
    asking_assert_counts(sys, "asking_try", .accepted = 1, .handled = 1);
    asking_end(sys);
}

static void attempts_used_up_make_a_dead_letter(void **state)
{
    eda_system *sys = asking_start(NULL, doers);

    (void)state;
    assert_int_equal(
        eda_publish_wait(eda_system_client(sys), TRY(3, 1), ASKING_TIMEOUT_MS), EDA_EDEAD);
    publish(sys, DO("", 1));
    asking_settle(sys);
    assert_int_equal(asking_noted("try1/1 try1/2 try1/3"), 1);
    assert_int_equal(asking_noted("dead:asking_try:it failed at every attempt"), 1);
    assert_int_equal(asking_noted("do1=1"), 1);
    asking_assert_counts(sys, "asking_try", .accepted = 1, .dead = 1);
    asking_end(sys);
}

/* --- while other turns are open ----------------------------------------------------------- */

static void restart_cancels_the_other_open_turns(void **state)
{
    eda_system *sys = asking_start(NULL, doers);

    (void)state;
    publish(sys, DO("sleep", 1));
    publish(sys, ASIDE("sleep", 2));
    publish(sys, ASIDE("restart", 4));
    publish(sys, ASIDE("", 8)); /* not any more on memory that is going to be lost */
    publish(sys, DO("", 16));
    asking_settle(sys);
    assert_int_equal(asking_noted("do1=1 do2=3 do4=7 end4:EDA_EIO"), 1);
    assert_int_equal(asking_noted("end1:EDA_ECANCELED"), 1);
    assert_int_equal(asking_noted("end2:EDA_ECANCELED"), 1);
    assert_int_equal(asking_noted("stop3/7 start0/0 do8=8 do16=24"), 1);
    assert_int_equal(asking_noted("left1") + asking_noted("left2") + asking_noted("left4"), 0);
    asking_end(sys);
}

static void restart_waits_for_a_blocking_call(void **state)
{
    eda_system *sys = asking_start(NULL, doers);

    (void)state;
    publish(sys, DO("gate", 1));
    publish(sys, ASIDE("restart", 2));
    publish(sys, ASIDE("", 4));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "start0/0 do1=1 do2=3 end2:EDA_EIO");
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("stop3/3"), 1);
    assert_int_equal(asking_noted("left1"), 1); /* it could not be canceled, so it happened */
    assert_int_equal(asking_noted("do4=4"), 1);
    asking_end(sys);
}

static void stop_cancels_the_other_open_turns(void **state)
{
    eda_system *sys = asking_start(NULL, stoppers);

    (void)state;
    publish(sys, ASIDE("sleep", 1));
    publish(sys, ASIDE("sleep", 2));
    publish(sys, ASIDE("fail", 4));
    publish(sys, STOPPER("", 8));
    asking_settle(sys);
    assert_int_equal(asking_noted("end1:EDA_ECANCELED"), 1);
    assert_int_equal(asking_noted("end2:EDA_ECANCELED"), 1);
    assert_int_equal(asking_noted("stop3/7"), 1);
    asking_assert_counts(sys, "asking_aside", .accepted = 3, .failed = 3);
    asking_assert_counts(sys, "asking_stopper_do", .accepted = 1, .dead = 1);
    asking_end(sys);
}

static void failures_on_many_workers_are_all_accounted_for(void **state)
{
    const eda_options threads = {.workers = 8};
    static const eda_actor *const all[] = {
        &eda_actor_asking_doer, &eda_actor_asking_hearer, &eda_actor_asking_fragile, NULL};
    eda_system *sys = asking_start(&threads, all);
    uint32_t i;

    (void)state;
    for (i = 0; i < 200; i++) {
        publish(sys, DO("fail", 1));
        publish(sys, TRY(i % 4, i));
        publish(sys, i % 7 == 0 ? FRAGILE("fail", 1) : FRAGILE("", 1));
        publish(sys, i % 50 == 49 ? ASIDE("restart", 1) : ASIDE("", 1));
    }
    asking_settle(sys);
    asking_end(sys);
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, asking_make_gate, asking_free_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failure_resumes_with_memory_and_drops_effects),
        cmocka_unit_test(failure_rolls_saved_fields_back),
        cmocka_unit_test(restart_of_one_who_saves_loads_what_was_committed),
        cmocka_unit_test(restart_keeps_mailbox_and_loses_memory),
        cmocka_unit_test(restarts_over_the_limit_stop_and_kill_what_waits),
        cmocka_unit_test(restart_while_backing_off_can_be_stopped),
        cmocka_unit_test(stop_kills_what_waits_and_the_next_message_makes_a_new_one),
        cmocka_unit_test(stop_of_one_queued_leaves_nothing_behind),
        GATED(stop_of_one_queued_while_suspended_leaves_nothing_behind),
        cmocka_unit_test(attempts_make_later_messages_wait),
        cmocka_unit_test(attempts_used_up_make_a_dead_letter),
        cmocka_unit_test(restart_cancels_the_other_open_turns),
        GATED(restart_waits_for_a_blocking_call),
        cmocka_unit_test(stop_cancels_the_other_open_turns),
        cmocka_unit_test(failures_on_many_workers_are_all_accounted_for),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
