/* counts_test.c - sums by message and actor, balances on the way, and activations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "delivery.h"

EDA_MESSAGE(coin, "coin/{box}", (uint32_t, box), (bool, is_false));
EDA_MESSAGE(bill, "bill/{box}", (uint32_t, box));
EDA_MESSAGE(rumour, "rumour", (uint32_t, n));

typedef struct money_box {
    uint64_t count;
} money_box;

static eda_status box_coin(money_box *self, const coin *message, eda_ctx *ctx)
{
    self->count++;
    EDA_TRY(eda_publish(ctx, EDA_MSG(rumour, .n = message->box), NULL));
    return message->is_false ? EDA_EINVAL : EDA_OK;
}

static void box_bill(money_box *self, const bill *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(money_box, eda_none, key(box), emits(rumour), on(coin, box_coin), on(bill, box_bill));

typedef struct cashier {
    uint64_t count;
} cashier;

static void cashier_coin(cashier *self, const coin *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(cashier, eda_none, on(coin, cashier_coin));

static void counts_are_summed_by_message_and_actor(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_money_box, &eda_actor_cashier));
    eda_ctx *client = eda_system_client(sys);
    uint32_t i;

    (void)state;
    for (i = 0; i < 10; i++) {
        delivery_assert_ok(
            eda_publish(client, EDA_MSG(coin, .box = i % 3, .is_false = i == 4), NULL));
        delivery_assert_ok(eda_publish(client, EDA_MSG(bill, .box = i % 2), NULL));
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "coin", "money_box", .handled = 9, .failed = 1);
    delivery_assert_counts(sys, "coin", "cashier", .handled = 10);
    delivery_assert_counts(sys, "coin", NULL, .handled = 19, .failed = 1);
    delivery_assert_counts(sys, "bill", "money_box", .handled = 10);
    delivery_assert_counts(sys, "bill", "cashier", .handled = 0);
    delivery_assert_counts(sys, NULL, "money_box", .handled = 19, .failed = 1);
    delivery_assert_counts(sys, NULL, "cashier", .handled = 10);
    /* A publish of a turn that failed was heard of all the same: it is counted as it is made. */
    delivery_assert_counts(sys, "rumour", NULL, .unheard = 10);
    delivery_assert_counts(sys, NULL, NULL, .handled = 29, .failed = 1, .unheard = 10);
    assert_int_equal(eda_system_activations(sys, "money_box").live, 3);
    assert_int_equal(eda_system_activations(sys, "cashier").live, 1);
    assert_int_equal(eda_system_activations(sys, NULL).live, 4);
    assert_int_equal(eda_system_activations(sys, NULL).starts, 4);
    delivery_end(sys);
}

/* A query, from whichever thread: the text of a call that failed stays whose it is. */
static void counts_of_an_unknown_name_say_so_and_leave_the_error_text_alone(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_money_box, &eda_actor_cashier));
    const char *text = eda_system_error(sys);

    (void)state;
    delivery_assert_status(eda_system_start(sys), EDA_ESTATE);
    assert_non_null(strstr(text, "start"));
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(coin), 60000));
    assert_true(eda_system_counts(sys, NULL, NULL).is_known);
    assert_true(eda_system_counts(sys, "coin", "cashier").is_known);
    delivery_assert_counts(sys, "no_such", NULL, .handled = 0);
    assert_false(eda_system_counts(sys, "no_such", "cashier").is_known);
    delivery_assert_counts(sys, NULL, "nobody", .handled = 0);
    assert_false(eda_system_counts(sys, "coin", "nobody").is_known);
    assert_true(eda_system_activations(sys, NULL).is_known);
    assert_true(eda_system_activations(sys, "cashier").is_known);
    assert_int_equal(eda_system_activations(sys, "no_such").live, 0);
    assert_false(eda_system_activations(sys, "no_such").is_known);
    assert_non_null(strstr(text, "start"));
    delivery_end(sys);
}

static void balance_is_what_is_on_its_way(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_money_box, &eda_actor_cashier));
    eda_ctx *client = eda_system_client(sys);
    eda_counts counts;
    uint32_t i;

    (void)state;
    for (i = 0; i < 10; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(bill, .box = 1), NULL));
    }
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(eda_counts_balance(&counts), 10);
    for (i = 0; i < 10; i++) {
        assert_int_equal(eda_system_step(sys, 1, NULL), 1);
        counts = eda_system_counts(sys, NULL, NULL);
        assert_int_equal(eda_counts_balance(&counts), 9 - (int64_t)i);
    }
    delivery_end(sys);
}

static void counts_before_start_and_after_stop_are_there(void **state)
{
    const eda_options options = {.pumped = true};
    eda_system *sys = NULL;

    (void)state;
    delivery_assert_ok(eda_system_new(&options, &sys));
    delivery_assert_counts(sys, NULL, NULL, .handled = 0);
    assert_int_equal(eda_system_activations(sys, NULL).live, 0);
    assert_false(eda_system_activations(sys, "cashier").is_known);
    delivery_assert_ok(eda_add(sys, EDA_WITH(cashier)));
    delivery_assert_counts(sys, "coin", "cashier", .handled = 0);
    delivery_assert_ok(eda_system_start(sys));
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(coin), 60000));
    (void)delivery_stop(sys);
    delivery_assert_counts(sys, "coin", "cashier", .handled = 1);
    assert_int_equal(eda_system_activations(sys, NULL).starts, 1);
    eda_system_free(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_summed_by_message_and_actor),
        cmocka_unit_test(counts_of_an_unknown_name_say_so_and_leave_the_error_text_alone),
        cmocka_unit_test(balance_is_what_is_on_its_way),
        cmocka_unit_test(counts_before_start_and_after_stop_are_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
