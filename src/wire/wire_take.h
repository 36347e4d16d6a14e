/* wire_take.h - CBOR items of the kind that is expected, read one after the other.
 *
 * Each returns false where anything else stands, or too much of it; where the reader is then means
 * nothing. Strings in chunks are refused: what is read is borrowed. No state. */
#ifndef EDAI_WIRE_TAKE_H
#define EDAI_WIRE_TAKE_H

#include "wire/wire.h"

#include "base/utf8.h"
#include "message/cbor_head.h"
#include "message/cbor_reader.h"

EDA_CHECK static inline bool edai_wire_take_number(
    edai_cbor_reader *reader, uint64_t max, uint64_t *ret_number)
{
    edai_cbor_token token;

    if (reader->at != reader->end && *reader->at <= EDAI_CBOR_DIRECT_MAX) {
        *ret_number = *reader->at++;
        return *ret_number <= max;
    }
    if (!edai_cbor_reader_next(reader, &token) || token.head != EDAI_CBOR_UNSIGNED ||
        token.number > max) {
        return false;
    }
    *ret_number = token.number;
    return true;
}

/* UTF-8 of at most `max` bytes. */
EDA_CHECK static inline bool edai_wire_take_text(
    edai_cbor_reader *reader, size_t max, eda_str *ret_text)
{
    edai_cbor_token token;

    if (!edai_cbor_reader_next(reader, &token) || token.head != EDAI_CBOR_TEXT ||
        token.number > max) {
        return false;
    }
    *ret_text = (eda_str){.ptr = (const char *)token.ptr, .len = (size_t)token.number};
    return edai_utf8_valid(*ret_text);
}

EDA_CHECK static inline bool edai_wire_take_bytes(
    edai_cbor_reader *reader, size_t max, eda_bytes *ret_bytes)
{
    edai_cbor_token token;

    if (!edai_cbor_reader_next(reader, &token) || token.head != EDAI_CBOR_BYTES ||
        token.number > max) {
        return false;
    }
    *ret_bytes = (eda_bytes){.ptr = token.ptr, .len = (size_t)token.number};
    return true;
}

EDA_CHECK static inline bool edai_wire_take_bool(edai_cbor_reader *reader, bool *ret_value)
{
    return edai_cbor_reader_bool(reader, ret_value);
}

/* An array whose length is known. */
EDA_CHECK static inline bool edai_wire_take_array(edai_cbor_reader *reader, uint64_t *ret_len)
{
    edai_cbor_token token;

    if (!edai_cbor_reader_next(reader, &token) || token.head != EDAI_CBOR_ARRAY) {
        return false;
    }
    *ret_len = token.number;
    return true;
}

/* Passes over so many items of whatever kind. */
EDA_CHECK static inline bool edai_wire_pass_over(edai_cbor_reader *reader, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        if (edai_cbor_reader_skip(reader) != EDA_OK) {
            return false;
        }
    }
    return true;
}

/* A map that is being read. */
typedef struct edai_wire_map {
    uint64_t left; /* pairs, unless it is open */
    bool is_open;
} edai_wire_map;

typedef enum edai_wire_step {
    EDAI_WIRE_PAIR = 1, /* the value is to be read or passed over */
    EDAI_WIRE_MAP_END,
    EDAI_WIRE_BROKEN
} edai_wire_step;

EDA_CHECK bool edai_wire_take_map(edai_cbor_reader *reader, edai_wire_map *ret_map);
/* The next key; one that is no text is told as empty. */
EDA_CHECK edai_wire_step edai_wire_take_key(
    edai_cbor_reader *reader, edai_wire_map *map, eda_str *ret_key);

#endif
