/* worker.h - who runs turns: one thread's (or the simulator's virtual) loop over what it owns.
 *
 * A worker owns shards, and with them activations, directory tables, timers, a slab and tallies;
 * nothing of it is touched by others but its inbox, its slab's return list, and its tallies (read
 * only). Sends inside a worker use no locked instruction; sends to others are collected in chains
 * and handed over once per round. */
#ifndef EDAI_WORKER_H
#define EDAI_WORKER_H

#include "base/random.h"
#include "core/activation.h"
#include "core/directory.h"
#include "core/inbox.h"
#include "core/slab.h"
#include "core/strand.h"
#include "core/tally.h"
#include "core/turn.h"

#define EDAI_SHARDS 256u
#define EDAI_WORKERS_MAX 64u
/* Envelopes on their way to one worker beyond which senders stop running turns. */
#define EDAI_PENDING_MAX 65536u
/* Turns between two looks at the clock, at most. */
#define EDAI_ROUND_TURNS_MAX 256u

typedef struct edai_return_chain {
    edai_free_block *first;
    edai_free_block *last;
    uint32_t count;
} edai_return_chain;

/* What one worker holds of one actor type. */
typedef struct edai_holding {
    edai_pool pool;
    edai_directory directory;
    edai_activation *recent; /* in the directory; found last. NULL: none, or it is gone */
    uint64_t sequence;       /* messages routed to the type from here */
    _Atomic uint64_t live;
    _Atomic uint64_t keys_ever;
    _Atomic uint64_t starts;
    _Atomic uint64_t passivations;
    _Atomic uint64_t restarts;
    _Atomic uint64_t state_errors;
    double new_tokens; /* of the limit on new keys */
    int64_t new_at;
} edai_holding;

struct edai_worker {
    eda_system *sys;
    const edai_port *port;
    uint16_t index;
    bool is_ending; /* ends what is left, then stops */
    bool is_stopping;
    bool is_done;
    uint32_t round_turns; /* turns per look at the clock: adapts */
    uint32_t turns_left;  /* of this round */
    bool is_mid_round;    /* a round goes on upon another stack, its turns counted on */
    bool has_resumed;     /* a turn was resumed last: now it is the run queue's turn */
    uint32_t turns_cap;   /* most of a round: the simulator's choice */
    uint64_t turns_stop;  /* turns_ever at which no more are begun: the pump's bound */
    uint64_t turns_ever;
    int64_t now; /* monotonic ns, as of the last look */
    edai_activation *run_first;
    edai_activation *run_last;
    edai_envelope *arrived; /* taken from the inbox, not yet admitted; oldest first */
    eda_ctx *resumable;     /* turns to go on, oldest first */
    eda_ctx *resumable_last;
    edai_activation *starved; /* by run_next: wait for a stack, oldest first */
    edai_activation *starved_last;
    edai_activation *listed;    /* by their links: to be passivated */
    edai_chain *outbox;         /* per worker */
    edai_return_chain *returns; /* per worker */
    uint32_t out_count;         /* envelopes in all outboxes */
    edai_slab slab;
    edai_timers timers;
    edai_timer deadlock_scan;
    eda_duration scan_delay; /* until the next scan: doubles while somebody waits on */
    edai_holding *holdings;  /* per actor type */
    edai_tally *tallies;     /* per route */
    edai_strands strands;
    edai_fiber host; /* who entered the loop: the thread's own stack, the pump, the simulator */
    uint64_t ask_seq;
    int64_t log_since; /* when the second began in which failed turns were logged */
    uint32_t log_count;
    uint32_t suspended_count;
    uint32_t held_count;
    eda_ctx *current;
    edai_random random;
    struct {
        edai_envelope envelope;
        edai_call call;
    } end_notice; /* tells the loop to end what is left */
    edai_waiter waiter;
    edai_thread thread;
    _Atomic(const edai_route *) running; /* for the watcher: what runs now */
    _Atomic uint64_t running_serial;
    edai_inbox inbox;
};

EDA_CHECK eda_status edai_worker_init(edai_worker *worker, eda_system *sys, uint16_t index);
void edai_worker_fini(edai_worker *worker);
/* Makes the loop's first stack. EDA_ENOMEM. */
EDA_CHECK eda_status edai_worker_prepare(edai_worker *worker);
/* Runs the loop from the thread's own stack, until it ends or yields. */
void edai_worker_enter(edai_worker *worker);
/* Executors of one thread: back to whoever entered; goes on when entered again. */
void edai_worker_yield(edai_worker *worker);

/* Queues at the end of the run queue. */
void edai_worker_queue(edai_worker *worker, edai_activation *activation);
/* Takes it out of every list of the worker's: it goes. */
void edai_worker_forget(edai_worker *worker, edai_activation *activation);
/* Delivers to the owner: into the mailbox here, or into the chain for another worker. Takes the
 * envelope. */
void edai_worker_dispatch(edai_worker *worker, edai_envelope *envelope);
void edai_worker_send(edai_worker *worker, uint16_t to, edai_envelope *envelope);
/* Hands one envelope over from a thread that is no worker. */
void edai_worker_post(edai_worker *worker, edai_envelope *envelope);
/* Hands all chains over. */
void edai_worker_flush(edai_worker *worker);

/* Suspension: reserves the stack on which the loop goes on. NULL: none free. */
edai_strand *edai_worker_reserve(edai_worker *worker);
/* Switches to it, keeping the running stack for ctx; returns when ctx is resumed. */
void edai_worker_leave(edai_worker *worker, eda_ctx *ctx, edai_strand *next);
/* Lets an activation that waits for a stack run, stack or not: a request came for it, and who asked
 * may hold one. */
void edai_worker_unstarve(edai_worker *worker, edai_activation *activation);

/* Blocks for envelopes; free also drops a shared payload. NULL: out of memory. */
void *edai_worker_alloc(
    edai_worker *worker, size_t size, uint16_t *ret_home, uint8_t *ret_size_class);
void edai_worker_free(edai_worker *worker, edai_envelope *envelope);
/* The same from any thread; worker NULL: a client's. */
void edai_envelope_free(eda_system *sys, edai_worker *worker, edai_envelope *envelope);

/* Made by an actor on another worker. */
static inline bool edai_worker_is_foreign(const edai_worker *worker, const edai_envelope *envelope)
{
    return envelope->home != worker->index && envelope->home < EDAI_HOME_NOWHERE;
}

static inline edai_holding *edai_worker_holding(edai_worker *worker, const edai_actor_type *type)
{
    return &worker->holdings[type->index];
}

#endif
