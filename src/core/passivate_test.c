/* passivate_test.c - when activations go: after idling, when there are too many, at once; and never
 * with work open. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <string.h>

EDA_RECORD(asking_tick, (uint32_t, n));
EDA_MESSAGE(asking_visit, "asking/visit/{id}", (uint32_t, id), (eda_str, how));
EDA_MESSAGE(asking_idler_visit, "asking/idler/{name}", (eda_str, name), (eda_str, how));
EDA_MESSAGE(asking_brief_visit, "asking/brief/{id}", (uint32_t, id), (eda_str, how));
EDA_MESSAGE(asking_chain_visit, "asking/chain/{id}", (uint32_t, id), (eda_str, how));
EDA_MESSAGE(asking_fussy_visit, "asking/fussy", (uint32_t, id));
EDA_MESSAGE(asking_left, "asking/left", (uint32_t, n));

static eda_status act(eda_ctx *ctx, eda_str how)
{
    return eda_str_equal(how, EDA_STR("gate"))
               ? eda_blocking(ctx, asking_gate_wait, asking_the_gate)
               : EDA_OK;
}

/* --- at most three ------------------------------------------------------------------------ */

typedef struct asking_guest {
    uint32_t count;
} asking_guest;

static eda_status guest_visit(asking_guest *self, const asking_visit *visit, eda_ctx *ctx)
{
    self->count++;
    asking_note("%u:%u", visit->id, self->count);
    return act(ctx, visit->how);
}

static void guest_stop(asking_guest *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    asking_note("stop%d[%.*s]", (int)reason, EDA_STR_ARG(eda_key(ctx)));
}

EDA_ACTOR(asking_guest, eda_none, key(id), options(.activations_max = 3), on(asking_visit, guest_visit),
    stop(guest_stop));

/* --- one at a time, each sending for the next --------------------------------------------- */

typedef struct asking_chain {
    uint32_t ticks;
} asking_chain;

static eda_status chain_visit(asking_chain *self, const asking_chain_visit *visit, eda_ctx *ctx)
{
    (void)self;
    asking_note("visit%u", visit->id);
    if (visit->id < 5) {
        EDA_TRY(eda_publish(
            ctx, EDA_MSG(asking_chain_visit, .id = visit->id + 1, .how = visit->how), NULL));
    }
    if (eda_str_equal(visit->how, EDA_STR("fail"))) {
        return visit->id == 1 ? EDA_OK : EDA_EIO;
    }
    return eda_after(ctx, EDA_MSG(asking_tick, .n = visit->id), EDA_MS(1), NULL);
}

static void chain_tick(asking_chain *self, const asking_tick *tick)
{
    self->ticks++;
    asking_note("tick%u", tick->n);
}

/* What it publishes brings another of its kind to life while it goes itself. */
static void chain_stop(asking_chain *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    asking_note("stop%d[%.*s]", (int)reason, EDA_STR_ARG(eda_key(ctx)));
    if (reason == EDA_STOP_LIMIT || reason == EDA_STOP_IDLE) {
        if (eda_publish(ctx, EDA_MSG(asking_chain_visit, .id = 77), NULL) != EDA_OK) {
            asking_note("NOT");
        }
    }
}

EDA_ACTOR(asking_chain, eda_none, key(id), options(.activations_max = 1), emits(asking_chain_visit),
    on(asking_chain_visit, chain_visit), on_self(asking_tick, chain_tick), stop(chain_stop));

/* --- after a short idle time -------------------------------------------------------------- */

typedef struct asking_idler {
    uint32_t count;
} asking_idler;

static eda_status idler_visit(asking_idler *self, const asking_idler_visit *visit, eda_ctx *ctx)
{
    self->count++;
    asking_note("%.*s:%u", EDA_STR_ARG(visit->name), self->count);
    if (eda_str_equal(visit->how, EDA_STR("timer"))) {
        EDA_TRY(eda_after(ctx, EDA_MSG(asking_tick, .n = 1), EDA_SEC(3600), NULL));
    }
    return act(ctx, visit->how);
}

