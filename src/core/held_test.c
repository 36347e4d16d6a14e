/* held_test.c - publishers that wait: an actor whose EDA_WAIT effects found no room runs no further
 * turn. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "delivery.h"

EDA_MESSAGE(parcel, "parcel", .overflow = EDA_WAIT, .wait_ms = 60000, (uint64_t, n));
EDA_MESSAGE(hasty_parcel, "hasty/parcel", .overflow = EDA_WAIT, .wait_ms = 1, (uint64_t, n));
EDA_MESSAGE(self_parcel, "self/parcel", .overflow = EDA_WAIT, (uint64_t, n));
EDA_MESSAGE(dispatch, "dispatch", (uint64_t, count), (bool, is_hasty), (bool, is_bad));
EDA_MESSAGE(nap, "nap", (uint64_t, n));

typedef struct depot {
    uint64_t count;
} depot;

static void take_parcel(depot *self, const parcel *message)
{
    self->count++;
    delivery_trace("t%d ", (int)message->n);
}

static void take_hasty(depot *self, const hasty_parcel *message)
{
    self->count++;
    delivery_trace("h%d ", (int)message->n);
}

static eda_status depot_nap(depot *self, const nap *message, eda_ctx *ctx)
{
    (void)self;
    (void)message;
    return eda_sleep(ctx, EDA_SEC(100000));
}

EDA_ACTOR(depot, eda_none, options(.mailbox_len_max = 2), on(parcel, take_parcel),
    on(hasty_parcel, take_hasty), on(nap, depot_nap));

typedef struct carrier {
    uint64_t count;
} carrier;

static eda_status carry(carrier *self, const dispatch *message, eda_ctx *ctx)
{
    uint64_t i;

    if (message->is_bad) {
        delivery_trace("bad ");
        return EDA_EFAILED;
    }
    delivery_trace("c%d ", (int)++self->count);
    for (i = 0; i < message->count; i++) {
        EDA_TRY(message->is_hasty ? eda_publish(ctx, EDA_MSG(hasty_parcel, .n = i), NULL)
                                  : eda_publish(ctx, EDA_MSG(parcel, .n = i), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(carrier, eda_none, emits(parcel, hasty_parcel), on_failure(stop), on(dispatch, carry));

typedef struct selfish {
    uint64_t count;
} selfish;

static eda_status fill_oneself(selfish *self, const self_parcel *message, eda_ctx *ctx)
{
    uint64_t i;

    delivery_trace("s%d ", (int)message->n);
    if (self->count++ > 0) {
        return EDA_OK;
    }
    for (i = 1; i <= 4; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(self_parcel, .n = i), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(selfish, eda_none, options(.mailbox_len_max = 2), emits(self_parcel),
    on(self_parcel, fill_oneself));

static eda_system *start(void)
{
    delivery_trace_clear();
    return delivery_start(
        NULL, DELIVERY_ACTORS(&eda_actor_depot, &eda_actor_carrier, &eda_actor_selfish));
}

static void publisher_with_room_for_all_goes_on(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 2), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 0), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "c1 c2 t0 t1 ");
    delivery_end(sys);
}

static void publisher_without_room_waits_until_all_are_admitted(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 6), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 1), NULL));
    delivery_settle(sys);
    /* Parcels 2 to 5 stood in line; the next turn came when the last of them was let in. */
    assert_string_equal(delivery_traced(), "c1 t0 t1 t2 t3 t4 t5 c2 t0 ");
    delivery_assert_counts(sys, "parcel", NULL, .handled = 7);
    delivery_assert_counts(sys, "dispatch", NULL, .handled = 2);
    delivery_end(sys);
}

static void publisher_in_vain_goes_on_and_the_rest_is_shed(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(nap), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 5, .is_hasty = true), NULL));
    delivery_assert_ok(eda_publish_wait(client, EDA_MSG(dispatch, .count = 0), 60000));
    assert_string_equal(delivery_traced(), "c1 c2 ");
    (void)delivery_stop(sys);
    delivery_assert_counts(sys, "hasty_parcel", NULL, .shed = 3, .stopped = 2);
    delivery_assert_counts(sys, "dispatch", NULL, .handled = 2);
    eda_system_free(sys);
}

static void publisher_that_waits_on_itself_is_refused_at_once(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(self_parcel, .n = 0), NULL));
    delivery_settle(sys);
    assert_string_equal(delivery_traced(), "s0 s1 s2 ");
    delivery_assert_counts(sys, "self_parcel", NULL, .handled = 3, .shed = 2);
    delivery_end(sys);
}

/* It has been settled, and so is ready to run, when its next turn stops it: nothing may run it any
 * more. */
