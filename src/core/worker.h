/* worker.h - who owns activations: shards, and with them directory tables, timers, a slab, tallies.
 *
 * A worker sits on a seat (seat.h), whose thread (or the simulator's virtual one) runs it. Nothing
 * of it is touched by other threads but its inbox, its slab's return list, and its tallies (read
 * only). Sends to workers on the same seat use no locked instruction; sends to others are collected
 * in chains and handed over once per round. */
#ifndef EDAI_WORKER_H
#define EDAI_WORKER_H

#include "base/random.h"
#include "core/activation.h"
#include "core/directory.h"
#include "core/fan.h"
#include "core/inbox.h"
#include "core/seat.h"
#include "core/slab.h"
#include "core/tally.h"
#include "core/turn.h"

#define EDAI_SHARDS 256u
/* Envelopes on their way to one worker beyond which senders stop running turns. */
#define EDAI_PENDING_MAX 65536u

typedef struct edai_return_chain {
    edai_free_block *first;
    edai_free_block *last;
    uint32_t count;
} edai_return_chain;

/* Of a type with no more of them live: activations that are found without a search. With more, who
 * was found last is no better than a guess. */
#define EDAI_RECENT 4u

/* Of a limit per second: what may be taken now. */
typedef struct edai_bucket {
    double tokens;
    int64_t at; /* monotonic ns: when it was filled last */
} edai_bucket;

/* What one worker holds of one actor type. */
typedef struct edai_holding {
    edai_pool pool;
    edai_directory directory;
    edai_activation *recent[EDAI_RECENT]; /* in the directory; found last, by the lowest bits of the
                                             identity. NULL: none, or it is gone */
    uint64_t sequence;                    /* messages routed to the type from here */
    _Atomic uint64_t live;
    _Atomic uint64_t keys_ever;
    _Atomic uint64_t starts;
    _Atomic uint64_t passivations;
    _Atomic uint64_t restarts;
    _Atomic uint64_t state_errors;
    edai_bucket new_keys;
    edai_bucket outside_keys; /* those that outsiders bring to life */
} edai_holding;

#define EDAI_PUBLISHED 8u

/* What was published last on a worker, if it needs no check and its envelope is one copy: the same
 * by the same is not looked up again. */
typedef struct edai_published {
    const eda_type *type;
    const edai_actor_type *by;
    const edai_route *route;
    unsigned char head[EDAI_ENVELOPE_HEAD_SIZE]; /* of the envelopes */
} edai_published;

#define EDAI_ASKED 4u

/* The same for requests that need no check. */
typedef struct edai_asked {
    const eda_type *type;
    const edai_actor_type *by;
    const edai_msg *msg;
} edai_asked;

/* The last message of a turn, or of a batch from another node, that was put into a mailbox on this
 * seat: the next to the same receiver is put behind it without a search. Of use only until the next
 * turn on the seat: so long the message stays in the mailbox, and keeps the activation. Or, while
 * an arrival is made, its receiver, in whose mailbox room was looked for: it is put there next. */
typedef struct edai_put {
    const edai_route *route; /* NULL: none */
    uint64_t identity;
    edai_worker *owner;
    edai_activation *activation;
} edai_put;

