/* conform.c - the conformance suite of bus drivers: what bus.h promises, tried on two sessions.
 *
 * Order: each case uses keys of its own and takes down what it declared. Whatever must come is
 * waited for by the callback that brings it; that something does not come is seen by what comes
 * after it. */
#include <edacious/bus.h>

#include <stdio.h>
#include <string.h>

#include "base/entropy.h"
#include "base/memory.h"
#include "bus/conform/cases.h"
#include "bus/driver/config.h"

/* Of what comes in microseconds where all is well: only a machine that hangs needs it. */
#define PATIENCE_MS 20000u

static const struct {
    const char *name;
    edai_case *run;
} cases[] = {
#define CASE(name_) {#name_, edai_case_##name_},
    EDAI_CASES(CASE)
#undef CASE
};
#define CASES_LEN (sizeof(cases) / sizeof(cases[0]))

static eda_status fail(eda_bus_problem *problem, const char *name, const char *sentence)
{
    return edai_config_refuse(problem, EDA_EFAILED, "%s: %s", name, sentence);
}

static eda_status open_one(
    edai_stage *stage, const char *config, eda_bus **ret_bus, eda_bus_problem *problem)
{
    eda_bus_problem why = {.text = {0}};
    eda_status status = stage->driver->open(&(eda_bus_options){.config = config}, ret_bus, &why);

    if (status != EDA_OK) {
        return edai_config_refuse(
            problem, EDA_EFAILED, "open: %s: %.200s", eda_status_name(status), why.text);
    }
    return EDA_OK;
}

static const char *run_case(edai_stage *stage, size_t i, uint64_t run)
{
    (void)snprintf(stage->prefix, sizeof(stage->prefix), "conform/%016llx/%s",
        (unsigned long long)run, cases[i].name);
    const char *sentence = cases[i].run(stage);
    const char *fault = edai_stage_clear(stage);
    return sentence != NULL ? sentence : fault;
}

static eda_status run_cases(edai_stage *stage, const char *only, eda_bus_problem *problem)
{
    uint64_t run = 0; /* several suites on one network must not meet */

    EDA_TRY(edai_entropy(&run, sizeof(run)) ? EDA_OK
                                            : fail(problem, "open", "the system has no entropy"));
    for (size_t i = 0; i < CASES_LEN; i++) {
        if (only != NULL && strcmp(only, cases[i].name) != 0) {
            continue;
        }
        const char *sentence = run_case(stage, i, run);
        if (sentence != NULL) {
            return fail(problem, cases[i].name, sentence);
        }
    }
    return EDA_OK;
}

static eda_status run_stage(edai_stage *stage, const char *only, eda_bus_problem *problem)
{
    EDA_TRY(open_one(stage, stage->config_a, &stage->a, problem));
    eda_status status = open_one(stage, stage->config_b, &stage->b, problem);
    if (status == EDA_OK) {
        status = run_cases(stage, only, problem);
        stage->driver->close(stage->b);
    }
    stage->driver->close(stage->a);
    const char *fault = edai_stage_finish(stage);
    if (status == EDA_OK && fault != NULL) {
        status = fail(problem, "close", fault);
    }
    return status;
}

eda_status edai_conform_run(const edai_conform_options *options, eda_bus_problem *ret_problem)
{
    edai_stage *stage = edai_calloc(1, sizeof(*stage));

    if (stage == NULL) {
        return fail(ret_problem, "open", "out of memory");
    }
    stage->driver = options->driver;
    stage->config_a = options->config_a;
    stage->config_b = options->config_b;
    stage->patience_ms = options->patience_ms;
    eda_status status = run_stage(stage, options->only, ret_problem);
    edai_free(stage);
    return status;
}

eda_status eda_bus_conform(const eda_bus_driver *driver, const char *config_a, const char *config_b,
    eda_bus_problem *ret_problem)
{
    return edai_conform_run(&(edai_conform_options){.driver = driver,
                                .config_a = config_a,
                                .config_b = config_b,
                                .patience_ms = PATIENCE_MS},
        ret_problem);
}
