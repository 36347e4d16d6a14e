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
    size_t start;      /* bytes that were there before: the bound is on what stands behind them */
    eda_status status; /* of the first failure */
    uint8_t gap;       /* bytes a plan leaves free before a value of over 64 KiB; 0: it did */
} edai_writer;

/* The first failure sticks. */
void edai_writer_fail(edai_writer *self, eda_status status);
/* Grows the block; NULL after a failure. */
uint8_t *edai_writer_grow(edai_writer *self, size_t size);

/* No need to grow for so much. Nothing is left after a failure. */
static inline bool edai_writer_has(const edai_writer *self, size_t size)
{
    return EDAI_LIKELY(size <= self->capacity - self->used);
}

/* Room for `size` bytes at the end, NULL after a failure unless size is 0. What is used of it is
 * said by commit. */
static inline uint8_t *edai_writer_reserve(edai_writer *self, size_t size)
{
    if (EDAI_UNLIKELY(!edai_writer_has(self, size))) {
        return edai_writer_grow(self, size);
    }
    return self->used > 0 ? self->data + self->used : self->data; /* which may be NULL as yet */
}

static inline void edai_writer_commit(edai_writer *self, size_t size)
{
    EDA_ASSERT(size <= self->capacity - self->used, "no more is committed than was reserved");
    self->used += size;
}

#define EDAI_WRITER_PAIR 16
#define EDAI_WRITER_WORD 8
#define EDAI_WRITER_HALF 4

/* Of `part` to twice as many bytes: the first and the last part, which may overlap. */
static inline void edai_writer_copy_ends(uint8_t *to, const uint8_t *from, size_t size, size_t part)
{
    uint8_t first[EDAI_WRITER_PAIR];
    uint8_t last[EDAI_WRITER_PAIR];

    memcpy(first, from, part);
    memcpy(last, from + size - part, part);
    memcpy(to, first, part);
    memcpy(to + size - part, last, part);
}

/* Most names and strings are short: a few words instead of a call. */
static inline void edai_writer_copy(uint8_t *to, const void *bytes, size_t size)
{
    const uint8_t *from = bytes;

    if (size > 2 * (size_t)EDAI_WRITER_PAIR) {
        memcpy(to, from, size);
    } else if (size >= EDAI_WRITER_PAIR) {
        edai_writer_copy_ends(to, from, size, EDAI_WRITER_PAIR);
    } else if (size >= EDAI_WRITER_WORD) {
        edai_writer_copy_ends(to, from, size, EDAI_WRITER_WORD);
    } else if (size >= EDAI_WRITER_HALF) {
        edai_writer_copy_ends(to, from, size, EDAI_WRITER_HALF);
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
