/* relay.c - where frames go: puts to who subscribes, gets to who serves, tokens to who watches. */
#include "bus/local/relay.h"

#include <edacious/topic.h>

#include "base/assert.h"
#include "base/hash.h"
#include "base/memory.h"
#include "bus/local/hub.h"

bool edai_relay_is_full(const edai_peer *peer)
{
    return peer->link.waiting_size > EDAI_HUB_QUEUE_SIZE;
}

void edai_relay_tell(const edai_relay *route, edai_peer *to, const edai_frame *frame)
{
    if (to->is_gone || to->is_deaf) {
        return;
    }
    if (edai_link_is_empty(&to->link)) {
        to->since_ns = route->now_ns;
    }
    if (edai_link_tell(&to->link, frame) != EDA_OK) {
        to->is_gone = true;
        to->why = "no memory for what it must be told";
    }
}

/* The same on behalf of another, which is not read from while the queue is full. */
static void pass_on(
    const edai_relay *route, edai_peer *from, edai_peer *to, const edai_frame *frame)
{
    edai_relay_tell(route, to, frame);
    if (edai_relay_is_full(to)) {
        from->held_by = to;
    }
}

static eda_str key_of(const edai_declared *declared)
{
    return (eda_str){(const char *)declared->key->bytes, declared->key->size};
}

static bool wants(const edai_declared *declared, edai_frame_type type, eda_str key)
{
    return declared->type == type && eda_topic_intersects(key_of(declared), key);
}

/* The first of that type from `at` on that wants the key; NULL: none. */
static edai_declared *find(edai_declared *at, edai_frame_type type, eda_str key)
{
    while (at != NULL && !wants(at, type, key)) {
        at = at->next;
    }
    return at;
}

/* --- hearers and tokens --- */

static void look_who_hears(edai_relay *route, edai_peer *peer, edai_declared *heard)
{
    bool is_heard = false;

    for (edai_peer *p = route->peers; p != NULL && !is_heard; p = p->next) {
        is_heard = p != peer && find(p->declared, EDAI_FRAME_SUBSCRIBE, key_of(heard)) != NULL;
    }
    if (is_heard != heard->is_heard) {
        heard->is_heard = is_heard;
        edai_relay_tell(route, peer,
            &(edai_frame){.type = EDAI_FRAME_HEARERS, .id = heard->id, .other = is_heard});
    }
}

/* A subscription came or went. */
static void subscription_changed(edai_relay *route, const edai_peer *of, eda_str pattern)
{
    for (edai_peer *p = route->peers; p != NULL; p = p->next) {
        edai_declared *heard = p == of ? NULL : find(p->declared, EDAI_FRAME_HEARD, pattern);
        while (heard != NULL) {
            look_who_hears(route, p, heard);
            heard = find(heard->next, EDAI_FRAME_HEARD, pattern);
        }
    }
}

/* A token's number, the same whichever hub tells of it. */
static edai_frame sighting(
    edai_frame_type type, const edai_declared *watch, uint64_t session, edai_declared *token)
{
    return (edai_frame){.type = (uint8_t)type,
        .id = watch->id,
        .other = edai_hash_join(session, token->id),
        .body = token->key};
}

/* A token came or went. */
static void token_changed(
    edai_relay *route, edai_peer *of, edai_declared *token, edai_frame_type type)
{
    for (edai_peer *p = route->peers; p != NULL; p = p->next) {
        edai_declared *w = p == of ? NULL : find(p->declared, EDAI_FRAME_WATCH, key_of(token));
        for (; w != NULL; w = find(w->next, EDAI_FRAME_WATCH, key_of(token))) {
            edai_frame frame = sighting(type, w, of->session, token);
            pass_on(route, of, p, &frame);
        }
    }
}

/* A watch came: it is told of the tokens that are there. */
static void show_tokens(edai_relay *route, edai_peer *of, edai_declared *watch)
{
    for (edai_peer *p = route->peers; p != NULL; p = p->next) {
        edai_declared *t = p == of ? NULL : find(p->declared, EDAI_FRAME_TOKEN, key_of(watch));
        for (; t != NULL; t = find(t->next, EDAI_FRAME_TOKEN, key_of(watch))) {
            edai_frame frame = sighting(EDAI_FRAME_CAME, watch, p->session, t);
            edai_relay_tell(route, of, &frame);
        }
    }
}

