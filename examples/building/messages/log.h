/* log.h - reading a recorded log. */
#ifndef BUILDING_LOG_H
#define BUILDING_LOG_H

#include "patience.h"
#include <edacious/edacious.h>

EDA_MESSAGE(read_file, "log/read",
    .doc = "Publishes every line of a recorded log, in its order.",
    .find = {"replay a recording", "read a log file"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS,
    (eda_str, path, .doc = "of a file of JSON lines"));

EDA_RECORD(reading_totals,
    .doc = "Lines, of all files so far; each is accepted or rejected for one reason.",
    (uint64_t, accepted),
    (uint64_t, bad_line, .doc = "not a JSON object with a topic and a payload"),
    (uint64_t, bad_topic, .doc = "the topic is no key"),
    (uint64_t, unknown_topic, .doc = "no message that a log may hold has this topic"),
    (uint64_t, bad_payload, .doc = "not what the message declares"));

EDA_REQUEST(reading_get, reading_totals, "log/totals/get",
    .doc = "How many lines were read, and what became of them.",
    .find = {"count rejected lines"},
    .overflow = EDA_WAIT, .wait_ms = PATIENCE_MS);

#endif
