/* port.h - the only way by which the runtime reaches time, threads and chance.
 *
 * One table per executor: worker threads, the pump inside a program's own loop, and the simulator.
 * Everything that can wait (a worker, a client) owns a waiter. Threads: all functions may be called
 * from any thread of the system. */
#ifndef EDAI_PORT_H
#define EDAI_PORT_H

#include <edacious/value.h>

#include "base/fiber.h"
#include "base/thread.h"

typedef struct edai_port edai_port;

/* Something that parks and is woken. A wake that comes first makes the next park return at once. */
typedef struct edai_waiter {
    edai_parker parker;
    void *entity;   /* the executor's own: whom to run when woken */
    bool is_woken;  /* executors of one thread only */
    bool is_parked; /* executors of one thread only */
    int64_t until;  /* executors of one thread only: deadline while parked */
} edai_waiter;

/* A function to be run where blocking is allowed; `done` is called on that thread afterwards. */
typedef struct edai_job {
    struct edai_job *next;
    void (*run)(void *arg);
    void *arg;
    void (*done)(struct edai_job *job);
} edai_job;

/* What the simulator hashes and checks; ignored elsewhere. */
typedef enum edai_event {
    EDAI_EVENT_START = 1, /* an activation begins; a: actor type, b: identity */
    EDAI_EVENT_STOP,      /* and ends */
    EDAI_EVENT_TURN,      /* a turn begins; a: route, b: identity */
    EDAI_EVENT_END,       /* a turn ends; a: route, b: status */
    EDAI_EVENT_COMMIT,    /* a record was written; a: actor type, b: version */
    EDAI_EVENT_TIMER
} edai_event;

struct edai_port {
    void *self;
    int64_t (*now)(void *self);                                   /* monotonic ns */
    int64_t (*wall)(void *self);                                  /* ns since 1970 */
    void (*park)(void *self, edai_waiter *waiter, int64_t until); /* INT64_MAX: no deadline */
    void (*wake)(void *self, edai_waiter *waiter);
    /* Runs a job where it may block. EDA_ENOMEM, EDA_ELIMIT. */
    eda_status (*block)(void *self, edai_job *job);
    /* NULL with threads. A worker has ended a round and holds nothing half done. */
    void (*round)(void *self);
    /* NULL in production. A place between two accesses to shared memory, where another worker may
     * run. */
    void (*point)(void *self);
    /* NULL in production, where the clock decides what chance decides here: 0 <= drawn < n. */
    uint32_t (*draw)(void *self, uint32_t n);
    /* May be NULL: a thread of the system begins, or goes on after a sleep; or is about to sleep.
     */
    void (*awake)(void *self, bool is_awake);
    void (*event)(void *self, void *system, edai_event event, uint64_t a, uint64_t b);
    int64_t spin_ns; /* how long a worker polls its inbox before it parks */
};

static inline void edai_point(const edai_port *port)
{
    if (port->point != NULL) {
        port->point(port->self);
    }
}

#endif
