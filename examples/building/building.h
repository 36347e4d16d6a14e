/* building.h - one run of the building: two files read, and the summary of what came of them; in
 * one process, or on several nodes of a cluster. */
#ifndef BUILDING_H
#define BUILDING_H

#include <edacious/cluster.h>
#include <edacious/sim.h>
#include <stdio.h>

typedef struct building_arguments {
    uint32_t workers; /* 0: one per core */
    bool passivates_at_once;
    bool shows_progress;
    bool is_verbose; /* tells on standard error what this process did */
    uint64_t seeds;  /* not 0: that many simulated runs instead of a real one */
    uint64_t first_seed;
    const char *setup; /* NULL: reads nothing, and hosts actors until it is told to stop */
    const char *events;
    const char *bus; /* NULL: all in this process */
    const char *bus_config;
    const char *cluster;
    const char *node;
    uint32_t nodes; /* that must be there before the first line is read */
} building_arguments;

/* Runs in a simulation, or for real where `sim` is NULL, and writes the summary to `out`. Returns
 * NULL, or what went wrong, in a sentence that is written into `text` of `size` bytes. */
const char *building_run(
    const building_arguments *args, eda_sim *sim, FILE *out, char *text, size_t size);

/* Runs args->seeds simulations; all must give the same summary, which is printed once. Returns the
 * exit code. */
int building_simulate(const building_arguments *args);

/* Hosts actors for the node that reads, until SIGTERM, SIGINT or the end of standard input. Returns
 * the exit code. */
int building_host(const building_arguments *args);

/* A system with the building's actors, started; returns owned, also where it fails, so that its
 * error can be read. */
eda_status building_start(const building_arguments *args, eda_sim *sim, eda_system **ret_system);
/* What this process did, as lines on standard error: every delivery by its end, and what it hosted.
 */
void building_tell(eda_system *sys, const char *node);

#endif
