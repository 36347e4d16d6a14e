/* explore.c - see explore.h: the search, the virtual threads, their port. */
#include "explore_step.h"

#include "base/assert.h"
#include "base/fiber.h"
#include "base/hash.h"
#include "memory_model.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define DEPTH_MAX 2000u
#define CHOICES_MAX 4000u
#define JUMP_NS EDA_SEC(1000) /* beyond every deadline of a model */

typedef enum blocked {
    BLOCKED_NO = 0,
    BLOCKED_PARKED,
    BLOCKED_OVERDUE,
    BLOCKED_LOCKED
} blocked;

typedef struct virtual_thread {
    edai_fiber fiber;
    edai_stack *stack;
    bool is_done;
    blocked blocked;
    const volatile void *token; /* of the parker or mutex it waits at */
    unsigned overdue_since;     /* stores made until then: goes on when there are more */
} virtual_thread;

typedef struct choice {
    unsigned chosen;
    unsigned count;
} choice;

/* The set of hashes of states in which the search has been. */
typedef struct states {
    uint64_t *slots; /* 0: free */
    size_t capacity;
    size_t count;
} states;

static const explore_model *model;
static explore_result result;
static states seen;
static choice choices[CHOICES_MAX];
static unsigned choice_count; /* decided by earlier schedules, then by this one */
static unsigned choice_at;
static virtual_thread threads[EXPLORE_THREADS_MAX];
static observer observers[EXPLORE_THREADS_MAX];
static edai_fiber host;
static unsigned self;
static bool is_running;
static bool is_joined;
static unsigned depth;
static int64_t now;
static unsigned late_count;

/* --- states ------------------------------------------------------------------------------- */

static void states_grow(void)
{
    states grown = {.capacity = seen.capacity == 0 ? 1u << 16 : seen.capacity * 2};
    size_t i;

    grown.slots = calloc(grown.capacity, sizeof(*grown.slots));
    EDA_ASSERT(grown.slots != NULL, "a search needs memory");
    for (i = 0; i < seen.capacity; i++) {
        if (seen.slots[i] != 0) {
            size_t at = seen.slots[i] & (grown.capacity - 1);

            while (grown.slots[at] != 0) {
                at = (at + 1) & (grown.capacity - 1);
            }
            grown.slots[at] = seen.slots[i];
        }
    }
    grown.count = seen.count;
    free(seen.slots);
    seen = grown;
}

/* False: it was there. */
static bool states_add(uint64_t hash)
{
    size_t at;

    hash += hash == 0;
    if (seen.count * 4 >= seen.capacity * 3) {
        states_grow();
    }
    for (at = hash & (seen.capacity - 1); seen.slots[at] != 0;
         at = (at + 1) & (seen.capacity - 1)) {
        if (seen.slots[at] == hash) {
            return false;
        }
    }
    seen.slots[at] = hash;
    seen.count++;
    return true;
}

/* What every thread did and saw determines everything else; where a model forgets, memory stands
 * for what was done. */
static uint64_t state_hash(void)
{
    uint64_t hash = 1;
    const explore_region *region;
    unsigned i;

    for (i = 0; i < model->thread_count; i++) {
        hash = edai_hash_join(hash, observers[i].trace);
    }
    for (region = model->regions; region != NULL && region->at != NULL; region++) {
        const volatile uint64_t *word = region->at;

        for (i = 0; i < region->size / sizeof(*word); i++) {
            hash = edai_hash_join(hash, word[i]);
        }
    }
    return hash;
}

/* --- schedules ---------------------------------------------------------------------------- */

static unsigned choose(unsigned count)
{
    if (count <= 1) {
        return 0;
    }
    if (choice_at == choice_count) {
        EDA_ASSERT(choice_count < CHOICES_MAX, "a small model decides little");
        choices[choice_count++] = (choice){.count = count};
    }
    EDA_ASSERT(choices[choice_at].count == count, "the same choices lead to the same place");
    return choices[choice_at++].chosen;
}

