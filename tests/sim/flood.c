/* flood.c - actors that flood each other with EDA_WAIT messages through small mailboxes: no hang,
 * all accounted. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define CLIENTS 2
#define ROUNDS 6

EDA_MESSAGE(ping, "flood/ping/{side}", .overflow = EDA_WAIT, (uint32_t, side), (uint32_t, left));

typedef struct side {
    uint32_t unused;
} side;

static struct {
    eda_sim *sim;
    uint32_t sides;
    const char *problem;
} state;

static eda_status side_on_ping(side *self, const ping *got, eda_ctx *ctx)
{
    uint32_t i;

    (void)self;
    for (i = 0; got->left > 0 && i < 3; i++) {
        EDA_TRY(eda_publish(ctx,
            EDA_MSG(ping, .side = (got->side + 1) % state.sides, .left = got->left - 1), NULL));
    }
    return EDA_OK;
}

EDA_ACTOR(side, eda_none, options(.mailbox_len_max = 3), key(side), emits(ping), on(ping, side_on_ping));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < ROUNDS; i++) {
        uint32_t first = (uint32_t)eda_sim_choose(state.sim, state.sides);
        uint32_t left = 1 + (uint32_t)eda_sim_choose(state.sim, 3);
        eda_status status = eda_publish(client, EDA_MSG(ping, .side = first, .left = left), NULL);

        if (status != EDA_OK && status != EDA_EDEADLOCK && status != EDA_EFULL) {
            state.problem =
                eda_sim_text(state.sim, "a publish ended with %s", eda_status_name(status));
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_side, NULL};
    eda_options options = eda_sim_options(sim);
    eda_system *sys;
    eda_counts counts;
    uint32_t i;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    state.sides = 1 + (uint32_t)eda_sim_choose(sim, 3);
    options.wait_ms = 3600000; /* a circle must be found, not waited out */
    sys = scenario_system(sim, &options, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < CLIENTS; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    counts = eda_system_counts(sys, "ping", NULL);
    SIM_CHECK(eda_counts_balance(&counts) == 0, "the balance is not zero");
    SIM_CHECK(counts.failed == 0 && counts.dead == 0, "a turn failed");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_flood = {.name = "flood", .run = run};
