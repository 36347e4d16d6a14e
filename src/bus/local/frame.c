/* frame.c - frames: written, read, and refused. */
#include "bus/local/frame.h"

#include <edacious/topic.h>

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "bus/driver/parcel.h"

/* --- bodies --- */

edai_block *edai_block_new(size_t size)
{
    edai_block *block = edai_alloc(sizeof(*block) + size);

    if (block != NULL) {
        atomic_init(&block->refs, 1);
        block->size = (uint32_t)size;
    }
    return block;
}

edai_block *edai_block_keep(edai_block *block)
{
    if (block != NULL) { /* relaxed: whoever keeps it once more holds it */
        (void)atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    }
    return block;
}

void edai_block_free(edai_block *block)
{
    /* Release and acquire: what any holder read it has read before the last one frees. */
    if (block != NULL && atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) == 1) {
        edai_free(block);
    }
}

/* Before the texts of a message: their lengths, but for the payload's, which is the rest. */
typedef struct lengths {
    uint16_t key;
    uint16_t encoding;
    uint32_t attachment;
} lengths;

#define LENGTHS_SIZE ((uint32_t)sizeof(lengths))
#define MESSAGE_SIZE_MAX                                                                           \
    (LENGTHS_SIZE + EDA_TOPIC_LEN_MAX + EDAI_PARCEL_ENCODING_MAX + 2 * EDA_BUS_PAYLOAD_MAX)

static uint8_t *copy(uint8_t *to, const void *from, size_t len)
{
    if (len > 0) {
        memcpy(to, from, len);
    }
    return to + len;
}

edai_block *edai_block_of_message(const eda_bus_message *message)
{
    const eda_bus_message *m = message;
    lengths l = {(uint16_t)m->key.len, (uint16_t)m->encoding.len, (uint32_t)m->attachment.len};
    edai_block *block = edai_block_new(
        sizeof(l) + m->key.len + m->encoding.len + m->attachment.len + m->payload.len);

    if (block != NULL) {
        uint8_t *at = copy(block->bytes, &l, sizeof(l));
        at = copy(at, m->key.ptr, m->key.len);
        at = copy(at, m->encoding.ptr, m->encoding.len);
        at = copy(at, m->attachment.ptr, m->attachment.len);
        (void)copy(at, m->payload.ptr, m->payload.len);
    }
    return block;
}

edai_block *edai_block_of_key(eda_str key)
{
    edai_block *block = edai_block_new(key.len);

    if (block != NULL) {
        (void)copy(block->bytes, key.ptr, key.len);
    }
    return block;
}

eda_str edai_frame_key(const edai_frame *frame)
{
    return (eda_str){(const char *)frame->body->bytes, frame->body->size};
}

eda_bus_message edai_frame_message(const edai_frame *frame)
{
    const uint8_t *at = frame->body->bytes + LENGTHS_SIZE;
    eda_bus_message m = {
        .is_urgent = frame->type == EDAI_FRAME_PUT && (frame->flags & EDAI_FRAME_URGENT) != 0};
    lengths l;

    memcpy(&l, frame->body->bytes, sizeof(l));
    m.key = (eda_str){(const char *)at, l.key};
    at += l.key;
    m.encoding = (eda_str){(const char *)at, l.encoding};
    at += l.encoding;
    m.attachment = (eda_bytes){at, l.attachment};
    at += l.attachment;
    m.payload = (eda_bytes){at, (size_t)(frame->body->bytes + frame->body->size - at)};
    return m;
}

/* --- what each type may be --- */

typedef enum body_kind {
    BODY_EMPTY,
    BODY_KEY,
    BODY_PATTERN,
    BODY_MESSAGE,
    BODY_REQUEST, /* a message whose key may be a pattern */
} body_kind;

#define TO_HUB 1u
#define FROM_HUB 2u

static const struct {
    uint8_t ways;
    uint8_t body; /* body_kind */
    uint8_t flags;
} types[EDAI_FRAME_TYPES] = {
    [EDAI_FRAME_HELLO] = {TO_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_SUBSCRIBE] = {TO_HUB, BODY_PATTERN, 0},
    [EDAI_FRAME_SERVE] = {TO_HUB, BODY_PATTERN, 0},
    [EDAI_FRAME_TOKEN] = {TO_HUB, BODY_KEY, 0},
    [EDAI_FRAME_WATCH] = {TO_HUB, BODY_PATTERN, 0},
    [EDAI_FRAME_HEARD] = {TO_HUB, BODY_PATTERN, 0},
    [EDAI_FRAME_DROP] = {TO_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_GET] = {TO_HUB, BODY_REQUEST, EDAI_FRAME_ALL},
    [EDAI_FRAME_CANCEL] = {TO_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_SETTLE] = {TO_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_PUT] = {TO_HUB | FROM_HUB, BODY_MESSAGE, EDAI_FRAME_URGENT},
    [EDAI_FRAME_ANSWER] = {TO_HUB | FROM_HUB, BODY_MESSAGE,
        EDAI_FRAME_ERROR | EDAI_FRAME_NONE | EDAI_FRAME_LOST},
    [EDAI_FRAME_WELCOME] = {FROM_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_QUERY] = {FROM_HUB, BODY_REQUEST, 0},
    [EDAI_FRAME_END] = {FROM_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_CAME] = {FROM_HUB, BODY_KEY, 0},
    [EDAI_FRAME_WENT] = {FROM_HUB, BODY_KEY, 0},
    [EDAI_FRAME_HEARERS] = {FROM_HUB, BODY_EMPTY, 0},
    [EDAI_FRAME_SETTLED] = {FROM_HUB, BODY_EMPTY, 0},
};

