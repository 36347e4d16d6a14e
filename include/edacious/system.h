/* system.h - one runtime in one process: actors are added to it, clients talk to them through it.
 *
 * Threads: new, add, provide, configure and start belong to one thread; after start all of it is
 * thread-safe, but for a client, which is one thread's at a time. */
#ifndef EDA_SYSTEM_H
#define EDA_SYSTEM_H

#include <edacious/bus.h>
#include <edacious/ctx.h>
#include <edacious/store.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eda_system eda_system;

/* "memory": state in the process, gone with it. */
#define EDA_STORE_MEMORY "memory"

/* Gets one line of the log, without its end; borrowed for the call. */
typedef void eda_log_fn(void *arg, eda_str line);

/* Options of a system; zero is the default given with each. */
typedef struct eda_options {
    const char *name;            /* of the node; NULL: "edacious" */
    uint32_t workers;            /* most threads that run actors; 0: one per core, at most 64 */
    bool pumped;                 /* no threads: the program calls eda_system_step */
    const char *store;           /* EDA_STORE_MEMORY; NULL: none, unless store_object */
    eda_store *store_object;     /* keeps; overrides store */
    uint32_t mailbox_len_max;    /* default of actors: 1,024 */
    uint32_t turn_budget;        /* messages an activation handles before others run: 128 */
    uint32_t idle_ms;            /* without a message, activations go; their timers, too: 900,000 */
    uint32_t wait_ms;            /* longest EDA_WAIT: 30,000 */
    uint32_t stacks_max;         /* suspended turns per worker: 4,096 */
    uint32_t stack_size;         /* bytes: 65,536 */
    uint64_t keys_max;           /* live activations of one keyed type: 10,000,000 */
    uint32_t new_keys_per_s;     /* of one keyed type, on one worker; no limit: EDA_UNLIMITED */
    uint32_t outside_keys_per_s; /* the same, of those that outsiders bring to life: 10,000 */
    uint32_t drain_ms;           /* how long stop lets work finish: 30,000 */
    uint32_t slow_turn_ms;       /* a turn that runs longer is reported: 1,000 */
    uint64_t seed;               /* of eda_random; 0: from the operating system */
    bool passivates_at_once; /* every actor, after each turn that leaves nothing to do: for tests */
    const char *bus;         /* "inproc", "local", "zenoh", a driver's path; NULL: this process */
    const eda_bus_driver *bus_driver; /* keeps; overrides bus */
    const char *bus_config;           /* the driver's (bus.h); NULL: its defaults */
    const char *cluster;              /* name; nodes of one cluster share actors: "edacious" */
    bool is_unfenced; /* actors that save may run on several nodes without a shared store,
                       * though two nodes may for a moment believe that one is theirs */
    eda_log_fn *log;  /* NULL: standard error; called from any thread, one at a time */
    void *log_arg;
} eda_options;
#define EDA_UNLIMITED UINT32_MAX /* new_keys_per_s: no limit */

/* Returns owned in `ret_system`. options NULL: all defaults. EDA_EINVAL: an option out of bounds; a
 * line of the log says which. EDA_ENOMEM. */
EDA_CHECK eda_status eda_system_new(const eda_options *options, eda_system **ret_system);
/* Stops if it runs, frees. NULL is fine. */
void eda_system_free(eda_system *sys);

/* Adds an actor type, with dependencies (copied) or those provided or configured. Before start only
 * (EDA_ESTATE). EDA_EINVAL: its declaration is wrong; EDA_ECONFLICT: a message or actor of that
 * name differs; eda_system_error tells. */
EDA_CHECK eda_status eda_add(eda_system *sys, eda_added added);
/* Adds every linked actor that was not added yet. */
EDA_CHECK eda_status eda_add_linked(eda_system *sys);
/* Makes a message type known that no actor handles; handled ones are known. */
EDA_CHECK eda_status eda_declare(eda_system *sys, const eda_type *type);
/* Gives dependencies by their type to the actors that need them; records are copied deeply, opaque
 * ones bytewise. Those of eda_add win, else the last provided or configured. */
EDA_CHECK eda_status eda_provide(eda_system *sys, eda_value deps);
/* Reads dependencies from a JSON file, or from text: {"door_deps": {"open_for": "5s"}}. EDA_EIO,
 * EDA_ESYNTAX, EDA_EINVAL, EDA_ERANGE; eda_system_error names file and field. Fields are checked at
 * the start. */
EDA_CHECK eda_status eda_configure(eda_system *sys, const char *path);
EDA_CHECK eda_status eda_configure_text(eda_system *sys, eda_str json);

