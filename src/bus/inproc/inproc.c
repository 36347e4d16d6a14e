/* inproc.c - the bus between sessions of one process: its table, puts, and the thread of a session.
 */
#include "bus/inproc/inproc.h"

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bus/driver/config.h"

/* --- put --- */

static void drop_chain(edai_inproc_notice *chain)
{
    while (chain != NULL) {
        edai_inproc_notice *next = chain->next;
        edai_free(chain);
        chain = next;
    }
}

/* A notice for each subscription of the others. */
static eda_status find_subscribers(
    eda_bus *bus, edai_parcel *parcel, edai_inproc_notice **ret_chain, size_t *ret_size)
{
    edai_inproc_notice *chain = NULL;
    size_t size = 0;

    for (eda_bus *other = bus->network->sessions; other != NULL; other = other->next) {
        edai_inproc_declaration *d = other == bus ? NULL : other->declarations;
        for (; d != NULL; d = d->next) {
            if (!edai_inproc_wants(d, EDAI_INPROC_SUBSCRIBE, parcel)) {
                continue;
            }
            edai_inproc_notice *notice = edai_alloc(sizeof(*notice));
            if (notice == NULL) {
                drop_chain(chain);
                return EDA_ENOMEM;
            }
            *notice = (edai_inproc_notice){
                .next = chain, .what = EDAI_INPROC_TELL_PUT, .to = d, .of.put = {parcel, bus}};
            chain = notice;
            size += parcel->size + sizeof(*notice);
        }
    }
    *ret_chain = chain;
    *ret_size = size;
    return EDA_OK;
}

/* All of a put's receivers get it or none. One put always fits an empty queue, whatever its size.
 */
static eda_status put_locked(eda_bus *bus, edai_parcel *parcel)
{
    edai_inproc_notice *chain = NULL;
    size_t size = 0;

    if (bus->is_closing) {
        return EDA_ECLOSED;
    }
    if (bus->waiting_size >= bus->queue_size) {
        return EDA_EFULL;
    }
    EDA_TRY(find_subscribers(bus, parcel, &chain, &size));
    if (bus->waiting_size > 0 && size > bus->queue_size - bus->waiting_size) {
        drop_chain(chain);
        return EDA_EFULL;
    }
    bus->waiting_size += size;
    while (chain != NULL) {
        edai_inproc_notice *notice = chain;
        chain = notice->next;
        (void)edai_parcel_keep(parcel);
        bus->refs++;
        edai_inproc_tell(notice->to->session, notice);
    }
    return EDA_OK;
}

/* Takes the parcel. */
static eda_status put_parcel(eda_bus *bus, edai_parcel *parcel)
{
    if (parcel == NULL) {
        return EDA_ENOMEM;
    }
    edai_mutex_lock(&bus->network->mutex);
    eda_status status = put_locked(bus, parcel);
    edai_mutex_unlock(&bus->network->mutex);
    edai_parcel_free(parcel);
    return status;
}

static eda_status put(eda_bus *bus, const eda_bus_message *message)
{
    EDA_TRY(edai_parcel_check(message, false));
    if (edai_inproc_is_forked(bus)) {
        return EDA_ECLOSED;
    }
    return put_parcel(bus, edai_parcel_new(message));
}

/* Copies: one parcel is read by many sessions, whose threads are not the giver's. */
static eda_status put_pieces(
    eda_bus *bus, const eda_bus_message *message, const eda_bus_piece *pieces, size_t count)
{
    eda_bus_message whole = *message;

    whole.payload.len = 0;
    for (size_t i = 0; i < count; i++) {
        whole.payload.len += pieces[i].bytes.len;
    }
    EDA_TRY(edai_parcel_check(&whole, false));
    if (edai_inproc_is_forked(bus)) {
        return EDA_ECLOSED;
    }
    EDA_TRY(put_parcel(bus, edai_parcel_new_of(message, pieces, count)));
    for (size_t i = 0; i < count; i++) {
        pieces[i].release(pieces[i].arg);
    }
    return EDA_OK;
}

static void *keep(eda_bus *bus, const eda_bus_message *message)
{
    (void)bus;
    return edai_parcel_keep(edai_parcel_of(message));
}

static void release(void *kept)
{
    edai_parcel_free(kept);
}

/* --- the thread of a session --- */

/* The callbacks, without the mutex. What they are given lives on until `tell` goes on. */
static void call(const edai_inproc_notice *notice, bool flag)
{
    const edai_inproc_declaration *to = notice->to;
    eda_bus_query *query = notice->of.query;
    const edai_inproc_asking *asking = notice->of.asking;

    switch (notice->what) {
    case EDAI_INPROC_TELL_PUT:
        to->fn.put(to->arg, &notice->of.put.parcel->message);
        break;
    case EDAI_INPROC_TELL_GET: /* once answered, the query and this notice in it are gone */
        to->fn.get(to->arg, &query->request->message, query);
        break;
    case EDAI_INPROC_TELL_ANSWER:
        query->asking->fn(query->asking->arg, &query->answer->message, query->is_error, EDA_OK);
        break;
    case EDAI_INPROC_TELL_END:
        asking->fn(asking->arg, NULL, false, asking->status);
        break;
    case EDAI_INPROC_TELL_TOKEN:
        to->fn.token(to->arg, notice->of.sighting->key->message.key, flag);
        break;
    case EDAI_INPROC_TELL_HEARD:
        to->fn.heard(to->arg, flag);
        break;
    }
}

/* Before a callback, under the mutex. Returns what it is told; false in `ret_is_needed`: nothing.
 */
