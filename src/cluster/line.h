/* line.h - envelopes in line, oldest first. Threads: one. */
#ifndef EDAI_LINE_H
#define EDAI_LINE_H

#include "core/envelope.h"

typedef struct edai_line {
    edai_envelope *first; /* NULL: nothing stands in it */
    edai_envelope *last;  /* while there is a first */
} edai_line;

/* The envelope, or a chain of them up to `last`. */
static inline void edai_line_add(edai_line *line, edai_envelope *first, edai_envelope *last)
{
    last->next = NULL;
    *(line->first == NULL ? &line->first : &line->last->next) = first;
    line->last = last;
}

/* All of them, as a chain: it stands empty. NULL: nothing stood in it. */
static inline edai_envelope *edai_line_take_all(edai_line *line)
{
    edai_envelope *first = line->first;

    line->first = NULL;
    return first;
}

#endif
