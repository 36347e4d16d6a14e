/* slab.h - blocks for envelopes: one slab per worker, blocks travel and come home in chains.
 *
 * Threads: alloc and free_local by the owner; a block freed elsewhere is put on a return chain of
 * the worker that freed it and pushed home by one exchange per chain. Memory: chunks of 64 KiB,
 * given back when the slab is freed. */
#ifndef EDAI_SLAB_H
#define EDAI_SLAB_H

#include <edacious/status.h>

#include <stdatomic.h>

#define EDAI_SLAB_CLASSES 7 /* 64, 128, ... 4,096 bytes */
#define EDAI_SLAB_SIZE_MAX 4096u
#define EDAI_SLAB_HEAP UINT8_MAX /* size class of a block from the heap */

/* What a free block holds; its class is kept in the bytes behind, as every block's. */
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
void *edai_slab_alloc(edai_slab *slab, uint8_t size_class);
void edai_slab_free(edai_slab *slab, void *block, uint8_t size_class);
/* A chain of blocks that all belong to `slab`, from any thread. */
void edai_slab_return(edai_slab *slab, edai_free_block *first, edai_free_block *last);
/* Makes a free block of one, for a chain. */
edai_free_block *edai_slab_block(void *block, uint8_t size_class);

#endif
