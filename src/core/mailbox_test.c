/* mailbox_test.c - a full mailbox: each overflow policy with its exact counts, and who is told
 * what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/system.h"
#include "delivery.h"

EDA_MESSAGE(plain_item, "item/plain", (uint64_t, n));
EDA_MESSAGE(oldest_item, "item/oldest", .overflow = EDA_DROP_OLDEST, (uint64_t, n));
EDA_MESSAGE(latest_item, "item/latest", .overflow = EDA_KEEP_LATEST, (uint64_t, n));
EDA_MESSAGE(patient_item, "item/patient", .overflow = EDA_WAIT, .wait_ms = 1, (uint64_t, n));
EDA_MESSAGE(long_item, "item/long", .overflow = EDA_WAIT, .wait_ms = 60000, (uint64_t, n));
EDA_MESSAGE(nap, "nap", (uint64_t, n));
EDA_MESSAGE(go, "go", (uint64_t, n));
EDA_RECORD(answer, (uint64_t, n));
EDA_REQUEST(question, answer, "question", .overflow = EDA_DROP_OLDEST, (uint64_t, n));

/* Three messages fit; a nap keeps it busy for longer than any test. */
typedef struct keeper {
    uint64_t count;
} keeper;

static eda_status keep_plain(keeper *self, const plain_item *item, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    delivery_trace("p%d ", (int)item->n);
    return EDA_OK;
}

static void keep_oldest(keeper *self, const oldest_item *item)
{
    self->count++;
    delivery_trace("o%d ", (int)item->n);
}

static void keep_latest(keeper *self, const latest_item *item)
{
    self->count++;
    delivery_trace("l%d ", (int)item->n);
}

static void keep_patient(keeper *self, const patient_item *item)
{
    self->count++;
    delivery_trace("w%d ", (int)item->n);
}

static void keep_long(keeper *self, const long_item *item)
{
    self->count++;
    delivery_trace("g%d ", (int)item->n);
}

static eda_status keep_nap(keeper *self, const nap *message, eda_ctx *ctx)
{
    (void)self;
    (void)message;
    return eda_sleep(ctx, EDA_SEC(100000));
}

static void keep_question(keeper *self, const question *asked, answer *ret_answer)
{
    self->count++;
    ret_answer->n = asked->n;
}

EDA_ACTOR(keeper, eda_none, options(.mailbox_len_max = 3), on(plain_item, keep_plain),
    on(oldest_item, keep_oldest), on(latest_item, keep_latest), on(patient_item, keep_patient),
    on(long_item, keep_long), on(nap, keep_nap), answers(question, keep_question));

/* Sends 1 to n in one turn. */
typedef struct sender {
    uint64_t count;
} sender;

static eda_status send_all(sender *self, const go *message, eda_ctx *ctx)
{
    uint64_t i;

    self->count++;
    for (i = 1; i <= message->n; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(plain_item, .n = i), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(sender, eda_none, emits(plain_item), on(go, send_all));

/* One of many that are ready at once: more than are found without a search. */
EDA_MESSAGE(numbered, "many/{to}/numbered", (uint64_t, to), (uint64_t, n));
EDA_MESSAGE(call_all, "caller/call_all", (uint64_t, to_count), (uint64_t, rounds));

typedef struct one_of_many {
    uint64_t count;
} one_of_many;

static eda_status hear_numbered(one_of_many *self, const numbered *message, eda_ctx *ctx)
{
    delivery_trace("%d:%d/%d ", (int)message->to, (int)message->n, (int)self->count++);
    if (message->n == 0 && message->to % 2 == 0) {
        return eda_publish(ctx, EDA_MSG(numbered, .to = message->to, .n = 9), NULL);
    }
    return EDA_OK;
}

EDA_ACTOR(one_of_many, eda_none, key(to), emits(numbered), on(numbered, hear_numbered));

typedef struct caller {
    uint64_t count;
} caller;

static eda_status call_everybody(caller *self, const call_all *message, eda_ctx *ctx)
{
    uint64_t i;
    uint64_t n;

    self->count++;
    for (n = 0; n < message->rounds; n++) {
        for (i = 0; i < message->to_count; i++) {
            EDA_TRY(eda_publish(ctx, EDA_MSG(numbered, .to = i, .n = n), NULL));
        }
    }
    return EDA_OK;
}

EDA_ACTOR(caller, eda_none, emits(numbered), on(call_all, call_everybody));

static eda_system *start(void)
{
    delivery_trace_clear();
    return delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_keeper, &eda_actor_sender));
}