static void publisher_stopped_right_after_its_parcel_is_gone_for_good(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);
    int i;

    (void)state;
    for (i = 0; i < 3; i++) {
        delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 1), NULL));
        delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .is_bad = true), NULL));
        delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 1), NULL));
        delivery_settle(sys);
        delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 1), NULL));
        delivery_settle(sys);
    }
    delivery_assert_counts(sys, "dispatch", NULL, .handled = 6, .failed = 3, .dead = 3);
    delivery_assert_counts(sys, "parcel", NULL, .handled = 6);
    delivery_end(sys);
}

static void stop_with_held_publishers_counts_everything_as_stopped(void **state)
{
    eda_system *sys = start();
    eda_ctx *client = eda_system_client(sys);

    (void)state;
    delivery_assert_ok(eda_publish(client, EDA_MSG(nap), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 5), NULL));
    delivery_assert_ok(eda_publish(client, EDA_MSG(dispatch, .count = 7), NULL));
    assert_int_equal(delivery_pump(sys), 2);
    (void)delivery_stop(sys);
    assert_string_equal(delivery_traced(), "c1 ");
    delivery_assert_counts(sys, "parcel", NULL, .stopped = 5);
    delivery_assert_counts(sys, "dispatch", NULL, .handled = 1, .stopped = 1);
    delivery_assert_counts(sys, "nap", NULL, .stopped = 1);
    eda_system_free(sys);
}

/* A place that becomes free otherwise than by handling what stood there. */
EDA_RECORD(alarm_note);
EDA_MESSAGE(alarm_off, "alarm/off", .overflow = EDA_WAIT, .wait_ms = 60000, (uint64_t, n));

typedef struct alarm_clock {
    eda_timer timer;
} alarm_clock;

static eda_status alarm_switch(alarm_clock *self, const alarm_off *message, eda_ctx *ctx)
{
    delivery_trace("a%d ", (int)message->n);
    if (message->n == 0) { /* the record stands in the mailbox, before what waits for room */
        return eda_after(ctx, EDA_MSG(alarm_note), 0, &self->timer);
    }
    eda_timer_cancel(ctx, self->timer);
    return EDA_OK;
}

static void alarm_rings(alarm_clock *self, const alarm_note *note)
{
    (void)self;
    (void)note;
    delivery_trace("rings ");
}

EDA_ACTOR(alarm_clock, eda_none, options(.mailbox_len_max = 1), on(alarm_off, alarm_switch),
    on_self(alarm_note, alarm_rings));

static void place_left_by_a_canceled_record_is_given_to_who_waits(void **state)
{
    eda_system *sys;
    uint64_t n;

    (void)state;
    delivery_trace_clear();
    sys = delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_alarm_clock));
    for (n = 0; n < 4; n++) {
        delivery_assert_ok(eda_publish(eda_system_client(sys), EDA_MSG(alarm_off, .n = n), NULL));
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "alarm_off", NULL, .handled = 4);
    delivery_end(sys);
}

/* --- order among messages of different policies ------------------------------------------- */

EDA_MESSAGE(mixed_plain, "mixed/plain", .overflow = EDA_WAIT, .wait_ms = 60000, (uint32_t, n));
EDA_MESSAGE(mixed_latest, "mixed/latest", .overflow = EDA_KEEP_LATEST, (uint32_t, n));
EDA_MESSAGE(mixed_oldest, "mixed/oldest", .overflow = EDA_DROP_OLDEST, (uint32_t, n));
EDA_MESSAGE(mix, "mix", (eda_str, letters));

typedef struct mixed_depot {
    uint32_t count;
} mixed_depot;

static void mixed_take_plain(mixed_depot *self, const mixed_plain *message)
{
    self->count++;
    delivery_trace("w%d ", (int)message->n);
}

static void mixed_take_latest(mixed_depot *self, const mixed_latest *message)
{
    self->count++;
    delivery_trace("l%d ", (int)message->n);
}

static void mixed_take_oldest(mixed_depot *self, const mixed_oldest *message)
{
    self->count++;
    delivery_trace("o%d ", (int)message->n);
}

EDA_ACTOR(mixed_depot, eda_none, options(.mailbox_len_max = 2), on(mixed_plain, mixed_take_plain),
    on(mixed_latest, mixed_take_latest), on(mixed_oldest, mixed_take_oldest));

typedef struct mixer {
    uint32_t count;
} mixer;

/* One message a letter, numbered. */
static eda_status mixer_mix(mixer *self, const mix *message, eda_ctx *ctx)
{
    uint32_t i;

    self->count++;
    for (i = 0; i < message->letters.len; i++) {
        switch (message->letters.ptr[i]) {
        case 'w':
            EDA_TRY(eda_publish(ctx, EDA_MSG(mixed_plain, .n = i), NULL));
            break;
        case 'l':
            EDA_TRY(eda_publish(ctx, EDA_MSG(mixed_latest, .n = i), NULL));
            break;
        default:
            EDA_TRY(eda_publish(ctx, EDA_MSG(mixed_oldest, .n = i), NULL));
            break;
        }
    }
    return EDA_OK;
}