/* Checks every contract and dependency, starts the workers, returns when messages can be published,
 * and on a bus when other nodes and outsiders can reach this one. EDA_EMISSING: a dependency or the
 * store. EDA_EINVAL. EDA_ENOMEM, EDA_ELIMIT: no threads. EDA_ENOENT: no such bus driver. EDA_EIO,
 * EDA_ETIMEOUT: the bus cannot be opened. EDA_ESTATE: it was started before; a node of this name
 * lives in the cluster (cluster.h). */
EDA_CHECK eda_status eda_system_start(eda_system *sys);
/* Refuses new messages, lets work finish for drain_ms, ends what is left (counted stopped), stops
 * every activation. Not from a handler. */
void eda_system_stop(eda_system *sys);
/* Text of the last failed call on the system. Borrowed until the next one. Never NULL. */
const char *eda_system_error(eda_system *sys);

/* The client of the thread that started the system; the system's own. NULL: not started. */
eda_ctx *eda_system_client(eda_system *sys);
/* A publisher outside actors; returns owned. Free before the system. EDA_ESTATE: not started. */
EDA_CHECK eda_status eda_client_new(eda_system *sys, eda_ctx **ret_client);
void eda_client_free(eda_ctx *client);

/* Waits until nothing is queued, running or suspended; armed timers do not count. EDA_ETIMEOUT. */
EDA_CHECK eda_status eda_wait_idle(eda_system *sys, uint32_t timeout_ms);

/* Pumped systems: runs what is ready, at most `turns_max` turns (0: no bound), never blocks.
 * Returns the number run. `ret_wait_ms`, unless NULL: when to step again at the latest, for the
 * next timer or the system's own housekeeping; EDA_FOREVER: neither. Calls that wait (ask,
 * publish_wait, wait_idle) step by themselves. */
uint32_t eda_system_step(eda_system *sys, uint32_t turns_max, uint32_t *ret_wait_ms);
/* Pumped systems: readable while eda_system_step has work; for poll. -1: not pumped. */
int eda_system_fd(eda_system *sys);

/* Ends of deliveries; balance = accepted minus the nine outcomes = what is still on its way. A
 * delivery that is passed on to another node ends there, too: accepted once more. */
typedef struct eda_counts {
    uint64_t accepted;
    uint64_t handled;
    uint64_t failed;
    uint64_t expired;
    uint64_t shed;
    uint64_t dead;
    uint64_t stopped;
    uint64_t forwarded; /* has arrived on another node */
    uint64_t lost;      /* has not */
    uint64_t unknown;   /* the node vanished before it told */
    uint64_t unheard;   /* publishes without a receiver; not accepted, not in the balance */
    bool is_known;      /* false: not started, or nothing here has a name that was given */
} eda_counts;

/* Sums over a message type and an actor type by name; NULL: all. Any thread, any time; exact at
 * idle. Reports of the system itself (topics under @edacious/) are counted only where named. */
eda_counts eda_system_counts(eda_system *sys, const char *message, const char *actor);
int64_t eda_counts_balance(const eda_counts *counts);

/* Activations of an actor type. */
typedef struct eda_activations {
    uint64_t live;      /* now */
    uint64_t keys_ever; /* distinct identities ever activated */
    uint64_t starts;    /* activations ever */
    uint64_t passivations;
    uint64_t restarts;
    uint64_t state_errors; /* saves and loads that failed */
    bool is_known;         /* false: not started, or no actor type here has that name */
} eda_activations;
/* Of an actor type by name; NULL: all. Any thread, any time; exact at idle. */
eda_activations eda_system_activations(eda_system *sys, const char *actor);

/* What the system says about itself: published under @edacious/, handled like any other message. */
typedef struct eda_dead_letter {
    eda_str topic;   /* of the message */
    eda_str message; /* its type's name */
    eda_str actor;   /* who should have handled it, with key */
    eda_str reason;
    eda_str payload; /* JSON; empty if it is over 4 KiB or cannot be encoded */
} eda_dead_letter;
extern const eda_type eda_type_eda_dead_letter; /* "@edacious/dead" */

/* Converts "main" of a stock program: parses the options that its --help lists, adds every linked
 * actor, calls `app`, prints errors, frees. What --config gives wins over what `app` provides.
 * Returns the exit code. The library edacious-main has a main that calls it with eda_app. */
int eda_main(int argc, char **argv, eda_status (*app)(eda_system *sys));
eda_status eda_app(eda_system *sys); /* written by the application that links edacious-main */

#ifdef __cplusplus
}
#endif
#endif
