/* nodes.h - the catalogues of a cluster's nodes, asked for or read from files.
 *
 * Order: by node. Threads: one. */
#ifndef EDAI_NODES_H
#define EDAI_NODES_H

#include "cli/session.h"
#include "wire/catalogue.h"

#define EDAI_NODES_MAX EDAI_ANSWERS_MAX

typedef struct edai_nodes {
    edai_catalogue **items; /* owned, each a block */
    size_t count;
    edai_exit code; /* not EDAI_EXIT_OK: some are missing, as was said */
} edai_nodes;

/* From the files of --catalogue (lines of JSON, one catalogue each), if there are any, else from
 * all nodes that can be reached. On failure a sentence was printed and nothing is to be freed. */
edai_exit edai_nodes_read(edai_cli *cli, edai_nodes *ret_nodes);
void edai_nodes_free(edai_nodes *nodes);

/* The name of the cluster, as they say. */
eda_str edai_nodes_cluster(const edai_nodes *nodes);
/* A message type by name, of any of them; NULL: none has it. */
const edai_catalogue_message *edai_nodes_find_message(const edai_nodes *nodes, eda_str name);

#endif
