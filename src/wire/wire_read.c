/* wire_read.c - reading batches; see wire.h.
 *
 * Nothing is believed: each length is held against what is left, each number against its bound.
 * Where something is broken, all that follows is, since nobody knows where it would begin. */
#include "wire/wire_take.h"

#define VERSION 1
#define BATCH_LEN 4u
#define SEALED_LEN 5u
#define SAME_ARRAY 0x82 /* of two */

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Of a chunk of a key: no wildcard, no end of the chunk, nothing that spoils a line of the log. */
static bool is_plain(char c)
{
    return (unsigned char)c >= 0x20 && c != 0x7f && memchr("/*$?#", c, 5) == NULL;
}

bool edai_wire_id_is_good(eda_str id)
{
    if (id.len < EDAI_WIRE_INC_LEN + 2 || id.len > EDAI_WIRE_NODE_LEN_MAX + EDAI_WIRE_INC_LEN + 1 ||
        !edai_utf8_valid(id)) {
        return false;
    }
    size_t node_len = id.len - EDAI_WIRE_INC_LEN - 1;
    for (size_t i = 0; i < node_len; i++) {
        if (!is_plain(id.ptr[i])) {
            return false;
        }
    }
    for (size_t i = node_len + 1; i < id.len; i++) {
        if (!is_hex(id.ptr[i])) {
            return false;
        }
    }
    return id.ptr[node_len] == '/' && id.ptr[0] != '@';
}

/* Does it end as what began so does? */
static bool is_sealed(eda_bytes bytes, const edai_wire_reader *self)
{
    uint64_t seal = edai_wire_seal(self->first, bytes.len);
    const uint8_t *end = bytes.ptr + bytes.len;

    if ((size_t)(end - self->at) < 1 + sizeof seal || end[-9] != EDAI_WIRE_CHAR_SEAL) {
        return false;
    }
    for (unsigned i = 0; i < sizeof seal; i++) {
        if (*--end != (uint8_t)(seal >> 8 * i)) {
            return false;
        }
    }
    return true;
}

eda_status edai_wire_read(eda_bytes bytes, edai_wire_reader *ret_reader)
{
    if (bytes.len == 0) {
        return EDA_ESYNTAX;
    }
    edai_cbor_reader reader = {.at = bytes.ptr, .end = bytes.ptr + bytes.len};
    edai_wire_reader self = {.end = reader.end};
    uint64_t len;
    uint64_t version;
    edai_cbor_token list;

    if (!edai_wire_take_array(&reader, &len) || len < BATCH_LEN ||
        !edai_wire_take_number(&reader, VERSION, &version) || version != VERSION ||
        !edai_wire_take_text(&reader, EDAI_WIRE_TEXT_MAX, &self.sender) ||
        !edai_wire_id_is_good(self.sender) ||
        !edai_wire_take_number(&reader, UINT64_MAX, &self.first) ||
        !edai_cbor_reader_next(&reader, &list)) {
        return EDA_ESYNTAX;
    }
    if (list.head != EDAI_CBOR_ARRAY && list.head != EDAI_CBOR_ARRAY_OPEN) {
        return EDA_ESYNTAX;
    }
    self.at = reader.at;
    self.left = list.number;
    self.behind = len - BATCH_LEN;
    self.is_open = list.head == EDAI_CBOR_ARRAY_OPEN;
    if (len == SEALED_LEN && !is_sealed(bytes, &self)) {
        return EDA_ESYNTAX;
    }
    *ret_reader = self;
    return EDA_OK;
}

/* --- items: what of their elements stands behind the kind --- */

static bool take_message(edai_cbor_reader *reader, edai_wire_item *item)
{
    uint64_t flags;
    uint64_t left_ms;

    if (!edai_wire_take_number(reader, UINT32_MAX, &flags) ||
        !edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &item->type) ||
        !edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &item->actor) ||
        !edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &item->from) ||
        !edai_wire_take_number(reader, UINT64_MAX, &item->corr) ||
        !edai_wire_take_number(reader, UINT32_MAX, &left_ms) ||
        !edai_wire_take_bytes(reader, EDA_CODEC_SIZE_MAX, &item->body)) {
        return false;
    }
    item->flags = (uint32_t)flags;
    item->left_ms = (uint32_t)left_ms;
    return true;
}

static bool take_raw(edai_cbor_reader *reader, edai_wire_item *item)
{
    return take_message(reader, item) &&
           edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &item->encoding);
}

static bool take_end(edai_cbor_reader *reader, edai_wire_item *item)
{
    uint64_t status;

    if (!edai_wire_take_number(reader, UINT64_MAX, &item->corr) ||
        !edai_wire_take_number(reader, INT32_MAX, &status) ||
        !edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &item->text) ||
        !edai_wire_take_bytes(reader, EDA_CODEC_SIZE_MAX, &item->body)) {
        return false;
    }
    item->status = (eda_status)status;
    return true;
}

static bool take_moved(edai_cbor_reader *reader, edai_wire_item *item)
{
    uint64_t partition;

    if (!edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &item->actor) ||
        !edai_wire_take_number(reader, EDAI_PARTITIONS - 1, &partition)) {
        return false;
    }
    item->partition = (uint32_t)partition;
    return true;
}

