/* summary.c - the day in numbers.
 *
 * It keeps no table of floors: each floor counts for itself and tells its count, which only grows.
 * So the busiest at the end is the greatest count ever told, and of those who told it the one with
 * the smallest name. */
#include "summary.h"
#include "badge.h"
#include "door.h"
#include "floor.h"
#include <edacious/edacious.h>

typedef struct summary {
    uint64_t granted;
    uint64_t unknown_door;
    uint64_t no_grant;
    uint64_t outside_hours;
    uint64_t level_too_low;
    eda_text busiest_floor;
    uint64_t busiest_count;
} summary;

static void summary_on_entered(summary *self, const door_entered *entered)
{
    (void)entered;
    self->granted++;
}

static void summary_on_refused(summary *self, const badge_refused *refused)
{
    switch (refused->reason) {
    case REFUSED_UNKNOWN_DOOR:
        self->unknown_door++;
        break;
    case REFUSED_NO_GRANT:
        self->no_grant++;
        break;
    case REFUSED_OUTSIDE_HOURS:
        self->outside_hours++;
        break;
    case REFUSED_LEVEL_TOO_LOW:
        self->level_too_low++;
        break;
    }
}

static eda_status summary_on_counted(summary *self, const floor_counted *counted, eda_ctx *ctx)
{
    eda_str busiest = eda_text_str(self->busiest_floor);

    if (counted->entry_count < self->busiest_count) {
        return EDA_OK;
    }
    if (counted->entry_count == self->busiest_count &&
        eda_str_compare(counted->floor, busiest) >= 0) {
        return EDA_OK;
    }
    self->busiest_count = counted->entry_count;
    return eda_text_set(ctx, &self->busiest_floor, counted->floor);
}

static void summary_on_get(summary *self, const summary_get *get, summary_totals *ret_totals)
{
    (void)get;
    *ret_totals = (summary_totals){.granted = self->granted,
        .unknown_door = self->unknown_door,
        .no_grant = self->no_grant,
        .outside_hours = self->outside_hours,
        .level_too_low = self->level_too_low,
        .busiest_floor = eda_text_str(self->busiest_floor),
        .busiest_count = self->busiest_count};
}

EDA_ACTOR(summary, eda_none,
    options(.doc = "Counts entries and refusals, and knows the busiest floor."),
    saves(granted, unknown_door, no_grant, outside_hours, level_too_low, busiest_floor,
        busiest_count),
    on(door_entered, summary_on_entered),
    on(badge_refused, summary_on_refused),
    on(floor_counted, summary_on_counted),
    answers(summary_get, summary_on_get));
