/* counts.c - sums of the tallies, for whoever asks. */
#include "base/assert.h"
#include "core/abroad.h"
#include "core/system.h"

#include <string.h>

static bool is_asked(const edai_route *route, const char *message, const char *actor)
{
    if (route->msg == NULL || route == route->msg->abroad) {
        /* An on_any pattern: its deliveries are counted by the types it matches. Or a fan's
         * counter: by its routes. */
        /* The way to the gateway: its deliveries are counted by what becomes of them there. */
        return false;
    }
    if (message != NULL) {
        if (strcmp(route->msg->type->name, message) != 0) {
            return false;
        }
    } else if (route->msg->is_system) {
        return false;
    }
    return actor == NULL || (route->actor != NULL && strcmp(route->actor->actor->name, actor) == 0);
}

static void add(eda_counts *sum, const edai_tally *tally)
{
    sum->handled += edai_tally_get(tally, EDAI_HANDLED);
    sum->failed += edai_tally_get(tally, EDAI_FAILED);
    sum->expired += edai_tally_get(tally, EDAI_EXPIRED);
    sum->shed += edai_tally_get(tally, EDAI_SHED);
    sum->dead += edai_tally_get(tally, EDAI_DEAD);
    sum->stopped += edai_tally_get(tally, EDAI_STOPPED);
    sum->unheard += edai_tally_get(tally, EDAI_UNHEARD);
    sum->accepted += edai_tally_get(tally, EDAI_ACCEPTED);
}

/* Deliveries to a route that were accepted in bundles. */
static uint64_t bundled(eda_system *sys, const edai_route *route)
{
    const edai_client *client;
    uint64_t sum = 0;
    uint32_t counter;
    uint16_t i;

    if (route->fan == NULL) {
        return 0;
    }
    counter = route->fan->counter.index;
    for (i = 0; i < sys->worker_count; i++) {
        sum += edai_tally_get(&sys->workers[i].tallies[counter], EDAI_ACCEPTED);
    }
    edai_mutex_lock(&sys->mutex);
    for (client = sys->clients; client != NULL; client = client->next) {
        sum += edai_tally_get(&client->tallies[counter], EDAI_ACCEPTED);
    }
    edai_mutex_unlock(&sys->mutex);
    return sum;
}

static void add_far(const eda_system *sys, eda_counts *sum, uint32_t route)
{
    if (sys->abroad != NULL && sys->abroad->tallies != NULL) {
        sum->forwarded += edai_far_get(sys->abroad, route, EDAI_FORWARDED);
        sum->lost += edai_far_get(sys->abroad, route, EDAI_LOST);
        sum->unknown += edai_far_get(sys->abroad, route, EDAI_UNKNOWN);
    }
}

/* Whether a message type has this name, or a record that an actor sends itself; NULL: all of them
 * are meant. */
static bool is_message(const eda_system *sys, const char *name)
{
    const edai_msg *msg;
    uint32_t i;

    if (name == NULL) {
        return true;
    }
    for (msg = sys->first_msg; msg != NULL; msg = msg->next) {
        if (strcmp(msg->type->name, name) == 0) {
            return true;
        }
    }
    for (i = 0; i < sys->route_count; i++) { /* records are in no list, but have a way */
        msg = sys->routes[i]->msg;
        if (msg != NULL && strcmp(msg->type->name, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_actor(const eda_system *sys, const char *name)
{
    return name == NULL || edai_contract_find(sys, name) != NULL;
}

eda_counts eda_system_counts(eda_system *sys, const char *message, const char *actor)
{
    eda_counts sum = {.accepted = 0};
    edai_client *client;
    uint32_t route;
    uint16_t i;

    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    if (edai_system_phase(sys) == EDAI_BUILDING) {
        return sum; /* another thread may be adding to it; a start that failed left some unmade */
    }
    sum.is_known = is_message(sys, message) && is_actor(sys, actor);
    if (!sum.is_known) {
        return sum;
    }
    for (route = 0; route < sys->route_count; route++) {
        if (!is_asked(sys->routes[route], message, actor)) {
            continue;
        }
        for (i = 0; i < sys->worker_count; i++) {
            add(&sum, &sys->workers[i].tallies[route]);
        }
        edai_mutex_lock(&sys->mutex);
        for (client = sys->clients; client != NULL; client = client->next) {
            add(&sum, &client->tallies[route]);
        }
        edai_mutex_unlock(&sys->mutex);
        sum.accepted += bundled(sys, sys->routes[route]);
        add_far(sys, &sum, route);
    }
    return sum;
}

int64_t eda_counts_balance(const eda_counts *counts)
{
    return (int64_t)(counts->accepted - counts->handled - counts->failed - counts->expired -
                     counts->shed - counts->dead - counts->stopped - counts->forwarded -
                     counts->lost - counts->unknown);
}

static uint64_t get(const _Atomic uint64_t *count)
{
    return atomic_load_explicit(count, memory_order_relaxed);
}

eda_activations eda_system_activations(eda_system *sys, const char *actor)
{
    eda_activations sum = {.live = 0};
    uint32_t type;
    uint16_t i;

    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    if (edai_system_phase(sys) == EDAI_BUILDING) {
        return sum;
    }
    sum.is_known = is_actor(sys, actor);
    if (!sum.is_known) {
        return sum;
    }
    for (type = 0; type < sys->actor_count; type++) {
        if (actor != NULL && strcmp(sys->actors[type]->actor->name, actor) != 0) {
            continue;
        }
        for (i = 0; i < sys->worker_count; i++) {
            const edai_holding *holding = &sys->workers[i].holdings[type];

            sum.live += get(&holding->live);
            sum.keys_ever += get(&holding->keys_ever);
            sum.starts += get(&holding->starts);
            sum.passivations += get(&holding->passivations);
            sum.restarts += get(&holding->restarts);
            sum.state_errors += get(&holding->state_errors);
        }
    }
    return sum;
}
