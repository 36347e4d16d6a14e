/* textual.h - values as text, the same in every encoding: base64, times, durations, numbers.
 *
 * Threads: no shared state. Memory: the builder's. */
#ifndef EDAI_TEXTUAL_H
#define EDAI_TEXTUAL_H

#include "message/builder.h"

/* Puts what a text says: base64 for bytes, RFC 3339 for a time, "1.5s" for a duration, a decimal
 * for an unsigned number of 64 bits; itself for strings and enums. Of a builder that borrows, only
 * the last. EDA_EINVAL: says no such value, or the kind has none as text. EDA_ERANGE, EDA_ENOMEM.
 */
EDA_CHECK eda_status edai_textual_put(edai_builder *self, const edai_slot *slot, eda_str text);
/* The canonical decimal of an integer, in a topic or in a string. EDA_EINVAL, with `why`. */
EDA_CHECK eda_status edai_textual_decimal(
    edai_builder *self, const edai_slot *slot, eda_str text, const char *why);

#endif
