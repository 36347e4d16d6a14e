/* warden.c - the one warden of the town: a ticket for every meter that expires. */
#include "parking.h"
#include <edacious/edacious.h>

typedef struct warden {
    uint32_t ticket_count;
    eda_text last_space;
} warden;

static eda_status warden_on_expired(warden *self, const meter_expired *expired, eda_ctx *ctx)
{
    self->ticket_count++;
    eda_log(ctx, "ticket for space %.*s", EDA_STR_ARG(expired->space_id));
    return eda_text_set(ctx, &self->last_space, expired->space_id);
}

static void warden_on_report_get(warden *self, const warden_report_get *get, warden_report *reply)
{
    (void)get;
    reply->ticket_count = self->ticket_count;
    reply->last_space = eda_text_str(self->last_space);
}

EDA_ACTOR(warden, eda_none,
    saves(ticket_count, last_space),
    on(meter_expired, warden_on_expired),
    answers(warden_report_get, warden_on_report_get));
