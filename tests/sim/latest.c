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
    uint32_t published;
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

/* Two clients publish in turn, so that the last number is known. */
static void client_main(eda_ctx *client, void *arg)
{
    const uint32_t *me = arg;
    uint32_t i;

    for (i = 1 + *me; i <= MESSAGES; i += 2) {
        while (state.published + 1 != i) {
            eda_sim_sleep(state.sim, EDA_US(1));
        }
        if (eda_publish(client, EDA_MSG(gauge, .number = i), NULL) != EDA_OK) {
            state.problem = "a publish was refused";
        }
        state.published = i;
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_dial, NULL};
    eda_system *sys;
    eda_counts counts;
    uint32_t i;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    sys = scenario_system(sim, NULL, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < 2; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    SIM_CHECK(state.last == MESSAGES, "the last value handled was %u of %u", state.last, MESSAGES);
    counts = eda_system_counts(sys, "gauge", NULL);
    SIM_CHECK(counts.handled + counts.shed == MESSAGES, "messages got lost");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_latest = {.name = "latest", .run = run};
