/* strand.h - stacks of one seat: the loop runs on one, each suspended turn keeps another.
 *
 * A turn that does not suspend never switches: when one does, the loop goes on upon a fresh stack.
 * Threads: the seat's. A turn may go on, and end, on another seat than it began: then its stack
 * stays there. Memory: EDAI_STRANDS_KEPT free stacks are kept for reuse; the number of suspended
 * turns is bounded by their workers. */
#ifndef EDAI_STRAND_H
#define EDAI_STRAND_H

#include "base/fiber.h"

#define EDAI_STRANDS_KEPT 256u

typedef struct edai_strand {
    edai_fiber fiber;
    edai_stack *stack;
    struct edai_strand *next;
} edai_strand;

typedef struct edai_strands {
    edai_strand *free;
    edai_strand *current; /* the loop's */
    edai_strand *retired; /* left for good by the last switch; free as soon as the next one runs */
    uint32_t free_count;
    size_t stack_size;
} edai_strands;

void edai_strands_init(edai_strands *strands, size_t stack_size);
/* Frees the free stacks. */
void edai_strands_fini(edai_strands *strands);
/* A strand that will run fn(arg). NULL: out of memory. */
edai_strand *edai_strands_take(edai_strands *strands, void (*fn)(void *arg), void *arg);
/* One that is free, for edai_fiber_run; NULL: none at hand. */
static inline edai_strand *edai_strands_borrow(edai_strands *strands)
{
    edai_strand *strand = strands->free;

    if (EDAI_LIKELY(strand != NULL)) {
        strands->free = strand->next;
        strands->free_count--;
    }
    return strand;
}
/* It was not needed, or what ran on it has returned. */
static inline void edai_strands_give_back(edai_strands *strands, edai_strand *strand)
{
    strand->next = strands->free;
    strands->free = strand;
    strands->free_count++;
}
/* To be called first by whatever runs after a switch. */
void edai_strands_reclaim(edai_strands *strands);

#endif
