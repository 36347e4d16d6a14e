/* start.c - a system with the building's actors in it. */
#include "building.h"

#include "patience.h"
#include <edacious/edacious.h>
#include <inttypes.h>

EDA_ACTOR_HEADER(alarm, eda_none);
EDA_ACTOR_HEADER(audit, eda_none);
EDA_ACTOR_HEADER(badge, eda_none);
EDA_ACTOR_HEADER(door, eda_none);
EDA_ACTOR_HEADER(floor, eda_none);
EDA_ACTOR_HEADER(notification, eda_none);
EDA_ACTOR_HEADER(summary, eda_none);

/* The reader parses whole lines, and JSON may nest: 2,048 levels is what jansson takes. */
#define STACK_SIZE (1024 * 1024)

static const char *const actors[] = {
    "alarm", "audit", "badge", "door", "floor", "notification", "reader", "summary"};

static eda_options options_of(const building_arguments *args, eda_sim *sim)
{
    eda_options options = {.workers = args->workers};

    if (sim != NULL && args->workers == 0) {
        options = eda_sim_options(sim);
    }
    options.passivates_at_once = args->passivates_at_once;
    options.store = EDA_STORE_MEMORY;
    options.wait_ms = PATIENCE_MS;
    options.stacks_max = 0; /* the default: the simulator's own is tighter than the log allows */
    options.stack_size = STACK_SIZE;
    options.name = args->node;
    options.bus = args->bus;
    options.bus_config = args->bus_config;
    options.cluster = args->cluster;
    /* What an actor saved is in its own process's memory, and another node would not find it. No
     * actor moves here: all nodes are there before the first line is read, and stay until the
     * summary is printed. */
    options.is_unfenced = args->bus != NULL;
    return options;
}

/* The files are on the machine of the node that reads them; so the reader is there, too. */
static eda_status add_all_but_reader(eda_system *sys)
{
    EDA_TRY(eda_add(sys, EDA_WITH(alarm)));
    EDA_TRY(eda_add(sys, EDA_WITH(audit)));
    EDA_TRY(eda_add(sys, EDA_WITH(badge)));
    EDA_TRY(eda_add(sys, EDA_WITH(door)));
    EDA_TRY(eda_add(sys, EDA_WITH(floor)));
    EDA_TRY(eda_add(sys, EDA_WITH(notification)));
    return eda_add(sys, EDA_WITH(summary));
}

eda_status building_start(const building_arguments *args, eda_sim *sim, eda_system **ret_system)
{
    const eda_options options = options_of(args, sim);

    EDA_TRY(sim != NULL ? eda_sim_system_new(sim, &options, ret_system)
                        : eda_system_new(&options, ret_system));
    EDA_TRY(args->setup != NULL ? eda_add_linked(*ret_system) : add_all_but_reader(*ret_system));
    return eda_system_start(*ret_system);
}

void building_tell(eda_system *sys, const char *node)
{
    const eda_counts counts = eda_system_counts(sys, NULL, NULL);
    const eda_cluster_counts cluster = eda_system_cluster(sys);
    char hosted[512];
    int len = 0;
    size_t i;

    /* Each line by one call: what the system logs meanwhile stands before or behind it. */
    fprintf(stderr,
        "%s: accepted %" PRIu64 " handled %" PRIu64 " failed %" PRIu64 " expired %" PRIu64
        " shed %" PRIu64 " dead %" PRIu64 " stopped %" PRIu64 " forwarded %" PRIu64 " lost %" PRIu64
        " unknown %" PRIu64 " balance %" PRId64 "\n",
        node, counts.accepted, counts.handled, counts.failed, counts.expired, counts.shed,
        counts.dead, counts.stopped, counts.forwarded, counts.lost, counts.unknown,
        eda_counts_balance(&counts));
    fprintf(stderr,
        "%s: sent %" PRIu64 " arrived %" PRIu64 " missed %" PRIu64 " moved %" PRIu64
        " refused %" PRIu64 "\n",
        node, cluster.sent, cluster.arrived, cluster.missed, cluster.moved, cluster.refused);
    for (i = 0; i < sizeof(actors) / sizeof(actors[0]); i++) {
        len += snprintf(hosted + len, sizeof(hosted) - (size_t)len, " %s %" PRIu64, actors[i],
            eda_system_activations(sys, actors[i]).keys_ever);
    }
    fprintf(stderr, "%s: hosted%s\n", node, hosted);
}
