/* epoch.c - two systems share a store and one key: whoever claimed last is the only one whose
 * writes count. */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define MESSAGES 20

EDA_MESSAGE(ledger_add, "ledger/{page}/add", (uint32_t, page));
EDA_RECORD(ledger_sum, (uint32_t, sum));
EDA_REQUEST(ledger_get, ledger_sum, "ledger/{page}/sum", (uint32_t, page));

typedef struct ledger {
    uint32_t sum;
} ledger;

static struct {
    eda_sim *sim;
    const char *problem;
} state;

static void ledger_on_add(ledger *self, const ledger_add *add)
{
    (void)add;
    self->sum++;
}

static void ledger_on_get(ledger *self, const ledger_get *get, ledger_sum *ret_sum)
{
    (void)get;
    ret_sum->sum = self->sum;
}

EDA_ACTOR(ledger, eda_none, key(page), saves(sum), on(ledger_add, ledger_on_add),
    answers(ledger_get, ledger_on_get));

static const eda_actor *const actors[] = {&eda_actor_ledger, NULL};

static void client_main(eda_ctx *client, void *arg)
{
    uint32_t i;

    (void)arg;
    for (i = 0; i < MESSAGES; i++) {
        eda_status status = eda_sim_choose(state.sim, 2) == 0
                                ? eda_publish(client, EDA_MSG(ledger_add, .page = 1), NULL)
                                : eda_publish_wait(client, EDA_MSG(ledger_add, .page = 1), 10000);

        if (status == EDA_ETIMEOUT) {
            state.problem = "a message was not handled in time";
        }
    }
}

/* A third system loads what the two left behind. */
static const char *read_sum(eda_sim *sim, const eda_options *options, uint32_t *ret_sum)
{
    eda_system *sys = scenario_system(sim, options, actors);
    const ledger_sum *sum = NULL;

    SIM_CHECK(sys != NULL, "the third system did not start");
    SIM_CHECK(eda_ask(eda_system_client(sys), EDA_ASK(ledger_get, &sum, .page = 1), 1000) == EDA_OK,
        "the sum could not be read");
    *ret_sum = sum->sum;
    eda_system_free(sys);
    return NULL;
}

static const char *run(eda_sim *sim)
{
    eda_options options = eda_sim_options(sim);
    eda_system *one;
    eda_system *two;
    uint64_t handled;
    uint32_t sum = 0;
    const char *problem;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    options.store_object = eda_sim_store(sim);
    one = scenario_system(sim, &options, actors);
    two = scenario_system(sim, &options, actors);
    SIM_CHECK(one != NULL && two != NULL, "the systems did not start");
    SIM_CHECK(eda_sim_client(sim, one, client_main, NULL) == EDA_OK, "out of memory");
    SIM_CHECK(eda_sim_client(sim, two, client_main, NULL) == EDA_OK, "out of memory");
    SIM_CHECK(eda_sim_run(sim, 200000) == EDA_OK, "a hang");
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    handled =
        eda_system_counts(one, NULL, NULL).handled + eda_system_counts(two, NULL, NULL).handled;
    eda_system_free(one);
    eda_system_free(two);
    problem = read_sum(sim, &options, &sum);
    SIM_CHECK(problem == NULL, "%s", problem);
    SIM_CHECK(sum == handled, "%u turns succeeded, and the store says %u", (unsigned)handled, sum);
    return NULL;
}

const eda_sim_scenario scenario_epoch = {.name = "epoch", .run = run};
