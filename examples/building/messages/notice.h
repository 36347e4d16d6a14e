/* notice.h - what the people at the desk get to see. */
#ifndef BUILDING_NOTICE_H
#define BUILDING_NOTICE_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_ENUM(notice_kind,
    (NOTICE_REFUSAL, "refusal"),
    (NOTICE_ALARM, "alarm"));

EDA_MESSAGE(notice_sent, "building/notices/{badge_id}",
    .doc = "The desk was told about a badge.",
    .find = {"notify the security desk"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, badge_id),
    (eda_str, door_id),
    (notice_kind, kind));

#endif
