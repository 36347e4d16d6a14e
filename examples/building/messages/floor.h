/* floor.h - who came to a floor. */
#ifndef BUILDING_FLOOR_H
#define BUILDING_FLOOR_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_MESSAGE(floor_entered, "building/floors/{floor}/entered",
    .doc = "Somebody came to a floor through one of its doors.",
    .find = {"who is on a floor"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, floor),
    (eda_str, door_id),
    (eda_str, badge_id),
    (int64_t, at, .unit = "ms"));

EDA_MESSAGE(floor_counted, "building/floors/{floor}/counted",
    .doc = "How many entries a floor has seen by now.",
    .find = {"busiest floor"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, floor),
    (uint64_t, entry_count));

#endif
