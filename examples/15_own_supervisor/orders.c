/* orders.c - two tenants under a supervisor of our own: one floods, the other does not notice. */
#include "tenants.h"
#include <edacious/edacious.h>
#include <inttypes.h>
#include <stdio.h>

#define PER_TENANT 2
#define FLOOD 100
#define STATUS_BROKEN (EDA_STATUS_USER + 1)

EDA_MESSAGE(order_placed, "order/placed",
    (uint32_t, tenant),
    (uint32_t, order_id),
    (bool, is_broken));
EDA_MESSAGE(day_began, "order/day/began");

typedef struct worker {
    uint32_t handled;
    uint32_t tenant;
} worker;

static eda_status worker_on_placed(worker *self, const order_placed *order, eda_ctx *ctx)
{
    if (order->is_broken) {
        return eda_fail(ctx, STATUS_BROKEN, "order %" PRIu32, order->order_id);
    }
    if (self->handled > 0 && self->tenant != order->tenant) {
        printf("tenants %" PRIu32 " and %" PRIu32 " share a worker\n", self->tenant, order->tenant);
    }
    self->tenant = order->tenant;
    self->handled++;
    return EDA_OK;
}

EDA_ACTOR(worker, eda_none,
    options(.mailbox_len_max = 8),
    pool(PER_TENANT, order_id),
    supervised_by(tenants),
    on(order_placed, worker_on_placed));

typedef struct shop {
    uint32_t day;
} shop;

/* Tenant 7 places a hundred orders at once; tenant 8, after all of them, places three. */
static eda_status shop_on_day(shop *self, const day_began *began, eda_ctx *ctx)
{
    (void)began;
    self->day++;
    for (uint32_t i = 0; i < FLOOD; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(order_placed, .tenant = 7, .order_id = i), NULL));
    }
    for (uint32_t i = 0; i < 3; i++) {
        EDA_TRY(eda_publish(ctx, EDA_MSG(order_placed, .tenant = 8, .order_id = i), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(shop, eda_none, emits(order_placed), on(day_began, shop_on_day));

static eda_status run(eda_system *sys)
{
    eda_counts counts;
    eda_ctx *client;

    EDA_TRY(eda_add_linked(sys));
    EDA_TRY(eda_system_start(sys));
    client = eda_system_client(sys);
    EDA_TRY(eda_publish_wait(client, EDA_MSG(day_began), 1000));
    EDA_TRY(eda_wait_idle(sys, 1000));
    counts = eda_system_counts(sys, "order_placed", "worker");
    /* Room for 2 * 8 orders of tenant 7, and all three of tenant 8. */
    printf("accepted %" PRIu64 ", handled %" PRIu64 ", shed %" PRIu64 "\n", counts.accepted,
        counts.handled, counts.shed);
    printf("workers: %" PRIu64 ", for two tenants at most %d each\n",
        eda_system_activations(sys, "worker").live, PER_TENANT);

    /* One restart, then the worker is given up; the next order makes a new one. */
    for (uint32_t i = 1; i <= 3; i++) {
        eda_status status = eda_publish_wait(
            client, EDA_MSG(order_placed, .tenant = 9, .order_id = 1, .is_broken = i < 3), 1000);

        printf("tenant 9, order %" PRIu32 ": %s\n", i, eda_status_name(status));
    }
    printf("restarts %" PRIu64 "\n", eda_system_activations(sys, "worker").restarts);
    return EDA_OK;
}

int main(void)
{
    const eda_options options = {.workers = 1}; /* so that the flood is one, every time */
    eda_system *sys = NULL;
    eda_status status = eda_system_new(&options, &sys);

    if (status == EDA_OK) {
        status = run(sys);
        if (status != EDA_OK) {
            fprintf(stderr, "orders: %s: %s\n", eda_status_text(status), eda_system_error(sys));
        }
    }
    eda_system_free(sys);
    return status == EDA_OK ? 0 : 1;
}
