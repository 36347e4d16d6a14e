/* cbor.c - decoding CBOR; see cbor.h. Encoding is in cbor_write.c.
 *
 * Most messages are decoded directly: known fields, every length given. What that refuses takes two
 * passes: the first finds everything malformed and bounds the depth, so the second may believe
 * counts and lengths. Record maps have text keys; a key twice is refused also where it is unknown.
 */
#include "message/cbor.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "message/builder.h"
#include "message/cbor_reader.h"
#include "message/textual.h"

#define TAG_TIME_TEXT 0
#define FIELDS_MAX 256 /* of one record; the macros allow 48 */

static eda_status malformed(const edai_cbor_reader *reader, eda_bytes bytes, eda_problem *problem)
{
    return edai_problem_set(problem, NULL, EDA_ESYNTAX, "CBOR is malformed at byte %zu of %zu",
        (size_t)(reader->at - bytes.ptr), bytes.len);
}

eda_status edai_cbor_well_formed(eda_bytes bytes, eda_problem *ret_problem)
{
    if (bytes.len > EDA_CODEC_SIZE_MAX) {
        return edai_problem_set(ret_problem, NULL, EDA_ERANGE, "CBOR has %zu bytes; allowed: %u",
            bytes.len, EDA_CODEC_SIZE_MAX);
    }
    if (bytes.len == 0) {
        return edai_problem_set(ret_problem, NULL, EDA_ESYNTAX, "CBOR is empty");
    }
    edai_cbor_reader reader = {.at = bytes.ptr, .end = bytes.ptr + bytes.len};
    eda_status status = edai_cbor_reader_skip(&reader);
    if (status == EDA_ERANGE) {
        return edai_problem_set(ret_problem, NULL, EDA_ERANGE,
            "CBOR is nested deeper than %d levels", EDA_CODEC_DEPTH_MAX);
    }
    if (status != EDA_OK || reader.at != reader.end) {
        return malformed(&reader, bytes, ret_problem);
    }
    return EDA_OK;
}

/* --- decoder --- */

typedef struct decoder {
    edai_builder builder;
    edai_cbor_reader reader;
    eda_bytes input;
    bool is_direct; /* there was no first pass: what needs one is refused, without a word */
    int depth;      /* lists and records that are open */
    eda_str *keys;  /* unknown keys of the records that are open */
    size_t key_count;
    size_t key_capacity;
    char *joined; /* keys that came in chunks; as large as the input, made when first needed */
    size_t joined_len;
} decoder;

static eda_status decode_token(decoder *self, const edai_slot *slot, const edai_cbor_token *token);

static eda_status refuse(decoder *self, const edai_slot *slot, const char *why)
{
    return edai_problem_set(self->builder.problem, slot->path, EDA_EINVAL, "%s", why);
}

static eda_status out_of_memory(decoder *self)
{
    return edai_problem_set(self->builder.problem, NULL, EDA_ENOMEM, "out of memory");
}

static bool is_open_end(edai_cbor_head head)
{
    const unsigned open_ends = 1U << EDAI_CBOR_BYTES_CHUNKS | 1U << EDAI_CBOR_TEXT_CHUNKS |
                               1U << EDAI_CBOR_ARRAY_OPEN | 1U << EDAI_CBOR_MAP_OPEN |
                               1U << EDAI_CBOR_BREAK;

    return (open_ends >> head & 1U) != 0;
}

/* A first pass has seen every byte, so behind it this fails only if the two disagree. */
static eda_status next(decoder *self, edai_cbor_token *ret_token)
{
    if (!edai_cbor_reader_next(&self->reader, ret_token)) {
        return malformed(&self->reader, self->input, self->builder.problem);
    }
    return self->is_direct && is_open_end(ret_token->head) ? EDA_ESYNTAX : EDA_OK;
}

static eda_status decode_next(decoder *self, const edai_slot *slot)
{
    edai_cbor_token token;

    EDA_TRY(next(self, &token));
    return decode_token(self, slot, &token);
}

/* --- strings --- */

