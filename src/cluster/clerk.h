/* clerk.h - the node's thread for what a bus may take long over: its declarations.
 *
 * Order: the node's room is entered before requests are served; each is done until it succeeds.
 * Threads: begin and end by the thread that starts and stops, the rest by the gateway, which never
 * waits for it. */
#ifndef EDAI_CLERK_H
#define EDAI_CLERK_H

#include "base/thread.h"
#include "core/worker.h"

typedef struct edai_node edai_node;

typedef struct edai_clerk {
    edai_thread thread;
    bool is_running;  /* the thread is there */
    edai_mutex mutex; /* of the three below */
    edai_cond changed;
    bool is_ending;
    bool is_entry_due;
    bool is_serving_due;
} edai_clerk;

void edai_clerk_init(edai_clerk *clerk);
void edai_clerk_fini(edai_clerk *clerk);

/* What was asked for before is done now. EDA_ENOMEM. */
EDA_CHECK eda_status edai_clerk_begin(edai_node *node);
/* Returns when nothing runs any more, and nothing will; what is being done is waited for. Twice is
 * fine. */
void edai_clerk_end(edai_node *node);

/* Leaves the cluster's room and enters it under the node's present id; edai_member_entered is
 * called then, on the gateway. */
void edai_clerk_enter(edai_node *node);
/* Begins and ends to serve outsiders' requests, as was chosen; edai_member_served then. */
void edai_clerk_serve(edai_node *node);

#endif