static body_kind body_of(const edai_frame *frame)
{
    bool is_answerless = frame->type == EDAI_FRAME_ANSWER &&
                         (frame->flags & (EDAI_FRAME_NONE | EDAI_FRAME_LOST)) != 0;

    return is_answerless ? BODY_EMPTY : (body_kind)types[frame->type].body;
}

static uint32_t size_max(body_kind body)
{
    switch (body) {
    case BODY_EMPTY:
        return 0;
    case BODY_KEY:
    case BODY_PATTERN:
        return EDA_TOPIC_LEN_MAX;
    case BODY_MESSAGE:
    case BODY_REQUEST:
        return MESSAGE_SIZE_MAX;
    }
    return 0;
}

static bool is_key(eda_str key, bool may_be_pattern)
{
    return edai_parcel_check_key(key, may_be_pattern) == EDA_OK;
}

static bool is_message(const edai_frame *frame, bool may_be_pattern)
{
    lengths l;

    if (frame->body == NULL || frame->body->size < sizeof(l)) {
        return false;
    }
    memcpy(&l, frame->body->bytes, sizeof(l));
    if ((uint64_t)sizeof(l) + l.key + l.encoding + l.attachment > frame->body->size) {
        return false;
    }
    eda_bus_message message = edai_frame_message(frame);
    return edai_parcel_check(&message, may_be_pattern) == EDA_OK;
}

static bool is_sound(const edai_frame *frame)
{
    switch (body_of(frame)) {
    case BODY_EMPTY:
        return true;
    case BODY_KEY:
        return frame->body != NULL && is_key(edai_frame_key(frame), false);
    case BODY_PATTERN:
        return frame->body != NULL && is_key(edai_frame_key(frame), true);
    case BODY_MESSAGE:
        return is_message(frame, false);
    case BODY_REQUEST:
        return is_message(frame, true);
    }
    return false;
}

/* --- writing and reading --- */

/* As it travels. */
typedef struct header {
    uint32_t size; /* of the body */
    uint8_t type;
    uint8_t flags;
    uint16_t zero;
    uint64_t id;
    uint64_t other;
} header;

_Static_assert(sizeof(header) == EDAI_FRAME_HEADER_SIZE, "nothing but members travels");

void edai_frame_write(const edai_frame *frame, uint8_t bytes[EDAI_FRAME_HEADER_SIZE])
{
    header h = {.size = frame->body != NULL ? frame->body->size : 0,
        .type = frame->type,
        .flags = frame->flags,
        .id = frame->id,
        .other = frame->other};

    memcpy(bytes, &h, sizeof(h));
}

/* The header is whole: what frame it begins, with room for its body. */
static eda_status begin(edai_reader *reader)
{
    unsigned way = reader->is_hub ? TO_HUB : FROM_HUB;
    header h;

    memcpy(&h, reader->header, sizeof(h));
    if (h.type >= EDAI_FRAME_TYPES || (types[h.type].ways & way) == 0 || h.zero != 0 ||
        (h.flags & ~types[h.type].flags) != 0) {
        return EDA_ESYNTAX;
    }
    reader->frame = (edai_frame){.type = h.type, .flags = h.flags, .id = h.id, .other = h.other};
    if (h.size > size_max(body_of(&reader->frame))) {
        return EDA_ESYNTAX;
    }
    if (h.size > 0) {
        reader->frame.body = edai_block_new(h.size);
        return reader->frame.body != NULL ? EDA_OK : EDA_ENOMEM;
    }
    return EDA_OK;
}

/* Copies as much as is there and missing. */
static void fill(
    edai_reader *reader, uint8_t *part, size_t have, size_t size, const uint8_t **at, size_t left)
{
    size_t missing = size - have;
    size_t len = left < missing ? left : missing;

    (void)copy(part + have, *at, len);
    *at += len;
    reader->len += len;
}

bool edai_reader_take(edai_reader *reader, const uint8_t **at, const uint8_t *end,
    edai_frame *ret_frame, eda_status *ret_status)
{
    *ret_status = EDA_OK;
    if (reader->len < EDAI_FRAME_HEADER_SIZE) {
        fill(reader, reader->header, reader->len, EDAI_FRAME_HEADER_SIZE, at, (size_t)(end - *at));
        if (reader->len < EDAI_FRAME_HEADER_SIZE) {
            return false;
        }
        *ret_status = begin(reader);
        if (*ret_status != EDA_OK) {
            return false;
        }
    }
    edai_block *body = reader->frame.body;
    size_t have = reader->len - EDAI_FRAME_HEADER_SIZE;
    if (body != NULL && have < body->size) {
        fill(reader, body->bytes, have, body->size, at, (size_t)(end - *at));
        if (reader->len - EDAI_FRAME_HEADER_SIZE < body->size) {
            return false;
        }
    }
    if (!is_sound(&reader->frame)) {
        *ret_status = EDA_ESYNTAX;
        return false;
    }
    *ret_frame = reader->frame;
    reader->frame.body = NULL;
    reader->len = 0;
    return true;
}

void edai_reader_reset(edai_reader *reader)
{
    edai_block_free(reader->frame.body);
    reader->frame.body = NULL;
    reader->len = 0;
}
