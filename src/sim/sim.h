/* sim.h - the simulation's insides: who can run, what time it is, what must hold.
 *
 * Threads: one. Fibers: the scheduler runs on the thread's own stack; workers, clients and the
 * scenario on others. */
#ifndef EDAI_SIM_H
#define EDAI_SIM_H

#include <edacious/sim.h>

#include "base/fiber.h"
#include "base/random.h"
#include "core/system.h"

#define EDAI_SIM_TEXTS_MAX 1024u
#define EDAI_SIM_STEPS_MAX UINT64_C(20000000)

typedef struct edai_sim_system edai_sim_system;

/* A seat, a client or the scenario. */
typedef struct edai_entity {
    struct edai_entity *next; /* in the order of creation */
    eda_sim *sim;
    edai_seat *seat; /* NULL: runs on a stack of its own */
    edai_sim_system *system;
    edai_fiber fiber;
    edai_stack *stack;
    void (*fn)(eda_ctx *client, void *arg);
    void *arg;
    edai_waiter *waits_on; /* NULL: can run */
    int64_t until;
    bool waits_for_idle; /* the scenario, in eda_sim_run */
    bool is_done;
    bool is_at_rest; /* between two steps: nothing half done */
} edai_entity;

/* An activation that lives, as the events tell it. */
typedef struct edai_life {
    edai_sim_system *system;
    uint64_t actor;
    uint64_t identity;
} edai_life;

struct edai_sim_system {
    edai_executor executor; /* first */
    edai_sim_system *next;
    eda_sim *sim;
    eda_system *sys; /* NULL: freed */
    uint32_t number;
};

struct eda_sim {
    const eda_sim_scenario *scenario;
    uint64_t seed;
    edai_random schedule; /* a stream each, so that one more draw here does not shift the others */
    edai_random faults;
    edai_random app;
    int64_t now;
    uint64_t hash;
    uint64_t steps;
    uint64_t steps_max;
    uint32_t switch_per_1000; /* chance to switch at a point; drawn per seed */
    uint32_t jump_per_1000; /* chance that time jumps to the next timer though somebody could run */
    eda_sim_faults odds;
    edai_fiber main;
    edai_entity *entities;
    edai_entity *entities_last;
    edai_entity *current; /* NULL: the scheduler */
    edai_sim_system *systems;
    uint32_t system_count;
    edai_job *jobs; /* blocking calls that have not run */
    edai_life *lives;
    size_t life_count;
    size_t life_capacity;
    eda_store *store; /* the faulty one; made when asked for */
    eda_store *plain_store;
    char *texts[EDAI_SIM_TEXTS_MAX];
    uint32_t text_count;
    const char *problem;
    bool is_watching; /* the simulator's own work, in which no allocation fails */
    bool is_hung;     /* nobody can run, and eda_sim_run was told so */
};

void edai_sim_mix(eda_sim *sim, uint64_t value);
/* The first problem stands. */
void edai_sim_fail(eda_sim *sim, const char *problem);
uint64_t edai_sim_draw(eda_sim *sim, uint64_t n);
bool edai_sim_fault(eda_sim *sim, uint32_t per_1000);

/* schedule.c */
EDA_CHECK eda_status edai_sim_entity_new(eda_sim *sim, edai_sim_system *system, edai_seat *seat,
    void (*fn)(eda_ctx *client, void *arg), void *arg);
void edai_sim_schedule(eda_sim *sim); /* until the scenario has returned */
void edai_sim_yield(eda_sim *sim);
bool edai_sim_is_finished(eda_sim *sim);

/* node.c */
void edai_sim_event(void *self, void *system, edai_event event, uint64_t a, uint64_t b);
void edai_sim_check(eda_sim *sim);

/* faults.c */
void edai_sim_stores_free(eda_sim *sim);

#endif
