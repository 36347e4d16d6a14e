/* client_test.c - clients and their receipts: what each wait tells, how many may be open, reuse,
 * and their asks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "delivery.h"

#define RECEIPTS_MAX 65536u

EDA_MESSAGE(job, "job", (uint32_t, n), (int32_t, status));
EDA_MESSAGE(poison_job, "job/poison", (uint32_t, n));
EDA_MESSAGE(short_job, "job/short", .overflow = EDA_DROP_OLDEST, (uint32_t, n));
EDA_MESSAGE(nap, "nap", (eda_duration, time));
EDA_MESSAGE(refused, "refused", (uint32_t, n));
EDA_MESSAGE(unheard_of, "unheard/of", (uint32_t, n));
EDA_RECORD(total, (uint64_t, count), (eda_str, text));
EDA_REQUEST(total_get, total, "total/get", (int32_t, status));

typedef struct office {
    uint64_t count;
} office;

static eda_status office_job(office *self, const job *message, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    return message->status;
}

static eda_status office_poison(office *self, const poison_job *message, eda_ctx *ctx)
{
    (void)message;
    self->count++;
    return eda_envelope_of(ctx)->attempt == 3 ? EDA_ERANGE : EDA_EIO;
}

static void office_short(office *self, const short_job *message)
{
    (void)message;
    self->count++;
}

static eda_status office_nap(office *self, const nap *message, eda_ctx *ctx)
{
    self->count++;
    return eda_sleep(ctx, message->time);
}

static eda_status office_total(office *self, const total_get *get, total *ret_total, eda_ctx *ctx)
{
    (void)ctx;
    ret_total->count = self->count;
    ret_total->text = EDA_STR("so far");
    return get->status;
}

EDA_ACTOR(office, eda_none, options(.mailbox_len_max = 100000), on(job, office_job),
    on(poison_job, office_poison, attempts(3)), on(short_job, office_short), on(nap, office_nap),
    answers(total_get, office_total));

typedef struct closed_office {
    uint64_t count;
} closed_office;

static eda_status closed_start(closed_office *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)self;
    (void)deps;
    (void)ctx;
    return EDA_EFAILED;
}

static void closed_refused(closed_office *self, const refused *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(closed_office, eda_none, start(closed_start), on(refused, closed_refused));

/* Hears jobs, too, and has no room for a second one. */
typedef struct small_office {
    uint64_t count;
} small_office;

static void small_short(small_office *self, const short_job *message)
{
    (void)message;
    self->count++;
}

EDA_ACTOR(small_office, eda_none, options(.mailbox_len_max = 1), on(short_job, small_short));

static eda_system *start(void)
{
    return delivery_start(NULL,
        DELIVERY_ACTORS(&eda_actor_office, &eda_actor_closed_office, &eda_actor_small_office));
}

/* --- what waiting tells ------------------------------------------------------------------- */

static void wait_tells_how_the_deliveries_ended(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipts[3];
    uint32_t i;

    (void)state;
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(job, .n = 1), 60000));
    /* Whatever the handler returned. */
    delivery_assert_status(
        eda_publish_wait(client, EDA_MSG(job, .status = EDA_EIO), 60000), EDA_EFAILED);
    delivery_assert_status(
        eda_publish_wait(client, EDA_MSG(job, .status = EDA_ESHED), 60000), EDA_EFAILED);
    delivery_assert_status(
        eda_publish_wait(client, EDA_MSG(job, .status = 1234), 60000), EDA_EFAILED);
    delivery_assert_status(eda_publish_wait(client, EDA_MSG(poison_job), 60000), EDA_EDEAD);
    delivery_assert_status(eda_publish_wait(client, EDA_MSG(refused), 60000), EDA_EDEAD);
    for (i = 0; i < 3; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(short_job, .n = i), &receipts[i]));
    }
    for (i = 0; i < 3; i++) { /* of two receivers, one had no room */
        delivery_assert_status(eda_wait(client, receipts[i], 60000), i < 2 ? EDA_ESHED : EDA_OK);
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "job", NULL, .handled = 1, .failed = 3);
    delivery_assert_counts(sys, "poison_job", NULL, .dead = 1);
    delivery_assert_counts(sys, "refused", NULL, .dead = 1);
    delivery_assert_counts(sys, "short_job", NULL, .handled = 4, .shed = 2);
    delivery_end(sys);
}

