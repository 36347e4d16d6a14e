/* cbor_reader.h - one CBOR item head after the other, on libcbor's streaming decoder.
 *
 * Pulls where libcbor pushes, and knows what libcbor 0.8 does not: tags 6 to 20 and simple values
 * without a name. Threads: no shared state. Memory: none; strings are borrowed from the input. */
#ifndef EDAI_CBOR_READER_H
#define EDAI_CBOR_READER_H

#include <edacious/codec.h>

typedef enum edai_cbor_head {
    EDAI_CBOR_UNSIGNED = 1,
    EDAI_CBOR_NEGATIVE, /* -1 - number */
    EDAI_CBOR_BYTES,
    EDAI_CBOR_TEXT,
    EDAI_CBOR_BYTES_CHUNKS, /* definite ones follow, then a break */
    EDAI_CBOR_TEXT_CHUNKS,
    EDAI_CBOR_ARRAY,      /* of `number` items */
    EDAI_CBOR_MAP,        /* of `number` pairs */
    EDAI_CBOR_ARRAY_OPEN, /* items until a break */
    EDAI_CBOR_MAP_OPEN,
    EDAI_CBOR_TAG, /* of the item that follows */
    EDAI_CBOR_REAL,
    EDAI_CBOR_BOOL, /* number is 0 or 1 */
    EDAI_CBOR_NULL,
    EDAI_CBOR_SIMPLE, /* undefined, or without a name */
    EDAI_CBOR_BREAK
} edai_cbor_head;

typedef struct edai_cbor_token {
    edai_cbor_head head;
    uint64_t number;
    double real;
    const uint8_t *ptr; /* BYTES, TEXT */
    size_t len;
} edai_cbor_token;

typedef struct edai_cbor_reader {
    const uint8_t *at;
    const uint8_t *end;
} edai_cbor_reader;

/* Reads one head, of a string its content too. A count beyond the bytes that are left is malformed.
 * False: malformed, or the input ends; the reader stays. */
EDA_CHECK bool edai_cbor_reader_next(edai_cbor_reader *self, edai_cbor_token *ret_token);

/* Skips one whole item; it must be well-formed and its text UTF-8. EDA_ESYNTAX: it is not; the
 * reader stands where. EDA_ERANGE: lists and maps deeper than EDA_CODEC_DEPTH_MAX. */
EDA_CHECK eda_status edai_cbor_reader_skip(edai_cbor_reader *self);

#endif
