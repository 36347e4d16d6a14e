/* nth_alloc_test.c - the same scenario again and again, each time another allocation fails: nothing
 * crashes, leaks or goes unaccounted, and what comes after the failure works. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "delivery.h"

EDA_MESSAGE(shipment, "shipment/{dock}", (eda_str, dock), (uint32_t, number), (eda_list_of(uint32_t), boxes));
EDA_MESSAGE(stock_changed, "stock/{dock}", .overflow = EDA_WAIT, (eda_str, dock), (uint32_t, number));
EDA_MESSAGE(spoiled, "spoiled", (uint32_t, number));
EDA_MESSAGE(healthy, "healthy", (uint32_t, number));
EDA_RECORD(stock, (uint32_t, count), (eda_str, label));
EDA_REQUEST(stock_get, stock, "stock/{dock}/get", (eda_str, dock));
EDA_RECORD(recount);

/* Saves, asks, arms timers, publishes now and later. */
typedef struct dock {
    uint32_t count;
    eda_text label;
} dock;

static eda_status dock_start(dock *self, const eda_none *deps, eda_ctx *ctx)
{
    (void)deps;
    return eda_ctx_is_new(ctx) ? eda_text_set(ctx, &self->label, EDA_STR("new")) : EDA_OK;
}

static eda_status dock_shipment(dock *self, const shipment *message, eda_ctx *ctx)
{
    const stock *reply = NULL;

    self->count += (uint32_t)message->boxes.len;
    EDA_TRY(eda_text_set(ctx, &self->label, message->dock));
    EDA_TRY(eda_ask(ctx, EDA_ASK(stock_get, &reply, .dock = message->dock), EDA_FOREVER));
    EDA_TRY(eda_publish(ctx,
        EDA_MSG(stock_changed, .dock = message->dock, .number = self->count + reply->count), NULL));
    EDA_TRY(eda_publish_after(ctx, EDA_MSG(spoiled, .number = 1), 1));
    EDA_TRY(eda_after(ctx, EDA_MSG(recount), 1, NULL));
    return eda_after(ctx, EDA_MSG(recount), 0, NULL);
}

static eda_status dock_recount(dock *self, const recount *message, eda_ctx *ctx)
{
    (void)message;
    if (self->count > 1000) {
        return eda_fail(ctx, EDA_EFAILED, "too many");
    }
    return eda_sleep(ctx, 1);
}

static void dock_stop(dock *self, eda_stop_reason reason, eda_ctx *ctx)
{
    (void)self;
    (void)reason;
    (void)!eda_publish(ctx, EDA_MSG(spoiled, .number = 2), NULL);
}

/* Restarts at once: backing off would take time. Its keys are copied, unlike those of key(...). */
static eda_status eager_identify(const eda_incoming *incoming, eda_identity *ret_identity)
{
    return eda_identity_of_field(incoming->key, incoming->message, ret_identity);
}

static eda_verdict eager_restart(const eda_failure *failure)
{
    return (eda_verdict){.decision = failure->restart_count < 100 ? EDA_RESTART : EDA_STOP};
}

static const eda_supervisor eager = {.struct_size = sizeof(eda_supervisor),
    .name = "eager",
    .identify = eager_identify,
    .on_failure = eager_restart,
    .has_keys = true};

EDA_ACTOR(dock, eda_none, supervised_by(eager), key(dock), saves(count, label), start(dock_start),
    stop(dock_stop), emits(stock_changed, spoiled, stock_get), on(shipment, dock_shipment),
    on_self(recount, dock_recount));

typedef struct ledger {
    uint32_t count;
} ledger;

static eda_status ledger_get(ledger *self, const stock_get *get, stock *ret_stock, eda_ctx *ctx)
{
    char *copy = eda_scratch(ctx, get->dock.len);

    if (copy == NULL) {
        return EDA_ENOMEM;
    }
    memcpy(copy, get->dock.ptr, get->dock.len);
    ret_stock->count = self->count;
    ret_stock->label = (eda_str){copy, get->dock.len};
    return EDA_OK;
}

static eda_status ledger_changed(ledger *self, const stock_changed *message, eda_ctx *ctx)
{
    (void)message;
    (void)ctx;
    self->count++;
    return EDA_OK;
}

EDA_ACTOR(ledger, eda_none, key(dock), options(.mailbox_len_max = 1, .activations_max = 2),
    answers(stock_get, ledger_get), on(stock_changed, ledger_changed));

/* Hears everything; what is spoiled it fails on, twice. */
typedef struct inspector {
    uint32_t count;
} inspector;

static eda_status inspector_any(inspector *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)ctx;
    self->count += (uint32_t)envelope->topic.len;
    return EDA_OK;
}

static eda_status inspector_spoiled(inspector *self, const spoiled *message, eda_ctx *ctx)
{
    (void)self;
    (void)ctx;
    return message->number == 1 ? EDA_EIO : EDA_OK;
}

EDA_ACTOR(inspector, eda_none, on_any("**", inspector_any),
    on(spoiled, inspector_spoiled, attempts(2)));

typedef struct survivor {
    uint32_t count;
} survivor;

static eda_status survivor_healthy(survivor *self, const healthy *message, eda_ctx *ctx)
{
    (void)message;
    (void)ctx;
    self->count++;
    return EDA_OK;
}

static eda_status survivor_dead(survivor *self, const eda_dead_letter *dead, eda_ctx *ctx)
{
    (void)dead;
    (void)ctx;
    self->count++;
    return EDA_OK;
}

EDA_ACTOR(survivor, eda_none, on(healthy, survivor_healthy), on(eda_dead_letter, survivor_dead));

static void drop_line(void *arg, eda_str line)
{
    (void)arg;
    (void)line;
}

