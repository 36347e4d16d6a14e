/* wire_put.h - CBOR items written one behind the other where there is room for them.
 *
 * Whoever writes reserves for the most it can be, then writes without looking. No state. */
#ifndef EDAI_WIRE_PUT_H
#define EDAI_WIRE_PUT_H

#include "wire/wire.h"

#include "base/assert.h"
#include "message/cbor_head.h"
#include "message/writer.h"

/* Makes room for so many bytes more. False: out of memory; the buffer is as it was. */
EDA_CHECK bool edai_buffer_grow(edai_buffer *buffer, size_t size);

/* Where to write so many bytes; NULL: out of memory, now or before. What was written is said by
 * edai_buffer_commit. */
EDA_CHECK static inline uint8_t *edai_buffer_reserve(edai_buffer *buffer, size_t size)
{
    if (EDAI_UNLIKELY(buffer->is_broken)) {
        return NULL;
    }
    if (EDAI_UNLIKELY(size > buffer->capacity - buffer->size) && !edai_buffer_grow(buffer, size)) {
        buffer->is_broken = true;
        return NULL;
    }
    return buffer->bytes + buffer->size;
}

static inline void edai_buffer_commit(edai_buffer *buffer, const uint8_t *end)
{
    EDA_ASSERT((size_t)(end - buffer->bytes) <= buffer->capacity, "what was reserved was enough");
    buffer->size = (size_t)(end - buffer->bytes);
}

/* Each returns where the next item goes. */
static inline uint8_t *edai_wire_put_head(uint8_t *at, edai_cbor_major kind, uint64_t number)
{
    return at + edai_cbor_put_head(at, kind, number);
}

static inline uint8_t *edai_wire_put_number(uint8_t *at, uint64_t number)
{
    return edai_wire_put_head(at, EDAI_CBOR_MAJOR_UNSIGNED, number);
}

static inline uint8_t *edai_wire_put_bytes(uint8_t *at, eda_bytes bytes)
{
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_BYTES, bytes.len);
    edai_writer_copy(at, bytes.ptr, bytes.len);
    return at + bytes.len;
}

static inline uint8_t *edai_wire_put_text(uint8_t *at, eda_str text)
{
    EDA_ASSERT(text.len <= EDAI_WIRE_TEXT_MAX, "no text is written that nobody would read");
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_TEXT, text.len);
    edai_writer_copy(at, text.ptr, text.len);
    return at + text.len;
}

static inline uint8_t *edai_wire_put_bool(uint8_t *at, bool value)
{
    *at = value ? 0xf5 : 0xf4;
    return at + 1;
}

#endif
