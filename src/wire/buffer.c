/* buffer.c - the buffer of wire.h. */
#include "wire/wire_put.h"

#include "base/memory.h"

#define FIRST_CAPACITY 1024u

void edai_buffer_clear(edai_buffer *buffer)
{
    buffer->size = 0;
    buffer->is_broken = false;
}

void edai_buffer_fini(edai_buffer *buffer)
{
    edai_free(buffer->bytes);
    *buffer = (edai_buffer){0};
}

bool edai_buffer_grow(edai_buffer *buffer, size_t size)
{
    size_t capacity = buffer->capacity > 0 ? buffer->capacity : FIRST_CAPACITY;

    if (size > SIZE_MAX / 2 - buffer->size) {
        return false;
    }
    while (capacity < buffer->size + size) {
        capacity *= 2;
    }
    uint8_t *bytes = edai_realloc(buffer->bytes, capacity);
    if (bytes == NULL) {
        return false;
    }
    buffer->bytes = bytes;
    buffer->capacity = capacity;
    return true;
}
