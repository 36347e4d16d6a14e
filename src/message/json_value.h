/* json_value.h - what JSON's values become, however the text was read: by json.c as a tree of
 * jansson's, or by json_direct.c as it stands.
 *
 * Threads: no shared state. Memory: the builder's block. */
#ifndef EDAI_JSON_VALUE_H
#define EDAI_JSON_VALUE_H

#include "message/builder.h"
#include "message/json.h"

typedef struct edai_json_decoder {
    edai_builder builder;
    const edai_preset *presets; /* of the outermost record */
    size_t preset_count;
    int depth; /* lists and records that are open */
} edai_json_decoder;

/* Puts a string or an integer into a slot, as its kind wants it; bool and reals are the builder's.
 * Errors as eda_json_decode. */
EDA_CHECK eda_status edai_json_value_string(
    edai_json_decoder *self, const edai_slot *slot, eda_str text);
EDA_CHECK eda_status edai_json_value_integer(
    edai_json_decoder *self, const edai_slot *slot, int64_t number);
/* Returns EDA_EINVAL, with the slot's path and the sentence. */
eda_status edai_json_value_refuse(edai_json_decoder *self, const edai_slot *slot, const char *why);

/* What the topic said about a field of the record that is open; NULL: nothing. */
const edai_preset *edai_json_value_find_preset(
    const edai_json_decoder *self, const eda_field *field);
/* Puts a topic's chunk into a slot. */
EDA_CHECK eda_status edai_json_value_chunk(
    edai_json_decoder *self, const edai_slot *slot, eda_str text);
/* The decoded value in the slot must be the topic's. */
EDA_CHECK eda_status edai_json_value_compare(
    edai_json_decoder *self, const edai_slot *slot, const edai_preset *preset);

#endif
