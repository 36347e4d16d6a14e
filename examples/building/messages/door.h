/* door.h - what a door asks for, and who went through it. */
#ifndef BUILDING_DOOR_H
#define BUILDING_DOOR_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_MESSAGE(door_policy, "building/doors/{door_id}/policy",
    .doc = "Tells a door whom to let through, and on which floor it is.",
    .find = {"set the level of a door", "install a door"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, door_id),
    (uint8_t, level, .doc = "the lowest that may pass"),
    (eda_str, floor));

EDA_RECORD(door_terms,
    (bool, is_known, .doc = "false: the door never got a policy"),
    (uint8_t, level, .doc = "the lowest that may pass"));

EDA_REQUEST(door_policy_get, door_terms, "building/doors/{door_id}/policy/get",
    .doc = "What a door asks for.",
    .find = {"may this badge pass the door", "level of a door"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, door_id));

EDA_MESSAGE(door_entered, "building/doors/{door_id}/entered",
    .doc = "Somebody went through a door.",
    .find = {"who passed a door", "access granted"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, door_id),
    (eda_str, badge_id),
    (int64_t, at, .unit = "ms"));

#endif
