/* inbox_model_test.c - the hand-over of inbox.c, in every order of a few small threads: nothing is
 * lost, nothing comes twice or out of order, nobody sleeps on mail, and what is read has been
 * written.
 *
 * The owner loops as a worker does: take, park, sleep, unpark. */
#define EDAI_HAS_PLANTED 1

#include "explore.h"

#include "core/inbox.c" /* NOLINT(bugprone-suspicious-include): the production code, compiled for the explorer */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

edai_fault edai_planted;

#define PUSHERS_MAX 3u
#define ENVELOPES_MAX 6u

/* How many envelopes each chain of each pusher has; 0 ends. */
typedef struct shape {
    const char *name;
    unsigned pusher_count;
    unsigned chains[PUSHERS_MAX][4];
} shape;

static const shape *shaped;
static edai_inbox inbox;
static edai_waiter waiter;
static edai_envelope envelopes[PUSHERS_MAX][ENVELOPES_MAX];
static unsigned total;
static uint64_t taken[PUSHERS_MAX];

static unsigned count_of(unsigned pusher)
{
    const unsigned *chain = shaped->chains[pusher];
    unsigned count = 0;

    for (; *chain != 0; chain++) {
        count += *chain;
    }
    return count;
}

static void reset(void)
{
    unsigned i;

    edai_inbox_init(&inbox);
    memset(&waiter, 0, sizeof(waiter));
    memset(envelopes, 0, sizeof(envelopes));
    total = 0;
    for (i = 0; i < shaped->pusher_count; i++) {
        taken[i] = 0;
        total += count_of(i);
    }
}

static void push_all(unsigned pusher)
{
    const unsigned *chain_len = shaped->chains[pusher];
    unsigned sequence = 0;

    for (; *chain_len != 0; chain_len++) {
        edai_chain chain = {.newest = NULL};
        unsigned i;

        explore_forget(sequence);
        for (i = 0; i < *chain_len; i++) {
            edai_envelope *envelope = &envelopes[pusher][sequence];

            envelope->publisher = (uint16_t)pusher;
            envelope->identity = ++sequence;
            edai_chain_add(&chain, envelope);
        }
        if (edai_inbox_push(&inbox, &chain, explore_port())) {
            explore_port()->wake(NULL, &waiter);
        }
        explore_check(chain.newest == NULL && chain.count == 0, "a push empties the chain");
    }
}

static unsigned take_all(void)
{
    edai_envelope *at = edai_inbox_take(&inbox, explore_port());
    unsigned count = 0;

    while (at != NULL) {
        edai_envelope *next = at->next;

        explore_check(at->publisher < shaped->pusher_count, "what is taken was pushed");
        explore_check(
            at->identity == ++taken[at->publisher], "each once, in the order of its pusher");
        at->identity = 0; /* the owner may write to it */
        at = next;
        explore_check(++count <= total, "a chain ends");
    }
    explore_check((int32_t)edai_inbox_pending(&inbox) >= 0, "never more taken than pushed");
    return count;
}

static void own(void)
{
    unsigned count = 0;

    while (count < total) {
        unsigned now;

        explore_forget(count);
        now = take_all();
        count += now;
        if (now == 0 && edai_inbox_park(&inbox, explore_port())) {
            explore_port()->park(NULL, &waiter, EDAI_NO_DEADLINE);
            edai_inbox_unpark(&inbox);
        }
    }
}

static void run(unsigned thread)
{
    if (thread == 0) {
        own();
    } else {
        push_all(thread - 1);
    }
}

static void finish(void)
{
    unsigned i;

    for (i = 0; i < shaped->pusher_count; i++) {
        explore_check(taken[i] == count_of(i), "all that was pushed was taken");
    }
    explore_check(edai_inbox_is_empty(&inbox), "nothing is left");
    explore_check(edai_inbox_pending(&inbox) == 0, "pending counts what is left");
}

