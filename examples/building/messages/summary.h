/* summary.h - the day in numbers. */
#ifndef BUILDING_SUMMARY_H
#define BUILDING_SUMMARY_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_RECORD(summary_totals,
    (uint64_t, granted),
    (uint64_t, unknown_door, .doc = "refusals, by their reason"),
    (uint64_t, no_grant),
    (uint64_t, outside_hours),
    (uint64_t, level_too_low),
    (eda_str, busiest_floor, .doc = "empty: nobody entered"),
    (uint64_t, busiest_count, .doc = "its entries"));

EDA_REQUEST(summary_get, summary_totals, "building/summary/get",
    .doc = "Who got in and who did not, in numbers.",
    .find = {"count entries and refusals", "busiest floor"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS);

#endif
