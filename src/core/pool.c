/* pool.c - slots for the activations of one actor type on one worker, and the order in which they
 * were used. */
#include "base/assert.h"
#include "base/memory.h"
#include "core/activation.h"

#include <string.h>

/* Somewhat less than 64 KiB, which is what malloc gives in one piece. */
#define CHUNK_SIZE ((size_t)63 * 1024)
/* From that many bytes on a pool grows by chunks of huge pages: a walk over a million activations
 * otherwise waits for address translations as long as for the activations. */
#define SMALL_CHUNKS_MAX 16u
#define LARGE_CHUNK_SIZE ((size_t)2 * 1024 * 1024)

/* Slots. Many pools that grow in turn are too many for the processor to foretell. */
#define FETCH_AHEAD 8u

struct edai_chunk {
    struct edai_chunk *next;
    size_t page_size; /* bytes; 0: from the heap */
    uint32_t number;
    uint32_t slot_count;
    char unused[40];
};

typedef struct edai_chunk chunk;

void edai_pool_init(edai_pool *pool, size_t state_size, bool has_links, bool has_order)
{
    size_t size = (sizeof(edai_activation) + state_size + 15) & ~(size_t)15;

    EDA_ASSERT(size < UINT32_MAX / 2, "a struct of an actor is bounded");
    *pool = (edai_pool){.has_links = has_links, .has_order = has_order, .links_at = (uint32_t)size};
    pool->slot_size =
        (uint32_t)(has_links ? size + ((sizeof(edai_links) + 15) & ~(size_t)15) : size);
}

static chunk *make_chunk(const edai_pool *pool)
{
    uint32_t number = pool->chunks != NULL ? pool->chunks->number + 1 : 0;
    bool is_large = number >= SMALL_CHUNKS_MAX && pool->slot_size < LARGE_CHUNK_SIZE / 2;
    size_t size = is_large ? LARGE_CHUNK_SIZE : CHUNK_SIZE;
    chunk *made;

    if (size < sizeof(*made) + pool->slot_size) {
        size = sizeof(*made) + pool->slot_size;
    }
    made = is_large ? edai_pages_alloc_huge(size) : edai_calloc(1, size);
    if (made != NULL) {
        made->page_size = is_large ? size : 0;
        made->number = number;
        made->slot_count = (uint32_t)((size - sizeof(*made)) / pool->slot_size);
    }
    return made;
}

/* A slot that was never used, from memory that is zero. */
static edai_activation *take_fresh(edai_pool *pool)
{
    edai_activation *slot;

    if (pool->fresh_count == 0) {
        chunk *made = make_chunk(pool);

        if (made == NULL) {
            return NULL;
        }
        made->next = pool->chunks;
        pool->chunks = made;
        pool->fresh = (char *)(made + 1);
        pool->fresh_count = made->slot_count;
    }
    slot = (edai_activation *)(void *)pool->fresh;
    pool->fresh += pool->slot_size;
    if (pool->fresh_count > FETCH_AHEAD) {
        __builtin_prefetch(pool->fresh + (size_t)FETCH_AHEAD * pool->slot_size, 1);
    }
    pool->fresh_count--;
    slot->generation = 1;
    return slot;
}

edai_activation *edai_pool_take(edai_pool *pool)
{
    edai_activation *slot = pool->free;
    uint32_t generation;

    if (edai_alloc_should_fail()) {
        return NULL; /* an armed test hook: slots fail like any allocation */
    }
    if (slot == NULL) {
        return take_fresh(pool);
    }
    pool->free = slot->run_next;
    generation = slot->generation + 1;
    memset(slot, 0, sizeof(*slot));
    memset(slot->state, 0, pool->slot_size - sizeof(*slot));
    slot->generation = generation;
    return slot;
}

void edai_pool_give(edai_pool *pool, edai_activation *activation)
{
    activation->generation++; /* stale pointers are told apart from now on */
    activation->flags = 0;
    activation->run_next = pool->free;
    pool->free = activation;
}

void edai_pool_fini(edai_pool *pool)
{
    chunk *at = pool->chunks;

    while (at != NULL) {
        chunk *next = at->next;

        if (at->page_size != 0) {
            edai_pages_free(at, at->page_size);
        } else {
            edai_free(at);
        }
        at = next;
    }
    pool->chunks = NULL;
}

/* --- those in use ------------------------------------------------------------------------- */

static void order_add(edai_pool *pool, edai_activation *activation)
{
    edai_links *links = edai_pool_links(pool, activation);

    links->used_next = NULL;
    links->used_prev = pool->used_last;
    if (pool->used_last != NULL) {
        edai_pool_links(pool, pool->used_last)->used_next = activation;
    } else {
        pool->used_first = activation;
    }
    pool->used_last = activation;
}

static void order_remove(edai_pool *pool, edai_activation *activation)
{
    const edai_links *links = edai_pool_links(pool, activation);

    if (links->used_prev != NULL) {
        edai_pool_links(pool, links->used_prev)->used_next = links->used_next;
    } else {
        pool->used_first = links->used_next;
    }
    if (links->used_next != NULL) {
        edai_pool_links(pool, links->used_next)->used_prev = links->used_prev;
    } else {
        pool->used_last = links->used_prev;
    }
}

void edai_pool_link(edai_pool *pool, edai_activation *activation)
{
    activation->flags |= EDAI_IS_LIVE;
    pool->live_count++;
    if (pool->has_order) {
        order_add(pool, activation);
    }
}

void edai_pool_unlink(edai_pool *pool, edai_activation *activation)
{
    EDA_ASSERT((activation->flags & EDAI_IS_LIVE) != 0, "only linked ones are unlinked");
    activation->flags = (uint16_t)(activation->flags & ~EDAI_IS_LIVE);
    pool->live_count--;
    if (pool->has_order) {
        order_remove(pool, activation);
    }
}

void edai_pool_touch(edai_pool *pool, edai_activation *activation)
{
    EDA_ASSERT(pool->has_order, "only these are listed by use");
    if (pool->used_last != activation) {
        order_remove(pool, activation);
        order_add(pool, activation);
    }
}

edai_activation *edai_pool_next(edai_pool *pool, edai_pool_walk *walk, uint32_t slots_max)
{
    uint32_t i;

    if (walk->chunk == NULL && !walk->is_over) {
        *walk = (edai_pool_walk){.chunk = pool->chunks};
    }
    for (i = 0; walk->chunk != NULL && i < slots_max; i++) {
        uint32_t used =
            walk->chunk->slot_count - (walk->chunk == pool->chunks ? pool->fresh_count : 0);
        edai_activation *slot;

        if (walk->at >= used) {
            *walk = (edai_pool_walk){.chunk = walk->chunk->next};
            continue;
        }
        slot = (edai_activation *)(void *)((char *)(walk->chunk + 1) +
                                           (size_t)walk->at * pool->slot_size);
        walk->at++;
        if ((slot->flags & EDAI_IS_LIVE) != 0) {
            return slot;
        }
    }
    walk->is_over = walk->chunk == NULL;
    return NULL;
}
