/* cbor_reader.h - one CBOR item head after the other, on libcbor's streaming decoder.
 *
 * Pulls where libcbor pushes, and knows what libcbor 0.8 does not: tags 6 to 20 and simple values
 * without a name. Threads: no shared state. Memory: none; strings are borrowed from the input. */
#ifndef EDAI_CBOR_READER_H
#define EDAI_CBOR_READER_H

#include <edacious/codec.h>

#include "message/cbor_number.h"

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
    uint64_t number; /* BYTES, TEXT: their length */
    union {
        const uint8_t *ptr; /* BYTES, TEXT */
        double real;        /* REAL */
    };
} edai_cbor_token;

typedef struct edai_cbor_reader {
    const uint8_t *at;
    const uint8_t *end;
} edai_cbor_reader;

/* Reads one head, of a string its content too. A count beyond the bytes that are left is malformed.
 * False: malformed, or the input ends; the reader stays. */
EDA_CHECK bool edai_cbor_reader_next(edai_cbor_reader *self, edai_cbor_token *ret_token);

/* The same for what most fields are, and without a token: false where it is nothing of the kind or
 * so near the end that one would have to look where that is; the reader stays. */
static inline bool edai_cbor_reader_integer(
    edai_cbor_reader *self, bool *ret_is_negative, uint64_t *ret_raw)
{
    if (self->end - self->at <= 8 || self->at[0] > 0x3b) {
        return false;
    }
    uint64_t raw = self->at[0] & 0x1f;
    size_t size = 0;
    if (raw > 23) { /* it stands in the next 1, 2, 4 or 8 bytes */
        if (raw > 27) {
            return false;
        }
        size = (size_t)1 << (raw - 24);
        raw = edai_cbor_get_number(self->at + 1, size, 8);
    }
    *ret_is_negative = self->at[0] > 0x1f;
    *ret_raw = raw;
    self->at += 1 + size;
    return true;
}

static inline bool edai_cbor_reader_double(edai_cbor_reader *self, double *ret_real)
{
    if (self->end - self->at <= 8 || self->at[0] != 0xfb) {
        return false;
    }
    uint64_t bits = edai_cbor_get_number(self->at + 1, 8, 8);
    memcpy(ret_real, &bits, sizeof *ret_real);
    self->at += 9;
    return true;
}

static inline bool edai_cbor_reader_bool(edai_cbor_reader *self, bool *ret_value)
{
    if (self->at == self->end || (self->at[0] & 0xfe) != 0xf4) {
        return false;
    }
    *ret_value = self->at[0] == 0xf5;
    self->at++;
    return true;
}

/* A string of at most 23 bytes; `first`: the head of an empty one, 0x40 of bytes or 0x60 of text.
 */
static inline bool edai_cbor_reader_short(
    edai_cbor_reader *self, uint8_t first, eda_bytes *ret_bytes)
{
    if (self->at == self->end || self->at[0] < first || self->at[0] > first + 23) {
        return false;
    }
    size_t len = (size_t)self->at[0] - first;
    if (len >= (size_t)(self->end - self->at)) {
        return false;
    }
    *ret_bytes = (eda_bytes){.ptr = self->at + 1, .len = len};
    self->at += 1 + len;
    return true;
}

/* A text of at most 23 bytes, as keys are. */
static inline bool edai_cbor_reader_short_text(edai_cbor_reader *self, eda_str *ret_text)
{
    eda_bytes bytes;

    if (!edai_cbor_reader_short(self, 0x60, &bytes)) {
        return false;
    }
    *ret_text = (eda_str){.ptr = (const char *)bytes.ptr, .len = bytes.len};
    return true;
}

/* Skips one whole item; it must be well-formed and its text UTF-8. EDA_ESYNTAX: it is not; the
 * reader stands where. EDA_ERANGE: lists and maps deeper than EDA_CODEC_DEPTH_MAX. */
EDA_CHECK eda_status edai_cbor_reader_skip(edai_cbor_reader *self);

#endif
