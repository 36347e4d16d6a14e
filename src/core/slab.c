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

/* Before a large block, which is 64-aligned behind it. */
typedef struct edai_large {
    struct edai_large *next;
    struct edai_large *before; /* NULL: the first */
    char unused[48];
} large;

_Static_assert(sizeof(large) == 64, "blocks stay aligned");

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
    while (slab->large != NULL) {
        large *gone = slab->large;

        slab->large = gone->next;
        edai_free(gone);
    }
}

edai_free_block *edai_slab_block(void *block, uint8_t size_class)
{
    edai_free_block *free_block = block;

    free_block->size_class = size_class;
    free_block->next = NULL;
    ASAN_POISON_MEMORY_REGION((char *)block + sizeof(*free_block),
        edai_slab_class_size(size_class) - sizeof(*free_block));
    return free_block;
}

/* --- large blocks ---------------------------------------------------------------------------- */

static void *large_new(edai_slab *slab, size_t size)
{
    large *made = edai_alloc_aligned(64, sizeof(*made) + size);

    if (made == NULL) {
        return NULL;
    }
    made->before = NULL;
    made->next = slab->large;
    if (slab->large != NULL) {
        slab->large->before = made;
    }
    slab->large = made;
    return made + 1;
}

static void large_free(edai_slab *slab, void *block)
{
    large *gone = (large *)block - 1;

    if (gone->next != NULL) {
        gone->next->before = gone->before;
    }
    if (gone->before != NULL) {
        gone->before->next = gone->next;
    } else {
        slab->large = gone->next;
    }
    edai_free(gone);
}

/* --- all ------------------------------------------------------------------------------------- */

/* Onto the list of its class, or back to the heap. */
static void put_free(edai_slab *slab, edai_free_block *block)
{
    uint8_t size_class = block->size_class;
    size_t size = edai_slab_class_size(size_class);

    if (edai_slab_is_large(size_class)) {
        if (slab->spare_size + size > EDAI_SLAB_SPARE_MAX) {
            ASAN_UNPOISON_MEMORY_REGION(block, size);
            large_free(slab, block);
            return;
        }
        slab->spare_size += size;
    }
    block->next = slab->free[size_class];
    slab->free[size_class] = block;
}

static void take_returned(edai_slab *slab)
{
    /* acquire: pairs with the release in edai_slab_return; without it the links of the chain could
     * be read stale. */
    edai_free_block *at = atomic_exchange_explicit(&slab->returned, NULL, memory_order_acquire);

    while (at != NULL) {
        edai_free_block *next = at->next;

        put_free(slab, at);
        at = next;
    }
}

static void *take_fresh(edai_slab *slab, uint8_t size_class)
{
    size_t size = edai_slab_class_size(size_class);
    char *block;

    if (edai_slab_is_large(size_class)) {
        return large_new(slab, size);
    }
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
    slab->spare_size -= edai_slab_is_large(size_class) ? edai_slab_class_size(size_class) : 0;
    ASAN_UNPOISON_MEMORY_REGION(block, edai_slab_class_size(size_class));
    return block;
}

void edai_slab_free_anyhow(edai_slab *slab, void *block, uint8_t size_class)
{
    put_free(slab, edai_slab_block(block, size_class));
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
