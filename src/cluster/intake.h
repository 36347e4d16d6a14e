/* intake.h - what the bus's threads hear, on its way to the gateway.
 *
 * A block holds a copy of what was heard and the envelope by which it travels through the gateway's
 * inbox; a large payload that the driver can keep is not copied. Order: of each declaration's
 * callbacks. Bounds: EDAI_INTAKE_SIZE_MAX bytes are on their way; what comes then is dropped, and
 * the sender's numbers tell. Messages that wait refer to EDAI_INTAKE_LENT_MAX bytes, and one batch;
 * beyond that they are copied.
 * Threads: hear from any, and a block that messages refer to ends on any; the rest by the gateway.
 */
#ifndef EDAI_INTAKE_H
#define EDAI_INTAKE_H

#include <edacious/bus.h>

#include "core/worker.h"

#define EDAI_INTAKE_SIZE_MAX ((size_t)64 << 20)
#define EDAI_INTAKE_LENT_MAX ((size_t)64 << 20)
/* Bytes of the blocks that are kept for what comes next. */
#define EDAI_INTAKE_SPARE_MAX ((size_t)4 << 20)

typedef struct edai_node edai_node;

typedef enum edai_heard_kind {
    EDAI_HEARD_BATCH = 1, /* in the inbox */
    EDAI_HEARD_HELLO,     /* a heartbeat */
    EDAI_HEARD_TOKEN,
    EDAI_HEARD_PING,      /* somebody's: to be answered */
    EDAI_HEARD_PONG,      /* an answer to ours; without a message: the end */
    EDAI_HEARD_CATALOGUE, /* the same, to a request for a catalogue */
    EDAI_HEARD_DESCRIBE,  /* somebody wants a catalogue or ps */
    EDAI_HEARD_PUT,       /* an outsider's; `of` is the declaration, as of GET */
    EDAI_HEARD_GET,
    EDAI_HEARD_UNWATCHED, /* nobody subscribes to `of` any more */
    EDAI_HEARD_REPLACED   /* the session is another */
} edai_heard_kind;

/* One thing heard; the texts live in the block. */
typedef struct edai_heard {
    edai_heard_kind kind;
    eda_bus_message message;
    const eda_bus_message *given; /* BATCH: as the bus's callback has it, while that runs */
    edai_backing *backing; /* of the payload, which may be referred to; once it has arrived */
    eda_bus_query *query;  /* owned: PING, DESCRIBE, GET */
    const void *of;
    uint64_t number; /* of the request that this answers */
    bool is_alive;   /* TOKEN; the end of a PONG: somebody answered */
    bool is_end;     /* PONG, CATALOGUE */
    eda_status end;
} edai_heard;

typedef struct edai_intake {
    edai_node *node;
    _Atomic bool is_open;
    _Atomic size_t size;      /* bytes on their way */
    _Atomic uint64_t dropped; /* for want of room or memory */
    edai_mutex mutex;
    struct edai_intake_block *spare; /* guarded by the mutex, as what follows */
    size_t spare_size;
    struct edai_intake_block *lent; /* those that messages still refer to */
    _Atomic size_t lent_size;       /* bytes of these; read without the mutex */
} edai_intake;

void edai_intake_init(edai_intake *intake);
void edai_intake_open(edai_intake *intake, edai_node *node);
/* Nothing more is taken; what is on its way is forgotten when it arrives. */
void edai_intake_close(edai_intake *intake);
static inline bool edai_intake_is_open(const edai_intake *intake)
{
    return atomic_load_explicit(&intake->is_open, memory_order_acquire);
}
/* Nobody hears any more, and nothing is on its way. */
void edai_intake_fini(edai_intake *intake);
/* Messages of a batch of that size may refer to it: not so many bytes are referred to already. */
static inline bool edai_intake_may_lend(const edai_intake *intake, size_t size)
{
    return atomic_load_explicit(&intake->lent_size, memory_order_relaxed) + size <=
           EDAI_INTAKE_LENT_MAX;
}
/* Copies and sends it on. False: dropped; a query stays the caller's. */
bool edai_intake_hear(edai_intake *intake, const edai_heard *heard);

#endif
