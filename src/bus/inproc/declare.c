/* declare.c - what sessions declare, and what follows for the others. */
#include <edacious/topic.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bus/inproc/inproc.h"

static eda_str key_of(const edai_inproc_declaration *declaration)
{
    return declaration->key->message.key;
}

bool edai_inproc_wants(
    const edai_inproc_declaration *declaration, edai_inproc_kind kind, const edai_parcel *key)
{
    return declaration->kind == kind && eda_topic_intersects(key_of(declaration), key->message.key);
}

static void declaration_free(edai_inproc_declaration *declaration)
{
    if (declaration != NULL) {
        edai_parcel_free(declaration->key);
        edai_free(declaration);
    }
}

/* --- heard --- */

static bool is_heard_by_others(const edai_inproc_declaration *heard)
{
    for (const eda_bus *bus = heard->session->network->sessions; bus != NULL; bus = bus->next) {
        const edai_inproc_declaration *d = bus == heard->session ? NULL : bus->declarations;
        while (d != NULL && !edai_inproc_wants(d, EDAI_INPROC_SUBSCRIBE, heard->key)) {
            d = d->next;
        }
        if (d != NULL) {
            return true;
        }
    }
    return false;
}

static void look_who_hears(edai_inproc_declaration *heard)
{
    heard->is_heard = is_heard_by_others(heard);
    if (heard->is_heard != heard->was_heard && !heard->is_queued) {
        heard->is_queued = true;
        edai_inproc_tell(heard->session, &heard->notice);
    }
}

/* A subscription came or went. */
static void subscription_changed(const edai_inproc_declaration *subscription)
{
    for (eda_bus *bus = subscription->session->network->sessions; bus != NULL; bus = bus->next) {
        edai_inproc_declaration *d = bus == subscription->session ? NULL : bus->declarations;
        for (; d != NULL; d = d->next) {
            if (edai_inproc_wants(d, EDAI_INPROC_HEARD, subscription->key)) {
                look_who_hears(d);
            }
        }
    }
}

/* --- tokens --- */

static eda_status sight(edai_inproc_declaration *watch, edai_inproc_declaration *token)
{
    edai_inproc_network *network = watch->session->network;
    edai_inproc_sighting *sighting = edai_calloc(1, sizeof(*sighting));

    if (sighting == NULL) {
        return EDA_ENOMEM;
    }
    sighting->watch = watch;
    sighting->token = token;
    sighting->key = edai_parcel_keep(token->key);
    sighting->came =
        (edai_inproc_notice){.what = EDAI_INPROC_TELL_TOKEN, .to = watch, .of.sighting = sighting};
    sighting->went = sighting->came;
    sighting->next = network->sightings;
    network->sightings = sighting;
    return EDA_OK;
}

/* Frees the sightings of a watch or of a token; nothing of them is queued. */
static void unsee(edai_inproc_network *network, const edai_inproc_declaration *one)
{
    edai_inproc_sighting **place = &network->sightings;

    while (*place != NULL) {
        edai_inproc_sighting *sighting = *place;
        if (sighting->watch == one || sighting->token == one) {
            *place = sighting->next;
            edai_parcel_free(sighting->key);
            edai_free(sighting);
        } else {
            place = &sighting->next;
        }
    }
}

/* All that a new watch or token meets in another session is seen, or, without memory, nothing. */
static eda_status meet(edai_inproc_declaration *one)
{
    edai_inproc_network *network = one->session->network;
    bool is_watch = one->kind == EDAI_INPROC_WATCH;
    edai_inproc_kind other = is_watch ? EDAI_INPROC_TOKEN : EDAI_INPROC_WATCH;
    eda_status status = EDA_OK;

    for (eda_bus *bus = network->sessions; bus != NULL; bus = bus->next) {
        edai_inproc_declaration *d = bus == one->session ? NULL : bus->declarations;
        for (; d != NULL && status == EDA_OK; d = d->next) {
            if (edai_inproc_wants(d, other, one->key)) {
                status = is_watch ? sight(one, d) : sight(d, one);
            }
        }
    }
    if (status != EDA_OK) {
        unsee(network, one);
        return status;
    }
    for (edai_inproc_sighting *s = network->sightings; s != NULL; s = s->next) {
        if (s->watch == one || s->token == one) {
            edai_inproc_tell(s->watch->session, &s->came);
        }
    }
    return EDA_OK;
}

static void token_went(const edai_inproc_declaration *token)
{
    edai_inproc_sighting *s = token->session->network->sightings;

    for (; s != NULL; s = s->next) {
        if (s->token == token) {
            s->token = NULL;
            edai_inproc_tell(s->watch->session, &s->went);
        }
    }
}

/* --- declaring --- */

static eda_status settle(edai_inproc_declaration *declaration)
{
    switch (declaration->kind) {
    case EDAI_INPROC_SUBSCRIBE:
        subscription_changed(declaration);
        break;
    case EDAI_INPROC_HEARD:
        look_who_hears(declaration);
        break;
    case EDAI_INPROC_TOKEN:
    case EDAI_INPROC_WATCH:
        return meet(declaration);
    case EDAI_INPROC_SERVE:
        break;
    }
    return EDA_OK;
}

