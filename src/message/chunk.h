/* chunk.h - one chunk of a key expression: what stands between two '/'.
 *
 * Threads: no state. Memory: none; chunks borrow from the expression they were taken off. Nothing
 * here trusts its input: an expression that is not canonical gives some answer, never a wrong
 * access. */
#ifndef EDAI_CHUNK_H
#define EDAI_CHUNK_H

#include <edacious/topic.h>

#include <string.h>

typedef enum edai_chunk_kind {
    EDAI_CHUNK_TEXT = 1, /* equal only to itself, matched by wildcards */
    EDAI_CHUNK_VERBATIM, /* begins with '@': equal only to itself, matched by no wildcard */
    EDAI_CHUNK_PART,     /* text with "$*" in it */
    EDAI_CHUNK_ONE,      /* "*" */
    EDAI_CHUNK_MANY      /* "**" */
} edai_chunk_kind;

typedef struct edai_chunk {
    const char *ptr;
    uint32_t len; /* bytes */
    edai_chunk_kind kind;
} edai_chunk;

/* Takes the first chunk off `rest`; false when nothing is left. */
bool edai_chunk_next(eda_str *rest, edai_chunk *ret_chunk);

static inline bool edai_chunk_equal(edai_chunk a, edai_chunk b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Some chunk of a key is in both. "**" is the caller's matter. Linear but for the search of pieces
 * between two "$*", which is at most the product of both lengths. */
bool edai_chunk_intersects(edai_chunk a, edai_chunk b);
/* Every chunk of b is in a, as far as upstream sees: what stands in b is compared as plain bytes.
 */
bool edai_chunk_includes(edai_chunk a, edai_chunk b);

#endif
