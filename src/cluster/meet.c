/* meet.c - see meet.h. */
#include "cluster/node.h"

#include <inttypes.h>

/* Actors of this node in partitions that the other one holds, too. */
typedef struct shared {
    uint64_t given_up;
    uint64_t kept;
} shared;

void edai_meet_note(edai_node *node, const edai_member *member)
{
    node->meetings.slots[member->slot / 64] |= UINT64_C(1) << member->slot % 64;
    node->meetings.is_any = true;
}

static void add_type(const edai_node *node, const edai_actor_type *type, uint16_t slot, shared *sum)
{
    const edai_place *place = edai_view_place(node->view, eda_str_from(type->actor->name));
    uint32_t p;

    for (p = 0; p < EDAI_PARTITIONS; p++) {
        if (edai_view_holds(place, slot, p)) {
            const uint32_t live = atomic_load_explicit(&type->live_at[p], memory_order_relaxed);

            *(edai_place_owner(place, p) == EDAI_SELF ? &sum->kept : &sum->given_up) += live;
        }
    }
}

/* What both held when they met; who joins a cluster that it reaches at once holds nothing then. */
static void look_at(edai_node *node, const edai_member *member)
{
    const eda_system *sys = node->sys;
    shared sum = {.kept = 0};
    uint32_t i;

    for (i = 0; i < sys->actor_count; i++) {
        if (sys->actors[i]->live_at != NULL) {
            add_type(node, sys->actors[i], member->slot, &sum);
        }
    }
    if (sum.given_up + sum.kept == 0) {
        return;
    }
    atomic_fetch_add(&node->counts.given_up, sum.given_up);
    edai_system_log(node->sys, NULL,
        "node %s ran apart from this one; actors here that may live there, too: %" PRIu64
        ", given up: %" PRIu64 ", kept: %" PRIu64,
        member->id, sum.given_up + sum.kept, sum.given_up, sum.kept);
}

void edai_meet_look(edai_node *node)
{
    uint16_t slot;

    if (!node->meetings.is_any) {
        return;
    }
    edai_member_hold(node); /* what came to life since the last hello is placed, too */
    for (slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_member *member = edai_view_at(node->view, slot);

        if (member != NULL && (node->meetings.slots[slot / 64] >> slot % 64 & 1) != 0) {
            look_at(node, member);
        }
    }
    node->meetings = (edai_meetings){.is_any = false};
}
