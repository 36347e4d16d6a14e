/* actor.h - the descriptor of an actor type: what EDA_ACTOR (declare.h) expands to.
 *
 * Descriptors are constant and live as long as the program. Functions run one turn at a time per
 * activation, on a worker's thread. */
#ifndef EDA_ACTOR_TYPE_H
#define EDA_ACTOR_TYPE_H

#include <edacious/type.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eda_ctx eda_ctx;
typedef struct eda_supervisor eda_supervisor;

/* Why an activation ends; told to its stop function. */
typedef enum eda_stop_reason {
    EDA_STOP_IDLE = 1, /* passivated: nothing to do */
    EDA_STOP_LIMIT,    /* passivated: more activations than activations_max */
    EDA_STOP_RESTART,  /* after a failure, or a commit that failed */
    EDA_STOP_SYSTEM    /* the system stops */
} eda_stop_reason;

/* What follows a failure. RESUME: keep the activation (one with saved fields goes on from its last
 * committed state). RESTART: stop, start anew, its mailbox kept. STOP: drop the activation and kill
 * what waits (counted dead); the next message makes a new one. */
typedef enum eda_decision {
    EDA_RESUME = 1,
    EDA_RESTART,
    EDA_STOP
} eda_decision;

/* One turn. EDA_OK: the turn happened. Anything else: it did not; its publishes and reply are
 * dropped. state: the actor's struct. message: borrowed for the turn; for on_any a const
 * eda_envelope. ret_reply: answers() only: zeroed, to be filled; what it points to must come from
 * eda_scratch or outlive the call. */
typedef eda_status eda_handler_fn(void *state, const void *message, void *ret_reply, eda_ctx *ctx);
/* After saved fields were loaded, before the first message. The only call that gets deps, which
 * live as long as the system: keep what is needed. Not EDA_OK: the waiting messages become dead
 * letters, and stop is not called. */
typedef eda_status eda_start_fn(void *state, const void *deps, eda_ctx *ctx);
/* Before it goes. What it changes in saved fields needs an eda_save. */
typedef void eda_stop_fn(void *state, eda_stop_reason reason, eda_ctx *ctx);

/* Where instances of an actor type live in a cluster. CLUSTER: each on one node, wherever a message
 * for it is published. NODE: every node has its own, which hear that node's messages. */
typedef enum eda_scope {
    EDA_SCOPE_CLUSTER = 0,
    EDA_SCOPE_NODE
} eda_scope;

/* An entry without a function ends the array. */
typedef struct eda_handler {
    const eda_type *type; /* NULL with a pattern */
    const char *pattern;  /* on_any: key expression over topics of one-way messages; a keyed actor
                           * hears only those that have its key field, of its keys' type */
    eda_handler_fn *fn;
    const char *key;   /* field of this type that holds the key; NULL: the actor's */
    uint32_t attempts; /* runs before a failing message counts as failed; 0: one */
    bool answers;      /* a request: fn fills ret_reply */
    bool is_self;      /* on_self: a record the actor sends itself */
    bool interleaves;  /* may run while another turn of the activation is suspended */
} eda_handler;

/* What a declaration may set beside its entries; zero is the default everywhere. */
typedef struct eda_actor_options {
    const char *doc;
    uint32_t idle_ms;         /* goes after so long without a message or a timer's; 0: 15 min */
    uint32_t mailbox_len_max; /* 0: the default, 1,024 */
    uint64_t activations_max; /* most live at once (least recently used goes); 0: no limit */
    eda_decision on_failure;  /* 0: EDA_RESUME; eda_fail always restarts */
    uint32_t restarts_max;    /* that many restarts within restarts_ms, then stop; 0: 5 */
    uint32_t restarts_ms;     /* 0: 30,000 */
    bool dedicated_thread;    /* every turn runs on a thread of the type's own: for blocking code */
    bool passivates_at_once;  /* after every turn that leaves nothing to do */
    bool saves_lazily;        /* written before the activation goes, not with each turn */
    eda_scope scope;
    bool spawns_for_outside; /* outsiders' messages bring it to life, too; keyed types only: others
                              * always do */
} eda_actor_options;

/* One actor type; zero where nothing is said. */
typedef struct eda_actor {
    const char *name;
    size_t size;                      /* of the state */
    const eda_type *deps;             /* &eda_type_eda_none: none */
    const char *key;                  /* keyed: the field's name */
    uint32_t pool_len;                /* pool: number of activations */
    const char *pool_key;             /* pool: field that picks the activation; NULL: round robin */
    const eda_supervisor *supervisor; /* NULL: the stock one for key, pool_len or neither */
    const eda_field *saves;           /* fields of the state; ends with .name NULL; NULL: none */
    const eda_type *const *emits; /* what it may publish or ask; ends with NULL; NULL: nothing */
    bool emits_any;
    eda_start_fn *start; /* NULL: none */
    eda_stop_fn *stop;   /* NULL: none */
    const eda_handler *handlers;
    eda_actor_options options;
} eda_actor;

/* An actor type and its dependencies: what EDA_WITH makes. deps NULL: as provided or configured. */
typedef struct eda_added {
    const eda_actor *actor;
    const void *deps;
} eda_added;

/* A node of the list of linked actors; EDA_ACTOR hooks one in before main. */
typedef struct eda_linked {
    const eda_actor *actor;
    struct eda_linked *next;
} eda_linked;

/* Hooks a static node in. For the constructor that EDA_ACTOR emits; not thread-safe, call it before
 * main. */
void eda_link(eda_linked *node);

#ifdef __cplusplus
}
#endif
#endif
