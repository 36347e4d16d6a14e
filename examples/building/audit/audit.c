/* audit.c - hears every message in the building, whatever its type, and counts.
 *
 * It needs no message header but its own: a type that is added tomorrow is counted too. */
#include "audit.h"
#include <edacious/edacious.h>

typedef struct audit {
    uint64_t seen_count;
} audit;

static eda_status audit_on_message(audit *self, const eda_envelope *envelope, eda_ctx *ctx)
{
    (void)envelope; /* its topic, type, publisher and time are what a real audit would write down */
    (void)ctx;
    self->seen_count++;
    return EDA_OK;
}

static void audit_on_get(audit *self, const audit_get *get, audit_totals *ret_totals)
{
    (void)get;
    ret_totals->seen_count = self->seen_count;
}

EDA_ACTOR(audit, eda_none,
    options(.doc = "Counts every message in the building."),
    saves(seen_count),
    on_any("building/**", audit_on_message),
    answers(audit_get, audit_on_get));
