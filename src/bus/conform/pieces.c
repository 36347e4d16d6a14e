/* pieces.c - see pieces.h. */
#include "bus/conform/pieces.h"

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

#define PERIOD 31u

static uint8_t byte_at(size_t at)
{
    return (uint8_t)(at * PERIOD + at / 4093);
}

static void on_release(void *arg)
{
    edai_pieces_part *part = arg;
    edai_pieces *self = part->of;

    edai_mutex_lock(&self->mutex);
    memset(part->bytes, '!', part->size);
    part->released++;
    self->released++;
    edai_cond_broadcast(&self->cond);
    edai_mutex_unlock(&self->mutex);
}

edai_pieces *edai_pieces_new(const size_t *sizes, uint32_t len)
{
    size_t size = 0;

    for (uint32_t i = 0; i < len; i++) {
        size += sizes[i];
    }
    edai_pieces *self = edai_calloc(1, sizeof(*self) + size);
    if (self == NULL) {
        return NULL;
    }
    edai_mutex_init(&self->mutex);
    edai_cond_init(&self->cond);
    for (size_t i = 0; i < size; i++) {
        self->bytes[i] = byte_at(i);
    }
    for (uint32_t i = 0; i < len; i++) {
        edai_pieces_part *part = &self->parts[i];

        *part = (edai_pieces_part){.of = self, .bytes = self->bytes + self->size, .size = sizes[i]};
        self->pieces[i] =
            (eda_bus_piece){.bytes = {part->bytes, part->size}, .release = on_release, .arg = part};
        self->size += sizes[i];
    }
    self->len = len;
    return self;
}

void edai_pieces_free(edai_pieces *pieces)
{
    if (pieces != NULL) {
        edai_cond_fini(&pieces->cond);
        edai_mutex_fini(&pieces->mutex);
        edai_free(pieces);
    }
}

bool edai_pieces_are(const edai_pieces *pieces, eda_bytes payload)
{
    bool is_same = payload.len == pieces->size;

    for (size_t i = 0; is_same && i < payload.len; i++) {
        is_same = payload.ptr[i] == byte_at(i);
    }
    return is_same;
}

bool edai_pieces_wait(edai_pieces *pieces, uint32_t patience_ms)
{
    int64_t until = edai_clock_monotonic_ns() + EDA_MS(patience_ms);
    bool is_in_time = true;

    edai_mutex_lock(&pieces->mutex);
    while (pieces->released < pieces->len && is_in_time) {
        is_in_time = edai_cond_wait_until(&pieces->cond, &pieces->mutex, until);
    }
    bool are_all = pieces->released >= pieces->len;
    edai_mutex_unlock(&pieces->mutex);
    return are_all;
}

uint32_t edai_pieces_released(edai_pieces *pieces)
{
    edai_mutex_lock(&pieces->mutex);
    uint32_t released = pieces->released;
    edai_mutex_unlock(&pieces->mutex);
    return released;
}

const char *edai_pieces_fault(edai_pieces *pieces)
{
    const char *fault = NULL;

    edai_mutex_lock(&pieces->mutex);
    for (uint32_t i = 0; i < pieces->len && fault == NULL; i++) {
        if (!pieces->is_taken) {
            fault =
                pieces->parts[i].released > 0 ? "a piece was released that was not taken" : NULL;
        } else if (pieces->parts[i].released != 1) {
            fault = pieces->parts[i].released == 0 ? "a piece was not released by close"
                                                   : "a piece was released twice";
        }
    }
    edai_mutex_unlock(&pieces->mutex);
    return fault;
}
