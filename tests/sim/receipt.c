/* receipt.c - a receipt is complete when every handler has returned, and not before. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define CLIENTS 2
#define ROUNDS 12

EDA_MESSAGE(bell, "bell", (uint32_t, number), (uint32_t, client));

static struct {
    eda_sim *sim;
    uint32_t heard[CLIENTS][ROUNDS];
    const char *problem;
} state;

static eda_status hear(const bell *rung, eda_ctx *ctx)
{
    if (eda_sim_choose(state.sim, 4) == 0) {
        EDA_TRY(eda_sleep(ctx, EDA_US(eda_sim_choose(state.sim, 20))));
    }
    state.heard[rung->client][rung->number]++;
    return EDA_OK;
}

typedef struct ear_one {
    uint32_t unused;
} ear_one;
typedef struct ear_two {
    uint32_t unused;
} ear_two;
typedef struct ear_three {
    uint32_t unused;
} ear_three;

static eda_status one_on_bell(ear_one *self, const bell *rung, eda_ctx *ctx)
{
    (void)self;
    return hear(rung, ctx);
}
EDA_ACTOR(ear_one, eda_none, on(bell, one_on_bell));

static eda_status two_on_bell(ear_two *self, const bell *rung, eda_ctx *ctx)
{
    (void)self;
    return hear(rung, ctx);
}
EDA_ACTOR(ear_two, eda_none, on(bell, two_on_bell));

static eda_status three_on_bell(ear_three *self, const bell *rung, eda_ctx *ctx)
{
    (void)self;
    return hear(rung, ctx);
}
EDA_ACTOR(ear_three, eda_none, on(bell, three_on_bell));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t me = *(const uint32_t *)arg;
    uint32_t i;

    for (i = 0; i < ROUNDS; i++) {
        eda_receipt receipt = {.id = 0};
        eda_status status = eda_publish(client, EDA_MSG(bell, .number = i, .client = me), &receipt);

        if (status == EDA_OK) {
            status = eda_wait(client, receipt, 10000);
        }
        if (status != EDA_OK) {
            state.problem =
                eda_sim_text(state.sim, "a receipt ended with %s", eda_status_name(status));
        } else if (state.heard[me][i] != 3) {
            state.problem = eda_sim_text(
                state.sim, "a receipt was complete when %u of 3 had handled", state.heard[me][i]);
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {
        &eda_actor_ear_one, &eda_actor_ear_two, &eda_actor_ear_three, NULL};
    eda_system *sys;
    uint32_t i;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    sys = scenario_system(sim, NULL, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < CLIENTS; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    SIM_CHECK(eda_sim_run(sim, 200000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_receipt = {.name = "receipt", .run = run};
