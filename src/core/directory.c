/* directory.c - see directory.h: linear probing, removal by shifting back. */
#include "core/directory.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "core/activation.h"

#include <string.h>

#define CAPACITY_MIN 8u
/* Tables of that many slots are made of pages, and emptied bit by bit. */
#define LARGE_MIN 8192u
#define HUGE_MIN (256u * 1024)
/* Slots looked at with each addition: the last one is done long before the next growth. */
#define MOVE_STEP 16u
/* Slots of a table that is kept an eighth full. */
#define SPARSE_MAX 2048u

static bool is_key(const edai_activation *activation, uint64_t hash, const eda_str *text)
{
    if (text == NULL) {
        return (activation->flags & EDAI_IS_TEXT_KEY) == 0 &&
               edai_hash_u64(activation->identity) == hash;
    }
    return (activation->flags & EDAI_IS_TEXT_KEY) != 0 && activation->identity == hash &&
           activation->extra->key_len == text->len &&
           memcmp(activation->extra->key, text->ptr, text->len) == 0;
}

static uint64_t hash_of(const edai_activation *activation)
{
    return (activation->flags & EDAI_IS_TEXT_KEY) != 0 ? activation->identity
                                                       : edai_hash_u64(activation->identity);
}

static edai_activation *find(
    const uint64_t *slots, uint32_t capacity, uint64_t hash, const eda_str *text)
{
    uint16_t tag = edai_directory_tag(hash);
    uint32_t at;

    for (at = edai_directory_home(capacity, hash); slots[at] != 0; at = (at + 1) & (capacity - 1)) {
        if ((uint16_t)slots[at] == tag && is_key(edai_directory_named(slots[at]), hash, text)) {
            return edai_directory_named(slots[at]);
        }
    }
    return NULL;
}

edai_activation *edai_directory_find(
    const edai_directory *directory, uint64_t hash, const eda_str *text)
{
    edai_activation *found;

    if (EDAI_UNLIKELY(directory->capacity == 0)) {
        return NULL;
    }
    found = find(directory->slots, directory->capacity, hash, text);
    if (EDAI_UNLIKELY(found == NULL && directory->old != NULL)) {
        found = find(directory->old, directory->old_capacity, hash, text);
    }
    return found;
}

/* --- growing ------------------------------------------------------------------------------ */

static void place(uint64_t *slots, uint32_t capacity, uint64_t hash, uint64_t slot)
{
    uint32_t at = edai_directory_home(capacity, hash);

    while (slots[at] != 0) {
        at = (at + 1) & (capacity - 1);
    }
    slots[at] = slot;
}

static uint64_t *alloc_slots(uint32_t capacity)
{
    size_t size = (size_t)capacity * sizeof(uint64_t);

    if (capacity >= HUGE_MIN) {
        return edai_pages_alloc_huge(size);
    }
    return capacity >= LARGE_MIN ? edai_pages_alloc_ready(size)
                                 : edai_calloc(capacity, sizeof(uint64_t));
}

static void free_slots(uint64_t *slots, uint32_t capacity)
{
    if (capacity >= LARGE_MIN) {
        edai_pages_free(slots, (size_t)capacity * sizeof(*slots));
    } else {
        edai_free(slots);
    }
}

/* At least that many slots of the old table, and on to the end of a run of used ones: what is left
 * is found from its home on as before. */
static void move(edai_directory *directory, uint32_t count)
{
    uint32_t mask = directory->old_capacity - 1;

    while (directory->old_left > 0 && (count > 0 || directory->old[directory->old_at] != 0)) {
        uint64_t *slot = &directory->old[directory->old_at];

        if (*slot != 0) {
            place(
                directory->slots, directory->capacity, hash_of(edai_directory_named(*slot)), *slot);
            *slot = 0;
        }
        /* What the next calls look at. */
        __builtin_prefetch(
            edai_directory_named(directory->old[(directory->old_at + 2 * MOVE_STEP) & mask]));
        directory->old_at = (directory->old_at + 1) & mask;
        directory->old_left--;
        count -= count > 0 ? 1 : 0;
    }
    if (directory->old_left == 0) {
        free_slots(directory->old, directory->old_capacity);
        directory->old = NULL;
    }
}

static eda_status grow(edai_directory *directory)
{
    uint32_t capacity = directory->capacity == 0 ? CAPACITY_MIN : directory->capacity * 2;
    uint64_t *slots;

    EDA_ASSERT(directory->old == NULL, "the last table was emptied in time");
    if (capacity == 0) {
        return EDA_ENOMEM; /* 2^32 slots */
    }
    slots = alloc_slots(capacity);
    if (slots == NULL) {
        return EDA_ENOMEM;
    }
    directory->old = directory->slots;
    directory->old_capacity = directory->capacity;
    directory->old_left = directory->capacity;
    directory->slots = slots;
    directory->capacity = capacity;
    if (directory->old == NULL) {
        return EDA_OK;
    }
    for (directory->old_at = 0; directory->old[directory->old_at] != 0; directory->old_at++) {
        /* to a free slot: no run of used ones is begun in its middle */
    }
    if (capacity < LARGE_MIN) {
        move(directory, directory->old_left);
    }
    return EDA_OK;
}

/* Five eighths: who is not there is told after some three slots. */
static uint32_t len_max(uint32_t capacity)
{
    /* Small ones have space to spare: most stand where they belong. */
    return capacity <= SPARSE_MAX ? capacity / 8 : capacity / 2 + capacity / 8;
}

eda_status edai_directory_add(edai_directory *directory, uint64_t hash, edai_activation *activation)
{
    if (EDAI_UNLIKELY(directory->old != NULL)) {
        move(directory, MOVE_STEP);
    }
    if (directory->len >= len_max(directory->capacity)) {
        EDA_TRY(grow(directory));
    }
    EDA_ASSERT((uint64_t)(uintptr_t)activation >> 48 == 0, "addresses have 48 bits");
    place(directory->slots, directory->capacity, hash,
        (uint64_t)(uintptr_t)activation << 16 | edai_directory_tag(hash));
    directory->len++;
    return EDA_OK;
}

/* --- removing ----------------------------------------------------------------------------- */

static bool take_out(
    uint64_t *slots, uint32_t capacity, uint64_t hash, const edai_activation *activation)
{
    uint32_t mask = capacity - 1;
    uint32_t hole = edai_directory_home(capacity, hash);
    uint32_t at;

    while (edai_directory_named(slots[hole]) != activation) {
        if (slots[hole] == 0) {
            return false;
        }
        hole = (hole + 1) & mask;
    }
    for (at = (hole + 1) & mask; slots[at] != 0; at = (at + 1) & mask) {
        uint32_t home = edai_directory_home(capacity, hash_of(edai_directory_named(slots[at])));

        /* Movable when its home does not lie cyclically in (hole, at]. */
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            slots[hole] = slots[at];
            hole = at;
        }
    }
    slots[hole] = 0;
    return true;
}

void edai_directory_remove(
    edai_directory *directory, uint64_t hash, const edai_activation *activation)
{
    bool was_there = directory->capacity > 0 &&
                     take_out(directory->slots, directory->capacity, hash, activation);

    if (!was_there && directory->old != NULL) {
        was_there = take_out(directory->old, directory->old_capacity, hash, activation);
    }
    EDA_ASSERT(was_there && directory->len > 0, "only what was added is removed");
    directory->len--;
}

void edai_directory_fini(edai_directory *directory)
{
    if (directory->old != NULL) {
        free_slots(directory->old, directory->old_capacity);
    }
    free_slots(directory->slots, directory->capacity);
    *directory = (edai_directory){.slots = NULL};
}