static void wait_again_tells_the_same(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt good = {.id = 0};
    eda_receipt bad = {.id = 0};
    int i;

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(job, .n = 1), &good));
    delivery_assert_ok(eda_publish(client, EDA_MSG(job, .status = EDA_EIO), &bad));
    delivery_settle(sys); /* both have ended before anybody waits */
    for (i = 0; i < 3; i++) {
        delivery_assert_ok(eda_wait(client, good, 0));
        delivery_assert_status(eda_wait(client, bad, 0), EDA_EFAILED);
    }
    delivery_end(sys);
}

static void wait_for_a_suspended_receiver_times_out(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt sleeping = {.id = 0};
    eda_receipt behind = {.id = 0};

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(nap, .time = EDA_SEC(100000)), &sleeping));
    delivery_assert_ok(eda_publish(client, EDA_MSG(job), &behind));
    delivery_assert_status(eda_wait(client, sleeping, 1), EDA_ETIMEOUT);
    delivery_assert_status(eda_wait(client, behind, 0), EDA_ETIMEOUT);
    assert_true(eda_error(client).len > 0);
    eda_system_stop(sys); /* ends both */
    delivery_assert_status(eda_wait(client, sleeping, 60000), EDA_EFAILED);
    delivery_assert_status(eda_wait(client, behind, 60000), EDA_EFAILED);
    delivery_assert_counts(sys, NULL, NULL, .stopped = 2);
    eda_system_free(sys);
}

static void wait_for_what_nobody_hears_ends_at_once(void **state)
{
    const eda_options options = {.pumped = true};
    eda_system *sys = NULL;
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_ok(eda_system_new(&options, &sys));
    delivery_assert_ok(eda_declare(sys, &eda_type_unheard_of));
    delivery_assert_ok(eda_system_start(sys));
    delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(unheard_of), &receipt));
    delivery_assert_ok(eda_wait(eda_system_client(sys), receipt, 0));
    delivery_assert_counts(sys, "unheard_of", NULL, .unheard = 1);
    delivery_end(sys);
}

static void wait_for_a_receipt_that_is_none_is_refused(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_status(eda_wait(client, receipt, 1), EDA_EINVAL);
    receipt.id = 1;
    delivery_assert_status(eda_wait(client, receipt, 1), EDA_EINVAL);
    receipt.id = UINT64_MAX;
    delivery_assert_status(eda_wait(client, receipt, 1), EDA_EINVAL);
    delivery_assert_ok(eda_publish(client, EDA_MSG(job), &receipt));
    receipt.id++;
    delivery_assert_status(eda_wait(client, receipt, 1), EDA_EINVAL);
    delivery_end(sys);
}

/* --- many --------------------------------------------------------------------------------- */