static bool take_ack(edai_cbor_reader *reader, edai_wire_item *item)
{
    return edai_wire_take_number(reader, UINT64_MAX, &item->arrived) &&
           edai_wire_take_number(reader, UINT64_MAX, &item->lost);
}

/* The rest is as it was; nobody waits for such a one's end. */
static bool take_same(edai_cbor_reader *reader, edai_wire_item *item)
{
    return edai_wire_take_bytes(reader, EDA_CODEC_SIZE_MAX, &item->body);
}

typedef struct form {
    uint64_t len; /* elements, the kind included; more are passed over */
    bool (*take)(edai_cbor_reader *reader, edai_wire_item *item);
} form;

static const form forms[] = {
    [EDAI_WIRE_MESSAGE] = {8, take_message},
    [EDAI_WIRE_END] = {5, take_end},
    [EDAI_WIRE_MOVED] = {3, take_moved},
    [EDAI_WIRE_ACK] = {3, take_ack},
    [EDAI_WIRE_RAW] = {9, take_raw},
    [EDAI_WIRE_SAME] = {2, take_same},
};

/* Sets what the item does not say. False: there is no message that it could be like. */
static bool prepare(const edai_wire_reader *self, edai_wire_kind kind, edai_wire_item *item)
{
    *item = (edai_wire_item){.kind = kind};
    if (kind != EDAI_WIRE_SAME) {
        return true;
    }
    item->flags = self->last_flags;
    item->type = self->last_type;
    item->actor = self->last_actor;
    item->from = self->last_from;
    return self->has_last;
}

static void remember(edai_wire_reader *self, const edai_wire_item *item)
{
    if (item->kind == EDAI_WIRE_MESSAGE || item->kind == EDAI_WIRE_RAW) {
        self->has_last =
            item->kind == EDAI_WIRE_MESSAGE && (item->flags & EDAI_WIRE_ENDS_TOLD) == 0;
        self->last_flags = item->flags;
        self->last_type = item->type;
        self->last_actor = item->actor;
        self->last_from = item->from;
    }
}

/* False: broken. An item that nobody knows is passed over, and `ret_is_known` says so. */
static bool take_item(
    edai_wire_reader *self, edai_cbor_reader *reader, edai_wire_item *item, bool *ret_is_known)
{
    uint64_t len;
    uint64_t kind;

    if (!edai_wire_take_array(reader, &len) || len == 0 ||
        !edai_wire_take_number(reader, UINT64_MAX, &kind)) {
        return false;
    }
    *ret_is_known = kind < sizeof forms / sizeof forms[0];
    if (!*ret_is_known) {
        return edai_wire_pass_over(reader, len - 1);
    }
    if (!prepare(self, (edai_wire_kind)kind, item) || len < forms[kind].len ||
        !forms[kind].take(reader, item)) {
        return false;
    }
    remember(self, item);
    return edai_wire_pass_over(reader, len - forms[kind].len);
}

/* Is there another item? Takes the break of an open list. */
static bool is_at_item(edai_wire_reader *self, edai_cbor_reader *reader)
{
    if (!self->is_open) {
        return self->left > 0;
    }
    if (reader->at == reader->end || *reader->at != 0xff) {
        return true;
    }
    reader->at++;
    self->is_open = false;
    self->left = 0;
    return false;
}

static eda_status take_next(
    edai_wire_reader *self, edai_cbor_reader *reader, edai_wire_item *ret_item)
{
    bool is_known = false;

    while (is_at_item(self, reader)) {
        if (!take_item(self, reader, ret_item, &is_known)) {
            return EDA_ESYNTAX;
        }
        self->left -= self->is_open ? 0 : 1;
        if (is_known) {
            return EDA_OK;
        }
    }
    if (!edai_wire_pass_over(reader, self->behind) || reader->at != reader->end) {
        return EDA_ESYNTAX;
    }
    self->behind = 0;
    return EDA_ENOENT;
}

/* Most items of a stream, as this library writes them: [5, body]. False: anything else; nothing was
 * taken. What such an item has not is left as it is. */
static bool take_same_at_once(edai_wire_reader *self, edai_wire_item *item)
{
    edai_cbor_reader reader = {.at = self->at + 2, .end = self->end};

    if (!self->has_last || (!self->is_open && self->left == 0) || self->end - self->at < 2 ||
        self->at[0] != SAME_ARRAY || self->at[1] != EDAI_WIRE_SAME ||
        !edai_wire_take_bytes(&reader, EDA_CODEC_SIZE_MAX, &item->body)) {
        return false;
    }
    item->kind = EDAI_WIRE_SAME;
    item->flags = self->last_flags;
    item->type = self->last_type;
    item->actor = self->last_actor;
    item->from = self->last_from;
    item->corr = 0;
    item->left_ms = 0;
    self->left -= self->is_open ? 0 : 1;
    self->at = reader.at;
    return true;
}

eda_status edai_wire_next(edai_wire_reader *reader, edai_wire_item *ret_item)
{
    if (reader->is_broken) {
        return EDA_ESYNTAX;
    }
    if (take_same_at_once(reader, ret_item)) {
        return EDA_OK;
    }
    edai_cbor_reader cbor = {.at = reader->at, .end = reader->end};
    eda_status status = take_next(reader, &cbor, ret_item);
    reader->at = cbor.at;
    reader->is_broken = status == EDA_ESYNTAX;
    return status;
}
