/* link.h - the way to one other node, and what came from it.
 *
 * Messages of a link are numbered from 1. What was written and not yet told of by the peer stands
 * in a ring, those in a row that are alike as one, so that each ends as forwarded, lost or unknown,
 * by its route. Order: as written.
 * Bounds: EDAI_LINK_WINDOW messages; EDAI_LINK_SIZE_EASY bytes, then whoever may wait does;
 * EDAI_LINK_SIZE_MAX bytes, then the rest is shed; one that may wait goes to all its receivers
 * there together, and passes these by so much. Threads: the gateway's. */
#ifndef EDAI_LINK_H
#define EDAI_LINK_H

#include "cluster/line.h"
#include "core/contract.h"
#include "wire/wire.h"

#define EDAI_LINK_WINDOW 65536u
#define EDAI_LINK_SIZE_MAX ((size_t)16 << 20)
/* Under way beyond which whoever may wait does: what its receiver cannot handle yet is not sent. */
#define EDAI_LINK_SIZE_EASY ((size_t)4 << 20)
/* Unsent beyond which a batch leaves, whatever is under way. */
#define EDAI_LINK_BATCH_SIZE ((size_t)32 << 10)
/* Under way beyond which small batches wait for the peer to tell: so they grow under load. */
#define EDAI_LINK_EAGER 64u

/* Messages in a row that are alike, and that the peer has not told of. */
typedef struct edai_link_sent {
    const edai_route *route;
    uint64_t corr;  /* 0: nothing waits for its end; else there is one */
    uint32_t size;  /* bytes of each in its batch */
    uint32_t count; /* at most EDAI_LINK_WINDOW */
} edai_link_sent;

/* What the next message of a batch may be like. */
typedef struct edai_link_last {
    const edai_msg *msg; /* NULL: nothing */
    const char *actor;
    uint32_t flags;
    uint16_t publisher;
} edai_link_last;

typedef struct edai_link {
    char *key;       /* of the peer's inbox; owned */
    char *peer;      /* "NODE/INC"; owned */
    uint64_t serial; /* of all links there were; not 0 */
    uint16_t slot;

    /* Out. */
    uint64_t written; /* number of the last message in `out`, or sent */
    uint64_t left;    /* number of the last one given to the bus */
    uint64_t told;    /* arrived and lost, as the peer says */
    uint64_t told_lost;
    uint64_t unknown;
    uint64_t told_before; /* a second ago */
    edai_link_sent *ring; /* of the messages told + 1 to written; grows to EDAI_LINK_WINDOW */
    uint32_t ring_capacity;
    uint32_t ring_first; /* counts on from 0, as ring_end; turns over */
    uint32_t ring_end;
    size_t size;         /* bytes of these messages */
    edai_buffer out;     /* a batch that was begun; empty: none */
    uint64_t out_first;  /* the number it was begun with */
    edai_link_last last; /* in `out` */
    bool is_pressing;    /* something in it should not wait */
    bool is_tight;       /* was counted as such */
    edai_line waiting;   /* EDA_WAIT deliveries that found the window full */

    /* In. */
    uint64_t arrived;
    uint64_t missed;
    uint64_t acked_arrived; /* as the peer was told: less than what came while acks are held */
    uint64_t acked_missed;
    bool is_ack_due;
    bool is_ack_urgent; /* something is missing, or was asked for */
    int64_t ack_due_since;
} edai_link;

/* Takes `key`. NULL: out of memory. */
edai_link *edai_link_new(uint16_t slot, const char *peer, char *key);
void edai_link_free(edai_link *link);

/* Room for one more message; for one that may wait sooner none. */
bool edai_link_has_room(const edai_link *link, bool may_wait);
/* So many more can be noted. */
bool edai_link_has_places(const edai_link *link, uint32_t count);
/* Little room is left for those that may wait, or some do. */
bool edai_link_is_tight(const edai_link *link);
/* The buffer of the batch, begun if need be; `self` "NODE/INC" of this node. */
edai_buffer *edai_link_batch(edai_link *link, eda_str self);
/* A message, of count 1, was written into the batch. EDA_ENOMEM: it must be taken back. */
EDA_CHECK eda_status edai_link_note(edai_link *link, const edai_link_sent *sent);
/* The oldest messages that the peer has not told of, as far as they are alike, at most so many;
 * taken out: they are to be added to `told` or `unknown`. False: none. */
bool edai_link_take(edai_link *link, uint64_t most, edai_link_sent *ret_sent);
/* Messages that the peer has not told of. */
static inline uint64_t edai_link_under_way(const edai_link *link)
{
    return link->written - link->told - link->unknown;
}
/* A batch should leave now. */
bool edai_link_is_due(const edai_link *link);

#endif