static void idler_tick(asking_idler *self, const asking_tick *tick)
{
    (void)tick;
    self->count++;
}

static void idler_stop(asking_idler *self, eda_stop_reason reason, eda_ctx *ctx)
{
    asking_note("stop%d", (int)reason);
    if (self->count == 100) { /* one who has something left to say to itself */
        if (eda_publish(ctx, EDA_MSG(asking_idler_visit, .name = eda_key(ctx)), NULL) != EDA_OK) {
            asking_note("NOT");
        }
    }
}

EDA_ACTOR(asking_idler, eda_none, key(name), options(.idle_ms = 1), emits(asking_idler_visit),
    on(asking_idler_visit, idler_visit), on_self(asking_tick, idler_tick), stop(idler_stop));

/* --- at once ------------------------------------------------------------------------------ */

typedef struct asking_brief {
    uint32_t count;
} asking_brief;

static eda_status brief_visit(asking_brief *self, const asking_brief_visit *visit, eda_ctx *ctx)
{
    self->count++;
    asking_note("%u:%u", visit->id, self->count);
    if (eda_str_equal(visit->how, EDA_STR("timer"))) {
        EDA_TRY(eda_after(ctx, EDA_MSG(asking_tick, .n = 1), EDA_MS(1), NULL));
    }
    return act(ctx, visit->how);
}

static void brief_tick(asking_brief *self, const asking_tick *tick)
{
    (void)tick;
    asking_note("tick/%u", self->count);
}

static void brief_stop(asking_brief *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)ctx;
    asking_note("stop%d/%u", (int)reason, self->count);
}

EDA_ACTOR(asking_brief, eda_none, key(id), options(.passivates_at_once = true),
    on(asking_brief_visit, brief_visit), on_self(asking_tick, brief_tick), stop(brief_stop));

/* --- by a supervisor's own decision ------------------------------------------------------- */

typedef struct asking_fussy {
    uint32_t count;
} asking_fussy;

static eda_status identify_one(const eda_incoming *incoming, eda_identity *ret_identity)
{
    (void)incoming;
    *ret_identity = (eda_identity){.number = 5};
    return EDA_OK;
}

static bool goes_at_once(const eda_idleness *idleness)
{
    return idleness->live_count == 1 && idleness->idle_limit == EDA_SEC(900) &&
           strcmp(idleness->actor->name, "asking_fussy") == 0;
}

static const eda_supervisor fussy_supervisor = {.struct_size = sizeof(eda_supervisor),
    .name = "fussy",
    .identify = identify_one,
    .on_idle = goes_at_once};

static eda_status fussy_visit(asking_fussy *self, const asking_fussy_visit *visit, eda_ctx *ctx)
{
    self->count++;
    asking_note("%u:%u[%.*s]", visit->id, self->count, EDA_STR_ARG(eda_key(ctx)));
    return EDA_OK;
}

static void fussy_stop(asking_fussy *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    (void)ctx;
    asking_note("stop%d", (int)reason);
}

EDA_ACTOR(asking_fussy, eda_none, supervised_by(fussy_supervisor), on(asking_fussy_visit, fussy_visit),
    stop(fussy_stop));

static const eda_actor *const everybody[] = {&eda_actor_asking_guest, &eda_actor_asking_idler,
    &eda_actor_asking_brief, &eda_actor_asking_chain, &eda_actor_asking_fussy, NULL};

