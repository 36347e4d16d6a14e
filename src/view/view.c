/* view.c - which nodes there are; see view.h. What they host is in place.c. */
#include "view/view_parts.h"

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"

#include <string.h>

#define ID_LEN_MAX (EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 1)

static eda_str id_of(const edai_peer *peer)
{
    return eda_str_from(peer->shown.id);
}

static edai_peer *peer_new(eda_str id, uint16_t slot)
{
    edai_peer *peer = edai_calloc(1, sizeof *peer);

    if (peer != NULL) {
        memcpy(peer->shown.id, id.ptr, id.len);
        peer->shown.slot = slot;
        peer->shown.state = EDAI_JOINING;
        peer->hash = edai_hash_bytes(id.ptr, id.len);
    }
    return peer;
}

eda_status edai_view_new(eda_str id, const edai_view_events *events, edai_view **ret_view)
{
    EDA_ASSERT(edai_wire_id_is_good(id), "nobody would read this node's hellos");
    edai_view *view = edai_calloc(1, sizeof *view);
    if (view == NULL) {
        return EDA_ENOMEM;
    }
    view->peers[EDAI_SELF] = peer_new(id, EDAI_SELF);
    if (view->peers[EDAI_SELF] == NULL) {
        edai_free(view);
        return EDA_ENOMEM;
    }
    view->events = *events;
    view->suspect_ms = EDAI_SUSPECT_MS;
    view->due_at = INT64_MAX;
    *ret_view = view;
    return EDA_OK;
}

void edai_view_free(edai_view *view)
{
    if (view == NULL) {
        return;
    }
    for (uint16_t slot = 0; slot < EDAI_MEMBERS_MAX; slot++) {
        edai_free(view->peers[slot]);
    }
    edai_place_free_all(view);
    edai_free(view);
}

void edai_view_suspect_after(edai_view *view, uint32_t silence_ms)
{
    EDA_ASSERT(view->slot_last == 0, "those who were found are watched already");
    view->suspect_ms = silence_ms;
}

void edai_view_rename(edai_view *view, eda_str id)
{
    edai_peer *self = view->peers[EDAI_SELF];

    EDA_ASSERT(edai_wire_id_is_good(id), "nobody would read this node's hellos");
    view->former[view->former_count++ % EDAI_FORMER_MAX] = self->hash;
    memset(self->shown.id, 0, sizeof self->shown.id);
    memcpy(self->shown.id, id.ptr, id.len);
    self->hash = edai_hash_bytes(id.ptr, id.len);
    view->death_count = 0;
    edai_place_stale(view, EDAI_SELF);
    edai_view_settle(view);
}

/* --- looking --- */

static edai_peer *find_hashed(const edai_view *view, eda_str id, uint64_t hash)
{
    for (uint16_t slot = 0; slot < EDAI_MEMBERS_MAX; slot++) {
        edai_peer *peer = view->peers[slot];
        if (peer != NULL && peer->hash == hash && eda_str_equal(id_of(peer), id)) {
            return peer;
        }
    }
    return NULL;
}

static edai_peer *find(const edai_view *view, eda_str id)
{
    return find_hashed(view, id, edai_hash_bytes(id.ptr, id.len));
}

const edai_member *edai_view_find(const edai_view *view, eda_str id)
{
    const edai_peer *peer = find(view, id);

    return peer == NULL ? NULL : &peer->shown;
}

const edai_member *edai_view_at(const edai_view *view, uint16_t slot)
{
    return slot >= EDAI_MEMBERS_MAX || view->peers[slot] == NULL ? NULL : &view->peers[slot]->shown;
}

static bool is_dead(const edai_view *view, uint64_t hash)
{
    uint32_t count = view->death_count < EDAI_DEATHS_MAX ? view->death_count : EDAI_DEATHS_MAX;

    for (uint32_t i = 0; i < count; i++) {
        if (view->deaths[i] == hash) {
            return !EDAI_VIEW_PLANTED(RESURRECTED);
        }
    }
    return false;
}

static bool is_former(const edai_view *view, uint64_t hash)
{
    uint32_t count = view->former_count < EDAI_FORMER_MAX ? view->former_count : EDAI_FORMER_MAX;

    for (uint32_t i = 0; i < count; i++) {
        if (view->former[i] == hash) {
            return true;
        }
    }
    return false;
}

uint32_t edai_view_usable_count(const edai_view *view)
{
    uint32_t count = 0;

    for (uint16_t slot = 0; slot < EDAI_MEMBERS_MAX; slot++) {
        count += view->peers[slot] != NULL && view->peers[slot]->role == EDAI_ROLE_READY;
    }
    return count;
}

uint64_t edai_view_number(const edai_view *view)
{
    return view->number;
}

