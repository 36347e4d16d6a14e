/* commit.c - saved state on a store that fails: no effect without its commit, no number told twice.
 */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define KEYS 3
#define CLIENTS 3u
#define MESSAGES 25u

EDA_MESSAGE(commit_add, "commit/{jar}/add", (uint32_t, jar));
EDA_MESSAGE(commit_added, "commit/{jar}/added", (uint32_t, jar), (uint32_t, count));

typedef struct jar {
    uint32_t count;
} jar;

typedef struct commit_watcher {
    uint32_t unused;
} commit_watcher;

static struct {
    eda_sim *sim;
    uint32_t told[KEYS];
    const char *problem;
} state;

static eda_status jar_on_add(jar *self, const commit_add *add, eda_ctx *ctx)
{
    self->count++;
    return eda_publish(ctx, EDA_MSG(commit_added, .jar = add->jar, .count = self->count), NULL);
}

EDA_ACTOR(jar, eda_none, key(jar), saves(count), emits(commit_added), on(commit_add, jar_on_add));

static void watcher_on_added(commit_watcher *self, const commit_added *added)
{
    (void)self;
    if (added->count <= state.told[added->jar]) {
        state.problem = eda_sim_text(state.sim, "jar %u: %u was told after %u", added->jar,
            added->count, state.told[added->jar]);
    }
    state.told[added->jar] = added->count;
}

EDA_ACTOR(commit_watcher, eda_none, on(commit_added, watcher_on_added));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < MESSAGES; i++) {
        if (eda_publish(client,
                EDA_MSG(commit_add, .jar = (uint32_t)eda_sim_choose(state.sim, KEYS)),
                NULL) != EDA_OK) {
            state.problem = "a publish was refused";
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_jar, &eda_actor_commit_watcher, NULL};
    eda_options options = eda_sim_options(sim);
    eda_system *sys;
    eda_counts counts;
    uint32_t i;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    options.store_object = eda_sim_store(sim);
    options.passivates_at_once = eda_sim_choose(sim, 2) == 0;
    sys = scenario_system(sim, &options, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < CLIENTS; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    SIM_CHECK(eda_sim_run(sim, 100000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    counts = eda_system_counts(sys, "commit_add", NULL);
    SIM_CHECK(counts.handled + counts.failed + counts.dead == (uint64_t)CLIENTS * MESSAGES,
        "messages got lost");
    SIM_CHECK(eda_system_counts(sys, "commit_added", NULL).handled == counts.handled,
        "a turn's effect and its success differ");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_commit = {
    .name = "commit", .run = run, .faults = {.store_fails = 200, .store_loses = 200}};