/* To the next schedule; false: that was the last. */
static bool backtrack(void)
{
    while (choice_count > 0) {
        if (++choices[choice_count - 1].chosen < choices[choice_count - 1].count) {
            return true;
        }
        choice_count--;
    }
    return false;
}

static void leave(void)
{
    is_running = false;
    edai_fiber_switch(&threads[self].fiber, &host);
}

static void fail(const char *why)
{
    if (result.failure == NULL) {
        result.failure = why;
        result.depth = depth;
    }
    if (is_running) {
        leave();
    }
}

static bool can_go_on(const virtual_thread *thread)
{
    if (thread->is_done) {
        return false;
    }
    switch (thread->blocked) {
    case BLOCKED_PARKED:
        return memory_peek(thread->token, sizeof(uint32_t)) != 0;
    case BLOCKED_OVERDUE:
        return memory_peek(thread->token, sizeof(uint32_t)) != 0 ||
               memory_store_count() > thread->overdue_since;
    case BLOCKED_LOCKED:
        return memory_peek(thread->token, sizeof(uint32_t)) == 0;
    case BLOCKED_NO:
    default:
        return true;
    }
}

static void report_stuck(void)
{
    unsigned i;

    for (i = 0; i < model->thread_count; i++) {
        if (!threads[i].is_done) {
            fail("a thread sleeps for ever");
        }
    }
    leave();
}

void explore_step(void)
{
    unsigned ready[EXPLORE_THREADS_MAX];
    unsigned count = 0;
    unsigned from = self;
    unsigned i;

    for (i = 0; i < model->thread_count; i++) {
        if (can_go_on(&threads[i])) {
            ready[count++] = i;
        }
    }
    if (count == 0) {
        report_stuck();
        return;
    }
    if (count > 1 && choice_at == choice_count && !states_add(state_hash())) {
        is_joined = true;
        leave();
    }
    i = ready[choose(count)];
    if (++depth > DEPTH_MAX) {
        fail("a schedule does not end");
    }
    if (i != from) {
        self = i;
        edai_fiber_switch(&threads[from].fiber, &threads[i].fiber);
    }
}

static void thread_main(void *arg)
{
    memory_note(self, 1); /* begun: not the state it was before */
    model->run((unsigned)((virtual_thread *)arg - threads));
    threads[self].is_done = true;
    explore_forget(UINT64_MAX);
    explore_step();
    EDA_ASSERT(false, "a thread that is done never goes on");
}

static void run_schedule(void)
{
    unsigned i;

    choice_at = 0;
    depth = 0;
    now = 0;
    late_count = 0;
    is_joined = false;
    memory_reset(observers, model->thread_count, model->regions == NULL);
    model->reset();
    for (i = 0; i < model->thread_count; i++) {
        virtual_thread *thread = &threads[i];

        thread->is_done = false;
        thread->blocked = BLOCKED_NO;
        edai_fiber_fini(&thread->fiber);
        EDA_ASSERT(edai_fiber_init(&thread->fiber, thread->stack, thread_main, thread) == EDA_OK,
            "a search needs memory");
    }
    self = choose(model->thread_count);
    is_running = true;
    edai_fiber_switch(&host, &threads[self].fiber);
    if (result.failure == NULL && !is_joined) {
        result.depth = depth > result.depth ? depth : result.depth;
        model->finish();
    }
}

explore_result explore(const explore_model *given)
{
    unsigned i;

    EDA_ASSERT(given->thread_count <= EXPLORE_THREADS_MAX, "a small model");
    model = given;
    result = (explore_result){.schedule_count = 0};
    choice_count = 0;
    seen = (states){.slots = NULL};
    edai_fiber_init_thread(&host);
    for (i = 0; i < model->thread_count; i++) {
        threads[i].stack = edai_stack_new(EDAI_STACK_SIZE_MIN);
        EDA_ASSERT(threads[i].stack != NULL, "a search needs memory");
    }
    do {
        run_schedule();
        if (is_joined) {
            result.joined_count++;
        } else {
            result.schedule_count++;
        }
    } while (result.failure == NULL && backtrack());
    for (i = 0; i < model->thread_count; i++) {
        edai_fiber_fini(&threads[i].fiber);
        edai_stack_free(threads[i].stack);
    }
    edai_fiber_fini(&host);
    result.state_count = seen.count;
    free(seen.slots);
    return result;
}

