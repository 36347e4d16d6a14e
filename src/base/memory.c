/* memory.c - malloc and mmap behind hooks that can make any allocation fail. */
#define _GNU_SOURCE 1

#include "base/memory.h"

#include "base/assert.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>

_Atomic unsigned edai_alloc_hooks_armed;

/* Over all threads while a hook is armed. Relaxed: counters, nothing is published by them. */
static _Atomic uint64_t alloc_count;
static _Atomic uint64_t failed_count;

/* What is left of edai_alloc_fail_process; 0: off. */
static _Atomic uint64_t process_left;

typedef struct thread_hooks {
    uint64_t left; /* what is left of edai_alloc_fail_at; 0: off */
    bool (*should_fail)(void *arg);
    void *arg;
} thread_hooks;

static _Thread_local thread_hooks hooks;

static void hooks_change(bool was_armed, bool is_armed)
{
    if (is_armed && !was_armed) {
        atomic_fetch_add_explicit(&edai_alloc_hooks_armed, 1, memory_order_relaxed);
    } else if (was_armed && !is_armed) {
        atomic_fetch_sub_explicit(&edai_alloc_hooks_armed, 1, memory_order_relaxed);
    }
}

void edai_alloc_fail_at(uint64_t nth)
{
    hooks_change(hooks.left != 0, nth != 0);
    hooks.left = nth;
}

void edai_alloc_fail_process(uint64_t nth)
{
    uint64_t before = atomic_exchange_explicit(&process_left, nth, memory_order_relaxed);
    hooks_change(before != 0, nth != 0);
}

void edai_alloc_set_hook(bool (*should_fail)(void *arg), void *arg)
{
    hooks_change(hooks.should_fail != NULL, should_fail != NULL);
    hooks.should_fail = should_fail;
    hooks.arg = arg;
}

uint64_t edai_alloc_count(void)
{
    return atomic_load_explicit(&alloc_count, memory_order_relaxed);
}

uint64_t edai_alloc_failed_count(void)
{
    return atomic_load_explicit(&failed_count, memory_order_relaxed);
}

/* True for exactly one caller: the one that takes the count from 1 to 0. */
static bool process_takes_turn(void)
{
    uint64_t left = atomic_load_explicit(&process_left, memory_order_relaxed);
    while (left != 0) {
        if (atomic_compare_exchange_weak_explicit(
                &process_left, &left, left - 1, memory_order_relaxed, memory_order_relaxed)) {
            break;
        }
    }
    if (left == 1) {
        hooks_change(true, false);
    }
    return left == 1;
}

static bool thread_takes_turn(void)
{
    if (hooks.left == 0) {
        return false;
    }
    edai_alloc_fail_at(hooks.left - 1);
    return hooks.left == 0;
}

/* Every hook is asked, so that each counts every allocation. */
bool edai_alloc_hooks_decide(void)
{
    atomic_fetch_add_explicit(&alloc_count, 1, memory_order_relaxed);
    bool is_failing = thread_takes_turn();
    is_failing = process_takes_turn() || is_failing;
    if (hooks.should_fail != NULL) {
        is_failing = hooks.should_fail(hooks.arg) || is_failing;
    }
    if (is_failing) {
        atomic_fetch_add_explicit(&failed_count, 1, memory_order_relaxed);
    }
    return is_failing;
}

void *edai_alloc(size_t size)
{
    if (edai_alloc_should_fail()) {
        return NULL;
    }
    /* malloc(0) may return NULL, which would read as a failure. */
    return malloc(size != 0 ? size : 1);
}

void *edai_calloc(size_t count, size_t size)
{
    if (edai_alloc_should_fail()) {
        return NULL;
    }
    /* Checked here: the sanitizers' calloc ends the program instead of returning NULL. */
    if (count != 0 && size > SIZE_MAX / count) {
        return NULL;
    }
    return count != 0 && size != 0 ? calloc(count, size) : calloc(1, 1);
}

void *edai_realloc(void *block, size_t size)
{
    if (edai_alloc_should_fail()) {
        return NULL;
    }
    /* realloc(block, 0) frees the block in some libraries and not in others. */
    return realloc(block, size != 0 ? size : 1);
}

void *edai_alloc_aligned(size_t align, size_t size)
{
    EDA_ASSERT(align != 0 && (align & (align - 1)) == 0, "an alignment is a power of two");
    if (edai_alloc_should_fail()) {
        return NULL;
    }
    void *block = NULL;
    size_t align_min = sizeof(void *);
    int error = posix_memalign(&block, align > align_min ? align : align_min, size != 0 ? size : 1);
    return error == 0 ? block : NULL;
}

void edai_free(void *block)
{
    free(block);
}

static void *map_pages(size_t size, int flags)
{
    EDA_ASSERT(size != 0, "mapping nothing has no address");
    if (edai_alloc_should_fail()) {
        return NULL;
    }
    flags |= MAP_PRIVATE | MAP_ANONYMOUS;
    void *pages = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
    return pages != MAP_FAILED ? pages : NULL;
}

void *edai_pages_alloc(size_t size)
{
    return map_pages(size, 0);
}

void *edai_pages_alloc_ready(size_t size)
{
    return map_pages(size, MAP_POPULATE);
}

void *edai_pages_alloc_huge(size_t size)
{
    const size_t align = (size_t)2 * 1024 * 1024;
    char *mapped = size <= SIZE_MAX - align ? edai_pages_alloc(size + align) : NULL;
    char *pages;

    if (mapped == NULL) {
        return NULL;
    }
    pages = mapped + (align - (uintptr_t)mapped % align) % align;
    if (pages > mapped) {
        edai_pages_free(mapped, (size_t)(pages - mapped));
    }
    size = (size + 4095) & ~(size_t)4095; /* the tail begins on a page */
    if (mapped + align > pages) {
        edai_pages_free(pages + size, (size_t)(mapped + align - pages));
    }
    (void)madvise(pages, size, MADV_HUGEPAGE);
    return pages;
}

void edai_pages_free(void *pages, size_t size)
{
    if (pages == NULL) {
        return;
    }
    int error = munmap(pages, size);
    EDA_ASSERT(error == 0, "pages are freed with the address and size of their allocation");
}
