/* wire.c - writing batches; see wire.h. Reading is in wire_read.c.
 *
 * An item is written into room for the most it can be, so that nothing is looked at in between. */
#include "wire/wire_put.h"

#include "base/hash.h"
#include "message/cbor.h"

#define VERSION 1
#define SEALED_LEN 5u    /* elements of a batch */
#define ITEM_LEN_MAX 9u  /* elements */
#define SAME_SIZE_MAX 2u /* but for its body */
#define CHAR_LIST 0x9f   /* of items, until a break */
#define CHAR_BREAK 0xff

/* A body's length is known when it has been written, and most are below 64 KiB. */
#define BODY_HEAD_SIZE 3u
#define BODY_HEAD_SIZE_MAX 5u
#define CHAR_BODY_16 0x59
#define CHAR_BODY_32 0x5a

void edai_wire_begin(edai_buffer *buffer, eda_str sender, uint64_t first)
{
    uint8_t *at = edai_buffer_reserve(buffer, 4 * EDAI_CBOR_HEAD_SIZE_MAX + sender.len + 1);

    if (at == NULL) {
        return;
    }
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, SEALED_LEN);
    at = edai_wire_put_number(at, VERSION);
    at = edai_wire_put_text(at, sender);
    at = edai_wire_put_number(at, first);
    *at++ = CHAR_LIST;
    edai_buffer_commit(buffer, at);
}

uint64_t edai_wire_seal(uint64_t first, size_t size)
{
    return edai_hash_u64(edai_hash_u64(first) ^ size);
}

void edai_wire_end(edai_buffer *buffer, uint64_t first)
{
    const size_t end_size = 2 + sizeof(uint64_t);
    uint8_t *at = edai_buffer_reserve(buffer, end_size);

    if (at == NULL) {
        return;
    }
    uint64_t seal = edai_wire_seal(first, buffer->size + end_size);
    *at++ = CHAR_BREAK;
    *at++ = EDAI_WIRE_CHAR_SEAL;
    for (unsigned i = 0; i < sizeof seal; i++) {
        *at++ = (uint8_t)(seal >> 8 * (sizeof seal - 1 - i));
    }
    edai_buffer_commit(buffer, at);
}

/* Bytes that an item takes at most, but for its body. */
static size_t room_of(const edai_wire_item *item)
{
    return (1 + ITEM_LEN_MAX) * EDAI_CBOR_HEAD_SIZE_MAX + item->type.len + item->actor.len +
           item->from.len + item->encoding.len + item->text.len;
}

/* What messages and raw ones have before their body. */
static uint8_t *put_message(uint8_t *at, const edai_wire_item *item)
{
    bool is_raw = item->kind == EDAI_WIRE_RAW;

    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, is_raw ? 9 : 8);
    at = edai_wire_put_number(at, (uint64_t)item->kind);
    at = edai_wire_put_number(at, item->flags);
    at = edai_wire_put_text(at, item->type);
    at = edai_wire_put_text(at, item->actor);
    at = edai_wire_put_text(at, item->from);
    at = edai_wire_put_number(at, item->corr);
    return edai_wire_put_number(at, item->left_ms);
}

static uint8_t *put_same(uint8_t *at)
{
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, 2);
    return edai_wire_put_number(at, EDAI_WIRE_SAME);
}

/* As many bytes as may be written, no character in half. */
static eda_str cut(eda_str text)
{
    if (text.len > EDAI_WIRE_TEXT_MAX) {
        text.len = EDAI_WIRE_TEXT_MAX;
        while (text.len > 0 && ((unsigned char)text.ptr[text.len] & 0xc0) == 0x80) {
            text.len--;
        }
    }
    return text;
}

static uint8_t *put_end(uint8_t *at, const edai_wire_item *item)
{
    EDA_ASSERT(item->status >= 0, "a status is no negative number");
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, 5);
    at = edai_wire_put_number(at, EDAI_WIRE_END);
    at = edai_wire_put_number(at, item->corr);
    at = edai_wire_put_number(at, (uint64_t)item->status);
    at = edai_wire_put_text(at, cut(item->text));
    return edai_wire_put_bytes(at, item->body);
}