struct edai_worker {
    eda_system *sys;
    const edai_port *port;
    uint16_t index;
    bool is_watched;  /* the simulator's: it hears of every turn */
    bool is_ending;   /* ends what is left, then stops */
    bool is_stopping; /* has ended it */
    bool is_ready;    /* in the seat's list of those with something to run */
    bool has_resumed; /* a turn was resumed last: now it is the run queue's turn */
    int64_t now;      /* monotonic ns, as of the seat's last look */
    /* Where it sits; NULL: on its way. Written by whoever runs it; others may read it. */
    _Atomic(edai_seat *) seat;
    edai_worker *seat_next;  /* of those on the same seat */
    edai_worker *ready_next; /* of those ready */
    uint64_t window_runs;    /* activations run while the seat's load is measured */
    uint32_t sent;           /* what turns have published so far: charged to the turn budget */
    uint32_t charged;        /* the gateway's: messages of batches that it took last */
    int64_t rests_until;     /* the gateway's: others that are ready come first */
    edai_activation *run_first;
    edai_activation *run_last;
    edai_activation *nowhere; /* written in place of something else, never read */
    edai_fans fans;
    edai_envelope *arrived;      /* taken from the inbox, not yet admitted; oldest first */
    edai_envelope *arrived_last; /* while there is one; NULL: to be looked for */
    eda_ctx *resumable;          /* turns to go on, oldest first */
    eda_ctx *resumable_last;
    edai_activation *starved; /* by run_next: wait for a stack, oldest first */
    edai_activation *starved_last;
    edai_activation *listed;    /* by their links: to be passivated */
    edai_chain *outbox;         /* per worker */
    edai_return_chain *returns; /* per worker */
    uint32_t returns_count;     /* blocks in all of them */
    uint32_t out_count;         /* envelopes in all outboxes */
    edai_slab slab;
    edai_timers timers;
    struct edai_wait *young; /* asks of this round */
    edai_timer deadlock_scan;
    eda_duration scan_delay; /* until the next scan: doubles while somebody waits on */
    edai_holding *holdings;  /* per actor type */
    edai_tally *tallies;     /* per route */
    edai_published published[EDAI_PUBLISHED]; /* by edai_worker_published */
    edai_asked asked[EDAI_ASKED];             /* by edai_worker_asked */
    edai_put put; /* while a turn's messages are released, or a batch is read */
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
    edai_inbox inbox;
};

EDA_CHECK eda_status edai_worker_init(edai_worker *worker, eda_system *sys, uint16_t index);
void edai_worker_fini(edai_worker *worker);
/* Of a worker that never ran and never will, once nobody posts any more: makes the calls that were
 * posted, which free themselves. */
void edai_worker_end_calls(edai_worker *worker);

/* A round's parts, called by the seat. Begin: admits what has arrived, fires timers; true: there
 * was something. */
bool edai_worker_begin_round(edai_worker *worker);
/* Runs one activation, or lets a suspended turn go on. Returns when that is done, perhaps on
 * another seat. */
void edai_worker_run_next(edai_worker *worker);
void edai_worker_end_round(edai_worker *worker);
bool edai_worker_has_work(const edai_worker *worker);
/* Takes the inbox, behind what has arrived already. */
void edai_worker_take_inbox(edai_worker *worker);
/* True while too much is on its way to a worker elsewhere. */
bool edai_worker_is_overdrawn(const edai_worker *worker);
/* Hands back every freed block, before the thread sleeps. */
void edai_worker_return_all(edai_worker *worker);

/* Queues at the end of the run queue. */
void edai_worker_queue(edai_worker *worker, edai_activation *activation);
/* Takes it out of every list of the worker's: it goes. */
void edai_worker_forget(edai_worker *worker, edai_activation *activation);
/* Delivers to the owner: into the mailbox here, or into the chain for another worker. Takes the
 * envelope. */
void edai_worker_dispatch(edai_worker *worker, edai_envelope *envelope);
/* To a worker by number: at once if it sits here, too. */
void edai_worker_hand_over(edai_worker *worker, uint16_t to, edai_envelope *envelope);
/* A delivery, by its hash, to the worker it belongs to. */
void edai_worker_deliver_to(
    edai_worker *worker, uint16_t to, edai_envelope *envelope, uint64_t hash);
void edai_worker_send(edai_worker *worker, uint16_t to, edai_envelope *envelope);
/* Hands one envelope over from a thread that is no worker. */
void edai_worker_post(edai_worker *worker, edai_envelope *envelope);
/* Hands all chains over. */
void edai_worker_flush(edai_worker *worker);

