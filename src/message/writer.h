/* writer.h - a growing block of bytes that the encoders write into.
 *
 * The first failure sticks: later calls do nothing, and finish returns it. Bound:
 * EDA_CODEC_SIZE_MAX bytes. Threads: no shared state. Memory: one block, handed over by finish,
 * else freed by it. */
#ifndef EDAI_WRITER_H
#define EDAI_WRITER_H

#include <edacious/codec.h>

typedef struct edai_writer {
    uint8_t *data;
    size_t used;
    size_t capacity;
    eda_status status; /* of the first failure */
} edai_writer;

/* Room for `size` bytes at the end, NULL after a failure. What is used of it is said by commit. */
uint8_t *edai_writer_reserve(edai_writer *self, size_t size);
void edai_writer_commit(edai_writer *self, size_t size);

void edai_writer_put(edai_writer *self, const void *bytes, size_t size);
void edai_writer_put_char(edai_writer *self, char c);
void edai_writer_fail(edai_writer *self, eda_status status);

/* Returns owned; a terminating zero stands behind the bytes and is not counted. Frees on failure.
 * EDA_ENOMEM, EDA_ERANGE: over EDA_CODEC_SIZE_MAX. The writer is empty afterwards. */
EDA_CHECK eda_status edai_writer_finish(edai_writer *self, uint8_t **ret_data, size_t *ret_size);

#endif
