/* strand.c - see strand.h. */
#include "core/strand.h"

#include "base/assert.h"
#include "base/memory.h"

void edai_strands_init(edai_strands *strands, uint32_t max, size_t stack_size)
{
    *strands = (edai_strands){.max = max, .stack_size = stack_size};
}

void edai_strands_fini(edai_strands *strands)
{
    edai_strands_reclaim(strands);
    EDA_ASSERT(strands->used == 0, "a suspended turn's stack is never discarded");
    while (strands->free != NULL) {
        edai_strand *next = strands->free->next;

        edai_stack_free(strands->free->stack);
        edai_free(strands->free);
        strands->free = next;
    }
}

static edai_strand *make(edai_strands *strands)
{
    edai_strand *strand;

    if (strands->count == strands->max) {
        return NULL;
    }
    strand = edai_calloc(1, sizeof(*strand));
    if (strand == NULL) {
        return NULL;
    }
    strand->stack = edai_stack_new(strands->stack_size);
    if (strand->stack == NULL) {
        edai_free(strand);
        return NULL;
    }
    strands->count++;
    return strand;
}

edai_strand *edai_strands_take(edai_strands *strands, void (*fn)(void *arg), void *arg)
{
    edai_strand *strand = strands->free;

    if (strand != NULL) {
        strands->free = strand->next;
    } else {
        strand = make(strands);
    }
    if (strand == NULL) {
        return NULL;
    }
    if (edai_fiber_init(&strand->fiber, strand->stack, fn, arg) != EDA_OK) {
        strand->next = strands->free;
        strands->free = strand;
        return NULL;
    }
    strands->used++;
    return strand;
}

void edai_strands_reclaim(edai_strands *strands)
{
    edai_strand *strand = strands->retired;

    if (strand == NULL) {
        return;
    }
    strands->retired = NULL;
    edai_fiber_fini(&strand->fiber);
    strand->next = strands->free;
    strands->free = strand;
    strands->used--;
}
