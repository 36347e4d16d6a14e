/* memory_store.c - saved state in memory: gone with the process, shared by the systems that are
 * given it.
 *
 * Threads: one mutex. Memory: grows with the number of records; whoever uses it for more than tests
 * and small programs bounds the keys (keys_max). */
#include <edacious/store.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/thread.h"

#include <string.h>

typedef struct record {
    struct record *next; /* of the bucket */
    uint64_t hash;
    uint64_t epoch;
    uint64_t version;
    uint8_t *bytes;
    size_t size;
    size_t actor_len;
    size_t key_len;
    char names[]; /* actor, then key */
} record;

typedef struct memory_store {
    eda_store store; /* first */
    edai_mutex mutex;
    record **buckets;
    size_t bucket_count; /* power of two */
    size_t len;
} memory_store;

static uint64_t hash_of(const eda_store_key *key)
{
    return edai_hash_join(edai_hash_bytes(key->actor.ptr, key->actor.len),
        edai_hash_bytes(key->key.ptr, key->key.len));
}

static bool is_key(const record *at, const eda_store_key *key)
{
    return at->actor_len == key->actor.len && at->key_len == key->key.len &&
           (key->actor.len == 0 || memcmp(at->names, key->actor.ptr, key->actor.len) == 0) &&
           (key->key.len == 0 ||
               memcmp(at->names + at->actor_len, key->key.ptr, key->key.len) == 0);
}

static record *find(const memory_store *store, const eda_store_key *key, uint64_t hash)
{
    record *at = store->buckets[hash & (store->bucket_count - 1)];

    while (at != NULL && (at->hash != hash || !is_key(at, key))) {
        at = at->next;
    }
    return at;
}

static void grow(memory_store *store)
{
    size_t count = store->bucket_count * 2;
    record **buckets = edai_calloc(count, sizeof(record *));
    size_t i;

    if (buckets == NULL) {
        return; /* longer chains until there is memory again */
    }
    for (i = 0; i < store->bucket_count; i++) {
        while (store->buckets[i] != NULL) {
            record *at = store->buckets[i];

            store->buckets[i] = at->next;
            at->next = buckets[at->hash & (count - 1)];
            buckets[at->hash & (count - 1)] = at;
        }
    }
    edai_free(store->buckets);
    store->buckets = buckets;
    store->bucket_count = count;
}

static record *add(memory_store *store, const eda_store_key *key, uint64_t hash)
{
    record *made = edai_calloc(1, sizeof(*made) + key->actor.len + key->key.len);
    record **bucket;

    if (made == NULL) {
        return NULL;
    }
    if (store->len >= store->bucket_count) {
        grow(store);
    }
    made->hash = hash;
    made->actor_len = key->actor.len;
    made->key_len = key->key.len;
    if (key->actor.len > 0) {
        memcpy(made->names, key->actor.ptr, key->actor.len);
    }
    if (key->key.len > 0) {
        memcpy(made->names + key->actor.len, key->key.ptr, key->key.len);
    }
    bucket = &store->buckets[hash & (store->bucket_count - 1)];
    made->next = *bucket;
    *bucket = made;
    store->len++;
    return made;
}

static eda_status claim_locked(
    memory_store *store, const eda_store_key *key, eda_record *ret_record)
{
    uint64_t hash = hash_of(key);
    record *at = find(store, key, hash);
    uint8_t *bytes = NULL;

    if (at == NULL) {
        at = add(store, key, hash);
        if (at == NULL) {
            return EDA_ENOMEM;
        }
    }
    if (at->version > 0) {
        bytes = edai_alloc(at->size > 0 ? at->size : 1);
        if (bytes == NULL) {
            return EDA_ENOMEM;
        }
        memcpy(bytes, at->bytes, at->size); /* not NULL: written at least once */
    }
    at->epoch++;
    *ret_record =
        (eda_record){.epoch = at->epoch, .version = at->version, .bytes = bytes, .size = at->size};
    return EDA_OK;
}

static eda_status claim(void *self, const eda_store_key *key, eda_record *ret_record)
{
    memory_store *store = self;
    eda_status status;

    edai_mutex_lock(&store->mutex);
    status = claim_locked(store, key, ret_record);
    edai_mutex_unlock(&store->mutex);
    return status;
}

static eda_status write_locked(memory_store *store, const eda_write *write)
{
    record *at = find(store, &write->key, hash_of(&write->key));
    uint8_t *bytes;

    if (at == NULL || at->epoch != write->epoch || at->version != write->version) {
        return EDA_ESTALE;
    }
    bytes = edai_alloc(write->bytes.len > 0 ? write->bytes.len : 1);
    if (bytes == NULL) {
        return EDA_ENOMEM;
    }
    if (write->bytes.len > 0) {
        memcpy(bytes, write->bytes.ptr, write->bytes.len);
    }
    edai_free(at->bytes);
    at->bytes = bytes;
    at->size = write->bytes.len;
    at->version++;
    return EDA_OK;
}

static eda_status write_record(void *self, const eda_write *write)
{
    memory_store *store = self;
    eda_status status;

    edai_mutex_lock(&store->mutex);
    status = write_locked(store, write);
    edai_mutex_unlock(&store->mutex);
    return status;
}

static void close_store(void *self)
{
    memory_store *store = self;
    size_t i;

    for (i = 0; i < store->bucket_count; i++) {
        while (store->buckets[i] != NULL) {
            record *next = store->buckets[i]->next;

            edai_free(store->buckets[i]->bytes);
            edai_free(store->buckets[i]);
            store->buckets[i] = next;
        }
    }
    edai_free(store->buckets);
    edai_mutex_fini(&store->mutex);
    edai_free(store);
}

eda_store *eda_store_memory_new(void)
{
    memory_store *store = edai_calloc(1, sizeof(*store));

    if (store == NULL) {
        return NULL;
    }
    store->bucket_count = 64;
    store->buckets = edai_calloc(store->bucket_count, sizeof(record *));
    if (store->buckets == NULL) {
        edai_free(store);
        return NULL;
    }
    edai_mutex_init(&store->mutex);
    store->store = (eda_store){.struct_size = sizeof(eda_store),
        .name = "memory",
        .self = store,
        .claim = claim,
        .write = write_record,
        .close = close_store};
    return &store->store;
}

void eda_store_free(eda_store *store)
{
    if (store != NULL) {
        store->close(store->self);
    }
}
