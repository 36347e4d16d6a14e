/* stop_test.c - a system is stopped while clients keep publishing, waiting and asking: all is
 * counted, nobody hangs.
 *
 * EDA_ROUNDS: how often each test does so. */
#include "crowd.h"

#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define CLIENTS 6u
#define HANDLED_BEFORE_STOP 500u
#define HANDLED_BEFORE_FLOOD_STOPS 20u /* what is refused takes most of the time */
#define FLOOD 6u                       /* a habit of none: see act */

EDA_MESSAGE(load_plain, "load/{key}/plain", (uint32_t, key));
EDA_MESSAGE(load_waiting, "load/{key}/waiting", .overflow = EDA_WAIT, .wait_ms = 600000, (uint32_t, key));
EDA_RECORD(load_total, (uint64_t, count));
EDA_REQUEST(load_ask, load_total, "load/{key}/ask", (uint32_t, key));
EDA_REQUEST(load_deep, load_total, "load/{key}/deep", (uint32_t, key));
EDA_MESSAGE(load_next, "load/next/{key}", .overflow = EDA_WAIT, .wait_ms = 600000, (uint32_t, key));
EDA_RECORD(load_tick);

/* Opens when enough was handled. */
static atomic_uint handled_count;
static atomic_uint wanted_count;
static edai_parker enough;

static void count_one(void)
{
    if (atomic_fetch_add(&handled_count, 1) + 1 == atomic_load(&wanted_count)) {
        edai_parker_wake(&enough);
    }
}

typedef struct carrier {
    uint64_t count;
    bool has_timer;
} carrier;

static eda_status carrier_on_plain(carrier *self, const load_plain *load, eda_ctx *ctx)
{
    count_one();
    self->count++;
    if (!self->has_timer) {
        self->has_timer = true;
        EDA_TRY(eda_every(ctx, EDA_MSG(load_tick), EDA_MS(1), NULL));
        EDA_TRY(eda_publish_after(ctx, EDA_MSG(load_next, .key = load->key), EDA_SEC(3600)));
    }
    return eda_publish(ctx, EDA_MSG(load_next, .key = load->key + 1), NULL);
}

static eda_status carrier_on_waiting(carrier *self, const load_waiting *load, eda_ctx *ctx)
{
    const load_total *total = NULL;

    count_one();
    self->count++;
    return eda_ask(ctx, EDA_ASK(load_deep, &total, .key = load->key), EDA_FOREVER);
}

static void carrier_on_tick(carrier *self, const load_tick *tick)
{
    (void)tick;
    self->count++;
}

static void carrier_on_ask(carrier *self, const load_ask *ask, load_total *ret_total)
{
    (void)ask;
    count_one();
    ret_total->count = self->count;
}

EDA_ACTOR(carrier, eda_none,
    options(.mailbox_len_max = 16),
    key(key),
    saves(count),
    emits(load_next, load_deep),
    on(load_plain, carrier_on_plain),
    on(load_waiting, carrier_on_waiting),
    on_self(load_tick, carrier_on_tick),
    answers(load_ask, carrier_on_ask));

typedef struct depot {
    uint64_t count;
} depot;

static void nothing(void *arg)
{
    (void)arg;
}

static eda_status depot_on_deep(
    depot *self, const load_deep *ask, load_total *ret_total, eda_ctx *ctx)
{
    (void)ask;
    self->count++;
    ret_total->count = self->count;
    return self->count % 16 == 0 ? eda_blocking(ctx, nothing, NULL) : EDA_OK;
}

static void depot_on_next(depot *self, const load_next *next)
{
    (void)next;
    self->count++;
}

EDA_ACTOR(depot, eda_none,
    options(.mailbox_len_max = 16),
    key(key),
    on(load_next, depot_on_next),
    answers(load_deep, depot_on_deep));

