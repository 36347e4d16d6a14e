/* meet.h - what two nodes find that did not reach each other before: actors that may live on both.
 *
 * A node that started alone, since it could not be reached or could reach nobody, hosts whatever is
 * addressed there. When it meets another one that did likewise, each partition that both hold is
 * one's (view.h), and what lives in it on the other is given up, as soon as it is idle. Nodes tell
 * each other partitions, not keys: so an actor that is given up may have lived here alone. Threads:
 * the gateway's. */
#ifndef EDAI_MEET_H
#define EDAI_MEET_H

#include "cluster/view.h"

typedef struct edai_node edai_node;

/* By slot: nodes that were met, and not looked at yet. */
typedef struct edai_meetings {
    uint64_t slots[EDAI_MEMBERS_MAX / 64];
    bool is_any;
} edai_meetings;

/* The member has become usable. From within the view's events. */
void edai_meet_note(edai_node *node, const edai_member *member);
/* At the end of the round: of each that was met, one line of the log if there is something. */
void edai_meet_look(edai_node *node);

#endif
