/* envelope.h - one message on its way to one receiver: a block of header, optional extension and
 * flat payload.
 *
 * Memory: blocks of 64 to 4,096 bytes come from the slab of the worker that publishes and go home
 * to it, others from the heap. A message for several receivers is held once, counted, and each
 * envelope refers to it. Threads: an envelope has one owner at a time; handing it over (inbox.h)
 * hands over everything in it. */
#ifndef EDAI_ENVELOPE_H
#define EDAI_ENVELOPE_H

#include <edacious/actor.h>

#include "base/assert.h"

#include <stdatomic.h>
#include <stddef.h>

typedef struct edai_activation edai_activation;
typedef struct edai_client edai_client;
typedef struct edai_envelope edai_envelope;
typedef struct edai_receipt edai_receipt;
typedef struct edai_route edai_route;
typedef struct edai_worker edai_worker;

typedef enum edai_kind {
    EDAI_DELIVERY = 0, /* to an activation, by route and identity */
    EDAI_REPLY,        /* to a suspended turn or a waiting client */
    EDAI_ADMITTED,     /* to a held publisher: its EDA_WAIT delivery found room, or never will */
    EDAI_CALL,         /* runs a function on the worker */
    EDAI_BUNDLE        /* a delivery to each receiver of a fan; its route is the fan's counter */
} edai_kind;

enum {
    EDAI_HAS_EXT = 1,   /* an edai_ext follows the header */
    EDAI_IS_SHARED = 2, /* the payload is a pointer to an edai_shared */
    EDAI_IS_TEXT = 4,   /* identity is the hash of a text key */
    EDAI_IS_REQUEST = 8,
    EDAI_HAS_KEY = 16,      /* rest.key holds the text key: it cannot be read from the message */
    EDAI_HAS_REST = 32,     /* an edai_rest follows the extension */
    EDAI_FROM_OUTSIDE = 64, /* by somebody who is no node of the cluster */
    EDAI_PASSED_ON = 128    /* by a node that did not own its receiver: whoever gets it keeps it */
};

#define EDAI_HOME_HEAP UINT16_MAX
#define EDAI_HOME_NOWHERE (UINT16_MAX - 1) /* part of something else; not freed */
#define EDAI_PUBLISHER_CLIENT 0x8000u
#define EDAI_PUBLISHER_ABROAD EDAI_PUBLISHER_CLIENT /* clients count from 1 */

struct edai_envelope {
    edai_envelope *next;
    const edai_route *route;
    uint64_t identity; /* number, or hash of the text key */
    uint16_t home;     /* worker whose slab owns the block, or EDAI_HOME_HEAP */
    uint8_t size_class;
    uint8_t kind;
    uint8_t flags;
    uint8_t attempts;   /* turns that failed on it so far */
    uint16_t publisher; /* index of the actor type, or EDAI_PUBLISHER_CLIENT | client number */
};

/* From home to publisher: what envelopes of one type by one publisher have in common. */
#define EDAI_ENVELOPE_HEAD_SIZE 8u
_Static_assert(
    offsetof(edai_envelope, publisher) + sizeof(uint16_t) - offsetof(edai_envelope, home) ==
        EDAI_ENVELOPE_HEAD_SIZE,
    "copied as one");

typedef struct edai_ext {
    /* Who gets the reply: a client, or the turn `ask_seq` of an activation. The same places as in
     * edai_reply, which a request's block becomes. */
    edai_client *asking_client;
    edai_activation *asker;
    uint64_t ask_seq;
    uint16_t asker_worker;
    uint32_t timeout_ms; /* runs from the end of this round on, when the deadline is set; 0: it is
                            known */
    int64_t deadline;    /* monotonic ns; EDAI_NO_DEADLINE: none */
    edai_receipt *receipt;
} edai_ext;