/* --- telling --- */

static void tell_changed(edai_view *view, const edai_peer *peer, edai_member_state before)
{
    if (view->events.changed != NULL) {
        view->is_inside = true;
        view->events.changed(view->events.arg, &peer->shown, before);
        view->is_inside = false;
    }
}

static void ping(edai_view *view, edai_peer *peer, int64_t now)
{
    peer->shown.pinged_at = now;
    if (view->events.ping != NULL) {
        view->is_inside = true;
        view->events.ping(view->events.arg, &peer->shown);
        view->is_inside = false;
    }
}

static bool wants_catalogue(const edai_peer *peer)
{
    return peer->was_heard &&
           (!peer->is_catalogued || peer->shown.catalogued != peer->shown.actors);
}

static void ask_catalogue(edai_view *view, edai_peer *peer, int64_t now)
{
    if (!wants_catalogue(peer) ||
        (peer->is_asked &&
            (now - peer->asked_at < EDA_MS(EDAI_CATALOGUE_MS) || EDAI_VIEW_PLANTED(ASKED_ONCE)))) {
        return;
    }
    peer->is_asked = true;
    peer->asked_at = now;
    if (view->events.catalogue != NULL) {
        view->is_inside = true;
        view->events.catalogue(view->events.arg, &peer->shown);
        view->is_inside = false;
    }
}

/* --- states --- */

/* Nobody becomes usable as a suspect, but who is usable stays so. */
static edai_role role_of(const edai_peer *peer)
{
    if (peer->role == EDAI_ROLE_NONE && peer->is_suspected) {
        return EDAI_ROLE_NONE;
    }
    if ((!peer->was_pinged && !EDAI_VIEW_PLANTED(UNPINGED)) || !peer->is_catalogued) {
        return EDAI_ROLE_NONE;
    }
    return peer->shown.is_leaving ? EDAI_ROLE_LEAVING : EDAI_ROLE_READY;
}

/* After anything about the peer has changed. */
static void update(edai_view *view, edai_peer *peer)
{
    static const edai_member_state states[] = {
        [EDAI_ROLE_NONE] = EDAI_JOINING,
        [EDAI_ROLE_READY] = EDAI_USABLE,
        [EDAI_ROLE_LEAVING] = EDAI_LEAVING,
    };
    edai_role role = role_of(peer);
    edai_member_state before = peer->shown.state;
    edai_member_state state =
        peer->is_suspected && role != EDAI_ROLE_NONE ? EDAI_SUSPECT : states[role];

    if (role != peer->role) {
        peer->role = role;
        view->number++;
        edai_place_stale(view, peer->shown.slot);
    }
    if (state != before) {
        peer->shown.state = state;
        tell_changed(view, peer, before);
    }
}

static void suspect(edai_view *view, edai_peer *peer, bool is_silent, int64_t now)
{
    if (peer->is_suspected) {
        return;
    }
    peer->is_suspected = true;
    peer->is_silent = is_silent;
    peer->shown.suspected_at = EDAI_VIEW_PLANTED(EARLY_DEATH) ? peer->shown.heard_at : now;
    peer->shown.is_pinged = false;
    peer->unserved = 0;
    if (view->due_at > now + EDA_MS(EDAI_PING_MS)) {
        view->due_at = now + EDA_MS(EDAI_PING_MS);
    }
    update(view, peer);
    ping(view, peer, now);
}

/* The slot is free once death was told, and nothing points to it. */
static void bury(edai_view *view, edai_peer *peer)
{
    edai_member_state before = peer->shown.state;

    if (peer->role != EDAI_ROLE_NONE) {
        view->deaths[view->death_count++ % EDAI_DEATHS_MAX] = peer->hash;
        view->number++;
    }
    edai_place_forget(view, peer->shown.slot);
    view->peers[peer->shown.slot] = NULL;
    peer->shown.state = EDAI_GONE;
    tell_changed(view, peer, before);
    edai_free(peer);
}

/* --- finding --- */

static uint16_t free_slot(const edai_view *view)
{
    for (uint16_t i = 0; i < EDAI_MEMBERS_MAX - 1; i++) {
        uint16_t slot = (uint16_t)(1 + (view->slot_last + i) % (EDAI_MEMBERS_MAX - 1));
        if (view->peers[slot] == NULL) {
            return slot;
        }
    }
    return EDAI_NOBODY;
}

/* Without its incarnation. */
static eda_str node_of(const edai_peer *peer)
{
    eda_str id = id_of(peer);

    return (eda_str){.ptr = id.ptr, .len = id.len - EDAI_WIRE_INC_LEN - 1};
}