static explore_result explore_shape(const shape *given, bool is_weak, explore_fault fault)
{
    static const explore_region regions[] = {{&inbox, sizeof(inbox)}, {&waiter, sizeof(waiter)},
        {envelopes, sizeof(envelopes)}, {taken, sizeof(taken)}, {NULL, 0}};
    explore_model model = {.thread_count = given->pusher_count + 1,
        .reset = reset,
        .run = run,
        .finish = finish,
        .fault = fault,
        .regions = is_weak ? NULL : regions};
    explore_result result;

    shaped = given;
    result = explore(&model);
    explore_print(is_weak ? "weak memory" : "strong memory", given->name, &result);
    return result;
}

/* --- sound -------------------------------------------------------------------------------- */

static void explore_all(const shape *shapes, bool is_weak)
{
    for (; shapes->name != NULL; shapes++) {
        explore_result result = explore_shape(shapes, is_weak, EXPLORE_SOUND);

        assert_null(result.failure);
        assert_true(result.schedule_count > 0);
    }
}

static void inbox_in_every_schedule_loses_nothing(void **state)
{
    static const shape shapes[] = {
        {"1 pusher, chains of 1, 2 and 3", 1, {{1, 2, 3}}},
        {"2 pushers, chains of 2 and 1, of 3", 2, {{2, 1}, {3}}},
        {"2 pushers, 2 chains each", 2, {{1, 2}, {2, 1}}},
        {"3 pushers, chains of 1, 2 and 1", 3, {{1}, {2}, {1}}},
        {NULL, 0, {{0}}},
    };

    (void)state;
    explore_all(shapes, false);
}

static void inbox_with_stale_loads_loses_nothing(void **state)
{
    static const shape shapes[] = {
        {"1 pusher, a chain of 1", 1, {{1}}},
        {"1 pusher, chains of 1 and 2", 1, {{1, 2}}},
        {"2 pushers, chains of 2 and 1", 2, {{2}, {1}}},
        {NULL, 0, {{0}}},
    };

    (void)state;
    explore_all(shapes, true);
}

/* --- mutations: each must be found -------------------------------------------------------- */

static const shape two = {"2 pushers, one chain each", 2, {{2}, {1}}};

static void inbox_with_relaxed_release_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, true, EXPLORE_RELAXED_RELEASE).failure);
}

static void inbox_with_relaxed_acquire_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, true, EXPLORE_RELAXED_ACQUIRE).failure);
}

static void inbox_parked_by_plain_store_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, true, EXPLORE_BLIND_PARK).failure);
}

static void inbox_unparked_by_plain_store_is_found_out(void **state)
{
    (void)state;
    assert_non_null(explore_shape(&two, true, EXPLORE_BLIND_UNPARK).failure);
}

static void inbox_counted_after_the_push_is_found_out(void **state)
{
    (void)state;
    assert_string_equal(
        explore_shape(&two, true, EXPLORE_LATE_ADD).failure, "never more taken than pushed");
}

static void inbox_with_mark_looked_for_early_is_found_out(void **state)
{
    explore_result result;

    (void)state;
    edai_planted = EDAI_FAULT_LOST_WAKEUP;
    result = explore_shape(&two, true, EXPLORE_SOUND);
    edai_planted = EDAI_FAULT_NONE;
    assert_string_equal(result.failure, "a thread sleeps for ever");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inbox_in_every_schedule_loses_nothing),
        cmocka_unit_test(inbox_with_stale_loads_loses_nothing),
        cmocka_unit_test(inbox_with_relaxed_release_is_found_out),
        cmocka_unit_test(inbox_with_relaxed_acquire_is_found_out),
        cmocka_unit_test(inbox_parked_by_plain_store_is_found_out),
        cmocka_unit_test(inbox_unparked_by_plain_store_is_found_out),
        cmocka_unit_test(inbox_counted_after_the_push_is_found_out),
        cmocka_unit_test(inbox_with_mark_looked_for_early_is_found_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
