/* fan_test.c - a message for many: receivers handle bundles in place, and whoever cannot gets what
 * it would have got by envelopes, in the same order and with the same counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "core/system.h"
#include "delivery.h"

#define LISTENERS 6u
#define MAILBOX 64u
#define HEARD_MAX 512u

/* What one listener does upon a piece of news. */
enum {
    NOTHING,
    ASK,
    FAIL,
    FAIL_ONCE,
    NAP,
    SHOUT,
    REMARK
};

EDA_MESSAGE(fan_news, "fan/news", (uint64_t, number), (uint32_t, who), (uint32_t, what));
EDA_MESSAGE(fan_note, "fan/note", (uint64_t, number));
EDA_MESSAGE(fan_shout, "fan/shout", (uint64_t, number));
EDA_MESSAGE(fan_order, "fan/order", (uint64_t, from), (uint64_t, to), (uint32_t, who),
    (uint32_t, what), (bool, with_notes));
EDA_RECORD(fan_answer, (uint64_t, number));
EDA_REQUEST(fan_question, fan_answer, "fan/question", (uint64_t, number));

typedef struct listener_deps {
    uint32_t index;
} listener_deps;
EDA_OPAQUE(listener_deps);

typedef struct listener {
    uint32_t index;
} listener;

/* By listener, in the order in which it came; a note has the number plus 1000. */
static uint64_t heard[LISTENERS][HEARD_MAX];
static uint32_t heard_len[LISTENERS];
static uint32_t shouts[LISTENERS];

static void hear(const listener *self, uint64_t number)
{
    assert_true(heard_len[self->index] < HEARD_MAX);
    heard[self->index][heard_len[self->index]++] = number;
}

static eda_status listener_start(void *state, const void *deps, eda_ctx *ctx)
{
    (void)ctx;
    ((listener *)state)->index = ((const listener_deps *)deps)->index;
    return EDA_OK;
}

static eda_status on_news(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    listener *self = state;
    const fan_news *news = message;
    const fan_answer *answer = NULL;

    (void)ret_reply;
    if (news->who == self->index && news->what == FAIL_ONCE) {
        const eda_envelope *envelope = eda_envelope_of(ctx);

        if (envelope == NULL || envelope->attempt == 1) {
            return EDA_EFAILED;
        }
    }
    hear(self, news->number);
    if (news->who != self->index) {
        return EDA_OK;
    }
    switch (news->what) {
    case ASK:
        EDA_TRY(eda_ask(ctx, EDA_ASK(fan_question, &answer, .number = news->number), EDA_FOREVER));
        return answer->number == news->number ? EDA_OK : EDA_EFAILED;
    case NAP:
        return eda_sleep(ctx, EDA_SEC(100000));
    case SHOUT:
        return eda_publish(ctx, EDA_MSG(fan_shout, .number = news->number), NULL);
    case REMARK:
        return eda_publish(ctx, EDA_MSG(fan_note, .number = news->number), NULL);
    default:
        return news->what == FAIL ? EDA_EFAILED : EDA_OK;
    }
}

static eda_status on_note(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    (void)ret_reply;
    (void)ctx;
    hear(state, 1000 + ((const fan_note *)message)->number);
    return EDA_OK;
}

static eda_status on_shout(void *state, const void *message, void *ret_reply, eda_ctx *ctx)
{
    (void)message;
    (void)ret_reply;
    (void)ctx;
    shouts[((listener *)state)->index]++;
    return EDA_OK;
}

#define NEWS                                                                                       \
    {                                                                                              \
        .type = &eda_type_fan_news, .fn = on_news, .attempts = 2                                   \
    }
#define SHOUTS                                                                                     \
    {                                                                                              \
        .type = &eda_type_fan_shout, .fn = on_shout                                                \
    }
static const eda_handler plain_handlers[] = {NEWS, SHOUTS, {.fn = NULL}};
/* Listener 0 gets notes, too, by ordinary envelopes. */
static const eda_handler first_handlers[] = {
    NEWS, SHOUTS, {.type = &eda_type_fan_note, .fn = on_note}, {.fn = NULL}};

static void oracle_answer(int *self, const fan_question *asked, fan_answer *ret_answer)
{
    (*self)++;
    ret_answer->number = asked->number;
}
typedef int oracle;
EDA_ACTOR(oracle, eda_none, answers(fan_question, oracle_answer));

typedef struct editor {
    uint64_t count;
} editor;

