/* strand_test.c - stacks of suspended turns: kept for reuse, bounded, and kept back for those who
 * answer. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "asking.h"
#include "core/strand.h"

EDA_RECORD(asking_value, (uint32_t, n));
EDA_REQUEST(asking_get, asking_value, "asking/get", (uint32_t, n));
EDA_REQUEST(asking_chain, asking_value, "asking/chain/{depth}", (uint32_t, depth));
EDA_REQUEST(asking_mixed_get, asking_value, "asking/mixed/get", (uint32_t, n));
EDA_MESSAGE(asking_go, "asking/go/{id}", (uint32_t, id), (eda_str, how));
EDA_MESSAGE(asking_mixed_note, "asking/mixed/note", (uint32_t, n));

/* --- who asks ----------------------------------------------------------------------------- */

typedef struct asking_asker {
    uint32_t count;
} asking_asker;

static eda_status asker_go(asking_asker *self, const asking_go *go, eda_ctx *ctx)
{
    const asking_value *value = NULL;
    eda_status status = EDA_OK;

    if (eda_str_equal(go->how, EDA_STR("get"))) {
        status = eda_ask(ctx, EDA_ASK(asking_get, &value, .n = go->id), EDA_FOREVER);
    } else if (eda_str_equal(go->how, EDA_STR("mixed"))) {
        status = eda_ask(ctx, EDA_ASK(asking_mixed_get, &value, .n = go->id), EDA_FOREVER);
    } else if (eda_str_equal(go->how, EDA_STR("chain"))) {
        status = eda_ask(ctx, EDA_ASK(asking_chain, &value, .depth = go->id), EDA_FOREVER);
    } else if (eda_str_equal(go->how, EDA_STR("block"))) {
        status = eda_blocking(ctx, asking_gate_wait, asking_the_gate);
    }
    self->count++;
    asking_note("%s", status == EDA_OK ? "ok" : eda_status_name(status));
    return EDA_OK;
}

EDA_ACTOR(asking_asker, eda_none, key(id), emits(asking_get, asking_chain, asking_mixed_get),
    on(asking_go, asker_go));

/* --- who answers, one at a time ----------------------------------------------------------- */

typedef struct asking_teller {
    uint32_t unused;
} asking_teller;

static eda_status teller_get(
    asking_teller *self, const asking_get *get, asking_value *reply, eda_ctx *ctx)
{
    (void)self;
    EDA_TRY(eda_blocking(ctx, asking_gate_wait, asking_the_gate));
    reply->n = get->n;
    return EDA_OK;
}

EDA_ACTOR(asking_teller, eda_none, answers(asking_get, teller_get));

/* Asks on, deeper and deeper. */
typedef struct asking_link {
    uint32_t unused;
} asking_link;

static eda_status link_chain(
    asking_link *self, const asking_chain *chain, asking_value *reply, eda_ctx *ctx)
{
    const asking_value *value = NULL;

    (void)self;
    if (chain->depth > 0) {
        EDA_TRY(
            eda_ask(ctx, EDA_ASK(asking_chain, &value, .depth = chain->depth - 1), EDA_FOREVER));
        reply->n = value->n + 1;
    }
    return EDA_OK;
}

EDA_ACTOR(asking_link, eda_none, key(depth), emits(asking_chain), answers(asking_chain, link_chain));

/* Is asked, and has other things to do that ask. */
typedef struct asking_mixed {
    uint32_t count;
} asking_mixed;

static eda_status mixed_get(
    asking_mixed *self, const asking_mixed_get *get, asking_value *reply, eda_ctx *ctx)
{
    const asking_value *value = NULL;

    (void)get;
    EDA_TRY(eda_ask(ctx, EDA_ASK(asking_chain, &value, .depth = 0), EDA_FOREVER));
    reply->n = self->count;
    return EDA_OK;
}

static eda_status mixed_note(asking_mixed *self, const asking_mixed_note *note, eda_ctx *ctx)
{
    const asking_value *value = NULL;

    self->count++;
    asking_note("note%u", note->n);
    return note->n == 0 ? EDA_OK
                        : eda_ask(ctx, EDA_ASK(asking_chain, &value, .depth = 0), EDA_FOREVER);
}

