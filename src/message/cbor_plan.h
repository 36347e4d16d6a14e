/* cbor_plan.h - CBOR of message types without lists and optionals, made ready: what stands between
 * the values is the same in each message, and is copied, or compared, whole.
 *
 * Only a short cut: what is not as cbor.h would write it, is not valid or does not fit is left to
 * cbor.h, which knows what to say of it. Threads: constant once made. Memory: one block. */
#ifndef EDAI_CBOR_PLAN_H
#define EDAI_CBOR_PLAN_H

#include "message/writer.h"

typedef struct edai_cbor_plan edai_cbor_plan;

/* NULL: the type has lists, optionals or very many fields; or there is no memory. Returns owned,
 * free with edai_free. Keeps the type. */
edai_cbor_plan *edai_cbor_plan_new(const eda_type *type);

/* Writes the very bytes that edai_cbor_append would. False: left to that; the writer holds what it
 * held, and has not failed. */
EDA_CHECK bool edai_cbor_plan_append(
    const edai_cbor_plan *plan, edai_writer *writer, const void *data);

/* Fills the message's struct; its strings and bytes stay where they are, in `bytes`. False: left to
 * eda_cbor_decode; what the struct holds means nothing. */
EDA_CHECK bool edai_cbor_plan_decode(const edai_cbor_plan *plan, eda_bytes bytes, void *data);

#endif
