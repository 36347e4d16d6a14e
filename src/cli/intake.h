/* intake.h - puts that a bus calls back, kept until the verb's thread takes them.
 *
 * Threads: put and stop from any, stop also from a signal's handler; the rest from one. Memory: a
 * block per put, EDAI_INTAKE_SIZE_MAX bytes of them; beyond that new ones are dropped and counted.
 */
#ifndef EDAI_INTAKE_H
#define EDAI_INTAKE_H

#include <edacious/bus.h>
#include <edacious/topic.h>

#include "base/thread.h"

#include <stdatomic.h>

#define EDAI_INTAKE_SIZE_MAX (64u << 20)

typedef struct edai_intake_item {
    struct edai_intake_item *next;
    eda_time at; /* when it came */
    eda_str key;
    eda_str encoding;
    eda_bytes payload;
    eda_bytes attachment;
} edai_intake_item;

typedef struct edai_intake {
    edai_mutex mutex;
    edai_intake_item *first;
    edai_intake_item **end;
    size_t size;
    uint64_t dropped;
    atomic_bool is_stopped;
    atomic_bool is_rung; /* a byte waits in the pipe */
    int pipe[2];
} edai_intake;

/* EDA_ELIMIT: no descriptors. */
EDA_CHECK eda_status edai_intake_init(edai_intake *intake);
void edai_intake_fini(edai_intake *intake);
void edai_intake_put(edai_intake *intake, const eda_bus_message *message);
void edai_intake_stop(edai_intake *intake);
/* The next one, owned, free with edai_free; waits for it. NULL: stopped, and nothing is left. */
edai_intake_item *edai_intake_take(edai_intake *intake);

/* From now on SIGINT and SIGTERM stop this intake; NULL: they do what they did. One at a time. */
void edai_intake_catch_signals(edai_intake *intake);

#endif