/* What few messages need: EDA_WAIT, or a text key that is not in them. */
typedef struct edai_rest {
    /* Who is told when an EDA_WAIT delivery is admitted. */
    edai_client *held_client;
    edai_activation *held;
    edai_envelope *notice;  /* owned: the block that will tell a publisher on another worker */
    uint64_t held_identity; /* of held, for the graph of who waits for whom */
    uint32_t held_generation;
    uint16_t held_worker;
    eda_str key;
} edai_rest;

/* Memory that messages point into; ends with the last of them. Any thread. */
typedef struct edai_backing {
    _Atomic uint32_t refs;
    void (*drop)(struct edai_backing *self);
} edai_backing;

static inline void edai_backing_keep(edai_backing *self)
{
    /* relaxed: whoever adds a reference has one */
    atomic_fetch_add_explicit(&self->refs, 1, memory_order_relaxed);
}

static inline void edai_backing_release(edai_backing *self)
{
    /* acq_rel: whoever drops it must see the others' reads done */
    if (atomic_fetch_sub_explicit(&self->refs, 1, memory_order_acq_rel) == 1) {
        self->drop(self);
    }
}

/* Payload of several envelopes, or of one whose bytes lie elsewhere. */
typedef struct edai_shared {
    _Atomic uint32_t refs;
    uint16_t home;
    uint8_t size_class;
    uint8_t unused;
    edai_backing *backing; /* referred to; NULL: the message is flat */
    uint64_t data[];       /* flat message, or its struct */
} edai_shared;

/* Follows the header of an EDAI_REPLY; then the flat reply, or the text of an error. */
typedef struct edai_reply {
    edai_client *client;
    edai_activation *asker;
    uint64_t ask_seq;
    uint16_t worker;
    eda_status status;
    uint32_t text_len;
} edai_reply;

_Static_assert(sizeof(edai_reply) <= sizeof(edai_ext), "a request's block has room for a status");

typedef struct edai_admitted {
    edai_activation *held;
    uint32_t generation;
    uint16_t worker;
} edai_admitted;

typedef struct edai_call {
    void (*fn)(edai_worker *worker, void *arg);
    void *arg;
    uint16_t worker;
} edai_call;

static inline void *edai_envelope_body(edai_envelope *envelope)
{
    return envelope + 1;
}

static inline edai_ext *edai_envelope_ext(edai_envelope *envelope)
{
    return (envelope->flags & EDAI_HAS_EXT) != 0 ? (edai_ext *)(void *)(envelope + 1) : NULL;
}

/* Where one is known to be. */
static inline edai_ext *edai_envelope_its_ext(edai_envelope *envelope)
{
    EDA_ASSERT((envelope->flags & EDAI_HAS_EXT) != 0, "made with an extension");
    return (edai_ext *)(void *)(envelope + 1);
}

/* NULL: it has none. */
static inline edai_rest *edai_envelope_rest(edai_envelope *envelope)
{
    char *at = (char *)(envelope + 1) + sizeof(edai_ext);

    return (envelope->flags & EDAI_HAS_REST) != 0 ? (edai_rest *)(void *)at : NULL;
}

/* Where one is known to be. */
static inline edai_rest *edai_envelope_its_rest(edai_envelope *envelope)
{
    EDA_ASSERT((envelope->flags & EDAI_HAS_REST) != 0, "made with all there is");
    return (edai_rest *)(void *)((char *)(envelope + 1) + sizeof(edai_ext));
}

static inline void *edai_envelope_payload(edai_envelope *envelope)
{
    char *at = (char *)(envelope + 1);

    if ((envelope->flags & EDAI_HAS_EXT) != 0) {
        at += sizeof(edai_ext);
    }
    if ((envelope->flags & EDAI_HAS_REST) != 0) {
        at += sizeof(edai_rest);
    }
    return at;
}

static inline const void *edai_envelope_data(edai_envelope *envelope)
{
    void *payload = edai_envelope_payload(envelope);

    if ((envelope->flags & EDAI_IS_SHARED) != 0) {
        return (*(edai_shared **)payload)->data;
    }
    return payload;
}

#endif