/* Nothing is handled any more: what comes now stays in the mailbox, at most three. */
static void put_to_sleep(eda_system *sys)
{
    delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(nap), NULL));
    assert_int_equal(delivery_pump(sys), 1);
}

static void reject_sheds_the_newest(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipts[6];
    uint64_t i;

    (void)state;
    for (i = 0; i < 6; i++) { /* all stand in the inbox before the first is admitted */
        delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = i), &receipts[i]));
    }
    assert_int_equal(delivery_pump(sys), 3);
    assert_string_equal(delivery_traced(), "p0 p1 p2 ");
    for (i = 0; i < 6; i++) {
        delivery_assert_status(eda_wait(client, receipts[i], 1), i < 3 ? EDA_OK : EDA_ESHED);
    }
    delivery_assert_counts(sys, "plain_item", "keeper", .handled = 3, .shed = 3);
    delivery_end(sys);
}

static void reject_sheds_what_an_actor_sends_too_much(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    /* The publisher itself is not told: its turn happened. */
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(go, .n = 5), 1000));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "p1 p2 p3 ");
    delivery_assert_counts(sys, "plain_item", NULL, .handled = 3, .shed = 2);
    delivery_assert_counts(sys, "go", NULL, .handled = 1);
    delivery_end(sys);
}

static void drop_oldest_sheds_the_oldest_of_its_type(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipts[5];
    uint64_t i;

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = 9), NULL));
    for (i = 0; i < 5; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(oldest_item, .n = i), &receipts[i]));
    }
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "p9 o3 o4 ");
    for (i = 0; i < 5; i++) {
        delivery_assert_status(eda_wait(client, receipts[i], 1), i >= 3 ? EDA_OK : EDA_ESHED);
    }
    delivery_assert_counts(sys, "oldest_item", NULL, .handled = 2, .shed = 3);
    delivery_assert_counts(sys, "plain_item", NULL, .handled = 1);
    delivery_end(sys);
}

static void drop_oldest_among_others_only_is_shed_itself(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    uint64_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = i), NULL));
    }
    delivery_assert_ok(eda_publish(client, EDA_MSG(oldest_item, .n = 7), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "p0 p1 p2 ");
    delivery_assert_counts(sys, "oldest_item", NULL, .shed = 1);
    delivery_end(sys);
}

static void keep_latest_keeps_one_and_appends_it(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(latest_item, .n = 1), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = 2), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(latest_item, .n = 3), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "p2 l3 "); /* at the end, not in the old one's place */
    delivery_assert_counts(sys, "latest_item", NULL, .handled = 1, .shed = 1);
    delivery_end(sys);
}

static void keep_latest_in_a_full_mailbox_replaces_or_is_shed(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    uint64_t i;

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(latest_item, .n = 1), NULL));
    for (i = 2; i <= 3; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = i), NULL));
    }
    delivery_assert_ok(eda_publish(client, EDA_MSG(latest_item, .n = 4), NULL)); /* full */
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "p2 p3 l4 ");
    delivery_assert_counts(sys, "latest_item", NULL, .handled = 1, .shed = 1);
    for (i = 5; i <= 7; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = i), NULL));
    }
    delivery_assert_ok(
        eda_publish(client, EDA_MSG(latest_item, .n = 8), NULL)); /* full of others */
    delivery_settle(sys);
    delivery_assert_counts(sys, "latest_item", NULL, .handled = 1, .shed = 2);
    delivery_end(sys);
}

static void latest_item_being_handled_is_not_replaced(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(latest_item, .n = 1), 1000));
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(latest_item, .n = 2), 1000));
    assert_string_equal(delivery_traced(), "l1 l2 ");
    delivery_assert_counts(sys, "latest_item", NULL, .handled = 2);
    delivery_end(sys);
}