/* --- declarations --- */

static void undeclare(edai_relay *route, edai_peer *of, edai_declared *declared)
{
    if (declared->type == EDAI_FRAME_SUBSCRIBE) {
        subscription_changed(route, of, key_of(declared));
    } else if (declared->type == EDAI_FRAME_TOKEN) {
        token_changed(route, of, declared, EDAI_FRAME_WENT);
    }
    edai_block_free(declared->key);
    edai_free(declared);
}

static eda_status declare(edai_relay *route, edai_peer *from, const edai_frame *frame)
{
    edai_declared *declared = edai_alloc(sizeof(*declared));

    if (declared == NULL || from->declared_len == EDAI_HUB_DECLARATIONS_MAX) {
        edai_free(declared);
        return declared == NULL ? EDA_ENOMEM : EDA_ELIMIT;
    }
    *declared = (edai_declared){.next = from->declared,
        .id = frame->id,
        .type = frame->type,
        .key = edai_block_keep(frame->body)};
    from->declared = declared;
    from->declared_len++;
    if (frame->type == EDAI_FRAME_SUBSCRIBE) {
        subscription_changed(route, from, key_of(declared));
    } else if (frame->type == EDAI_FRAME_TOKEN) {
        token_changed(route, from, declared, EDAI_FRAME_CAME);
    } else if (frame->type == EDAI_FRAME_WATCH) {
        show_tokens(route, from, declared);
    } else if (frame->type == EDAI_FRAME_HEARD) {
        look_who_hears(route, from, declared);
    }
    return EDA_OK;
}

static void drop(edai_relay *route, edai_peer *from, uint64_t id)
{
    edai_declared **place = &from->declared;

    while (*place != NULL && (*place)->id != id) {
        place = &(*place)->next;
    }
    edai_declared *declared = *place;
    if (declared != NULL) {
        *place = declared->next;
        from->declared_len--;
        undeclare(route, from, declared);
    }
}

static void put(edai_relay *route, edai_peer *from, const edai_frame *frame)
{
    eda_str key = edai_frame_message(frame).key;

    for (edai_peer *p = route->peers; p != NULL; p = p->next) {
        if (p != from && find(p->declared, EDAI_FRAME_SUBSCRIBE, key) != NULL) {
            pass_on(route, from, p, frame);
        }
    }
}

/* --- gets --- */

static void asked_free_unneeded(edai_asked *asked)
{
    if (asked->open_len == 0) {
        if (asked->asker != NULL) {
            asked->asker->asked_len--;
        }
        edai_free(asked);
    }
}

/* One query less; with the last one the get ends. */
static void close_one(edai_relay *route, edai_asked *asked)
{
    EDA_ASSERT(asked->open_len > 0, "a query is closed once");
    asked->open_len--;
    if (asked->open_len == 0 && asked->asker != NULL) {
        edai_relay_tell(route, asked->asker,
            &(edai_frame){.type = EDAI_FRAME_END,
                .id = asked->id,
                .other = asked->is_missing ? EDA_ETIMEOUT : EDA_OK});
    }
    asked_free_unneeded(asked);
}

static eda_status ask(edai_relay *route, edai_asked *asked, edai_peer *server,
    const edai_declared *serves, const edai_frame *frame)
{
    edai_query *query = edai_alloc(sizeof(*query));

    if (query == NULL) {
        return EDA_ENOMEM;
    }
    *query = (edai_query){.next = server->queries, .number = ++route->query_last, .asked = asked};
    server->queries = query;
    asked->open_len++;
    pass_on(route, asked->asker, server,
        &(edai_frame){.type = EDAI_FRAME_QUERY,
            .id = serves->id,
            .other = query->number,
            .body = frame->body});
    return EDA_OK;
}

static eda_status ask_all(edai_relay *route, edai_asked *asked, const edai_frame *frame)
{
    eda_str key = edai_frame_message(frame).key;
    bool is_for_all = (frame->flags & EDAI_FRAME_ALL) != 0;
    bool is_done = false;

    for (edai_peer *p = route->peers; p != NULL && !is_done; p = p->next) {
        edai_declared *d = p == asked->asker ? NULL : find(p->declared, EDAI_FRAME_SERVE, key);
        for (; d != NULL; d = find(d->next, EDAI_FRAME_SERVE, key)) {
            EDA_TRY(ask(route, asked, p, d, frame));
            is_done = !is_for_all;
        }
    }
    return EDA_OK;
}

