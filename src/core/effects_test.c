/* effects_test.c - what a handler publishes: allowed by its contract, bounded, and released only
 * when its turn succeeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery.h"

EDA_MESSAGE(effect, "effect", (uint32_t, n));
EDA_MESSAGE(unlisted, "unlisted", (uint32_t, n));
EDA_MESSAGE(ranged, "ranged", (uint32_t, n, .range = {1, 9}));
EDA_MESSAGE(lonely, "lonely", (uint32_t, n));
EDA_MESSAGE(order, "order", (uint32_t, count), (bool, is_failing));
EDA_MESSAGE(forbidden_order, "order/forbidden", (uint32_t, n));
EDA_RECORD(nothing);
EDA_REQUEST(inquiry, nothing, "inquiry", (uint32_t, n));

static uint32_t effects_seen;
static eda_status statuses[8];

typedef struct receiver {
    uint32_t count;
} receiver;

static void receive_effect(receiver *self, const effect *message)
{
    (void)message;
    self->count++;
    effects_seen++;
}

static void receive_unlisted(receiver *self, const unlisted *message)
{
    (void)message;
    self->count++;
}

static void receive_ranged(receiver *self, const ranged *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(receiver, eda_none, options(.mailbox_len_max = 10000), on(effect, receive_effect),
    on(unlisted, receive_unlisted), on(ranged, receive_ranged));

typedef struct emitter {
    uint32_t count;
} emitter;

static eda_status emit_many(emitter *self, const order *message, eda_ctx *ctx)
{
    uint32_t i;

    self->count++;
    for (i = 0; i < message->count; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(effect, .n = i), NULL));
    }
    assert_int_equal(effects_seen, 0); /* none has left yet, even to a neighbour */
    return message->is_failing ? EDA_EFAILED : EDA_OK;
}

static eda_status emit_forbidden(emitter *self, const forbidden_order *message, eda_ctx *ctx)
{
    eda_receipt receipt = {.id = 0};

    (void)message;
    self->count++;
    statuses[0] = eda_publish(ctx, EDA_MSG(unlisted, .n = 1), NULL);
    statuses[1] = eda_publish(ctx, EDA_MSG(effect, .n = 1), &receipt);
    statuses[2] = eda_publish(ctx, EDA_MSG(ranged, .n = 10), NULL);
    statuses[3] = eda_publish(ctx, EDA_MSG(lonely, .n = 1), NULL);
    statuses[4] = eda_publish_after(ctx, EDA_MSG(unlisted, .n = 1), EDA_SEC(1));
    statuses[5] = eda_publish_json(ctx, EDA_STR("unlisted"), EDA_STR("{\"n\": 1}"), NULL);
    statuses[6] =
        eda_publish_raw(ctx, EDA_STR("some/where"), EDA_STR("text/plain"), EDA_BYTES("x"), NULL);
    statuses[7] = eda_wait(ctx, receipt, 1);
    return EDA_OK;
}

EDA_ACTOR(emitter, eda_none, emits(effect, ranged, lonely), on(order, emit_many),
    on(forbidden_order, emit_forbidden));

static eda_system *start(void)
{
    effects_seen = 0;
    return delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_receiver, &eda_actor_emitter));
}

static void effects_leave_when_the_turn_succeeds(void **state)
{
    eda_system *sys = start();

    (void)state;
    delivery_assert_ok(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(order, .count = 10), 60000));
    delivery_settle(sys);
    assert_int_equal(effects_seen, 10);
    delivery_end(sys);
}

static void effects_of_a_failed_turn_never_leave(void **state)
{
    eda_system *sys = start();

    (void)state;
    delivery_assert_status(eda_publish_wait(eda_system_client(sys),
                               EDA_MSG(order, .count = 10, .is_failing = true), 60000),
        EDA_EFAILED);
    delivery_settle(sys);
    assert_int_equal(effects_seen, 0);
    delivery_assert_counts(sys, "effect", NULL, .handled = 0);
    delivery_assert_counts(sys, "order", NULL, .failed = 1);
    delivery_end(sys);
}

