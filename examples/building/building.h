/* building.h - one run of the building: two files read, and the summary of what came of them. */
#ifndef BUILDING_H
#define BUILDING_H

#include <edacious/sim.h>
#include <stdio.h>

typedef struct building_arguments {
    uint32_t workers; /* 0: one per core */
    bool passivates_at_once;
    bool shows_progress;
    uint64_t seeds; /* not 0: that many simulated runs instead of a real one */
    uint64_t first_seed;
    const char *setup;
    const char *events;
} building_arguments;

/* Runs in a simulation, or for real where `sim` is NULL, and writes the summary to `out`. Returns
 * NULL, or what went wrong, in a sentence that is written into `text` of `size` bytes. */
const char *building_run(
    const building_arguments *args, eda_sim *sim, FILE *out, char *text, size_t size);

/* Runs args->seeds simulations; all must give the same summary, which is printed once. Returns the
 * exit code. */
int building_simulate(const building_arguments *args);

#endif
