/* state_store.h - a store around the memory store that fails when it is told to, and a pumped
 * system on it.
 *
 * Threads: one; the systems on it are pumped. */
#ifndef STATE_STORE_H
#define STATE_STORE_H

#include <edacious/edacious.h>
#include <edacious/store.h>

typedef struct state_store {
    eda_store store;
    eda_store *inner;
    eda_status claim_fails; /* the next claim does so, once */
    eda_status write_fails; /* the next write does so, once */
    bool write_is_done;     /* and yet writes: its outcome gets lost */
    uint32_t skip;          /* that many writes before write_fails counts */
    uint32_t claim_count;
    uint32_t write_count; /* that were written */
    char log[4096];       /* lines of the systems on it */
} state_store;

/* Storage given; asserts that there is memory. */
void state_store_init(state_store *self);
void state_store_fini(state_store *self);

/* A pumped system on it (NULL: without a store), not started. */
eda_system *state_system_new(state_store *store);
/* The same with options: store, log and pumped are filled in. */
eda_system *state_system_with(state_store *store, eda_options options);
/* Waits until it is idle, asserts that its balance is zero, frees it. */
void state_system_end(eda_system *sys);

/* The bytes that are stored of actor and key; returns owned, free with free(). NULL: no record.
 * Claims. */
uint8_t *state_store_read(state_store *self, const char *actor, const char *key, size_t *ret_size);
/* Makes those the record. */
void state_store_put(
    state_store *self, const char *actor, const char *key, const void *bytes, size_t size);

#endif