static bool prepare(edai_inproc_notice *notice, bool *ret_is_needed)
{
    edai_inproc_declaration *to = notice->to;

    *ret_is_needed = true;
    if (notice->what == EDAI_INPROC_TELL_TOKEN) {
        return notice == &notice->of.sighting->came;
    }
    if (notice->what == EDAI_INPROC_TELL_HEARD) {
        to->is_queued = false;
        *ret_is_needed = to->was_heard != to->is_heard;
        to->was_heard = to->is_heard;
        return to->is_heard;
    }
    if (notice->what == EDAI_INPROC_TELL_GET) {
        edai_inproc_hold(notice->of.query);
    }
    return false;
}

/* Tells one notice; the mutex is given up meanwhile. */
static void tell(eda_bus *bus, edai_inproc_notice *notice)
{
    bool is_needed;
    bool is_get = notice->what == EDAI_INPROC_TELL_GET;
    edai_parcel *request = is_get ? edai_parcel_keep(notice->of.query->request) : NULL;
    bool flag = prepare(notice, &is_needed);

    if (is_needed) {
        bus->running = notice->to;
        edai_mutex_unlock(&bus->network->mutex);
        call(notice, flag);
        edai_mutex_lock(&bus->network->mutex);
        bus->running = NULL;
    }
    if (!is_get) {
        edai_inproc_dispose(notice);
    }
    edai_parcel_free(request);
    edai_cond_broadcast(&bus->rested);
}

static void *run(void *arg)
{
    eda_bus *bus = arg;

    edai_mutex_lock(&bus->network->mutex);
    bus->thread_self = edai_thread_self();
    for (;;) {
        int64_t until = edai_inproc_expire(bus);
        edai_inproc_notice *notice = edai_inproc_take(bus);
        if (notice != NULL) {
            tell(bus, notice);
        } else if (bus->is_closing) {
            break;
        } else {
            (void)edai_cond_wait_until(&bus->changed, &bus->network->mutex, until);
        }
    }
    edai_mutex_unlock(&bus->network->mutex);
    return NULL;
}

/* --- open and close --- */

static eda_status start(eda_bus *bus)
{
    edai_inproc_network *network = bus->network;

    edai_cond_init(&bus->changed);
    edai_cond_init(&bus->rested);
    edai_inproc_queue_init(&bus->queue);
    edai_inproc_queue_init(&bus->urgent);
    eda_status status = edai_thread_start(&bus->thread, run, bus, "eda-bus");
    if (status != EDA_OK) {
        edai_cond_fini(&bus->changed);
        edai_cond_fini(&bus->rested);
        return status;
    }
    edai_mutex_lock(&network->mutex);
    bus->next = network->sessions;
    network->sessions = bus;
    edai_mutex_unlock(&network->mutex);
    return EDA_OK;
}

static eda_status open_session(
    const eda_bus_options *options, eda_bus **ret_bus, eda_bus_problem *ret_problem)
{
    char name[EDAI_INPROC_NAME_SIZE] = "default";
    const edai_config_item items[] = {{"network", name, sizeof(name), NULL}};

    EDA_TRY(edai_config_read(options->config, items, 1, ret_problem));
    eda_bus *bus = edai_calloc(1, sizeof(*bus));
    if (bus == NULL) {
        goto fail;
    }
    bus->refs = 1;
    bus->queue_size = options->queue_size != 0 ? options->queue_size : EDAI_INPROC_QUEUE_SIZE;
    if (edai_inproc_network_open(name, &bus->network) != EDA_OK) {
        goto fail;
    }
    if (start(bus) != EDA_OK) {
        edai_inproc_network_close(bus->network);
        goto fail;
    }
    *ret_bus = bus;
    return EDA_OK;
fail:
    edai_free(bus);
    return edai_config_refuse(ret_problem, EDA_ENOMEM, "inproc: no memory, or no thread to be had");
}

static void leave(eda_bus *bus)
{
    eda_bus **place = &bus->network->sessions;

    while (*place != bus) {
        place = &(*place)->next;
    }
    *place = bus->next;
}

static void close_session(eda_bus *bus)
{
    edai_inproc_network *network = bus->network;

    if (edai_inproc_is_forked(bus)) {
        return; /* its thread and its mutex are the parent's */
    }
    edai_mutex_lock(&network->mutex);
    bus->is_closing = true;
    edai_inproc_declaration *retired = edai_inproc_retire_all(bus);
    edai_inproc_end_all(bus);
    edai_cond_signal(&bus->changed);
    edai_mutex_unlock(&network->mutex);
    (void)edai_thread_join(&bus->thread);

    edai_mutex_lock(&network->mutex);
    while (bus->held != NULL) {
        eda_bus_query *query = bus->held;
        bus->held = query->next;
        edai_inproc_give_up(query, true);
    }
    edai_inproc_free_all(network, retired);
    leave(bus);
    edai_cond_fini(&bus->changed);
    edai_cond_fini(&bus->rested);
    edai_inproc_release(bus);
    edai_mutex_unlock(&network->mutex);
    edai_inproc_network_close(network);
}

const eda_bus_driver eda_bus_inproc = {
    .struct_size = sizeof(eda_bus_driver),
    .version = EDA_BUS_VERSION,
    .name = "inproc",
    .about = "sessions of one process",
    .open = open_session,
    .close = close_session,
    .put = put,
    .subscribe = edai_inproc_subscribe,
    .serve = edai_inproc_serve,
    .token = edai_inproc_token,
    .watch = edai_inproc_watch,
    .heard = edai_inproc_heard,
    .drop = edai_inproc_drop,
    .get = edai_inproc_get,
    .answer = edai_inproc_answer,
    .put_pieces = put_pieces,
    .keep = keep,
    .release = release,
};
