/* census.c - see census.h. */
#include "core/census.h"

#include "core/abroad.h"
#include "core/fan.h"

static uint64_t count_chain(edai_envelope *at)
{
    uint64_t count = 0;

    for (; at != NULL; at = at->next) {
        count += at->kind == EDAI_DELIVERY ? 1 : 0;
        count += at->kind == EDAI_BUNDLE ? at->route->fan->count : 0;
    }
    return count;
}

static uint64_t count_activation(const edai_activation *activation)
{
    uint64_t count = count_chain(activation->head);
    const edai_waiting *waiting;
    const eda_ctx *ctx;

    if (activation->extra == NULL) {
        return count;
    }
    for (waiting = activation->extra->waiting; waiting != NULL; waiting = waiting->next) {
        count++;
    }
    for (ctx = activation->extra->suspended; ctx != NULL; ctx = ctx->next_suspended) {
        count += ctx->envelope != NULL ? 1 : 0;
    }
    return count;
}

static uint64_t count_worker(edai_worker *worker)
{
    uint64_t count = count_chain(edai_inbox_peek(&worker->inbox)) + count_chain(worker->arrived) +
                     edai_fans_count(worker);
    uint32_t i;

    for (i = 0; i < worker->sys->worker_count; i++) {
        count += count_chain(worker->outbox[i].newest);
    }
    for (i = 0; i < worker->sys->actor_count; i++) {
        edai_pool_walk walk = {.chunk = NULL};
        const edai_activation *at;

        while ((at = edai_pool_next(&worker->holdings[i].pool, &walk, UINT32_MAX)) != NULL) {
            count += count_activation(at);
        }
    }
    return count;
}

uint64_t edai_census(eda_system *sys)
{
    uint64_t count = 0;
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        count += count_worker(&sys->workers[i]);
    }
    return count;
}

static int64_t balance_of(const eda_system *sys, const edai_tally *tallies)
{
    int64_t balance = 0;
    uint32_t i;
    uint32_t outcome;

    for (i = 0; i < sys->route_count; i++) {
        balance += (int64_t)(edai_tally_get(&tallies[i], EDAI_ACCEPTED) *
                             edai_route_weight(sys->routes[i]));
        for (outcome = EDAI_HANDLED; outcome <= EDAI_STOPPED; outcome++) {
            balance -= (int64_t)edai_tally_get(&tallies[i], (edai_outcome)outcome);
        }
    }
    return balance;
}

int64_t edai_census_balance(eda_system *sys)
{
    int64_t balance = 0;
    const edai_client *client;
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        balance += balance_of(sys, sys->workers[i].tallies);
    }
    for (client = sys->clients; client != NULL; client = client->next) {
        balance += balance_of(sys, client->tallies);
    }
    balance -= (int64_t)edai_far_ended(sys);
    return balance;
}
