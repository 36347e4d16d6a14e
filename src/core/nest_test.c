/* nest_test.c - who is asked answers within the asker's turn, and whatever becomes of that turn the
 * asker sees what it would have seen had it waited. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"
#include "base/thread.h"
#include "core/system.h"

EDA_RECORD(asking_value, (uint32_t, n));
EDA_REQUEST(asking_get, asking_value, "asking/get/{id}", (uint32_t, id), (uint32_t, n), (eda_str, how));
EDA_REQUEST(asking_retry, asking_value, "asking/retry/{id}", (uint32_t, id), (uint32_t, n));
EDA_REQUEST(asking_back, asking_value, "asking/back/{id}", (uint32_t, id));
EDA_MESSAGE(asking_go, "asking/go/{id}", (uint32_t, id), (uint32_t, count), (uint32_t, n),
    (eda_str, how), (uint32_t, timeout_ms));
EDA_MESSAGE(asking_poke, "asking/poke/{id}", (uint32_t, id));
EDA_MESSAGE(asking_said, "asking/said", (uint32_t, n));

#define TURN_BUDGET 128u /* the default */

static asking_gate *gate;
static atomic_bool is_let_go; /* who computes ends when it is set */

static int make_gate(void **state)
{
    (void)state;
    atomic_store(&is_let_go, false);
    gate = asking_gate_new();
    return 0;
}

static int free_gate(void **state)
{
    (void)state;
    asking_gate_free(gate);
    return 0;
}

/* --- who answers -------------------------------------------------------------------------- */

typedef struct asking_teller {
    uint32_t count; /* since its start */
} asking_teller;

/* Asks the next one, as deep as it is told; the last one waits at the gate if it is "deep". */
static eda_status ask_on(const asking_get *get, asking_value *reply, eda_ctx *ctx)
{
    const asking_value *value = NULL;

    if (get->n == 0) {
        return eda_str_equal(get->how, EDA_STR("deep")) ? eda_blocking(ctx, asking_gate_wait, gate)
                                                        : EDA_OK;
    }
    EDA_TRY(eda_ask(ctx,
        EDA_ASK(asking_get, &value, .id = get->id + 1, .n = get->n - 1, .how = get->how),
        EDA_FOREVER));
    reply->n = value->n + 1;
    return EDA_OK;
}

static eda_status teller_get(
    asking_teller *self, const asking_get *get, asking_value *reply, eda_ctx *ctx)
{
    const asking_value *value = NULL;

    reply->n = ++self->count;
    if (eda_str_equal(get->how, EDA_STR("say"))) {
        return eda_publish(ctx, EDA_MSG(asking_said, .n = get->n), NULL);
    }
    if (eda_str_equal(get->how, EDA_STR("block"))) {
        return eda_blocking(ctx, asking_gate_wait, gate);
    }
    if (eda_str_equal(get->how, EDA_STR("fail"))) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(asking_said, .n = get->n), NULL));
        return EDA_STATUS_USER;
    }
    if (eda_str_equal(get->how, EDA_STR("restart"))) {
        return eda_fail(ctx, EDA_STATUS_USER, "broken");
    }
    if (eda_str_equal(get->how, EDA_STR("back"))) {
        return eda_ask(ctx, EDA_ASK(asking_back, &value, .id = get->n), EDA_FOREVER);
    }
    if (eda_str_equal(get->how, EDA_STR("compute"))) {
        while (!atomic_load(&is_let_go)) {
            edai_cpu_relax();
        }
    }
    return eda_str_equal(get->how, EDA_STR("on")) || eda_str_equal(get->how, EDA_STR("deep"))
               ? ask_on(get, reply, ctx)
               : EDA_OK;
}

static eda_status teller_retry(
    asking_teller *self, const asking_retry *retry, asking_value *reply, eda_ctx *ctx)
{
    (void)ctx;
    reply->n = ++self->count;
    return self->count < retry->n ? EDA_STATUS_USER : EDA_OK;
}

EDA_ACTOR(asking_teller, eda_none, key(id), emits(asking_said, asking_get, asking_back),
    answers(asking_get, teller_get), answers(asking_retry, teller_retry, attempts(3)));

/* --- who asks ----------------------------------------------------------------------------- */

typedef struct asking_asker {
    uint32_t count;
} asking_asker;

static eda_status ask_once(const asking_go *go, eda_ctx *ctx, uint32_t *ret_n)
{
    const asking_value *value = NULL;
    eda_status status =
        eda_str_equal(go->how, EDA_STR("retry"))
            ? eda_ask(ctx, EDA_ASK(asking_retry, &value, .id = go->id, .n = go->n), go->timeout_ms)
            : eda_ask(ctx, EDA_ASK(asking_get, &value, .id = go->id, .n = go->n, .how = go->how),
                  go->timeout_ms);

    *ret_n = status == EDA_OK ? value->n : 0;
    return status;
}

