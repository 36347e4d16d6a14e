/* told.c - what the hub tells a session. */
#include "base/assert.h"
#include "base/memory.h"
#include "bus/local/local.h"

/* --- puts --- */

/* The hub sends a put once to each session that has a subscription for it. */
static void deliver(eda_bus *bus, const edai_frame *frame)
{
    eda_bus_message message = edai_frame_message(frame);
    edai_local_declaration *d;
    uint64_t id = 0;

    edai_mutex_lock(&bus->mutex);
    while (!bus->is_closing &&
           (d = edai_local_next(bus, EDAI_FRAME_SUBSCRIBE, id, message.key)) != NULL) {
        id = d->id;
        edai_local_begin(bus, d);
        d->fn.put(d->arg, &message);
        edai_local_end(bus);
    }
    edai_mutex_unlock(&bus->mutex);
}

/* --- tokens, under the mutex --- */

static edai_local_sighting **place_of(edai_local_declaration *watch, uint64_t number)
{
    edai_local_sighting **place = &watch->sightings;

    while (*place != NULL && (*place)->number != number) {
        place = &(*place)->next;
    }
    return place;
}

static eda_status came(eda_bus *bus, edai_local_declaration *watch, const edai_frame *frame)
{
    edai_local_sighting **place = place_of(watch, frame->other);

    if (*place != NULL) { /* told of already, by the hub before */
        (*place)->is_confirmed = true;
        return EDA_OK;
    }
    edai_local_sighting *sighting = edai_alloc(sizeof(*sighting));
    if (sighting == NULL) {
        return EDA_ENOMEM;
    }
    *sighting = (edai_local_sighting){
        .number = frame->other, .key = edai_block_keep(frame->body), .is_confirmed = true};
    *place = sighting;
    edai_local_begin(bus, watch);
    watch->fn.token(watch->arg, edai_frame_key(frame), true);
    edai_local_end(bus);
    return EDA_OK;
}

static void went(eda_bus *bus, edai_local_declaration *watch, edai_local_sighting **place)
{
    edai_local_sighting *sighting = *place;

    if (sighting == NULL) {
        return;
    }
    *place = sighting->next;
    edai_local_begin(bus, watch);
    watch->fn.token(
        watch->arg, (eda_str){(const char *)sighting->key->bytes, sighting->key->size}, false);
    edai_local_end(bus);
    edai_block_free(sighting->key);
    edai_free(sighting);
}

static eda_status token_told(eda_bus *bus, const edai_frame *frame)
{
    eda_status status = EDA_OK;

    edai_mutex_lock(&bus->mutex);
    edai_local_declaration *watch = edai_local_find(bus, EDAI_FRAME_WATCH, frame->id);
    if (watch != NULL && frame->type == EDAI_FRAME_CAME) {
        status = came(bus, watch, frame);
    } else if (watch != NULL) {
        went(bus, watch, place_of(watch, frame->other));
    }
    edai_mutex_unlock(&bus->mutex);
    return status;
}

/* --- who hears, under the mutex --- */

static void tell_heard(eda_bus *bus, edai_local_declaration *heard)
{
    bool is_heard = heard->is_heard;

    if (is_heard == heard->was_heard) {
        return;
    }
    heard->was_heard = is_heard;
    edai_local_begin(bus, heard);
    heard->fn.heard(heard->arg, is_heard);
    edai_local_end(bus);
}

static void hearers_told(eda_bus *bus, const edai_frame *frame)
{
    edai_mutex_lock(&bus->mutex);
    edai_local_declaration *heard = edai_local_find(bus, EDAI_FRAME_HEARD, frame->id);
    if (heard != NULL) {
        heard->is_heard = frame->other != 0;
        tell_heard(bus, heard);
    }
    edai_mutex_unlock(&bus->mutex);
}

/* --- a new hub --- */

void edai_local_doubt(eda_bus *bus)
{
    for (edai_local_declaration *d = bus->declarations; d != NULL; d = d->next) {
        d->is_heard = false;
        for (edai_local_sighting *s = d->sightings; s != NULL; s = s->next) {
            s->is_confirmed = false;
        }
    }
}

static edai_local_sighting **unconfirmed(edai_local_declaration *watch)
{
    edai_local_sighting **place = &watch->sightings;

    while (*place != NULL && (*place)->is_confirmed) {
        place = &(*place)->next;
    }
    return place;
}

/* Tells of one thing that is no more, if there is one. While it does, declarations may be dropped.
 */
static bool settle_one(eda_bus *bus)
{
    for (edai_local_declaration *d = bus->declarations; d != NULL; d = d->next) {
        if (d->type == EDAI_FRAME_HEARD && d->is_heard != d->was_heard) {
            tell_heard(bus, d);
            return true;
        }
        edai_local_sighting **place = unconfirmed(d);
        if (*place != NULL) {
            went(bus, d, place);
            return true;
        }
    }
    return false;
}

void edai_local_settle(eda_bus *bus)
{
    edai_mutex_lock(&bus->mutex);
    while (settle_one(bus)) {
    }
    edai_mutex_unlock(&bus->mutex);
}

static eda_status welcome(eda_bus *bus, const edai_frame *frame)
{
    if (frame->other != EDAI_FRAME_VERSION) {
        edai_local_say(bus, "local: the hub speaks another version; use one edacious on a host");
    }
    edai_mutex_lock(&bus->mutex);
    bus->is_refused = frame->other != EDAI_FRAME_VERSION;
    bus->is_welcome = !bus->is_refused;
    bus->epoch++;
    bool is_first = bus->epoch == 1;
    bool is_refused = bus->is_refused;
    edai_cond_broadcast(&bus->welcome);
    edai_mutex_unlock(&bus->mutex);
    if (!is_first && !is_refused && bus->replaced != NULL) {
        bus->replaced(bus->arg,
            bus->hub != NULL ? EDA_STR("the session that relayed is gone; this one relays now")
                             : EDA_STR("the session that relayed is gone; another one relays now"));
    }
    return is_refused ? EDA_ESYNTAX : EDA_OK;
}

eda_status edai_local_told(eda_bus *bus, const edai_frame *frame)
{
    switch ((edai_frame_type)frame->type) {
    case EDAI_FRAME_WELCOME:
        return welcome(bus, frame);
    case EDAI_FRAME_PUT:
        deliver(bus, frame);
        return EDA_OK;
    case EDAI_FRAME_QUERY:
        return edai_local_queried(bus, frame);
    case EDAI_FRAME_ANSWER:
        edai_local_answered(bus, frame);
        return EDA_OK;
    case EDAI_FRAME_END:
        edai_local_ended(bus, frame);
        return EDA_OK;
    case EDAI_FRAME_CAME:
    case EDAI_FRAME_WENT:
        return token_told(bus, frame);
    case EDAI_FRAME_HEARERS:
        hearers_told(bus, frame);
        return EDA_OK;
    case EDAI_FRAME_SETTLED:
        edai_local_settle(bus);
        return EDA_OK;
    case EDAI_FRAME_HELLO:
    case EDAI_FRAME_SUBSCRIBE:
    case EDAI_FRAME_SERVE:
    case EDAI_FRAME_TOKEN:
    case EDAI_FRAME_WATCH:
    case EDAI_FRAME_HEARD:
    case EDAI_FRAME_DROP:
    case EDAI_FRAME_GET:
    case EDAI_FRAME_CANCEL:
    case EDAI_FRAME_SETTLE:
    case EDAI_FRAME_TYPES:
        break;
    }
    return EDA_ESYNTAX;
}
