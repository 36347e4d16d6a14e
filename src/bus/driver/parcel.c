/* parcel.c - a counted copy of what travels on a bus. */
#include "bus/driver/parcel.h"

#include <edacious/topic.h>

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

eda_status edai_parcel_check_key(eda_str key, bool may_be_pattern)
{
    eda_status status = may_be_pattern ? eda_topic_check(key) : eda_topic_check_key(key);

    return status == EDA_OK ? EDA_OK : EDA_EKEY;
}

eda_status edai_parcel_check(const eda_bus_message *message, bool may_be_pattern)
{
    if (message->payload.len > EDA_BUS_PAYLOAD_MAX ||
        message->attachment.len > EDA_BUS_PAYLOAD_MAX ||
        message->encoding.len > EDAI_PARCEL_ENCODING_MAX) {
        return EDA_ERANGE;
    }
    return edai_parcel_check_key(message->key, may_be_pattern);
}

/* Copies to *at, which moves on; nothing is copied from no address. */
static uint8_t *copy(uint8_t **at, const void *from, size_t len)
{
    uint8_t *begin = *at;

    if (len > 0) {
        memcpy(begin, from, len);
    }
    *at += len;
    return begin;
}

edai_parcel *edai_parcel_new(const eda_bus_message *message)
{
    return edai_parcel_new_of(message, &(eda_bus_piece){.bytes = message->payload}, 1);
}

edai_parcel *edai_parcel_of(const eda_bus_message *message)
{
    const char *at = (const char *)message - offsetof(edai_parcel, message);
    edai_parcel *parcel;

    memcpy(&parcel, &at, sizeof(parcel)); /* which is not constant, though the message is */
    return parcel;
}

edai_parcel *edai_parcel_new_of(
    const eda_bus_message *message, const eda_bus_piece *pieces, size_t count)
{
    const eda_bus_message *m = message;
    size_t payload_len = 0;
    for (size_t i = 0; i < count; i++) {
        payload_len += pieces[i].bytes.len;
    }
    size_t size = m->key.len + m->encoding.len + payload_len + m->attachment.len;
    edai_parcel *parcel = edai_alloc(sizeof(*parcel) + size);

    if (parcel == NULL) {
        return NULL;
    }
    uint8_t *at = (uint8_t *)(parcel + 1);
    atomic_init(&parcel->refs, 1);
    parcel->size = size;
    /* The payload first: where the block begins it is aligned as well as memory is. */
    parcel->message = (eda_bus_message){.is_urgent = m->is_urgent};
    parcel->message.payload = (eda_bytes){.ptr = at, .len = payload_len};
    for (size_t i = 0; i < count; i++) {
        (void)copy(&at, pieces[i].bytes.ptr, pieces[i].bytes.len);
    }
    parcel->message.attachment.ptr = copy(&at, m->attachment.ptr, m->attachment.len);
    parcel->message.attachment.len = m->attachment.len;
    parcel->message.key.ptr = (const char *)copy(&at, m->key.ptr, m->key.len);
    parcel->message.key.len = m->key.len;
    parcel->message.encoding.ptr = (const char *)copy(&at, m->encoding.ptr, m->encoding.len);
    parcel->message.encoding.len = m->encoding.len;
    return parcel;
}

edai_parcel *edai_parcel_new_key(eda_str key)
{
    return edai_parcel_new(&(eda_bus_message){.key = key});
}

edai_parcel *edai_parcel_keep(edai_parcel *parcel)
{
    /* Relaxed: whoever adds an owner is one, so the block cannot go meanwhile. */
    uint32_t before = atomic_fetch_add_explicit(&parcel->refs, 1, memory_order_relaxed);
    EDA_ASSERT(before != 0 && before != UINT32_MAX, "an owner keeps the parcel alive");
    return parcel;
}

void edai_parcel_free(edai_parcel *parcel)
{
    if (parcel == NULL) {
        return;
    }
    /* Release and acquire: what every other owner read it has read before the last one frees. */
    uint32_t before = atomic_fetch_sub_explicit(&parcel->refs, 1, memory_order_acq_rel);
    EDA_ASSERT(before != 0, "a parcel is freed once by each owner");
    if (before == 1) {
        edai_free(parcel);
    }
}
