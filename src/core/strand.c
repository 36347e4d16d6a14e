/* strand.c - see strand.h. */
#include "core/strand.h"

#include "base/assert.h"
#include "base/memory.h"

void edai_strands_init(edai_strands *strands, size_t stack_size)
{
    *strands = (edai_strands){.stack_size = stack_size};
}

void edai_strands_fini(edai_strands *strands)
{
    edai_strands_reclaim(strands);
    EDA_ASSERT(strands->current == NULL, "a loop that runs needs its stack");
    while (strands->free != NULL) {
        edai_strand *next = strands->free->next;

        edai_stack_free(strands->free->stack);
        edai_free(strands->free);
        strands->free = next;
    }
}

static edai_strand *make(const edai_strands *strands)
{
    edai_strand *strand = edai_calloc(1, sizeof(*strand));

    if (strand == NULL) {
        return NULL;
    }
    strand->stack = edai_stack_new(strands->stack_size);
    if (strand->stack == NULL) {
        edai_free(strand);
        return NULL;
    }
    return strand;
}

static void keep(edai_strands *strands, edai_strand *strand)
{
    if (strands->free_count >= EDAI_STRANDS_KEPT) {
        edai_stack_free(strand->stack);
        edai_free(strand);
        return;
    }
    strand->next = strands->free;
    strands->free = strand;
    strands->free_count++;
}

edai_strand *edai_strands_take(edai_strands *strands, void (*fn)(void *arg), void *arg)
{
    edai_strand *strand = strands->free;

    if (strand != NULL) {
        strands->free = strand->next;
        strands->free_count--;
    } else {
        strand = make(strands);
    }
    if (strand == NULL) {
        return NULL;
    }
    if (edai_fiber_init(&strand->fiber, strand->stack, fn, arg) != EDA_OK) {
        keep(strands, strand);
        return NULL;
    }
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
    keep(strands, strand);
}