static void wait_by_a_client_goes_on_when_there_is_room(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    uint64_t i;

    (void)state;
    for (i = 0; i < 20; i++) { /* each call pumps until its message stands in the mailbox */
        delivery_assert_ok(eda_publish(client, EDA_MSG(long_item, .n = i), NULL));
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "long_item", NULL, .handled = 20);
    assert_string_equal(delivery_traced(),
        "g0 g1 g2 g3 g4 g5 g6 g7 g8 g9 g10 g11 g12 g13 g14 g15 g16 g17 g18 g19 ");
    delivery_end(sys);
}

static void wait_by_a_client_in_vain_is_efull(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 77};
    uint64_t i;

    (void)state;
    put_to_sleep(sys);
    for (i = 0; i < 3; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(patient_item, .n = i), NULL));
    }
    delivery_assert_status(eda_publish(client, EDA_MSG(patient_item, .n = 3), &receipt), EDA_EFULL);
    assert_int_equal(receipt.id, 77); /* untouched on failure */
    assert_true(eda_error(client).len > 0);
    delivery_assert_status(eda_publish(client, EDA_MSG(patient_item, .n = 4), NULL), EDA_EFULL);
    (void)delivery_stop(sys);
    delivery_assert_counts(sys, "patient_item", NULL, .shed = 2, .stopped = 3);
    eda_system_free(sys);
}

static void request_in_a_full_mailbox_is_told_eshed(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    const answer *reply = NULL;
    uint64_t i;

    (void)state;
    put_to_sleep(sys);
    for (i = 0; i < 3; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(plain_item, .n = i), NULL));
    }
    /* At once, and no timeout. Requests of drop_oldest replace nothing: somebody waits for each. */
    delivery_assert_status(eda_ask(client, EDA_ASK(question, &reply, .n = 1), 60000), EDA_ESHED);
    assert_null(reply);
    (void)delivery_stop(sys);
    delivery_assert_counts(sys, "question", NULL, .shed = 1);
    delivery_assert_counts(sys, "plain_item", NULL, .stopped = 3);
    delivery_assert_counts(sys, "nap", NULL, .stopped = 1);
    eda_system_free(sys);
}

static void default_length_is_the_systems(void **state)
{
    const eda_options options = {.pumped = true, .mailbox_len_max = 10};
    eda_system *sys;
    uint64_t i;

    (void)state;
    delivery_trace_clear();
    sys = delivery_start(&options, DELIVERY_ACTORS(&eda_actor_sender));
    for (i = 0; i < 12; i++) {
        delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(go, .n = 0), NULL));
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "go", NULL, .handled = 10, .shed = 2);
    delivery_end(sys);
    sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_sender));
    assert_int_equal(sys->options.mailbox_len_max, 1024);
    delivery_end(sys);
}

/* Whoever is queued already is not queued again, and who sends to itself in its turn runs on. */
static void many_ready_ones_handle_all_in_order(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_one_of_many, &eda_actor_caller));
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(call_all, .to_count = 7, .rounds = 1), NULL));
    delivery_settle(sys);
    delivery_trace_clear();
    delivery_assert_ok(eda_publish(client, EDA_MSG(call_all, .to_count = 7, .rounds = 2), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(),
        "0:0/2 0:1/3 0:9/4 1:0/1 1:1/2 2:0/2 2:1/3 2:9/4 3:0/1 3:1/2 4:0/2 4:1/3 4:9/4 "
        "5:0/1 5:1/2 6:0/2 6:1/3 6:9/4 ");
    delivery_assert_counts(sys, "numbered", NULL, .handled = 7 + 4 + 14 + 4);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reject_sheds_the_newest),
        cmocka_unit_test(reject_sheds_what_an_actor_sends_too_much),
        cmocka_unit_test(drop_oldest_sheds_the_oldest_of_its_type),
        cmocka_unit_test(drop_oldest_among_others_only_is_shed_itself),
        cmocka_unit_test(keep_latest_keeps_one_and_appends_it),
        cmocka_unit_test(keep_latest_in_a_full_mailbox_replaces_or_is_shed),
        cmocka_unit_test(latest_item_being_handled_is_not_replaced),
        cmocka_unit_test(wait_by_a_client_goes_on_when_there_is_room),
        cmocka_unit_test(wait_by_a_client_in_vain_is_efull),
        cmocka_unit_test(request_in_a_full_mailbox_is_told_eshed),
        cmocka_unit_test(default_length_is_the_systems),
        cmocka_unit_test(many_ready_ones_handle_all_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