/* Once plainly, so that the one it asks is there and idle; then as it is told. */
static eda_status asker_go(asking_asker *self, const asking_go *go, eda_ctx *ctx)
{
    const asking_value *value = NULL;
    eda_status status = EDA_OK;
    uint32_t n = 0;
    uint32_t i;

    self->count++;
    EDA_TRY(eda_ask(ctx, EDA_ASK(asking_get, &value, .id = go->id), EDA_FOREVER));
    for (i = 0; i < go->count && status == EDA_OK; i++) {
        status = ask_once(go, ctx, &n);
    }
    asking_note("%u:%s", go->id, status == EDA_OK ? "ok" : eda_status_name(status));
    EDA_TRY(eda_ask(ctx, EDA_ASK(asking_get, &value, .id = go->id + 50), EDA_FOREVER));
    asking_note("last%u", n);
    return EDA_OK;
}

static void asker_back(asking_asker *self, const asking_back *back, asking_value *reply)
{
    (void)back;
    reply->n = self->count;
}

static void asker_poke(asking_asker *self, const asking_poke *poke)
{
    self->count++;
    asking_note("poked%u", poke->id);
}

EDA_ACTOR(asking_asker, eda_none, key(id), emits(asking_get, asking_retry), on(asking_go, asker_go),
    answers(asking_back, asker_back), on(asking_poke, asker_poke, interleaves));

typedef struct asking_hearer {
    uint32_t count;
} asking_hearer;

static void hearer_said(asking_hearer *self, const asking_said *said)
{
    self->count++;
    asking_note("said%u", said->n);
}

EDA_ACTOR(asking_hearer, eda_none, on(asking_said, hearer_said));

static const eda_actor *const everybody[] = {
    &eda_actor_asking_teller, &eda_actor_asking_asker, &eda_actor_asking_hearer, NULL};

#define GO(how_, ...) EDA_MSG(asking_go, .id = 1, .how = EDA_STR(how_), __VA_ARGS__)
#define WAITING .timeout_ms = EDA_FOREVER

static void tell(eda_system *sys, eda_value message)
{
    assert_int_equal(eda_publish(eda_system_client(sys), message, NULL), EDA_OK);
}

/* Turns within others since a turn was suspended last. */
static uint32_t nested(const eda_system *sys)
{
    return TURN_BUDGET - sys->seats[0]->nests_left;
}

/* At its second time: all it asks are there by then, and as many stacks. How long a round is
 * depends on how long turns take, and at its end one ask goes the long way: here none ends for want
 * of turns, however slow the machine is. */
static void assert_all_nested(eda_system *sys, eda_value message, uint32_t count)
{
    uint32_t i;

    asking_forget();
    for (i = 0; i < 2; i++) {
        sys->seats[0]->round_turns = 1u << 30;
        tell(sys, message);
        asking_settle(sys);
    }
    assert_int_equal(asking_noted("1:ok"), 2);
    assert_true(nested(sys) >= count);
}

/* --- turns that go through ---------------------------------------------------------------- */

static void ask_of_idle_is_answered_within(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("", .count = 10, WAITING));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:ok last11");
    asking_assert_counts(sys, "asking_get", .accepted = 12, .handled = 12);
    assert_all_nested(sys, GO("", .count = 10, WAITING), 12);
    asking_end(sys);
}

static void effects_of_turn_within_leave_at_its_end(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("say", .count = 3, .n = 7, WAITING));
    asking_settle(sys);
    assert_int_equal(asking_noted("said7"), 3);
    assert_int_equal(asking_noted("last4"), 1);
    asking_end(sys);
}

static void others_run_after_a_turn_budget(void **state)
{
    const eda_options options = {.pumped = true, .turn_budget = 4};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    tell(sys, GO("", .count = 5, WAITING));
    tell(sys, EDA_MSG(asking_said, .n = 1));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "said1 1:ok last6");
    asking_end(sys);
}

static void step_runs_no_more_turns_than_it_may(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);
    uint32_t turns = 0;

    (void)state;
    tell(sys, GO("", .count = 10, WAITING));
    while (asking_noted("1:ok") == 0) {
        uint32_t ran = eda_system_step(sys, 3, NULL);

        assert_in_range(ran, 1, 3);
        turns += ran;
    }
    assert_in_range(turns, 1 + 11, 1 + 12);
    asking_settle(sys);
    asking_end(sys);
}

static void chain_is_answered_within(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("on", .count = 1, .n = 9, WAITING));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:ok last10");
    asking_assert_counts(sys, "asking_get", .accepted = 12, .handled = 12);
    assert_all_nested(sys, GO("on", .count = 1, .n = 9, WAITING), 12);
    asking_end(sys);
}

/* --- turns that fail ---------------------------------------------------------------------- */

