/* publish.h - from a message to its receivers: checks, identities, envelopes.
 *
 * Threads: reads constant contracts and what the ctx owns; the sink of the envelopes is the ctx's.
 */
#ifndef EDAI_PUBLISH_H
#define EDAI_PUBLISH_H

#include "base/hash.h"
#include "core/suspend.h"
#include "core/system.h"

#include <string.h>

/* Everything an envelope may carry besides the message; zero: nothing. */
typedef struct edai_extras {
    int64_t deadline; /* 0: none beyond the type's own expires_ms */
    uint32_t timeout_ms;
    edai_client *asking_client;
    edai_activation *asker;
    uint64_t ask_seq;
    edai_receipt *receipt;
    bool looks_ahead; /* whether there is room: an EDA_WAIT delivery then has nobody to tell */
    bool may_bundle;  /* several receivers may get it together; nothing else is set, then */
} edai_extras;

/* Range, length, UTF-8 and topic fields; sets the ctx's error. Only where msg->needs_check. */
EDA_CHECK eda_status edai_publish_check(eda_ctx *ctx, const edai_msg *msg, const void *data);
/* One chain of envelopes, one per receiver or fan, oldest first. An empty chain: unheard.
 * EDA_EKEY, EDA_ENOMEM, EDA_ELIMIT; nothing is left behind on failure. */
EDA_CHECK eda_status edai_publish_make(eda_ctx *ctx, const edai_msg *msg, const void *data,
    const edai_extras *extras, edai_envelope **ret_first, edai_envelope **ret_last);
/* An integer key of any C type. */
uint64_t edai_publish_number(const eda_field *field, const void *data);
/* The request of a turn that will wait for its reply. EDA_EKEY, EDA_ENOMEM, EDA_ERANGE. */
EDA_CHECK eda_status edai_publish_ask(eda_ctx *ctx, const edai_msg *msg, const void *data,
    const edai_wait *wait, edai_envelope **ret_envelope);
/* One envelope for one route. */
EDA_CHECK eda_status edai_publish_one(eda_ctx *ctx, const edai_route *route, const void *data,
    const edai_extras *extras, edai_envelope **ret_envelope);
/* The same, but what the message points to lies in `backing` and stays there: not for requests. */
EDA_CHECK eda_status edai_publish_lent(eda_ctx *ctx, const edai_route *route, const void *data,
    edai_backing *backing, const edai_extras *extras, edai_envelope **ret_envelope);
/* A route takes a message on this very topic. */
bool edai_publish_is_wanted(const edai_route *route, const void *data);
/* One for an on_self route: delivered to the actor itself, its identity is the timer's id. */
EDA_CHECK eda_status edai_self_make(eda_ctx *ctx, const edai_route *route, const void *data,
    const edai_extras *extras, uint64_t timer_id, edai_envelope **ret_envelope);
/* Finds type and check permissions: EDA_ENOTYPE, EDA_EPERM. */
EDA_CHECK eda_status edai_publish_lookup(
    eda_ctx *ctx, const eda_type *type, const edai_msg **ret_msg);
/* Of an envelope's identity: where it goes, and where its receiver is found there. */
static inline uint64_t edai_publish_hash(const edai_envelope *envelope)
{
    return (envelope->flags & EDAI_IS_TEXT) != 0 ? envelope->identity
                                                 : edai_hash_u64(envelope->identity);
}
/* Where an envelope goes. */
uint16_t edai_publish_owner(const eda_system *sys, const edai_envelope *envelope);
/* The text key of an envelope that is flagged EDAI_IS_TEXT. */
eda_str edai_publish_key(edai_envelope *envelope);
/* One reference less to a shared payload. worker NULL: a client's thread. */
void edai_shared_release(eda_system *sys, edai_worker *worker, edai_shared *shared);
/* Publishes in the name of the system, from a worker. */
void edai_publish_system(edai_worker *worker, const edai_msg *msg, const void *data);
/* Ends a delivery that did not become a turn's success: counts, tells asker and receipt, frees. */
void edai_envelope_end(edai_worker *worker, edai_envelope *envelope, edai_outcome outcome,
    eda_status status, const char *text);
/* Bytes that a reply in a request's own block may have. */
size_t edai_reply_room(const edai_envelope *request);
/* Turns a request's block into the reply, a plain struct of that size at most, and sends it. */
void edai_reply_value(edai_worker *worker, edai_envelope *request, const void *data, size_t size);
/* Turns a request's block into the reply that carries a status and a text, and sends it. Cannot
 * fail. */
void edai_reply_status(
    edai_worker *worker, edai_envelope *request, eda_status status, const char *text);

/* --- messages with a light route ------------------------------------------------------------ */

/* The key of a route by integers, or 0 where there is none. */
static inline uint64_t edai_light_identity(const edai_route *route, const void *data)
{
    uint64_t word;

    if (EDAI_LIKELY(route->is_word_key)) {
        memcpy(&word, (const char *)data + route->key_offset, sizeof(word));
        return word;
    }
    return route->is_number_key ? edai_publish_number(route->key, data) : 0;
}

/* Small structs by two moves that overlap: a call costs more. */
static inline void edai_light_copy(void *to, const edai_route *route, const void *data)
{
    size_t size = route->size;

    if (EDAI_LIKELY(size >= 16 && size <= 32)) {
        memcpy(to, data, 16);
        memcpy((char *)to + size - 16, (const char *)data + size - 16, 16);
    } else {
        memcpy(to, data, size);
    }
}

/* Their one envelope, in a worker's turn. NULL: out of memory. */
static inline edai_envelope *edai_publish_light(
    eda_ctx *ctx, const edai_route *route, const void *data)
{
    edai_envelope *envelope = edai_slab_alloc(&ctx->worker->slab, route->size_class);

    if (EDAI_UNLIKELY(envelope == NULL)) {
        return NULL;
    }
    *envelope = (edai_envelope){.route = route,
        .identity = edai_light_identity(route, data),
        .home = ctx->worker->index,
        .size_class = route->size_class,
        .kind = EDAI_DELIVERY,
        .publisher = ctx->publisher};
    edai_light_copy(envelope + 1, route, data);
    return envelope;
}

/* The same for what was published before. */
EDAI_ALWAYS_INLINE edai_envelope *edai_publish_known(
    edai_worker *worker, const edai_published *known, const void *data)
{
    const edai_route *route = known->route;
    edai_envelope *envelope = edai_slab_alloc(&worker->slab, route->size_class);

    if (EDAI_UNLIKELY(envelope == NULL)) {
        return NULL;
    }
    envelope->route = route;
    envelope->identity = edai_light_identity(route, data);
    memcpy(&envelope->home, known->head, sizeof(known->head));
    edai_light_copy(envelope + 1, route, data);
    return envelope;
}

#endif
