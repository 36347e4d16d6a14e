/* get.c - gets, from the asker's side and from the server's. */
#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "bus/driver/parcel.h"
#include "bus/local/local.h"

/* --- asking --- */

static void get_free(edai_local_get *get)
{
    if (get != NULL) {
        edai_node_free(get->cancel);
        edai_free(get);
    }
}

/* Under the mutex. Takes both on EDA_OK. */
static eda_status start(eda_bus *bus, edai_local_get *get, edai_node *node, bool is_for_all)
{
    if (bus->is_closing) {
        return EDA_ECLOSED;
    }
    if (bus->gets_len == EDAI_LOCAL_GETS_MAX) {
        return EDA_EFULL;
    }
    get->id = ++bus->id_last;
    edai_frame_write(&(edai_frame){.type = EDAI_FRAME_CANCEL, .id = get->id}, get->cancel->header);
    edai_frame_write(&(edai_frame){.type = EDAI_FRAME_GET,
                         .flags = is_for_all ? EDAI_FRAME_ALL : 0,
                         .id = get->id,
                         .body = node->body},
        node->header);
    get->next = bus->gets;
    bus->gets = get;
    bus->gets_len++;
    edai_local_send(bus, node);
    if (get->next == NULL || get->until_ns < bus->soonest_ns) {
        bus->soonest_ns = get->until_ns;
        edai_local_wake(bus);
    }
    return EDA_OK;
}

eda_status edai_local_get_start(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg)
{
    eda_status status = EDA_ENOMEM;

    EDA_TRY(edai_parcel_check(request, true));
    if (edai_local_is_forked(bus)) {
        return EDA_ECLOSED;
    }
    edai_local_get *get = edai_calloc(1, sizeof(*get));
    edai_block *body = edai_block_of_message(request);
    edai_node *node = NULL;
    if (get != NULL && body != NULL) {
        get->until_ns = edai_clock_monotonic_ns() + EDA_MS((int64_t)timeout_ms);
        get->fn = fn;
        get->arg = arg;
        get->cancel = edai_node_new(&(edai_frame){.type = EDAI_FRAME_CANCEL});
        node = edai_node_new(&(edai_frame){.type = EDAI_FRAME_GET, .body = body});
    }
    edai_block_free(body);
    if (node != NULL && get->cancel != NULL) {
        edai_mutex_lock(&bus->mutex);
        status = start(bus, get, node, is_for_all);
        edai_mutex_unlock(&bus->mutex);
    }
    if (status != EDA_OK) {
        edai_node_free(node);
        get_free(get);
    }
    return status;
}

/* --- its end, by the thread --- */

/* Under the mutex: takes it from the list, so that nothing else ends it. NULL: it has ended. */
static edai_local_get *take(eda_bus *bus, uint64_t id)
{
    edai_local_get **place = &bus->gets;

    while (*place != NULL && (*place)->id != id) {
        place = &(*place)->next;
    }
    edai_local_get *get = *place;
    if (get != NULL) {
        *place = get->next;
    }
    return get;
}

/* It is in the list no more. Without the mutex. */
static void end(eda_bus *bus, edai_local_get *get, eda_status status)
{
    get->fn(get->arg, NULL, false, status);
    get_free(get);
    edai_mutex_lock(&bus->mutex);
    bus->gets_len--;
    edai_mutex_unlock(&bus->mutex);
}

void edai_local_answered(eda_bus *bus, const edai_frame *frame)
{
    edai_mutex_lock(&bus->mutex);
    const edai_local_get *get = bus->gets;
    while (get != NULL && get->id != frame->id) {
        get = get->next;
    }
    edai_mutex_unlock(&bus->mutex);
    /* Only this thread ends gets, so it stays. */
    if (get != NULL && (frame->flags & (EDAI_FRAME_NONE | EDAI_FRAME_LOST)) == 0) {
        eda_bus_message answer = edai_frame_message(frame);
        get->fn(get->arg, &answer, (frame->flags & EDAI_FRAME_ERROR) != 0, EDA_OK);
    }
}

void edai_local_ended(eda_bus *bus, const edai_frame *frame)
{
    edai_mutex_lock(&bus->mutex);
    edai_local_get *get = take(bus, frame->id);
    edai_mutex_unlock(&bus->mutex);
    if (get != NULL) {
        end(bus, get, frame->other == EDA_OK ? EDA_OK : EDA_ETIMEOUT);
    }
}

