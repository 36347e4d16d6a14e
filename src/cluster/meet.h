/* meet.h - what two nodes find that did not reach each other before: actors that may live on both.
 *
 * A node that started alone, since it could not be reached or could reach nobody, hosts whatever is
 * addressed there. When it meets another one that did likewise, each partition that both hold is
 * one's (view.h), and what lives in it on the other is given up, as soon as it is idle. Nodes tell
 * each other partitions, not keys: so an actor that is given up may have lived here alone. It is
 * counted once, however many nodes that hold its partition are met, and has a share in the line of
 * the log of each. (Not exact where it is about a single turn: one that goes in the very moment of
 * the meeting is not counted, one that was given up as its node began anew, and is not through with
 * its turn when that meets another, is counted again.) Threads: the gateway's. */
#ifndef EDAI_MEET_H
#define EDAI_MEET_H

typedef struct edai_node edai_node;

/* If what was heard made a node usable, and there is something to say: one line of the log. Before
 * anything else runs here, for what is given up may go then. */
void edai_meet_look(edai_node *node);

#endif
