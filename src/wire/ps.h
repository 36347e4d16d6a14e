/* ps.h - what runs on a node, as it tells in JSON (docs/wire.md).
 *
 * Plain records, which the codecs write and read. Threads: no shared state. Memory: what was read
 * is one block. */
#ifndef EDAI_PS_H
#define EDAI_PS_H

#include <edacious/codec.h>
#include <edacious/declare.h>

#define EDAI_PS_LEN_MAX 4096 /* actor types; nodes; links */

/* Another node, as this one sees it. */
EDA_RECORD(edai_ps_node, (eda_str, node), (eda_str, inc), (eda_str, state));

EDA_RECORD(edai_ps_actor,
    (eda_str, name),
    (uint64_t, live),
    (uint64_t, keys_ever, .may_miss = true),
    (uint64_t, starts, .may_miss = true),
    (uint64_t, passivations, .may_miss = true),
    (uint64_t, restarts, .may_miss = true),
    (uint64_t, state_errors, .may_miss = true),
    (uint64_t, handled, .may_miss = true),
    (uint64_t, failed, .may_miss = true));

/* As eda_counts, and what eda_cluster_counts has of outsiders. */
EDA_RECORD(edai_ps_counts,
    (uint64_t, accepted, .may_miss = true),
    (uint64_t, handled, .may_miss = true),
    (uint64_t, failed, .may_miss = true),
    (uint64_t, expired, .may_miss = true),
    (uint64_t, shed, .may_miss = true),
    (uint64_t, dead, .may_miss = true),
    (uint64_t, stopped, .may_miss = true),
    (uint64_t, forwarded, .may_miss = true),
    (uint64_t, lost, .may_miss = true),
    (uint64_t, unknown, .may_miss = true),
    (uint64_t, unheard, .may_miss = true),
    (uint64_t, moved, .may_miss = true),
    (uint64_t, seen, .may_miss = true),
    (uint64_t, refused, .may_miss = true),
    (uint64_t, shown, .may_miss = true));

/* What goes to another node. */
EDA_RECORD(edai_ps_link,
    (eda_str, node, .doc = "NODE/INC"),
    (uint64_t, sent),
    (uint64_t, arrived),
    (uint64_t, lost),
    (uint64_t, unknown),
    (uint64_t, queued));

EDA_RECORD(edai_ps,
    (eda_str, node),
    (eda_str, inc),
    (eda_str, cluster),
    (uint64_t, uptime_s),
    (uint64_t, view),
    (eda_list_of(edai_ps_node), nodes, .may_miss = true, .len_max = EDAI_PS_LEN_MAX),
    (eda_list_of(edai_ps_actor), actors, .may_miss = true, .len_max = EDAI_PS_LEN_MAX),
    (edai_ps_counts, counts),
    (eda_list_of(edai_ps_link), links, .may_miss = true, .len_max = EDAI_PS_LEN_MAX));

/* Returns owned, free with edai_free. Errors as eda_json_decode. */
EDA_CHECK eda_status edai_ps_read(eda_bytes json, edai_ps **ret_ps, eda_problem *ret_problem);

#endif