/* Most likely the node was started anew: is the one before still there? */
static void suspect_namesakes(edai_view *view, const edai_peer *peer, int64_t now)
{
    for (uint16_t slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        edai_peer *other = view->peers[slot];
        if (other != NULL && other != peer && eda_str_equal(node_of(other), node_of(peer))) {
            suspect(view, other, false, now);
        }
    }
}

static eda_status add(edai_view *view, eda_str id, int64_t now, edai_peer **ret_peer)
{
    uint16_t slot = free_slot(view);

    if (slot == EDAI_NOBODY) {
        return EDA_ELIMIT;
    }
    edai_peer *peer = peer_new(id, slot);
    if (peer == NULL) {
        return EDA_ENOMEM;
    }
    view->slot_last = slot;
    view->peers[slot] = peer;
    peer->shown.heard_at = now;
    tell_changed(view, peer, (edai_member_state)0);
    ping(view, peer, now);
    suspect_namesakes(view, peer, now);
    *ret_peer = peer;
    return EDA_OK;
}

/* The member, found now if need be; NULL for this node itself, in whichever incarnation. */
static eda_status find_or_add(edai_view *view, eda_str id, int64_t now, edai_peer **ret_peer)
{
    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    if (!edai_wire_id_is_good(id)) {
        return EDA_EINVAL;
    }
    uint64_t hash = edai_hash_bytes(id.ptr, id.len);
    edai_peer *peer = find_hashed(view, id, hash);
    if (peer == NULL && is_dead(view, hash)) {
        return EDA_ESTALE;
    }
    if (peer == NULL && is_former(view, hash)) {
        *ret_peer = NULL;
        return EDA_OK;
    }
    if (peer == NULL) {
        return add(view, id, now, ret_peer);
    }
    *ret_peer = peer->shown.slot == EDAI_SELF ? NULL : peer;
    return EDA_OK;
}

/* --- what was heard --- */

static void lose_token(edai_view *view, eda_str id, int64_t now)
{
    edai_peer *peer = find(view, id);

    if (peer != NULL && peer->shown.slot != EDAI_SELF && peer->shown.has_token) {
        peer->shown.has_token = false;
        suspect(view, peer, false, now);
    }
}

eda_status edai_view_token(edai_view *view, eda_str id, bool is_alive, int64_t now)
{
    edai_peer *peer = NULL;

    if (is_alive) {
        EDA_TRY(find_or_add(view, id, now, &peer));
        if (peer != NULL) {
            peer->shown.has_token = true;
        }
    } else {
        lose_token(view, id, now);
    }
    edai_view_settle(view);
    return EDA_OK;
}

/* What a hello says of its node; one that was overtaken says nothing new. */
static eda_status take(edai_view *view, edai_peer *peer, const edai_hello *hello)
{
    if (peer->was_heard && hello->view < peer->shown.view) {
        return EDA_OK;
    }
    eda_status status = edai_place_held(view, peer->shown.slot, hello->held, hello->held_count);
    peer->was_heard = true;
    peer->shown.is_leaving |= hello->is_leaving;
    peer->shown.view = hello->view;
    peer->shown.actors = hello->actors;
    return status;
}

/* A hello clears a suspect if it cannot have been on its way when its token went. */
static bool is_cleared(const edai_peer *peer, int64_t now)
{
    return peer->is_silent || now - peer->shown.suspected_at >= EDA_MS(EDAI_PING_MS);
}

static eda_status hear(edai_view *view, const edai_hello *hello, bool is_pong, int64_t now)
{
    char id[ID_LEN_MAX + 1];
    edai_peer *peer = NULL;

    if (hello->node.len > EDAI_WIRE_NODE_LEN_MAX || hello->inc.len != EDAI_WIRE_INC_LEN) {
        return EDA_EINVAL;
    }
    memcpy(id, hello->node.ptr, hello->node.len);
    id[hello->node.len] = '/';
    memcpy(id + hello->node.len + 1, hello->inc.ptr, hello->inc.len);
    EDA_TRY(find_or_add(
        view, (eda_str){.ptr = id, .len = hello->node.len + 1 + EDAI_WIRE_INC_LEN}, now, &peer));
    if (peer == NULL) {
        return EDA_OK;
    }
    eda_status status = take(view, peer, hello);
    peer->shown.heard_at = now;
    if (is_pong) {
        peer->was_pinged = true;
        peer->shown.is_pinged = true;
    }
    if (peer->is_suspected && (is_pong || is_cleared(peer, now))) {
        peer->is_suspected = false;
    }
    update(view, peer);
    ask_catalogue(view, peer, now);
    edai_view_settle(view);
    return status;
}

eda_status edai_view_hello(edai_view *view, const edai_hello *hello, int64_t now)
{
    return hear(view, hello, false, now);
}

