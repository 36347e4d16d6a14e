/* scenarios.h - what edacious-sim runs; each file of this folder adds one or more. */
#ifndef SCENARIOS_H
#define SCENARIOS_H

#include <edacious/sim.h>

extern const eda_sim_scenario scenario_race;
extern const eda_sim_scenario scenario_commit;
extern const eda_sim_scenario scenario_ask;
extern const eda_sim_scenario scenario_receipt;
extern const eda_sim_scenario scenario_timer;
extern const eda_sim_scenario scenario_latest;
extern const eda_sim_scenario scenario_epoch;
extern const eda_sim_scenario scenario_circle;
extern const eda_sim_scenario scenario_flood;
extern const eda_sim_scenario scenario_failure;
extern const eda_sim_scenario scenario_stop;
extern const eda_sim_scenario scenario_fan;

/* 0 to 7: which of several clients one is. */
extern uint32_t scenario_numbers[8];

/* For scenarios: returns the sentence from the enclosing function. */
#define SIM_CHECK(condition_, ...)                                                                 \
    do {                                                                                           \
        if (!(condition_)) {                                                                       \
            return eda_sim_text(sim, __VA_ARGS__);                                                 \
        }                                                                                          \
    } while (0)

/* A system with these actors, started; NULL on failure. */
static inline eda_system *scenario_system(
    eda_sim *sim, const eda_options *options, const eda_actor *const *actors)
{
    eda_system *sys = NULL;
    size_t i;

    if (eda_sim_system_new(sim, options, &sys) != EDA_OK) {
        return NULL;
    }
    for (i = 0; actors[i] != NULL; i++) {
        if (eda_add(sys, (eda_added){.actor = actors[i]}) != EDA_OK) {
            eda_system_free(sys);
            return NULL;
        }
    }
    if (eda_system_start(sys) != EDA_OK) {
        eda_system_free(sys);
        return NULL;
    }
    return sys;
}

#endif