/* A failure of memory, or what comes of one elsewhere; nothing else. */
static void assert_excusable(eda_status status, const char *what)
{
    switch (status) {
    case EDA_OK:
    case EDA_ENOMEM:
    case EDA_ELIMIT: /* no stack, no receipt */
    case EDA_ESHED:
    case EDA_EFULL:
    case EDA_EDEAD:
    case EDA_EFAILED:
        return;
    default:
        fail_msg("%s: %s", what, eda_status_name(status));
    }
}

static eda_system *build(const eda_options *options)
{
    const eda_actor *const actors[] = {
        &eda_actor_dock, &eda_actor_ledger, &eda_actor_inspector, &eda_actor_survivor};
    eda_system *sys = NULL;
    eda_status status = eda_system_new(options, &sys);
    size_t i;

    if (status != EDA_OK) {
        delivery_assert_status(status, EDA_ENOMEM);
        assert_null(sys);
        return NULL;
    }
    for (i = 0; i < sizeof(actors) / sizeof(actors[0]) && status == EDA_OK; i++) {
        status = eda_add(sys, (eda_added){.actor = actors[i]});
    }
    if (status == EDA_OK) {
        status = eda_system_start(sys);
    }
    if (status != EDA_OK) {
        assert_excusable(status, eda_system_error(sys));
        (void)eda_system_counts(sys, NULL, NULL);
        (void)eda_system_activations(sys, NULL);
        eda_system_free(sys);
        return NULL;
    }
    return sys;
}

static void talk(eda_system *sys)
{
    static const char *const docks[] = {"north", "east", "south"};
    eda_ctx *client = eda_system_client(sys);
    eda_ctx *other = NULL;
    const stock *reply = NULL;
    eda_receipt receipts[6] = {{.id = 0}};
    uint32_t i;

    for (i = 0; i < 6; i++) {
        assert_excusable(eda_publish(client,
                             EDA_MSG(shipment, .dock = eda_str_from(docks[i % 3]), .number = i,
                                 .boxes = EDA_LIST(uint32_t, 1, 2, 3)),
                             &receipts[i]),
            "publish");
    }
    assert_excusable(eda_client_new(sys, &other), "client");
    assert_excusable(eda_publish_json(client, EDA_STR("shipment/west"),
                         EDA_STR("{\"number\": 7, \"boxes\": [1, 2, 3, 4]}"), NULL),
        "publish_json");
    assert_excusable(eda_publish_raw(client, EDA_STR("some/where"), EDA_STR("text/plain"),
                         EDA_BYTES("hello"), NULL),
        "publish_raw");
    assert_excusable(eda_publish_after(client, EDA_MSG(spoiled, .number = 1), 1), "publish_after");
    for (i = 0; i < 6; i++) {
        if (receipts[i].id != 0) {
            assert_excusable(eda_wait(client, receipts[i], 60000), "wait");
        }
    }
    if (other != NULL) {
        assert_excusable(
            eda_ask(other, EDA_ASK(stock_get, &reply, .dock = EDA_STR("east")), 60000), "ask");
    }
    assert_excusable(eda_wait_idle(sys, 60000), "idle");
    eda_client_free(other);
}

/* True when an allocation was made to fail. */
static bool run_with_failure(const eda_options *options, uint64_t nth)
{
    uint64_t failed_before = edai_alloc_failed_count();
    eda_system *sys;
    bool has_failed;

    edai_alloc_fail_at(nth);
    sys = build(options);
    if (sys != NULL) {
        talk(sys);
        has_failed = edai_alloc_failed_count() != failed_before;
        if (has_failed) { /* it was one allocation, and it is over */
            delivery_assert_ok(
                eda_publish_wait(eda_system_client(sys), EDA_MSG(healthy, .number = 1), 60000));
        }
        (void)delivery_stop(sys);
        eda_system_free(sys);
    }
    edai_alloc_fail_at(0);
    return edai_alloc_failed_count() != failed_before;
}

static void run_all(const eda_options *options)
{
    uint64_t nth = 1;

    while (run_with_failure(options, nth)) {
        nth++;
    }
    assert_true(nth > 200); /* it did reach into the scenario */
}

static void every_allocation_may_fail(void **state)
{
    const eda_options options = {
        .pumped = true, .store = EDA_STORE_MEMORY, .seed = 1, .log = drop_line};

    (void)state;
    run_all(&options);
}

static void every_allocation_may_fail_while_actors_come_and_go(void **state)
{
    const eda_options options = {.pumped = true,
        .store = EDA_STORE_MEMORY,
        .seed = 1,
        .log = drop_line,
        .passivates_at_once = true,
        .turn_budget = 1};

    (void)state;
    run_all(&options);
}

/* Over all threads together: which one it hits differs from run to run, what must hold does not. */
static void allocations_of_threads_may_fail(void **state)
{
    const eda_options options = {
        .workers = 2, .store = EDA_STORE_MEMORY, .seed = 1, .log = drop_line};
    uint64_t nth;

    (void)state;
    for (nth = 1; nth < 1200; nth += 7) {
        eda_system *sys;

        edai_alloc_fail_process(nth);
        sys = build(&options);
        if (sys != NULL) {
            talk(sys);
            edai_alloc_fail_process(0);
            delivery_assert_ok(
                eda_publish_wait(eda_system_client(sys), EDA_MSG(healthy, .number = 1), 60000));
            (void)delivery_stop(sys);
            eda_system_free(sys);
        }
        edai_alloc_fail_process(0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_may_fail),
        cmocka_unit_test(every_allocation_may_fail_while_actors_come_and_go),
        cmocka_unit_test(allocations_of_threads_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
