/* writer.h - a growing block of bytes that the encoders write into.
 *
 * The first failure sticks: later calls do nothing, and finish returns it. Bound:
 * EDA_CODEC_SIZE_MAX bytes, which the block itself exceeds by a little: finish looks. Threads: no
 * shared state. Memory: one block, handed over by finish, else freed by it. */
#ifndef EDAI_WRITER_H
#define EDAI_WRITER_H

#include <edacious/codec.h>

#include <string.h>

#include "base/assert.h"

typedef struct edai_writer {
    uint8_t *data;
    size_t used;
    size_t capacity;   /* after a failure no more than was used */
    eda_status status; /* of the first failure */
} edai_writer;

/* The first failure sticks. */
void edai_writer_fail(edai_writer *self, eda_status status);
/* Grows the block; NULL after a failure. */
uint8_t *edai_writer_grow(edai_writer *self, size_t size);

/* Room for `size` bytes at the end, NULL after a failure unless size is 0. What is used of it is
 * said by commit. */
static inline uint8_t *edai_writer_reserve(edai_writer *self, size_t size)
{
    if (size <= self->capacity - self->used) { /* nothing is left after a failure */
        return self->data + self->used;
    }
    return edai_writer_grow(self, size);
}

static inline void edai_writer_commit(edai_writer *self, size_t size)
{
    EDA_ASSERT(size <= self->capacity - self->used, "no more is committed than was reserved");
    self->used += size;
}

/* Most names and strings are short: two words that may overlap instead of a call. */
static inline void edai_writer_copy(uint8_t *to, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;
    uint64_t words[2];
    uint32_t halves[2];

    if (size > 2 * sizeof words[0]) {
        memcpy(to, from, size);
    } else if (size >= sizeof words[0]) {
        memcpy(&words[0], from, sizeof words[0]);
        memcpy(&words[1], from + size - sizeof words[1], sizeof words[1]);
        memcpy(to, &words[0], sizeof words[0]);
        memcpy(to + size - sizeof words[1], &words[1], sizeof words[1]);
    } else if (size >= sizeof halves[0]) {
        memcpy(&halves[0], from, sizeof halves[0]);
        memcpy(&halves[1], from + size - sizeof halves[1], sizeof halves[1]);
        memcpy(to, &halves[0], sizeof halves[0]);
        memcpy(to + size - sizeof halves[1], &halves[1], sizeof halves[1]);
    } else if (size > 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

static inline void edai_writer_put(edai_writer *self, const void *bytes, size_t size)
{
    uint8_t *room = edai_writer_reserve(self, size);

    if (room != NULL && size > 0) {
        edai_writer_copy(room, bytes, size);
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
