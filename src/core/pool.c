/* pool.c - slots for the activations of one actor type on one worker, and the order in which they
 * were used. */
#include "base/assert.h"
#include "base/memory.h"
#include "core/activation.h"

#include <string.h>

/* Somewhat less than 64 KiB: so it fits where malloc has taken back a directory table of that size.
 */
#define CHUNK_SIZE ((size_t)63 * 1024)

typedef struct chunk {
    struct chunk *next;
    char unused[56];
} chunk;

edai_activation *edai_pool_take(edai_pool *pool)
{
    edai_activation *slot = pool->free;
    uint32_t generation;

    if (edai_alloc_should_fail()) {
        return NULL; /* an armed test hook: slots fail like any allocation */
    }
    if (slot != NULL) {
        pool->free = slot->run_next;
        generation = slot->generation + 1;
    } else {
        if (pool->fresh_count == 0) {
            size_t size = pool->slot_size + sizeof(chunk);
            chunk *made;

            size = size > CHUNK_SIZE ? size : CHUNK_SIZE;
            made = edai_alloc_aligned(64, size);
            if (made == NULL) {
                return NULL;
            }
            made->next = pool->chunks;
            pool->chunks = made;
            pool->fresh = (char *)(made + 1);
            pool->fresh_count = (size - sizeof(*made)) / pool->slot_size;
        }
        slot = (edai_activation *)(void *)pool->fresh;
        pool->fresh += pool->slot_size;
        pool->fresh_count--;
        generation = 1;
    }
    memset(slot, 0, pool->slot_size);
    slot->generation = generation;
    return slot;
}

void edai_pool_give(edai_pool *pool, edai_activation *activation)
{
    activation->generation++; /* stale pointers are told apart from now on */
    activation->run_next = pool->free;
    pool->free = activation;
}

void edai_pool_fini(edai_pool *pool)
{
    chunk *at = pool->chunks;

    while (at != NULL) {
        chunk *next = at->next;

        edai_free(at);
        at = next;
    }
    pool->chunks = NULL;
}

void edai_pool_link(edai_pool *pool, edai_activation *activation)
{
    activation->idle_next = NULL;
    activation->idle_prev = pool->idle_last;
    if (pool->idle_last != NULL) {
        pool->idle_last->idle_next = activation;
    } else {
        pool->idle_first = activation;
    }
    pool->idle_last = activation;
    pool->live_count++;
}

void edai_pool_unlink(edai_pool *pool, edai_activation *activation)
{
    if (activation->idle_prev != NULL) {
        activation->idle_prev->idle_next = activation->idle_next;
    } else {
        pool->idle_first = activation->idle_next;
    }
    if (activation->idle_next != NULL) {
        activation->idle_next->idle_prev = activation->idle_prev;
    } else {
        pool->idle_last = activation->idle_prev;
    }
    EDA_ASSERT(pool->live_count > 0, "only linked ones are unlinked");
    pool->live_count--;
}

void edai_pool_touch(edai_pool *pool, edai_activation *activation)
{
    if (pool->idle_last != activation) {
        edai_pool_unlink(pool, activation);
        edai_pool_link(pool, activation);
    }
}
