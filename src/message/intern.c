/* intern.c - see intern.h. A hash table from names to ids under one mutex; looking up an id takes
 * none. */
#include "message/intern.h"

#include <string.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/thread.h"
#include "message/reach.h"

static edai_mutex mutex = {.native = PTHREAD_MUTEX_INITIALIZER};

/* Under the mutex: ids by hash of the name, 0 where free; a power of two, at most half full. */
static uint32_t *table;
static size_t table_len;
static uint32_t id_last;

/* By id. Written once each, under the mutex; read by anyone. Pages that no id has reached cost
 * nothing. */
static const eda_type *types[EDAI_INTERN_ID_MAX + 1];

/* ---- are two descriptors the same? ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool same_enumerators(const eda_enumerator *a, const eda_enumerator *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    for (; a->name != NULL && b->name != NULL; a++, b++) {
        if (a->value != b->value || strcmp(a->name, b->name) != 0) {
            return false;
        }
    }
    return a->name == b->name;
}

/* Two types that are referred to from the same place. */
static eda_status add_both(edai_reach *reach, const eda_type *a, const eda_type *b)
{
    if (a == NULL || b == NULL) {
        return a == b ? EDA_OK : EDA_ECONFLICT;
    }
    return edai_reach_add(reach, a, b);
}

static eda_status compare_fields(edai_reach *reach, const eda_field *a, const eda_field *b)
{
    static const eda_field none = {.name = NULL};

    a = a == NULL ? &none : a;
    b = b == NULL ? &none : b;
    for (; a->name != NULL && b->name != NULL; a++, b++) {
        if (strcmp(a->name, b->name) != 0 || a->offset != b->offset) {
            return EDA_ECONFLICT;
        }
        EDA_TRY(add_both(reach, a->type, b->type));
    }
    return a->name == b->name ? EDA_OK : EDA_ECONFLICT;
}

static eda_status compare_pair(edai_reach *reach, edai_pair pair)
{
    const eda_type *a = pair.a;
    const eda_type *b = pair.b;

    if (a == b) {
        return EDA_OK;
    }
    if (!same_text(a->name, b->name) || !same_text(a->topic, b->topic) || a->kind != b->kind ||
        a->size != b->size || a->value_offset != b->value_offset || a->is_raw != b->is_raw ||
        !same_enumerators(a->enumerators, b->enumerators)) {
        return EDA_ECONFLICT;
    }
    EDA_TRY(compare_fields(reach, a->fields, b->fields));
    EDA_TRY(add_both(reach, a->item, b->item));
    return add_both(reach, a->reply, b->reply);
}

/* A pair met again is taken to be the same: if it is not, its own turn shows that. So types that
 * contain themselves need no special care. */
eda_status edai_intern_compare(const eda_type *a, const eda_type *b)
{
    edai_reach reach = {0};
    eda_status status = edai_reach_add(&reach, a, b);

    for (size_t i = 0; status == EDA_OK && i < reach.len; i++) {
        status = compare_pair(&reach, reach.pairs[i]);
    }
    edai_reach_fini(&reach);
    return status;
}

/* ---- the table ---- */

static uint64_t hash_of(const char *name)
{
    return edai_hash_bytes(name, strlen(name));
}

/* Where the name's id stands, or the free place where it belongs. There is a free place. */
static size_t find_place(const uint32_t *ids, size_t len, const char *name)
{
    size_t place = (size_t)hash_of(name) & (len - 1);

    while (ids[place] != 0 && strcmp(types[ids[place]]->name, name) != 0) {
        place = (place + 1) & (len - 1);
    }
    return place;
}

static eda_status grow(void)
{
    size_t len = table_len == 0 ? 64 : 2 * table_len;
    uint32_t *ids = edai_calloc(len, sizeof(ids[0]));

    if (ids == NULL) {
        return EDA_ENOMEM;
    }
    for (uint32_t id = 1; id <= id_last; id++) {
        ids[find_place(ids, len, types[id]->name)] = id;
    }
    edai_free(table);
    table = ids;
    table_len = len;
    return EDA_OK;
}

static eda_status find_or_add(const eda_type *type, uint32_t *ret_id)
{
    if (table_len > 0) {
        uint32_t id = table[find_place(table, table_len, type->name)];
        if (id != 0) {
            EDA_TRY(edai_intern_compare(types[id], type));
            *ret_id = id;
            return EDA_OK;
        }
    }
    if (id_last == EDAI_INTERN_ID_MAX) {
        return EDA_ELIMIT;
    }
    if (2 * (size_t)(id_last + 1) > table_len) {
        EDA_TRY(grow());
    }
    table[find_place(table, table_len, type->name)] = ++id_last;
    /* Pairs with the acquire in edai_intern_type, which may be asked for any id at any time. */
    __atomic_store_n(&types[id_last], type, __ATOMIC_RELEASE);
    *ret_id = id_last;
    return EDA_OK;
}

eda_status edai_intern(const eda_type *type, uint32_t *ret_id)
{
    uint32_t id = edai_intern_id(type);

    if (id == 0) {
        edai_mutex_lock(&mutex);
        eda_status status = find_or_add(type, &id);
        edai_mutex_unlock(&mutex);
        EDA_TRY(status);
        if (type->slot != NULL) {
            /* Pairs with the acquire in edai_intern_id. Several threads may write the same id. */
            __atomic_store_n(&type->slot->id, id, __ATOMIC_RELEASE);
        }
    }
    *ret_id = id;
    return EDA_OK;
}

const eda_type *edai_intern_type(uint32_t id)
{
    if (id > EDAI_INTERN_ID_MAX) {
        return NULL;
    }
    return __atomic_load_n(&types[id], __ATOMIC_ACQUIRE);
}
