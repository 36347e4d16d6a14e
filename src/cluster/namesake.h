/* namesake.h - another node of this node's name, which therefore does not start.
 *
 * Whoever starts asks twice: before it shows itself, so that nobody notices a refusal; and once it
 * answers such questions itself. Of two that start in the same instant the one that asks last is
 * answered by the other, so that at most one of them starts. One that is leaving is no obstacle,
 * nor one that does not answer in time: it is dead, or stopped, and taken for dead by then. */
#ifndef EDAI_NAMESAKE_H
#define EDAI_NAMESAKE_H

#include "wire/wire.h"

#define EDAI_NAMESAKE_MS 1000u /* a node that lives answers within this */

typedef struct edai_node edai_node;

/* Asks for one that lives, before this node enters; the gateway does not run yet. EDA_ESTATE: there
 * is one, named in the system's error. EDA_ENOMEM; errors of the bus. */
EDA_CHECK eda_status edai_namesake_look(edai_node *node);
/* A node has answered that hello; noted if it is one. */
void edai_namesake_note(edai_node *node, const edai_hello *hello);
/* One was noted: EDA_ESTATE, and the system's error. */
EDA_CHECK eda_status edai_namesake_check(edai_node *node);
/* "NODE/INC" is of this node's name. */
bool edai_namesake_is(const edai_node *node, eda_str id);

#endif
