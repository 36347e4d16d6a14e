/* turn_test.c - turns that are suspended: what may run meanwhile, what leaves and when, and how a
 * start may wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"

#include <stdalign.h>
#include <stdio.h>
#include <string.h>

EDA_RECORD(asking_value, (uint32_t, n));
EDA_MESSAGE(asking_work, "asking/job/{id}", (uint32_t, id), (eda_str, how), (uint32_t, n));
EDA_MESSAGE(asking_poke, "asking/poke/{id}", (uint32_t, id), (uint32_t, n));
EDA_MESSAGE(asking_left, "asking/left", (uint32_t, n));
EDA_MESSAGE(asking_wake, "asking/wake/{name}", (eda_str, name), (uint32_t, n));
EDA_MESSAGE(asking_inspect, "asking/inspect", (uint32_t, n));
EDA_MESSAGE_RAW(asking_bytes, "asking/bytes");
EDA_REQUEST(asking_held, asking_value, "asking/held", (uint32_t, n));
EDA_REQUEST(asking_peek, asking_value, "asking/peek/{id}", (uint32_t, id));

static asking_gate *gate;
static asking_gate *second_gate;

static int make_gates(void **state)
{
    (void)state;
    gate = asking_gate_new();
    second_gate = asking_gate_new();
    return 0;
}

static int free_gates(void **state)
{
    (void)state;
    asking_gate_free(gate);
    asking_gate_free(second_gate);
    return 0;
}

/* --- who is suspended --------------------------------------------------------------------- */

typedef struct asking_worker {
    uint32_t open;
    uint32_t count;
} asking_worker;

static eda_status wait_how(eda_ctx *ctx, eda_str how)
{
    const asking_value *value = NULL;

    if (eda_str_equal(how, EDA_STR("ask"))) {
        return eda_ask(ctx, EDA_ASK(asking_held, &value, .n = 1), EDA_FOREVER);
    }
    if (eda_str_equal(how, EDA_STR("sleep"))) {
        return eda_sleep(ctx, EDA_MS(1));
    }
    if (eda_str_equal(how, EDA_STR("sleep for ever"))) {
        return eda_sleep(ctx, INT64_MAX);
    }
    if (eda_str_equal(how, EDA_STR("second"))) {
        return eda_blocking(ctx, asking_gate_wait, second_gate);
    }
    return eda_blocking(ctx, asking_gate_wait, gate);
}

static eda_status worker_work(asking_worker *self, const asking_work *work, eda_ctx *ctx)
{
    eda_status status;

    asking_note("+%u", work->n);
    if (self->open++ > 0) {
        asking_note("REENTERED");
    }
    EDA_TRY(eda_publish(ctx, EDA_MSG(asking_left, .n = work->n), NULL));
    status = wait_how(ctx, work->how);
    self->open--;
    self->count++;
    asking_note("-%u", work->n);
    EDA_TRY(eda_publish(ctx, EDA_MSG(asking_left, .n = work->n + 100), NULL));
    return status;
}

static eda_status worker_poke(asking_worker *self, const asking_poke *poke, eda_ctx *ctx)
{
    (void)self;
    asking_note("poke%u", poke->n);
    if (poke->n >= 50) {
        EDA_TRY(wait_how(ctx, poke->n == 50 ? EDA_STR("gate") : EDA_STR("second")));
        asking_note("poked%u", poke->n);
    }
    return EDA_OK;
}

static eda_status worker_peek(
    asking_worker *self, const asking_peek *peek, asking_value *reply, eda_ctx *ctx)
{
    (void)peek;
    (void)ctx;
    reply->n = self->count;
    return EDA_OK;
}

EDA_ACTOR(asking_worker, eda_none, key(id), emits(asking_left, asking_held),
    on(asking_work, worker_work), on(asking_poke, worker_poke, interleaves),
    answers(asking_peek, worker_peek));

typedef struct asking_holder {
    uint32_t unused;
} asking_holder;