static eda_status decode_chunks(decoder *self, const edai_slot *slot, bool is_text)
{
    edai_cbor_token chunk;
    size_t len = 0;
    size_t at;

    bool wants_bytes = slot->type->kind == EDA_KIND_BYTES;
    if (wants_bytes == is_text) {
        return refuse(self, slot, wants_bytes ? "is not bytes" : "is not of the declared type");
    }
    for (;;) {
        EDA_TRY(next(self, &chunk));
        if (chunk.head == EDAI_CBOR_BREAK) {
            return edai_builder_put_tail(&self->builder, slot, len);
        }
        size_t size = (size_t)chunk.number;
        EDA_TRY(edai_builder_extend(&self->builder, slot->path, size, &at));
        if (size > 0) {
            memcpy(self->builder.block + at, chunk.ptr, size);
        }
        len += size;
    }
}

/* Who writes CBOR without the types, say from JSON, has text where others have bytes and numbers.
 */
static eda_status decode_text(decoder *self, const edai_slot *slot, eda_str text)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_STR || kind == EDA_KIND_TEXT || kind == EDA_KIND_ENUM) {
        return edai_builder_put_text(&self->builder, slot, text);
    }
    return self->is_direct ? EDA_EINVAL : edai_textual_put(&self->builder, slot, text);
}

/* The one tag that a field may have: RFC 3339 text, which is tagged by some who write it. */
static eda_status decode_tagged(decoder *self, const edai_slot *slot, uint64_t tag)
{
    edai_cbor_token token;

    if (slot->type->kind == EDA_KIND_TIME && tag == TAG_TIME_TEXT) {
        EDA_TRY(next(self, &token));
        if (token.head == EDAI_CBOR_TEXT) {
            return decode_text(
                self, slot, (eda_str){.ptr = (const char *)token.ptr, .len = (size_t)token.number});
        }
    }
    return refuse(self, slot, "is tagged");
}

/* --- numbers --- */

/* Most numbers: a bool, an integer that fits, a double, without a range. False: anything else, and
 * whatever is wrong; the reader stays. */
static bool decode_plain(decoder *self, const eda_type *type, size_t at)
{
    edai_cbor_reader reader = self->reader;
    unsigned char *to = self->builder.block + at;
    bool flag; /* the value, or that a number is negative */
    uint64_t raw;
    double real;

    if (type->kind == EDA_KIND_F64) {
        if (!edai_cbor_reader_double(&reader, &real) || !isfinite(real)) {
            return false;
        }
        memcpy(to, &real, sizeof real);
    } else if (type->kind == EDA_KIND_BOOL) {
        if (!edai_cbor_reader_bool(&reader, &flag)) {
            return false;
        }
        memcpy(to, &flag, sizeof flag);
    } else if (!edai_cbor_reader_integer(&reader, &flag, &raw) ||
               !edai_builder_store_integer(&self->builder, type, at, flag, raw)) {
        return false;
    }
    self->reader = reader;
    return true;
}

/* --- lists --- */

static eda_status decode_array(decoder *self, const edai_slot *slot, size_t len)
{
    size_t items;

    EDA_TRY(edai_builder_put_list(&self->builder, slot, len, &items));
    const eda_type *type = slot->type->item;
    bool is_plain = edai_kind_is_number(type->kind) && slot->bounds.range == NULL;
    for (size_t i = 0; i < len; i++) {
        if (is_plain && decode_plain(self, type, items + i * type->size)) {
            continue;
        }
        edai_path path;
        edai_slot item = edai_builder_item(slot, items, i, &path);
        EDA_TRY(decode_next(self, &item));
    }
    return EDA_OK;
}

static eda_status decode_array_open(decoder *self, const edai_slot *slot)
{
    size_t items = 0;

    for (size_t i = 0;; i++) {
        edai_cbor_token token;
        edai_path path;
        EDA_TRY(next(self, &token));
        if (token.head == EDAI_CBOR_BREAK) {
            return EDA_OK;
        }
        EDA_TRY(edai_builder_push(&self->builder, slot, &items));
        edai_slot item = edai_builder_item(slot, items, i, &path);
        EDA_TRY(decode_token(self, &item, &token));
    }
}

static eda_status decode_list(decoder *self, const edai_slot *slot, const edai_cbor_token *token)
{
    if (token->head == EDAI_CBOR_ARRAY) {
        return decode_array(self, slot, (size_t)token->number);
    }
    if (token->head == EDAI_CBOR_ARRAY_OPEN) {
        return decode_array_open(self, slot);
    }
    return refuse(self, slot, "is not a list");
}

/* --- keys --- */

