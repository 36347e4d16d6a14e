/* move.c - see move.h. */
#include "cluster/node.h"

#include "base/memory.h"

#include <string.h>

#define LOOK EDA_MS(1)      /* between two looks whether a sweep is over */
#define PATIENCE EDA_MS(20) /* without progress, then what has not gone stays */
#define SWEEP_MAX EDA_SEC(1)
#define REST EDA_MS(10)  /* between two steps, at least */
#define REST_FACTOR 4    /* and so many times what the step took */
#define GIVEN EDA_SEC(5) /* by then the others know, or are dead */

/* The first one goes behind whatever workers sent before they could know of the motion, the second
 * behind what they sent in that round to each other, the third behind what was on its way then. */
#define LOOKS_MIN 3u

/* NOLINTNEXTLINE(misc-redundant-expression): so shall it stay */
_Static_assert(EDAI_MOVING == EDAI_IN_MOTION, "the view's word for it, and the core's");

static bool has(const uint8_t *bits, uint32_t partition)
{
    return (bits[partition / 8] >> partition % 8 & 1) != 0;
}

static void put(uint8_t *bits, uint32_t partition, bool is_in)
{
    const uint8_t bit = (uint8_t)(1u << partition % 8);

    bits[partition / 8] = (uint8_t)(is_in ? bits[partition / 8] | bit : bits[partition / 8] & ~bit);
}

static uint32_t live_at(const edai_actor_type *type, uint32_t partition)
{
    return atomic_load_explicit(&type->live_at[partition], memory_order_relaxed);
}

static uint64_t count_live(const edai_moves *moves)
{
    uint64_t sum = 0;
    uint32_t p;

    for (p = 0; p < EDAI_PARTITIONS; p++) {
        sum += has(moves->bits, p) ? live_at(moves->type, p) : 0;
    }
    return sum;
}

static edai_place *place_of(edai_node *node, const edai_actor_type *type)
{
    return edai_view_place(node->view, eda_str_from(type->actor->name));
}

eda_status edai_moves_open(edai_node *node)
{
    node->moves.types = edai_calloc(node->sys->actor_count + 1u, sizeof(*node->moves.types));
    return node->moves.types != NULL ? EDA_OK : EDA_ENOMEM;
}

void edai_moves_fini(edai_node *node)
{
    edai_free(node->moves.types);
    node->moves.types = NULL;
}

void edai_move_hold(const edai_node *node, const edai_actor_type *type, uint8_t *bits)
{
    uint32_t i;

    for (i = 0; node->moves.type == type && i < EDAI_PARTITIONS / 8; i++) {
        bits[i] |= node->moves.bits[i];
    }
}

bool edai_move_was_given(const edai_node *node, const edai_actor_type *type, uint32_t partition)
{
    return node->moves.given_at != 0 && has(node->moves.types[type->index].given, partition);
}

void edai_move_keep(edai_node *node, edai_envelope *envelope)
{
    edai_moves *moves = &node->moves;

    edai_line_add(&moves->kept, envelope, envelope);
    moves->kept_count++;
}

/* --- the end of a step --------------------------------------------------------------------- */

static void deliver_kept(edai_node *node)
{
    node->moves.kept_count = 0;
    edai_spread_take_all(node, &node->moves.kept);
}

/* Empty ones are given away, the others stay. */
static void sort_out(edai_node *node)
{
    edai_moves *moves = &node->moves;
    edai_move_type *of = &moves->types[moves->type->index];
    uint32_t p;

    for (p = 0; p < EDAI_PARTITIONS; p++) {
        if (!has(moves->bits, p)) {
            continue;
        }
        if (moves->looks >= LOOKS_MIN && live_at(moves->type, p) == 0) {
            put(moves->bits, p, false);
            put(of->given, p, true);
            moves->given_at = node->gateway->now;
        } else {
            put(of->stuck, p, true);
        }
    }
}

static void on_timer(edai_worker *gateway, edai_timer *timer);

static void arm(edai_node *node, int64_t due)
{
    edai_timers *timers = &node->gateway->timers;

    edai_timers_disarm(timers, &node->moves.timer);
    if (edai_timers_arm(timers, &node->moves.timer, due, on_timer) != EDA_OK) {
        edai_move_stop(node); /* the next hello begins anew */
    }
}

/* Those that are given away are another's before the rest is this node's again: in between nobody
 * takes what is not his. */
static void finish(edai_node *node)
{
    edai_moves *moves = &node->moves;
    edai_place *place = place_of(node, moves->type);
    int64_t took = node->gateway->now - moves->began_at;

    sort_out(node);
    edai_member_hold(node);
    moves->type = NULL;
    edai_view_move(node->view, place, NULL);
    deliver_kept(node);
    moves->next_at = node->gateway->now + (took * REST_FACTOR > REST ? took * REST_FACTOR : REST);
    edai_node_tell(node);
    arm(node, moves->next_at);
}

