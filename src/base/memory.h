/* memory.h - every allocation of the library, with a way to make any of them fail.
 *
 * Threads: any; the thread-local hooks concern the calling thread only.
 * Memory: malloc underneath, so that what is handed to users can be given to free(). With no hook
 * armed a call costs one relaxed load and a predicted branch more than malloc. */
#ifndef EDAI_MEMORY_H
#define EDAI_MEMORY_H

#include <edacious/status.h>

#include "base/assert.h"

#include <stdatomic.h>

/* Return memory or NULL when there is none; a size of 0 returns a pointer that must be freed, too.
 * edai_calloc returns zeroed memory and NULL when count * size overflows.
 * edai_realloc keeps the old block when it returns NULL; a NULL block makes it edai_alloc. */
EDA_CHECK void *edai_alloc(size_t size);
EDA_CHECK void *edai_calloc(size_t count, size_t size);
EDA_CHECK void *edai_realloc(void *block, size_t size);
/* align: a power of two. Freed like the others. */
EDA_CHECK void *edai_alloc_aligned(size_t align, size_t size);
void edai_free(void *block);

/* Whole pages from the system, zeroed; NULL when there are none. Freed with the size they were
 * asked for. */
EDA_CHECK void *edai_pages_alloc(size_t size);
void edai_pages_free(void *pages, size_t size);
/* The same for what is used all over at once: each page that is asked for by its first use costs
 * several times as much. */
EDA_CHECK void *edai_pages_alloc_ready(size_t size);
/* The same for tables of megabytes that are read here and there: aligned to 2 MiB and asked for as
 * huge pages, which the system may refuse without anybody noticing. */
EDA_CHECK void *edai_pages_alloc_huge(size_t size);

/* True when a hook decides that the allocation about to be made fails; counts it. For allocators
 * that get their memory elsewhere (mapped stacks, libraries with an allocator of their own). */
EDA_CHECK static inline bool edai_alloc_should_fail(void);

/* Makes the nth allocation from now on in this thread (1: the next one) return NULL, once. 0
 * switches it off. */
void edai_alloc_fail_at(uint64_t nth);
/* The same over the allocations of all threads together. */
void edai_alloc_fail_process(uint64_t nth);
/* Asks before each allocation of this thread; keeps arg. NULL switches it off. should_fail
 * allocates nothing. */
void edai_alloc_set_hook(bool (*should_fail)(void *arg), void *arg);

/* Allocations of the whole process, and how many of them were made to fail, counted only while some
 * hook of some thread is armed: arm one with UINT64_MAX to count a run. */
uint64_t edai_alloc_count(void);
uint64_t edai_alloc_failed_count(void);

/* For the function below: how many hooks are armed in all threads together, and the rest of the
 * decision. Relaxed everywhere: a thread sees its own arming at once; that of another thread it
 * need only see once something else has ordered the two. */
extern _Atomic unsigned edai_alloc_hooks_armed;
EDAI_COLD bool edai_alloc_hooks_decide(void);

/* Some thread has armed a hook: whether an allocation fails is to be asked. */
static inline bool edai_alloc_is_hooked(void)
{
    return EDAI_UNLIKELY(atomic_load_explicit(&edai_alloc_hooks_armed, memory_order_relaxed) != 0);
}

static inline bool edai_alloc_should_fail(void)
{
    return edai_alloc_is_hooked() && edai_alloc_hooks_decide();
}

#endif
