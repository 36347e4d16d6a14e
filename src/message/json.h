/* json.h - JSON by descriptors, for what is already parsed and for what a topic already said.
 *
 * eda_json_encode and eda_json_decode of codec.h are here too.
 * Threads: no shared state. Memory: returns owned, free with edai_free. */
#ifndef EDAI_JSON_H
#define EDAI_JSON_H

#include <edacious/codec.h>
#include <jansson.h>

/* A field of the record that the topic of the message holds. Borrowed. */
typedef struct edai_preset {
    const eda_field *field; /* string, enum, or integer: then the chunk is canonical decimal */
    eda_str text;
} edai_preset;

/* Decodes an object into one flat block. A field of a preset may be missing; one that is there must
 * be equal: EDA_EINVAL "... differs from the topic". Further errors as eda_json_decode. */
EDA_CHECK eda_status edai_json_from(const eda_type *type, const json_t *object,
    const edai_preset *presets, size_t preset_count, void **ret_data, eda_problem *ret_problem);

/* The same from text. */
EDA_CHECK eda_status edai_json_decode_preset(const eda_type *type, eda_str text,
    const edai_preset *presets, size_t preset_count, void **ret_data, eda_problem *ret_problem);

/* Parses text within the codec's bounds (size, depth, elements of each list and object), duplicate
 * keys and trailing bytes refused; returns owned, free with json_decref. EDA_ESYNTAX, EDA_ERANGE,
 * EDA_ENOMEM. */
EDA_CHECK eda_status edai_json_parse(eda_str text, json_t **ret_json, eda_problem *ret_problem);

#endif
