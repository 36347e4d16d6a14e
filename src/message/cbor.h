/* cbor.h - CBOR (RFC 8949) by descriptors; eda_cbor_encode and eda_cbor_decode of codec.h, and
 * encoding behind what stands in a block already.
 *
 * Threads: no shared state. */
#ifndef EDAI_CBOR_H
#define EDAI_CBOR_H

#include "message/cbor_plan.h"
#include "message/problem.h"
#include "message/writer.h"

/* Exactly one well-formed data item, its text strings UTF-8, nothing behind it. EDA_ESYNTAX: it is
 * not. EDA_ERANGE: nested deeper than EDA_CODEC_DEPTH_MAX (lists, maps, tags and strings in chunks
 * count) or over EDA_CODEC_SIZE_MAX. */
EDA_CHECK eda_status edai_cbor_well_formed(eda_bytes bytes, eda_problem *ret_problem);

/* A block that one decoding after the other uses; zero before use, its bytes are owned. */
typedef struct edai_cbor_room {
    unsigned char *block;
    size_t capacity;
    bool is_struct; /* of what was decoded last, only the type's struct stands here */
} edai_cbor_room;

/* As eda_cbor_decode, but what comes of it is lent: it stands in the room, until that is used
 * again, and its strings and bytes in `bytes`. `plan`: of the type, or NULL. */
EDA_CHECK eda_status edai_cbor_decode_lent(const eda_type *type, const edai_cbor_plan *plan,
    eda_bytes bytes, edai_cbor_room *room, const void **ret_data);

/* Writes a value behind what a writer holds, which keeps its memory whatever happens; statuses as
 * eda_cbor_encode, the bound on bytes being the value's own. On failure the writer holds what it
 * held, and has not failed. */
EDA_CHECK eda_status edai_cbor_append(edai_writer *writer, eda_value value);

#endif
