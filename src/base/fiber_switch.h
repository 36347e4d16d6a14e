/* fiber_switch.h - what a processor has to offer for fiber.c: two functions, in fiber_PROCESSOR.S
 * or fiber_ucontext.c.
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

#endif
