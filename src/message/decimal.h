/* decimal.h - integers as chunks of a topic: canonical decimal, so that one number is one key.
 *
 * Threads: no state. Memory: none. */
#ifndef EDAI_DECIMAL_H
#define EDAI_DECIMAL_H

#include <edacious/type.h>

#define EDAI_DECIMAL_LEN_MAX 20 /* "-9223372036854775808", "18446744073709551615" */

/* I8 to I64, U8 to U64; times and durations are numbers too, but no keys. */
static inline bool edai_decimal_is_integer(eda_kind kind)
{
    return kind >= EDA_KIND_I8 && kind <= EDA_KIND_U64;
}

/* Writes the integer at `data`, of any alignment; returns its length. The buffer holds
 * EDAI_DECIMAL_LEN_MAX bytes. */
size_t edai_decimal_write(eda_kind kind, const void *data, char *buffer);

/* False: not canonical (leading zero, '+', "-0", nothing) or more than the kind holds. Sets one of
 * the two, by the kind's signedness, and the other to 0. */
bool edai_decimal_read(
    eda_kind kind, eda_str text, int64_t *ret_number, uint64_t *ret_unsigned_number);

#endif