static void effects_up_to_4096_leave_one_more_is_refused(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(order, .count = 4096), 60000));
    delivery_settle(sys);
    assert_int_equal(effects_seen, 4096);
    effects_seen = 0;
    delivery_assert_status(
        eda_publish_wait(client, EDA_MSG(order, .count = 4097), 60000), EDA_EFAILED);
    delivery_settle(sys);
    assert_int_equal(effects_seen, 0);
    delivery_end(sys);
}

static void effects_not_in_the_contract_are_refused(void **state)
{
    eda_system *sys = start();

    (void)state;
    delivery_assert_ok(
        eda_publish_wait(eda_system_client(sys), EDA_MSG(forbidden_order, .n = 1), 60000));
    delivery_assert_status(statuses[0], EDA_EPERM);
    delivery_assert_status(statuses[1], EDA_EPERM); /* a receipt is for clients */
    delivery_assert_status(statuses[2], EDA_ERANGE);
    delivery_assert_status(statuses[3], EDA_OK); /* listed, and nobody hears it */
    delivery_assert_status(statuses[4], EDA_EPERM);
    delivery_assert_status(statuses[5], EDA_EPERM);
    delivery_assert_status(statuses[6], EDA_EPERM);
    delivery_assert_status(statuses[7], EDA_EPERM);
    delivery_settle(sys);
    delivery_assert_counts(sys, "unlisted", NULL, .handled = 0);
    delivery_assert_counts(sys, "lonely", NULL, .unheard = 1);
    delivery_assert_counts(sys, "forbidden_order", NULL, .handled = 1);
    delivery_end(sys);
}

/* --- those of start and stop, and those that leave later ---------------------------------- */

EDA_MESSAGE(poke, "poke/{id}", (uint32_t, id));

typedef struct herald {
    uint32_t count;
} herald;

static eda_status herald_start(herald *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    EDA_TRY(eda_publish(ctx, EDA_MSG(effect, .n = 1), NULL));
    return eda_str_equal(eda_key(ctx), EDA_STR("13")) ? EDA_EFAILED : EDA_OK;
}

static void herald_poke(herald *self, const poke *message)
{
    (void)message;
    self->count++;
}

static void herald_stop(herald *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    (void)reason;
    (void)!eda_publish(ctx, EDA_MSG(effect, .n = 2), NULL);
}

EDA_ACTOR(herald, eda_none, key(id), emits(effect), start(herald_start), stop(herald_stop),
    options(.passivates_at_once = true), on(poke, herald_poke));

static void effects_of_start_and_stop_leave_those_of_a_refused_start_do_not(void **state)
{
    eda_system *sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_receiver, &eda_actor_herald));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    effects_seen = 0;
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(poke, .id = 12), 60000));
    (void)delivery_pump(sys);
    assert_int_equal(effects_seen, 2);
    delivery_assert_status(eda_publish_wait(client, EDA_MSG(poke, .id = 13), 60000), EDA_EDEAD);
    (void)delivery_pump(sys);
    assert_int_equal(effects_seen, 2);
    delivery_assert_counts(sys, "poke", NULL, .handled = 1, .dead = 1);
    delivery_settle(sys);
    delivery_end(sys);
}

EDA_MESSAGE(later_order, "order/later", (uint32_t, count), (bool, is_failing));

typedef struct procrastinator {
    uint32_t count;
} procrastinator;

static eda_status put_off(procrastinator *self, const later_order *message, eda_ctx *ctx)
{
    eda_status status = EDA_OK;
    uint32_t i;

    self->count++;
    for (i = 0; i < message->count && status == EDA_OK; i++) {
        status = eda_publish_after(ctx, EDA_MSG(effect, .n = i), 0);
    }
    statuses[0] = status;
    return message->is_failing ? EDA_EFAILED : EDA_OK;
}

