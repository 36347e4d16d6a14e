/* slab.h - blocks for envelopes: one slab per worker, blocks travel and come home in chains.
 *
 * Threads: alloc and free_local by the owner; a block freed elsewhere is put on a return chain of
 * the worker that freed it and pushed home by one exchange per chain. Memory: chunks of 64 KiB,
 * given back when the slab is freed. */
#ifndef EDAI_SLAB_H
#define EDAI_SLAB_H

#include "base/memory.h"

#include <stdatomic.h>

#define EDAI_SLAB_CLASSES 7 /* 64, 128, ... 4,096 bytes */
#define EDAI_SLAB_SIZE_MAX 4096u
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
    char *fresh[EDAI_SLAB_CLASSES]; /* not yet used part of the newest chunk of a class */
    uint32_t fresh_count[EDAI_SLAB_CLASSES];
    _Alignas(
        64) _Atomic(edai_free_block *) returned; /* pushed by others, taken whole by the owner */
} edai_slab;

void edai_slab_init(edai_slab *slab);
/* Frees every chunk, whoever holds blocks of it. */
void edai_slab_fini(edai_slab *slab);

/* The class that holds `size` bytes; EDAI_SLAB_HEAP: none does. */
static inline uint8_t edai_slab_class(size_t size)
{
    if (size <= 64) {
        return 0;
    }
    if (size > EDAI_SLAB_SIZE_MAX) {
        return EDAI_SLAB_HEAP;
    }
    return (uint8_t)(58 - __builtin_clzll((unsigned long long)size - 1));
}

/* A block of a class, 16-aligned, not cleared. NULL: out of memory. */
static inline void *edai_slab_alloc(edai_slab *slab, uint8_t size_class);
static inline void edai_slab_free(edai_slab *slab, void *block, uint8_t size_class);
/* The same whatever the circumstances: an empty list, a hook that fails allocations, a sanitizer
 * that is told of them. */
void *edai_slab_alloc_anyhow(edai_slab *slab, uint8_t size_class);
void edai_slab_free_anyhow(edai_slab *slab, void *block, uint8_t size_class);
/* A chain of blocks that all belong to `slab`, from any thread. */
void edai_slab_return(edai_slab *slab, edai_free_block *first, edai_free_block *last);
/* Makes a free block of one, for a chain. */
edai_free_block *edai_slab_block(void *block, uint8_t size_class);

static inline void *edai_slab_alloc(edai_slab *slab, uint8_t size_class)
{
    edai_free_block *block = slab->free[size_class];

    if (EDAI_UNLIKELY(EDAI_SLAB_IS_WATCHED || block == NULL || edai_alloc_is_hooked())) {
        return edai_slab_alloc_anyhow(slab, size_class);
    }
    slab->free[size_class] = block->next;
    return block;
}

static inline void edai_slab_free(edai_slab *slab, void *block, uint8_t size_class)
{
    edai_free_block *free_block = block;

    if (EDAI_SLAB_IS_WATCHED) {
        edai_slab_free_anyhow(slab, block, size_class);
        return;
    }
    free_block->size_class = size_class;
    free_block->next = slab->free[size_class];
    slab->free[size_class] = free_block;
}

#endif
