/* given.c - see given.h. */
#include "cluster/given.h"

#include "base/memory.h"
#include "base/thread.h"

/* The bytes of a batch, given or kept. */
typedef struct given {
    struct given *next; /* among those that are kept */
    edai_given_stock *stock;
    edai_buffer buffer;
} given;

struct edai_given_stock {
    edai_mutex mutex;
    given *spare;
    size_t spare_size;
    size_t given_count; /* not back yet */
    bool is_closed;
};

edai_given_stock *edai_given_stock_new(void)
{
    edai_given_stock *stock = edai_calloc(1, sizeof(*stock));

    if (stock != NULL) {
        edai_mutex_init(&stock->mutex);
    }
    return stock;
}

static void given_free(given *self)
{
    edai_buffer_fini(&self->buffer);
    edai_free(self);
}

static void stock_end(edai_given_stock *stock)
{
    edai_mutex_fini(&stock->mutex);
    edai_free(stock);
}

void edai_given_stock_free(edai_given_stock *stock)
{
    bool is_last;

    if (stock == NULL) {
        return;
    }
    edai_mutex_lock(&stock->mutex);
    stock->is_closed = true;
    is_last = stock->given_count == 0;
    while (stock->spare != NULL) {
        given *spare = stock->spare;

        stock->spare = spare->next;
        given_free(spare);
    }
    edai_mutex_unlock(&stock->mutex);
    if (is_last) {
        stock_end(stock);
    }
}

/* The bus needs it no more. */
static void came_back(void *arg)
{
    given *self = arg;
    edai_given_stock *stock = self->stock;
    bool is_kept;
    bool is_last;

    edai_mutex_lock(&stock->mutex);
    stock->given_count--;
    is_last = stock->is_closed && stock->given_count == 0;
    is_kept = !stock->is_closed && self->buffer.capacity > 0 &&
              stock->spare_size + self->buffer.capacity <= EDAI_GIVEN_SPARE_MAX;
    if (is_kept) {
        stock->spare_size += self->buffer.capacity;
        self->next = stock->spare;
        stock->spare = self;
    }
    edai_mutex_unlock(&stock->mutex);
    if (!is_kept) {
        given_free(self);
    }
    if (is_last) {
        stock_end(stock);
    }
}

bool edai_given_take(edai_given_stock *stock, edai_buffer *buffer, eda_bus_piece *ret_piece)
{
    given *self = edai_alloc(sizeof(*self));
    given *spare;

    if (self == NULL) {
        return false;
    }
    *self = (given){.stock = stock, .buffer = *buffer};
    edai_mutex_lock(&stock->mutex);
    stock->given_count++;
    spare = stock->spare;
    if (spare != NULL) {
        stock->spare = spare->next;
        stock->spare_size -= spare->buffer.capacity;
    }
    edai_mutex_unlock(&stock->mutex);
    *ret_piece = (eda_bus_piece){
        .bytes = {.ptr = buffer->bytes, .len = buffer->size}, .release = came_back, .arg = self};
    *buffer = spare != NULL ? spare->buffer : (edai_buffer){.size = 0};
    edai_buffer_clear(buffer);
    edai_free(spare);
    return true;
}

void edai_given_undo(const eda_bus_piece *piece, edai_buffer *buffer)
{
    given *self = piece->arg;
    edai_buffer spare = *buffer;

    *buffer = self->buffer;
    self->buffer = spare;
    came_back(self);
}
