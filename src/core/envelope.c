/* envelope.c - making, ending and freeing envelopes. */
#include "core/envelope.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "core/held.h"
#include "core/publish.h"

#include <string.h>

void *edai_worker_alloc(
    edai_worker *worker, size_t size, uint16_t *ret_home, uint8_t *ret_size_class)
{
    uint8_t size_class = worker != NULL ? edai_slab_class(size) : EDAI_SLAB_HEAP;
    void *block;

    if (size_class == EDAI_SLAB_HEAP) {
        block = edai_alloc(size);
        *ret_home = EDAI_HOME_HEAP;
    } else {
        block = edai_slab_alloc(&worker->slab, size_class);
        *ret_home = worker->index;
    }
    if (block == NULL) {
        return NULL;
    }
    *ret_size_class = size_class;
    return block;
}

/* Gives a block back to where it came from; worker NULL: a client's thread. */
static void block_free(
    eda_system *sys, edai_worker *worker, void *block, uint16_t home, uint8_t size_class)
{
    edai_free_block *free_block;

    if (home == EDAI_HOME_NOWHERE) {
        return;
    }
    if (home == EDAI_HOME_HEAP) {
        edai_free(block);
        return;
    }
    if (worker != NULL && home == worker->index) {
        edai_slab_free(&worker->slab, block, size_class);
        return;
    }
    if (worker != NULL && edai_worker_seat(&sys->workers[home]) == edai_worker_seat(worker)) {
        edai_slab_free(&sys->workers[home].slab, block, size_class);
        return;
    }
    free_block = edai_slab_block(block, size_class);
    if (worker == NULL || edai_slab_is_large(size_class)) { /* many of those would be much */
        edai_slab_return(&sys->workers[home].slab, free_block, free_block);
        return;
    }
    worker->returns_count++;
    free_block->next = worker->returns[home].first;
    worker->returns[home].first = free_block;
    if (worker->returns[home].count++ == 0) {
        worker->returns[home].last = free_block;
    }
}

void edai_shared_release(eda_system *sys, edai_worker *worker, edai_shared *shared)
{
    /* acq_rel: whoever frees must see the others' reads done. */
    if (atomic_fetch_sub_explicit(&shared->refs, 1, memory_order_acq_rel) == 1) {
        edai_backing *backing = shared->backing;

        block_free(sys, worker, shared, shared->home, shared->size_class);
        if (backing != NULL) {
            edai_backing_release(backing);
        }
    }
}

void edai_envelope_free(eda_system *sys, edai_worker *worker, edai_envelope *envelope)
{
    edai_rest *rest;

    if (EDAI_UNLIKELY((envelope->flags & (EDAI_IS_SHARED | EDAI_HAS_REST)) != 0)) {
        if ((envelope->flags & EDAI_IS_SHARED) != 0) {
            edai_shared_release(sys, worker, *(edai_shared **)edai_envelope_payload(envelope));
        }
        rest = edai_envelope_rest(envelope);
        if (rest != NULL && rest->notice != NULL) {
            block_free(sys, worker, rest->notice, rest->notice->home, rest->notice->size_class);
        }
    }
    block_free(sys, worker, envelope, envelope->home, envelope->size_class);
}

size_t edai_reply_room(const edai_envelope *request)
{
    /* A flat message begins with its struct, whatever follows. */
    size_t room = request->size_class == EDAI_SLAB_HEAP
                      ? sizeof(edai_ext) + request->route->msg->shape.size
                      : edai_slab_class_size(request->size_class) - sizeof(edai_envelope);

    EDA_ASSERT((request->flags & EDAI_IS_SHARED) == 0, "a request has one receiver");
    return room - sizeof(edai_reply);
}

/* The request's block, or another one, as the reply to the request; what was in it is gone. */
static edai_reply *become_reply(edai_envelope *envelope, const edai_ext *ext)
{
    edai_reply *reply = edai_envelope_body(envelope);
    const edai_reply made = {.client = ext->asking_client,
        .asker = ext->asker,
        .ask_seq = ext->ask_seq,
        .worker = ext->asker_worker};

    *reply = made;
    envelope->flags = 0;
    envelope->kind = EDAI_REPLY;
    return reply;
}

void edai_reply_value(edai_worker *worker, edai_envelope *request, const void *data, size_t size)
{
    edai_reply *reply;

    EDA_ASSERT(size <= edai_reply_room(request), "asked for before");
    reply = become_reply(request, edai_envelope_its_ext(request));
    memcpy(reply + 1, data, size);
    edai_worker_dispatch(worker, request);
}

/* Swaps the request for a block in which a longer text fits; the request itself if there is no
 * memory. */
static edai_envelope *swap_for_text(edai_worker *worker, edai_envelope *request, size_t len)
{
    uint16_t home = 0;
    uint8_t size_class = 0;
    edai_envelope *made =
        edai_worker_alloc(worker, sizeof(*made) + sizeof(edai_reply) + len, &home, &size_class);

    if (made == NULL) {
        return request;
    }
    *made = (edai_envelope){.home = home, .size_class = size_class};
    edai_worker_free(worker, request);
    return made;
}

void edai_reply_status(
    edai_worker *worker, edai_envelope *request, eda_status status, const char *text)
{
    const edai_ext ext = *edai_envelope_its_ext(request);
    size_t room = edai_reply_room(request);
    size_t len = text != NULL ? strlen(text) : 0;
    edai_envelope *envelope = request;
    edai_reply *reply;

    EDA_ASSERT(edai_envelope_rest(request) == NULL || edai_envelope_rest(request)->notice == NULL,
        "only one-way messages hold their publisher");
    /* The request's own block becomes the reply, so that an error can always be told; only its text
     * may be cut. */
    if (len > room) {
        envelope = swap_for_text(worker, request, len);
        len = envelope == request ? room : len;
    }
    reply = become_reply(envelope, &ext);
    reply->status = status;
    reply->text_len = (uint32_t)len;
    if (len > 0) {
        memcpy(reply + 1, text, len);
        edai_utf8_tame((char *)(reply + 1), len); /* a cut one may end within a character */
    }
    edai_worker_dispatch(worker, envelope);
}

/* By the outcome and not by the handler's status, which may be any: EDA_ESHED handed on from an
 * ask, say. */
static eda_status receipt_status(edai_outcome outcome)
{
    if (outcome == EDAI_SHED) {
        return EDA_ESHED;
    }
    return outcome == EDAI_DEAD ? EDA_EDEAD : EDA_EFAILED;
}

void edai_envelope_end(edai_worker *worker, edai_envelope *envelope, edai_outcome outcome,
    eda_status status, const char *text)
{
    edai_ext *ext = edai_envelope_ext(envelope);
    edai_rest *rest = edai_envelope_rest(envelope);

    /* The report is accepted before the message has ended: in between a system that waits for both
     * is not idle. */
    if (outcome == EDAI_DEAD) {
        edai_dead_report(worker, envelope, text);
    }
    edai_tally_add(&worker->tallies[envelope->route->index], outcome);
    if (rest != NULL) {
        edai_held_release(worker, rest, status);
    }
    if (ext != NULL) {
        if (ext->receipt != NULL) {
            edai_receipt_blame(ext->receipt, envelope->route);
            edai_receipt_end(ext->receipt, receipt_status(outcome));
        }
        if (ext->asker != NULL || ext->asking_client != NULL) {
            edai_reply_status(worker, envelope, status, text);
            return;
        }
    }
    edai_worker_free(worker, envelope);
}
