/* alarm.h - a badge that is refused again and again. */
#ifndef BUILDING_ALARM_H
#define BUILDING_ALARM_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_MESSAGE(alarm_raised, "building/badges/{badge_id}/alarm",
    .doc = "A badge was refused three times in a row within a minute.",
    .find = {"somebody tries every door", "suspicious badge"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, badge_id),
    (eda_str, door_id, .doc = "where it was refused last"),
    (int64_t, at, .unit = "ms", .doc = "of the third refusal"));

EDA_RECORD(alarm_totals,
    (uint64_t, count),
    (eda_str, last_badge_id, .doc = "empty: no alarm so far"));

EDA_REQUEST(alarm_get, alarm_totals, "building/alarms/get",
    .doc = "How many alarms there were.",
    .find = {"count alarms"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS);

#endif
