/* meet.c - see meet.h. */
#include "cluster/node.h"

#include <inttypes.h>

/* Actors of this node in partitions that one other node holds, too. */
typedef struct shared {
    uint64_t given_up;
    uint64_t kept;
} shared;

/* The partition was this node's until now: whoever lives in it is counted once, though he may not
 * have gone yet when the next node is met that holds it. */
static void count_given_up(edai_node *node, edai_place *place, uint32_t partition, uint32_t live)
{
    if (edai_view_take_yielded(place, partition)) {
        atomic_fetch_add(&node->counts.given_up, live);
    }
}

static void add_type(edai_node *node, const edai_actor_type *type, uint16_t slot, shared *sum)
{
    edai_place *place = edai_view_place(node->view, eda_str_from(type->actor->name));
    uint32_t p;

    for (p = 0; p < EDAI_PARTITIONS; p++) {
        const uint32_t live = atomic_load_explicit(&type->live_at[p], memory_order_relaxed);

        if (!edai_view_holds(place, slot, p)) {
            continue;
        }
        if (edai_place_owner(place, p) == EDAI_SELF) {
            sum->kept += live;
        } else {
            sum->given_up += live;
            count_given_up(node, place, p, live);
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
    edai_system_log(node->sys, NULL,
        "node %s ran apart from this one; actors here that may live there, too: %" PRIu64
        ", given up: %" PRIu64 ", kept: %" PRIu64,
        member->id, sum.given_up + sum.kept, sum.given_up, sum.kept);
}

void edai_meet_look(edai_node *node)
{
    const edai_member *member;

    if (node->met == 0) {
        return;
    }
    edai_member_hold(node); /* what came to life since the last hello is placed, too */
    member = edai_view_at(node->view, node->met);
    node->met = 0;
    if (member != NULL) {
        look_at(node, member);
    }
}