static void publish(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

static void visit(eda_system *sys, uint32_t id)
{
    publish(sys, EDA_MSG(asking_visit, .id = id));
    asking_settle(sys);
}

#define IDLER(name_, how_) EDA_MSG(asking_idler_visit, .name = EDA_STR(name_), .how = EDA_STR(how_))

/* --- too many ----------------------------------------------------------------------------- */

static void limit_passivates_the_least_recently_used(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    visit(sys, 1);
    visit(sys, 2);
    visit(sys, 3);
    visit(sys, 1);
    visit(sys, 4); /* for which 2 goes */
    visit(sys, 3);
    visit(sys, 5); /* 1 */
    visit(sys, 4);
    visit(sys, 6); /* 3 */
    assert_string_equal(
        asking_notes(), "1:1 2:1 3:1 1:2 stop2[2] 4:1 3:2 stop2[1] 5:1 4:2 stop2[3] 6:1");
    assert_int_equal(eda_system_activations(sys, "asking_guest").live, 3);
    assert_int_equal(eda_system_activations(sys, "asking_guest").passivations, 3);
    asking_end(sys);
}

static void limit_leaves_who_is_busy_and_is_met_again_later(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    uint32_t i;

    (void)state;
    for (i = 1; i <= 5; i++) {
        publish(sys, EDA_MSG(asking_visit, .id = i, .how = EDA_STR("gate")));
    }
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "1:1 2:1 3:1 4:1 5:1");
    assert_int_equal(eda_system_activations(sys, "asking_guest").live, 5);
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    visit(sys, 6);
    assert_string_equal(asking_notes(), "1:1 2:1 3:1 4:1 5:1 stop2[1] stop2[2] stop2[3] 6:1");
    assert_int_equal(eda_system_activations(sys, "asking_guest").live, 3);
    asking_end(sys);
}

/* The effects of a turn's end call for a new activation: the one whose turn ends must not go for
 * it. */
static void limit_met_by_ones_own_effects_keeps_oneself(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, EDA_MSG(asking_chain_visit, .id = 1));
    asking_pump_until(sys, "tick5", 1);
    asking_settle(sys);
    assert_int_equal(asking_noted("visit5"), 1);
    asking_end(sys);
}

static void limit_met_by_the_effects_of_a_stop_ends(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    uint32_t i;

    (void)state;
    for (i = 5; i < 15; i++) {
        publish(sys, EDA_MSG(asking_chain_visit, .id = i, .how = EDA_STR("fail")));
        asking_settle(sys);
    }
    assert_true(eda_system_activations(sys, "asking_chain").live <= 2);
    asking_end(sys);
}

/* --- after idling ------------------------------------------------------------------------- */

static void idle_time_passivates_and_the_next_message_brings_back(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, IDLER("a", ""));
    asking_pump_until(sys, "stop1", 1);
    publish(sys, IDLER("a", "timer")); /* an armed timer does not keep it */
    asking_pump_until(sys, "stop1", 2);
    assert_string_equal(asking_notes(), "a:1 stop1 a:1 stop1");
    assert_int_equal(eda_system_activations(sys, "asking_idler").live, 0);
    assert_int_equal(eda_system_activations(sys, "asking_idler").passivations, 2);
    assert_int_equal(eda_system_activations(sys, "asking_idler").starts, 2);
    asking_end(sys);
}

static void idle_time_spares_who_is_suspended(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, IDLER("busy", "gate"));
    publish(sys, IDLER("idle", ""));
    asking_pump_until(sys, "stop1", 1);
    assert_int_equal(eda_system_activations(sys, "asking_idler").live, 1);
    asking_gate_open(asking_the_gate);
    asking_pump_until(sys, "stop1", 2);
    asking_end(sys);
}

static void stop_that_publishes_to_itself_brings_it_back(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    uint32_t i;

    (void)state;
    for (i = 0; i < 100; i++) {
        publish(sys, IDLER("a", ""));
    }
    asking_pump_until(sys, "stop1", 2);
    asking_settle(sys);
    assert_non_null(strstr(asking_notes(), "a:100 stop1 a:1 stop1"));
    asking_assert_counts(sys, "asking_idler_visit", .accepted = 101, .handled = 101);
    assert_int_equal(eda_system_activations(sys, "asking_idler").starts, 2);
    asking_end(sys);
}

