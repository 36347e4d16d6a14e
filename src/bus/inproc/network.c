/* network.c - the named networks of this process. */
#include "base/assert.h"
#include "base/memory.h"
#include "bus/inproc/inproc.h"

#include <string.h>

static edai_mutex registry = {.native = PTHREAD_MUTEX_INITIALIZER};
static edai_inproc_network *networks; /* under the mutex */

/* What was made before a fork belongs to threads that are not here: a network of the same name is
 * another one then. */
static edai_inproc_network *find(const char *name)
{
    edai_inproc_network *network = networks;

    while (network != NULL &&
           (strcmp(network->name, name) != 0 || network->fork_count != edai_fork_count())) {
        network = network->next;
    }
    return network;
}

static edai_inproc_network *add(const char *name)
{
    edai_inproc_network *network = edai_calloc(1, sizeof(*network));

    if (network != NULL) {
        edai_mutex_init(&network->mutex);
        memcpy(network->name, name, strlen(name) + 1);
        network->fork_count = edai_fork_count();
        network->next = networks;
        networks = network;
    }
    return network;
}

eda_status edai_inproc_network_open(const char *name, edai_inproc_network **ret_network)
{
    EDA_ASSERT(strlen(name) < EDAI_INPROC_NAME_SIZE, "the configuration bounds a name");
    edai_mutex_lock(&registry);
    edai_inproc_network *network = find(name);
    if (network == NULL) {
        network = add(name);
    }
    if (network != NULL) {
        network->sessions_open++;
        *ret_network = network;
    }
    edai_mutex_unlock(&registry);
    return network != NULL ? EDA_OK : EDA_ENOMEM;
}

void edai_inproc_network_close(edai_inproc_network *network)
{
    edai_mutex_lock(&registry);
    EDA_ASSERT(network->sessions_open > 0, "a network is closed as often as it was opened");
    network->sessions_open--;
    if (network->sessions_open == 0) {
        edai_inproc_network **place = &networks;
        while (*place != network) {
            place = &(*place)->next;
        }
        *place = network->next;
        EDA_ASSERT(network->sightings == NULL, "who watched has closed");
        edai_mutex_fini(&network->mutex);
        edai_free(network);
    }
    edai_mutex_unlock(&registry);
}

bool edai_inproc_is_forked(const eda_bus *bus)
{
    return bus->network->fork_count != edai_fork_count();
}
