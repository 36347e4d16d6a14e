/* fiber.h - several stacks on one thread, and the switch between them.
 *
 * Threads: a fiber runs on one thread at a time; one that was switched away from may go on on
 * another, but for a thread's own stack. Memory: stacks are mapped, each with a guard page below; a
 * fiber lives in storage given by the caller. AddressSanitizer, ThreadSanitizer and valgrind are
 * told of every switch when built for them. */
#ifndef EDAI_FIBER_H
#define EDAI_FIBER_H

#include <edacious/status.h>

#include "base/assert.h"
#include "base/fiber_switch.h"

/* 1: stacks are switched by ucontext. Chosen by hand with -DEDAI_FIBER_UCONTEXT (tests do), and
 * where there is no assembly for the processor. */
#if defined(EDAI_FIBER_UCONTEXT) || !defined(__ELF__) || !defined(__LP64__) ||                     \
    !(defined(__x86_64__) || defined(__aarch64__))
#define EDAI_FIBER_IS_UCONTEXT 1
#else
#define EDAI_FIBER_IS_UCONTEXT 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define EDAI_FIBER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define EDAI_FIBER_ASAN 1
#endif
#endif
#if !defined(EDAI_FIBER_ASAN)
#define EDAI_FIBER_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__)
#define EDAI_FIBER_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define EDAI_FIBER_TSAN 1
#endif
#endif
#if !defined(EDAI_FIBER_TSAN)
#define EDAI_FIBER_TSAN 0
#endif

/* 1: nobody needs to be told of a switch, and one is a few instructions. */
#define EDAI_FIBER_IS_LIGHT (!EDAI_FIBER_ASAN && !EDAI_FIBER_TSAN && !EDAI_FIBER_IS_UCONTEXT)

#define EDAI_STACK_SIZE_MIN ((size_t)16 * 1024)

typedef struct edai_stack {
    struct edai_stack *next; /* for the owner's list of free stacks; not used here */
    void *base;              /* lowest usable address; the guard page lies right below */
    size_t size;             /* usable bytes, whole pages */
    void *top;               /* where fibers begin, somewhat below the end: see fiber.c */
    unsigned valgrind_id;
} edai_stack;

typedef struct edai_fiber {
    void *sp;              /* while switched away: its saved stack pointer, or its ucontext_t */
    const void *stack_low; /* bounds, for the sanitizers; of a thread's own stack learnt at the
                              first switch away */
    size_t stack_size;
    void *fake_stack; /* AddressSanitizer's, while switched away */
    void *tsan;       /* ThreadSanitizer's handle */
    void (*fn)(void *arg);
    void *arg;
    bool is_thread; /* made by edai_fiber_init_thread */
} edai_fiber;

/* Maps a stack of at least size bytes (EDAI_STACK_SIZE_MIN or more). Returns owned; NULL: no
 * memory. */
EDA_CHECK edai_stack *edai_stack_new(size_t size);
/* The stack may hold no fiber that will run again. NULL is fine. */
void edai_stack_free(edai_stack *stack);

/* Describes the running thread's own stack, so that it can be switched away from and back. Cannot
 * fail. */
void edai_fiber_init_thread(edai_fiber *fiber);
/* Makes a fiber that runs fn(arg) on the stack from the first switch to it. fn never returns: it
 * ends with edai_fiber_exit. keeps stack and arg. EDA_ENOMEM: no memory for a sanitizer's or
 * ucontext's state. */
EDA_CHECK eda_status edai_fiber_init(
    edai_fiber *fiber, edai_stack *stack, void (*fn)(void *arg), void *arg);
/* Frees what init made beside the stack; after that nothing of a fiber is left. It must not run,
 * nor run again. */
void edai_fiber_fini(edai_fiber *fiber);

/* Goes on with `to` where it last switched away; returns when somebody switches back to `from`,
 * which must be the fiber that calls. The floating point control words are each fiber's own, so are
 * callee-saved registers; signal masks and thread-local variables are the thread's. */
void edai_fiber_switch(edai_fiber *from, edai_fiber *to);
/* The same as a part of its caller: the processor foretells a return by the last call, which was on
 * another stack, so each return between here and the handler costs some 5 ns. */
static inline void edai_fiber_switch_inline(edai_fiber *from, edai_fiber *to)
{
#if EDAI_FIBER_ASAN || EDAI_FIBER_TSAN
    edai_fiber_switch(from, to);
#else
    EDA_ASSERT(from != to, "a running fiber has no saved stack pointer to go on with");
    edai_fiber_swap(&from->sp, to->sp);
#endif
}
/* Calls fn(arg) upon another stack, as a fiber of its own: `on`, which was not made by init. True:
 * fn has returned, and edai_fiber_called is due; or somebody has switched back to `from`, which is
 * the caller's: then fn goes on as a fiber does, and never returns. False: no memory for a
 * sanitizer's or ucontext's state; nothing happened. */
#if EDAI_FIBER_IS_LIGHT
EDA_CHECK static inline bool edai_fiber_run(
    edai_fiber *from, edai_fiber *on, edai_stack *stack, void (*fn)(void *arg), void *arg)
{
    (void)on;
    edai_fiber_call(&from->sp, stack->top, fn, arg);
    return true;
}
#else
EDA_CHECK bool edai_fiber_run(
    edai_fiber *from, edai_fiber *on, edai_stack *stack, void (*fn)(void *arg), void *arg);
#endif
/* Its function has returned: nothing of it is left. */
static inline void edai_fiber_called(edai_fiber *on)
{
#if EDAI_FIBER_IS_LIGHT
    (void)on;
#else
    edai_fiber_fini(on);
#endif
}
/* Switches away for good. Once `to` runs, from's stack may be used again or freed, and from given
 * to fini. */
_Noreturn void edai_fiber_exit(edai_fiber *from, edai_fiber *to);

#endif
