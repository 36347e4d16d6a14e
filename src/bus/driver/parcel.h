/* parcel.h - a copy of what travels on a bus: key, encoding, payload and attachment in one counted
 * block.
 *
 * Threads: constant once made; kept and freed from any. Memory: one allocation. */
#ifndef EDAI_PARCEL_H
#define EDAI_PARCEL_H

#include <edacious/bus.h>

#include <stdatomic.h>

#define EDAI_PARCEL_ENCODING_MAX 255u /* bytes of a MIME type */

typedef struct edai_parcel {
    _Atomic uint32_t refs;
    size_t size; /* bytes of the four together */
    eda_bus_message message;
} edai_parcel;

/* What the contract lets travel. EDA_EKEY: the key is none; EDA_ERANGE: payload or attachment over
 * EDA_BUS_PAYLOAD_MAX, encoding over EDAI_PARCEL_ENCODING_MAX. */
EDA_CHECK eda_status edai_parcel_check(const eda_bus_message *message, bool may_be_pattern);
/* The same of a declaration's pattern or key. EDA_EKEY. */
EDA_CHECK eda_status edai_parcel_check_key(eda_str key, bool may_be_pattern);

/* Copies; returns owned; NULL: no memory. */
EDA_CHECK edai_parcel *edai_parcel_new(const eda_bus_message *message);
/* The same of a payload in pieces, which are the message's own no more than they were. */
EDA_CHECK edai_parcel *edai_parcel_new_of(
    const eda_bus_message *message, const eda_bus_piece *pieces, size_t count);
/* Of a message in a parcel. */
edai_parcel *edai_parcel_of(const eda_bus_message *message);
/* A key and nothing else. */
EDA_CHECK edai_parcel *edai_parcel_new_key(eda_str key);
/* One owner more; returns the parcel. */
edai_parcel *edai_parcel_keep(edai_parcel *parcel);
/* One owner less; NULL is fine. */
void edai_parcel_free(edai_parcel *parcel);

#endif
