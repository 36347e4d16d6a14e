/* badge.h - what happens to a badge, and what it has to say. */
#ifndef BUILDING_BADGE_H
#define BUILDING_BADGE_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_MESSAGE(badge_grant, "building/badges/{badge_id}/grant",
    .doc = "Gives a badge its rights; takes the place of what it had.",
    .find = {"let somebody into the building", "give a badge access"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, badge_id),
    (uint8_t, level, .doc = "opens doors up to this level"),
    (int64_t, from, .unit = "ms", .range = {0, INT64_MAX}, .doc = "good from this moment on"),
    (int64_t, until, .unit = "ms", .range = {0, INT64_MAX}, .doc = "no longer good at this one"));

EDA_MESSAGE(badge_revoke, "building/badges/{badge_id}/revoke",
    .doc = "Takes all rights from a badge.",
    .find = {"block a lost badge", "take access away"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, badge_id),
    (int64_t, at, .unit = "ms", .range = {0, INT64_MAX}));

EDA_MESSAGE(badge_swipe, "building/badges/{badge_id}/swipe",
    .doc = "Somebody holds the badge to a door.",
    .find = {"somebody wants to get in", "a badge is read at a door"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, badge_id),
    (eda_str, door_id),
    (int64_t, at, .unit = "ms", .range = {0, INT64_MAX}));

EDA_ENUM(refusal_reason,
    (REFUSED_UNKNOWN_DOOR, "unknown_door", .doc = "nobody has told the door what to ask for"),
    (REFUSED_NO_GRANT, "no_grant"),
    (REFUSED_OUTSIDE_HOURS, "outside_hours", .doc = "too early, or too late"),
    (REFUSED_LEVEL_TOO_LOW, "level_too_low"));

EDA_MESSAGE(badge_refused, "building/badges/{badge_id}/refused",
    .doc = "A door stayed shut.",
    .find = {"who was not let in", "access denied"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, badge_id),
    (eda_str, door_id, .doc = "as it was swiped: not always the name of a door"),
    (refusal_reason, reason),
    (int64_t, at, .unit = "ms"));

#endif