static eda_status holder_held(
    asking_holder *self, const asking_held *held, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    EDA_TRY(eda_blocking(ctx, asking_gate_wait, gate));
    reply->n = held->n;
    return EDA_OK;
}

EDA_ACTOR(asking_holder, eda_none, answers(asking_held, holder_held));

typedef struct asking_hearer {
    uint32_t unused;
} asking_hearer;

static eda_status hearer_left(asking_hearer *self, const asking_left *left, eda_ctx *ctx)
{
    (void)self;
    (void)ctx;
    asking_note("left%u", left->n);
    return EDA_OK;
}

EDA_ACTOR(asking_hearer, eda_none, on(asking_left, hearer_left));

/* --- who starts slowly -------------------------------------------------------------------- */

typedef struct asking_starter {
    uint32_t count;
} asking_starter;

static uint32_t refusals_left;

static eda_status starter_start(asking_starter *self, const eda_none *deps, eda_ctx *ctx)
{
    const eda_str key = eda_key(ctx);

    (void)self;
    (void)deps;
    asking_note("start:%.*s", EDA_STR_ARG(key));
    EDA_TRY(eda_publish(ctx, EDA_MSG(asking_left, .n = 1), NULL));
    EDA_TRY(wait_how(ctx, EDA_STR("gate")));
    if (refusals_left > 0) {
        refusals_left--;
        return eda_fail(ctx, EDA_EIO, "not today");
    }
    asking_note("started");
    return EDA_OK;
}

static eda_status starter_wake(asking_starter *self, const asking_wake *wake, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    asking_note("wake%u/%u", wake->n, self->count);
    return EDA_OK;
}

static void starter_stop(asking_starter *self, eda_stop_reason reason, eda_ctx *ctx)
{
    eda_status status;

    asking_note("stop%d/%u", (int)reason, self->count);
    status = eda_sleep(ctx, 1);
    asking_note("%s", eda_status_name(status));
    status = eda_publish(ctx, EDA_MSG(asking_left, .n = 99), NULL);
    asking_note("%s", eda_status_name(status));
}

EDA_ACTOR(asking_starter, eda_none, key(name), emits(asking_left), start(starter_start),
    on(asking_wake, starter_wake, interleaves), stop(starter_stop));

/* --- who looks about ---------------------------------------------------------------------- */

EDA_RECORD(asking_tick, (uint32_t, n));

typedef struct asking_looker {
    uint32_t count;
} asking_looker;

static void note_envelope(eda_ctx *ctx)
{
    const eda_envelope *envelope = eda_envelope_of(ctx);

    if (envelope == NULL) {
        asking_note("NO ENVELOPE");
        return;
    }
    asking_note("%s|%.*s|%.*s|%u|%.*s", envelope->type != NULL ? envelope->type->name : "?",
        EDA_STR_ARG(envelope->topic), EDA_STR_ARG(envelope->publisher), envelope->attempt,
        EDA_STR_ARG(eda_key(ctx)));
}

static eda_status looker_tick(asking_looker *self, const asking_tick *tick, eda_ctx *ctx)
{
    (void)self;
    (void)tick;
    note_envelope(ctx);
    return EDA_OK;
}

/* Half, and all but 64 bytes of the rest. */
static void note_scratch(eda_ctx *ctx)
{
    const size_t half = (size_t)1 << 19;
    unsigned char *all = eda_scratch(ctx, half);
    unsigned char *rest = eda_scratch(ctx, half - 64);
    void *small = eda_scratch(ctx, 1);

    asking_note(
        all != NULL && all[0] == 0 && all[half - 1] == 0 && rest != NULL ? "zeroed" : "NOT");
    asking_note(
        (uintptr_t)small % alignof(max_align_t) == 0 && (uintptr_t)all % alignof(max_align_t) == 0
            ? "aligned"
            : "NOT");
    asking_note(
        eda_scratch(ctx, 64) == NULL && eda_scratch(ctx, SIZE_MAX) == NULL ? "bounded" : "NOT");
    asking_note(eda_scratch(ctx, 8) != NULL ? "rest" : "NOT");
}

