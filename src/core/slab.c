/* slab.c - see slab.h. */
#include "core/slab.h"

#include "base/assert.h"
#include "base/memory.h"

#if EDAI_SLAB_IS_WATCHED
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at_, size_) ((void)(at_), (void)(size_))
#define ASAN_UNPOISON_MEMORY_REGION(at_, size_) ((void)(at_), (void)(size_))
#endif

#define CHUNK_SIZE ((size_t)64 * 1024)

/* Head of a chunk; keeps blocks 64-aligned. */
typedef struct chunk {
    struct chunk *next;
    char unused[56];
} chunk;

static size_t class_size(uint8_t size_class)
{
    return (size_t)64 << size_class;
}

void edai_slab_init(edai_slab *slab)
{
    *slab = (edai_slab){.chunks = NULL};
    atomic_init(&slab->returned, NULL);
}

void edai_slab_fini(edai_slab *slab)
{
    chunk *at = slab->chunks;

    while (at != NULL) {
        chunk *next = at->next;

        ASAN_UNPOISON_MEMORY_REGION(at, CHUNK_SIZE);
        edai_free(at);
        at = next;
    }
    slab->chunks = NULL;
}

edai_free_block *edai_slab_block(void *block, uint8_t size_class)
{
    edai_free_block *free_block = block;

    free_block->size_class = size_class;
    free_block->next = NULL;
    ASAN_POISON_MEMORY_REGION(
        (char *)block + sizeof(*free_block), class_size(size_class) - sizeof(*free_block));
    return free_block;
}

static void take_returned(edai_slab *slab)
{
    /* acquire: pairs with the release in edai_slab_return; without it the links of the chain could
     * be read stale. */
    edai_free_block *at = atomic_exchange_explicit(&slab->returned, NULL, memory_order_acquire);

    while (at != NULL) {
        edai_free_block *next = at->next;

        at->next = slab->free[at->size_class];
        slab->free[at->size_class] = at;
        at = next;
    }
}

static void *take_fresh(edai_slab *slab, uint8_t size_class)
{
    size_t size = class_size(size_class);
    char *block;

    if (slab->fresh_count[size_class] == 0) {
        chunk *made = edai_alloc_aligned(64, CHUNK_SIZE);

        if (made == NULL) {
            return NULL;
        }
        made->next = slab->chunks;
        slab->chunks = made;
        slab->fresh[size_class] = (char *)made + sizeof(*made);
        slab->fresh_count[size_class] = (uint32_t)((CHUNK_SIZE - sizeof(*made)) / size);
        ASAN_POISON_MEMORY_REGION(slab->fresh[size_class], CHUNK_SIZE - sizeof(*made));
    }
    block = slab->fresh[size_class];
    slab->fresh[size_class] += size;
    slab->fresh_count[size_class]--;
    ASAN_UNPOISON_MEMORY_REGION(block, size);
    return block;
}

void *edai_slab_alloc_anyhow(edai_slab *slab, uint8_t size_class)
{
    edai_free_block *block = slab->free[size_class];

    if (EDAI_UNLIKELY(edai_alloc_should_fail())) {
        return NULL; /* an armed test hook: slab blocks fail like any allocation */
    }
    if (EDAI_UNLIKELY(block == NULL)) {
        if (atomic_load_explicit(&slab->returned, memory_order_relaxed) != NULL) {
            take_returned(slab);
            block = slab->free[size_class];
        }
        if (block == NULL) {
            return take_fresh(slab, size_class);
        }
    }
    slab->free[size_class] = block->next;
    ASAN_UNPOISON_MEMORY_REGION(block, class_size(size_class));
    return block;
}

void edai_slab_free_anyhow(edai_slab *slab, void *block, uint8_t size_class)
{
    edai_free_block *free_block = edai_slab_block(block, size_class);

    free_block->next = slab->free[size_class];
    slab->free[size_class] = free_block;
}

void edai_slab_return(edai_slab *slab, edai_free_block *first, edai_free_block *last)
{
    edai_free_block *old = atomic_load_explicit(&slab->returned, memory_order_relaxed);

    /* release: pairs with the acquire in take_returned. No ABA: the owner takes the whole list. */
    EDA_ASSERT(last != NULL, "a chain of one block at least");
    do {
        last->next = old;
    } while (!atomic_compare_exchange_weak_explicit(
        &slab->returned, &old, first, memory_order_release, memory_order_relaxed));
}