static void failure_within_is_told_and_effects_are_dropped(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("fail", .count = 1, .n = 7, WAITING));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:application last0");
    asking_assert_counts(sys, "asking_get", .accepted = 3, .handled = 2, .failed = 1);
    asking_end(sys);
}

static void failed_responder_starts_anew(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("restart", .count = 1, WAITING));
    asking_settle(sys);
    tell(sys, GO("", .count = 1, WAITING));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:application last0 1:ok last2");
    asking_end(sys);
}

static void attempts_within_answer_once_they_succeed(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("retry", .count = 1, .n = 4, WAITING));
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:ok last4");
    asking_assert_counts(sys, "asking_retry", .accepted = 1, .handled = 1);
    asking_end(sys);
}

/* --- turns that wait ---------------------------------------------------------------------- */

static void turn_within_that_waits_lets_others_run(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("block", .count = 1, WAITING));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "");
    tell(sys, EDA_MSG(asking_said, .n = 1));
    tell(sys, EDA_MSG(asking_poke, .id = 1));
    (void)eda_system_step(sys, 0, NULL);
    assert_string_equal(asking_notes(), "said1 poked1");
    asking_gate_open(gate);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "said1 poked1 1:ok last2");
    asking_end(sys);
}

static void asker_of_turn_that_waits_times_out(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("block", .count = 1, .timeout_ms = 5));
    asking_pump_until(sys, "last0", 1);
    assert_string_equal(asking_notes(), "1:EDA_ETIMEOUT last0");
    asking_gate_open(gate);
    asking_settle(sys);
    asking_assert_counts(sys, "asking_get", .accepted = 3, .handled = 3);
    asking_end(sys);
}

static void asker_of_chain_that_waits_times_out(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("on", .count = 1, .n = 9, WAITING));
    asking_settle(sys);
    asking_forget();
    tell(sys, GO("deep", .count = 1, .n = 9, .timeout_ms = 5));
    asking_pump_until(sys, "last0", 1);
    assert_string_equal(asking_notes(), "1:EDA_ETIMEOUT last0");
    asking_gate_open(gate);
    asking_settle(sys);
    /* The deadline has travelled: those between fail with it. */
    asking_assert_counts(sys, "asking_get", .accepted = 24, .handled = 15, .failed = 9);
    asking_end(sys);
}

static void circle_through_turn_within_is_found(void **state)
{
    eda_system *sys = asking_start(NULL, everybody);

    (void)state;
    tell(sys, GO("back", .count = 1, .n = 1, WAITING));
    asking_pump_until(sys, "last0", 1);
    assert_string_equal(asking_notes(), "1:EDA_EDEADLOCK last0");
    asking_settle(sys);
    asking_end(sys);
}

static void stop_ends_turns_within_others(void **state)
{
    const eda_options options = {.pumped = true, .drain_ms = 1};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    tell(sys, GO("on", .count = 1, .n = 3, WAITING));
    asking_settle(sys);
    tell(sys, GO("deep", .count = 1, .n = 3, WAITING));
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(gate);
    asking_end(sys);
}

/* --- turns that run long ------------------------------------------------------------------ */

/* Workers leave the turn within alone: its asker is told in time, and the asker's other messages
 * are handled. */
static void long_turn_within_is_left_alone(void **state)
{
    const eda_options threads = {.workers = 2};
    eda_system *sys = asking_start(&threads, everybody);

    (void)state;
    tell(sys, GO("", .count = 1, WAITING));
    asking_settle(sys);
    asking_forget();
    tell(sys, GO("compute", .count = 1, .timeout_ms = 5));
    while (asking_noted("last0") == 0) {
        (void)!eda_wait_idle(sys, 1);
    }
    tell(sys, EDA_MSG(asking_poke, .id = 1));
    while (asking_noted("poked1") == 0) {
        (void)!eda_wait_idle(sys, 1);
    }
    atomic_store(&is_let_go, true);
    asking_settle(sys);
    assert_string_equal(asking_notes(), "1:EDA_ETIMEOUT last0 poked1");
    asking_assert_counts(sys, "asking_get", .accepted = 6, .handled = 6);
    asking_end(sys);
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, make_gate, free_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATED(ask_of_idle_is_answered_within),
        GATED(effects_of_turn_within_leave_at_its_end),
        GATED(others_run_after_a_turn_budget),
        GATED(step_runs_no_more_turns_than_it_may),
        GATED(chain_is_answered_within),
        GATED(failure_within_is_told_and_effects_are_dropped),
        GATED(failed_responder_starts_anew),
        GATED(attempts_within_answer_once_they_succeed),
        GATED(turn_within_that_waits_lets_others_run),
        GATED(asker_of_turn_that_waits_times_out),
        GATED(asker_of_chain_that_waits_times_out),
        GATED(circle_through_turn_within_is_found),
        GATED(stop_ends_turns_within_others),
        GATED(long_turn_within_is_left_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
