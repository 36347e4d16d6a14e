/* ask.c - asks that time out, and whose late replies must not answer the next one. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define CLIENTS 3
#define ROUNDS 10
/* Nobody waits there for an answer: it comes after all deadlines. */
#define SILENT_LANE 3u
#define SILENCE EDA_SEC(3)

EDA_RECORD(echo_reply, (uint32_t, number));
EDA_REQUEST(echo_get, echo_reply, "echo/{lane}", (uint32_t, lane), (uint32_t, number));
EDA_MESSAGE(echo_go, "echo/go/{asker}", (uint32_t, asker), (uint32_t, number));

typedef struct echo {
    uint32_t unused;
} echo;

typedef struct echo_asker {
    uint32_t unused;
} echo_asker;

static struct {
    eda_sim *sim;
    uint32_t answered;
    uint32_t late;
    const char *problem;
} state;

static eda_status echo_on_get(echo *self, const echo_get *get, echo_reply *ret_reply, eda_ctx *ctx)
{
    (void)self;
    ret_reply->number = get->number;
    if (get->lane == SILENT_LANE) {
        return eda_sleep(ctx, SILENCE);
    }
    if (eda_sim_choose(state.sim, 3) != 0) {
        return eda_sleep(ctx, EDA_US(eda_sim_choose(state.sim, 300)));
    }
    return EDA_OK;
}

EDA_ACTOR(echo, eda_none, key(lane), answers(echo_get, echo_on_get));

static eda_status ask_once(eda_ctx *ctx, uint32_t number)
{
    /* One choice a statement: compilers differ in the order of arguments, and hashes would too. */
    uint32_t lane = (uint32_t)eda_sim_choose(state.sim, SILENT_LANE + 1);
    uint32_t timeout_ms = eda_sim_choose(state.sim, 2) == 0 ? 1 : 1000;
    const echo_reply *reply = NULL;
    eda_time asked = eda_now(ctx);
    eda_status status =
        eda_ask(ctx, EDA_ASK(echo_get, &reply, .lane = lane, .number = number), timeout_ms);

    if (status == EDA_OK) {
        state.answered++;
        if (reply->number != number) {
            state.problem = eda_sim_text(
                state.sim, "asked for %u, and the reply to %u came", number, reply->number);
        }
    } else if (status == EDA_ETIMEOUT) {
        state.late++;
        if (eda_now(ctx) - asked < EDA_MS(timeout_ms)) {
            state.problem =
                eda_sim_text(state.sim, "an ask timed out before its %u ms", timeout_ms);
        }
    } else {
        state.problem = eda_sim_text(state.sim, "an ask ended with %s", eda_status_name(status));
    }
    return EDA_OK;
}

static eda_status asker_on_go(echo_asker *self, const echo_go *go, eda_ctx *ctx)
{
    uint32_t i;

    (void)self;
    for (i = 0; i < 3; i++) {
        EDA_TRY(ask_once(ctx, go->number * 3 + i));
    }
    return EDA_OK;
}

EDA_ACTOR(echo_asker, eda_none, key(asker), emits(echo_get), on(echo_go, asker_on_go));

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t me = *(const uint32_t *)arg;
    uint32_t i;

    for (i = 0; i < ROUNDS; i++) {
        if (eda_sim_choose(state.sim, 2) == 0) {
            (void)ask_once(client, 100000 * (me + 1) + i);
        } else if (eda_publish(client, EDA_MSG(echo_go, .asker = me % 2, .number = 100 * me + i),
                       NULL) != EDA_OK) {
            state.problem = "a publish was refused";
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_echo, &eda_actor_echo_asker, NULL};
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

const eda_sim_scenario scenario_ask = {.name = "ask", .run = run};
