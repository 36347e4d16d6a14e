/* pending.h - who waits for the end of what went to another node, and who asks from there.
 *
 * Threads: the gateway's, but for what a receipt does when it ends. Memory: one block per entry, at
 * most EDAI_PENDING_CORR_MAX of each. */
#ifndef EDAI_FAR_PENDING_H
#define EDAI_FAR_PENDING_H

#include <edacious/bus.h>

#include "core/client.h"
#include "core/contract.h"

#define EDAI_PENDING_CORR_MAX 1048576u

/* Found by a number that only grows. */
typedef struct edai_entry {
    struct edai_entry *next; /* of its place */
    uint64_t number;
} edai_entry;

typedef struct edai_entries {
    edai_entry **places; /* a power of two, or none */
    uint32_t capacity;
    uint32_t count;
    uint64_t last; /* number given last */
} edai_entries;

void edai_entries_fini(edai_entries *entries);

/* A request, or a delivery that a receipt waits for. */
typedef struct edai_sent {
    edai_entry entry; /* its number is the correlation */
    uint16_t slot;    /* who will tell */
    const edai_route *route;
    edai_envelope *request; /* owned; becomes the reply */
    edai_receipt *receipt;
} edai_sent;

/* A new entry with a number of its own. NULL: out of memory, or too many. */
edai_sent *edai_pending_add(edai_entries *pending, uint16_t slot);
/* Takes it out; NULL: unknown. Free with edai_free. */
edai_sent *edai_pending_take(edai_entries *pending, uint64_t corr);
/* Takes out any one of a slot; EDAI_NOBODY: of any. NULL: none is left. */
edai_sent *edai_pending_take_of(edai_entries *pending, uint16_t slot);
/* Takes out one whose request's deadline is over; `io_at` begins as 0. NULL: none is left. */
edai_sent *edai_pending_take_late(edai_entries *pending, int64_t now, uint32_t *io_at);

/* A request that came from elsewhere and is being handled here. */
typedef struct edai_stranger {
    edai_entry entry; /* its number is the request's ask_seq */
    const edai_msg *msg;
    uint64_t link; /* serial of the link to the node that asks; 0: an outsider */
    uint64_t corr;
    eda_bus_query *query; /* owned */
    char *key;            /* of the query; owned */
    bool is_cbor;
} edai_stranger;

edai_stranger *edai_strangers_add(edai_entries *strangers, const edai_msg *msg);
edai_stranger *edai_strangers_take(edai_entries *strangers, uint64_t seq);
edai_stranger *edai_strangers_take_any(edai_entries *strangers);

#endif