/* --- at once ------------------------------------------------------------------------------ */

static void at_once_goes_after_each_turn_that_leaves_nothing(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, EDA_MSG(asking_brief_visit, .id = 1));
    publish(sys, EDA_MSG(asking_brief_visit, .id = 1));
    asking_settle(sys);
    publish(sys, EDA_MSG(asking_brief_visit, .id = 1));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:1 1:2 stop1/2 1:1 stop1/1");
    asking_end(sys);
}

static void at_once_waits_for_timers_and_open_turns(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, EDA_MSG(asking_brief_visit, .id = 1, .how = EDA_STR("timer")));
    publish(sys, EDA_MSG(asking_brief_visit, .id = 2, .how = EDA_STR("gate")));
    asking_pump_until(sys, "stop1/1", 1);
    assert_string_equal(asking_notes(), "1:1 2:1 tick/1 stop1/1");
    asking_gate_open(asking_the_gate);
    asking_pump_until(sys, "stop1/1", 2);
    asking_end(sys);
}

static void at_once_by_option_of_the_system(void **state)
{
    const eda_options options = {.pumped = true, .passivates_at_once = true};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    visit(sys, 1);
    visit(sys, 1);
    assert_string_equal(asking_notes(), "1:1 stop1[1] 1:1 stop1[1]");
    asking_end(sys);
}

static void supervisor_may_let_go_of_who_falls_idle(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, EDA_MSG(asking_fussy_visit, .id = 1));
    publish(sys, EDA_MSG(asking_fussy_visit, .id = 2));
    asking_settle(sys);
    publish(sys, EDA_MSG(asking_fussy_visit, .id = 3));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:1[5] 2:2[5] stop1 3:1[5] stop1");
    asking_end(sys);
}

/* --- while messages arrive ---------------------------------------------------------------- */

static void messages_that_arrive_while_going_are_never_lost(void **state)
{
    const eda_options threads[] = {{.workers = 2}, {.workers = 8}};
    eda_counts counts;
    uint32_t round;
    uint32_t i;

    (void)state;
    for (round = 0; round < 2; round++) {
        eda_system *sys = asking_start(&threads[round], everybody);

        for (i = 0; i < 3000; i++) {
            publish(sys, EDA_MSG(asking_brief_visit, .id = i % 7));
            publish(sys, EDA_MSG(asking_visit, .id = i % 31));
            publish(sys, i % 2 == 0 ? IDLER("even", "") : IDLER("odd", ""));
        }
        asking_settle(sys);
        /* A client that is faster than the actors meets full mailboxes; what was let in was
         * handled. */
        counts = eda_system_counts(sys, NULL, NULL);
        assert_true(counts.accepted >= 9000); /* who idles may have something to say to itself */
        assert_int_equal(counts.handled + counts.shed, counts.accepted);
        asking_end(sys);
    }
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, asking_make_gate, asking_free_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(limit_passivates_the_least_recently_used),
        GATED(limit_leaves_who_is_busy_and_is_met_again_later),
        cmocka_unit_test(limit_met_by_ones_own_effects_keeps_oneself),
        cmocka_unit_test(limit_met_by_the_effects_of_a_stop_ends),
        cmocka_unit_test(idle_time_passivates_and_the_next_message_brings_back),
        GATED(idle_time_spares_who_is_suspended),
        cmocka_unit_test(stop_that_publishes_to_itself_brings_it_back),
        cmocka_unit_test(at_once_goes_after_each_turn_that_leaves_nothing),
        GATED(at_once_waits_for_timers_and_open_turns),
        cmocka_unit_test(at_once_by_option_of_the_system),
        cmocka_unit_test(supervisor_may_let_go_of_who_falls_idle),
        cmocka_unit_test(messages_that_arrive_while_going_are_never_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
