/* worker_test.c - worker threads: order per publisher and actor across them, receipts, asks,
 * idleness, blocks that go home; on 2 and on 8 workers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>

#include "base/thread.h"
#include "delivery.h"

#define CLIENTS UINT64_C(4)
#define ACTORS 16u
#define EACH 2000u

EDA_MESSAGE(parcel_in, "in/{to}", (uint32_t, to), (uint32_t, from), (uint32_t, n), (eda_bytes, padding));
EDA_MESSAGE(parcel_out, "out/{to}", .overflow = EDA_WAIT, .wait_ms = 600000, (uint32_t, to),
    (uint32_t, from), (uint32_t, n), (eda_str, text));
EDA_MESSAGE(gossip, "gossip/{about}", (uint32_t, about), (eda_str, text));
EDA_RECORD(tally_reply, (uint64_t, count), (eda_str, text));
EDA_REQUEST(tally_get, tally_reply, "tally/{of}/get", (uint32_t, of));

static atomic_uint disorder; /* messages that came too early or twice */

/* Passes on what it gets; each client's numbers must come in order. */
typedef struct sorter {
    uint32_t next_from[CLIENTS];
} sorter;

static eda_status sorter_in(sorter *self, const parcel_in *message, eda_ctx *ctx)
{
    if (message->n < self->next_from[message->from]) {
        atomic_fetch_add(&disorder, 1);
    }
    self->next_from[message->from] = message->n + 1;
    return eda_publish(ctx,
        EDA_MSG(parcel_out, .to = (message->to * 7 + message->n) % ACTORS, .from = message->to,
            .n = message->n, .text = EDA_STR("a text that is copied and comes home again")),
        NULL);
}

EDA_ACTOR(sorter, eda_none, key(to), emits(parcel_out),
    options(.mailbox_len_max = CLIENTS * EACH), on(parcel_in, sorter_in));

/* Behind it. */
typedef struct collector {
    uint64_t count;
} collector;

static eda_status collector_out(collector *self, const parcel_out *message, eda_ctx *ctx)
{
    (void)ctx;
    self->count++;
    if (!eda_str_equal(message->text, EDA_STR("a text that is copied and comes home again"))) {
        atomic_fetch_add(&disorder, 1);
    }
    return EDA_OK;
}

static eda_status collector_tally(
    collector *self, const tally_get *get, tally_reply *ret_reply, eda_ctx *ctx)
{
    (void)get;
    (void)ctx;
    ret_reply->count = self->count;
    ret_reply->text = EDA_STR("counted");
    return EDA_OK;
}

EDA_ACTOR(collector, eda_none, key(to), options(.mailbox_len_max = 64),
    on(parcel_out, collector_out), answers(tally_get, collector_tally, key(of)));

typedef struct ear {
    uint64_t count;
} ear;
typedef struct other_ear {
    uint64_t count;
} other_ear;

static void ear_gossip(ear *self, const gossip *message)
{
    self->count += message->text.len;
}

static eda_status other_ear_gossip(other_ear *self, const gossip *message, eda_ctx *ctx)
{
    const tally_reply *reply = NULL;

    self->count += message->text.len;
    return eda_ask(ctx, EDA_ASK(tally_get, &reply, .of = message->about % ACTORS), EDA_FOREVER);
}

EDA_ACTOR(ear, eda_none, key(about), on(gossip, ear_gossip));
EDA_ACTOR(other_ear, eda_none, pool(5), emits(tally_get), on(gossip, other_ear_gossip));

static eda_system *start(uint32_t workers)
{
    const eda_options options = {.workers = workers};

    atomic_store(&disorder, 0);
    return delivery_start(&options, DELIVERY_ACTORS(&eda_actor_sorter, &eda_actor_collector,
                                        &eda_actor_ear, &eda_actor_other_ear));
}

typedef struct sender {
    eda_system *sys;
    uint32_t from;
    uint64_t refused;
    uint64_t wrong;
} sender;

typedef void send_fn(sender *self, eda_ctx *client);

typedef struct task {
    sender sender;
    send_fn *fn;
    edai_thread thread;
} task;

static void *run_task(void *arg)
{
    task *self = arg;
    eda_ctx *client = NULL;

    if (eda_client_new(self->sender.sys, &client) != EDA_OK) {
        self->sender.wrong++;
        return NULL;
    }
    self->fn(&self->sender, client);
    eda_client_free(client);
    return NULL;
}

/* Runs fn as that many clients on threads of their own; returns how often it was refused for want
 * of room. */
static uint64_t run_clients(eda_system *sys, send_fn *fn)
{
    task tasks[CLIENTS];
    uint64_t refused = 0;
    uint32_t i;

    for (i = 0; i < CLIENTS; i++) {
        tasks[i] = (task){.sender = {.sys = sys, .from = i}, .fn = fn};
        assert_int_equal(
            edai_thread_start(&tasks[i].thread, run_task, &tasks[i], "client"), EDA_OK);
    }
    for (i = 0; i < CLIENTS; i++) {
        assert_int_equal(edai_thread_join(&tasks[i].thread), EDA_OK);
        assert_int_equal(tasks[i].sender.wrong, 0);
        refused += tasks[i].sender.refused;
    }
    return refused;
}

