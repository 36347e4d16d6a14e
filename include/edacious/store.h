/* store.h - the SPI behind which saved state lives.
 *
 * A record belongs to (actor type, key) and carries a version, which grows by one with each write,
 * and an epoch, which grows by one with each claim, from 1: whoever claimed last is the only one
 * whose writes are accepted. Threads: all functions may be called from any worker at once. */
#ifndef EDA_STORE_H
#define EDA_STORE_H

#include <edacious/value.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct eda_store eda_store;

/* Whose state. */
typedef struct eda_store_key {
    eda_str actor;
    eda_str key; /* as in topics; empty for singletons; pools: the index */
} eda_store_key;

/* What a claim found. */
typedef struct eda_record {
    uint64_t epoch;
    uint64_t version; /* 0: no record was there */
    uint8_t *bytes;   /* returned owned: free with free(); NULL with version 0 */
    size_t size;
} eda_record;

/* One record to write. */
typedef struct eda_write {
    eda_store_key key;
    uint64_t epoch;   /* from the claim */
    uint64_t version; /* the one this write follows; 0: creates the record */
    eda_bytes bytes;  /* CBOR map of the saved fields by name */
} eda_write;

/* A store: functions and what they work on. */
struct eda_store {
    uint32_t struct_size; /* sizeof(eda_store) */
    const char *name;
    void *self;
    bool is_shared; /* fences between processes: several nodes may use it */
    /* Takes the record over: raises its epoch by one and reads it. EDA_EIO, EDA_ENOMEM. */
    eda_status (*claim)(void *self, const eda_store_key *key, eda_record *ret_record);
    /* Writes one record durably. EDA_ESTALE: epoch or version is not the newest; nothing was
     * written. EDA_EIO: not written. EDA_ENOMEM. */
    eda_status (*write)(void *self, const eda_write *write);
    /* Frees the store. */
    void (*close)(void *self);
};

/* In memory, gone with the process; may be shared by several systems. NULL: out of memory. Free
 * with eda_store_free after the systems that use it. */
eda_store *eda_store_memory_new(void);
void eda_store_free(eda_store *store);

/* Runs the conformance suite on a fresh, empty store. EDA_OK, or EDA_EFAILED with a sentence in
 * `ret_problem` (static). */
EDA_CHECK eda_status eda_store_conform(eda_store *store, const char **ret_problem);

#ifdef __cplusplus
}
#endif
#endif
