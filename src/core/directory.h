/* directory.h - which activation has an identity: an open-addressed table of one shard and actor
 * type.
 *
 * Integer keys are found by their hash alone (the mix is a bijection); text keys are compared.
 * Threads: the owner's. Memory: 16 bytes a slot, at most three quarters full; starts empty. */
#ifndef EDAI_DIRECTORY_H
#define EDAI_DIRECTORY_H

#include <edacious/value.h>

typedef struct edai_activation edai_activation;

typedef struct edai_slot {
    uint64_t hash;
    edai_activation *activation; /* NULL: free */
} edai_slot;

typedef struct edai_directory {
    edai_slot *slots;
    uint32_t len;
    uint32_t capacity; /* power of two, or 0 */
} edai_directory;

/* text NULL: an integer key, whose hash is edai_hash_u64 of it. */
edai_activation *edai_directory_find(
    const edai_directory *directory, uint64_t hash, const eda_str *text);
/* The identity must not be there. EDA_ENOMEM. */
EDA_CHECK eda_status edai_directory_add(
    edai_directory *directory, uint64_t hash, edai_activation *activation);
void edai_directory_remove(
    edai_directory *directory, uint64_t hash, const edai_activation *activation);
void edai_directory_fini(edai_directory *directory);

#endif
