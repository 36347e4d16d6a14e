/* timetext.h - times and durations as text, exact to the nanosecond over all of int64.
 *
 * Times: RFC 3339, written in UTC with as many digits of a second as needed:
 * "2026-11-22T13:42:22.5Z". Durations: "250ms", "1h2m3.5s", "-1.5us".
 * Threads: no shared state. Memory: the caller's. */
#ifndef EDAI_TIMETEXT_H
#define EDAI_TIMETEXT_H

#include <edacious/value.h>

#define EDAI_TIMETEXT_SIZE 40 /* bytes that hold any result, with its terminator */

/* Write a terminated text and return its length. */
size_t edai_timetext_format(eda_time time, char *buffer);
size_t edai_timetext_format_duration(eda_duration duration, char *buffer);

/* RFC 3339 with Z or an offset, at most 9 digits of a second. EDA_EINVAL: anything else, also a
 * second 60. EDA_ERANGE: before 1677-09-21T00:12:43.145224192Z or after
 * 2262-04-11T23:47:16.854775807Z. */
EDA_CHECK eda_status edai_timetext_parse(eda_str text, eda_time *ret_time);

/* A sum of decimal numbers, each with its unit: ns, us (also written with a micro sign), ms, s, m,
 * h; one '-' before all of it. EDA_EINVAL: anything else, also what is no whole number of
 * nanoseconds. EDA_ERANGE: outside int64. */
EDA_CHECK eda_status edai_timetext_parse_duration(eda_str text, eda_duration *ret_duration);

#endif
