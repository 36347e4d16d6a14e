/* directory.c - see directory.h: linear probing, removal by shifting back. */
#include "core/directory.h"

#include "base/assert.h"
#include "base/memory.h"
#include "core/activation.h"

#include <string.h>

/* The low bits chose the shard. */
static uint32_t home_of(const edai_directory *directory, uint64_t hash)
{
    return (uint32_t)(hash >> 16) & (directory->capacity - 1);
}

static bool is_key(const edai_activation *activation, const eda_str *text)
{
    if (text == NULL) {
        return (activation->flags & EDAI_IS_TEXT_KEY) == 0;
    }
    return (activation->flags & EDAI_IS_TEXT_KEY) != 0 && activation->extra->key_len == text->len &&
           memcmp(activation->extra->key, text->ptr, text->len) == 0;
}

edai_activation *edai_directory_find(
    const edai_directory *directory, uint64_t hash, const eda_str *text)
{
    uint32_t at;

    if (directory->capacity == 0) {
        return NULL;
    }
    for (at = home_of(directory, hash); directory->slots[at].activation != NULL;
         at = (at + 1) & (directory->capacity - 1)) {
        if (directory->slots[at].hash == hash && is_key(directory->slots[at].activation, text)) {
            return directory->slots[at].activation;
        }
    }
    return NULL;
}

static void place(edai_directory *directory, uint64_t hash, edai_activation *activation)
{
    uint32_t at = home_of(directory, hash);

    while (directory->slots[at].activation != NULL) {
        at = (at + 1) & (directory->capacity - 1);
    }
    directory->slots[at] = (edai_slot){.hash = hash, .activation = activation};
}

static eda_status grow(edai_directory *directory)
{
    edai_directory grown = {.capacity = directory->capacity == 0 ? 4 : directory->capacity * 2};
    uint32_t i;

    if (grown.capacity == 0) {
        return EDA_ENOMEM; /* 2^32 slots */
    }
    grown.slots = edai_calloc(grown.capacity, sizeof(*grown.slots));
    if (grown.slots == NULL) {
        return EDA_ENOMEM;
    }
    for (i = 0; i < directory->capacity; i++) {
        if (directory->slots[i].activation != NULL) {
            place(&grown, directory->slots[i].hash, directory->slots[i].activation);
        }
    }
    grown.len = directory->len;
    edai_free(directory->slots);
    *directory = grown;
    return EDA_OK;
}

eda_status edai_directory_add(edai_directory *directory, uint64_t hash, edai_activation *activation)
{
    if (directory->len + 1 > directory->capacity / 4 * 3) {
        EDA_TRY(grow(directory));
    }
    place(directory, hash, activation);
    directory->len++;
    return EDA_OK;
}

void edai_directory_remove(
    edai_directory *directory, uint64_t hash, const edai_activation *activation)
{
    uint32_t mask = directory->capacity - 1;
    uint32_t hole;
    uint32_t at;

    EDA_ASSERT(directory->len > 0, "only what was added is removed");
    hole = home_of(directory, hash);
    while (directory->slots[hole].activation != activation) {
        EDA_ASSERT(directory->slots[hole].activation != NULL, "only what was added is removed");
        hole = (hole + 1) & mask;
    }
    for (at = (hole + 1) & mask; directory->slots[at].activation != NULL; at = (at + 1) & mask) {
        uint32_t home = home_of(directory, directory->slots[at].hash);

        /* Movable when its home does not lie cyclically in (hole, at]. */
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            directory->slots[hole] = directory->slots[at];
            hole = at;
        }
    }
    directory->slots[hole].activation = NULL;
    directory->len--;
}

void edai_directory_fini(edai_directory *directory)
{
    edai_free(directory->slots);
    *directory = (edai_directory){.slots = NULL};
}
