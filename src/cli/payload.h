/* payload.h - payloads of any kind as JSON, and JSON as CBOR, without knowing their types.
 *
 * Threads: no shared state. */
#ifndef EDAI_PAYLOAD_H
#define EDAI_PAYLOAD_H

#include <edacious/codec.h>

#include "wire/wire.h"

/* The encodings that are read as JSON, as nodes do (docs/wire.md). */
bool edai_payload_is_json(eda_str encoding);
bool edai_payload_is_cbor(eda_str encoding);

/* Appends a payload as JSON on one line: JSON as it is, without white space; CBOR as the same
 * values, byte strings in base64; else {"text": ...}, or {"base64": ...} if it is no UTF-8. */
void edai_payload_put(edai_buffer *text, eda_str encoding, eda_bytes payload);

/* Appends JSON text without the white space between its parts. EDA_ESYNTAX, EDA_ERANGE,
 * EDA_ENOMEM: nothing was appended. */
EDA_CHECK eda_status edai_payload_put_json(
    edai_buffer *text, eda_str json, eda_problem *ret_problem);
/* Appends one CBOR item. Same errors. */
EDA_CHECK eda_status edai_payload_put_cbor(edai_buffer *text, eda_bytes cbor);
/* Appends JSON text as CBOR. Same errors. */
EDA_CHECK eda_status edai_payload_to_cbor(
    edai_buffer *bytes, eda_str json, eda_problem *ret_problem);

#endif
