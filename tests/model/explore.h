/* explore.h - runs a few small threads in every order there is, and lets each load return every
 * value it may.
 *
 * The code under test is production code, unchanged: it is compiled with -fsanitize=thread, and
 * what the compiler then calls at each access to memory is this explorer (hooks.c) instead of the
 * sanitizer. Virtual threads are fibers; at each atomic access a depth-first search decides who
 * goes on. Two schedules that differ only in the order of independent accesses come to the same
 * state, and only the first goes on from there. States are told apart by 64-bit hashes. Weak
 * memory: a relaxed load may return any older value that coherence allows; acquire and release
 * carry views from thread to thread; a plain access that is not ordered with another thread's write
 * is a failure. Not modelled: values out of thin air, spurious failures of a weak exchange (its
 * retry is explored all the same), fences (there are none). Threads: one, not re-entrant. */
#ifndef EXPLORE_H
#define EXPLORE_H

#include "base/port.h"

#define EXPLORE_THREADS_MAX 5u

/* Planted into the accesses, to prove that a search finds it. Thread 0 is the owner of what is
 * handed over. */
typedef enum explore_fault {
    EXPLORE_SOUND = 0,
    EXPLORE_RELAXED_RELEASE,       /* every release is relaxed */
    EXPLORE_RELAXED_ACQUIRE,       /* every acquire is relaxed */
    EXPLORE_BLIND_PARK,            /* thread 0 stores where it should compare with 0 and exchange */
    EXPLORE_BLIND_UNPARK,          /* the same where it compares with anything but 0 */
    EXPLORE_BLIND_PUSH,            /* the others store where they should compare and exchange */
    EXPLORE_SPLIT_EXCHANGE,        /* thread 0 loads and stores where it should exchange */
    EXPLORE_LATE_ADD,              /* the others add only after their next successful exchange */
    EXPLORE_OWNER_RELAXED_ACQUIRE, /* every acquire of thread 0 is relaxed */
    EXPLORE_NO_BARRIER,            /* explore_barrier does nothing */
    EXPLORE_RELAXED_PARK,          /* an exchange that releases and does not acquire is relaxed */
    EXPLORE_RELEASING_PUSH         /* an exchange that acquires and releases only releases */
} explore_fault;

/* A piece of memory that the threads of a model share. */
typedef struct explore_region {
    const volatile void *at;
    size_t size;
} explore_region;

typedef struct explore_model {
    unsigned thread_count;
    void (*reset)(void);          /* before each schedule: everything as at first */
    void (*run)(unsigned thread); /* the threads; each returns */
    void (*finish)(void);         /* after each complete schedule */
    unsigned late_max;            /* how often the clock may jump */
    explore_fault fault;
    /* All memory the threads share, ended by a NULL. Given: loads return the newest value only, and
     * states are the same when memory and what each thread has read since explore_forget are: for
     * larger models. NULL: weak memory. */
    const explore_region *regions;
} explore_model;

typedef struct explore_result {
    uint64_t schedule_count; /* run to their end */
    uint64_t joined_count;   /* left where another had come before */
    uint64_t state_count;    /* in which more than one thread could go on */
    const char *failure;     /* NULL: none */
    unsigned depth;          /* accesses of the failed or of the longest schedule */
} explore_result;

explore_result explore(const explore_model *model);
/* One line for people. */
void explore_print(const char *mode, const char *name, const explore_result *result);

/* Fails the schedule, and with it the search, unless the condition holds. From any virtual thread,
 * or from finish. */
void explore_check(bool condition, const char *why);
/* A decision of the model itself: every number below `count` is tried. */
unsigned explore_choose(unsigned count);
/* The running thread is at a place where nothing but `summary` matters of all that it has read. */
void explore_forget(uint64_t summary);
/* What edai_barrier_all does to all threads: from here on each sees what had been stored before. It
 * orders no plain accesses: that takes an acquire and a release. */
void explore_barrier(void);
/* A mutex whose first word is 0 while nobody holds it. */
void explore_lock(uint32_t *word);
void explore_unlock(uint32_t *word);
/* Which virtual thread runs. */
unsigned explore_self(void);
/* The production port over virtual threads: park and wake as thread.h promises them, a clock that
 * jumps past every deadline at any look at it (late_max times). */
const edai_port *explore_port(void);

#endif
