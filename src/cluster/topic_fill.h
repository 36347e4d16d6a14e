/* topic_fill.h - payloads from outside, in which fields that stand in the topic may be missing.
 *
 * Threads: no shared state. */
#ifndef EDAI_TOPIC_FILL_H
#define EDAI_TOPIC_FILL_H

#include "core/contract.h"

typedef enum edai_encoding {
    EDAI_ENCODING_JSON = 1,
    EDAI_ENCODING_CBOR,
    EDAI_ENCODING_OTHER
} edai_encoding;

/* What a MIME type means here (docs/wire.md); parameters behind ';' are ignored. */
edai_encoding edai_encoding_of(eda_str mime);

/* Decodes a payload of a MIME type that came on a topic; an empty one is an empty object. Returns
 * owned in `ret_data`, free with edai_free. EDA_ENOTYPE: the topic is none of the type's.
 * EDA_EINVAL: a field differs from the topic, or the encoding is none. Else as the decoders. */
EDA_CHECK eda_status edai_topic_fill(const edai_msg *msg, eda_str topic, eda_str mime,
    eda_bytes payload, void **ret_data, eda_problem *ret_problem);

#endif
