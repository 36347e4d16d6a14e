/* system.h - the system's own insides: contracts, workers, clients, executor.
 *
 * Threads: what is set before start is constant afterwards; the rest says who may touch it. */
#ifndef EDAI_SYSTEM_H
#define EDAI_SYSTEM_H

#include <edacious/system.h>

#include "base/random.h"
#include "core/client.h"
#include "core/contract.h"
#include "core/names.h"
#include "core/worker.h"
#include "message/trie.h"

#define EDAI_SYSTEM_MAGIC 0x0eda5157u
#define EDAI_SYSTEM_ERROR_SIZE 512u
#define EDAI_ACTORS_MAX 0x7fffu
#define EDAI_NO_GATEWAY (UINT16_MAX - 2) /* no worker has that number */
/* Owner of a partition that no node owns. */
#define EDAI_NO_OWNER UINT16_MAX
/* Of one that is being given to another node. */
#define EDAI_IN_MOTION (UINT16_MAX - 1)

typedef enum edai_phase {
    EDAI_BUILDING = 1,
    EDAI_RUNNING,
    EDAI_DRAINING, /* clients are refused, work goes on */
    EDAI_ENDING,   /* what is left is ended */
    EDAI_ENDED
} edai_phase;

/* How a system is run; made by executor.c or by the simulator. */
typedef struct edai_executor {
    edai_port port;
    /* Starts and ends the workers' threads; NULL: coroutines, run by whoever parks. */
    eda_status (*start)(eda_system *sys);
    void (*stop)(eda_system *sys); /* returns when every worker's loop has ended */
    void (*free)(struct edai_executor *executor);
} edai_executor;

/* Dependencies given by type: provided or configured. */
typedef struct edai_provided {
    struct edai_provided *next;
    const eda_type *type; /* NULL: configured, not yet claimed by a type */
    char *name;
    char *json;   /* configured: the text, decoded when a type claims it */
    char *source; /* configured: the file, or "configuration" */
    void *data;   /* owned copy */
    bool is_used; /* an actor needs it */
    bool is_over; /* wins over what is provided later, too */
} edai_provided;

struct eda_system {
    uint32_t magic;
    _Atomic uint32_t phase; /* edai_phase */
    eda_options options;    /* with the defaults filled in */
    char *name;
    eda_store *store;
    bool is_store_owned;
    edai_executor *executor;
    const edai_port *port;

    /* Contract. */
    const edai_msg **msgs; /* by process-wide id */
    uint32_t msg_count;    /* length of msgs */
    edai_msg *first_msg;   /* all of them, in the order of declaration */
    edai_msg *last_msg;
    edai_actor_type **actors;
    uint32_t actor_count;
    uint32_t actor_capacity;
    edai_names actor_names; /* -> edai_actor_type, by the types' hashes */
    edai_route **routes;    /* by index */
    uint32_t route_count;
    uint32_t route_capacity;
    uint32_t fan_count;
    edai_trie *topics; /* pattern of each declared type -> edai_msg */
    edai_provided *provided;
    const edai_msg *dead_letter;
    edai_msg *raw;              /* owned; what undeclared points to */
    const edai_msg *undeclared; /* raw publishes on topics no type has */

    struct edai_abroad *abroad;    /* connection to other nodes; NULL: none */
    edai_actor_type *gateway_type; /* owned: who receives what is for elsewhere; NULL: none */
    uint16_t gateway;              /* its worker, the last; EDAI_NO_GATEWAY: none */
    uint32_t suspect_ms; /* silence after which another node is suspected, for tests in which one
                          * may be slow; 0: as the cluster has it. Before start */

    edai_worker *workers;
    uint16_t worker_count;  /* with those of dedicated types and the gateway, which come last */
    uint16_t shard_workers; /* those that own shards */
    uint16_t owner_of_shard[EDAI_SHARDS];
    edai_seat **seats;           /* one per worker, then spare ones */
    _Atomic uint32_t seat_count; /* made so far; grows while turns run long */
    uint32_t spread_max;         /* of the first so many: where workers may be spread to */
    _Atomic uint32_t ended_workers;

    edai_mutex mutex; /* clients, idle waiters, error text, log */
    edai_client *clients;
    eda_ctx *own_client; /* of the thread that started the system */
    bool is_bare;        /* no code of the program's provides dependencies: its --config alone */
    eda_status (*started)(eda_system *sys); /* what eda_system_start does last; NULL: nothing */
    edai_client *spare_clients;
    uint16_t client_count;
    _Atomic uint32_t idle_waiters;
    struct edai_idle_wait *idle_waits;
    _Atomic uint32_t scan_is_running; /* of wait-for cycles */
    char error[EDAI_SYSTEM_ERROR_SIZE];
};

/* Sets the text of eda_system_error and returns the status. */
eda_status edai_system_fail(eda_system *sys, eda_status status, const char *format, ...)
    EDA_PRINTF(3, 4);