EDA_ACTOR(procrastinator, eda_none, emits(effect), on(later_order, put_off));

static void delayed_effects_leave_on_success_and_count_for_the_limit(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_receiver, &eda_actor_procrastinator));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    effects_seen = 0;
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(later_order, .count = 10), 60000));
    (void)delivery_pump(sys);
    assert_int_equal(effects_seen, 10);
    delivery_assert_status(
        eda_publish_wait(client, EDA_MSG(later_order, .count = 10, .is_failing = true), 60000),
        EDA_EFAILED);
    (void)delivery_pump(sys);
    assert_int_equal(effects_seen, 10);
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(later_order, .count = 5000), 60000));
    delivery_assert_status(statuses[0], EDA_ELIMIT);
    (void)delivery_pump(sys);
    assert_int_equal(effects_seen, 10 + 4096);
    delivery_settle(sys);
    delivery_end(sys);
}

/* --- what a client may not ---------------------------------------------------------------- */

static void requests_and_unknown_types_are_not_published(void **state)
{
    eda_system *sys = NULL;
    eda_ctx *client;
    const eda_options options = {.pumped = true};

    (void)state;
    delivery_assert_ok(eda_system_new(&options, &sys));
    delivery_assert_ok(eda_add(sys, EDA_WITH(receiver)));
    delivery_assert_ok(eda_declare(sys, &eda_type_inquiry));
    delivery_assert_ok(eda_system_start(sys));
    client = eda_system_client(sys);
    delivery_assert_status(eda_publish(client, EDA_MSG(inquiry, .n = 1), NULL), EDA_EINVAL);
    delivery_assert_status(
        eda_publish_after(client, EDA_MSG(inquiry, .n = 1), EDA_SEC(1)), EDA_EINVAL);
    delivery_assert_status(eda_publish(client, EDA_MSG(order, .count = 1), NULL), EDA_ENOTYPE);
    delivery_assert_status(eda_publish(client, EDA_MSG(nothing), NULL), EDA_ENOTYPE); /* a record */
    delivery_assert_status(
        eda_publish_after(client, EDA_MSG(order, .count = 1), EDA_SEC(1)), EDA_ENOTYPE);
    delivery_assert_status(eda_publish(client, EDA_MSG(ranged, .n = 0), NULL), EDA_ERANGE);
    assert_true(eda_error(client).len > 0);
    delivery_assert_counts(sys, NULL, NULL, .handled = 0);
    delivery_end(sys);
}

static void publish_after_that_nobody_hears_is_counted(void **state)
{
    eda_system *sys = NULL;
    const eda_options options = {.pumped = true};

    (void)state;
    delivery_assert_ok(eda_system_new(&options, &sys));
    delivery_assert_ok(eda_declare(sys, &eda_type_lonely));
    delivery_assert_ok(eda_system_start(sys));
    delivery_assert_ok(eda_publish_after(eda_system_client(sys), EDA_MSG(lonely, .n = 1), 0));
    delivery_assert_ok(eda_publish_wait(eda_system_client(sys), EDA_MSG(lonely, .n = 2), 60000));
    (void)delivery_pump(sys);
    delivery_assert_counts(sys, "lonely", NULL, .unheard = 2);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(effects_leave_when_the_turn_succeeds),
        cmocka_unit_test(effects_of_a_failed_turn_never_leave),
        cmocka_unit_test(effects_up_to_4096_leave_one_more_is_refused),
        cmocka_unit_test(effects_not_in_the_contract_are_refused),
        cmocka_unit_test(effects_of_start_and_stop_leave_those_of_a_refused_start_do_not),
        cmocka_unit_test(delayed_effects_leave_on_success_and_count_for_the_limit),
        cmocka_unit_test(requests_and_unknown_types_are_not_published),
        cmocka_unit_test(publish_after_that_nobody_hears_is_counted),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