static eda_status editor_on_order(editor *self, const fan_order *order, eda_ctx *ctx)
{
    for (uint64_t i = order->from; i <= order->to; i++) {
        EDA_TRY(eda_publish(ctx,
            EDA_MSG(fan_news, .number = i, .who = order->who,
                .what = i == (order->from + order->to) / 2 ? order->what : NOTHING),
            NULL));
        if (order->with_notes) {
            EDA_TRY(eda_publish(ctx, EDA_MSG(fan_note, .number = i), NULL));
        }
        self->count++;
    }
    return EDA_OK;
}

EDA_ACTOR(editor, eda_none, emits(fan_news, fan_note), on(fan_order, editor_on_order));

static void drop_line(void *arg, eda_str line)
{
    (void)arg;
    (void)line;
}

static eda_actor actors[LISTENERS];

/* The last one goes as soon as it is idle. EDA_ENOMEM leaves nothing. */
static eda_status try_start(uint32_t workers, eda_system **ret_sys)
{
    static char names[LISTENERS][16];
    static listener_deps deps[LISTENERS];
    static const eda_type *const emitted[] = {
        &eda_type_fan_question, &eda_type_fan_shout, &eda_type_fan_note, NULL};
    const eda_options options = {.pumped = workers == 0, .workers = workers, .log = drop_line};
    eda_status status = eda_system_new(&options, ret_sys);
    uint32_t i;

    memset(heard_len, 0, sizeof(heard_len));
    memset(shouts, 0, sizeof(shouts));
    EDA_TRY(status);
    status = eda_add(*ret_sys, (eda_added){.actor = &eda_actor_oracle});
    status = status == EDA_OK ? eda_add(*ret_sys, (eda_added){.actor = &eda_actor_editor}) : status;
    for (i = 0; i < LISTENERS && status == EDA_OK; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "listener_%u", i);
        deps[i].index = i;
        actors[i] = (eda_actor){.name = names[i],
            .size = sizeof(listener),
            .deps = &eda_type_listener_deps,
            .emits = emitted,
            .start = listener_start,
            .options = {.mailbox_len_max = MAILBOX, .passivates_at_once = i == LISTENERS - 1},
            .handlers = i == 0 ? first_handlers : plain_handlers};
        status = eda_add(*ret_sys, (eda_added){.actor = &actors[i], .deps = &deps[i]});
    }
    status = status == EDA_OK ? eda_system_start(*ret_sys) : status;
    if (status != EDA_OK) {
        eda_system_free(*ret_sys);
        *ret_sys = NULL;
    }
    return status;
}

static eda_system *start(uint32_t workers)
{
    eda_system *sys = NULL;

    delivery_assert_ok(try_start(workers, &sys));
    return sys;
}

typedef struct order {
    uint64_t from;
    uint64_t to;
    uint32_t who;
    uint32_t what; /* upon the one in the middle */
    bool with_notes;
} order;

static void give(eda_system *sys, order given)
{
    delivery_assert_ok(eda_publish(eda_system_client(sys),
        EDA_MSG(fan_order, .from = given.from, .to = given.to, .who = given.who, .what = given.what,
            .with_notes = given.with_notes),
        NULL));
}

/* It heard from `from` to `to`, and nothing else. */
static void assert_heard(uint32_t index, uint64_t from, uint64_t to)
{
    uint64_t i;

    assert_int_equal(heard_len[index], to - from + 1);
    for (i = from; i <= to; i++) {
        assert_int_equal(heard[index][i - from], i);
    }
    heard_len[index] = 0;
}

static void assert_others_heard(uint32_t but, uint64_t from, uint64_t to)
{
    uint32_t i;

    for (i = 0; i < LISTENERS; i++) {
        if (i != but) {
            assert_heard(i, from, to);
        }
    }
}

static void plain_receivers_are_in_a_fan(void **state)
{
    eda_system *sys = start(0);
    const edai_msg *msg = edai_contract_msg(sys, &eda_type_fan_news);

    (void)state;
    assert_non_null(msg->fans);
    assert_int_equal(msg->fans->count, LISTENERS);
    assert_int_equal(msg->loose_count, 0);
    assert_null(edai_contract_msg(sys, &eda_type_fan_note)->fans);
    delivery_end(sys);
}

static void everybody_hears_everything_in_order(void **state)
{
    eda_system *sys = start(0);
    uint64_t i;

    (void)state;
    for (i = 0; i < 5; i++) { /* the first of them starts everybody */
        give(sys, (order){.from = 40 * i, .to = 40 * i + 39});
        delivery_settle(sys);
        assert_others_heard(LISTENERS, 40 * i, 40 * i + 39);
    }
    delivery_assert_counts(sys, "fan_news", NULL, .handled = UINT64_C(200) * LISTENERS);
    delivery_assert_counts(sys, "fan_news", "listener_3", .handled = 200);
    delivery_end(sys);
}

