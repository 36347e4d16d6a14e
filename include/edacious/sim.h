/* sim.h - the deterministic twin: the same actors and the same hand-over code on virtual workers,
 * in virtual time, with every choice drawn from a seed.
 *
 * One thread. A scenario is a function that builds a system and talks to it; its clients are
 * functions too, each run on a stack of its own between which the simulator chooses. Library:
 * edacious-sim. */
#ifndef EDA_SIM_H
#define EDA_SIM_H

#include <edacious/system.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eda_sim eda_sim;

/* Probabilities in 1/1,000; drawn per seed between 0 and these. */
typedef struct eda_sim_faults {
    uint32_t store_fails; /* a store call fails with EDA_EIO */
    uint32_t store_loses; /* a write is done but reported as failed */
    uint32_t alloc_fails; /* an allocation during a turn fails */
} eda_sim_faults;

/* A scenario; name and run are required. Returns NULL, or a sentence that says what is wrong
 * (static or from eda_sim_text). */
typedef struct eda_sim_scenario {
    const char *name;
    const char *(*run)(eda_sim *sim);
    eda_sim_faults faults;
} eda_sim_scenario;

/* --- for scenarios ------------------------------------------------------------------------ */

/* Options whose executor is this simulation; workers are drawn from 1 to 8 unless set. Several
 * systems may be made. */
eda_options eda_sim_options(eda_sim *sim);
EDA_CHECK eda_status eda_sim_system_new(
    eda_sim *sim, const eda_options *options, eda_system **ret_system);
/* Runs fn(client, arg) as a client of its own while the scenario waits in any blocking call. */
EDA_CHECK eda_status eda_sim_client(
    eda_sim *sim, eda_system *sys, void (*fn)(eda_ctx *client, void *arg), void *arg);
/* Runs until every client has returned and the systems are idle. EDA_ETIMEOUT: not within
 * `steps_max` choices: a hang. */
EDA_CHECK eda_status eda_sim_run(eda_sim *sim, uint64_t steps_max);
/* Lets virtual time pass; the scenario's or a client's. */
void eda_sim_sleep(eda_sim *sim, eda_duration time);
/* A number below n, from the seed. */
uint64_t eda_sim_choose(eda_sim *sim, uint64_t n);
/* A store in memory that suffers the scenario's faults; owned by the simulation. */
eda_store *eda_sim_store(eda_sim *sim);
/* Text that lives as long as the simulation. */
const char *eda_sim_text(eda_sim *sim, const char *format, ...) EDA_PRINTF(2, 3);

/* --- for programs that run them ----------------------------------------------------------- */

/* What one run found. */
typedef struct eda_sim_report {
    uint64_t hash; /* rolling hash of every choice and event: the same wherever the seed runs */
    uint64_t steps;
    const char
        *problem; /* NULL: all invariants held; else a sentence; borrowed until the next run */
} eda_sim_report;

/* One scenario, one seed. EDA_ENOMEM. */
EDA_CHECK eda_status eda_sim_seed(
    const eda_sim_scenario *scenario, uint64_t seed, eda_sim_report *ret_report);
/* The command line of a program of scenarios: --seeds N, --seed S, --scenario NAME, --hash. Returns
 * the exit code. */
int eda_sim_main(int argc, char **argv, const eda_sim_scenario *const *scenarios);

#ifdef __cplusplus
}
#endif
#endif
