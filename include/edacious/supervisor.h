/* supervisor.h - the SPI by which supervisors decide: which activation gets a message, what follows
 * a failure, who is passivated. Singleton, pool and keyed are written against this header alone,
 * and so can others be.
 *
 * Threads: identify is called by publishers on any thread, concurrently: it may read only what it
 * is given. The other functions are called by the worker that owns the activation. None may block
 * or publish. */
#ifndef EDA_SUPERVISOR_H
#define EDA_SUPERVISOR_H

#include <edacious/actor.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Which activation: a number or a text. */
typedef struct eda_identity {
    bool is_text;
    uint64_t number; /* signed keys as two's complement */
    eda_str text;    /* must point into the message, or be static; 1 to 255 bytes */
} eda_identity;

/* A message looking for its activation. Borrowed for the call. */
typedef struct eda_incoming {
    const eda_actor *actor;
    const eda_type *type;
    const void *message;
    const eda_field *key; /* the field the handler names as key; NULL: none */
    uint64_t sequence;    /* counts this publisher's worker's messages to this actor type, from 0 */
} eda_incoming;

/* A turn that failed. */
typedef struct eda_failure {
    const eda_actor *actor;
    eda_status status;
    bool asked_restart;     /* eda_fail */
    uint32_t restart_count; /* within the last restarts_ms */
    eda_time now;
    uint64_t random; /* from the system's seeded source, so that not all come back at once */
} eda_failure;

/* What follows a failure. */
typedef struct eda_verdict {
    eda_decision decision;
    eda_duration backoff; /* RESTART: wait that long first */
} eda_verdict;

/* An activation that waits for messages. */
typedef struct eda_idleness {
    const eda_actor *actor;
    eda_duration idle;       /* since its last turn */
    eda_duration idle_limit; /* options.idle_ms, or the system's */
    uint64_t live_count;     /* activations of the type on this worker */
} eda_idleness;

/* A supervisor: constant, named by actor types. */
struct eda_supervisor {
    uint32_t struct_size; /* sizeof(eda_supervisor) */
    const char *name;
    /* Fills in the identity. EDA_EKEY: the message has none; the publish fails with it. */
    eda_status (*identify)(const eda_incoming *incoming, eda_identity *ret_identity);
    /* NULL: eda_supervise_failure. */
    eda_verdict (*on_failure)(const eda_failure *failure);
    /* Whether to passivate an activation that waits for messages; asked when it falls idle and
     * about once per idle_ms. NULL: eda_supervise_idleness. */
    bool (*on_idle)(const eda_idleness *idleness);
    /* Checked when the actor is added; `ret_problem` gets a static text that says what to mend.
     * NULL: no check. */
    eda_status (*check)(const eda_actor *actor, const char **ret_problem);
    bool has_keys; /* identities come from messages: limits on new keys apply */
};

/* The declared policy: options.on_failure; restarts back off 10 ms doubling to 30 s, and after
 * restarts_max within restarts_ms the activation is stopped. */
eda_verdict eda_supervise_failure(const eda_failure *failure);
/* True after options.idle_ms. */
bool eda_supervise_idleness(const eda_idleness *idleness);

/* Reads a key field of a message: strings give a text, integers a number. EDA_EKEY: empty, over 255
 * bytes, leading '@', or a character no chunk may hold. */
EDA_CHECK eda_status eda_identity_of_field(
    const eda_field *field, const void *message, eda_identity *ret_identity);
/* FNV-1a with a final mix; the same on every machine. */
uint64_t eda_identity_hash(const eda_identity *identity);

/* The stock supervisors: one activation; pool_len of them; one per key. */
extern const eda_supervisor eda_supervisor_singleton;
extern const eda_supervisor eda_supervisor_pool;  /* round robin, or sticky with pool_key */
extern const eda_supervisor eda_supervisor_keyed; /* one activation per value of the key field */

#ifdef __cplusplus
}
#endif
#endif
