/* reach.h - the types that can be reached from one: its fields', items' and reply's, each once.
 *
 * Types may refer to themselves (trees), so every walk over descriptors needs this. It holds pairs,
 * because two descriptors of one name are walked side by side; whoever walks one alone passes it
 * twice. Order: as added, which is breadth first. Threads: one. Memory: grows on the heap, to
 * EDAI_REACH_LEN_MAX. */
#ifndef EDAI_REACH_H
#define EDAI_REACH_H

#include <edacious/type.h>

#define EDAI_REACH_LEN_MAX 1024 /* types that one message may consist of */

typedef struct edai_pair {
    const eda_type *a;
    const eda_type *b;
} edai_pair;

/* Zero is empty. */
typedef struct edai_reach {
    edai_pair *pairs; /* owned */
    size_t len;
    size_t capacity;
} edai_reach;

void edai_reach_fini(edai_reach *reach);

/* Adds a pair unless it is there. EDA_ENOMEM, EDA_ELIMIT. */
EDA_CHECK eda_status edai_reach_add(edai_reach *reach, const eda_type *a, const eda_type *b);

#endif