static eda_status get(edai_relay *route, edai_peer *from, const edai_frame *frame)
{
    edai_asked *asked = edai_alloc(sizeof(*asked));

    if (asked == NULL || from->asked_len == EDAI_HUB_GETS_MAX) {
        edai_free(asked);
        return asked == NULL ? EDA_ENOMEM : EDA_ELIMIT;
    }
    /* One open query is its own until all servers are asked, so that it cannot end before. */
    *asked = (edai_asked){.asker = from, .id = frame->id, .open_len = 1};
    from->asked_len++;
    eda_status status = ask_all(route, asked, frame);
    asked->is_missing = status != EDA_OK;
    close_one(route, asked);
    return status;
}

static void answer(edai_relay *route, edai_peer *from, const edai_frame *frame)
{
    edai_query **place = &from->queries;

    while (*place != NULL && (*place)->number != frame->id) {
        place = &(*place)->next;
    }
    edai_query *query = *place;
    if (query == NULL) {
        return; /* of an earlier connection */
    }
    *place = query->next;
    edai_asked *asked = query->asked;
    edai_free(query);
    if ((frame->flags & EDAI_FRAME_LOST) != 0) {
        asked->is_missing = true;
    } else if ((frame->flags & EDAI_FRAME_NONE) == 0 && asked->asker != NULL) {
        edai_frame told = *frame;
        told.id = asked->id;
        pass_on(route, from, asked->asker, &told);
    }
    close_one(route, asked);
}

/* Gets that match are not told of any more; their queries stay open. id 0: all of them. */
static void give_up(edai_relay *route, edai_peer *asker, uint64_t id)
{
    for (edai_peer *p = route->peers; p != NULL; p = p->next) {
        for (edai_query *query = p->queries; query != NULL; query = query->next) {
            edai_asked *asked = query->asked;
            if (asked->asker == asker && (id == 0 || asked->id == id)) {
                asked->asker = NULL;
                asker->asked_len--;
            }
        }
    }
}

/* --- both --- */

eda_status edai_relay_take(edai_relay *route, edai_peer *from, const edai_frame *frame)
{
    switch ((edai_frame_type)frame->type) {
    case EDAI_FRAME_SUBSCRIBE:
    case EDAI_FRAME_SERVE:
    case EDAI_FRAME_TOKEN:
    case EDAI_FRAME_WATCH:
    case EDAI_FRAME_HEARD:
        return declare(route, from, frame);
    case EDAI_FRAME_DROP:
        drop(route, from, frame->id);
        return EDA_OK;
    case EDAI_FRAME_PUT:
        put(route, from, frame);
        return EDA_OK;
    case EDAI_FRAME_GET:
        return get(route, from, frame);
    case EDAI_FRAME_CANCEL:
        give_up(route, from, frame->id);
        return EDA_OK;
    case EDAI_FRAME_ANSWER:
        answer(route, from, frame);
        return EDA_OK;
    case EDAI_FRAME_SETTLE:
        from->wants_settled = true;
        return EDA_OK;
    case EDAI_FRAME_HELLO:
    case EDAI_FRAME_WELCOME:
    case EDAI_FRAME_QUERY:
    case EDAI_FRAME_END:
    case EDAI_FRAME_CAME:
    case EDAI_FRAME_WENT:
    case EDAI_FRAME_HEARERS:
    case EDAI_FRAME_SETTLED:
    case EDAI_FRAME_TYPES:
        break;
    }
    return EDA_ESYNTAX;
}

void edai_relay_leave(edai_relay *route, edai_peer *peer)
{
    for (edai_peer *p = route->peers; p != NULL; p = p->next) {
        p->held_by = p->held_by == peer ? NULL : p->held_by;
    }
    give_up(route, peer, 0);
    while (peer->declared != NULL) {
        edai_declared *declared = peer->declared;
        peer->declared = declared->next;
        undeclare(route, peer, declared);
    }
    while (peer->queries != NULL) {
        edai_query *query = peer->queries;
        peer->queries = query->next;
        query->asked->is_missing = true;
        close_one(route, query->asked);
        edai_free(query);
    }
}
