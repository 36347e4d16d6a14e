/* door.c - one door: says what it asks for, and passes on to its floor who came in.
 *
 * A door exists as soon as somebody asks for it, also one that nobody installed: that one knows no
 * policy. */
#include "door.h"
#include "floor.h"
#include <edacious/edacious.h>

#define FLOOR_SIZE_MAX 255 /* bytes of a name that can be a key */

typedef struct door {
    bool has_policy;
    uint8_t level;
    eda_text floor;
    uint64_t entry_count;
} door;

static eda_status door_on_policy(door *self, const door_policy *policy, eda_ctx *ctx)
{
    bool is_too_long = policy->floor.len > FLOOR_SIZE_MAX;

    self->has_policy = true;
    self->level = policy->level;
    return eda_text_set(ctx, &self->floor, is_too_long ? EDA_STR("") : policy->floor);
}

static void door_on_policy_get(door *self, const door_policy_get *get, door_terms *ret_terms)
{
    (void)get;
    ret_terms->is_known = self->has_policy;
    ret_terms->level = self->level;
}

static eda_status door_on_entered(door *self, const door_entered *entered, eda_ctx *ctx)
{
    eda_status status;

    self->entry_count++;
    status = eda_publish(ctx,
        EDA_MSG(floor_entered, .floor = eda_text_str(self->floor), .door_id = entered->door_id,
            .badge_id = entered->badge_id, .at = entered->at),
        NULL);
    /* A policy may call the floor anything, "" or "3/east" too. What can be no key has no actor. */
    return status == EDA_EKEY ? EDA_OK : status;
}

EDA_ACTOR(door, eda_none,
    options(.doc = "One door: its policy, and who went through it."),
    key(door_id),
    saves(has_policy, level, floor, entry_count),
    emits(floor_entered),
    on(door_policy, door_on_policy),
    on(door_entered, door_on_entered),
    answers(door_policy_get, door_on_policy_get));
