/* meter.c - one parking meter per space: coins buy time, and when it is over everybody hears. */
#include "meter.h"
#include "parking.h"
#include <edacious/edacious.h>

/* What a meter sends itself. A message and no eda_after: that timer dies with the activation, which
 * goes after 15 idle minutes, and time is bought for hours. */
EDA_MESSAGE(meter_check, "parking/{space_id}/check", (eda_str, space_id));

typedef struct meter {
    uint64_t taken_cents;
    eda_time paid_until;   /* 0: nobody has paid */
    eda_duration per_cent; /* not saved: start sets it again */
} meter;

static eda_status meter_check_later(const meter *self, eda_ctx *ctx)
{
    return eda_publish_after(
        ctx, EDA_MSG(meter_check, .space_id = eda_key(ctx)), self->paid_until - eda_now(ctx));
}

static eda_status meter_start(meter *self, const meter_deps *deps, eda_ctx *ctx)
{
    self->per_cent = deps->per_cent;
    /* Saved fields are loaded by now, but a check that an earlier system was to send is gone. */
    return self->paid_until == 0 ? EDA_OK : meter_check_later(self, ctx);
}

static eda_status meter_on_coin(meter *self, const meter_coin *coin, eda_ctx *ctx)
{
    eda_time now = eda_now(ctx);

    if (self->paid_until < now) {
        self->paid_until = now;
    }
    self->paid_until += coin->cents * self->per_cent;
    self->taken_cents += coin->cents;
    return meter_check_later(self, ctx);
}

static eda_status meter_on_check(meter *self, const meter_check *check, eda_ctx *ctx)
{
    if (self->paid_until == 0 || eda_now(ctx) < self->paid_until) {
        return EDA_OK; /* another coin came meanwhile, with a check of its own */
    }
    self->paid_until = 0;
    return eda_publish(ctx, EDA_MSG(meter_expired, .space_id = check->space_id), NULL);
}

static void meter_on_status_get(meter *self, const meter_status_get *get, meter_status *reply)
{
    (void)get;
    reply->is_paid = self->paid_until != 0;
    reply->taken_cents = self->taken_cents;
}

EDA_ACTOR(meter, meter_deps,
    key(space_id),
    saves(taken_cents, paid_until),
    emits(meter_check, meter_expired),
    start(meter_start),
    on(meter_coin, meter_on_coin),
    on(meter_check, meter_on_check),
    answers(meter_status_get, meter_on_status_get));
