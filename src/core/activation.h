/* activation.h - a live instance of an actor: its mailbox, its state, and where it stands in its
 * life.
 *
 * Threads: touched by the owning worker alone. Memory: slots of a pool per worker and actor type; a
 * slot is reused but never given back while the system lives, so a stale pointer can be told by its
 * generation. */
#ifndef EDAI_ACTIVATION_H
#define EDAI_ACTIVATION_H

#include "core/contract.h"
#include "core/envelope.h"
#include "core/tally.h"
#include "core/timer.h"

enum {
    EDAI_IS_STARTED = 1,
    EDAI_IS_STARTING = 2,
    EDAI_IS_QUEUED = 4, /* in the worker's run queue */
    EDAI_IS_HELD = 8,   /* its last turn's EDA_WAIT effects are not all admitted */
    EDAI_IS_BACKING_OFF = 16,
    EDAI_IS_NEW = 32, /* no record was stored before */
    EDAI_IS_TEXT_KEY = 64,
    EDAI_IS_STARVED = 128,    /* waits for a stack */
    EDAI_IS_LISTED = 256,     /* in the list to be passivated */
    EDAI_WANTS_RESTART = 512, /* when its last open turn has ended */
    EDAI_WANTS_STOP = 1024,
    EDAI_IS_IN_DIRECTORY = 2048,
    EDAI_IS_LIVE = 4096, /* its slot is in use */
    EDAI_IS_ALONE = 8192 /* its handler runs where its worker does not: nothing else of it may */
};

/* It runs no message, whatever waits. */
#define EDAI_BLOCKED                                                                               \
    ((unsigned)(EDAI_IS_BACKING_OFF | EDAI_IS_HELD | EDAI_IS_ALONE | EDAI_WANTS_RESTART |          \
                EDAI_WANTS_STOP))

/* An EDA_WAIT delivery that found the mailbox full. */
typedef struct edai_waiting {
    struct edai_waiting *next;
    edai_envelope *envelope;
    edai_activation *activation;
    int64_t due;     /* EDAI_NO_DEADLINE: it waits as long as it takes */
    uint64_t serial; /* of all that ever stood in this line */
} edai_waiting;

/* What an activation needs whose mailbox was full for a message that waits, or that failed. */
typedef struct edai_trouble {
    edai_activation *owner;
    uint64_t waited; /* how many ever stood in the line */
    edai_timer line; /* armed for whoever in the line has waited too long first, or earlier */
    uint32_t restart_count;
    int64_t restart_since;
    edai_timer backoff;
    eda_duration backoff_ns; /* of the restart that waits for open turns to end */
} edai_trouble;

/* What only some activations need: those with a text key, timers, turns that wait. */
typedef struct edai_extra {
    char *key; /* text key, owned; NULL: a number or none */
    size_t key_len;
    struct eda_ctx *suspended; /* turns, newest first */
    edai_waiting *waiting;     /* oldest first */
    edai_waiting *waiting_last;
    edai_trouble *trouble;         /* NULL: there was none */
    struct edai_text_block *texts; /* owned texts of the state */
    struct edai_after *timers;     /* of on_self records */
    uint32_t timer_count;
    uint32_t holds; /* EDA_WAIT effects not admitted yet */
    /* Saved state. */
    uint8_t *saved; /* what the last turn that happened left, CBOR; owned */
    size_t saved_size;
    bool is_unwritten; /* saved lazily: what `saved` holds is not in the store yet */
    uint64_t version;
    uint64_t epoch;
} edai_extra;

/* 64 bytes: with the state right behind, a message touches two cache lines of it wherever it lies.
 */
struct edai_activation {
    edai_envelope *head;
    edai_envelope *tail; /* while there is a head */
    edai_activation *run_next;
    edai_actor_type *type;
    uint64_t identity; /* number, or hash of extra->key */
    edai_extra *extra; /* NULL: nothing of it needed yet */
    uint32_t len;      /* messages in the mailbox */
    uint16_t flags;
    uint16_t turn_count; /* running or suspended */
    uint32_t used_at;    /* ms of the worker's clock */
    uint32_t generation; /* grows with each reuse of the slot */
    _Alignas(16) unsigned char state[];
};

/* Behind the state, in pools that have them (has_links). */
typedef struct edai_links {
    edai_activation *used_prev;
    edai_activation *used_next;
    edai_activation *listed_next; /* of the worker's list to be passivated */
} edai_links;

/* Where a walk over a pool's slots stands; zeroed: before the first. */
typedef struct edai_pool_walk {
    struct edai_chunk *chunk;
    uint32_t at;
    bool is_over;
} edai_pool_walk;

/* Slots of one actor type on one worker. */
typedef struct edai_pool {
    edai_activation *free;     /* by run_next */
    struct edai_chunk *chunks; /* newest first */
    char *fresh;               /* never used part of the newest chunk */
    uint32_t fresh_count;
    bool has_links;
    bool has_order; /* has_links: those in use are listed by their last use */
    uint32_t slot_size;
    uint32_t links_at;           /* offset in a slot */
    edai_activation *used_first; /* has_order: the least recently used */
    edai_activation *used_last;
    uint64_t live_count;
    edai_actor_type *type;
    edai_pool_walk scanned; /* by the running idle scan; at its start: none runs */
    edai_timer scan;
} edai_pool;

