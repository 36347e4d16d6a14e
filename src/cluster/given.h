/* given.h - batches that were given to the bus, and their memory when they come back.
 *
 * A buffer's bytes are given away as they are and come back from any thread, at the latest when the
 * bus is closed, unless its driver is stuck: so the stock outlives its node then. Bounds:
 * EDAI_GIVEN_SPARE_MAX bytes are kept. Threads: any. */
#ifndef EDAI_GIVEN_H
#define EDAI_GIVEN_H

#include <edacious/bus.h>

#include "wire/wire.h"

#define EDAI_GIVEN_SPARE_MAX ((size_t)4 << 20)

typedef struct edai_given_stock edai_given_stock;

/* NULL: out of memory. */
edai_given_stock *edai_given_stock_new(void);
/* Nothing more is kept; it ends with the last buffer that comes back. NULL is fine. */
void edai_given_stock_free(edai_given_stock *stock);

/* Takes the bytes of a buffer, which is empty then, but for memory that was used before. False: out
 * of memory. */
EDA_CHECK bool edai_given_take(
    edai_given_stock *stock, edai_buffer *buffer, eda_bus_piece *ret_piece);
/* The bus did not take the piece: the buffer is as it was. */
void edai_given_undo(const eda_bus_piece *piece, edai_buffer *buffer);

#endif
