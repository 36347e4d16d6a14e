/* describe.h - what a system says of itself to other nodes and to people: its catalogue, what runs.
 *
 * Order: by name, so that the same system always says the same. Threads: any, once the system was
 * started. Memory: texts are returned owned, free with edai_free. */
#ifndef EDAI_DESCRIBE_H
#define EDAI_DESCRIBE_H

#include <edacious/cluster.h>

#include "core/system.h"
#include "wire/catalogue.h"
#include "wire/ps.h"

/* Of which node. Borrowed. */
typedef struct edai_describe_self {
    eda_str node;
    eda_str inc;
    eda_str cluster;
} edai_describe_self;

/* What the system does not know of itself. Borrowed. */
typedef struct edai_describe_around {
    uint64_t uptime_s;
    const eda_cluster_counts *counts; /* view and outsiders; NULL: zeros */
    const edai_ps_node *nodes;        /* others, as this one sees them */
    size_t node_count;
    const edai_ps_link *links;
    size_t link_count;
} edai_describe_around;

/* Its message types and actor types (catalogue.h). `ret_hash`: edai_catalogue_hash of them; may be
 * NULL. EDA_ERANGE: over EDA_CODEC_SIZE_MAX, or more of a kind than a catalogue takes. EDA_EINVAL:
 * a text of a declaration is not UTF-8. EDA_ENOMEM. */
EDA_CHECK eda_status edai_describe_catalogue(eda_system *sys, const edai_describe_self *self,
    char **ret_json, size_t *ret_len, uint64_t *ret_hash);

/* What runs on it (ps.h). EDA_ERANGE, EDA_ENOMEM. */
EDA_CHECK eda_status edai_describe_ps(eda_system *sys, const edai_describe_self *self,
    const edai_describe_around *around, char **ret_json, size_t *ret_len);

/* The same number for two declarations that say the same over the wire: names, topic, kinds, fields
 * and enumerators of all it consists of. EDA_ENOMEM, EDA_ELIMIT. */
EDA_CHECK eda_status edai_describe_fingerprint(const eda_type *type, uint64_t *ret_fingerprint);

/* A field's type in words, as people who write other languages read it: "list of badge {id: text}".
 * Cut to fit; returns its length without the final 0. */
size_t edai_describe_type(const eda_type *type, char *buffer, size_t size);

/* What a field is where a message from outside lacks it, likewise. 0: the message must have it, or
 * it is an optional. */
#define EDAI_DESCRIBE_MISSING_SIZE 128
size_t edai_describe_missing(const eda_field *field, char *buffer);

#endif
