/* linked.h - the list of actors that were linked into the program or came with plug-ins.
 *
 * Order: by name, whatever the linker's order was. Threads: none of its own; constructors run
 * before main, or in dlopen. Memory: the nodes are static objects of the actors' files; nothing is
 * allocated. */
#ifndef EDAI_LINKED_H
#define EDAI_LINKED_H

#include <edacious/actor.h>

/* First node, or NULL; follow `next`. Borrowed as long as no plug-in is opened. */
const eda_linked *edai_linked_first(void);

#endif
