/* fiber.c - stacks and fibers; tells the sanitizers and valgrind of each switch.
 *
 * The switch proper is in fiber_x86_64.S, fiber_aarch64.S or fiber_ucontext.c. */
#define _GNU_SOURCE 1

#include "base/fiber.h"

#include "base/assert.h"
#include "base/fiber_switch.h"
#include "base/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#if EDAI_FIBER_ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if EDAI_FIBER_TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define HAS_VALGRIND 1
#endif
#endif

/* Instrumented frames are several times as large, and a report is written on the stack that fails.
 */
#if EDAI_FIBER_ASAN || EDAI_FIBER_TSAN
#define STACK_FACTOR 4
#else
#define STACK_FACTOR 1
#endif

/* --- what the tools want to know --- */

/* ThreadSanitizer pushes every function it instruments on a stack of its own and pops it at the
 * end. A function that changes stacks must not pop from the other one, so these are part of their
 * callers at every level of optimisation. */
#if defined(__GNUC__)
#define ALWAYS_INLINE __attribute__((always_inline)) inline
#else
#define ALWAYS_INLINE inline
#endif

#if EDAI_FIBER_ASAN
/* The fiber that was left by the last switch on this thread: only its successor can learn the
 * bounds of a thread's own stack, for the sanitizer gives them out on arrival. */
static _Thread_local edai_fiber *left_here;

/* Never inlined: a function that has changed threads in between would go on with the address it had
 * worked out before. */
__attribute__((noinline)) static void set_left(edai_fiber *fiber)
{
    left_here = fiber;
}

__attribute__((noinline)) static edai_fiber *get_left(void)
{
    return left_here;
}
#endif

/* Comes right before the switch. is_final: `from` will not run again. */
static ALWAYS_INLINE void tools_leave(edai_fiber *from, edai_fiber *to, bool is_final)
{
#if EDAI_FIBER_ASAN
    set_left(from);
    __sanitizer_start_switch_fiber(
        is_final ? NULL : &from->fake_stack, to->stack_low, to->stack_size);
#endif
#if EDAI_FIBER_TSAN
    __tsan_switch_to_fiber(to->tsan, 0);
#endif
    (void)from;
    (void)to;
    (void)is_final;
}

/* Comes right after the switch, on the stack of the fiber that was switched to. */
static ALWAYS_INLINE void tools_arrive(edai_fiber *self)
{
#if EDAI_FIBER_ASAN
    /* Still there, even if it has ended: nobody can have freed it before this call returns. */
    edai_fiber *left = get_left();

    __sanitizer_finish_switch_fiber(self->fake_stack, &left->stack_low, &left->stack_size);
#endif
    (void)self;
}

/* An ended fiber leaves its frames marked as in use, which would catch the next one on the same
 * stack. */
static void tools_clear_stack(edai_stack *stack)
{
#if EDAI_FIBER_ASAN
    __asan_unpoison_memory_region(stack->base, stack->size);
#endif
    (void)stack;
}

static unsigned tools_register_stack(void *base, size_t size)
{
#if defined(HAS_VALGRIND)
    return VALGRIND_STACK_REGISTER(base, (char *)base + size - 1);
#else
    (void)base;
    (void)size;
    return 0;
#endif
}

static void tools_forget_stack(edai_stack *stack)
{
    tools_clear_stack(stack);
#if defined(HAS_VALGRIND)
    VALGRIND_STACK_DEREGISTER(stack->valgrind_id);
#endif
}

/* --- stacks --- */

/* Stacks that all began at the same place of a page would share a few sets of the processor's
 * cache: neighbours begin at different ones. Measured with 512 stacks in turn: a third less time a
 * switch. */
enum {
    COLOUR_COUNT = 16,
    COLOUR_SIZE = 192
};

static size_t page_size(void)
{
    long size = sysconf(_SC_PAGESIZE);
    EDA_ASSERT(size > 0 && (size & (size - 1)) == 0, "a page has a size, a power of two");
    return (size_t)size;
}

