/* pieces.h - a payload in pieces that a case gives away: each is overwritten when it is released.
 *
 * Threads: released from any; the rest from the suite's. Memory: lives until all sessions are
 * closed, so that what is released late or twice is seen. */
#ifndef EDAI_PIECES_H
#define EDAI_PIECES_H

#include <edacious/bus.h>

#include "base/thread.h"

#define EDAI_PIECES_LEN_MAX 8u

typedef struct edai_pieces edai_pieces;

typedef struct edai_pieces_part {
    edai_pieces *of;
    uint8_t *bytes;
    size_t size;
    uint32_t released;
} edai_pieces_part;

struct edai_pieces {
    edai_pieces *next; /* of the stage */
    edai_mutex mutex;
    edai_cond cond;
    eda_bus_piece pieces[EDAI_PIECES_LEN_MAX];
    edai_pieces_part parts[EDAI_PIECES_LEN_MAX];
    uint32_t len;
    uint32_t released;
    bool is_taken; /* by the driver: set by the case */
    size_t size;
    uint8_t bytes[];
};

/* Of that many sizes. Returns owned; NULL: no memory. */
EDA_CHECK edai_pieces *edai_pieces_new(const size_t *sizes, uint32_t len);
/* NULL is fine. Nobody may release any more. */
void edai_pieces_free(edai_pieces *pieces);

/* The payload is all of them in a row. */
EDA_CHECK bool edai_pieces_are(const edai_pieces *pieces, eda_bytes payload);
/* Waits until each was released, or the patience is over. */
EDA_CHECK bool edai_pieces_wait(edai_pieces *pieces, uint32_t patience_ms);
uint32_t edai_pieces_released(edai_pieces *pieces);
/* With all sessions closed: a sentence if one was released never, twice, or though it was not
 * taken. */
const char *edai_pieces_fault(edai_pieces *pieces);

#endif
