/* place.c - which node hosts what; see view.h.
 *
 * All partitions of a type are placed anew whenever something about its hosts changed. That costs
 * 256 hashes a host, and only types that are concerned pay. */
#include "view/view_parts.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"

#include <string.h>

/* --- the table of types --- */

static bool is_named(const edai_spot *spot, eda_str actor)
{
    return strlen(spot->shown.actor) == actor.len &&
           memcmp(spot->shown.actor, actor.ptr, actor.len) == 0;
}

/* Where the type stands, or would. */
static edai_spot **seek(edai_view *view, eda_str actor, uint64_t hash)
{
    uint32_t at = (uint32_t)hash % EDAI_PLACE_TABLE;

    while (view->table[at] != NULL &&
           (view->table[at]->shown.hash != hash || !is_named(view->table[at], actor))) {
        at = (at + 1) % EDAI_PLACE_TABLE;
    }
    return &view->table[at];
}

static edai_spot *spot_new(eda_str actor, uint64_t hash)
{
    edai_spot *spot = edai_calloc(1, sizeof *spot);
    char *name = edai_alloc(actor.len + 1);

    if (spot == NULL || name == NULL) {
        edai_free(spot);
        edai_free(name);
        return NULL;
    }
    memcpy(name, actor.ptr, actor.len);
    name[actor.len] = '\0';
    spot->shown.actor = name;
    spot->shown.hash = hash;
    for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
        atomic_init(&spot->shown.owner[p], EDAI_NOBODY);
    }
    return spot;
}

edai_place *edai_view_place(edai_view *view, eda_str actor)
{
    uint64_t hash = edai_hash_bytes(actor.ptr, actor.len);
    edai_spot **found = seek(view, actor, hash);

    if (*found == NULL && view->place_count < EDAI_PLACES_MAX) {
        *found = spot_new(actor, hash);
        if (*found != NULL) {
            (*found)->shown.next = view->places;
            view->places = &(*found)->shown;
            view->place_count++;
        }
    }
    return *found == NULL ? NULL : &(*found)->shown;
}

void edai_place_free_all(edai_view *view)
{
    while (view->places != NULL) {
        edai_place *place = view->places;
        view->places = place->next;
        edai_free(place->actor);
        edai_free(place); /* a spot begins with its place */
    }
}

static edai_spot *spot_of(edai_place *place)
{
    return (edai_spot *)(void *)place;
}

/* Of a type that was made sure of. */
static edai_spot *spot_named(edai_view *view, eda_str actor)
{
    return *seek(view, actor, edai_hash_bytes(actor.ptr, actor.len));
}

/* --- owners --- */

typedef struct candidate {
    uint64_t hash; /* of the node's id */
    const char *id;
    uint16_t slot;
    bool is_leaving;
} candidate;

/* Better claims first. */
typedef enum claim {
    CLAIM_HELD = 0,
    CLAIM_HELD_LEAVING,
    CLAIM_READY,
    CLAIM_NONE
} claim;

static uint32_t list_candidates(
    const edai_view *view, const edai_spot *spot, candidate candidates[EDAI_MEMBERS_MAX])
{
    uint32_t count = 0;

    for (uint16_t slot = 0; slot < EDAI_MEMBERS_MAX; slot++) {
        const edai_peer *peer = view->peers[slot];
        if (peer != NULL && peer->role != EDAI_ROLE_NONE && edai_slots_has(&spot->hosts, slot)) {
            candidates[count++] = (candidate){.hash = peer->hash,
                .id = peer->shown.id,
                .slot = slot,
                .is_leaving = peer->role == EDAI_ROLE_LEAVING};
        }
    }
    return count;
}

static bool has_bit(const uint8_t *bits, uint32_t partition)
{
    return (bits[partition / 8] >> partition % 8 & 1) != 0;
}

static void put_bit(uint8_t *bits, uint32_t partition, bool is_in)
{
    uint8_t bit = (uint8_t)(1U << partition % 8);

    bits[partition / 8] = (uint8_t)(is_in ? bits[partition / 8] | bit : bits[partition / 8] & ~bit);
}

static claim claim_of(const edai_spot *spot, const candidate *node, uint32_t partition)
{
    bool is_held = has_bit(spot->held[node->slot], partition);

    if (EDAI_VIEW_PLANTED(UNSTICKY)) {
        is_held = false;
    }
    if (is_held) {
        return node->is_leaving ? CLAIM_HELD_LEAVING : CLAIM_HELD;
    }
    return node->is_leaving ? CLAIM_NONE : CLAIM_READY;
}

