/* cluster.h - several systems that share the hosting of actors: nodes of a cluster.
 *
 * A system that names a bus (eda_options.bus) is a node. Nothing else changes: actors and clients
 * publish and ask as ever. Each has a name of its own: while one lives and answers, another of its
 * name and cluster does not start (EDA_ESTATE). Threads: any, after eda_system_start.
 * docs/cluster.md. */
#ifndef EDA_CLUSTER_H
#define EDA_CLUSTER_H

#include <edacious/system.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Waits until at least so many nodes are there, this one included, and all of them see the same.
 * EDA_ETIMEOUT: eda_system_error names those that are. EDA_ESTATE: no bus. */
EDA_CHECK eda_status eda_cluster_wait_nodes(eda_system *sys, uint32_t count, uint32_t timeout_ms);
/* Waits until nothing is queued, running, suspended or on its way on any node. EDA_ETIMEOUT.
 * EDA_ESTATE: no bus. */
EDA_CHECK eda_status eda_cluster_wait_idle(eda_system *sys, uint32_t timeout_ms);

/* What the nodes tell of themselves, added up. */
typedef struct eda_cluster_sums {
    uint32_t nodes;              /* that told, this one included */
    eda_counts counts;           /* of all message and actor types, as eda_system_counts */
    eda_activations activations; /* as eda_system_activations */
} eda_cluster_sums;
/* Asks every node for its counts, and for the activations of an actor type by name (NULL: all).
 * Exact while all are idle. EDA_ETIMEOUT: a node did not tell. EDA_ENOENT: no node has an actor
 * type of that name. EDA_ESTATE: no bus. Not from a handler. */
EDA_CHECK eda_status eda_cluster_sum(
    eda_system *sys, const char *actor, uint32_t timeout_ms, eda_cluster_sums *ret_sums);

/* What became of a node. */
typedef enum eda_node_state {
    EDA_NODE_UP = 1,  /* usable: hosts actors */
    EDA_NODE_SUSPECT, /* nothing was heard of it for a while */
    EDA_NODE_LEAVING, /* gives its actors away */
    EDA_NODE_DOWN     /* left, or dead; its name may come back in another incarnation */
} eda_node_state;

/* A change of membership, as this node sees it: published under @edacious/ on each node. */
typedef struct eda_node_change {
    eda_str node;
    eda_str incarnation;
    eda_node_state state;
    uint32_t nodes; /* usable ones now, this one included */
} eda_node_change;
extern const eda_type eda_type_eda_node_change; /* "@edacious/node" */

/* Between nodes, and with outsiders. Any thread, any time; exact at idle. */
typedef struct eda_cluster_counts {
    uint32_t nodes;    /* usable, this one included */
    uint64_t view;     /* changes of membership seen */
    uint64_t sent;     /* messages to other nodes */
    uint64_t arrived;  /* from other nodes */
    uint64_t missed;   /* gaps in what other nodes sent: theirs to count as lost */
    uint64_t moved;    /* arrived here and passed on to their owner */
    uint64_t given_up; /* actors that may have lived on another node, too, which could not be
                        * reached: a cut network, or this node was taken for dead */
    uint64_t seen;     /* outsiders' puts and gets */
    uint64_t refused;  /* theirs or other nodes': not what the type declares, or out of bounds */
    uint64_t shown;    /* puts on plain topics */
} eda_cluster_counts;
eda_cluster_counts eda_system_cluster(eda_system *sys);

#ifdef __cplusplus
}
#endif
#endif