static eda_status looker_inspect(asking_looker *self, const asking_inspect *inspect, eda_ctx *ctx)
{
    self->count++;
    if (inspect->n == 2) {
        note_scratch(ctx);
        return EDA_OK;
    }
    note_envelope(ctx);
    return eda_after(ctx, EDA_MSG(asking_tick, .n = 1), 0, NULL);
}

static eda_status looker_any(asking_looker *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)self;
    asking_note("any:%.*s:%s", EDA_STR_ARG(envelope->topic),
        envelope == eda_envelope_of(ctx) ? "same" : "other");
    return EDA_OK;
}

EDA_ACTOR(asking_looker, eda_none, on(asking_inspect, looker_inspect),
    on_self(asking_tick, looker_tick), on_any("asking/bytes", looker_any));

static const eda_actor *const everybody[] = {&eda_actor_asking_worker, &eda_actor_asking_holder,
    &eda_actor_asking_hearer, &eda_actor_asking_starter, &eda_actor_asking_looker, NULL};

static void publish(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

#define WORK(how_, n_) EDA_MSG(asking_work, .id = 1, .how = EDA_STR(how_), .n = (n_))
#define POKE(n_) EDA_MSG(asking_poke, .id = 1, .n = (n_))
#define WAKE(name_, n_) EDA_MSG(asking_wake, .name = EDA_STR(name_), .n = (n_))

/* --- suspension --------------------------------------------------------------------------- */

static void turn_suspended_is_not_reentered(void **state)
{
    static const char *const ends[] = {"-1", "-2", "-3"};
    static const char *const first[] = {"left1 ", "left2 ", "left3 "};
    static const char *const both[] = {"left1 left101", "left2 left102", "left3 left103"};
    eda_system *sys = asking_start(NULL, everybody);
    uint32_t i;

    (void)state;
    publish(sys, WORK("ask", 1));
    publish(sys, WORK("sleep", 2));
    publish(sys, WORK("gate", 3));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "+1");
    asking_gate_open(gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("REENTERED"), 0);
    for (i = 0; i < 3; i++) { /* and its effects left in order, after it */
        assert_true(strstr(asking_notes(), ends[i]) < strstr(asking_notes(), first[i]));
        assert_int_equal(asking_noted(both[i]), 1);
    }
    asking_end(sys);
}

static void turn_suspended_lets_other_activations_run(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, WORK("gate", 1));
    publish(sys, EDA_MSG(asking_work, .id = 2, .how = EDA_STR("second"), .n = 2));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "+1 +2");
    asking_gate_open(second_gate);
    asking_pump_until(sys, "left102", 1);
    assert_int_equal(asking_noted("-1"), 0);
    asking_gate_open(gate);
    asking_settle(sys);
    asking_end(sys);
}

static void interleaving_handler_runs_while_suspended(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, WORK("gate", 1));
    publish(sys, WORK("gate", 2)); /* waits, with an interleaving one behind it */
    publish(sys, POKE(1));
    publish(sys, POKE(2));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "+1 poke1 poke2");
    asking_gate_open(gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("REENTERED"), 0);
    assert_int_equal(asking_noted("-2"), 1);
    asking_end(sys);
}

static void interleaving_turns_of_one_activation_end_in_any_order(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, WORK("gate", 1));
    publish(sys, POKE(50));
    publish(sys, POKE(51));
    publish(sys, WORK("sleep", 2));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "+1 poke50 poke51");
    asking_gate_open(second_gate);
    asking_pump_until(sys, "poked51", 1);
    assert_int_equal(asking_noted("+2"), 0);
    asking_gate_open(gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("poked50"), 1);
    assert_int_equal(asking_noted("REENTERED"), 0);
    assert_int_equal(asking_noted("-2"), 1);
    asking_assert_counts(sys, "asking_poke", .accepted = 2, .handled = 2);
    asking_end(sys);
}

