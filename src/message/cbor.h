/* cbor.h - CBOR (RFC 8949) by descriptors; eda_cbor_encode and eda_cbor_decode of codec.h.
 *
 * Threads: no shared state. */
#ifndef EDAI_CBOR_H
#define EDAI_CBOR_H

#include "message/problem.h"

/* Exactly one well-formed data item, its text strings UTF-8, nothing behind it. EDA_ESYNTAX: it is
 * not. EDA_ERANGE: nested deeper than EDA_CODEC_DEPTH_MAX (lists, maps, tags and strings in chunks
 * count) or over EDA_CODEC_SIZE_MAX. */
EDA_CHECK eda_status edai_cbor_well_formed(eda_bytes bytes, eda_problem *ret_problem);

#endif
