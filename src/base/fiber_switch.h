/* fiber_switch.h - what a processor has to offer for fiber.c: in fiber_PROCESSOR.S, or, but for the
 * call, in fiber_ucontext.c.
 *
 * Threads: any; a saved stack pointer is used on the thread that made it. Memory: the stacks
 * themselves. */
#ifndef EDAI_FIBER_SWITCH_H
#define EDAI_FIBER_SWITCH_H

/* Writes a frame to the end of a stack (top: its first address above) such that a first switch to
 * it calls fn(arg) with the floating point control words of now. Returns the stack pointer to
 * switch to. fn never returns. */
void *edai_fiber_frame(void *top, void (*fn)(void *arg), void *arg);

/* Saves what the calling convention keeps on the running stack, sets *ret_sp, and goes on with the
 * stack of sp. Returns when somebody switches to *ret_sp. */
void edai_fiber_swap(void **ret_sp, void *sp);

/* Saves the same, and calls fn(arg) upon the stack that ends at `top`. Returns when fn does, or,
 * like edai_fiber_swap, when somebody switches to *ret_sp; after that fn must not return. */
void edai_fiber_call(void **ret_sp, void *top, void (*fn)(void *arg), void *arg);

#endif
