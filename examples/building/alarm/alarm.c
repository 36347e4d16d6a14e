/* alarm.c - the alarm book: how many there were, and which badge was last. */
#include "alarm.h"
#include <edacious/edacious.h>

typedef struct alarm {
    uint64_t count;
    eda_text last_badge_id;
} alarm;

static eda_status alarm_on_raised(alarm *self, const alarm_raised *raised, eda_ctx *ctx)
{
    self->count++;
    return eda_text_set(ctx, &self->last_badge_id, raised->badge_id);
}

static void alarm_on_get(alarm *self, const alarm_get *get, alarm_totals *ret_totals)
{
    (void)get;
    ret_totals->count = self->count;
    ret_totals->last_badge_id = eda_text_str(self->last_badge_id);
}

EDA_ACTOR(alarm, eda_none,
    options(.doc = "The alarms of all badges."),
    saves(count, last_badge_id),
    on(alarm_raised, alarm_on_raised),
    answers(alarm_get, alarm_on_get));
