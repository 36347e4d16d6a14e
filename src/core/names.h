/* names.h - who had this name before? Asked for each of many while a system is built.
 *
 * An index of hashes: whoever asks compares the names themselves. Order: none that shows. Threads:
 * one at a time. Memory: 16 bytes for each name and as many free; keeps values. */
#ifndef EDAI_NAMES_H
#define EDAI_NAMES_H

#include <edacious/status.h>

#include <stddef.h>

typedef struct edai_named {
    uint64_t hash;
    void *value; /* NULL: free */
} edai_named;

typedef struct edai_names {
    edai_named *slots; /* a power of two, or none */
    size_t capacity;
    size_t count;
} edai_names;

void edai_names_fini(edai_names *names);
/* Adds a value that is not NULL; a name may be there twice. EDA_ENOMEM. */
EDA_CHECK eda_status edai_names_add(edai_names *names, uint64_t hash, void *value);
/* The values under a hash, one after the other, then NULL. *io_at begins as 0. */
void *edai_names_next(const edai_names *names, uint64_t hash, size_t *io_at);

#endif
