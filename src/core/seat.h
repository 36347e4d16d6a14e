/* seat.h - a thread's loop: it runs the workers that sit on it, in rounds.
 *
 * At first seat 0 holds all workers, for messages between workers on one seat cross no thread.
 * Others get workers when that pays (balance.h), or when a turn runs long: then all workers leave
 * its seat, and the turn goes on alone until it calls a verb or returns (takeover.h). A worker
 * moves as a whole and between rounds. Threads: a seat belongs to its thread; `given`, `user`,
 * `claim` and the figures of load are what others touch, as each says. */
#ifndef EDAI_SEAT_H
#define EDAI_SEAT_H

#include "base/port.h"
#include "core/strand.h"

#include <stdatomic.h>

#define EDAI_WORKERS_MAX 64u
/* Seats without a worker of their own, made while turns run long. */
#define EDAI_SPARE_SEATS_MAX 64u
/* Turns between two looks at the clock, at most. */
#define EDAI_ROUND_TURNS_MAX 256u

typedef struct edai_worker edai_worker;
typedef struct edai_route edai_route;
typedef struct edai_detached edai_detached;
typedef struct edai_nest edai_nest;
typedef struct eda_system eda_system;
typedef struct eda_ctx eda_ctx;

typedef enum edai_claim {
    EDAI_UNCLAIMED = 0,
    EDAI_CLAIMED, /* somebody looks whether the running turn can be left alone */
    EDAI_TAKEN    /* its workers have left; the turn has to find its own again */
} edai_claim;

/* What balance.c decides by; written by the seat's thread, read by others. */
typedef struct edai_load {
    _Atomic uint64_t turn_ns; /* mean time of a turn in the last window; 0: none ran */
    _Atomic uint32_t busy;    /* of the last window, per 1000 */
} edai_load;

typedef struct edai_seat {
    eda_system *sys;
    const edai_port *port;
    uint16_t index;
    bool is_done;
    bool is_mid_round;    /* a round goes on upon another stack, its turns counted on */
    uint32_t round_turns; /* turns per look at the clock: adapts */
    uint32_t turns_left;  /* of this round */
    uint32_t turns_cap;   /* most of a round: the simulator's choice */
    uint64_t turns_stop;  /* turns_ever at which no more are begun: the pump's bound */
    uint64_t turns_ever;
    uint64_t stretches;   /* turns begun or resumed here */
    int64_t now;          /* monotonic ns, as of the last look */
    uint64_t ask_seq;     /* of the last ask */
    edai_worker *workers; /* those that sit here, by seat_next */
    uint32_t worker_count;
    edai_worker *ready; /* those with something to run, by ready_next */
    edai_worker *ready_last;
    uint32_t row_left;   /* activations of the worker that runs, before another gets its turn */
    edai_nest *nest;     /* whose turn runs within others (nest.h); NULL: nobody's */
    uint32_t nests_left; /* of them in a row, before others run */
    edai_strands strands;
    edai_fiber host; /* who entered the loop: the thread's own stack, the pump, the simulator */
    edai_waiter waiter;
    edai_thread thread;
    bool has_thread;
    int thread_number; /* while it runs, under the mutex (processors.h) */
    /* The window over which load is measured. */
    int64_t window_at;
    int64_t window_slept_ns;
    bool was_idle;         /* at the last look at the clock */
    uint64_t window_turns; /* turns_ever when it began */
    uint32_t dear_windows; /* in a row before, in which turns cost so much that it spreads */
    edai_load load;
    /* A turn that its workers have left; see takeover.h. */
    eda_ctx *departing;       /* by the thread: has to be announced once its stack is left */
    edai_strand *next_strand; /* upon which the loop begins anew then */
    eda_ctx *user_ctx;        /* whose handler runs; written before `user` */
    edai_mutex mutex;         /* given, claim's changes by others, thread_number */
    edai_worker *given;       /* by seat_next: on their way here */
    _Alignas(64) _Atomic bool has_given;
    _Atomic bool is_parked; /* its thread sleeps, or there is none */
    _Atomic bool
        is_vacant; /* sleeps, or is about to, without a worker; who clears it gives it one */
    _Atomic uint32_t claim; /* edai_claim */
    _Atomic uint64_t user;  /* stretches when the running handler began; 0: the runtime runs */
    _Atomic(const edai_route *) running; /* for the watcher: what runs now */
} edai_seat;

void edai_seat_init(edai_seat *seat, eda_system *sys, uint16_t index);
void edai_seat_fini(edai_seat *seat);
/* Makes the loop's first stack. EDA_ENOMEM. */
EDA_CHECK eda_status edai_seat_prepare(edai_seat *seat);
/* Gives it a thread of that name, which enters the loop. EDA_ENOMEM. */
EDA_CHECK eda_status edai_seat_start(edai_seat *seat, const char *name);
/* Runs the loop from the thread's own stack, until it ends or yields. */
void edai_seat_enter(edai_seat *seat);
/* The loop, upon the stack that is called with: it never returns. */
_Noreturn void edai_seat_loop(edai_seat *seat);
/* Executors of one thread: back to whoever entered; goes on when entered again. */
void edai_seat_yield(edai_seat *seat);

/* Puts a worker onto a seat whose loop has not begun. */
void edai_seat_place(edai_seat *seat, edai_worker *worker);
/* The worker has something to run. */
void edai_seat_ready(edai_seat *seat, edai_worker *worker);
/* Sends a worker from its seat, which is the caller's own (or taken), to another. False: a turn
 * that runs long has that one for itself. */
bool edai_seat_give(edai_worker *worker, edai_seat *to);
/* All that sit on a seat or are on their way there, by seat_next: they sit nowhere now. Its mutex
 * is held, and nobody runs its loop. */
edai_worker *edai_seat_clear(edai_seat *seat);
/* Sends such a list to a vacant seat. */
void edai_seat_put(edai_seat *seat, edai_worker *workers);
/* Wakes the seat on which a worker sits, after a push that found it parked. */
void edai_seat_wake(edai_worker *worker);
/* A worker has nothing left to end: when all are so far, every seat's loop ends. */
void edai_seat_worker_ended(eda_system *sys);

/* One more activation of the worker that runs fits before all that the loop looks at; counts it. */
static inline bool edai_seat_may_run_another(edai_seat *seat)
{
    if (seat->row_left == 0 || seat->turns_left == 0 || seat->turns_ever >= seat->turns_stop) {
        return false;
    }
    seat->row_left--;
    seat->turns_left--;
    return true;
}

/* Suspension: reserves the stack on which the loop goes on. NULL: none free. */
edai_strand *edai_seat_reserve(edai_seat *seat);
/* The running stack is ctx's from now on, `next` the loop's: the caller switches to it at once. */
void edai_seat_leave(edai_seat *seat, eda_ctx *ctx, edai_strand *next);

/* The stack the loop runs on is left for good, and the turn's runs on. */
_Noreturn void edai_seat_go_on(edai_seat *seat, eda_ctx *ctx);

#endif