static void ordinary_message_does_not_overtake_a_bundle(void **state)
{
    eda_system *sys = start(0);
    uint32_t round;
    uint64_t i;

    (void)state;
    for (round = 0; round < 2; round++) { /* not started, started */
        give(sys, (order){.from = 1, .to = 20, .with_notes = true});
        delivery_settle(sys);
        assert_int_equal(heard_len[0], 40);
        for (i = 0; i < 20; i++) {
            assert_int_equal(heard[0][2 * i], i + 1);
            assert_int_equal(heard[0][2 * i + 1], 1000 + i + 1);
        }
        heard_len[0] = 0;
        assert_others_heard(0, 1, 20);
    }
    delivery_end(sys);
}

static void receiver_that_suspends_hears_the_rest_afterwards(void **state)
{
    eda_system *sys = start(0);
    uint32_t round;

    (void)state;
    for (round = 0; round < 3; round++) {
        give(sys, (order){.from = 1, .to = 30, .who = 2, .what = ASK});
        delivery_settle(sys);
        assert_others_heard(LISTENERS, 1, 30);
    }
    delivery_assert_counts(sys, "fan_news", NULL, .handled = UINT64_C(90) * LISTENERS);
    delivery_end(sys);
}

static void receiver_that_fails_hears_the_rest(void **state)
{
    eda_system *sys = start(0);

    (void)state;
    give(sys, (order){.from = 1, .to = 10});
    delivery_settle(sys);
    assert_others_heard(LISTENERS, 1, 10);
    give(sys, (order){.from = 11, .to = 30, .who = 3, .what = FAIL_ONCE});
    delivery_settle(sys);
    assert_others_heard(LISTENERS, 11, 30);
    delivery_assert_counts(sys, "fan_news", NULL, .handled = UINT64_C(30) * LISTENERS);
    give(sys, (order){.from = 31, .to = 40, .who = 3, .what = FAIL});
    delivery_settle(sys);
    assert_int_equal(heard_len[3], 11); /* that one twice */
    heard_len[3] = 0;
    assert_others_heard(3, 31, 40);
    delivery_assert_counts(sys, "fan_news", "listener_3", .handled = 39, .dead = 1);
    delivery_end(sys);
}

static void receiver_publishes_while_bundles_wait(void **state)
{
    eda_system *sys = start(0);
    uint32_t round;
    uint32_t i;

    (void)state;
    for (round = 1; round < 3; round++) {
        give(sys, (order){.from = 1, .to = 30, .who = 1, .what = SHOUT}); /* another fan */
        delivery_settle(sys);
        assert_others_heard(LISTENERS, 1, 30);
        for (i = 0; i < LISTENERS; i++) {
            assert_int_equal(shouts[i], round);
        }
    }
    give(sys, (order){.from = 1, .to = 3, .who = 0, .what = REMARK}); /* to itself */
    delivery_settle(sys);
    assert_int_equal(heard_len[0], 4);
    assert_int_equal(heard[0][3], 1002);
    heard_len[0] = 0;
    assert_others_heard(0, 1, 3);
    delivery_end(sys);
}

static void receiver_that_is_full_sheds_by_itself(void **state)
{
    eda_system *sys = start(0);
    uint64_t i;

    (void)state;
    give(sys, (order){.from = 1, .to = 1, .who = 4, .what = NAP});
    (void)delivery_pump(sys);
    for (i = 0; i < 4; i++) {
        give(sys, (order){.from = 2 + 20 * i, .to = 21 + 20 * i});
        (void)delivery_pump(sys);
    }
    assert_int_equal(heard_len[4], 1);
    heard_len[4] = 0;
    assert_others_heard(4, 1, 81);
    assert_int_equal(eda_system_counts(sys, "fan_news", "listener_4").shed, 80 - MAILBOX);
    assert_int_equal(eda_system_counts(sys, "fan_news", NULL).shed, 80 - MAILBOX);
    delivery_end(sys);
}

/* As if each event had gone to each mailbox: the bound is the same. */
static void burst_beyond_the_mailbox_is_shed(void **state)
{
    eda_system *sys = start(0);

    (void)state;
    give(sys, (order){.from = 1, .to = 100});
    delivery_settle(sys);
    assert_others_heard(LISTENERS, 1, MAILBOX);
    give(sys, (order){.from = 1, .to = 100}); /* all are started now */
    delivery_settle(sys);
    assert_others_heard(LISTENERS, 1, MAILBOX);
    delivery_assert_counts(sys, "fan_news", NULL, .handled = UINT64_C(2) * MAILBOX * LISTENERS,
        .shed = UINT64_C(2) * (100 - MAILBOX) * LISTENERS);
    delivery_end(sys);
}

