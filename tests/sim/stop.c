/* stop.c - a system is stopped in the middle of everything: what is left is ended and counted. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define CLIENTS 3
#define MESSAGES 20

EDA_RECORD(slow_reply, (uint32_t, number));
EDA_REQUEST(slow_get, slow_reply, "slow/{post}", (uint32_t, post));
EDA_MESSAGE(hurry, "hurry/{runner}", .overflow = EDA_WAIT, (uint32_t, runner));

typedef struct slow {
    uint32_t unused;
} slow;

typedef struct runner {
    uint32_t unused;
} runner;

static struct {
    eda_sim *sim;
} state;

static eda_status slow_on_get(slow *self, const slow_get *get, slow_reply *ret_reply, eda_ctx *ctx)
{
    (void)self;
    ret_reply->number = get->post;
    return eda_sleep(ctx, EDA_SEC(eda_sim_choose(state.sim, 100)));
}

EDA_ACTOR(slow, eda_none, key(post), answers(slow_get, slow_on_get));

static eda_status runner_on_hurry(runner *self, const hurry *go, eda_ctx *ctx)
{
    const slow_reply *reply = NULL;

    (void)self;
    EDA_TRY(eda_publish_after(ctx, EDA_MSG(hurry, .runner = go->runner + 1), EDA_SEC(50)));
    return eda_ask(ctx, EDA_ASK(slow_get, &reply, .post = go->runner % 2), EDA_FOREVER);
}

EDA_ACTOR(runner, eda_none, options(.mailbox_len_max = 2), key(runner), emits(slow_get, hurry),
    on(hurry, runner_on_hurry));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < MESSAGES; i++) {
        eda_status status = eda_publish(
            client, EDA_MSG(hurry, .runner = (uint32_t)eda_sim_choose(state.sim, 3)), NULL);

        if (status == EDA_ECLOSED) {
            return;
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_slow, &eda_actor_runner, NULL};
    eda_options options = eda_sim_options(sim);
    eda_system *sys;
    eda_counts counts;
    uint32_t i;
    uint64_t delay;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    options.drain_ms = 1 + (uint32_t)eda_sim_choose(sim, 100000);
    sys = scenario_system(sim, &options, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < CLIENTS; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    /* Not by waiting for idleness, which is there before the clients have begun. */
    for (delay = eda_sim_choose(sim, 20); delay > 0; delay--) {
        uint32_t timeout_ms = 1 + (uint32_t)eda_sim_choose(sim, 100);

        (void)!eda_publish_wait(
            eda_system_client(sys), EDA_MSG(hurry, .runner = (uint32_t)delay % 3), timeout_ms);
    }
    eda_system_stop(sys);
    SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a client was never answered");
    counts = eda_system_counts(sys, NULL, NULL);
    SIM_CHECK(eda_counts_balance(&counts) == 0, "the balance is %d after the stop",
        (int)eda_counts_balance(&counts));
    SIM_CHECK(eda_system_activations(sys, NULL).live == 0, "activations outlived the stop");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_stop = {.name = "stop", .run = run};