/* Turns that may wait may begin: a stack is left beyond those kept back. */
bool edai_worker_has_spare_stack(const edai_worker *worker);
/* Lets an activation that waits for a stack run, stack or not: a request came for it, and who asked
 * may hold one. */
void edai_worker_unstarve(edai_worker *worker, edai_activation *activation);

/* Blocks for envelopes; free also drops a shared payload. NULL: out of memory. */
void *edai_worker_alloc(
    edai_worker *worker, size_t size, uint16_t *ret_home, uint8_t *ret_size_class);
static inline void edai_worker_free(edai_worker *worker, edai_envelope *envelope);
/* The same from any thread; worker NULL: a client's. */
void edai_envelope_free(eda_system *sys, edai_worker *worker, edai_envelope *envelope);

/* Made by an actor on another worker. */
static inline bool edai_worker_is_foreign(const edai_worker *worker, const edai_envelope *envelope)
{
    return envelope->home != worker->index && envelope->home < EDAI_HOME_NOWHERE;
}

static inline edai_seat *edai_worker_seat(const edai_worker *worker)
{
    return atomic_load_explicit(&worker->seat, memory_order_relaxed);
}

/* Where it is remembered what an actor type published last of a message type. */
static inline edai_published *edai_worker_published(
    edai_worker *worker, const edai_actor_type *by, const eda_type *type)
{
    uintptr_t mixed = (uintptr_t)type / 16 + by->index;

    return &worker->published[mixed % EDAI_PUBLISHED];
}

static inline edai_asked *edai_worker_asked(
    edai_worker *worker, const edai_actor_type *by, const eda_type *type)
{
    return &worker->asked[((uintptr_t)type / 16 + by->index) % EDAI_ASKED];
}

/* The activation of an integer identity, if it was among those found last. */
static inline edai_activation *edai_worker_recent(
    const edai_worker *worker, const edai_actor_type *type, uint64_t identity)
{
    edai_activation *activation = worker->holdings[type->index].recent[identity % EDAI_RECENT];

    return activation != NULL && activation->identity == identity ? activation : NULL;
}

/* By the hash of an integer key that stands in the directory where it belongs, as most do. NULL: it
 * does not, or is not there. */
static inline edai_activation *edai_worker_at_home(
    const edai_worker *worker, const edai_actor_type *type, uint64_t identity, uint64_t hash)
{
    const edai_directory *directory = &worker->holdings[type->index].directory;
    uint64_t slot;
    edai_activation *named;

    if (EDAI_UNLIKELY(directory->capacity == 0)) {
        return NULL;
    }
    slot = directory->slots[edai_directory_home(directory->capacity, hash)];
    named = edai_directory_named(slot);
    return slot != 0 && (uint16_t)slot == edai_directory_tag(hash) && named->identity == identity &&
                   (named->flags & EDAI_IS_TEXT_KEY) == 0
               ? named
               : NULL;
}

static inline edai_holding *edai_worker_holding(edai_worker *worker, const edai_actor_type *type)
{
    return &worker->holdings[type->index];
}

/* By an integer key. */
static inline void edai_worker_found(edai_holding *holding, edai_activation *activation)
{
    if (holding->pool.live_count <= EDAI_RECENT) {
        holding->recent[activation->identity % EDAI_RECENT] = activation;
    }
}

static inline void edai_worker_free(edai_worker *worker, edai_envelope *envelope)
{
    if (EDAI_LIKELY((envelope->flags & (EDAI_IS_SHARED | EDAI_HAS_REST)) == 0 &&
                    envelope->home < EDAI_HOME_NOWHERE)) {
        /* Workers stand in a row. Not asked first whether it is this one: which of those on the
         * seat nobody can foretell. */
        edai_worker *owner = worker - worker->index + envelope->home;

        if (EDAI_LIKELY(edai_worker_seat(owner) == edai_worker_seat(worker))) {
            edai_slab_free(&owner->slab, envelope, envelope->size_class);
            return;
        }
    }
    edai_envelope_free(worker->sys, worker, envelope);
}

#endif
