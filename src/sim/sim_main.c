/* sim_main.c - the command line of a program of scenarios. */
#include "sim/sim.h"

#include "base/planted.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct arguments {
    const char *program;
    const char *scenario; /* NULL: all */
    uint64_t first;
    uint64_t count;
    bool prints_hash;
    bool is_one; /* --seed */
    uint32_t planted;
} arguments;

static int usage(const char *program, FILE *to)
{
    (void)fprintf(to,
        "usage: %s [--seeds N] [--first S] [--scenario NAME] [--hash] [--planted K]\n"
        "       %s --seed S [--scenario NAME]\n"
        "       %s --list\n"
        "  --seeds N      that many seeds of each scenario; default 100\n"
        "  --first S      from this seed on; default 1\n"
        "  --seed S       one seed\n"
        "  --hash         print each run's rolling hash\n"
        "  --planted K    switch planted fault K on; succeeds when a seed finds it\n",
        program, program, program);
    return to == stderr ? 2 : 0;
}

static bool number(const char *text, uint64_t *ret_number)
{
    char *end = NULL;

    *ret_number = strtoull(text, &end, 10);
    return end != text && *end == '\0';
}

static bool parse_one(arguments *out, const char *name, const char *value)
{
    uint64_t parsed = 0;

    if (strcmp(name, "--scenario") == 0) {
        out->scenario = value;
        return true;
    }
    if (!number(value, &parsed)) {
        return false;
    }
    if (strcmp(name, "--seeds") == 0) {
        out->count = parsed;
    } else if (strcmp(name, "--first") == 0) {
        out->first = parsed;
    } else if (strcmp(name, "--planted") == 0) {
        out->planted = (uint32_t)parsed;
    } else if (strcmp(name, "--seed") == 0) {
        out->first = parsed;
        out->count = 1;
        out->is_one = true;
    } else {
        return false;
    }
    return true;
}

static void complain(
    const arguments *given, const eda_sim_scenario *scenario, uint64_t seed, const char *problem)
{
    (void)printf("scenario %s, seed %" PRIu64 ": %s\n", scenario->name, seed, problem);
    if (given->planted != 0) {
        (void)printf("replay: %s --planted %u --scenario %s --seed %" PRIu64 "\n", given->program,
            given->planted, scenario->name, seed);
    } else {
        (void)printf(
            "replay: %s --scenario %s --seed %" PRIu64 "\n", given->program, scenario->name, seed);
    }
}

/* Runs one seed; a part of them twice, to see that the hash is the same. False: a problem was
 * printed. */
static bool run_seed(
    const arguments *given, const eda_sim_scenario *scenario, uint64_t seed, uint64_t *sum)
{
    eda_sim_report report = {.hash = 0};
    eda_sim_report again = {.hash = 0};

    if (eda_sim_seed(scenario, seed, &report) != EDA_OK) {
        complain(given, scenario, seed, "out of memory");
        return false;
    }
    if (given->prints_hash) {
        (void)printf("%s %" PRIu64 " %016" PRIx64 " %" PRIu64 "\n", scenario->name, seed,
            report.hash, report.steps);
    }
    *sum += report.steps;
    if (report.problem != NULL) {
        complain(given, scenario, seed, report.problem);
        return false;
    }
    if (seed % 16 == 0 || given->is_one) {
        if (eda_sim_seed(scenario, seed, &again) != EDA_OK || again.hash != report.hash) {
            complain(given, scenario, seed,
                "two runs of the seed differ: the simulation is not deterministic");
            return false;
        }
    }
    return true;
}

static int run_all(const arguments *given, const eda_sim_scenario *const *scenarios)
{
    uint64_t steps = 0;
    uint64_t runs = 0;
    uint64_t seed;
    size_t i;

    for (seed = given->first; seed < given->first + given->count; seed++) {
        for (i = 0; scenarios[i] != NULL; i++) {
            if (given->scenario != NULL && strcmp(given->scenario, scenarios[i]->name) != 0) {
                continue;
            }
            runs++;
            if (!run_seed(given, scenarios[i], seed, &steps)) {
                if (given->planted != 0) {
                    (void)printf("planted fault %u: found after %" PRIu64 " seeds\n",
                        given->planted, seed - given->first + 1);
                    return 0;
                }
                return 1;
            }
        }
    }
    if (given->planted != 0) {
        (void)printf(
            "planted fault %u: not found in %" PRIu64 " seeds\n", given->planted, given->count);
        return 1;
    }
    (void)printf("%" PRIu64 " runs, %" PRIu64 " steps, all invariants held\n", runs, steps);
    return runs > 0 ? 0 : 2;
}

static int list(const eda_sim_scenario *const *scenarios)
{
    size_t i;

    for (i = 0; scenarios[i] != NULL; i++) {
        (void)printf("%s\n", scenarios[i]->name);
    }
    return 0;
}

static bool plant(uint32_t fault)
{
#if defined(EDAI_HAS_PLANTED)
    if (fault >= EDAI_FAULT_COUNT) {
        return false;
    }
    edai_planted = (edai_fault)fault;
    return true;
#else
    return fault == 0;
#endif
}

int eda_sim_main(int argc, char **argv, const eda_sim_scenario *const *scenarios)
{
    arguments given = {.program = argv[0], .first = 1, .count = 100};
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            return usage(argv[0], stdout);
        }
        if (strcmp(argv[i], "--list") == 0) {
            return list(scenarios);
        }
        if (strcmp(argv[i], "--hash") == 0) {
            given.prints_hash = true;
        } else if (i + 1 >= argc || !parse_one(&given, argv[i], argv[i + 1])) {
            (void)fprintf(stderr, "%s: cannot use '%s'\n", argv[0], argv[i]);
            return usage(argv[0], stderr);
        } else {
            i++;
        }
    }
    if (!plant(given.planted)) {
        (void)fprintf(stderr, "%s: this build has no planted fault %u\n", argv[0], given.planted);
        return 2;
    }
    return run_all(&given, scenarios);
}
