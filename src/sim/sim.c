/* sim.c - one scenario under one seed. */
#include "sim/sim.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void edai_sim_mix(eda_sim *sim, uint64_t value)
{
    sim->hash = edai_hash_join(sim->hash, value);
}

void edai_sim_fail(eda_sim *sim, const char *problem)
{
    if (sim->problem == NULL) {
        sim->problem = problem;
    }
}

const char *eda_sim_text(eda_sim *sim, const char *format, ...)
{
    char buffer[512];
    va_list list;
    char *text;

    va_start(list, format);
    (void)vsnprintf(buffer, sizeof(buffer), format, list);
    va_end(list);
    text = edai_alloc(strlen(buffer) + 1);
    if (text == NULL || sim->text_count == EDAI_SIM_TEXTS_MAX) {
        edai_free(text);
        return "a problem whose text could not be kept";
    }
    memcpy(text, buffer, strlen(buffer) + 1);
    sim->texts[sim->text_count++] = text;
    return text;
}

uint64_t eda_sim_choose(eda_sim *sim, uint64_t n)
{
    uint64_t drawn = n > 1 ? edai_random_below(&sim->app, n) : 0;

    edai_sim_mix(sim, drawn);
    return drawn;
}

/* What a system would tell people is of no use in thousands of runs. */
static void no_log(void *arg, eda_str line)
{
    (void)arg;
    (void)line;
}

eda_options eda_sim_options(eda_sim *sim)
{
    uint32_t workers = 1 + (uint32_t)edai_sim_draw(sim, 8);
    uint32_t turn_budget = 1 + (uint32_t)edai_sim_draw(sim, 8);

    return (eda_options){
        .workers = workers, .turn_budget = turn_budget, .stacks_max = 64, .log = no_log};
}

eda_status eda_sim_run(eda_sim *sim, uint64_t steps_max)
{
    edai_entity *scenario = sim->current;

    EDA_ASSERT(scenario == sim->entities, "only the scenario itself waits for all others");
    if (steps_max != 0 && sim->steps + steps_max < sim->steps_max) {
        sim->steps_max = sim->steps + steps_max;
    }
    scenario->waits_for_idle = true;
    scenario->is_at_rest = true;
    edai_sim_yield(sim);
    sim->steps_max = EDAI_SIM_STEPS_MAX;
    return sim->is_hung ? EDA_ETIMEOUT : EDA_OK;
}

void eda_sim_sleep(eda_sim *sim, eda_duration time)
{
    edai_entity *entity = sim->current;
    edai_waiter nobody = {.entity = NULL};

    EDA_ASSERT(entity != NULL && entity->seat == NULL, "an actor sleeps with eda_sleep");
    entity->waits_on = &nobody;
    entity->until = sim->now + time;
    entity->is_at_rest = true;
    edai_sim_yield(sim);
    entity->waits_on = NULL;
}

static uint32_t draw_odds(eda_sim *sim, uint32_t most)
{
    /* A third of the seeds without this fault at all. */
    if (most == 0 || edai_random_below(&sim->faults, 3) == 0) {
        return 0;
    }
    return (uint32_t)edai_random_below(&sim->faults, most + 1);
}

static void draw_all_odds(eda_sim *sim)
{
    sim->odds.store_fails = draw_odds(sim, sim->scenario->faults.store_fails);
    sim->odds.store_loses = draw_odds(sim, sim->scenario->faults.store_loses);
    sim->odds.alloc_fails = draw_odds(sim, sim->scenario->faults.alloc_fails);
    sim->switch_per_1000 = (uint32_t)edai_sim_draw(sim, 600);
    sim->jump_per_1000 = (uint32_t)edai_sim_draw(sim, 30);
}

static bool runs_turn(const edai_seat *seat)
{
    const edai_worker *at;

    for (at = seat->workers; at != NULL; at = at->seat_next) {
        if (at->current != NULL) {
            return true;
        }
    }
    return false;
}

static bool should_fail(void *arg)
{
    eda_sim *sim = arg;

    /* Only in turns: the simulator and the scenario are not what is tested. */
    return !sim->is_watching && sim->current != NULL && sim->current->seat != NULL &&
           runs_turn(sim->current->seat) && edai_sim_fault(sim, sim->odds.alloc_fails);
}

/* What a failed run leaves behind is left: its stacks hold calls that will never return. */
static void sim_free(eda_sim *sim)
{
    uint32_t i;

    edai_sim_stores_free(sim);
    while (sim->entities != NULL) {
        edai_entity *next = sim->entities->next;

        if (sim->entities->stack != NULL) {
            edai_fiber_fini(&sim->entities->fiber);
            edai_stack_free(sim->entities->stack);
        }
        edai_free(sim->entities);
        sim->entities = next;
    }
    while (sim->systems != NULL) {
        edai_sim_system *next = sim->systems->next;

        edai_free(sim->systems);
        sim->systems = next;
    }
    for (i = 0; i < sim->text_count; i++) {
        edai_free(sim->texts[i]);
    }
    edai_free(sim->lives);
    edai_fiber_fini(&sim->main);
    edai_free(sim);
}

static bool is_all_freed(const eda_sim *sim)
{
    const edai_sim_system *system;

    for (system = sim->systems; system != NULL; system = system->next) {
        if (system->sys != NULL) {
            return false;
        }
    }
    return true;
}

static eda_sim *sim_new(const eda_sim_scenario *scenario, uint64_t seed)
{
    eda_sim *sim = edai_calloc(1, sizeof(*sim));
    edai_random root;

    if (sim == NULL) {
        return NULL;
    }
    sim->scenario = scenario;
    sim->seed = seed;
    sim->steps_max = EDAI_SIM_STEPS_MAX;
    edai_random_seed(&root, seed);
    edai_random_split(&root, 1, &sim->schedule);
    edai_random_split(&root, 2, &sim->faults);
    edai_random_split(&root, 3, &sim->app);
    edai_fiber_init_thread(&sim->main);
    draw_all_odds(sim);
    if (edai_sim_entity_new(sim, NULL, NULL, NULL, NULL) != EDA_OK) {
        edai_free(sim);
        return NULL;
    }
    return sim;
}

static _Thread_local char last_problem[512];

eda_status eda_sim_seed(const eda_sim_scenario *scenario, uint64_t seed, eda_sim_report *ret_report)
{
    eda_sim *sim = sim_new(scenario, seed);

    if (sim == NULL) {
        return EDA_ENOMEM;
    }
    if (sim->odds.alloc_fails != 0) {
        edai_alloc_set_hook(should_fail, sim);
    }
    edai_sim_schedule(sim);
    edai_alloc_set_hook(NULL, NULL);
    if (sim->problem == NULL && !is_all_freed(sim)) {
        edai_sim_fail(sim, "the scenario returned without freeing its systems");
    }
    *ret_report = (eda_sim_report){.hash = sim->hash, .steps = sim->steps};
    if (sim->problem != NULL) {
        (void)snprintf(last_problem, sizeof(last_problem), "%s", sim->problem);
        ret_report->problem = last_problem;
        return EDA_OK;
    }
    sim_free(sim);
    return EDA_OK;
}