static void receiver_that_passivates_is_started_again(void **state)
{
    eda_system *sys = start(0);
    uint32_t round;

    (void)state;
    for (round = 1; round < 4; round++) {
        give(sys, (order){.from = 1, .to = 10});
        delivery_settle(sys);
        (void)delivery_pump(sys);
        assert_others_heard(LISTENERS, 1, 10);
        assert_int_equal(eda_system_activations(sys, "listener_5").live, 0);
        assert_true(eda_system_activations(sys, "listener_5").starts >= round);
    }
    delivery_end(sys);
}

static void client_publishes_bundles_and_waits(void **state)
{
    eda_system *sys = start(0);
    eda_ctx *client = eda_system_client(sys);
    uint64_t i;

    (void)state;
    for (i = 1; i <= 30; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(fan_news, .number = i), NULL));
    }
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(fan_news, .number = 31), 60000));
    assert_others_heard(LISTENERS, 1, 31); /* what came before the receipt's has ended, too */
    delivery_end(sys);
}

static void stop_ends_what_waits_in_bundles(void **state)
{
    eda_system *sys = start(0);
    uint32_t wait_ms = 0;
    eda_counts counts;

    (void)state;
    give(sys, (order){.from = 1, .to = 30, .who = 2, .what = NAP});
    (void)eda_system_step(sys, 2, &wait_ms); /* the editor's turn, and one more */
    counts = delivery_stop(sys);
    assert_int_equal(counts.accepted, UINT64_C(30) * LISTENERS + 1);
    assert_true(counts.stopped + counts.handled >= counts.accepted - 1);
    eda_system_free(sys);
}

static void two_workers_keep_order_and_counts(void **state)
{
    eda_system *sys = start(2);
    uint64_t i;

    (void)state;
    for (i = 0; i < 8; i++) {
        give(sys, (order){.from = 30 * i,
                      .to = 30 * i + 29,
                      .who = (uint32_t)i % LISTENERS,
                      .what = i % 2 == 0 ? ASK : SHOUT});
        delivery_settle(sys);
        assert_others_heard(LISTENERS, 30 * i, 30 * i + 29);
    }
    delivery_assert_counts(sys, "fan_news", NULL, .handled = UINT64_C(240) * LISTENERS);
    delivery_end(sys);
}

/* True when an allocation was made to fail. */
static bool run_with_failure(uint64_t nth)
{
    uint64_t failed_before = edai_alloc_failed_count();
    eda_system *sys = NULL;
    uint32_t what;
    bool has_failed;

    edai_alloc_fail_at(nth);
    if (try_start(0, &sys) == EDA_OK) {
        for (what = ASK; what <= REMARK; what++) { /* listener 0 does each of them */
            if (what != NAP) {
                (void)!eda_publish(eda_system_client(sys),
                    EDA_MSG(fan_order, .from = 1, .to = 10, .who = 0, .what = what), NULL);
                (void)!eda_wait_idle(sys, 60000);
                (void)!eda_publish(eda_system_client(sys), EDA_MSG(fan_news, .number = 1), NULL);
                (void)delivery_pump(sys);
            }
        }
        has_failed = edai_alloc_failed_count() != failed_before;
        edai_alloc_fail_at(0);
        if (has_failed) {
            memset(heard_len, 0, sizeof(heard_len));
            give(sys, (order){.from = 1, .to = 10});
            delivery_settle(sys);
            assert_others_heard(LISTENERS, 1, 10);
        }
        delivery_end(sys);
    }
    edai_alloc_fail_at(0);
    return edai_alloc_failed_count() != failed_before;
}

static void every_allocation_may_fail(void **state)
{
    uint64_t nth = 1;

    (void)state;
    while (run_with_failure(nth)) {
        nth++;
    }
    assert_true(nth > 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_receivers_are_in_a_fan),
        cmocka_unit_test(everybody_hears_everything_in_order),
        cmocka_unit_test(ordinary_message_does_not_overtake_a_bundle),
        cmocka_unit_test(receiver_that_suspends_hears_the_rest_afterwards),
        cmocka_unit_test(receiver_that_fails_hears_the_rest),
        cmocka_unit_test(receiver_publishes_while_bundles_wait),
        cmocka_unit_test(receiver_that_is_full_sheds_by_itself),
        cmocka_unit_test(burst_beyond_the_mailbox_is_shed),
        cmocka_unit_test(receiver_that_passivates_is_started_again),
        cmocka_unit_test(client_publishes_bundles_and_waits),
        cmocka_unit_test(stop_ends_what_waits_in_bundles),
        cmocka_unit_test(two_workers_keep_order_and_counts),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