EDA_ACTOR(asking_mixed, eda_none, emits(asking_chain), answers(asking_mixed_get, mixed_get),
    on(asking_mixed_note, mixed_note));

static const eda_actor *const everybody[] = {&eda_actor_asking_asker, &eda_actor_asking_teller,
    &eda_actor_asking_link, &eda_actor_asking_mixed, NULL};

static void go(eda_system *sys, uint32_t first, uint32_t count, const char *how)
{
    uint32_t i;

    for (i = first; i < first + count; i++) {
        assert_int_equal(eda_publish(eda_system_client(sys),
                             EDA_MSG(asking_go, .id = i, .how = eda_str_from(how)), NULL),
            EDA_OK);
    }
}

/* --- the stacks themselves ---------------------------------------------------------------- */

static void never_run(void *arg)
{
    (void)arg;
}

static void strands_left_are_used_again(void **state)
{
    edai_strands strands;
    edai_strand *taken[3];
    uint32_t i;

    (void)state;
    edai_strands_init(&strands, EDAI_STACK_SIZE_MIN);
    edai_strands_reclaim(&strands);
    for (i = 0; i < 3; i++) {
        taken[i] = edai_strands_take(&strands, never_run, NULL);
        assert_non_null(taken[i]);
    }
    strands.retired = taken[1];
    edai_strands_reclaim(&strands);
    assert_int_equal(strands.free_count, 1);
    assert_ptr_equal(edai_strands_take(&strands, never_run, NULL), taken[1]);
    for (i = 0; i < 3; i++) {
        strands.retired = taken[i];
        edai_strands_reclaim(&strands);
    }
    assert_int_equal(strands.free_count, 3);
    edai_strands_fini(&strands);
}

/* Turns that begin on one seat and end on another take stacks along: they do not heap up there. */
static void strands_beyond_those_kept_are_freed(void **state)
{
    static edai_strand *taken[EDAI_STRANDS_KEPT + 3];
    edai_strands strands;
    uint32_t i;

    (void)state;
    edai_strands_init(&strands, EDAI_STACK_SIZE_MIN);
    for (i = 0; i < EDAI_STRANDS_KEPT + 3; i++) {
        taken[i] = edai_strands_take(&strands, never_run, NULL);
        assert_non_null(taken[i]);
    }
    for (i = 0; i < EDAI_STRANDS_KEPT + 3; i++) {
        strands.retired = taken[i];
        edai_strands_reclaim(&strands);
    }
    assert_int_equal(strands.free_count, EDAI_STRANDS_KEPT);
    edai_strands_fini(&strands);
}

/* --- up to the limit and beyond ----------------------------------------------------------- */

/* Askers beyond the limit are held back, and all are answered. */
static void askers_beyond_stacks_max_are_held_back(void **state)
{
    const uint32_t limits[] = {1, 2, 3, 8, 64};
    uint32_t i;

    (void)state;
    for (i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const eda_options options = {.pumped = true, .stacks_max = limits[i]};
        eda_system *sys = asking_start(&options, everybody);

        go(sys, 0, 200, "get");
        (void)eda_system_step(sys, 0, NULL);
        asking_gate_open(asking_the_gate);
        asking_settle(sys);
        asking_assert_counts(sys, "asking_go", .accepted = 200, .handled = 200);
        assert_int_equal(asking_noted("ok") + asking_noted("EDA_ELIMIT"), 200);
        if (limits[i] >= 8) {
            assert_int_equal(asking_noted("ok"), 200);
        }
        asking_end(sys);
    }
}

static void many_turns_may_be_suspended_at_once(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 1200, .stack_size = 16384};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    go(sys, 0, 1000, "get");
    (void)eda_system_step(sys, 0, NULL);
    asking_assert_counts(sys, "asking_get", .accepted = 1000);
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("ok"), 1000);
    asking_end(sys);
}

/* What waits for something else than an answer gets the limit to see. */
static void others_beyond_stacks_max_get_elimit(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 4};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    go(sys, 0, 3, "block");
    go(sys, 10, 4, "get");
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("ok") + asking_noted("EDA_ELIMIT"), 7);
    assert_int_equal(asking_noted("ok") >= 4, true);
    asking_end(sys);
}