void edai_move_stop(edai_node *node)
{
    edai_moves *moves = &node->moves;

    if (node->gateway != NULL) {
        edai_timers_disarm(&node->gateway->timers, &moves->timer);
    }
    if (moves->type != NULL) {
        edai_place *place = place_of(node, moves->type);

        moves->type = NULL;
        edai_view_move(node->view, place, NULL);
        deliver_kept(node);
    }
}

/* --- a step -------------------------------------------------------------------------------- */

static void sweep(edai_node *node)
{
    edai_moves *moves = &node->moves;

    moves->begun++;
    if (!edai_leave_sweep(node, moves->type, &moves->swept)) {
        atomic_fetch_add(&moves->swept, 1); /* out of memory: as if nothing went */
    }
}

static void look(edai_node *node)
{
    edai_moves *moves = &node->moves;
    int64_t now = node->gateway->now;
    bool is_swept = atomic_load(&moves->swept) == moves->begun;
    uint64_t live = count_live(moves);

    moves->looks += is_swept ? 1 : 0;
    if (live < moves->live) {
        moves->live = live;
        moves->progress_at = now;
    }
    if ((live == 0 && moves->looks >= LOOKS_MIN) || moves->kept_count >= EDAI_MOVE_KEPT_MAX ||
        now - moves->progress_at >= (is_swept && live > 0 ? PATIENCE : SWEEP_MAX)) {
        finish(node);
        return;
    }
    if (is_swept) {
        sweep(node);
    }
    arm(node, now + LOOK);
}

/* --- the beginning of a step --------------------------------------------------------------- */

/* What it saved, its new owner finds. */
static bool may_move(const eda_system *sys, const edai_actor_type *type)
{
    return type->live_at != NULL && type->is_spread && type->has_saves && sys->store != NULL &&
           sys->store->is_shared;
}

static bool choose(edai_node *node, const edai_actor_type *type)
{
    edai_moves *moves = &node->moves;
    uint8_t bits[EDAI_PARTITIONS / 8];
    uint32_t count = 0;
    uint64_t live = 0;
    uint32_t p;

    edai_view_list_movable(node->view, place_of(node, type), bits);
    memset(moves->bits, 0, sizeof(moves->bits));
    for (p = 0; p < EDAI_PARTITIONS && count < EDAI_MOVE_PARTITIONS; p++) {
        if (!has(bits, p) || has(moves->types[type->index].stuck, p) ||
            (count > 0 && live + live_at(type, p) > EDAI_MOVE_ACTIVATIONS)) {
            continue;
        }
        put(moves->bits, p, true);
        live += live_at(type, p);
        count++;
    }
    return count > 0;
}

static void begin(edai_node *node, const edai_actor_type *type)
{
    edai_moves *moves = &node->moves;
    int64_t now = node->gateway->now;

    moves->type = type;
    edai_view_move(node->view, place_of(node, type), moves->bits);
    moves->live = count_live(moves);
    moves->looks = 0;
    moves->began_at = now;
    moves->progress_at = now;
    sweep(node);
    arm(node, now + LOOK);
}

/* All are there for certain, and see the same. */
static bool is_quiet(const edai_node *node)
{
    uint16_t slot;

    for (slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_member *member = edai_view_at(node->view, slot);

        if (member != NULL && member->state != EDAI_USABLE && member->state != EDAI_LEAVING) {
            return false;
        }
    }
    return node->is_ready && !node->is_leaving && !node->is_dead && !node->is_entering &&
           !node->is_ending && edai_wait_all_agree(node);
}

static void forget(edai_node *node)
{
    edai_moves *moves = &node->moves;

    if (moves->given_at != 0 && node->gateway->now - moves->given_at >= GIVEN) {
        moves->given_at = 0;
    }
    if (moves->view != edai_view_number(node->view)) {
        moves->view = edai_view_number(node->view);
        moves->given_at = 0;
        moves->is_over = false;
        memset(moves->types, 0, node->sys->actor_count * sizeof(*moves->types));
    }
}

void edai_move_consider(edai_node *node)
{
    edai_moves *moves = &node->moves;
    const eda_system *sys = node->sys;
    uint32_t i;

    if (moves->type != NULL) {
        return;
    }
    forget(node);
    if (moves->is_over || node->gateway->now < moves->next_at || !is_quiet(node)) {
        return;
    }
    for (i = 0; i < sys->actor_count; i++) {
        if (may_move(sys, sys->actors[i]) && choose(node, sys->actors[i])) {
            begin(node, sys->actors[i]);
            return;
        }
    }
    moves->is_over = true;
}

static void on_timer(edai_worker *gateway, edai_timer *timer)
{
    edai_node *node = (edai_node *)(void *)((char *)timer - offsetof(edai_node, moves.timer));

    (void)gateway;
    if (node->moves.type != NULL) {
        look(node);
    } else {
        edai_move_consider(node);
    }
}