/* --- order -------------------------------------------------------------------------------- */

static void send_in_order(sender *self, eda_ctx *client)
{
    static const uint8_t padding[5000];
    uint32_t n;

    for (n = 0; n < EACH; n++) { /* of all sizes: from the slab's classes and from the heap */
        eda_status status = eda_publish(client,
            EDA_MSG(parcel_in, .to = n % ACTORS, .from = self->from, .n = n,
                .padding = {padding, n % 10 == 0 ? 5000 : n % 300}),
            NULL);

        self->refused += status == EDA_EFULL ? 1 : 0;
        self->wrong += status != EDA_OK && status != EDA_EFULL ? 1 : 0;
    }
}

static void assert_order_on(uint32_t workers)
{
    eda_system *sys = start(workers);
    uint64_t refused = run_clients(sys, send_in_order);

    delivery_settle(sys);
    assert_int_equal(atomic_load(&disorder), 0);
    delivery_assert_counts(sys, "parcel_in", NULL, .handled = CLIENTS * EACH - refused);
    delivery_assert_counts(sys, "parcel_out", NULL, .handled = CLIENTS * EACH - refused);
    assert_int_equal(eda_system_activations(sys, "sorter").starts, ACTORS);
    delivery_end(sys);
}

static void order_holds_on_two_workers(void **state)
{
    (void)state;
    assert_order_on(2);
}

static void order_holds_on_eight_workers(void **state)
{
    (void)state;
    assert_order_on(8);
}

/* --- receipts ----------------------------------------------------------------------------- */

static void gossip_and_wait(sender *self, eda_ctx *client)
{
    const tally_reply *reply = NULL;
    eda_receipt receipts[10];
    uint32_t round;
    uint32_t i;

    for (round = 0; round < EACH / 40; round++) {
        for (i = 0; i < 10; i++) {
            self->wrong += eda_publish(client,
                               EDA_MSG(gossip, .about = self->from * 100 + i,
                                   .text = EDA_STR("have you heard")),
                               &receipts[i]) != EDA_OK;
        }
        for (i = 0; i < 10; i++) {
            self->wrong += eda_wait(client, receipts[9 - i], EDA_FOREVER) != EDA_OK;
        }
        self->wrong += eda_ask(client, EDA_ASK(tally_get, &reply, .of = round % ACTORS),
                           EDA_FOREVER) != EDA_OK ||
                       !eda_str_equal(reply->text, EDA_STR("counted"));
    }
}

static void assert_receipts_on(uint32_t workers)
{
    eda_system *sys = start(workers);
    const uint64_t published = CLIENTS * (EACH / 40) * 10;

    assert_int_equal(run_clients(sys, gossip_and_wait), 0);
    delivery_settle(sys);
    delivery_assert_counts(sys, "gossip", "ear", .handled = published);
    delivery_assert_counts(sys, "gossip", "other_ear", .handled = published);
    delivery_assert_counts(sys, "tally_get", NULL, .handled = published + CLIENTS * (EACH / 40));
    delivery_end(sys);
}

static void receipts_and_asks_end_on_two_workers(void **state)
{
    (void)state;
    assert_receipts_on(2);
}

static void receipts_and_asks_end_on_eight_workers(void **state)
{
    (void)state;
    assert_receipts_on(8);
}

/* --- idleness ----------------------------------------------------------------------------- */

/* Publishes little, then waits until all is idle: a lost wake-up would hang. */
static void publish_and_wait_idle(sender *self, eda_ctx *client)
{
    uint32_t n;

    for (n = 0; n < EACH / 4; n++) {
        self->wrong +=
            eda_publish(client, EDA_MSG(parcel_in, .to = n % ACTORS, .from = self->from, .n = n),
                NULL) != EDA_OK;
        self->wrong += eda_wait_idle(self->sys, EDA_FOREVER) != EDA_OK;
    }
}

static void idle_waits_of_many_threads_end(void **state)
{
    eda_system *sys = start(3);

    (void)state;
    assert_int_equal(run_clients(sys, publish_and_wait_idle), 0);
    delivery_settle(sys);
    assert_int_equal(atomic_load(&disorder), 0);
    delivery_assert_counts(sys, "parcel_out", NULL, .handled = CLIENTS * (EACH / 4));
    delivery_end(sys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_holds_on_two_workers),
        cmocka_unit_test(order_holds_on_eight_workers),
        cmocka_unit_test(receipts_and_asks_end_on_two_workers),
        cmocka_unit_test(receipts_and_asks_end_on_eight_workers),
        cmocka_unit_test(idle_waits_of_many_threads_end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