static eda_status join_key(decoder *self, eda_str *ret_key)
{
    edai_cbor_token chunk;

    if (self->joined == NULL) {
        self->joined = edai_alloc(self->input.len);
        if (self->joined == NULL) {
            return out_of_memory(self);
        }
    }
    eda_str key = {.ptr = self->joined + self->joined_len};
    for (;;) {
        EDA_TRY(next(self, &chunk));
        if (chunk.head == EDAI_CBOR_BREAK) {
            *ret_key = key;
            return EDA_OK;
        }
        size_t size = (size_t)chunk.number;
        EDA_ASSERT(size <= self->input.len - self->joined_len,
            "keys are parts of the input, each met once");
        if (size > 0) {
            memcpy(self->joined + self->joined_len, chunk.ptr, size);
        }
        self->joined_len += size;
        key.len += size;
    }
}

static eda_status decode_key(
    decoder *self, const edai_slot *record, const edai_cbor_token *token, eda_str *ret_key)
{
    if (token->head == EDAI_CBOR_TEXT) {
        *ret_key = (eda_str){.ptr = (const char *)token->ptr, .len = (size_t)token->number};
        return EDA_OK;
    }
    if (token->head == EDAI_CBOR_TEXT_CHUNKS) {
        return join_key(self, ret_key);
    }
    return refuse(self, record, "has a key that is not text");
}

static eda_status remember_key(decoder *self, eda_str key)
{
    if (self->key_count == self->key_capacity) {
        size_t capacity = self->key_capacity > 0 ? 2 * self->key_capacity : 16;
        eda_str *keys = edai_realloc(self->keys, capacity * sizeof *keys);
        if (keys == NULL) {
            return out_of_memory(self);
        }
        self->keys = keys;
        self->key_capacity = capacity;
    }
    self->keys[self->key_count++] = key;
    return EDA_OK;
}

static int compare_keys(const void *a, const void *b)
{
    return eda_str_compare(*(const eda_str *)a, *(const eda_str *)b);
}

static eda_status duplicate_key(decoder *self, const edai_slot *record, eda_str key)
{
    int len = key.len < 40 ? (int)key.len : 40;

    return edai_problem_set(self->builder.problem, record->path, EDA_ESYNTAX,
        "has the key \"%.*s\" twice", len, key.ptr);
}

/* Forgets the unknown keys from `first` on, once it is sure that they differ. */
static eda_status check_unknown_keys(decoder *self, const edai_slot *record, size_t first)
{
    size_t count = self->key_count - first;

    if (count > 1) {
        qsort(self->keys + first, count, sizeof *self->keys, compare_keys);
    }
    for (size_t i = first + 1; i < self->key_count; i++) {
        if (eda_str_equal(self->keys[i - 1], self->keys[i])) {
            return duplicate_key(self, record, self->keys[i]);
        }
    }
    self->key_count = first;
    return EDA_OK;
}

/* --- records --- */

typedef struct record {
    const edai_slot *slot;
    size_t field_count;
    size_t guess; /* the field behind the last one found: encoders keep the order */
    size_t seen_count;
    uint64_t seen[FIELDS_MAX / 64];
} record;

static void record_init(record *self, const edai_slot *slot)
{
    *self = (record){.slot = slot};
    if (slot->type->fields != NULL) {
        while (slot->type->fields[self->field_count].name != NULL) {
            self->field_count++;
        }
    }
    EDA_ASSERT(self->field_count <= FIELDS_MAX, "records have at most 256 fields");
}

static const eda_field *find_field(record *self, eda_str key, size_t *ret_index)
{
    size_t index = self->guess;

    for (size_t i = 0; i < self->field_count; i++, index++) {
        if (index >= self->field_count) {
            index = 0;
        }
        const eda_field *field = &self->slot->type->fields[index];
        if (strlen(field->name) == key.len && memcmp(field->name, key.ptr, key.len) == 0) {
            self->guess = index + 1;
            *ret_index = index;
            return field;
        }
    }
    return NULL;
}