/* Takes the declaration, filled but for its session, key and id; frees it on failure. */
static eda_status declare(
    eda_bus *bus, eda_str key, edai_inproc_declaration *declaration, uint64_t *ret_id)
{
    eda_status status = EDA_ENOMEM;

    if (declaration == NULL) {
        return EDA_ENOMEM;
    }
    declaration->session = bus;
    declaration->key = edai_parcel_new_key(key);
    if (declaration->key == NULL) {
        goto fail;
    }
    edai_mutex_lock(&bus->network->mutex);
    declaration->next = bus->declarations;
    bus->declarations = declaration;
    status = settle(declaration);
    if (status == EDA_OK) {
        declaration->id = ++bus->id_last;
        *ret_id = declaration->id;
    } else {
        bus->declarations = declaration->next;
    }
    edai_mutex_unlock(&bus->network->mutex);
    if (status == EDA_OK) {
        return EDA_OK;
    }
fail:
    declaration_free(declaration);
    return status;
}

static eda_status check(const eda_bus *bus, eda_str key, bool may_be_pattern)
{
    EDA_TRY(edai_parcel_check_key(key, may_be_pattern));
    return edai_inproc_is_forked(bus) ? EDA_ECLOSED : EDA_OK;
}

static edai_inproc_declaration *prepare(edai_inproc_kind kind, void *arg)
{
    edai_inproc_declaration *declaration = edai_calloc(1, sizeof(*declaration));

    if (declaration != NULL) {
        declaration->kind = kind;
        declaration->arg = arg;
    }
    return declaration;
}

eda_status edai_inproc_subscribe(
    eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id)
{
    EDA_TRY(check(bus, pattern, true));
    edai_inproc_declaration *declaration = prepare(EDAI_INPROC_SUBSCRIBE, arg);
    if (declaration != NULL) {
        declaration->fn.put = fn;
    }
    return declare(bus, pattern, declaration, ret_id);
}

eda_status edai_inproc_serve(
    eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id)
{
    EDA_TRY(check(bus, pattern, true));
    edai_inproc_declaration *declaration = prepare(EDAI_INPROC_SERVE, arg);
    if (declaration != NULL) {
        declaration->fn.get = fn;
    }
    return declare(bus, pattern, declaration, ret_id);
}

eda_status edai_inproc_token(eda_bus *bus, eda_str key, uint64_t *ret_id)
{
    EDA_TRY(check(bus, key, false));
    return declare(bus, key, prepare(EDAI_INPROC_TOKEN, NULL), ret_id);
}

eda_status edai_inproc_watch(
    eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id)
{
    EDA_TRY(check(bus, pattern, true));
    edai_inproc_declaration *declaration = prepare(EDAI_INPROC_WATCH, arg);
    if (declaration != NULL) {
        declaration->fn.token = fn;
    }
    return declare(bus, pattern, declaration, ret_id);
}

eda_status edai_inproc_heard(
    eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id)
{
    EDA_TRY(check(bus, pattern, true));
    edai_inproc_declaration *declaration = prepare(EDAI_INPROC_HEARD, arg);
    if (declaration != NULL) {
        declaration->fn.heard = fn;
        declaration->notice =
            (edai_inproc_notice){.what = EDAI_INPROC_TELL_HEARD, .to = declaration};
    }
    return declare(bus, pattern, declaration, ret_id);
}

/* --- dropping --- */

/* It is in no list any more: the others learn what follows, and nothing more is told to it. */
static void retire(edai_inproc_declaration *declaration)
{
    edai_inproc_forget(declaration->session, declaration);
    if (declaration->kind == EDAI_INPROC_TOKEN) {
        token_went(declaration);
    } else if (declaration->kind == EDAI_INPROC_SUBSCRIBE) {
        subscription_changed(declaration);
    }
}

edai_inproc_declaration *edai_inproc_retire_all(eda_bus *bus)
{
    edai_inproc_declaration *all = bus->declarations;

    bus->declarations = NULL;
    for (edai_inproc_declaration *d = all; d != NULL; d = d->next) {
        retire(d);
    }
    return all;
}

void edai_inproc_free_all(edai_inproc_network *network, edai_inproc_declaration *retired)
{
    while (retired != NULL) {
        edai_inproc_declaration *next = retired->next;
        unsee(network, retired);
        declaration_free(retired);
        retired = next;
    }
}

static edai_inproc_declaration *unlist(eda_bus *bus, uint64_t id)
{
    edai_inproc_declaration **place = &bus->declarations;

    while (*place != NULL && (*place)->id != id) {
        place = &(*place)->next;
    }
    edai_inproc_declaration *found = *place;
    if (found != NULL) {
        *place = found->next;
    }
    return found;
}

void edai_inproc_drop(eda_bus *bus, uint64_t id)
{
    if (edai_inproc_is_forked(bus)) {
        return;
    }
    edai_mutex_lock(&bus->network->mutex);
    EDA_ASSERT(bus->thread_self != edai_thread_self(),
        "drop waits for callbacks to return, so it must not be called from one");
    edai_inproc_declaration *declaration = unlist(bus, id);
    if (declaration != NULL) {
        retire(declaration);
        while (bus->running == declaration) {
            edai_cond_wait(&bus->rested, &bus->network->mutex);
        }
        unsee(bus->network, declaration);
    }
    edai_mutex_unlock(&bus->network->mutex);
    declaration_free(declaration);
}
