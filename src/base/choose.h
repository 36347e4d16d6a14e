/* choose.h - one of two pointers without a branch.
 *
 * For what the processor cannot foretell: a wrong guess costs as much as a hundred instructions,
 * and two ways of a branch that differ in where they write need none. Where it can, a branch is
 * better: what comes after it need not wait for the condition. Threads: any. */
#ifndef EDAI_CHOOSE_H
#define EDAI_CHOOSE_H

#include <stdbool.h>
#include <stdint.h>

/* By masks: compilers make a branch of a conditional expression where they like. */
static inline void *edai_choose(bool is_one, void *one, void *other)
{
    const uintptr_t mask = 0 - (uintptr_t)is_one;
    const uintptr_t chosen = ((uintptr_t)one & mask) | ((uintptr_t)other & ~mask);

    return (void *)chosen; /* NOLINT(performance-no-int-to-ptr) */
}

#endif