/* Weights are equal where hashes collide: the names decide then, since all views must agree. */
static bool is_heavier(const candidate *a, uint64_t weight_a, const candidate *b, uint64_t weight_b)
{
    if (EDAI_VIEW_PLANTED(LOWEST_SLOT)) {
        return a->slot < b->slot;
    }
    return weight_a != weight_b ? weight_a > weight_b : strcmp(a->id, b->id) > 0;
}

/* Of those with the best claim. */
static uint16_t heaviest(const edai_spot *spot, const candidate *candidates, uint32_t count,
    uint32_t partition, bool is_sticky)
{
    uint64_t seed = edai_hash_u64(spot->shown.hash + partition);
    const candidate *best = NULL;
    claim best_claim = CLAIM_NONE;
    uint64_t best_weight = 0;

    for (uint32_t i = 0; i < count; i++) {
        claim own = is_sticky                  ? claim_of(spot, &candidates[i], partition)
                    : candidates[i].is_leaving ? CLAIM_NONE
                                               : CLAIM_READY;
        uint64_t weight = edai_hash_u64(candidates[i].hash ^ seed);
        if (own == CLAIM_NONE || own > best_claim ||
            (own == best_claim && !is_heavier(&candidates[i], weight, best, best_weight))) {
            continue;
        }
        best = &candidates[i];
        best_claim = own;
        best_weight = weight;
    }
    return best == NULL ? EDAI_NOBODY : best->slot;
}

uint16_t edai_view_chosen(const edai_view *view, const edai_place *place, uint32_t partition)
{
    candidate candidates[EDAI_MEMBERS_MAX];
    const edai_spot *spot = (const edai_spot *)(const void *)place;
    uint32_t count = list_candidates(view, spot, candidates);

    return heaviest(spot, candidates, count, partition, false);
}

void edai_view_list_movable(
    const edai_view *view, const edai_place *place, uint8_t ret_bits[EDAI_PARTITIONS / 8])
{
    candidate candidates[EDAI_MEMBERS_MAX];
    const edai_spot *spot = (const edai_spot *)(const void *)place;
    uint32_t count = list_candidates(view, spot, candidates);

    memset(ret_bits, 0, EDAI_PARTITIONS / 8);
    for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
        if (edai_place_owner(place, p) == EDAI_SELF && has_bit(spot->held[EDAI_SELF], p) &&
            heaviest(spot, candidates, count, p, false) != EDAI_SELF) {
            put_bit(ret_bits, p, true);
        }
    }
}

static bool is_own(uint16_t owner)
{
    return owner == EDAI_SELF || owner == EDAI_MOVING;
}

/* True: some partition has another owner. */
static bool place_anew(const edai_view *view, edai_spot *spot)
{
    candidate candidates[EDAI_MEMBERS_MAX];
    uint32_t count = list_candidates(view, spot, candidates);
    bool has_changed = false;

    for (uint32_t p = 0; p < EDAI_PARTITIONS; p++) {
        uint16_t before = edai_place_owner(&spot->shown, p);
        uint16_t owner = heaviest(spot, candidates, count, p, true);

        owner = owner == EDAI_SELF && has_bit(spot->moving, p) ? EDAI_MOVING : owner;
        if (owner != before) {
            if (is_own(owner) != is_own(before)) {
                put_bit(spot->yielded, p, is_own(before));
            }
            /* relaxed: whoever sees it late sends to the wrong owner, which passes it on */
            atomic_store_explicit(&spot->shown.owner[p], owner, memory_order_relaxed);
            has_changed = true;
        }
    }
    return has_changed;
}

void edai_view_settle(edai_view *view)
{
    bool has_changed = false;

    for (edai_place *place = view->places; place != NULL; place = place->next) {
        edai_spot *spot = spot_of(place);
        if (spot->is_stale) {
            spot->is_stale = false;
            has_changed |= place_anew(view, spot);
        }
    }
    if (has_changed && view->events.placed != NULL) {
        view->is_inside = true;
        view->events.placed(view->events.arg);
        view->is_inside = false;
    }
}

/* --- what changes them --- */

void edai_place_stale(edai_view *view, uint16_t slot)
{
    for (edai_place *place = view->places; place != NULL; place = place->next) {
        spot_of(place)->is_stale |= edai_slots_has(&spot_of(place)->hosts, slot);
    }
}

