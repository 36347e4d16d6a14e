/* badge.c - one badge: knows its own rights, asks the door for its terms, decides.
 *
 * Its turns come one at a time, in the order of the log, and a swipe that waits for its door makes
 * the next one wait too. That is the only order the building needs. Grant and run are saved: a
 * badge that was passivated between two refusals still counts to three. */
#include "badge.h"
#include "alarm.h"
#include "door.h"
#include <edacious/edacious.h>

#define ALARM_WINDOW_MS 60000

typedef struct badge {
    bool has_grant;
    uint8_t level; /* this and the next two: of the grant */
    int64_t from_ms;
    int64_t until_ms;
    uint32_t run_len; /* refusals in a row that are remembered, at most two: the third decides */
    int64_t first_ms; /* when they were */
    int64_t second_ms;
} badge;

static void badge_on_grant(badge *self, const badge_grant *grant)
{
    self->has_grant = true;
    self->level = grant->level;
    self->from_ms = grant->from;
    self->until_ms = grant->until;
}

static void badge_on_revoke(badge *self, const badge_revoke *revoke)
{
    (void)revoke;
    self->has_grant = false;
}

/* Adds a refusal to the run; true if it makes an alarm, which empties the run. */
static bool run_add(badge *self, int64_t at)
{
    if (self->run_len < 2) {
        *(self->run_len == 0 ? &self->first_ms : &self->second_ms) = at;
        self->run_len++;
        return false;
    }
    /* Neither is negative, so this cannot overflow; a clock that was set back makes it negative,
     * and an alarm. */
    if (at - self->first_ms <= ALARM_WINDOW_MS) {
        self->run_len = 0;
        return true;
    }
    self->first_ms = self->second_ms;
    self->second_ms = at;
    return false;
}

static eda_status refuse(badge *self, const badge_swipe *swipe, refusal_reason reason, eda_ctx *ctx)
{
    EDA_TRY(eda_publish(ctx,
        EDA_MSG(badge_refused, .badge_id = swipe->badge_id, .door_id = swipe->door_id,
            .reason = reason, .at = swipe->at),
        NULL));
    if (!run_add(self, swipe->at)) {
        return EDA_OK;
    }
    return eda_publish(ctx,
        EDA_MSG(
            alarm_raised, .badge_id = swipe->badge_id, .door_id = swipe->door_id, .at = swipe->at),
        NULL);
}

static eda_status let_in(badge *self, const badge_swipe *swipe, eda_ctx *ctx)
{
    self->run_len = 0;
    return eda_publish(ctx,
        EDA_MSG(
            door_entered, .door_id = swipe->door_id, .badge_id = swipe->badge_id, .at = swipe->at),
        NULL);
}

static eda_status badge_on_swipe(badge *self, const badge_swipe *swipe, eda_ctx *ctx)
{
    const door_terms *terms = NULL;
    eda_status status =
        eda_ask(ctx, EDA_ASK(door_policy_get, &terms, .door_id = swipe->door_id), EDA_FOREVER);

    if (status == EDA_EKEY) { /* "", "front/left": no door can have that name */
        return refuse(self, swipe, REFUSED_UNKNOWN_DOOR, ctx);
    }
    EDA_TRY(status);
    if (!terms->is_known) {
        return refuse(self, swipe, REFUSED_UNKNOWN_DOOR, ctx);
    }
    if (!self->has_grant) {
        return refuse(self, swipe, REFUSED_NO_GRANT, ctx);
    }
    if (swipe->at < self->from_ms || swipe->at >= self->until_ms) {
        return refuse(self, swipe, REFUSED_OUTSIDE_HOURS, ctx);
    }
    if (self->level < terms->level) {
        return refuse(self, swipe, REFUSED_LEVEL_TOO_LOW, ctx);
    }
    return let_in(self, swipe, ctx);
}

EDA_ACTOR(badge, eda_none,
    options(.doc = "One badge: its rights, its swipes, its run of refusals."),
    key(badge_id),
    saves(has_grant, level, from_ms, until_ms, run_len, first_ms, second_ms),
    emits(door_policy_get, door_entered, badge_refused, alarm_raised),
    on(badge_grant, badge_on_grant),
    on(badge_revoke, badge_on_revoke),
    on(badge_swipe, badge_on_swipe));