static void sleep_of_no_time_goes_on(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, WORK("sleep", 1));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "+1 -1 left1 left101");
    asking_end(sys);
}

static void sleep_for_ever_is_canceled_by_stop(void **state)
{
    const eda_options options = {.pumped = true, .drain_ms = 1};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    publish(sys, WORK("sleep for ever", 1));
    publish(sys, WORK("sleep", 2));
    (void)eda_system_step(sys, 0, NULL);
    eda_system_stop(sys);
    asking_assert_counts(sys, "asking_work", .accepted = 2, .stopped = 2);
    assert_int_equal(asking_noted("left1") + asking_noted("+2"), 0);
    asking_end(sys);
}

static void waits_of_clients(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    assert_int_equal(eda_sleep(eda_system_client(sys), 1), EDA_EPERM);
    asking_gate_open(gate);
    assert_int_equal(eda_blocking(eda_system_client(sys), asking_gate_wait, gate), EDA_OK);
    assert_int_equal(eda_key(eda_system_client(sys)).len, 0);
    assert_null(eda_envelope_of(eda_system_client(sys)));
    asking_end(sys);
}

/* The function cannot be taken back: the system waits for it, and the turn goes on as usual. */
static void blocking_call_outlives_the_drain(void **state)
{
    const eda_options pumped = {.pumped = true, .drain_ms = 1};
    const eda_options threads = {.workers = 2, .drain_ms = 1};
    const eda_options *const both[] = {&pumped, &threads};
    uint32_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        eda_system *sys = asking_start(both[i], everybody);

        publish(sys, EDA_MSG(asking_work, .id = 1, .n = 1,
                         .how = i == 0 ? EDA_STR("gate") : EDA_STR("second")));
        publish(sys, WORK("gate", 2));
        if (i == 1) {
            asking_gate_await(second_gate, 1); /* else the stop might come before the turn */
        }
        assert_int_equal(eda_wait_idle(sys, 1), EDA_ETIMEOUT);
        asking_gate_open(i == 0 ? gate : second_gate);
        eda_system_stop(sys);
        assert_int_equal(asking_noted("-1"), 1);
        asking_end(sys);
    }
}

static void blocking_calls_do_not_wait_for_each_other(void **state)
{
    const eda_options threads = {.workers = 1};
    eda_system *sys = asking_start(&threads, everybody);
    uint32_t i;

    (void)state;
    for (i = 0; i < 20; i++) {
        publish(sys, EDA_MSG(asking_work, .id = i, .how = EDA_STR("gate"), .n = i));
    }
    asking_gate_await(gate, 20); /* all of them are running, none has returned */
    asking_gate_open(gate);
    asking_settle(sys);
    asking_assert_counts(sys, "asking_work", .accepted = 20, .handled = 20);
    asking_end(sys);
}

/* --- start and stop ----------------------------------------------------------------------- */

static void start_that_waits_keeps_messages_in_order(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    publish(sys, WAKE("a", 1));
    (void)eda_system_step(sys, 0, NULL);
    publish(sys, WAKE("a", 2));
    publish(sys, WAKE("a", 3));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "start:a");
    asking_gate_open(gate);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "start:a started wake1/1 wake2/2 wake3/3 left1");
    assert_int_equal(eda_system_activations(sys, "asking_starter").live, 1);
    assert_int_equal(eda_system_activations(sys, "asking_starter").starts, 1);
    asking_end(sys);
    assert_non_null(strstr(asking_notes(), "stop4/3 EDA_ESTATE EDA_OK"));
}

