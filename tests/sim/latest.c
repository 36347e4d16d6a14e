/* latest.c - of a keep_latest message the last one published is the last one handled. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define MESSAGES 30

EDA_MESSAGE(gauge, "gauge", .overflow = EDA_KEEP_LATEST, (uint32_t, number));

typedef struct dial {
    uint32_t number;
} dial;

static struct {
    eda_sim *sim;
    uint32_t last;
    const char *problem;
} state;

static eda_status dial_on_gauge(dial *self, const gauge *read, eda_ctx *ctx)
{
    if (read->number < self->number) {
        state.problem = "an older value came after a newer one";
    }
    self->number = read->number;
    state.last = read->number;
    return eda_sim_choose(state.sim, 3) == 0 ? eda_sleep(ctx, EDA_US(eda_sim_choose(state.sim, 30)))
                                             : EDA_OK;
}

EDA_ACTOR(dial, eda_none, on(gauge, dial_on_gauge));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 1; i <= MESSAGES; i++) {
        if (eda_publish(client, EDA_MSG(gauge, .number = i), NULL) != EDA_OK) {
            state.problem = "a publish was refused";
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_dial, NULL};
    eda_system *sys;
    eda_counts counts;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    sys = scenario_system(sim, NULL, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    SIM_CHECK(eda_sim_client(sim, sys, client_main, NULL) == EDA_OK, "out of memory");
    SIM_CHECK(eda_sim_run(sim, 100000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    SIM_CHECK(state.last == MESSAGES, "the last value handled was %u of %u", state.last, MESSAGES);
    counts = eda_system_counts(sys, "gauge", NULL);
    SIM_CHECK(counts.handled + counts.shed == MESSAGES, "messages got lost");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_latest = {.name = "latest", .run = run};
