/* move.h - giving partitions to nodes that joined, while all go on.
 *
 * What nodes hold stays with them (view.h), so that one that joins would get little for long.
 * Therefore, once all see the same nodes, each gives away what would be another's if nobody held
 * it: of keyed types that save in a store that all share, a few partitions at a time. While they
 * are in motion, nobody owns them here: what comes for them is kept. Their activations go as for
 * idleness; when none is left, and nothing that was sent to them before is on its way, the other
 * nodes are told, and what was kept goes to the new owner. Whatever does not go soon, having much
 * to do, or timers, stays until the nodes change. Threads: the gateway's. */
#ifndef EDAI_MOVE_H
#define EDAI_MOVE_H

#include "cluster/line.h"
#include "core/system.h"
#include "view/view.h"

/* In motion at once: so many partitions, and no more than one if there are as many activations in
 * it. */
#define EDAI_MOVE_PARTITIONS 8u
#define EDAI_MOVE_ACTIVATIONS 1024u
#define EDAI_MOVE_KEPT_MAX 16384u /* messages; then what has not gone stays */

typedef struct edai_node edai_node;

/* Of an actor type: partitions, by bit, since the nodes changed last. */
typedef struct edai_move_type {
    uint8_t given[EDAI_PARTITIONS / 8];
    uint8_t stuck[EDAI_PARTITIONS / 8];
} edai_move_type;

typedef struct edai_moves {
    const edai_actor_type *type; /* some of whose partitions are in motion; NULL: none */
    uint8_t bits[EDAI_PARTITIONS / 8];
    uint64_t live;          /* activations in them, when it was looked last */
    uint32_t looks;         /* sweeps since they are in motion that are over */
    uint32_t begun;         /* sweeps, ever */
    _Atomic uint32_t swept; /* of these, over; written by workers */
    int64_t began_at;
    int64_t progress_at;
    int64_t next_at; /* not before */
    edai_timer timer;
    edai_line kept;
    uint32_t kept_count;
    edai_move_type *types; /* by actor type's index; owned */
    uint64_t view;         /* number of the view that these are of */
    int64_t given_at;      /* 0: none was */
    bool is_over;          /* there is nothing more to be given in this view */
} edai_moves;

/* EDA_ENOMEM. */
EDA_CHECK eda_status edai_moves_open(edai_node *node);
void edai_moves_fini(edai_node *node);

/* Begins if something is to be given away and may be. Now and then. */
void edai_move_consider(edai_node *node);
/* What is in motion stays after all; what was kept is delivered. */
void edai_move_stop(edai_node *node);
/* Takes a delivery for a partition in motion. */
void edai_move_keep(edai_node *node, edai_envelope *envelope);
/* Adds to what a type holds here. */
void edai_move_hold(const edai_node *node, const edai_actor_type *type, uint8_t *bits);
/* The partition was given away lately: its new owner may not know it yet, and is to keep what comes
 * from here. */
bool edai_move_was_given(const edai_node *node, const edai_actor_type *type, uint32_t partition);

#endif
