/* schedule.c - who runs next: the simulator's scheduler. */
#include "sim/sim.h"

#include "base/assert.h"
#include "base/memory.h"

/* A jump makes everybody who could run late by that much; longer ones would only show that
 * deadlines pass. */
#define JUMP_MAX EDA_MS(5)
#define STACK_SIZE ((size_t)256 * 1024)

uint64_t edai_sim_draw(eda_sim *sim, uint64_t n)
{
    uint64_t drawn = n > 1 ? edai_random_below(&sim->schedule, n) : 0;

    edai_sim_mix(sim, drawn);
    return drawn;
}

static void entity_main(void *arg)
{
    edai_entity *entity = arg;
    eda_sim *sim = entity->sim;

    if (entity->fn != NULL) {
        eda_ctx *client = NULL;

        /* A system that was stopped before its client came to run takes no client; that is no
         * problem. */
        if (eda_client_new(entity->system->sys, &client) == EDA_OK) {
            entity->fn(client, entity->arg);
            eda_client_free(client);
        }
    } else {
        const char *problem = sim->scenario->run(sim);

        if (problem != NULL) {
            edai_sim_fail(sim, problem);
        }
    }
    entity->is_done = true;
    entity->is_at_rest = true;
    edai_fiber_exit(&entity->fiber, &sim->main);
}

eda_status edai_sim_entity_new(eda_sim *sim, edai_sim_system *system, edai_seat *seat,
    void (*fn)(eda_ctx *client, void *arg), void *arg)
{
    edai_entity *entity = edai_calloc(1, sizeof(*entity));

    if (entity == NULL) {
        return EDA_ENOMEM;
    }
    *entity = (edai_entity){
        .sim = sim, .seat = seat, .system = system, .fn = fn, .arg = arg, .is_at_rest = true};
    if (seat == NULL) {
        entity->stack = edai_stack_new(STACK_SIZE);
        if (entity->stack == NULL ||
            edai_fiber_init(&entity->fiber, entity->stack, entity_main, entity) != EDA_OK) {
            edai_stack_free(entity->stack);
            edai_free(entity);
            return EDA_ENOMEM;
        }
    } else {
        seat->waiter.entity = entity;
    }
    if (sim->entities == NULL) {
        sim->entities = entity;
    } else {
        sim->entities_last->next = entity;
    }
    sim->entities_last = entity;
    return EDA_OK;
}

void edai_sim_yield(eda_sim *sim)
{
    edai_entity *entity = sim->current;

    EDA_ASSERT(entity != NULL, "the scheduler yields to nobody");
    if (entity->seat != NULL) {
        edai_seat_yield(entity->seat);
    } else {
        edai_fiber_switch(&entity->fiber, &sim->main);
    }
}

static bool can_run(const eda_sim *sim, const edai_entity *entity)
{
    if (entity->is_done || entity->waits_for_idle) {
        return false;
    }
    return entity->waits_on == NULL || entity->waits_on->is_woken || entity->until <= sim->now;
}

static size_t count_runnable(const eda_sim *sim)
{
    const edai_entity *at;
    size_t count = 0;

    for (at = sim->entities; at != NULL; at = at->next) {
        count += can_run(sim, at) ? 1 : 0;
    }
    return count;
}

static edai_entity *nth_runnable(eda_sim *sim, size_t n)
{
    edai_entity *at;

    for (at = sim->entities; at != NULL; at = at->next) {
        if (can_run(sim, at) && n-- == 0) {
            return at;
        }
    }
    return NULL;
}

static int64_t next_due(const eda_sim *sim)
{
    const edai_entity *at;
    int64_t due = EDAI_NO_DEADLINE;

    for (at = sim->entities; at != NULL; at = at->next) {
        if (!at->is_done && at->waits_on != NULL && at->until < due) {
            due = at->until;
        }
    }
    return due;
}

static void run_entity(eda_sim *sim, edai_entity *entity)
{
    EDA_ASSERT(entity != NULL, "one of those that were counted");
    sim->current = entity;
    entity->is_at_rest = false;
    if (entity->seat != NULL) {
        entity->seat->turns_cap = 1 + (uint32_t)edai_sim_draw(sim, 4);
        edai_seat_enter(entity->seat);
        entity->is_done = entity->seat->is_done;
    } else {
        edai_fiber_switch(&sim->main, &entity->fiber);
    }
    sim->current = NULL;
}

static void run_job(eda_sim *sim)
{
    edai_job *job = sim->jobs;

    sim->jobs = job->next;
    job->run(job->arg);
    job->done(job);
}

bool edai_sim_is_finished(eda_sim *sim)
{
    const edai_entity *at;
    const edai_sim_system *system;

    for (at = sim->entities; at != NULL; at = at->next) {
        if (at->fn != NULL && !at->is_done) {
            return false;
        }
    }
    for (system = sim->systems; system != NULL; system = system->next) {
        if (system->sys != NULL && !edai_system_is_idle(system->sys)) {
            return false;
        }
    }
    return true;
}

static edai_entity *scenario_of(eda_sim *sim)
{
    return sim->entities; /* made first */
}

/* Nobody can run now: time goes on to the next deadline, or never will. */
static void advance(eda_sim *sim)
{
    int64_t due = next_due(sim);
    edai_entity *scenario = scenario_of(sim);

    if (due != EDAI_NO_DEADLINE && !(scenario->waits_for_idle && edai_sim_is_finished(sim))) {
        if (due > sim->now) {
            sim->now = due;
        }
        return;
    }
    if (scenario->waits_for_idle) {
        sim->is_hung = !edai_sim_is_finished(sim);
        scenario->waits_for_idle = false;
        return;
    }
    edai_sim_fail(sim, "a hang: everybody waits, and nothing is left that could wake anybody");
    scenario->is_done = true;
}

static void step(eda_sim *sim)
{
    size_t runnable = count_runnable(sim);
    size_t choices = runnable + (sim->jobs != NULL ? 1 : 0);
    int64_t due;
    size_t chosen;

    sim->steps++;
    if (choices == 0) {
        advance(sim);
        return;
    }
    sim->now += (int64_t)edai_sim_draw(sim, 1000);
    if (edai_sim_fault(sim, sim->jump_per_1000)) {
        due = next_due(sim);
        if (due != EDAI_NO_DEADLINE && due > sim->now && due - sim->now < JUMP_MAX) {
            sim->now = due;
        }
    }
    chosen = (size_t)edai_sim_draw(sim, choices);
    if (chosen < runnable) {
        run_entity(sim, nth_runnable(sim, chosen));
    } else {
        run_job(sim);
    }
    edai_sim_check(sim);
}

void edai_sim_schedule(eda_sim *sim)
{
    edai_entity *scenario = scenario_of(sim);

    while (!scenario->is_done && sim->problem == NULL) {
        if (sim->steps >= sim->steps_max) {
            edai_sim_fail(sim, "no end: too many steps");
            return;
        }
        step(sim);
    }
}
