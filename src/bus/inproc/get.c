/* get.c - gets: a query for each server asked, and one end when all have answered, time is over or
 * the asker closes, whichever comes first. */
#include "base/assert.h"
#include "base/clock.h"
#include "base/memory.h"
#include "bus/inproc/inproc.h"

/* --- ending --- */

static void asking_free_unneeded(edai_inproc_asking *asking)
{
    if (asking->is_told && asking->open_len == 0) {
        edai_free(asking);
    }
}

static void end(edai_inproc_asking *asking, eda_status status)
{
    edai_inproc_asking **place = &asking->session->askings;

    EDA_ASSERT(!asking->has_ended, "a get ends once");
    while (*place != asking) {
        place = &(*place)->next;
    }
    *place = asking->next;
    asking->has_ended = true;
    asking->status = status;
    edai_inproc_tell(asking->session, &asking->end);
}

void edai_inproc_ended(edai_inproc_asking *asking)
{
    asking->session->askings_len--;
    asking->session = NULL;
    asking->is_told = true;
    asking_free_unneeded(asking);
}

/* One query less is open. */
static void close_one(edai_inproc_asking *asking)
{
    EDA_ASSERT(asking->open_len > 0, "a query is answered or given up once");
    asking->open_len--;
    if (asking->open_len == 0 && !asking->has_ended) {
        end(asking, asking->is_missing ? EDA_ETIMEOUT : EDA_OK);
    } else {
        asking_free_unneeded(asking);
    }
}

int64_t edai_inproc_expire(eda_bus *bus)
{
    edai_inproc_asking *asking = bus->askings;

    if (asking == NULL) {
        return EDAI_NO_DEADLINE;
    }
    int64_t now = edai_clock_monotonic_ns();
    if (now < bus->soonest_ns) {
        return bus->soonest_ns;
    }
    bus->soonest_ns = EDAI_NO_DEADLINE;
    while (asking != NULL) {
        edai_inproc_asking *next = asking->next;
        if (asking->until_ns <= now) {
            end(asking, EDA_ETIMEOUT);
        } else if (asking->until_ns < bus->soonest_ns) {
            bus->soonest_ns = asking->until_ns;
        }
        asking = next;
    }
    return bus->soonest_ns;
}

void edai_inproc_end_all(eda_bus *bus)
{
    while (bus->askings != NULL) {
        end(bus->askings, EDA_ECLOSED);
    }
}

/* --- queries --- */

void edai_inproc_query_free(eda_bus_query *query)
{
    edai_parcel_free(query->request);
    edai_parcel_free(query->answer);
    edai_free(query);
}

void edai_inproc_hold(eda_bus_query *query)
{
    query->next = query->server->held;
    query->server->held = query;
}

static void unhold(eda_bus_query *query)
{
    eda_bus_query **place = &query->server->held;

    while (*place != NULL && *place != query) {
        place = &(*place)->next;
    }
    EDA_ASSERT(*place == query, "a query is answered once, on the session that got it");
    *place = query->next;
}

void edai_inproc_give_up(eda_bus_query *query, bool is_missing)
{
    edai_inproc_asking *asking = query->asking;

    asking->is_missing = asking->is_missing || is_missing;
    edai_inproc_query_free(query);
    close_one(asking);
}

void edai_inproc_answer(
    eda_bus *bus, eda_bus_query *query, const eda_bus_message *answer, bool is_error)
{
    edai_parcel *parcel = NULL;

    if (edai_inproc_is_forked(bus)) {
        return;
    }
    if (answer != NULL && edai_parcel_check(answer, false) == EDA_OK) {
        parcel = edai_parcel_new(answer);
    }
    edai_mutex_lock(&bus->network->mutex);
    EDA_ASSERT(query->server == bus, "a query is answered on the session that got it");
    edai_inproc_asking *asking = query->asking;
    unhold(query);
    if (parcel == NULL || asking->has_ended) {
        edai_parcel_free(parcel);
        edai_inproc_give_up(query, answer != NULL);
    } else {
        query->answer = parcel;
        query->is_error = is_error;
        edai_inproc_tell(asking->session, &query->answered);
        close_one(asking);
    }
    edai_mutex_unlock(&bus->network->mutex);
}

