/* linked.c - the list of linked actors. */
#include "message/linked.h"

#include <string.h>

static eda_linked *first;

void eda_link(eda_linked *node)
{
    eda_linked **place = &first;

    /* Sorted, so that what is added first does not depend on the order of object files: simulations
     * must repeat. */
    while (*place != NULL && strcmp((*place)->actor->name, node->actor->name) <= 0) {
        place = &(*place)->next;
    }
    node->next = *place;
    *place = node;
}

const eda_linked *edai_linked_first(void)
{
    return first;
}
