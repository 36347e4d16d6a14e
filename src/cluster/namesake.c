/* namesake.c - see namesake.h. */
#include "cluster/namesake.h"

#include "base/memory.h"
#include "cluster/node.h"

#include <stdio.h>
#include <string.h>

bool edai_namesake_is(const edai_node *node, eda_str id)
{
    const size_t len = (size_t)(strchr(node->id, '/') - node->id) + 1;

    return id.len > len && memcmp(id.ptr, node->id, len) == 0 &&
           !eda_str_equal(id, edai_node_id(node));
}

void edai_namesake_note(edai_node *node, const edai_hello *hello)
{
    char id[sizeof(node->namesake)];

    (void)snprintf(id, sizeof(id), "%.*s/%.*s", EDA_STR_ARG(hello->node), EDA_STR_ARG(hello->inc));
    if (!hello->is_leaving && edai_namesake_is(node, eda_str_from(id))) {
        memcpy(node->namesake, id, sizeof(id));
    }
}

eda_status edai_namesake_check(edai_node *node)
{
    if (node->namesake[0] == '\0') {
        return EDA_OK;
    }
    return edai_system_fail(node->sys, EDA_ESTATE,
        "a node '%.64s' lives already in cluster '%.64s' (%s): choose another name "
        "(eda_options.name), another cluster, or wait until it is gone",
        node->sys->name, node->cluster, strrchr(node->namesake, '/') + 1);
}

/* --- the question before it enters ---------------------------------------------------------- */

typedef struct look {
    edai_node *node;
    edai_mutex mutex;
    edai_cond ended;
    bool is_over;
} look;

static void on_answer(void *arg, const eda_bus_message *answer, bool is_error, eda_status end)
{
    look *self = arg;
    edai_hello hello = {.links = self->node->heard_links, .held = self->node->heard_held};

    (void)end; /* whoever does not answer in time is no obstacle */
    edai_mutex_lock(&self->mutex);
    if (answer == NULL) {
        self->is_over = true;
        edai_cond_signal(&self->ended);
    } else if (!is_error && edai_wire_read_hello(answer->payload, &hello) == EDA_OK) {
        edai_namesake_note(self->node, &hello);
    }
    edai_mutex_unlock(&self->mutex);
}

static eda_status ask(edai_node *node, const char *key)
{
    const eda_bus_message request = {.key = eda_str_from(key)};
    look self = {.node = node};
    eda_status status;

    edai_mutex_init(&self.mutex);
    edai_cond_init(&self.ended);
    status = node->driver->get(node->bus, &request, true, EDAI_NAMESAKE_MS, on_answer, &self);
    edai_mutex_lock(&self.mutex);
    while (status == EDA_OK && !self.is_over) { /* the get has its deadline */
        edai_cond_wait(&self.ended, &self.mutex);
    }
    edai_mutex_unlock(&self.mutex);
    edai_cond_fini(&self.ended);
    edai_mutex_fini(&self.mutex);
    return status;
}

eda_status edai_namesake_look(edai_node *node)
{
    char every[EDAI_WIRE_NODE_LEN_MAX + 3];
    char *key;
    eda_status status = EDA_ENOMEM;

    (void)snprintf(every, sizeof(every), "%s/*", node->sys->name);
    key = edai_node_key(node, "ping", every);
    if (key != NULL) {
        status = ask(node, key);
    }
    if (status != EDA_OK) {
        (void)edai_system_fail(node->sys, status,
            "the bus does not tell whether there is a node "
            "'%.100s': %s",
            node->sys->name, eda_status_text(status));
    }
    edai_free(key);
    return status == EDA_OK ? edai_namesake_check(node) : status;
}