/* --- asking --- */

/* Puts a query for that server before the others. */
static eda_status add_query(edai_inproc_declaration *server, edai_inproc_asking *asking,
    edai_parcel *request, eda_bus_query **queries)
{
    eda_bus_query *query = edai_calloc(1, sizeof(*query));

    if (query == NULL) {
        return EDA_ENOMEM;
    }
    query->server = server->session;
    query->asking = asking;
    query->request = edai_parcel_keep(request);
    query->asked =
        (edai_inproc_notice){.what = EDAI_INPROC_TELL_GET, .to = server, .of.query = query};
    query->answered = (edai_inproc_notice){.what = EDAI_INPROC_TELL_ANSWER, .of.query = query};
    query->next = *queries;
    *queries = query;
    return EDA_OK;
}

/* Queries for all that serve the key, or for those of the first session that does; on failure none.
 */
static eda_status find_servers(
    edai_inproc_asking *asking, edai_parcel *request, bool is_for_all, eda_bus_query **ret_queries)
{
    eda_bus_query *queries = NULL;
    eda_status status = EDA_OK;

    for (eda_bus *bus = asking->session->network->sessions;
         bus != NULL && (is_for_all || queries == NULL); bus = bus->next) {
        edai_inproc_declaration *d = bus == asking->session ? NULL : bus->declarations;
        for (; d != NULL && status == EDA_OK; d = d->next) {
            if (edai_inproc_wants(d, EDAI_INPROC_SERVE, request)) {
                status = add_query(d, asking, request, &queries);
            }
        }
    }
    if (status == EDA_OK) {
        *ret_queries = queries;
        return EDA_OK;
    }
    while (queries != NULL) {
        eda_bus_query *next = queries->next;
        edai_inproc_query_free(queries);
        queries = next;
    }
    return status;
}

static void ask(edai_inproc_asking *asking, eda_bus_query *queries)
{
    eda_bus *bus = asking->session;

    asking->next = bus->askings;
    bus->askings = asking;
    bus->askings_len++;
    if (asking->next == NULL || asking->until_ns < bus->soonest_ns) {
        bus->soonest_ns = asking->until_ns;
        edai_cond_signal(&bus->changed); /* it may wait for a later one */
    }
    while (queries != NULL) {
        eda_bus_query *query = queries;
        queries = query->next;
        query->next = NULL;
        asking->open_len++;
        edai_inproc_tell(query->server, &query->asked);
    }
    if (asking->open_len == 0) {
        end(asking, EDA_OK);
    }
}

static eda_status get_locked(edai_inproc_asking *asking, edai_parcel *request, bool is_for_all)
{
    eda_bus_query *queries = NULL;

    if (asking->session->is_closing) {
        return EDA_ECLOSED;
    }
    if (asking->session->askings_len >= EDAI_INPROC_GETS_MAX) {
        return EDA_EFULL;
    }
    EDA_TRY(find_servers(asking, request, is_for_all, &queries));
    ask(asking, queries);
    return EDA_OK;
}

eda_status edai_inproc_get(eda_bus *bus, const eda_bus_message *request, bool is_for_all,
    uint32_t timeout_ms, eda_bus_answer_fn *fn, void *arg)
{
    eda_status status = EDA_ENOMEM;

    EDA_TRY(edai_parcel_check(request, true));
    if (edai_inproc_is_forked(bus)) {
        return EDA_ECLOSED;
    }
    edai_parcel *parcel = edai_parcel_new(request);
    edai_inproc_asking *asking = edai_calloc(1, sizeof(*asking));
    if (parcel != NULL && asking != NULL) {
        asking->session = bus;
        asking->fn = fn;
        asking->arg = arg;
        asking->until_ns = edai_clock_monotonic_ns() + (int64_t)timeout_ms * 1000000;
        asking->end = (edai_inproc_notice){.what = EDAI_INPROC_TELL_END, .of.asking = asking};
        edai_mutex_lock(&bus->network->mutex);
        status = get_locked(asking, parcel, is_for_all);
        edai_mutex_unlock(&bus->network->mutex);
    }
    if (status != EDA_OK) {
        edai_free(asking);
    }
    edai_parcel_free(parcel);
    return status;
}
