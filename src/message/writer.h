/* writer.h - a growing block of bytes that the encoders write into.
 *
 * The first failure sticks: later calls do nothing, and finish returns it. Bound:
 * EDA_CODEC_SIZE_MAX bytes. Threads: no shared state. Memory: one block, handed over by finish,
 * else freed by it. */
#ifndef EDAI_WRITER_H
#define EDAI_WRITER_H

#include <edacious/codec.h>

#include <string.h>

#include "base/assert.h"

typedef struct edai_writer {
    uint8_t *data;
    size_t used;
    size_t capacity;
    eda_status status; /* of the first failure */
} edai_writer;

/* The first failure sticks. */
void edai_writer_fail(edai_writer *self, eda_status status);
/* Grows the block; NULL after a failure. */
uint8_t *edai_writer_grow(edai_writer *self, size_t size);

/* Room for `size` bytes at the end, NULL after a failure. What is used of it is said by commit. */
static inline uint8_t *edai_writer_reserve(edai_writer *self, size_t size)
{
    if (self->status == EDA_OK && size <= self->capacity - self->used) {
        return self->data + self->used;
    }
    return edai_writer_grow(self, size);
}

static inline void edai_writer_commit(edai_writer *self, size_t size)
{
    EDA_ASSERT(size <= self->capacity - self->used, "no more is committed than was reserved");
    if (size > EDA_CODEC_SIZE_MAX - self->used) {
        self->status = EDA_ERANGE;
        return;
    }
    self->used += size;
}

static inline void edai_writer_put(edai_writer *self, const void *bytes, size_t size)
{
    uint8_t *room = edai_writer_reserve(self, size);

    if (room != NULL && size > 0) {
        memcpy(room, bytes, size);
        edai_writer_commit(self, size);
    }
}

static inline void edai_writer_put_char(edai_writer *self, char c)
{
    uint8_t *room = edai_writer_reserve(self, 1);

    if (room != NULL) {
        *room = (uint8_t)c;
        edai_writer_commit(self, 1);
    }
}

/* Returns owned; a terminating zero stands behind the bytes and is not counted. Frees on failure.
 * EDA_ENOMEM, EDA_ERANGE: over EDA_CODEC_SIZE_MAX. The writer is empty afterwards. */
EDA_CHECK eda_status edai_writer_finish(edai_writer *self, uint8_t **ret_data, size_t *ret_size);

#endif
