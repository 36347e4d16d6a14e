/* fiber_ucontext.c - the stack switch by the C library, for processors without a file of their own.
 *
 * Slower than the others: each switch makes a system call for the signal mask. Memory: contexts lie
 * on the stacks they describe. */
#define _GNU_SOURCE 1

#include "base/fiber.h"

#if EDAI_FIBER_IS_UCONTEXT

#include "base/assert.h"
#include "base/fiber_switch.h"

#include <string.h>
#include <ucontext.h>

/* At the end of a new stack. */
typedef struct start_frame {
    ucontext_t context;
    void (*fn)(void *arg);
    void *arg;
} start_frame;

/* makecontext passes ints only: a pointer comes in two halves. */
static void start(unsigned high, unsigned low)
{
    uintptr_t address = (uintptr_t)((uint64_t)high << 32 | low);
    const start_frame *frame = NULL;
    memcpy(&frame, &address, sizeof frame);
    frame->fn(frame->arg);
    EDA_ASSERT(false, "a fiber ends by switching away");
}

void *edai_fiber_frame(void *top, void (*fn)(void *arg), void *arg)
{
    enum {
        ALIGNMENT = 64,
        BELOW_SIZE = 4096
    };
    char *low = (char *)top - sizeof(start_frame);
    low -= (uintptr_t)low % ALIGNMENT;
    start_frame *frame = (void *)low;
    memset(frame, 0, sizeof *frame);
    int error = getcontext(&frame->context);
    EDA_ASSERT(error == 0, "the running context can be read");
    frame->fn = fn;
    frame->arg = arg;
    /* makecontext only starts at the end of what it is given; how far the stack reaches down is not
     * its concern. */
    frame->context.uc_stack.ss_sp = low - BELOW_SIZE;
    frame->context.uc_stack.ss_size = BELOW_SIZE;
    frame->context.uc_link = NULL;
    uint64_t halves = (uintptr_t)frame;
    makecontext(&frame->context, (void (*)(void))start, 2, (unsigned)(halves >> 32),
        (unsigned)(halves & UINT32_MAX));
    return &frame->context;
}

void edai_fiber_swap(void **ret_sp, void *sp)
{
    ucontext_t here;
    *ret_sp = &here;
    int error = swapcontext(&here, sp);
    EDA_ASSERT(error == 0, "a saved context can be gone on with");
}

#endif

/* A file without a declaration is not C. */
typedef int edai_fiber_ucontext_is_here;
