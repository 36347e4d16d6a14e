/* node.c - a simulated system: its executor, and the invariants looked at after every step. */
#include "sim/sim.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/census.h"

static edai_sim_system *system_of(void *self)
{
    return self;
}

static int64_t sim_now(void *self)
{
    return system_of(self)->sim->now;
}

/* 2026-01-01T00:00:00Z and on. */
static int64_t sim_wall(void *self)
{
    return INT64_C(1767225600) * 1000000000 + system_of(self)->sim->now;
}

static void sim_park(void *self, edai_waiter *waiter, int64_t until)
{
    eda_sim *sim = system_of(self)->sim;
    edai_entity *entity = sim->current;

    EDA_ASSERT(entity != NULL, "only workers, clients and the scenario wait");
    if (!waiter->is_woken) {
        entity->waits_on = waiter;
        entity->until = until;
        entity->is_at_rest = true;
        edai_sim_yield(sim);
        entity->waits_on = NULL;
    }
    waiter->is_woken = false;
}

static void sim_wake(void *self, edai_waiter *waiter)
{
    (void)self;
    waiter->is_woken = true;
}

static uint32_t sim_draw(void *self, uint32_t n)
{
    return (uint32_t)edai_sim_draw(system_of(self)->sim, n);
}

static eda_status sim_block(void *self, edai_job *job)
{
    eda_sim *sim = system_of(self)->sim;
    edai_job **at = &sim->jobs;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    job->next = NULL;
    *at = job;
    return EDA_OK;
}

static void sim_point(void *self)
{
    eda_sim *sim = system_of(self)->sim;

    if (sim->current != NULL && edai_sim_draw(sim, 1000) < sim->switch_per_1000) {
        edai_sim_yield(sim);
    }
}

static void sim_round(void *self)
{
    eda_sim *sim = system_of(self)->sim;

    sim->current->is_at_rest = true;
    edai_sim_yield(sim);
}

static eda_status sim_start(eda_system *sys)
{
    edai_sim_system *self = (edai_sim_system *)(void *)sys->executor;
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        EDA_TRY(edai_seat_prepare(sys->seats[i]));
    }
    for (i = 0; i < sys->worker_count; i++) {
        EDA_TRY(edai_sim_entity_new(self->sim, self, sys->seats[i], NULL, NULL));
    }
    return EDA_OK;
}

static bool has_ended(const eda_system *sys)
{
    uint16_t i;

    for (i = 0; i < sys->worker_count; i++) {
        if (!sys->seats[i]->is_done) {
            return false;
        }
    }
    return true;
}

static void sim_stop(eda_system *sys)
{
    edai_sim_system *self = (edai_sim_system *)(void *)sys->executor;

    while (!has_ended(sys)) {
        self->sim->current->is_at_rest = true;
        edai_sim_yield(self->sim);
    }
}

/* The system goes, this stays: the simulation frees it at its end. */
static void sim_free(edai_executor *executor)
{
    edai_sim_system *self = (edai_sim_system *)(void *)executor;
    edai_entity *at;

    self->sys = NULL;
    for (at = self->sim->entities; at != NULL; at = at->next) {
        if (at->system == self && at->seat != NULL) {
            at->is_done = true;
            at->seat = NULL;
        }
    }
}

eda_status eda_sim_system_new(eda_sim *sim, const eda_options *options, eda_system **ret_system)
{
    edai_sim_system *self = edai_calloc(1, sizeof(*self));
    eda_options own = options != NULL ? *options : eda_sim_options(sim);
    eda_status status;

    if (self == NULL) {
        return EDA_ENOMEM;
    }
    self->sim = sim;
    self->number = ++sim->system_count;
    self->executor = (edai_executor){.port = {.self = self,
                                         .now = sim_now,
                                         .wall = sim_wall,
                                         .park = sim_park,
                                         .wake = sim_wake,
                                         .block = sim_block,
                                         .round = sim_round,
                                         .point = sim_point,
                                         .draw = sim_draw,
                                         .event = edai_sim_event},
        .start = sim_start,
        .stop = sim_stop,
        .free = sim_free};
    self->next = sim->systems;
    sim->systems = self;
    if (own.seed == 0) {
        own.seed = edai_hash_join(sim->seed, self->number) | 1; /* 0 would mean: any */
    }
    own.pumped = false;
    status = edai_system_new(&own, &self->executor, ret_system);
    self->sys = status == EDA_OK ? *ret_system : NULL;
    return status;
}