EDA_ACTOR(mixer, eda_none, emits(mixed_plain, mixed_latest, mixed_oldest), on(mix, mixer_mix));

static void newer_ones_do_not_overtake_the_line(void **state)
{
    const struct {
        const char *letters;
        const char *handled;
        uint64_t shed_count;
    } cases[] = {
        {"lwwl", "w1 w2 l3 ", 1},       /* its place goes to w2 */
        {"lwwwl", "w1 w2 w3 l4 ", 1},   /* and then it stands in line */
        {"lwwwlll", "w1 w2 w3 l6 ", 3}, /* where a newer one replaces it, too */
        {"owwwoo", "w1 w2 w3 o5 ", 2},
        {"owwolwo", "w1 w2 w5 o6 ", 3},
        {"wwwl", "w0 w1 w2 ", 1}, /* no older one, no room */
        {"wlwol", "w0 w2 l4 ", 2},
    };
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        eda_system *sys =
            delivery_start(NULL, DELIVERY_ACTORS(&eda_actor_mixed_depot, &eda_actor_mixer));

        delivery_trace_clear();
        delivery_assert_ok(eda_publish(
            eda_system_client(sys), EDA_MSG(mix, .letters = eda_str_from(cases[i].letters)), NULL));
        delivery_settle(sys);
        assert_string_equal(delivery_traced(), cases[i].handled);
        assert_int_equal(eda_system_counts(sys, NULL, NULL).shed, cases[i].shed_count);
        delivery_end(sys);
    }
}

/* Publishers and receivers on different workers: the notice travels. */
EDA_MESSAGE(crate, "crate/{to}", .overflow = EDA_WAIT, (uint32_t, to), (uint32_t, from), (uint32_t, n));
EDA_MESSAGE(load, "load/{from}", (uint32_t, from), (uint32_t, count));

#define CARRIERS 8u
#define STORES 4u
#define LOADS 50u

typedef struct store {
    uint32_t last[CARRIERS]; /* by publisher, plus 1 */
} store;

static eda_status store_crate(store *self, const crate *message, eda_ctx *ctx)
{
    if (message->n < self->last[message->from]) {
        return eda_fail(ctx, EDA_EFAILED, "out of order");
    }
    self->last[message->from] = message->n + 1;
    return EDA_OK;
}

EDA_ACTOR(store, eda_none, key(to), options(.mailbox_len_max = 2), on(crate, store_crate));

typedef struct loader {
    uint32_t next;
} loader;

static eda_status load_all(loader *self, const load *message, eda_ctx *ctx)
{
    uint32_t i;

    for (i = 0; i < message->count; i++) {
        EDA_TRY(eda_publish(
            ctx, EDA_MSG(crate, .to = i % STORES, .from = message->from, .n = self->next), NULL));
        self->next++;
    }
    return EDA_OK;
}

EDA_ACTOR(loader, eda_none, key(from), emits(crate), on(load, load_all));

static void publishers_on_other_workers_lose_nothing_and_keep_order(void **state)
{
    const eda_options options = {.workers = 4};
    eda_system *sys =
        delivery_start(&options, DELIVERY_ACTORS(&eda_actor_store, &eda_actor_loader));
    uint32_t from;
    uint32_t i;

    (void)state;
    for (i = 0; i < LOADS; i++) {
        for (from = 0; from < CARRIERS; from++) {
            delivery_assert_ok(eda_publish(
                eda_system_client(sys), EDA_MSG(load, .from = from, .count = 12), NULL));
        }
    }
    delivery_settle(sys);
    delivery_assert_counts(sys, "load", NULL, .handled = (uint64_t)LOADS * CARRIERS);
    delivery_assert_counts(sys, "crate", NULL, .handled = (uint64_t)LOADS * CARRIERS * 12);
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(publisher_with_room_for_all_goes_on),
        cmocka_unit_test(publisher_without_room_waits_until_all_are_admitted),
        cmocka_unit_test(publisher_in_vain_goes_on_and_the_rest_is_shed),
        cmocka_unit_test(publisher_that_waits_on_itself_is_refused_at_once),
        cmocka_unit_test(publisher_stopped_right_after_its_parcel_is_gone_for_good),
        cmocka_unit_test(stop_with_held_publishers_counts_everything_as_stopped),
        cmocka_unit_test(place_left_by_a_canceled_record_is_given_to_who_waits),
        cmocka_unit_test(newer_ones_do_not_overtake_the_line),
        cmocka_unit_test(publishers_on_other_workers_lose_nothing_and_keep_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