static uint8_t *put_item(uint8_t *at, const edai_wire_item *item)
{
    switch (item->kind) {
    case EDAI_WIRE_MESSAGE:
        return edai_wire_put_bytes(put_message(at, item), item->body);
    case EDAI_WIRE_END:
        return put_end(at, item);
    case EDAI_WIRE_MOVED:
        at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, 3);
        at = edai_wire_put_number(at, EDAI_WIRE_MOVED);
        at = edai_wire_put_text(at, item->actor);
        return edai_wire_put_number(at, item->partition);
    case EDAI_WIRE_ACK:
        at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_ARRAY, 3);
        at = edai_wire_put_number(at, EDAI_WIRE_ACK);
        at = edai_wire_put_number(at, item->arrived);
        return edai_wire_put_number(at, item->lost);
    case EDAI_WIRE_RAW:
        at = edai_wire_put_bytes(put_message(at, item), item->body);
        return edai_wire_put_text(at, item->encoding);
    case EDAI_WIRE_SAME:
        return edai_wire_put_bytes(put_same(at), item->body);
    }
    EDA_ASSERT(false, "an item has one of six kinds");
    return at;
}

void edai_wire_put(edai_buffer *buffer, const edai_wire_item *item)
{
    uint8_t *at = edai_buffer_reserve(buffer, room_of(item) + item->body.len);

    if (at != NULL) {
        edai_buffer_commit(buffer, put_item(at, item));
    }
}

/* Puts the head before a body that begins BODY_HEAD_SIZE behind `head`, or BODY_HEAD_SIZE_MAX;
 * returns its end. */
static uint8_t *put_body_head(uint8_t *head, size_t size, bool is_apart)
{
    uint8_t *body = head + BODY_HEAD_SIZE;

    if (size <= UINT16_MAX) {
        head[0] = CHAR_BODY_16;
        head[1] = (uint8_t)(size >> 8);
        head[2] = (uint8_t)size;
        return body + size;
    }
    if (!is_apart) {
        memmove(head + BODY_HEAD_SIZE_MAX, body, size);
    }
    head[0] = CHAR_BODY_32;
    for (unsigned i = 1; i < BODY_HEAD_SIZE_MAX; i++) {
        head[i] = (uint8_t)(size >> 8 * (BODY_HEAD_SIZE_MAX - 1 - i));
    }
    return head + BODY_HEAD_SIZE_MAX + size;
}

eda_status edai_wire_put_value(
    edai_buffer *buffer, const edai_wire_item *item, eda_value value, const edai_cbor_plan *plan)
{
    bool is_same = item == NULL;

    EDA_ASSERT(is_same || item->kind == EDAI_WIRE_MESSAGE, "a value is the body of a message");
    if (buffer->is_broken) {
        return EDA_ENOMEM;
    }
    uint8_t *at =
        edai_buffer_reserve(buffer, (is_same ? SAME_SIZE_MAX : room_of(item)) + BODY_HEAD_SIZE_MAX);
    if (at == NULL) {
        buffer->is_broken = false;
        return EDA_ENOMEM;
    }
    size_t head = (size_t)((is_same ? put_same(at) : put_message(at, item)) - buffer->bytes);
    edai_writer writer = {.data = buffer->bytes,
        .used = head + BODY_HEAD_SIZE,
        .capacity = buffer->capacity,
        .gap = BODY_HEAD_SIZE_MAX - BODY_HEAD_SIZE};
    eda_status status = EDA_OK;
    if (plan == NULL || !edai_cbor_plan_append(plan, &writer, value.data)) {
        status = edai_cbor_append(&writer, value);
    }
    buffer->bytes = writer.data;
    buffer->capacity = writer.capacity;
    if (status != EDA_OK) {
        return status;
    }
    bool is_apart = writer.gap == 0;
    size_t size = writer.used - head - (is_apart ? BODY_HEAD_SIZE_MAX : BODY_HEAD_SIZE);
    size_t end = writer.used + writer.gap;
    if (end > buffer->capacity && !edai_buffer_grow(buffer, end - buffer->size)) {
        return EDA_ENOMEM;
    }
    edai_buffer_commit(buffer, put_body_head(buffer->bytes + head, size, is_apart));
    return EDA_OK;
}
