/* queue.c - what waits to be told to a session. */
#include "base/assert.h"
#include "base/memory.h"
#include "bus/inproc/inproc.h"

void edai_inproc_queue_init(edai_inproc_queue *queue)
{
    queue->first = NULL;
    queue->end = &queue->first;
}

static void append(edai_inproc_queue *queue, edai_inproc_notice *notice)
{
    notice->next = NULL;
    *queue->end = notice;
    queue->end = &notice->next;
}

static edai_inproc_notice *take_first(edai_inproc_queue *queue)
{
    edai_inproc_notice *notice = queue->first;

    if (notice != NULL) {
        queue->first = notice->next;
        if (queue->first == NULL) {
            queue->end = &queue->first;
        }
        notice->next = NULL;
    }
    return notice;
}

void edai_inproc_tell(eda_bus *bus, edai_inproc_notice *notice)
{
    bool is_urgent =
        notice->what == EDAI_INPROC_TELL_PUT && notice->of.put.parcel->message.is_urgent;

    append(is_urgent ? &bus->urgent : &bus->queue, notice);
    edai_cond_signal(&bus->changed);
}

edai_inproc_notice *edai_inproc_take(eda_bus *bus)
{
    edai_inproc_notice *notice = take_first(&bus->urgent);

    return notice != NULL ? notice : take_first(&bus->queue);
}

/* Moves what is for the declaration to `ret_out`. */
static void sift(
    edai_inproc_queue *queue, const edai_inproc_declaration *to, edai_inproc_queue *ret_out)
{
    edai_inproc_queue kept;
    edai_inproc_notice *notice;

    edai_inproc_queue_init(&kept);
    while ((notice = take_first(queue)) != NULL) {
        append(notice->to == to ? ret_out : &kept, notice);
    }
    if (kept.first != NULL) {
        queue->first = kept.first;
        queue->end = kept.end;
    }
}

void edai_inproc_forget(eda_bus *bus, const edai_inproc_declaration *to)
{
    edai_inproc_queue out;
    edai_inproc_notice *notice;

    edai_inproc_queue_init(&out);
    sift(&bus->urgent, to, &out);
    sift(&bus->queue, to, &out);
    while ((notice = take_first(&out)) != NULL) {
        /* A sighting stays until its watch's callback has returned, which may run with it now. */
        if (notice->what != EDAI_INPROC_TELL_TOKEN) {
            edai_inproc_dispose(notice);
        }
    }
}

void edai_inproc_release(eda_bus *bus)
{
    EDA_ASSERT(bus->refs > 0, "a session is released once by each that counts on it");
    bus->refs--;
    if (bus->refs == 0) {
        edai_free(bus);
    }
}

static void dispose_put(edai_inproc_notice *notice)
{
    eda_bus *sender = notice->of.put.sender;

    EDA_ASSERT(sender->waiting_size >= notice->of.put.parcel->size, "what waits was counted");
    sender->waiting_size -= notice->of.put.parcel->size + sizeof(*notice);
    edai_parcel_free(notice->of.put.parcel);
    edai_free(notice);
    edai_inproc_release(sender);
}

/* A sighting ends when its watch was told that the token went, or with the watch. */
static void dispose_token(edai_inproc_notice *notice)
{
    edai_inproc_sighting *sighting = notice->of.sighting;
    edai_inproc_sighting **place = &notice->to->session->network->sightings;

    if (notice != &sighting->went) {
        return;
    }
    while (*place != sighting) {
        place = &(*place)->next;
    }
    *place = sighting->next;
    edai_parcel_free(sighting->key);
    edai_free(sighting);
}

void edai_inproc_dispose(edai_inproc_notice *notice)
{
    switch (notice->what) {
    case EDAI_INPROC_TELL_PUT:
        dispose_put(notice);
        break;
    case EDAI_INPROC_TELL_GET: /* never told, else the query would be held */
        edai_inproc_give_up(notice->of.query, false);
        break;
    case EDAI_INPROC_TELL_ANSWER:
        edai_inproc_query_free(notice->of.query);
        break;
    case EDAI_INPROC_TELL_END:
        edai_inproc_ended(notice->of.asking);
        break;
    case EDAI_INPROC_TELL_TOKEN:
        dispose_token(notice);
        break;
    case EDAI_INPROC_TELL_HEARD:
        break;
    }
}