/* A chain of asks deeper than there are stacks ends in an error, not in silence. */
static void chain_deeper_than_stacks_gets_elimit(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 16};
    eda_system *sys = asking_start(&options, everybody);
    const asking_value *value = NULL;

    (void)state;
    assert_int_equal(eda_ask(eda_system_client(sys), EDA_ASK(asking_chain, &value, .depth = 10),
                         ASKING_TIMEOUT_MS),
        EDA_OK);
    assert_int_equal(value->n, 10);
    assert_int_equal(eda_ask(eda_system_client(sys), EDA_ASK(asking_chain, &value, .depth = 100),
                         ASKING_TIMEOUT_MS),
        EDA_ELIMIT);
    asking_settle(sys);
    asking_end(sys);
}

/* --- what is kept back -------------------------------------------------------------------- */

/* Askers hold all stacks there are for them; who is asked must ask on. */
static void responders_have_a_reserve(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 32};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    go(sys, 1, 100, "chain");
    asking_settle(sys);
    assert_int_equal(asking_noted("ok") + asking_noted("EDA_ELIMIT"), 100);
    asking_end(sys);
}

/* Before the request that all wait for, its responder has messages that need a stack themselves. */
static void responder_held_back_goes_on_when_asked(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 8};
    eda_system *sys = asking_start(&options, everybody);
    uint32_t i;

    (void)state;
    go(sys, 0, 3, "get"); /* hold stacks until the gate opens */
    (void)eda_system_step(sys, 0, NULL);
    for (i = 0; i < 3; i++) {
        assert_int_equal(
            eda_publish(eda_system_client(sys), EDA_MSG(asking_mixed_note, .n = i), NULL), EDA_OK);
    }
    go(sys, 10, 50, "mixed");
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("note0 note1") + asking_noted("note2"), 2);
    assert_int_equal(asking_noted("ok") + asking_noted("EDA_ELIMIT"), 53);
    asking_end(sys);
}

/* Those held back whose messages turn out not to ask do not leave the others standing. */
static void held_back_ones_all_run_in_the_end(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 6};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    go(sys, 0, 20, "get");
    go(sys, 100, 100, "nothing");
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(asking_the_gate);
    asking_settle(sys);
    assert_int_equal(asking_noted("ok"), 120);
    asking_end(sys);
}

static void held_back_ones_are_ended_by_stop(void **state)
{
    const eda_options options = {.pumped = true, .stacks_max = 6, .drain_ms = 1};
    eda_system *sys = asking_start(&options, everybody);

    (void)state;
    go(sys, 0, 50, "get");
    (void)eda_system_step(sys, 0, NULL);
    asking_gate_open(asking_the_gate);
    asking_end(sys);
}

static void stacks_on_many_workers_never_hang(void **state)
{
    const eda_options options = {.workers = 8, .stacks_max = 6};
    eda_system *sys = asking_start(&options, everybody);
    uint32_t round;

    (void)state;
    asking_gate_open(asking_the_gate);
    for (round = 0; round < 10; round++) {
        go(sys, 0, 50, "get");
        go(sys, 0, 50, "chain");
        go(sys, 0, 50, "mixed");
    }
    asking_settle(sys);
    asking_assert_counts(sys, "asking_go", .accepted = 1500, .handled = 1500);
    asking_end(sys);
}

#define GATED(test_) cmocka_unit_test_setup_teardown(test_, asking_make_gate, asking_free_gate)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strands_left_are_used_again),
        cmocka_unit_test(strands_beyond_those_kept_are_freed),
        GATED(askers_beyond_stacks_max_are_held_back),
        GATED(many_turns_may_be_suspended_at_once),
        GATED(others_beyond_stacks_max_get_elimit),
        GATED(chain_deeper_than_stacks_gets_elimit),
        GATED(responders_have_a_reserve),
        GATED(responder_held_back_goes_on_when_asked),
        GATED(held_back_ones_all_run_in_the_end),
        GATED(held_back_ones_are_ended_by_stop),
        GATED(stacks_on_many_workers_never_hang),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
