/* floor.c - one floor: counts who comes, and tells the new count each time. */
#include "floor.h"
#include <edacious/edacious.h>

typedef struct floor {
    uint64_t entry_count;
} floor;

static eda_status floor_on_entered(floor *self, const floor_entered *entered, eda_ctx *ctx)
{
    self->entry_count++;
    return eda_publish(ctx,
        EDA_MSG(floor_counted, .floor = entered->floor, .entry_count = self->entry_count), NULL);
}

EDA_ACTOR(floor, eda_none,
    options(.doc = "One floor: how many entries it has seen."),
    key(floor),
    saves(entry_count),
    emits(floor_counted),
    on(floor_entered, floor_on_entered));