/* Under the mutex: takes one whose time is over; notices the next deadline. */
static edai_local_get *take_expired(eda_bus *bus, int64_t now)
{
    edai_local_get *expired = NULL;

    if (bus->gets == NULL) {
        bus->soonest_ns = EDAI_NO_DEADLINE;
    }
    if (now < bus->soonest_ns) {
        return NULL;
    }
    bus->soonest_ns = EDAI_NO_DEADLINE;
    for (edai_local_get *get = bus->gets; get != NULL; get = get->next) {
        if (get->until_ns <= now) {
            expired = get;
        }
        bus->soonest_ns = get->until_ns < bus->soonest_ns ? get->until_ns : bus->soonest_ns;
    }
    return expired != NULL ? take(bus, expired->id) : NULL;
}

int64_t edai_local_expire(eda_bus *bus)
{
    int64_t soonest;
    edai_local_get *get;

    do {
        int64_t now = edai_clock_monotonic_ns();
        edai_mutex_lock(&bus->mutex);
        get = take_expired(bus, now);
        if (get != NULL) {
            edai_local_send(bus, get->cancel);
            get->cancel = NULL;
        }
        soonest = bus->soonest_ns;
        edai_mutex_unlock(&bus->mutex);
        if (get != NULL) {
            end(bus, get, EDA_ETIMEOUT);
        }
    } while (get != NULL);
    return soonest;
}

void edai_local_end_all(eda_bus *bus, eda_status status)
{
    edai_local_get *get;

    do {
        edai_mutex_lock(&bus->mutex);
        get = bus->gets != NULL ? take(bus, bus->gets->id) : NULL;
        edai_mutex_unlock(&bus->mutex);
        if (get != NULL) {
            end(bus, get, status);
        }
    } while (get != NULL);
}

/* --- serving --- */

static void query_free(eda_bus_query *query)
{
    if (query != NULL) {
        edai_node_free(query->node);
        edai_free(query);
    }
}

eda_status edai_local_queried(eda_bus *bus, const edai_frame *frame)
{
    eda_bus_query *query = edai_calloc(1, sizeof(*query));

    if (query != NULL) {
        query->number = frame->other;
        query->node = edai_node_new(
            &(edai_frame){.type = EDAI_FRAME_ANSWER, .flags = EDAI_FRAME_NONE, .id = frame->other});
    }
    if (query == NULL || query->node == NULL) {
        query_free(query);
        return EDA_ENOMEM;
    }
    eda_bus_message request = edai_frame_message(frame);
    edai_mutex_lock(&bus->mutex);
    query->epoch = bus->epoch;
    edai_local_declaration *server = edai_local_find(bus, EDAI_FRAME_SERVE, frame->id);
    if (server == NULL || bus->is_closing) { /* dropped meanwhile: nobody answers */
        edai_local_send(bus, query->node);
        query->node = NULL;
        query_free(query);
    } else {
        query->next = bus->queries;
        bus->queries = query;
        edai_local_begin(bus, server);
        server->fn.get(server->arg, &request, query);
        edai_local_end(bus);
    }
    edai_mutex_unlock(&bus->mutex);
    return EDA_OK;
}

static void unlist(eda_bus *bus, eda_bus_query *query)
{
    eda_bus_query **place = &bus->queries;

    while (*place != NULL && *place != query) {
        place = &(*place)->next;
    }
    EDA_ASSERT(*place == query, "a query is answered once, on the session that got it");
    *place = query->next;
}

/* The answer's frame; without memory, or if it is no message, the one that says it was lost. */
static edai_node *node_of(eda_bus_query *query, const eda_bus_message *answer, bool is_error)
{
    edai_frame frame = {.type = EDAI_FRAME_ANSWER, .id = query->number};
    edai_node *node = NULL;

    if (answer != NULL && edai_parcel_check(answer, false) == EDA_OK) {
        frame.flags = is_error ? EDAI_FRAME_ERROR : 0;
        frame.body = edai_block_of_message(answer);
        node = frame.body != NULL ? edai_node_new(&frame) : NULL;
        edai_block_free(frame.body);
        frame.body = NULL;
    }
    if (node == NULL) {
        frame.flags = answer != NULL ? EDAI_FRAME_LOST : EDAI_FRAME_NONE;
        edai_frame_write(&frame, query->node->header);
        node = query->node;
        query->node = NULL;
    }
    return node;
}

void edai_local_answer(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error)
{
    if (edai_local_is_forked(bus)) {
        return;
    }
    edai_node *node = node_of(query, answer, is_error);
    edai_mutex_lock(&bus->mutex);
    unlist(bus, query);
    if (query->epoch == bus->epoch) {
        edai_local_send(bus, node);
    } else { /* who asked was told that the answer is missing */
        edai_node_free(node);
    }
    edai_mutex_unlock(&bus->mutex);
    query_free(query);
}

void edai_local_free_queries(eda_bus *bus)
{
    while (bus->queries != NULL) {
        eda_bus_query *next = bus->queries->next;
        query_free(bus->queries);
        bus->queries = next;
    }
}