static void receipts_up_to_65536_may_be_open(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_receipt *receipts = malloc(RECEIPTS_MAX * sizeof(*receipts));
    eda_receipt more = {.id = 3};
    uint32_t i;

    (void)state;
    assert_non_null(receipts);
    for (i = 0; i < RECEIPTS_MAX; i++) {
        delivery_assert_ok(eda_publish(
            client, EDA_MSG(job, .n = i, .status = i == 7 ? EDA_EIO : EDA_OK), &receipts[i]));
    }
    delivery_assert_status(eda_publish(client, EDA_MSG(job), &more), EDA_ELIMIT);
    assert_int_equal(more.id, 3);
    /* One more fits on the way to the worker, and then no other, as long as nothing runs. */
    delivery_assert_ok(eda_publish(client, EDA_MSG(job), NULL));
    delivery_assert_status(eda_publish(client, EDA_MSG(job), NULL), EDA_EFULL);
    for (i = 0; i < RECEIPTS_MAX; i++) {
        delivery_assert_status(eda_wait(client, receipts[i], 60000), i == 7 ? EDA_EFAILED : EDA_OK);
    }
    delivery_settle(sys);
    /* The oldest ones are used again, the others are as good as before. */
    for (i = 0; i < 10; i++) {
        delivery_assert_ok(eda_publish_wait(client, EDA_MSG(job), 60000));
    }
    for (i = 0; i < RECEIPTS_MAX; i++) {
        delivery_assert_status(eda_wait(client, receipts[i], 0), i < 10 ? EDA_EINVAL : EDA_OK);
    }
    free(receipts);
    delivery_assert_counts(sys, "job", NULL, .handled = RECEIPTS_MAX + 10, .failed = 1);
    delivery_end(sys);
}

static void receipt_that_stays_open_is_passed_over(void **state)
{
    eda_system *sys =
        delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_office, &eda_actor_closed_office));
    eda_ctx *client = eda_system_client(sys);
    eda_receipt open[100];
    eda_receipt receipt = {.id = 0};
    uint32_t i;

    (void)state;
    for (i = 0; i < 100; i++) { /* the first one sleeps, the others wait behind it */
        delivery_assert_ok(eda_publish(client, EDA_MSG(nap, .time = EDA_SEC(100000)), &open[i]));
    }
    for (i = 0; i < RECEIPTS_MAX + 1000; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(refused), &receipt));
        if (i % 1000 == 0) {
            (void)delivery_pump(sys);
        }
    }
    for (i = 0; i < 100; i++) {
        delivery_assert_status(eda_wait(client, open[i], 0), EDA_ETIMEOUT);
    }
    (void)delivery_stop(sys);
    for (i = 0; i < 100; i++) {
        delivery_assert_status(eda_wait(client, open[i], 0), EDA_EFAILED);
    }
    delivery_assert_counts(sys, "nap", NULL, .stopped = 100);
    delivery_assert_counts(sys, "refused", NULL, .dead = RECEIPTS_MAX + 1000);
    eda_system_free(sys);
}

/* --- asks --------------------------------------------------------------------------------- */

static void ask_by_a_client_gets_the_reply_until_its_next_ask(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    const total *reply = NULL;
    const total *other = NULL;
    int i;

    (void)state;
    for (i = 0; i < 5; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(job), NULL));
        delivery_assert_ok(eda_ask(client, EDA_ASK(total_get, &reply), 60000));
        assert_int_equal(reply->count, i + 1);
        assert_true(eda_str_equal(reply->text, EDA_STR("so far")));
    }
    delivery_assert_status(
        eda_ask(client, EDA_ASK(total_get, &other, .status = EDA_ERANGE), 60000), EDA_ERANGE);
    delivery_assert_status(
        eda_ask(client, EDA_ASK(total_get, &other, .status = 4711), 60000), 4711);
    assert_null(other);
    delivery_assert_counts(sys, "total_get", NULL, .handled = 5, .failed = 2);
    delivery_end(sys);
}

static void ask_by_a_client_in_vain_times_out_and_the_late_reply_is_dropped(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    const total *reply = NULL;

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(nap, .time = EDA_SEC(100000)), NULL));
    delivery_assert_status(eda_ask(client, EDA_ASK(total_get, &reply), 1), EDA_ETIMEOUT);
    delivery_assert_status(eda_ask(client, EDA_ASK(total_get, &reply), 0), EDA_ETIMEOUT);
    assert_null(reply);
    (void)delivery_stop(sys);
    delivery_assert_status(eda_ask(client, EDA_ASK(total_get, &reply), 1), EDA_ECLOSED);
    eda_system_free(sys);
}