static void set_host(edai_spot *spot, uint16_t slot, bool is_host)
{
    if (edai_slots_has(&spot->hosts, slot) != is_host) {
        edai_slots_put(&spot->hosts, slot, is_host);
        spot->is_stale = !EDAI_VIEW_PLANTED(UNMOVED) || is_host;
    }
}

/* `bits` NULL: none. */
static void set_held(edai_spot *spot, uint16_t slot, const uint8_t *bits)
{
    static const uint8_t none[EDAI_PARTITIONS / 8];

    bits = bits != NULL ? bits : none;
    if (memcmp(spot->held[slot], bits, sizeof spot->held[slot]) != 0) {
        memcpy(spot->held[slot], bits, sizeof spot->held[slot]);
        edai_slots_put(&spot->holders, slot, memcmp(bits, none, sizeof none) != 0);
        spot->is_stale |= edai_slots_has(&spot->hosts, slot);
    }
}

void edai_place_forget(edai_view *view, uint16_t slot)
{
    for (edai_place *place = view->places; place != NULL; place = place->next) {
        set_host(spot_of(place), slot, false);
        if (edai_slots_has(&spot_of(place)->holders, slot)) {
            set_held(spot_of(place), slot, NULL);
        }
    }
}

/* A place each, before anything changes. */
static eda_status make_sure_of(edai_view *view, eda_str actor)
{
    if (edai_view_place(view, actor) == NULL) {
        return view->place_count == EDAI_PLACES_MAX ? EDA_ELIMIT : EDA_ENOMEM;
    }
    return EDA_OK;
}

eda_status edai_place_catalogue(
    edai_view *view, uint16_t slot, const eda_str *actors, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        EDA_TRY(make_sure_of(view, actors[i]));
    }
    view->serial++;
    for (uint32_t i = 0; i < count; i++) {
        edai_spot *spot = spot_named(view, actors[i]);
        spot->touched = view->serial;
        set_host(spot, slot, true);
    }
    for (edai_place *place = view->places; place != NULL; place = place->next) {
        if (spot_of(place)->touched != view->serial) {
            set_host(spot_of(place), slot, false);
        }
    }
    return EDA_OK;
}

eda_status edai_place_held(
    edai_view *view, uint16_t slot, const edai_wire_held *held, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        EDA_TRY(make_sure_of(view, held[i].actor));
    }
    view->serial++;
    for (uint32_t i = 0; i < count; i++) {
        edai_spot *spot = spot_named(view, held[i].actor);
        spot->touched = view->serial;
        set_held(spot, slot, held[i].bits);
    }
    for (edai_place *place = view->places; place != NULL; place = place->next) {
        edai_spot *spot = spot_of(place);
        if (spot->touched != view->serial && edai_slots_has(&spot->holders, slot)) {
            set_held(spot, slot, NULL);
        }
    }
    return EDA_OK;
}

eda_status edai_view_host(edai_view *view, eda_str actor)
{
    EDA_ASSERT(
        view->peers[EDAI_SELF]->role == EDAI_ROLE_NONE, "what is hosted is known when ready");
    EDA_TRY(make_sure_of(view, actor));
    set_host(spot_named(view, actor), EDAI_SELF, true);
    return EDA_OK;
}

void edai_view_hold(edai_view *view, const edai_place *place, const uint8_t *bits)
{
    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    set_held(*seek(view, eda_str_from(place->actor), place->hash), EDAI_SELF, bits);
    edai_view_settle(view);
}

bool edai_view_holds(const edai_place *place, uint16_t slot, uint32_t partition)
{
    return has_bit(((const edai_spot *)(const void *)place)->held[slot], partition);
}

bool edai_view_take_yielded(edai_place *place, uint32_t partition)
{
    edai_spot *spot = spot_of(place);
    bool was_yielded = has_bit(spot->yielded, partition);

    put_bit(spot->yielded, partition, false);
    return was_yielded;
}

void edai_view_move(edai_view *view, edai_place *place, const uint8_t *bits)
{
    static const uint8_t none[EDAI_PARTITIONS / 8];
    edai_spot *spot = spot_of(place);

    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    memcpy(spot->moving, bits != NULL ? bits : none, sizeof spot->moving);
    spot->is_stale = true;
    edai_view_settle(view);
}
