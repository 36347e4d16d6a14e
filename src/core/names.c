/* names.c - see names.h. */
#include "core/names.h"

#include "base/memory.h"

#define CAPACITY_MIN 32u

void edai_names_fini(edai_names *names)
{
    edai_free(names->slots);
    *names = (edai_names){0};
}

static void put(edai_named *slots, size_t capacity, edai_named added)
{
    size_t at = added.hash & (capacity - 1);

    while (slots[at].value != NULL) {
        at = (at + 1) & (capacity - 1);
    }
    slots[at] = added;
}

/* Half of the slots stay free, so that every search ends soon. */
static eda_status grow(edai_names *names)
{
    size_t capacity = names->capacity == 0 ? CAPACITY_MIN : 2 * names->capacity;
    edai_named *slots = edai_calloc(capacity, sizeof(*slots));

    if (slots == NULL) {
        return EDA_ENOMEM;
    }
    for (size_t i = 0; i < names->capacity; i++) {
        if (names->slots[i].value != NULL) {
            put(slots, capacity, names->slots[i]);
        }
    }
    edai_free(names->slots);
    names->slots = slots;
    names->capacity = capacity;
    return EDA_OK;
}

eda_status edai_names_add(edai_names *names, uint64_t hash, void *value)
{
    EDA_ASSERT(value != NULL, "NULL marks what is free");
    if (2 * (names->count + 1) > names->capacity) {
        EDA_TRY(grow(names));
    }
    put(names->slots, names->capacity, (edai_named){.hash = hash, .value = value});
    names->count++;
    return EDA_OK;
}

void *edai_names_next(const edai_names *names, uint64_t hash, size_t *io_at)
{
    while (*io_at < names->capacity) {
        const edai_named *slot = &names->slots[(hash + *io_at) & (names->capacity - 1)];

        if (slot->value == NULL) {
            return NULL;
        }
        ++*io_at;
        if (slot->hash == hash) {
            return slot->value;
        }
    }
    return NULL;
}