/* --- clients themselves ------------------------------------------------------------------- */

static void client_freed_is_used_again_without_its_receipts(void **state)
{
    eda_system *sys = start();
    eda_ctx *first = NULL;
    eda_ctx *second = NULL;
    const total *reply = NULL;
    eda_receipt receipt = {.id = 0};
    int i;

    (void)state;
    for (i = 0; i < 100; i++) {
        delivery_assert_ok(eda_client_new(sys, &first));
        delivery_assert_ok(eda_client_new(sys, &second));
        assert_ptr_not_equal(first, second);
        delivery_assert_status(eda_publish(first, EDA_MSG(unheard_of), NULL), EDA_ENOTYPE);
        assert_int_equal(eda_error(second).len, 0);
        delivery_assert_ok(eda_publish(first, EDA_MSG(job), &receipt));
        delivery_assert_ok(eda_ask(second, EDA_ASK(total_get, &reply), 60000));
        assert_int_equal(reply->count, i + 1);
        if (i % 2 == 0) {
            delivery_assert_ok(eda_wait(first, receipt, 60000));
        }
        eda_client_free(first);
        eda_client_free(second);
    }
    eda_client_free(NULL);
    delivery_settle(sys);
    delivery_end(sys);
}

static void client_freed_with_work_on_its_way_leaves_it_counted(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = NULL;
    eda_receipt receipt = {.id = 0};

    (void)state;
    delivery_assert_ok(eda_client_new(sys, &client));
    delivery_assert_ok(eda_publish(client, EDA_MSG(job), &receipt));
    eda_client_free(client); /* nothing has run yet */
    delivery_assert_ok(eda_client_new(sys, &client));
    delivery_assert_ok(eda_publish(client, EDA_MSG(job), &receipt));
    delivery_assert_ok(eda_wait(client, receipt, 60000));
    eda_client_free(client);
    delivery_settle(sys);
    delivery_assert_counts(sys, "job", NULL, .handled = 2);
    delivery_end(sys);
}

static void client_after_stop_is_refused_everything(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    eda_ctx *late = NULL;
    eda_receipt receipt = {.id = 0};

    (void)state;
    (void)delivery_stop(sys);
    delivery_assert_status(eda_publish(client, EDA_MSG(job), NULL), EDA_ECLOSED);
    delivery_assert_status(eda_publish(client, EDA_MSG(job), &receipt), EDA_ECLOSED);
    delivery_assert_status(eda_publish_after(client, EDA_MSG(job), 0), EDA_ECLOSED);
    delivery_assert_status(
        eda_publish_raw(client, EDA_STR("x"), EDA_STR(""), EDA_BYTES(""), NULL), EDA_ECLOSED);
    delivery_assert_status(eda_client_new(sys, &late), EDA_ESTATE);
    assert_null(late);
    assert_int_equal(receipt.id, 0);
    delivery_assert_counts(sys, NULL, NULL, .unheard = 0);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wait_tells_how_the_deliveries_ended),
        cmocka_unit_test(wait_again_tells_the_same),
        cmocka_unit_test(wait_for_a_suspended_receiver_times_out),
        cmocka_unit_test(wait_for_what_nobody_hears_ends_at_once),
        cmocka_unit_test(wait_for_a_receipt_that_is_none_is_refused),
        cmocka_unit_test(receipts_up_to_65536_may_be_open),
        cmocka_unit_test(receipt_that_stays_open_is_passed_over),
        cmocka_unit_test(ask_by_a_client_gets_the_reply_until_its_next_ask),
        cmocka_unit_test(ask_by_a_client_in_vain_times_out_and_the_late_reply_is_dropped),
        cmocka_unit_test(client_freed_is_used_again_without_its_receipts),
        cmocka_unit_test(client_freed_with_work_on_its_way_leaves_it_counted),
        cmocka_unit_test(client_after_stop_is_refused_everything),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
