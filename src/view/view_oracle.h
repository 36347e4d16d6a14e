/* view_oracle.h - for tests: who should own a partition, worked out as docs/wire.md says it and not
 * as place.c does. */
#ifndef EDAI_VIEW_ORACLE_H
#define EDAI_VIEW_ORACLE_H

#include "view/view.h"

#include <string.h>

typedef struct oracle_node {
    const char *id;
    bool is_leaving;
    const uint8_t *held; /* NULL: nothing */
} oracle_node;

static inline uint64_t oracle_mix(uint64_t value)
{
    value ^= value >> 30;
    value *= UINT64_C(0xbf58476d1ce4e5b9);
    value ^= value >> 27;
    value *= UINT64_C(0x94d049bb133111eb);
    return value ^ value >> 31;
}

static inline uint64_t oracle_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    }
    return oracle_mix(hash);
}

/* 3: holds it, 2: holds it and is leaving, 1: might, 0: not. */
static inline int oracle_rank(const oracle_node *node, uint32_t partition)
{
    bool is_held = node->held != NULL && (node->held[partition / 8] & 1U << partition % 8) != 0;

    if (is_held) {
        return node->is_leaving ? 2 : 3;
    }
    return node->is_leaving ? 0 : 1;
}

/* Of the nodes that host the actor type, the owner's id; NULL: nobody. */
static inline const char *oracle_owner(
    const char *actor, uint32_t partition, const oracle_node *nodes, uint32_t count)
{
    const char *owner = NULL;
    int best = 1;
    uint64_t heaviest = 0;

    for (uint32_t i = 0; i < count; i++) {
        int rank = oracle_rank(&nodes[i], partition);
        uint64_t weight =
            oracle_mix(oracle_hash(nodes[i].id) ^ oracle_mix(oracle_hash(actor) + partition));
        if (rank > best || (rank == best && (owner == NULL || weight > heaviest))) {
            owner = nodes[i].id;
            best = rank;
            heaviest = weight;
        }
    }
    return owner;
}

#endif