static eda_status decode_pair(decoder *self, record *into, eda_str key)
{
    size_t index;
    edai_path path;
    eda_str text;

    const eda_field *field = find_field(into, key, &index);
    if (field == NULL && self->is_direct) {
        return EDA_ESYNTAX; /* what is skipped may be anything */
    }
    if (field == NULL) {
        EDA_TRY(remember_key(self, key));
        eda_status status = edai_cbor_reader_skip(&self->reader);
        EDA_ASSERT(status == EDA_OK, "the first pass found the input well-formed");
        return EDA_OK;
    }
    uint64_t bit = UINT64_C(1) << index % 64;
    if ((into->seen[index / 64] & bit) != 0) {
        return duplicate_key(self, into->slot, key);
    }
    into->seen[index / 64] |= bit;
    into->seen_count++;
    if (edai_kind_is_number(field->type->kind) && edai_range_is_open(field->range) &&
        decode_plain(self, field->type, into->slot->at + field->offset)) {
        return EDA_OK;
    }
    edai_slot value = edai_builder_field(into->slot, field, &path);
    if ((edai_kind_is_span(field->type->kind) || field->type->kind == EDA_KIND_ENUM) &&
        edai_cbor_reader_short_text(&self->reader, &text)) {
        return decode_text(self, &value, text);
    }
    return decode_next(self, &value);
}

static eda_status decode_pairs(decoder *self, record *into, const edai_cbor_token *token)
{
    bool is_open = token->head == EDAI_CBOR_MAP_OPEN;

    for (uint64_t i = 0; is_open || i < token->number; i++) {
        eda_str key = {.ptr = "", .len = 0};
        if (!edai_cbor_reader_short_text(&self->reader, &key)) {
            edai_cbor_token head;
            EDA_TRY(next(self, &head));
            if (head.head == EDAI_CBOR_BREAK) {
                break;
            }
            EDA_TRY(decode_key(self, into->slot, &head, &key));
        }
        EDA_TRY(decode_pair(self, into, key));
    }
    return EDA_OK;
}

static eda_status put_missing(decoder *self, const record *into)
{
    for (size_t i = 0; i < into->field_count; i++) {
        if ((into->seen[i / 64] >> i % 64 & 1) == 0) {
            edai_path path;
            const eda_field *field = &into->slot->type->fields[i];
            edai_slot value = edai_builder_field(into->slot, field, &path);
            EDA_TRY(edai_builder_put_missing(&self->builder, &value, field));
        }
    }
    return EDA_OK;
}

static eda_status decode_record(decoder *self, const edai_slot *slot, const edai_cbor_token *token)
{
    size_t first_key = self->key_count;
    record into;

    if (token->head != EDAI_CBOR_MAP && token->head != EDAI_CBOR_MAP_OPEN) {
        return refuse(self, slot, "is not a map");
    }
    record_init(&into, slot);
    EDA_TRY(decode_pairs(self, &into, token));
    EDA_TRY(check_unknown_keys(self, slot, first_key));
    return into.seen_count < into.field_count ? put_missing(self, &into) : EDA_OK;
}

/* --- values --- */

static eda_status decode_single(decoder *self, const edai_slot *slot, const edai_cbor_token *token)
{
    edai_builder *builder = &self->builder;

    switch (token->head) {
    case EDAI_CBOR_UNSIGNED:
        return edai_builder_put_integer(builder, slot, false, token->number);
    case EDAI_CBOR_NEGATIVE:
        return edai_builder_put_integer(builder, slot, true, token->number);
    case EDAI_CBOR_REAL:
        return edai_builder_put_real(builder, slot, token->real);
    case EDAI_CBOR_BOOL:
        return edai_builder_put_bool(builder, slot, token->number != 0);
    case EDAI_CBOR_TEXT:
        return decode_text(
            self, slot, (eda_str){.ptr = (const char *)token->ptr, .len = (size_t)token->number});
    case EDAI_CBOR_BYTES:
        return edai_builder_put_bytes(
            builder, slot, (eda_bytes){.ptr = token->ptr, .len = (size_t)token->number});
    case EDAI_CBOR_TEXT_CHUNKS:
        return decode_chunks(self, slot, true);
    case EDAI_CBOR_BYTES_CHUNKS:
        return decode_chunks(self, slot, false);
    case EDAI_CBOR_TAG:
        return decode_tagged(self, slot, token->number);
    case EDAI_CBOR_NULL:
        return refuse(self, slot, "is null");
    case EDAI_CBOR_ARRAY:
    case EDAI_CBOR_MAP:
    case EDAI_CBOR_ARRAY_OPEN:
    case EDAI_CBOR_MAP_OPEN:
    case EDAI_CBOR_SIMPLE:
    case EDAI_CBOR_BREAK:
        break;
    }
    return refuse(self, slot, "is not of the declared type");
}

