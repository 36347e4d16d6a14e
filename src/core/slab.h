/* slab.h - blocks for envelopes: one slab per worker, blocks travel and come home in chains.
 *
 * Threads: alloc and free_local by the owner; a block freed elsewhere is put on a return chain of
 * the worker that freed it and pushed home by one exchange per chain. Memory: chunks of 64 KiB,
 * given back when the slab is freed. Large blocks are allocated one by one; free ones are kept up
 * to EDAI_SLAB_SPARE_MAX, for memory that is fresh from the kernel costs more than a large message
 * otherwise does. */
#ifndef EDAI_SLAB_H
#define EDAI_SLAB_H

#include "base/memory.h"

#include <stdatomic.h>

#define EDAI_SLAB_SMALL_CLASSES 7 /* 64, 128, ... 4,096 bytes */
#define EDAI_SLAB_SMALL_MAX 4096u
#define EDAI_SLAB_CLASSES 24 /* and 6, 8, 12, 16, ... 1,024, 1,536 KiB */
#define EDAI_SLAB_SIZE_MAX ((size_t)1536 << 10)
#define EDAI_SLAB_SPARE_MAX ((size_t)4 << 20)
#define EDAI_SLAB_HEAP UINT8_MAX /* size class of a block from the heap */

/* What a free block holds; its class is kept in the bytes behind, as every block's. */
/* 1: AddressSanitizer is told which blocks are free. */
#if defined(__SANITIZE_ADDRESS__)
#define EDAI_SLAB_IS_WATCHED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EDAI_SLAB_IS_WATCHED 1
#endif
#endif
#if !defined(EDAI_SLAB_IS_WATCHED)
#define EDAI_SLAB_IS_WATCHED 0
#endif

typedef struct edai_free_block {
    struct edai_free_block *next;
    uint8_t size_class;
} edai_free_block;

typedef struct edai_slab {
    edai_free_block *free[EDAI_SLAB_CLASSES];
    void *chunks;
    struct edai_large *large;             /* all of them, whoever has them */
    size_t spare_size;                    /* of large ones that are free */
    char *fresh[EDAI_SLAB_SMALL_CLASSES]; /* not yet used part of the newest chunk of a class */
    uint32_t fresh_count[EDAI_SLAB_SMALL_CLASSES];
    _Alignas(
        64) _Atomic(edai_free_block *) returned; /* pushed by others, taken whole by the owner */
} edai_slab;

void edai_slab_init(edai_slab *slab);
/* Frees every chunk and large block, whoever holds them. */
void edai_slab_fini(edai_slab *slab);

/* The class that holds `size` bytes; EDAI_SLAB_HEAP: none does. */
static inline uint8_t edai_slab_class(size_t size)
{
    unsigned power; /* the highest bit of size - 1 */

    if (size <= 64) {
        return 0;
    }
    if (size > EDAI_SLAB_SIZE_MAX) {
        return EDAI_SLAB_HEAP;
    }
    power = 63U - (unsigned)__builtin_clzll((unsigned long long)size - 1);
    if (EDAI_LIKELY(size <= EDAI_SLAB_SMALL_MAX)) {
        return (uint8_t)(power - 5);
    }
    return (uint8_t)(EDAI_SLAB_SMALL_CLASSES + 2 * (power - 12) +
                     (size > (size_t)3 << (power - 1) ? 1 : 0));
}

/* Bytes of a class's blocks. */
static inline size_t edai_slab_class_size(uint8_t size_class)
{
    unsigned large = size_class - EDAI_SLAB_SMALL_CLASSES;

    if (size_class < EDAI_SLAB_SMALL_CLASSES) {
        return (size_t)64 << size_class;
    }
    return (large & 1) != 0 ? (size_t)8192 << (large / 2) : (size_t)6144 << (large / 2);
}

static inline bool edai_slab_is_large(uint8_t size_class)
{
    return size_class >= EDAI_SLAB_SMALL_CLASSES;
}

/* A block of a class, 16-aligned, not cleared. NULL: out of memory. */
static inline void *edai_slab_alloc(edai_slab *slab, uint8_t size_class);
static inline void edai_slab_free(edai_slab *slab, void *block, uint8_t size_class);
/* The same whatever the circumstances: an empty list, a large block, a hook that fails allocations,
 * a sanitizer that is told of them. */
void *edai_slab_alloc_anyhow(edai_slab *slab, uint8_t size_class);
void edai_slab_free_anyhow(edai_slab *slab, void *block, uint8_t size_class);
/* A chain of blocks that all belong to `slab`, from any thread. */
void edai_slab_return(edai_slab *slab, edai_free_block *first, edai_free_block *last);
/* Makes a free block of one, for a chain. */
edai_free_block *edai_slab_block(void *block, uint8_t size_class);

static inline void *edai_slab_alloc(edai_slab *slab, uint8_t size_class)
{
    edai_free_block *block = slab->free[size_class];

    if (EDAI_UNLIKELY(EDAI_SLAB_IS_WATCHED || block == NULL || edai_slab_is_large(size_class) ||
                      edai_alloc_is_hooked())) {
        return edai_slab_alloc_anyhow(slab, size_class);
    }
    slab->free[size_class] = block->next;
    return block;
}

static inline void edai_slab_free(edai_slab *slab, void *block, uint8_t size_class)
{
    edai_free_block *free_block = block;

    if (EDAI_UNLIKELY(EDAI_SLAB_IS_WATCHED || edai_slab_is_large(size_class))) {
        edai_slab_free_anyhow(slab, block, size_class);
        return;
    }
    free_block->size_class = size_class;
    free_block->next = slab->free[size_class];
    slab->free[size_class] = free_block;
}

#endif
