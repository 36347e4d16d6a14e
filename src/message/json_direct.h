/* json_direct.h - JSON from its text into a struct, without a tree in between.
 *
 * Threads: no shared state. Memory: one block, handed over. */
#ifndef EDAI_JSON_DIRECT_H
#define EDAI_JSON_DIRECT_H

#include "message/json_value.h"

/* Decodes what most messages are made of, exactly as by way of a tree; `self` holds the presets.
 * Returns owned in `ret_data`, free with edai_free. False: the text is wrong, or has something that
 * is left to the tree (a field that the type does not know, or too many); nothing is to be freed.
 */
EDA_CHECK bool edai_json_direct(
    edai_json_decoder *self, const eda_type *type, eda_str text, void **ret_data);

#endif
