/* failure.c - turns that fail, restart and give up, with allocations that fail too: every message
 * has one outcome. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define CLIENTS 3
#define MESSAGES 20

EDA_MESSAGE(work, "work/{bench}", (uint32_t, bench), (eda_str, text));
EDA_MESSAGE(work_done, "work/{bench}/done", (uint32_t, bench));

typedef struct bench {
    uint32_t count;
    eda_text last;
} bench;

typedef struct counter {
    uint32_t unused;
} counter;

static struct {
    eda_sim *sim;
    uint32_t published;
    uint32_t done;
} state;

static eda_status bench_on_work(bench *self, const work *piece, eda_ctx *ctx)
{
    self->count++;
    EDA_TRY(eda_text_set(ctx, &self->last, piece->text));
    if (eda_sim_choose(state.sim, 3) == 0) {
        EDA_TRY(eda_sleep(ctx, EDA_US(eda_sim_choose(state.sim, 100))));
    }
    EDA_TRY(eda_publish(ctx, EDA_MSG(work_done, .bench = piece->bench), NULL));
    switch (eda_sim_choose(state.sim, 8)) {
    case 0:
        return EDA_STATUS_USER + 1;
    case 1:
        return eda_fail(ctx, EDA_STATUS_USER + 2, "broken on purpose");
    default:
        return EDA_OK;
    }
}

EDA_ACTOR(bench, eda_none, key(bench), saves(count, last), emits(work_done),
    on(work, bench_on_work, attempts(3)));

static void counter_on_done(counter *self, const work_done *done)
{
    (void)self;
    (void)done;
    state.done++;
}

EDA_ACTOR(counter, eda_none, on(work_done, counter_on_done));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < MESSAGES; i++) {
        if (eda_publish(client,
                EDA_MSG(work, .bench = (uint32_t)eda_sim_choose(state.sim, 3),
                    .text = EDA_STR("a piece of work")),
                NULL) == EDA_OK) {
            state.published++;
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_bench, &eda_actor_counter, NULL};
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
    SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a hang");
    counts = eda_system_counts(sys, "work", NULL);
    SIM_CHECK(counts.accepted == state.published, "%u were published, %u accepted", state.published,
        (unsigned)counts.accepted);
    SIM_CHECK(eda_counts_balance(&counts) == 0, "the balance is not zero");
    SIM_CHECK(eda_system_counts(sys, "work_done", NULL).accepted == counts.handled,
        "effects of failed turns left, or those of successful ones did not");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_failure = {.name = "failure",
    .run = run,
    .faults = {.store_fails = 50, .store_loses = 50, .alloc_fails = 60}};
