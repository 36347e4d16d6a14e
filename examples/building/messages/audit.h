/* audit.h - everything that was said in the building. */
#ifndef BUILDING_AUDIT_H
#define BUILDING_AUDIT_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_RECORD(audit_totals,
    (uint64_t, seen_count, .doc = "messages under building/, requests and replies not among them"));

EDA_REQUEST(audit_get, audit_totals, "building/audit/get",
    .doc = "How many messages the audit has seen.",
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS);

#endif
