/* relay.h - what a hub knows of its sessions, and where frames go.
 *
 * Threads: the hub's. Memory: whatever fails for want of it marks a peer as gone. */
#ifndef EDAI_RELAY_H
#define EDAI_RELAY_H

#include "bus/local/link.h"

typedef struct edai_peer edai_peer;

/* What a session declared. */
typedef struct edai_declared {
    struct edai_declared *next;
    uint64_t id;
    uint8_t type;    /* EDAI_FRAME_SUBSCRIBE to EDAI_FRAME_HEARD */
    bool is_heard;   /* EDAI_FRAME_HEARD: what was told last */
    edai_block *key; /* or pattern */
} edai_declared;

/* A get under way; one more in each of its queries. */
typedef struct edai_asked {
    edai_peer *asker; /* NULL: gone, or has given it up */
    uint64_t id;      /* the asker's */
    uint32_t open_len;
    bool is_missing; /* of one nobody knows whether it was handled */
} edai_asked;

typedef struct edai_query {
    struct edai_query *next; /* of its server */
    uint64_t number;
    edai_asked *asked;
} edai_query;

struct edai_peer {
    edai_peer *next;
    edai_link link;
    uint64_t session;
    bool has_greeted;
    bool is_gone;
    bool is_deaf; /* takes nothing any more; what it sent before is still read */
    bool wants_settled;
    const char *why;          /* it is gone, for the log; NULL: it hung up */
    const edai_peer *held_by; /* not read from until there is room in that one's queue */
    int64_t since_ns;         /* came, or last took something from its queue */
    edai_declared *declared;
    uint32_t declared_len;
    edai_query *queries; /* that it has not answered */
    uint32_t asked_len;
};

typedef struct edai_relay {
    edai_peer *peers;
    uint64_t query_last;
    int64_t now_ns;
} edai_relay;

/* What to do with a frame from a peer that has greeted. Another status than EDA_OK: the peer is to
 * go. EDA_ENOMEM; EDA_ELIMIT: over a bound; EDA_ESYNTAX. */
EDA_CHECK eda_status edai_relay_take(edai_relay *route, edai_peer *from, const edai_frame *frame);
/* A peer is gone: the others are told what that means for them. Twice is fine. */
void edai_relay_leave(edai_relay *route, edai_peer *peer);
/* Tells one peer; without memory it is gone. */
void edai_relay_tell(const edai_relay *route, edai_peer *to, const edai_frame *frame);
bool edai_relay_is_full(const edai_peer *peer);

#endif
