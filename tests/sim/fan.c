/* fan.c - one message for many, published by clients and by an actor, between ordinary ones: each
 * receiver gets each publisher's messages in order, whatever it does upon them, and none is lost.
 */
#include "scenarios.h"

#include <edacious/declare.h>

#include <string.h>

#define LISTENERS 5
#define CLIENTS 2
#define PUBLISHERS (CLIENTS + 1)
#define PUBLISHES 25
#define MAILBOX 64

EDA_MESSAGE(tidings, "fan/tidings", (uint32_t, from), (uint32_t, number));
EDA_MESSAGE(rumour, "fan/rumour", (uint32_t, from), (uint32_t, number));
EDA_MESSAGE(aside, "fan/aside", (uint32_t, from), (uint32_t, number));
EDA_MESSAGE(cue, "fan/cue", (uint32_t, count));

static struct {
    eda_sim *sim;
    uint32_t next[PUBLISHERS]; /* number */
    uint32_t tidings;          /* published by clients */
    uint32_t last[LISTENERS][PUBLISHERS];
    bool has_failed[LISTENERS][PUBLISHERS]; /* upon the last one, which may come again */
    const char *problem;
} state;

static eda_status hear(uint32_t me, uint32_t from, uint32_t number, eda_ctx *ctx)
{
    uint32_t *last = &state.last[me][from];
    bool *has_failed = &state.has_failed[me][from];

    if (number < *last || (number == *last && !*has_failed)) {
        state.problem = "one publisher's messages came out of order, or twice";
    }
    *last = number;
    *has_failed = true; /* until it has ended well */
    switch (eda_sim_choose(state.sim, 12)) {
    case 0:
        EDA_TRY(eda_sleep(ctx, EDA_US(eda_sim_choose(state.sim, 50))));
        break;
    case 1:
        return EDA_STATUS_USER + 1;
    case 2:
        return eda_fail(ctx, EDA_STATUS_USER + 2, "broken on purpose");
    case 3:
        EDA_TRY(eda_publish(ctx, EDA_MSG(cue, .count = 0), NULL));
        break;
    default:
        break;
    }
    *has_failed = false;
    return EDA_OK;
}

#define LISTENER(name_, me_, verb_)                                                                \
    typedef struct name_ {                                                                         \
        uint32_t unused;                                                                           \
    } name_;                                                                                       \
    static eda_status name_##_on_tidings(name_ *self, const tidings *m, eda_ctx *ctx)              \
    {                                                                                              \
        (void)self;                                                                                \
        return hear(me_, m->from, m->number, ctx);                                                 \
    }                                                                                              \
    static eda_status name_##_on_rumour(name_ *self, const rumour *m, eda_ctx *ctx)                \
    {                                                                                              \
        (void)self;                                                                                \
        return hear(me_, m->from, m->number, ctx);                                                 \
    }                                                                                              \
    EDA_ACTOR(name_, eda_none, verb_, emits(cue),                    \
        on(tidings, name_##_on_tidings, attempts(2)), on(rumour, name_##_on_rumour))

LISTENER(hearer_one, 0, options(.mailbox_len_max = MAILBOX));
LISTENER(hearer_two, 1, options(.mailbox_len_max = MAILBOX));
LISTENER(hearer_three, 2, options(.mailbox_len_max = MAILBOX));
LISTENER(hearer_four, 3, options(.mailbox_len_max = MAILBOX));

/* The fifth hears the asides, too, which have one receiver. */
struct confidant;
static eda_status confidant_on_aside(struct confidant *self, const aside *m, eda_ctx *ctx)
{
    (void)self;
    return hear(4, m->from, m->number, ctx);
}

LISTENER(confidant, 4, on(aside, confidant_on_aside));

static eda_status publish_some(eda_ctx *ctx, uint32_t from)
{
    uint32_t number = ++state.next[from];

    switch (eda_sim_choose(state.sim, 4)) {
    case 0:
        return eda_publish(ctx, EDA_MSG(rumour, .from = from, .number = number), NULL);
    case 1:
        return eda_publish(ctx, EDA_MSG(aside, .from = from, .number = number), NULL);
    default:
        EDA_TRY(eda_publish(ctx, EDA_MSG(tidings, .from = from, .number = number), NULL));
        state.tidings += from < CLIENTS ? 1 : 0;
        return EDA_OK;
    }
}

typedef struct herald {
    uint32_t count;
} herald;

static eda_status herald_on_cue(herald *self, const cue *given, eda_ctx *ctx)
{
    for (uint32_t i = 0; i < given->count; i++) {
        EDA_TRY(publish_some(ctx, CLIENTS));
        self->count++;
    }
    return EDA_OK;
}

EDA_ACTOR(herald, eda_none, emits(tidings, rumour, aside), on(cue, herald_on_cue));

static void client_main(eda_ctx *client, void *arg)
{
    const uint32_t *me = arg;
    uint32_t i;

    for (i = 0; i < PUBLISHES; i++) {
        (void)!publish_some(client, *me);
        if (eda_sim_choose(state.sim, 3) == 0) {
            (void)!eda_publish(
                client, EDA_MSG(cue, .count = (uint32_t)eda_sim_choose(state.sim, 6)), NULL);
        }
    }
}

static const char *run(eda_sim *sim)
{
    static const eda_actor *const actors[] = {&eda_actor_hearer_one, &eda_actor_hearer_two,
        &eda_actor_hearer_three, &eda_actor_hearer_four, &eda_actor_confidant, &eda_actor_herald,
        NULL};
    eda_options options = eda_sim_options(sim);
    eda_system *sys;
    eda_counts counts;
    uint32_t i;

    memset(&state, 0, sizeof(state));
    state.sim = sim;
    options.passivates_at_once = eda_sim_choose(sim, 3) == 0;
    options.drain_ms = 1;
    sys = scenario_system(sim, &options, actors);
    SIM_CHECK(sys != NULL, "the system did not start");
    for (i = 0; i < CLIENTS; i++) {
        SIM_CHECK(
            eda_sim_client(sim, sys, client_main, &scenario_numbers[i]) == EDA_OK, "out of memory");
    }
    if (eda_sim_choose(sim, 4) == 0) { /* in the midst of it */
        for (uint64_t delay = eda_sim_choose(sim, 20); delay > 0; delay--) {
            (void)!eda_wait_idle(sys, 1);
        }
        eda_system_stop(sys);
        SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a hang after the stop");
        SIM_CHECK(eda_system_activations(sys, NULL).live == 0, "activations outlived the stop");
    } else {
        SIM_CHECK(eda_sim_run(sim, 400000) == EDA_OK, "a hang");
        counts = eda_system_counts(sys, "tidings", NULL);
        SIM_CHECK(counts.accepted >= (uint64_t)LISTENERS * state.tidings,
            "%u were published, %u accepted", state.tidings, (unsigned)counts.accepted);
        SIM_CHECK(
            counts.accepted % LISTENERS == 0, "a message was accepted for some receivers only");
    }
    SIM_CHECK(state.problem == NULL, "%s", state.problem);
    counts = eda_system_counts(sys, NULL, NULL);
    SIM_CHECK(eda_counts_balance(&counts) == 0, "the balance is not zero");
    eda_system_free(sys);
    return NULL;
}

const eda_sim_scenario scenario_fan = {.name = "fan", .run = run, .faults = {.alloc_fails = 30}};