/* What a client does again and again; each has its own habit. */
static eda_status act(eda_ctx *client, unsigned habit, uint32_t key)
{
    const load_total *total = NULL;

    switch (habit) {
    case 0:
        return eda_publish(client, EDA_MSG(load_plain, .key = key), NULL);
    case 1:
        return eda_publish_wait(client, EDA_MSG(load_plain, .key = key), EDA_FOREVER);
    case 2:
        return eda_publish(client, EDA_MSG(load_waiting, .key = key), NULL);
    case 3:
        return eda_ask(client, EDA_ASK(load_ask, &total, .key = key), EDA_FOREVER);
    case 4:
        return eda_publish_json(client, EDA_STR("load/7/plain"), EDA_STR("{}"), NULL);
    case 5:
        EDA_TRY(act(client, FLOOD, key));
        return eda_publish_wait(client, EDA_MSG(load_plain, .key = key), EDA_FOREVER);
    default: /* as fast as it can, with nothing to wait for */
        return eda_publish_after(client, EDA_MSG(load_plain, .key = key), EDA_US(100 * (key % 3)));
    }
}

/* Until the system is closed; whatever else happens under load is no reason to give up. */
static void press_on(eda_ctx *client, unsigned index, void *arg)
{
    const unsigned *habit = arg;
    uint32_t i;

    for (i = 0;; i++) {
        eda_status status = act(client, habit != NULL ? *habit : index, i % 13);

        if (status == EDA_ECLOSED) {
            return;
        }
        if (status != EDA_OK && status != EDA_EFULL && status != EDA_ESHED &&
            status != EDA_EFAILED && status != EDA_ECANCELED) {
            crowd_wrong("client %u: %s: %.*s", index, eda_status_name(status),
                EDA_STR_ARG(eda_error(client)));
        }
    }
}

static void no_log(void *arg, eda_str line)
{
    (void)arg;
    (void)line;
}

static void stop_once(uint32_t workers, uint32_t drain_ms, unsigned *habit)
{
    const eda_actor *const actors[] = {&eda_actor_carrier, &eda_actor_depot, NULL};
    const eda_options options = {
        .workers = workers, .store = EDA_STORE_MEMORY, .drain_ms = drain_ms, .log = no_log};
    eda_system *sys = crowd_system(&options, actors);
    crowd *all;
    eda_counts counts;

    edai_parker_init(&enough);
    atomic_store(&handled_count, 0);
    atomic_store(&wanted_count, habit != NULL ? HANDLED_BEFORE_FLOOD_STOPS : HANDLED_BEFORE_STOP);
    all = crowd_start(sys, CLIENTS, press_on, habit);
    (void)edai_parker_park(&enough, EDAI_NO_DEADLINE);
    eda_system_stop(sys);
    counts = eda_system_counts(sys, NULL, NULL);
    assert_int_equal(eda_counts_balance(&counts), 0);
    crowd_join(all);
    counts = eda_system_counts(sys, NULL, NULL); /* nothing was accepted after the stop */
    assert_int_equal(eda_counts_balance(&counts), 0);
    assert_true(counts.handled >= atomic_load(&wanted_count));
    crowd_assert_right();
    crowd_end(sys);
    edai_parker_fini(&enough);
}

static void stop_rounds(uint32_t workers, uint32_t drain_ms)
{
    uint64_t rounds = crowd_number("EDA_ROUNDS", crowd_is_sanitized() ? 20 : 100);
    uint64_t i;

    for (i = 0; i < rounds; i++) {
        stop_once(workers, drain_ms, NULL);
    }
}

static void stop_under_load_drains_and_counts_all(void **state)
{
    (void)state;
    stop_rounds(4, 30000);
}

static void stop_under_load_on_one_worker_counts_all(void **state)
{
    (void)state;
    stop_rounds(1, 30000);
}

static void stop_without_patience_counts_all(void **state)
{
    (void)state;
    stop_rounds(4, 1);
}

/* What clients publish for later is bounded on its way like everything else, or the worker would do
 * nothing else. */
static void stop_under_flood_of_delayed_publishes_counts_all(void **state)
{
    unsigned habit = FLOOD;

    (void)state;
    stop_once(1, 30000, &habit);
    stop_once(4, 30000, &habit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stop_under_load_drains_and_counts_all),
        cmocka_unit_test(stop_under_load_on_one_worker_counts_all),
        cmocka_unit_test(stop_without_patience_counts_all),
        cmocka_unit_test(stop_under_flood_of_delayed_publishes_counts_all),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