eda_status edai_view_pong(edai_view *view, const edai_hello *hello, int64_t now)
{
    return hear(view, hello, true, now);
}

void edai_view_unserved(edai_view *view, eda_str id, int64_t now)
{
    edai_peer *peer = find(view, id);

    (void)now;
    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    if (peer == NULL || peer->shown.slot == EDAI_SELF) {
        return;
    }
    const bool is_ghost = !peer->was_heard && peer->shown.has_token;
    if (!is_ghost && (!peer->is_suspected || peer->shown.has_token)) {
        return;
    }
    peer->unserved++;
    if (peer->unserved >= (is_ghost ? EDAI_GHOST_MAX : EDAI_UNSERVED_MAX)) {
        bury(view, peer);
        edai_view_settle(view);
    }
}

eda_status edai_view_catalogued(
    edai_view *view, eda_str id, uint64_t hash, const eda_str *actors, uint32_t count)
{
    edai_peer *peer = find(view, id);

    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    if (peer == NULL || peer->shown.slot == EDAI_SELF) {
        return EDA_ENOENT;
    }
    EDA_TRY(edai_place_catalogue(view, peer->shown.slot, actors, count));
    peer->shown.catalogued = hash;
    peer->is_catalogued = true;
    peer->is_asked = false;
    update(view, peer);
    edai_view_settle(view);
    return EDA_OK;
}

/* --- this node --- */

static void set_self(edai_view *view, edai_role role, edai_member_state state)
{
    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    edai_peer *self = view->peers[EDAI_SELF];
    if (self->role != role) {
        self->role = role;
        self->shown.state = state;
        view->number++;
        edai_place_stale(view, EDAI_SELF);
        edai_view_settle(view);
    }
}

void edai_view_ready(edai_view *view)
{
    set_self(view, EDAI_ROLE_READY, EDAI_USABLE);
}

void edai_view_leave(edai_view *view)
{
    set_self(view, EDAI_ROLE_LEAVING, EDAI_LEAVING);
}

/* --- time --- */

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* One that only its token tells of may be slow to start: silence says nothing. */
static bool may_be_silent(const edai_peer *peer)
{
    return !peer->was_heard && peer->shown.has_token;
}

static int64_t due_of(const edai_view *view, const edai_peer *peer)
{
    int64_t due = INT64_MAX;

    if (peer->is_suspected) {
        due = peer->shown.suspected_at + EDA_MS(EDAI_DEAD_MS);
    } else if (!may_be_silent(peer)) {
        due = peer->shown.heard_at + EDA_MS(view->suspect_ms);
    }
    if (!peer->shown.is_pinged) {
        due = earlier(due, peer->shown.pinged_at + EDA_MS(EDAI_PING_MS));
    }
    if (wants_catalogue(peer) && peer->is_asked) {
        due = earlier(due, peer->asked_at + EDA_MS(EDAI_CATALOGUE_MS));
    }
    return due;
}

/* Returns when to look again. */
static int64_t watch(edai_view *view, edai_peer *peer, int64_t now)
{
    if (!peer->is_suspected && !may_be_silent(peer) &&
        now - peer->shown.heard_at >= EDA_MS(view->suspect_ms)) {
        suspect(view, peer, true, now);
    }
    if (peer->is_suspected && now - peer->shown.suspected_at >= EDA_MS(EDAI_DEAD_MS)) {
        bury(view, peer);
        return INT64_MAX;
    }
    if (!peer->shown.is_pinged && now - peer->shown.pinged_at >= EDA_MS(EDAI_PING_MS)) {
        ping(view, peer, now);
    }
    ask_catalogue(view, peer, now);
    return due_of(view, peer);
}

/* What the suspects said meanwhile may still wait to be read: their time begins anew. */
static void forgive_stall(edai_view *view, int64_t now)
{
    if (view->due_at == INT64_MAX || now - view->due_at < EDA_MS(EDAI_STALL_MS) ||
        EDAI_VIEW_PLANTED(UNFORGIVING)) {
        return;
    }
    for (uint16_t slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        if (view->peers[slot] != NULL) {
            view->peers[slot]->shown.suspected_at = now;
        }
    }
}

int64_t edai_view_tick(edai_view *view, int64_t now)
{
    int64_t due = INT64_MAX;

    EDA_ASSERT(!view->is_inside, "no event changes the view it comes from");
    forgive_stall(view, now);
    for (uint16_t slot = 1; slot < EDAI_MEMBERS_MAX; slot++) {
        if (view->peers[slot] != NULL) {
            due = earlier(due, watch(view, view->peers[slot], now));
        }
    }
    edai_view_settle(view);
    view->due_at = due;
    return due;
}