/* EDA_ESTATE: it was started. */
EDA_CHECK eda_status edai_system_check_building(eda_system *sys);
/* A line of the system itself to its log. */
void edai_system_log(eda_system *sys, const char *who, const char *format, ...) EDA_PRINTF(3, 4);

static inline edai_phase edai_system_phase(eda_system *sys)
{
    return (edai_phase)atomic_load_explicit(&sys->phase, memory_order_acquire);
}

static inline int64_t edai_system_now(const eda_system *sys)
{
    return sys->port->now(sys->port->self);
}

/* That long from now; EDAI_NO_DEADLINE if it is beyond what a clock can show. */
static inline int64_t edai_system_later(const eda_system *sys, eda_duration delay)
{
    int64_t now = edai_system_now(sys);

    if (delay <= 0) {
        return now;
    }
    return delay < EDAI_NO_DEADLINE - now ? now + delay : EDAI_NO_DEADLINE;
}

/* Which of its partitions, and so which node, a placed type's identity belongs to. */
static inline uint32_t edai_system_partition(const edai_actor_type *type, uint64_t hash)
{
    return type->is_spread ? (uint32_t)((hash ^ type->hash) % EDAI_SHARDS) : 0;
}

/* The worker that owns it here, if this node does. */
static inline uint16_t edai_system_own_worker(
    const eda_system *sys, const edai_actor_type *type, uint64_t hash)
{
    uint16_t own = type->worker != EDAI_PLACED ? type->worker : type->own_worker;

    return own != UINT16_MAX ? own : sys->owner_of_shard[(hash ^ type->hash) % EDAI_SHARDS];
}

/* True: another node owns it. */
static inline bool edai_system_is_elsewhere(const edai_actor_type *type, uint64_t hash)
{
    uint16_t owner;

    if (type->worker != EDAI_PLACED) {
        return false;
    }
    /* relaxed: who moves a partition moves nothing with it. */
    owner = atomic_load_explicit(
        &type->owners[edai_system_partition(type, hash)], memory_order_relaxed);
    return owner != 0 && owner != EDAI_NO_OWNER;
}

/* Nobody owns it for the moment: it is being given to another node, and the gateway keeps what
 * comes for it until that is done. Counts as elsewhere. */
static inline bool edai_system_is_in_motion(const edai_actor_type *type, uint64_t hash)
{
    return type->worker == EDAI_PLACED &&
           atomic_load_explicit(&type->owners[edai_system_partition(type, hash)],
               memory_order_relaxed) == EDAI_IN_MOTION;
}

/* The gateway, or the worker here. */
static inline uint16_t edai_system_placed_owner(
    const eda_system *sys, const edai_actor_type *type, uint64_t hash)
{
    return edai_system_is_elsewhere(type, hash) ? sys->gateway
                                                : edai_system_own_worker(sys, type, hash);
}

/* Which worker owns an identity's hash of an actor type. */
static inline uint16_t edai_system_owner(
    const eda_system *sys, const edai_actor_type *type, uint64_t hash)
{
    if (EDAI_UNLIKELY(type->worker != UINT16_MAX)) {
        return type->worker != EDAI_PLACED ? type->worker
                                           : edai_system_placed_owner(sys, type, hash);
    }
    return sys->owner_of_shard[(hash ^ type->hash) % EDAI_SHARDS];
}

/* True when every accepted delivery has ended; see tally.h. */
bool edai_system_is_idle(eda_system *sys);
/* Called by a worker that is about to park. */
void edai_system_idle_check(eda_system *sys);
/* One more seat, not yet run by anybody; NULL: there are as many as there may be, or no memory. */
edai_seat *edai_system_add_seat(eda_system *sys);
/* Internal: options with an executor of its own (takes it); NULL: by options. */
EDA_CHECK eda_status edai_system_new(
    const eda_options *options, edai_executor *executor, eda_system **ret_system);

/* executor.c. NULL: out of memory. */
edai_executor *edai_threads_new(void);
edai_executor *edai_pump_new(void);

/* depend.c. deps NULL: as provided or configured. */
EDA_CHECK eda_status edai_depend_explicit(eda_system *sys, edai_actor_type *type, const void *deps);
EDA_CHECK eda_status edai_depend_resolve(eda_system *sys);
/* What was configured until now wins over whatever is provided or configured from now on. */
void edai_depend_fix(eda_system *sys);
void edai_depend_free(eda_system *sys);

/* waitgraph.c: a timer of each worker with suspended or held activations calls it. */
void edai_waitgraph_scan(edai_worker *worker);
void edai_waitgraph_arm(edai_worker *worker);

/* dead.c: reports a message that ended as a dead letter. Counted by the caller. */
/* Whom an envelope is for, "door[front]", into the buffer: terminated, cut if need be. */
eda_str edai_dead_describe(edai_envelope *envelope, char *buffer, size_t size);
void edai_dead_report(edai_worker *worker, edai_envelope *envelope, const char *reason);

#endif
