/* inflow.h - puts that a bus calls back, and when nodes went or came back between them, kept until
 * the verb's thread takes them.
 *
 * Threads: put, note and stop from any, stop also from a signal's handler; the rest from one.
 * Memory: a block per put, EDAI_INFLOW_SIZE_MAX bytes of them; beyond that new ones are dropped and
 * counted.
 */
#ifndef EDAI_INFLOW_H
#define EDAI_INFLOW_H

#include <edacious/bus.h>
#include <edacious/topic.h>

#include "base/thread.h"

#include <stdatomic.h>

#define EDAI_INFLOW_SIZE_MAX (64u << 20)

typedef enum edai_inflow_kind {
    EDAI_INFLOW_PUT,
    EDAI_INFLOW_LOST, /* of these two, the rest is empty */
    EDAI_INFLOW_BACK
} edai_inflow_kind;

typedef struct edai_inflow_item {
    struct edai_inflow_item *next;
    edai_inflow_kind kind;
    eda_time at; /* when it came */
    eda_str key;
    eda_str encoding;
    eda_bytes payload;
    eda_bytes attachment;
} edai_inflow_item;

typedef struct edai_inflow {
    edai_mutex mutex;
    edai_inflow_item *first;
    edai_inflow_item **end;
    size_t size;
    uint64_t dropped;
    atomic_bool is_stopped;
    atomic_bool is_rung; /* a byte waits in the pipe */
    int pipe[2];
} edai_inflow;

/* EDA_ELIMIT: no descriptors. */
EDA_CHECK eda_status edai_inflow_init(edai_inflow *inflow);
void edai_inflow_fini(edai_inflow *inflow);
void edai_inflow_put(edai_inflow *inflow, const eda_bus_message *message);
/* EDAI_INFLOW_LOST or EDAI_INFLOW_BACK, behind the puts that came before. */
void edai_inflow_note(edai_inflow *inflow, edai_inflow_kind kind);
void edai_inflow_stop(edai_inflow *inflow);
/* The next one, owned, free with edai_free; waits for it. NULL: stopped, and nothing is left. */
edai_inflow_item *edai_inflow_take(edai_inflow *inflow);

/* From now on SIGINT and SIGTERM stop this inflow; NULL: they do what they did. One at a time. */
void edai_inflow_catch_signals(edai_inflow *inflow);

#endif
