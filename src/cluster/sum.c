/* sum.c - what all nodes tell of themselves, added up: on whichever thread asks. */
#include "cluster/node.h"

#include "base/assert.h"
#include "base/memory.h"
#include "wire/ps.h"

/* An asking; the bus's threads add to it under the mutex, until its end. */
typedef struct asking {
    edai_node *node;
    const char *actor; /* NULL: all */
    edai_mutex mutex;
    edai_waiter waiter;
    eda_cluster_sums sums;
    eda_status status;
    bool has_ended;
} asking;

static void add_counts(eda_counts *to, const edai_ps_counts *from)
{
    to->accepted += from->accepted;
    to->handled += from->handled;
    to->failed += from->failed;
    to->expired += from->expired;
    to->shed += from->shed;
    to->dead += from->dead;
    to->stopped += from->stopped;
    to->forwarded += from->forwarded;
    to->lost += from->lost;
    to->unknown += from->unknown;
    to->unheard += from->unheard;
}

static void add_activations(eda_activations *to, const edai_ps_actor *from)
{
    to->live += from->live;
    to->keys_ever += from->keys_ever;
    to->starts += from->starts;
    to->passivations += from->passivations;
    to->restarts += from->restarts;
    to->state_errors += from->state_errors;
}

static eda_status add(asking *self, eda_bytes json)
{
    edai_ps *ps = NULL;
    eda_problem problem = {.text = ""};
    size_t i;

    EDA_TRY(edai_ps_read(json, &ps, &problem));
    self->sums.nodes++;
    add_counts(&self->sums.counts, &ps->counts);
    for (i = 0; i < ps->actors.len; i++) {
        const edai_ps_actor *actor = &ps->actors.items[i];

        if (self->actor == NULL || eda_str_equal(actor->name, eda_str_from(self->actor))) {
            add_activations(&self->sums.activations, actor);
            self->sums.activations.is_known = true;
        }
    }
    edai_free(ps);
    return EDA_OK;
}

static void on_told(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    asking *self = arg;
    const edai_port *port = self->node->sys->port;
    eda_status status = EDA_OK;

    edai_mutex_lock(&self->mutex);
    if (answer != NULL && !is_error) {
        status = add(self, answer->payload);
    } else if (answer == NULL) {
        self->has_ended = true;
        status = end;
    }
    self->status = self->status == EDA_OK ? status : self->status;
    if (answer == NULL) { /* within the lock: who waits frees everything as soon as it is open */
        port->wake(port->self, &self->waiter);
    }
    edai_mutex_unlock(&self->mutex);
}

static bool has_ended(asking *self)
{
    bool result;

    edai_mutex_lock(&self->mutex);
    result = self->has_ended;
    edai_mutex_unlock(&self->mutex);
    return result;
}

/* Every get ends by itself, at its deadline at the latest. */
static eda_status ask_others(asking *self, uint32_t timeout_ms)
{
    edai_node *node = self->node;
    const edai_port *port = node->sys->port;
    char *key = edai_node_key(node, "ps", "**");
    eda_bus_message request = {.is_urgent = false};
    eda_status status = EDA_ENOMEM;

    if (key != NULL) {
        request.key = eda_str_from(key);
        status = node->driver->get(node->bus, &request, true, timeout_ms, on_told, self);
    }
    while (status == EDA_OK && !has_ended(self)) {
        port->park(port->self, &self->waiter, EDAI_NO_DEADLINE);
    }
    edai_free(key);
    return status != EDA_OK ? status : self->status;
}

static eda_status sum(asking *self, uint32_t timeout_ms)
{
    eda_system *sys = self->node->sys;
    uint32_t nodes = atomic_load(&self->node->counts.nodes);
    eda_status status = nodes > 1 ? ask_others(self, timeout_ms) : EDA_OK;

    if (status == EDA_OK && self->sums.nodes < nodes) {
        status = EDA_ETIMEOUT;
    }
    if (status != EDA_OK) {
        return edai_system_fail(sys, status, "of %u nodes %u have told what runs on them: %s",
            nodes, self->sums.nodes, eda_status_text(status));
    }
    if (!self->sums.activations.is_known) {
        return edai_system_fail(
            sys, EDA_ENOENT, "no node has an actor type of the name '%.80s'", self->actor);
    }
    return EDA_OK;
}

eda_status eda_cluster_sum(
    eda_system *sys, const char *actor, uint32_t timeout_ms, eda_cluster_sums *ret_sums)
{
    asking self = {.actor = actor, .sums = {.nodes = 1}};
    eda_status status;

    EDA_ASSERT(sys != NULL && sys->magic == EDAI_SYSTEM_MAGIC, "a system that was not freed");
    if (sys->abroad == NULL || edai_system_phase(sys) != EDAI_RUNNING) {
        return edai_system_fail(
            sys, EDA_ESTATE, "the system is no node: start it with a bus in its options");
    }
    self.node = edai_node_of(sys->abroad);
    self.sums.counts = eda_system_counts(sys, NULL, NULL);
    self.sums.activations = eda_system_activations(sys, actor);
    edai_mutex_init(&self.mutex);
    edai_parker_init(&self.waiter.parker);
    status = sum(&self, timeout_ms);
    edai_parker_fini(&self.waiter.parker);
    edai_mutex_fini(&self.mutex);
    if (status == EDA_OK) {
        *ret_sums = self.sums;
    }
    return status;
}
