/* circle.h - finds a circle among edges: who waits for whom, as plain numbers.
 *
 * Every edge is a wait that cannot be over before what it leads to is, so any circle is one of
 * waits that never end. Threads: none of its own. */
#ifndef EDAI_CIRCLE_H
#define EDAI_CIRCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct edai_activation edai_activation;

typedef struct edai_edge {
    uint64_t from;
    uint64_t to;
    uint64_t serial; /* of a delivery that waits for room: tells it from a later one; else 0 */
    edai_activation *line; /* in front of whose full mailbox it waits; NULL: another kind of edge */
    uint32_t generation;   /* of line */
    uint16_t worker;       /* who listed it */
    bool stands;           /* it was still there at the second look */
} edai_edge;

/* Sorts the edges; on success the first `ret_len` of `ret_circle`, which has room for len, are a
 * circle in its order. False: there is none, or no memory to look for it. The same edges listed in
 * the same order give the same circle. */
bool edai_circle_find(edai_edge **edges, size_t len, edai_edge **ret_circle, size_t *ret_len);

#endif
