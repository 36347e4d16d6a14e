/* link.c - see link.h. */
#include "cluster/link.h"

#include "base/assert.h"
#include "base/memory.h"

#include <string.h>

#define RING_MIN 64u

edai_link *edai_link_new(uint16_t slot, const char *peer, char *key)
{
    size_t len = strlen(peer) + 1;
    edai_link *link = edai_calloc(1, sizeof(*link));

    if (link == NULL) {
        return NULL;
    }
    link->peer = edai_alloc(len);
    if (link->peer == NULL) {
        edai_free(link);
        return NULL;
    }
    memcpy(link->peer, peer, len);
    link->slot = slot;
    link->key = key;
    return link;
}

void edai_link_free(edai_link *link)
{
    if (link == NULL) {
        return;
    }
    EDA_ASSERT(link->waiting == NULL, "what waited was taken care of");
    edai_buffer_fini(&link->out);
    edai_free(link->ring);
    edai_free(link->peer);
    edai_free(link->key);
    edai_free(link);
}

bool edai_link_has_room(const edai_link *link, bool may_wait)
{
    return edai_link_under_way(link) < EDAI_LINK_WINDOW &&
           link->size < (may_wait ? EDAI_LINK_SIZE_EASY : EDAI_LINK_SIZE_MAX);
}

bool edai_link_has_places(const edai_link *link, uint32_t count)
{
    return edai_link_under_way(link) + count <= EDAI_LINK_WINDOW;
}

bool edai_link_is_tight(const edai_link *link)
{
    return edai_link_under_way(link) >= EDAI_LINK_WINDOW / 2 ||
           link->size >= EDAI_LINK_SIZE_EASY / 2 || link->waiting != NULL;
}

edai_buffer *edai_link_batch(edai_link *link, eda_str self)
{
    if (link->out.size == 0) {
        link->out_first = link->written + 1;
        edai_wire_begin(&link->out, self, link->out_first);
        link->last.msg = NULL;
    }
    return &link->out;
}

/* Doubles; what is there is laid out anew from the start. */
static eda_status grow(edai_link *link)
{
    uint32_t capacity = link->ring_capacity == 0 ? RING_MIN : 2 * link->ring_capacity;
    edai_link_sent *ring = edai_calloc(capacity, sizeof(*ring));
    uint64_t number;

    if (ring == NULL) {
        return EDA_ENOMEM;
    }
    for (number = link->told + link->unknown + 1; number <= link->written; number++) {
        ring[number & (capacity - 1)] = link->ring[number & (link->ring_capacity - 1)];
    }
    edai_free(link->ring);
    link->ring = ring;
    link->ring_capacity = capacity;
    return EDA_OK;
}

eda_status edai_link_note(edai_link *link, const edai_link_sent *sent)
{
    EDA_ASSERT(edai_link_under_way(link) < EDAI_LINK_WINDOW, "asked for room before");
    if (edai_link_under_way(link) == link->ring_capacity) {
        EDA_TRY(grow(link));
    }
    link->written++;
    link->ring[link->written & (link->ring_capacity - 1)] = *sent;
    link->size += sent->size;
    return EDA_OK;
}

bool edai_link_take(edai_link *link, edai_link_sent *ret_sent)
{
    if (edai_link_under_way(link) == 0) {
        return false;
    }
    *ret_sent = link->ring[(link->told + link->unknown + 1) & (link->ring_capacity - 1)];
    link->size -= ret_sent->size;
    return true;
}

bool edai_link_is_due(const edai_link *link)
{
    return link->out.size > 0 && (link->is_pressing || link->out.size >= EDAI_LINK_BATCH_SIZE ||
                                     link->left - link->told - link->unknown < EDAI_LINK_EAGER);
}

void edai_link_wait(edai_link *link, edai_envelope *envelope)
{
    envelope->next = NULL;
    if (link->waiting == NULL) {
        link->waiting = envelope;
    } else {
        link->waiting_last->next = envelope;
    }
    link->waiting_last = envelope;
}