edai_stack *edai_stack_new(size_t size)
{
    EDA_ASSERT(size >= EDAI_STACK_SIZE_MIN, "a handler needs some stack");
    EDA_ASSERT(size <= SIZE_MAX / 2 / STACK_FACTOR, "a stack fits into memory");
    size_t page = page_size();
    size_t colours_size = (size_t)COLOUR_COUNT * COLOUR_SIZE;
    size_t usable = (size * STACK_FACTOR + colours_size + page - 1) / page * page;
    edai_stack *stack = edai_alloc(sizeof *stack);
    if (stack == NULL) {
        return NULL;
    }
    char *mapping = edai_pages_alloc(page + usable);
    if (mapping == NULL) {
        goto free_stack;
    }
    if (mprotect(mapping, page, PROT_NONE) != 0) {
        goto free_mapping;
    }
    *stack = (edai_stack){.base = mapping + page, .size = usable};
    size_t colour = (uintptr_t)mapping / (page + usable) % COLOUR_COUNT;
    stack->top = mapping + page + usable - colour * COLOUR_SIZE;
    stack->valgrind_id = tools_register_stack(stack->base, stack->size);
    return stack;

free_mapping:
    edai_pages_free(mapping, page + usable);
free_stack:
    edai_free(stack);
    return NULL;
}

void edai_stack_free(edai_stack *stack)
{
    if (stack == NULL) {
        return;
    }
    tools_forget_stack(stack);
    size_t page = page_size();
    edai_pages_free((char *)stack->base - page, page + stack->size);
    edai_free(stack);
}

/* --- fibers --- */

void edai_fiber_init_thread(edai_fiber *fiber)
{
    *fiber = (edai_fiber){.is_thread = true};
#if EDAI_FIBER_TSAN
    fiber->tsan = __tsan_get_current_fiber();
#endif
}

/* The first frame of every fiber. */
static void fiber_main(void *arg)
{
    edai_fiber *self = arg;
    tools_arrive(self);
    self->fn(self->arg);
    EDA_ASSERT(false, "a fiber ends by edai_fiber_exit, its function never returns");
}

eda_status edai_fiber_init(edai_fiber *fiber, edai_stack *stack, void (*fn)(void *arg), void *arg)
{
    edai_fiber made = {.stack_low = stack->base, .stack_size = stack->size, .fn = fn, .arg = arg};
#if EDAI_FIBER_TSAN
    made.tsan = __tsan_create_fiber(0);
    if (made.tsan == NULL) {
        return EDA_ENOMEM;
    }
#endif
    tools_clear_stack(stack);
    *fiber = made;
    fiber->sp = edai_fiber_frame(stack->top, fiber_main, fiber);
    return EDA_OK;
}

void edai_fiber_fini(edai_fiber *fiber)
{
#if EDAI_FIBER_TSAN
    if (!fiber->is_thread && fiber->tsan != NULL) {
        __tsan_destroy_fiber(fiber->tsan);
    }
#endif
    *fiber = (edai_fiber){0};
}

void edai_fiber_switch(edai_fiber *from, edai_fiber *to)
{
    EDA_ASSERT(from != to, "a running fiber has no saved stack pointer to go on with");
    tools_leave(from, to, false);
    edai_fiber_swap(&from->sp, to->sp);
    tools_arrive(from);
}

void edai_fiber_exit(edai_fiber *from, edai_fiber *to)
{
    EDA_ASSERT(!from->is_thread, "a thread ends by returning, not by switching away");
    EDA_ASSERT(from != to, "a fiber that ends gives way to another");
    tools_leave(from, to, true);
    edai_fiber_swap(&from->sp, to->sp);
    EDA_ASSERT(false, "a fiber that has ended is never resumed");
}

#if !EDAI_FIBER_IS_LIGHT
/* On the caller's stack; copied before that may go on. */
typedef struct call {
    edai_fiber *from;
    edai_fiber *on;
    void (*fn)(void *arg);
    void *arg;
} call;

static void call_main(void *arg)
{
    const call made = *(const call *)arg;

    made.fn(made.arg);
    edai_fiber_exit(made.on, made.from);
}

bool edai_fiber_run(
    edai_fiber *from, edai_fiber *on, edai_stack *stack, void (*fn)(void *arg), void *arg)
{
    call made = {.from = from, .on = on, .fn = fn, .arg = arg};

    if (edai_fiber_init(on, stack, call_main, &made) != EDA_OK) {
        return false;
    }
    edai_fiber_switch(from, on);
    return true;
}
#endif