static eda_status decode_token(decoder *self, const edai_slot *slot, const edai_cbor_token *token)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_OPTIONAL) {
        if (token->head == EDAI_CBOR_NULL) {
            return EDA_OK;
        }
        edai_slot value = edai_builder_some(&self->builder, slot);
        return decode_token(self, &value, token);
    }
    if (kind != EDA_KIND_LIST && kind != EDA_KIND_RECORD) {
        return decode_single(self, slot, token);
    }
    if (self->is_direct && self->depth >= EDA_CODEC_DEPTH_MAX) {
        return EDA_ERANGE;
    }
    EDA_ASSERT(self->depth < EDA_CODEC_DEPTH_MAX, "the first pass bounded the depth");
    self->depth++;
    eda_status status =
        kind == EDA_KIND_LIST ? decode_list(self, slot, token) : decode_record(self, slot, token);
    self->depth--;
    return status;
}

static bool may_be_direct(eda_bytes bytes)
{
    return bytes.len > 0 && bytes.len <= EDA_CODEC_SIZE_MAX;
}

/* With a builder that was begun. False: left to the two passes. */
static bool decode_direct(decoder *self, const eda_type *type)
{
    edai_path path = {.name = type->name};
    edai_slot slot = {.type = type, .path = &path};

    self->reader =
        (edai_cbor_reader){.at = self->input.ptr, .end = self->input.ptr + self->input.len};
    return decode_next(self, &slot) == EDA_OK && self->reader.at == self->reader.end;
}

/* False: left to the two passes; nothing is to be freed. */
static bool decode_at_once(const eda_type *type, eda_bytes bytes, void **ret_data)
{
    decoder self = {.input = bytes, .is_direct = true};

    if (!may_be_direct(bytes) ||
        edai_builder_init(&self.builder, type, bytes.len, NULL) != EDA_OK) {
        return false;
    }
    if (!decode_direct(&self, type)) {
        edai_builder_fini(&self.builder);
        return false;
    }
    edai_builder_finish(&self.builder, type, ret_data);
    return true;
}

static eda_status decode_lent(
    const eda_type *type, eda_bytes bytes, edai_cbor_room *room, const void **ret_data)
{
    decoder self = {.input = bytes, .is_direct = true};
    eda_problem problem;
    void *data = NULL;

    if (may_be_direct(bytes)) {
        EDA_TRY(edai_builder_init_in(&self.builder, type, room->block, room->capacity));
        bool is_decoded = decode_direct(&self, type);
        *room = (edai_cbor_room){.block = self.builder.block, .capacity = self.builder.capacity};
        if (is_decoded) {
            edai_builder_point(&self.builder, type);
            *ret_data = room->block;
            return EDA_OK;
        }
    }
    EDA_TRY(eda_cbor_decode(type, bytes, &data, &problem));
    edai_free(room->block);
    *room = (edai_cbor_room){.block = data, .capacity = type->size};
    *ret_data = data;
    return EDA_OK;
}

/* As most messages are. False: left to the longer ways. */
static bool decode_planned(
    const edai_cbor_plan *plan, eda_bytes bytes, edai_cbor_room *room, size_t size)
{
    room->is_struct =
        plan != NULL && room->capacity >= size && edai_cbor_plan_decode(plan, bytes, room->block);
    return room->is_struct;
}

eda_status edai_cbor_decode_lent(const eda_type *type, const edai_cbor_plan *plan, eda_bytes bytes,
    edai_cbor_room *room, const void **ret_data)
{
    if (decode_planned(plan, bytes, room, type->size)) {
        *ret_data = room->block;
        return EDA_OK;
    }
    return decode_lent(type, bytes, room, ret_data);
}

eda_status eda_cbor_decode(
    const eda_type *type, eda_bytes bytes, void **ret_data, eda_problem *ret_problem)
{
    edai_path path = {.name = type->name};
    edai_slot slot = {.type = type, .path = &path};
    decoder self = {.input = bytes};

    if (decode_at_once(type, bytes, ret_data)) {
        return EDA_OK;
    }
    EDA_TRY(edai_cbor_well_formed(bytes, ret_problem));
    self.reader = (edai_cbor_reader){.at = bytes.ptr, .end = bytes.ptr + bytes.len};
    EDA_TRY(edai_builder_init(&self.builder, type, bytes.len, ret_problem));
    eda_status status = decode_next(&self, &slot);
    if (status == EDA_OK) {
        edai_builder_finish(&self.builder, type, ret_data);
    } else {
        edai_builder_fini(&self.builder);
    }
    edai_free(self.keys);
    edai_free(self.joined);
    return status;
}