eda_status eda_sim_client(
    eda_sim *sim, eda_system *sys, void (*fn)(eda_ctx *client, void *arg), void *arg)
{
    return edai_sim_entity_new(sim, (edai_sim_system *)(void *)sys->executor, NULL, fn, arg);
}

/* --- invariants --------------------------------------------------------------------------- */

static size_t find_life(const eda_sim *sim, const edai_life *life)
{
    size_t i;

    for (i = 0; i < sim->life_count; i++) {
        if (sim->lives[i].system == life->system && sim->lives[i].actor == life->actor &&
            sim->lives[i].identity == life->identity) {
            break;
        }
    }
    return i;
}

static void begin_life(eda_sim *sim, const edai_life *life)
{
    if (find_life(sim, life) < sim->life_count) {
        edai_sim_fail(sim, eda_sim_text(sim, "two activations of one key: actor %s, identity %llx",
                               life->system->sys->actors[life->actor]->actor->name,
                               (unsigned long long)life->identity));
        return;
    }
    if (sim->life_count == sim->life_capacity) {
        size_t capacity = sim->life_capacity == 0 ? 64 : 2 * sim->life_capacity;
        edai_life *grown = edai_realloc(sim->lives, capacity * sizeof(*grown));

        EDA_ASSERT(grown != NULL, "the simulator itself needs memory");
        sim->lives = grown;
        sim->life_capacity = capacity;
    }
    sim->lives[sim->life_count++] = *life;
}

static void end_life(eda_sim *sim, const edai_life *life)
{
    size_t at = find_life(sim, life);

    if (at < sim->life_count) {
        sim->lives[at] = sim->lives[--sim->life_count];
    }
}

void edai_sim_event(void *self, void *system, edai_event event, uint64_t a, uint64_t b)
{
    eda_sim *sim = system_of(self)->sim;
    const edai_life life = {.system = system_of(self), .actor = a, .identity = b};

    (void)system;
    sim->is_watching = true;
    edai_sim_mix(sim, (uint64_t)event);
    edai_sim_mix(sim, a);
    edai_sim_mix(sim, b);
    if (event == EDAI_EVENT_START) {
        begin_life(sim, &life);
    } else if (event == EDAI_EVENT_STOP) {
        end_life(sim, &life);
    } else if (event == EDAI_EVENT_TIMER && a != 0) {
        edai_sim_fail(sim, "a timer fired after its activation was gone");
    }
    sim->is_watching = false;
}

static bool all_at_rest(const eda_sim *sim)
{
    const edai_entity *at;

    for (at = sim->entities; at != NULL; at = at->next) {
        if (!at->is_done && !at->is_at_rest) {
            return false;
        }
    }
    return true;
}

void edai_sim_check(eda_sim *sim)
{
    const edai_sim_system *system;

    if (sim->problem != NULL || !all_at_rest(sim)) {
        return;
    }
    for (system = sim->systems; system != NULL; system = system->next) {
        int64_t balance;
        uint64_t census;

        if (system->sys == NULL || system->sys->workers == NULL ||
            edai_system_phase(system->sys) == EDAI_BUILDING) {
            continue;
        }
        balance = edai_census_balance(system->sys);
        census = edai_census(system->sys);
        if (balance != (int64_t)census) {
            edai_sim_fail(
                sim, eda_sim_text(sim,
                         "conservation: %lld deliveries have no outcome, %llu are in the system",
                         (long long)balance, (unsigned long long)census));
            return;
        }
    }
}