void explore_print(const char *mode, const char *name, const explore_result *given)
{
    printf("%s, %s: %" PRIu64 " schedules to their end, %" PRIu64 " joined another, %" PRIu64
           " states, %u steps%s%s\n",
        mode, name, given->schedule_count, given->joined_count, given->state_count, given->depth,
        given->failure != NULL ? "; found: " : "", given->failure != NULL ? given->failure : "");
}

/* --- for models and hooks ----------------------------------------------------------------- */

void explore_check(bool condition, const char *why)
{
    if (!condition) {
        fail(why);
    }
}

unsigned explore_choose(unsigned count)
{
    unsigned chosen = choose(count);

    if (is_running && count > 1) {
        memory_note(self, chosen);
    }
    return chosen;
}

void explore_forget(uint64_t summary)
{
    if (model->regions != NULL) {
        observers[self].trace = edai_hash_join(self + 1, summary);
    }
}

unsigned explore_self(void)
{
    return self;
}

bool explore_is_running(void)
{
    return is_running;
}

explore_fault explore_planted(void)
{
    return model->fault;
}

/* --- mutexes and barriers ----------------------------------------------------------------- */

static uint64_t set(uint64_t before, uint64_t value)
{
    (void)before;
    return value;
}

void explore_barrier(void)
{
    unsigned i;

    explore_step();
    for (i = 0; i < model->thread_count && model->fault != EXPLORE_NO_BARRIER; i++) {
        memory_catch_up(i);
    }
}

void explore_lock(uint32_t *word)
{
    virtual_thread *me = &threads[self];

    me->token = word;
    me->blocked = BLOCKED_LOCKED;
    explore_step();
    me->blocked = BLOCKED_NO;
    (void)memory_change(self, word, sizeof(*word), set, 1, __ATOMIC_ACQ_REL);
}

void explore_unlock(uint32_t *word)
{
    explore_step();
    memory_store(self, word, sizeof(*word), 0, __ATOMIC_RELEASE);
}

/* --- the port ----------------------------------------------------------------------------- */

static int64_t port_now(void *arg)
{
    (void)arg;
    if (is_running && late_count < model->late_max && explore_choose(2) == 1) {
        late_count++;
        now += JUMP_NS;
    }
    return now;
}

/* A token, as thread.h says: a wake that comes first ends the next park at once; what the waker
 * wrote is seen. */
static void port_park(void *arg, edai_waiter *waiter, int64_t until)
{
    virtual_thread *me = &threads[self];

    (void)arg;
    me->token = &waiter->parker.state;
    me->overdue_since = memory_store_count();
    me->blocked = until == EDAI_NO_DEADLINE ? BLOCKED_PARKED
                  : until <= now            ? BLOCKED_OVERDUE
                                            : BLOCKED_NO;
    if (me->blocked == BLOCKED_OVERDUE) {
        memory_catch_up(self); /* so that whoever polls does not see the same for ever */
    }
    explore_step();
    if (me->blocked == BLOCKED_NO && memory_peek(me->token, sizeof(uint32_t)) == 0) {
        now = until; /* it slept until then */
    }
    me->blocked = BLOCKED_NO;
    (void)memory_change(self, &waiter->parker.state, sizeof(uint32_t), set, 0, __ATOMIC_ACQ_REL);
}

static void port_wake(void *arg, edai_waiter *waiter)
{
    (void)arg;
    explore_step();
    (void)memory_change(self, &waiter->parker.state, sizeof(uint32_t), set, 1, __ATOMIC_ACQ_REL);
}

const edai_port *explore_port(void)
{
    static const edai_port port = {
        .now = port_now, .wall = port_now, .park = port_park, .wake = port_wake};

    return &port;
}
