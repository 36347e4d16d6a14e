/* race.c - several clients race first messages to few keys, while activations come and go. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define KEYS 4
#define CLIENTS 5
#define MESSAGES 25

EDA_MESSAGE(race_step, "race/{lane}/step", (uint32_t, lane), (uint32_t, client), (uint32_t, number));

/* Half of the clients go through an actor of their own, so that chains cross between workers. */
EDA_MESSAGE(race_go, "race/go/{client}", (uint32_t, client), (uint32_t, lane), (uint32_t, number));

typedef struct relay {
    uint32_t unused;
} relay;

typedef struct racer {
    uint32_t count;
} racer;

static struct {
    eda_sim *sim;
    uint32_t lanes;
    uint32_t start_sleeps; /* one start in so many suspends; 0: none */
    uint32_t next[KEYS][CLIENTS];
    uint32_t sent;
    const char *problem;
} race;

static eda_status racer_start(racer *self, const eda_none *none, eda_ctx *ctx)
{
    (void)none;
    self->count = 0;
    if (race.start_sleeps != 0 && eda_sim_choose(race.sim, race.start_sleeps) == 0) {
        return eda_sleep(ctx, EDA_US(eda_sim_choose(race.sim, 50)));
    }
    return EDA_OK;
}

static eda_status racer_on_step(racer *self, const race_step *step, eda_ctx *ctx)
{
    uint32_t *next = &race.next[step->lane][step->client];

    (void)ctx;
    self->count++;
    if (step->number != *next) {
        race.problem = eda_sim_text(race.sim, "lane %u, client %u: message %u came when %u was due",
            step->lane, step->client, step->number, *next);
    }
    *next = step->number + 1;
    return EDA_OK;
}

EDA_ACTOR(racer, eda_none, key(lane), start(racer_start), on(race_step, racer_on_step));

static eda_status relay_on_go(relay *self, const race_go *go, eda_ctx *ctx)
{
    (void)self;
    return eda_publish(ctx,
        EDA_MSG(race_step, .lane = go->lane, .client = go->client, .number = go->number), NULL);
}

EDA_ACTOR(relay, eda_none, key(client), emits(race_step), on(race_go, relay_on_go));

static eda_status send(eda_ctx *client, uint32_t me, uint32_t lane, uint32_t number)
{
    if (me % 2 == 0) {
        return eda_publish(
            client, EDA_MSG(race_go, .client = me, .lane = lane, .number = number), NULL);
    }
    return eda_publish(
        client, EDA_MSG(race_step, .lane = lane, .client = me, .number = number), NULL);
}

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t number[KEYS] = {0};
    uint32_t me = *(const uint32_t *)arg;
    uint32_t i;

    for (i = 0; i < MESSAGES; i++) {
        uint32_t lane = (uint32_t)eda_sim_choose(race.sim, race.lanes);

        if (send(client, me, lane, number[lane]) != EDA_OK) {
            race.problem = "a publish was refused";
            return;
        }
        number[lane]++;
        race.sent++;
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_racer, &eda_actor_relay, NULL};
    eda_options options = eda_sim_options(sim);
    eda_system *sys;
    eda_counts counts;
    uint32_t i;
    uint32_t clients = 1 + (uint32_t)eda_sim_choose(sim, CLIENTS);

    memset(&race, 0, sizeof(race));
    race.sim = sim;
    race.lanes = 1 + (uint32_t)eda_sim_choose(sim, KEYS);
    race.start_sleeps = (uint32_t)eda_sim_choose(sim, 3);
    options.passivates_at_once = eda_sim_choose(sim, 2) == 0;
    sys = scenario_system(sim, &options, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < clients; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    SIM_CHECK(eda_sim_run(sim, 100000) == EDA_OK, "a hang: messages wait and nobody runs");
    counts = eda_system_counts(sys, "race_step", NULL);
    SIM_CHECK(race.problem == NULL, "%s", race.problem);
    SIM_CHECK(counts.handled == race.sent, "%u were sent, %u handled", race.sent,
        (unsigned)counts.handled);
    SIM_CHECK(eda_counts_balance(&counts) == 0, "the balance is not zero");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_race = {.name = "race", .run = run};
