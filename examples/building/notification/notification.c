/* notification.c - tells the desk about refusals and alarms.
 *
 * A pool: which of the four takes a message does not matter, as each message says everything. A
 * real one would ring a telephone here, with eda_blocking, and four calls could be made at once. */
#include "alarm.h"
#include "badge.h"
#include "notice.h"
#include <edacious/edacious.h>

typedef struct notification {
    uint64_t sent_count; /* by this one of the four, since it started */
} notification;

static eda_status notification_on_refused(
    notification *self, const badge_refused *refused, eda_ctx *ctx)
{
    self->sent_count++;
    return eda_publish(ctx,
        EDA_MSG(notice_sent, .badge_id = refused->badge_id, .door_id = refused->door_id,
            .kind = NOTICE_REFUSAL),
        NULL);
}

static eda_status notification_on_alarm(
    notification *self, const alarm_raised *raised, eda_ctx *ctx)
{
    self->sent_count++;
    return eda_publish(ctx,
        EDA_MSG(notice_sent, .badge_id = raised->badge_id, .door_id = raised->door_id,
            .kind = NOTICE_ALARM),
        NULL);
}

EDA_ACTOR(notification, eda_none,
    options(.doc = "Tells the desk what it should know."),
    pool(4),
    emits(notice_sent),
    on(badge_refused, notification_on_refused),
    on(alarm_raised, notification_on_alarm));
