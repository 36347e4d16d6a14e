/* simulate.c - the building on virtual workers, in virtual time, under many seeds. */
#define _POSIX_C_SOURCE 200809L /* open_memstream */

#include "building.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A scenario takes no argument. */
static const building_arguments *arguments;
static char *summary;
static char problem_text[512];

static const char *run(eda_sim *sim)
{
    char *written = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&written, &size);
    const char *problem;

    if (out == NULL) {
        return "out of memory";
    }
    problem = building_run(arguments, sim, out, problem_text, sizeof(problem_text));
    (void)fclose(out);
    if (problem == NULL && summary != NULL && strcmp(summary, written) != 0) {
        problem = "the summary differs from that of an earlier seed";
    }
    if (problem == NULL && summary == NULL) {
        summary = written;
    } else {
        free(written);
    }
    return problem;
}

int building_simulate(const building_arguments *args)
{
    static const eda_sim_scenario scenario = {.name = "building", .run = run};
    uint64_t seed;

    arguments = args;
    for (seed = args->first_seed; seed < args->first_seed + args->seeds; seed++) {
        eda_sim_report report = {.problem = NULL};
        eda_status status = eda_sim_seed(&scenario, seed, &report);

        if (status != EDA_OK || report.problem != NULL) {
            fprintf(stderr,
                "building: seed %" PRIu64 ": %s\nreplay: building --simulate 1 --first %" PRIu64
                " %s %s\n",
                seed, report.problem != NULL ? report.problem : eda_status_text(status), seed,
                args->setup, args->events);
            return 1;
        }
    }
    fputs(summary != NULL ? summary : "", stdout);
    free(summary);
    return fflush(stdout) == 0 ? 0 : 1;
}
