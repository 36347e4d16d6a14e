/* timer.c - timers live and die with their activation; delayed publishes do not. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define ROUNDS 8

EDA_MESSAGE(lamp_on, "lamp/{lamp}/on", (uint32_t, lamp), (uint32_t, ms));
EDA_RECORD(lamp_off, (uint32_t, life));
EDA_RECORD(nap_over, (bool, is_over));
EDA_REQUEST(nap, nap_over, "nap", (uint32_t, ms));

typedef struct lamp {
    uint32_t life; /* which activation this is */
} lamp;

typedef struct bed {
    uint32_t unused;
} bed;

static struct {
    eda_sim *sim;
    uint32_t lives;
    uint32_t offs;
    const char *problem;
} state;

static eda_status lamp_start(lamp *self, const eda_none *none, eda_ctx *ctx)
{
    (void)none;
    (void)ctx;
    self->life = ++state.lives;
    return EDA_OK;
}

static eda_status lamp_on_on(lamp *self, const lamp_on *on, eda_ctx *ctx)
{
    return eda_after(ctx, EDA_MSG(lamp_off, .life = self->life), EDA_MS(on->ms), NULL);
}

static void lamp_on_off(lamp *self, const lamp_off *off)
{
    state.offs++;
    if (off->life != self->life) {
        state.problem = "a timer of an activation that is gone was handled";
    }
}

EDA_ACTOR(lamp, eda_none, options(.idle_ms = 20), key(lamp), start(lamp_start),
    on(lamp_on, lamp_on_on), on_self(lamp_off, lamp_on_off));

/* A client has no clock of its own in a simulation: it asks for a nap. */
static eda_status bed_on_nap(bed *self, const nap *asked, nap_over *ret_over, eda_ctx *ctx)
{
    (void)self;
    ret_over->is_over = true;
    return eda_sleep(ctx, EDA_MS(asked->ms));
}

EDA_ACTOR(bed, eda_none, answers(nap, bed_on_nap));

static void client_main(eda_ctx *client, void *arg)
{
    const nap_over *over = NULL;
    uint32_t i;

    (void)arg;
    for (i = 0; i < ROUNDS; i++) {
        uint32_t which = (uint32_t)eda_sim_choose(state.sim, 2);
        uint32_t on_ms = (uint32_t)eda_sim_choose(state.sim, 60);
        uint32_t nap_ms = (uint32_t)eda_sim_choose(state.sim, 60);

        if (eda_publish(client, EDA_MSG(lamp_on, .lamp = which, .ms = on_ms), NULL) != EDA_OK ||
            eda_ask(client, EDA_ASK(nap, &over, .ms = nap_ms), 10000) != EDA_OK) {
            state.problem = "a publish or a nap failed";
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_lamp, &eda_actor_bed, NULL};
    eda_system *sys;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    sys = scenario_system(sim, NULL, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    SIM_CHECK(eda_sim_client(sim, sys, client_main, NULL) == EDA_OK, "out of memory");
    SIM_CHECK(eda_sim_run(sim, 200000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_timer = {.name = "timer", .run = run};
