/* declare.c - what a session declares. */
#include <edacious/topic.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bus/driver/parcel.h"
#include "bus/local/local.h"

static eda_str key_of(const edai_local_declaration *declaration)
{
    return (eda_str){(const char *)declaration->key->bytes, declaration->key->size};
}

edai_local_declaration *edai_local_next(
    const eda_bus *bus, edai_frame_type type, uint64_t id, eda_str key)
{
    edai_local_declaration *d = bus->declarations;

    while (d != NULL && (d->id <= id || d->type != type || !eda_topic_intersects(key_of(d), key))) {
        d = d->next;
    }
    return d;
}

edai_local_declaration *edai_local_find(const eda_bus *bus, edai_frame_type type, uint64_t id)
{
    edai_local_declaration *d = bus->declarations;

    while (d != NULL && (d->id != id || d->type != type)) {
        d = d->next;
    }
    return d;
}

void edai_local_begin(eda_bus *bus, const edai_local_declaration *declaration)
{
    bus->running = declaration;
    edai_mutex_unlock(&bus->mutex);
}

void edai_local_end(eda_bus *bus)
{
    edai_mutex_lock(&bus->mutex);
    bus->running = NULL;
    edai_cond_broadcast(&bus->rested);
}

/* --- declaring --- */

static void declaration_free(edai_local_declaration *declaration)
{
    if (declaration == NULL) {
        return;
    }
    while (declaration->sightings != NULL) {
        edai_local_sighting *next = declaration->sightings->next;
        edai_block_free(declaration->sightings->key);
        edai_free(declaration->sightings);
        declaration->sightings = next;
    }
    edai_block_free(declaration->key);
    edai_node_free(declaration->drop);
    edai_free(declaration);
}

/* Its callback is filled in by the caller, before anybody sees it. */
static eda_status prepare(eda_bus *bus, edai_frame_type type, eda_str key, void *arg,
    edai_local_declaration **ret_declaration)
{
    EDA_TRY(edai_parcel_check_key(key, type != EDAI_FRAME_TOKEN));
    if (edai_local_is_forked(bus)) {
        return EDA_ECLOSED;
    }
    edai_local_declaration *declaration = edai_calloc(1, sizeof(*declaration));
    if (declaration != NULL) {
        declaration->type = type;
        declaration->arg = arg;
        declaration->key = edai_block_of_key(key);
        declaration->drop = edai_node_new(&(edai_frame){.type = EDAI_FRAME_DROP});
    }
    if (declaration == NULL || declaration->key == NULL || declaration->drop == NULL) {
        declaration_free(declaration);
        return EDA_ENOMEM;
    }
    *ret_declaration = declaration;
    return EDA_OK;
}

/* Takes the declaration. */
static eda_status declare(eda_bus *bus, edai_local_declaration *declaration, uint64_t *ret_id)
{
    edai_local_declaration **place = &bus->declarations;

    edai_mutex_lock(&bus->mutex);
    declaration->id = bus->id_last + 1;
    edai_frame_write(
        &(edai_frame){.type = EDAI_FRAME_DROP, .id = declaration->id}, declaration->drop->header);
    edai_node *node = edai_node_new(&(edai_frame){
        .type = (uint8_t)declaration->type, .id = declaration->id, .body = declaration->key});
    eda_status status = node == NULL ? EDA_ENOMEM : bus->is_closing ? EDA_ECLOSED : EDA_OK;
    if (status == EDA_OK) {
        while (*place != NULL) {
            place = &(*place)->next;
        }
        *place = declaration;
        bus->id_last++;
        *ret_id = declaration->id;
        edai_local_send(bus, node);
    } else {
        edai_node_free(node);
        declaration_free(declaration);
    }
    edai_mutex_unlock(&bus->mutex);
    return status;
}

eda_status edai_local_subscribe(
    eda_bus *bus, eda_str pattern, eda_bus_put_fn *fn, void *arg, uint64_t *ret_id)
{
    edai_local_declaration *declaration = NULL;

    EDA_TRY(prepare(bus, EDAI_FRAME_SUBSCRIBE, pattern, arg, &declaration));
    declaration->fn.put = fn;
    return declare(bus, declaration, ret_id);
}

eda_status edai_local_serve(
    eda_bus *bus, eda_str pattern, eda_bus_get_fn *fn, void *arg, uint64_t *ret_id)
{
    edai_local_declaration *declaration = NULL;

    EDA_TRY(prepare(bus, EDAI_FRAME_SERVE, pattern, arg, &declaration));
    declaration->fn.get = fn;
    return declare(bus, declaration, ret_id);
}

eda_status edai_local_token(eda_bus *bus, eda_str key, uint64_t *ret_id)
{
    edai_local_declaration *declaration = NULL;

    EDA_TRY(prepare(bus, EDAI_FRAME_TOKEN, key, NULL, &declaration));
    return declare(bus, declaration, ret_id);
}

eda_status edai_local_watch(
    eda_bus *bus, eda_str pattern, eda_bus_token_fn *fn, void *arg, uint64_t *ret_id)
{
    edai_local_declaration *declaration = NULL;

    EDA_TRY(prepare(bus, EDAI_FRAME_WATCH, pattern, arg, &declaration));
    declaration->fn.token = fn;
    return declare(bus, declaration, ret_id);
}

eda_status edai_local_heard(
    eda_bus *bus, eda_str pattern, eda_bus_heard_fn *fn, void *arg, uint64_t *ret_id)
{
    edai_local_declaration *declaration = NULL;

    EDA_TRY(prepare(bus, EDAI_FRAME_HEARD, pattern, arg, &declaration));
    declaration->fn.heard = fn;
    return declare(bus, declaration, ret_id);
}

/* --- dropping --- */

void edai_local_drop(eda_bus *bus, uint64_t id)
{
    edai_local_declaration **place = &bus->declarations;

    if (edai_local_is_forked(bus)) {
        return;
    }
    edai_mutex_lock(&bus->mutex);
    EDA_ASSERT(bus->thread_self != edai_thread_self(),
        "drop waits for callbacks to return, so it must not be called from one");
    while (*place != NULL && (*place)->id != id) {
        place = &(*place)->next;
    }
    edai_local_declaration *declaration = *place;
    if (declaration != NULL) {
        *place = declaration->next;
        edai_local_send(bus, declaration->drop);
        declaration->drop = NULL;
        while (bus->running == declaration) {
            edai_cond_wait(&bus->rested, &bus->mutex);
        }
    }
    edai_mutex_unlock(&bus->mutex);
    declaration_free(declaration);
}

void edai_local_free_declarations(eda_bus *bus)
{
    while (bus->declarations != NULL) {
        edai_local_declaration *next = bus->declarations->next;
        declaration_free(bus->declarations);
        bus->declarations = next;
    }
}