static void start_that_fails_kills_what_waits_and_is_tried_anew(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_receipt receipt = {.id = 0};

    (void)state;
    refusals_left = 1;
    assert_int_equal(eda_publish(eda_system_client(sys), WAKE("a", 1), &receipt), EDA_OK);
    publish(sys, WAKE("a", 2));
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(gate);
    assert_int_equal(eda_wait(eda_system_client(sys), receipt, ASKING_TIMEOUT_MS), EDA_EDEAD);
    asking_settle(sys);
    asking_assert_counts(sys, "asking_wake", .accepted = 2, .dead = 2);
    asking_assert_counts(sys, "asking_left", .accepted = 0); /* what start published went with it */
    assert_int_equal(eda_system_activations(sys, "asking_starter").live, 0);
    publish(sys, WAKE("a", 3));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "start:a start:a started wake3/1 left1");
    asking_end(sys);
}

static void start_canceled_by_stop_counts_as_stopped(void **state)
{
    const eda_options options = {.pumped = true, .drain_ms = 1};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    publish(sys, WAKE("a", 1));
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(
        gate); /* a start that blocks cannot be canceled; it ends, and then there is no more time */
    asking_end(sys);
    assert_int_equal(asking_noted("start:a"), 1);
}

/* --- what a turn knows -------------------------------------------------------------------- */

static void turn_knows_envelope_key_and_scratch(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    eda_ctx *other = NULL;

    (void)state;
    assert_int_equal(eda_client_new(sys, &other), EDA_OK);
    assert_int_equal(eda_publish(other, EDA_MSG(asking_inspect, .n = 1), NULL), EDA_OK);
    asking_settle(sys);
    assert_string_equal(
        asking_notes(), "asking_inspect|asking/inspect|client 2|1| asking_tick||asking_looker|1|");
    asking_forget();
    publish(sys, EDA_MSG(asking_inspect, .n = 2));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "zeroed aligned bounded rest");
    asking_forget();
    assert_int_equal(eda_publish_raw(other, EDA_STR("asking/bytes"), EDA_STR("text/plain"),
                         EDA_BYTES("x"), NULL),
        EDA_OK);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "any:asking/bytes:same");
    eda_client_free(other);
    asking_end(sys);
}

static void turns_on_many_workers_are_one_at_a_time(void **state)
{
    const eda_options threads = {.workers = 8};
    eda_system *sys = asking_start(&threads, everybody);
    const asking_value *value = NULL;
    uint32_t i;

    (void)state;
    asking_gate_open(gate);
    asking_gate_open(second_gate);
    for (i = 0; i < 400; i++) {
        const eda_str hows[] = {
            EDA_STR("ask"), EDA_STR("sleep"), EDA_STR("gate"), EDA_STR("second")};

        publish(sys, EDA_MSG(asking_work, .id = i % 10, .how = hows[i / 10 % 4], .n = i));
        publish(sys, EDA_MSG(asking_poke, .id = i % 10, .n = i));
    }
    asking_settle(sys);
    assert_int_equal(asking_noted("REENTERED"), 0);
    for (i = 0; i < 10; i++) {
        assert_int_equal(eda_ask(eda_system_client(sys), EDA_ASK(asking_peek, &value, .id = i),
                             ASKING_TIMEOUT_MS),
            EDA_OK);
        assert_int_equal(value->n, 40);
    }
    asking_assert_counts(sys, "asking_left", .accepted = 800, .handled = 800);
    asking_end(sys);
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, make_gates, free_gates)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATED(turn_suspended_is_not_reentered),
        GATED(turn_suspended_lets_other_activations_run),
        GATED(interleaving_handler_runs_while_suspended),
        GATED(interleaving_turns_of_one_activation_end_in_any_order),
        GATED(sleep_of_no_time_goes_on),
        GATED(sleep_for_ever_is_canceled_by_stop),
        GATED(waits_of_clients),
        GATED(blocking_call_outlives_the_drain),
        GATED(blocking_calls_do_not_wait_for_each_other),
        GATED(start_that_waits_keeps_messages_in_order),
        GATED(start_that_fails_kills_what_waits_and_is_tried_anew),
        GATED(start_canceled_by_stop_counts_as_stopped),
        GATED(turn_knows_envelope_key_and_scratch),
        GATED(turns_on_many_workers_are_one_at_a_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
