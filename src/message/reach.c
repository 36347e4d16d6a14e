/* reach.c - see reach.h. A linear search: a message has a handful of types. */
#include "message/reach.h"

#include "base/memory.h"

void edai_reach_fini(edai_reach *reach)
{
    edai_free(reach->pairs);
    *reach = (edai_reach){0};
}

eda_status edai_reach_add(edai_reach *reach, const eda_type *a, const eda_type *b)
{
    for (size_t i = 0; i < reach->len; i++) {
        if (reach->pairs[i].a == a && reach->pairs[i].b == b) {
            return EDA_OK;
        }
    }
    if (reach->len == EDAI_REACH_LEN_MAX) {
        return EDA_ELIMIT;
    }
    if (reach->len == reach->capacity) {
        size_t capacity = reach->capacity == 0 ? 16 : 2 * reach->capacity;
        edai_pair *pairs = edai_realloc(reach->pairs, capacity * sizeof(pairs[0]));
        if (pairs == NULL) {
            return EDA_ENOMEM;
        }
        reach->pairs = pairs;
        reach->capacity = capacity;
    }
    reach->pairs[reach->len++] = (edai_pair){.a = a, .b = b};
    return EDA_OK;
}
