/* writer.c - see writer.h. */
#include "message/writer.h"

#include "base/memory.h"

#define FIRST_CAPACITY 256

/* One byte more than the bound, for the terminating zero; and scratch room for a number. */
#define CAPACITY_MAX ((size_t)EDA_CODEC_SIZE_MAX + 1 + 64)

void edai_writer_fail(edai_writer *self, eda_status status)
{
    if (self->status == EDA_OK) {
        self->status = status;
        self->capacity = self->used;
    }
}

static bool grow(edai_writer *self, size_t wanted)
{
    size_t capacity = self->capacity > 0 ? self->capacity : FIRST_CAPACITY;

    while (capacity < wanted) {
        capacity *= 2;
    }
    size_t capacity_max = CAPACITY_MAX + self->start;
    capacity = capacity < capacity_max ? capacity : capacity_max;
    uint8_t *data = edai_realloc(self->data, capacity);
    if (data == NULL) {
        edai_writer_fail(self, EDA_ENOMEM);
        return false;
    }
    self->data = data;
    self->capacity = capacity;
    return true;
}

uint8_t *edai_writer_grow(edai_writer *self, size_t size)
{
    if (self->status != EDA_OK) {
        return NULL;
    }
    if (size > CAPACITY_MAX + self->start - self->used) {
        edai_writer_fail(self, EDA_ERANGE);
        return NULL;
    }
    if (!grow(self, self->used + size)) {
        return NULL;
    }
    return self->data + self->used;
}

eda_status edai_writer_finish(edai_writer *self, uint8_t **ret_data, size_t *ret_size)
{
    if (self->used - self->start > EDA_CODEC_SIZE_MAX) {
        edai_writer_fail(self, EDA_ERANGE);
    }
    uint8_t *room = edai_writer_reserve(self, 1);
    eda_status status = self->status;
    if (room == NULL) {
        edai_free(self->data);
    } else {
        *room = 0;
        *ret_data = self->data;
        *ret_size = self->used;
    }
    *self = (edai_writer){0};
    return status;
}
