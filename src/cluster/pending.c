/* pending.c - see pending.h. Two tables by a number that only grows: chains in places by its lowest
 * bits. */
#include "cluster/pending.h"

#include "base/memory.h"
#include "view/view.h"

#define PLACES_MIN 64u

static edai_entry **place_of(const edai_entries *self, uint64_t number)
{
    return &self->places[number & (self->capacity - 1)];
}

static bool grow(edai_entries *self)
{
    uint32_t capacity = self->capacity == 0 ? PLACES_MIN : 2 * self->capacity;
    edai_entry **places = edai_calloc(capacity, sizeof(edai_entry *));
    edai_entries grown = {.places = places, .capacity = capacity};
    uint32_t i;

    if (places == NULL) {
        return false;
    }
    for (i = 0; i < self->capacity; i++) {
        while (self->places[i] != NULL) {
            edai_entry *at = self->places[i];

            self->places[i] = at->next;
            at->next = *place_of(&grown, at->number);
            *place_of(&grown, at->number) = at;
        }
    }
    edai_free(self->places);
    self->places = places;
    self->capacity = capacity;
    return true;
}

static void *entries_add(edai_entries *self, size_t size)
{
    edai_entry *at;

    if (self->count == EDAI_PENDING_CORR_MAX || (self->count == self->capacity && !grow(self))) {
        return NULL;
    }
    at = edai_calloc(1, size);
    if (at == NULL) {
        return NULL;
    }
    at->number = ++self->last;
    at->next = *place_of(self, at->number);
    *place_of(self, at->number) = at;
    self->count++;
    return at;
}

static void *unlink_at(edai_entries *self, edai_entry **at)
{
    edai_entry *found = *at;

    *at = found->next;
    found->next = NULL;
    self->count--;
    return found;
}

static void *entries_take(edai_entries *self, uint64_t number)
{
    edai_entry **at;

    if (self->capacity == 0) {
        return NULL;
    }
    for (at = place_of(self, number); *at != NULL; at = &(*at)->next) {
        if ((*at)->number == number) {
            return unlink_at(self, at);
        }
    }
    return NULL;
}

/* The first that `is_it` likes, from a place on. */
static void *entries_find(edai_entries *self, uint32_t *io_at,
    bool (*is_it)(const edai_entry *at, int64_t arg), int64_t arg)
{
    for (; *io_at < self->capacity; ++*io_at) {
        edai_entry **at;

        for (at = &self->places[*io_at]; *at != NULL; at = &(*at)->next) {
            if (is_it(*at, arg)) {
                return unlink_at(self, at);
            }
        }
    }
    return NULL;
}

edai_sent *edai_pending_add(edai_entries *pending, uint16_t slot)
{
    edai_sent *sent = entries_add(pending, sizeof(*sent));

    if (sent != NULL) {
        sent->slot = slot;
    }
    return sent;
}

edai_sent *edai_pending_take(edai_entries *pending, uint64_t corr)
{
    return entries_take(pending, corr);
}

static bool is_of(const edai_entry *at, int64_t slot)
{
    return slot == EDAI_NOBODY || ((const edai_sent *)(const void *)at)->slot == slot;
}

edai_sent *edai_pending_take_of(edai_entries *pending, uint16_t slot)
{
    uint32_t at = 0;

    return entries_find(pending, &at, is_of, slot);
}

static bool is_late(const edai_entry *at, int64_t now)
{
    const edai_sent *sent = (const edai_sent *)(const void *)at;

    return sent->request != NULL && edai_envelope_its_ext(sent->request)->deadline <= now;
}

edai_sent *edai_pending_take_late(edai_entries *pending, int64_t now, uint32_t *io_at)
{
    return entries_find(pending, io_at, is_late, now);
}

void edai_entries_fini(edai_entries *entries)
{
    edai_free(entries->places);
    *entries = (edai_entries){.places = NULL};
}

edai_stranger *edai_strangers_add(edai_entries *strangers, const edai_msg *msg)
{
    edai_stranger *stranger = entries_add(strangers, sizeof(*stranger));

    if (stranger != NULL) {
        stranger->msg = msg;
    }
    return stranger;
}

edai_stranger *edai_strangers_take(edai_entries *strangers, uint64_t seq)
{
    return entries_take(strangers, seq);
}

static bool is_any(const edai_entry *at, int64_t arg)
{
    (void)at;
    (void)arg;
    return true;
}

edai_stranger *edai_strangers_take_any(edai_entries *strangers)
{
    uint32_t at = 0;

    return entries_find(strangers, &at, is_any, 0);
}
