/* circle.c - actors that ask each other round a circle: one of them is told, nobody hangs. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define CLIENTS 2
#define ROUNDS 4

EDA_RECORD(hop_reply, (uint32_t, hops));
EDA_REQUEST(hop, hop_reply, "hop/{post}", (uint32_t, post), (uint32_t, left));

typedef struct post {
    uint32_t unused;
} post;

static struct {
    eda_sim *sim;
    uint32_t posts;
    uint32_t told;
    const char *problem;
} state;

static eda_status post_on_hop(post *self, const hop *asked, hop_reply *ret_reply, eda_ctx *ctx)
{
    const hop_reply *reply = NULL;
    eda_status status;

    (void)self;
    if (asked->left == 0) {
        ret_reply->hops = 1;
        return EDA_OK;
    }
    status = eda_ask(ctx,
        EDA_ASK(hop, &reply, .post = (asked->post + 1) % state.posts, .left = asked->left - 1),
        EDA_FOREVER);
    if (status == EDA_OK) {
        ret_reply->hops = reply->hops + 1;
    }
    return status;
}

EDA_ACTOR(post, eda_none, key(post), emits(hop), answers(hop, post_on_hop));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < ROUNDS; i++) {
        uint32_t left = (uint32_t)eda_sim_choose(state.sim, UINT64_C(2) * state.posts);
        uint32_t first = (uint32_t)eda_sim_choose(state.sim, state.posts);
        const hop_reply *reply = NULL;
        eda_status status =
            eda_ask(client, EDA_ASK(hop, &reply, .post = first, .left = left), 100000);

        if (status == EDA_EDEADLOCK) {
            state.told++;
        } else if (status != EDA_OK) {
            state.problem =
                eda_sim_text(state.sim, "an ask ended with %s", eda_status_name(status));
        } else if (reply->hops != left + 1) {
            state.problem = "a wrong reply";
        }
        if (status == EDA_OK && left >= state.posts) {
            state.problem = "a circle was not noticed";
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_post, NULL};
    eda_system *sys;
    uint32_t i;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    state.posts = 1 + (uint32_t)eda_sim_choose(sim, 4);
    sys = scenario_system(sim, NULL, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < CLIENTS; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_circle = {.name = "circle", .run = run};