/* Finds the activation of a route and identity, of which `hash` is the hash, or makes it. NULL with
 * `ret_status`: EDA_ENOMEM, EDA_ELIMIT. */
edai_activation *edai_activation_get(edai_worker *worker, const edai_route *route,
    edai_envelope *envelope, uint64_t hash, eda_status *ret_status);
/* That of an integer key or none. NULL: it is not there. */
edai_activation *edai_activation_find(
    edai_worker *worker, const edai_actor_type *type, uint64_t identity);
/* Gives the slot back; nothing refers to it any more. */
void edai_activation_discard(edai_worker *worker, edai_activation *activation);
/* NULL: out of memory. */
edai_extra *edai_activation_extra(edai_activation *activation);
edai_trouble *edai_activation_trouble(edai_activation *activation);

/* Its start succeeded: from now on it is found, if a planted fault hid it. */
void edai_activation_started(edai_worker *worker, edai_activation *activation);
/* Takes it out of the directory and gives the slot back. The mailbox is empty, no turn is open. */
void edai_activation_remove(edai_worker *worker, edai_activation *activation);

/* Puts it into the run queue if it may run and has something to do. */
void edai_activation_wake(edai_worker *worker, edai_activation *activation);
/* Runs what is ready, at most the turn budget, upon a ctx of edai_turn_prepare, which may have
 * served others on this stack. */
void edai_activation_run(edai_worker *worker, eda_ctx *ctx, edai_activation *activation);

/* Stops it; true when it is gone. Not with a turn open (asserted). Passivation keeps it if a save
 * fails. */
bool edai_activation_stop(edai_worker *worker, edai_activation *activation, eda_stop_reason reason);
/* Restart, stop or go on, after a failed turn or start. False: the activation is gone. */
bool edai_activation_failed(
    edai_worker *worker, edai_activation *activation, eda_status status, bool asked_restart);
/* Its commit failed: forgets state and timers, after the stop function; the mailbox stays, the next
 * turn loads and starts it anew. */
void edai_activation_drop(edai_worker *worker, edai_activation *activation);
/* Forgets state and timers without the stop function. */
void edai_activation_reset(edai_worker *worker, edai_activation *activation);
/* An open turn has ended: carries out what was put off until then. False: the activation is gone.
 */
bool edai_activation_settle(edai_worker *worker, edai_activation *activation);
/* Ends every waiting message: status to askers and receipts, and counted. */
void edai_activation_drain(edai_worker *worker, edai_activation *activation, edai_outcome outcome,
    eda_status status, const char *reason);

/* Key as text: of a text key itself, of a number in decimal in `buffer` (24 bytes). */
eda_str edai_activation_key(const edai_activation *activation, char *buffer);
/* "door[front]" into buffer; terminated, cut if need be. */
void edai_activation_name(const edai_activation *activation, char *buffer, size_t size);

/* passivate.c */
void edai_passivate_consider(edai_worker *worker, edai_activation *activation); /* after a turn */
void edai_passivate_listed(edai_worker *worker);                       /* end of a worker's round */
void edai_passivate_limit(edai_worker *worker, edai_actor_type *type); /* over live_max */
void edai_passivate_scan(edai_worker *worker, edai_actor_type *type);  /* idle timer */
/* Those that wait for messages and belong to another node; or all that other nodes could host. Of
 * one type; NULL: of all. */
void edai_passivate_away(edai_worker *worker, const edai_actor_type *of, bool is_all);
void edai_passivate_ran(edai_worker *worker, edai_activation *activation); /* maybe at once */

/* pool.c */
/* state_size: of the actor's struct. */
void edai_pool_init(edai_pool *pool, size_t state_size, bool has_links, bool has_order);
void edai_pool_fini(edai_pool *pool);
/* A slot, zeroed but for its generation. NULL: out of memory. */
edai_activation *edai_pool_take(edai_pool *pool);
void edai_pool_give(edai_pool *pool, edai_activation *activation);
/* From now on it is live, and found by walks; until it is unlinked. */
void edai_pool_link(edai_pool *pool, edai_activation *activation);
void edai_pool_unlink(edai_pool *pool, edai_activation *activation);
/* has_order: it was used last. */
void edai_pool_touch(edai_pool *pool, edai_activation *activation);
/* The next live one, looking at no more than slots_max slots. NULL: none among them; the walk is
 * over or goes on with the next call. Live ones may go and come meanwhile. */
edai_activation *edai_pool_next(edai_pool *pool, edai_pool_walk *walk, uint32_t slots_max);

static inline edai_links *edai_pool_links(const edai_pool *pool, edai_activation *activation)
{
    return (edai_links *)(void *)((char *)activation + pool->links_at);
}

#endif
