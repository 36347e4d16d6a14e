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
    EDA_ASSERT(link->waiting.first == NULL, "what waited was taken care of");
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
           link->size >= EDAI_LINK_SIZE_EASY / 2 || link->waiting.first != NULL;
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
    uint32_t at;

    if (ring == NULL) {
        return EDA_ENOMEM;
    }
    for (at = link->ring_first; at != link->ring_end; at++) {
        EDA_ASSERT(link->ring != NULL, "something stands in it");
        ring[at & (capacity - 1)] = link->ring[at & (link->ring_capacity - 1)];
    }
    edai_free(link->ring);
    link->ring = ring;
    link->ring_capacity = capacity;
    return EDA_OK;
}

static bool is_alike(const edai_link_sent *a, const edai_link_sent *b)
{
    return a->route == b->route && a->size == b->size && a->corr == 0 && b->corr == 0;
}

eda_status edai_link_note(edai_link *link, const edai_link_sent *sent)
{
    uint32_t mask = link->ring_capacity - 1;
    edai_link_sent *last = NULL;

    EDA_ASSERT(edai_link_under_way(link) < EDAI_LINK_WINDOW, "asked for room before");
    if (link->ring != NULL && link->ring_end != link->ring_first) {
        last = &link->ring[(link->ring_end - 1) & mask];
    }
    if (last != NULL && is_alike(last, sent)) {
        last->count++;
    } else {
        if (link->ring_end - link->ring_first == link->ring_capacity) {
            EDA_TRY(grow(link));
        }
        EDA_ASSERT(link->ring != NULL, "it has grown");
        link->ring[link->ring_end & (link->ring_capacity - 1)] = *sent;
        link->ring_end++;
    }
    link->written++;
    link->size += sent->size;
    return EDA_OK;
}

bool edai_link_take(edai_link *link, uint64_t most, edai_link_sent *ret_sent)
{
    edai_link_sent *oldest;

    if (most == 0 || link->ring_first == link->ring_end) {
        return false;
    }
    EDA_ASSERT(link->ring != NULL, "something stands in it");
    oldest = &link->ring[link->ring_first & (link->ring_capacity - 1)];
    *ret_sent = *oldest;
    if (oldest->count > most) {
        oldest->count -= (uint32_t)most;
        ret_sent->count = (uint32_t)most;
    } else {
        link->ring_first++;
    }
    link->size -= (size_t)ret_sent->size * ret_sent->count;
    return true;
}

bool edai_link_is_due(const edai_link *link)
{
    return link->out.size > 0 && (link->is_pressing || link->out.size >= EDAI_LINK_BATCH_SIZE ||
                                     link->left - link->told - link->unknown < EDAI_LINK_EAGER);
}
