/* builder.c - see builder.h. */
#include "message/builder.h"

#include <float.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/assert.h"
#include "base/memory.h"

static bool kind_is_text(eda_kind kind)
{
    return kind == EDA_KIND_STR || kind == EDA_KIND_TEXT;
}

/* --- the block --- */

eda_status edai_builder_init(
    edai_builder *self, const eda_type *type, size_t expected, eda_problem *problem)
{
    EDA_ASSERT(type->size > 0 && type->size <= EDAI_FLAT_SIZE_MAX, "types have a sensible size");
    EDA_ASSERT(expected <= EDAI_FLAT_SIZE_MAX, "input is bounded before it is decoded");
    size_t capacity = type->size + expected;
    unsigned char *block = edai_alloc(capacity);
    if (block == NULL) {
        return edai_problem_set(problem, NULL, EDA_ENOMEM, "out of memory");
    }
    memset(block, 0, type->size);
    *self = (edai_builder){
        .block = block, .used = type->size, .capacity = capacity, .problem = problem};
    return EDA_OK;
}

eda_status edai_builder_init_in(
    edai_builder *self, const eda_type *type, unsigned char *block, size_t capacity)
{
    EDA_ASSERT(type->size > 0 && type->size <= EDAI_FLAT_SIZE_MAX, "types have a sensible size");
    *self = (edai_builder){.block = block, .capacity = capacity, .borrows = true};
    if (capacity < type->size) {
        block = edai_realloc(block, type->size);
        if (block == NULL) {
            return EDA_ENOMEM;
        }
        self->block = block;
        self->capacity = type->size;
    }
    self->used = type->size;
    memset(self->block, 0, type->size);
    return EDA_OK;
}

void edai_builder_fini(edai_builder *self)
{
    edai_free(self->block);
    *self = (edai_builder){0};
}

static eda_status too_large(edai_builder *self, const edai_path *path)
{
    return edai_problem_set(self->problem, path, EDA_ERANGE,
        "brings the message above %zu bytes in memory", EDAI_FLAT_SIZE_MAX);
}

static eda_status grow(edai_builder *self, const edai_path *path, size_t wanted)
{
    size_t capacity = self->capacity;

    if (wanted > EDAI_FLAT_SIZE_MAX) {
        return too_large(self, path);
    }
    while (capacity < wanted) {
        capacity += capacity / 2 + 64;
    }
    unsigned char *block = edai_realloc(self->block, capacity);
    if (block == NULL) {
        return edai_problem_set(self->problem, path, EDA_ENOMEM, "out of memory");
    }
    self->block = block;
    self->capacity = capacity;
    return EDA_OK;
}

/* Bytes at the end that hold anything. */
static eda_status take(edai_builder *self, const edai_path *path, size_t size, size_t *ret_at)
{
    if (size > self->capacity - self->used) {
        /* size is at most a little above EDAI_FLAT_SIZE_MAX, far from overflow */
        EDA_TRY(grow(self, path, self->used + size));
    }
    *ret_at = self->used;
    self->used += size;
    return EDA_OK;
}

eda_status edai_builder_extend(
    edai_builder *self, const edai_path *path, size_t size, size_t *ret_at)
{
    EDA_TRY(take(self, path, size, ret_at));
    memset(self->block + *ret_at, 0, size);
    return EDA_OK;
}

static eda_status extend_items(
    edai_builder *self, const edai_slot *slot, size_t len, size_t *ret_items)
{
    size_t size = slot->type->item->size;
    size_t gap = (8 - (self->used & 7)) & 7;
    size_t at;

    EDA_ASSERT(size > 0, "types have a sensible size");
    if (len > EDAI_FLAT_SIZE_MAX / size) {
        return too_large(self, slot->path);
    }
    EDA_TRY(edai_builder_extend(self, slot->path, gap + len * size, &at));
    *ret_items = at + gap;
    return EDA_OK;
}

/* --- slots --- */

edai_slot edai_builder_field(const edai_slot *record, const eda_field *field, edai_path *path)
{
    *path = (edai_path){.up = record->path, .name = field->name};
    return (edai_slot){.type = field->type,
        .bounds = edai_bounds_of(field),
        .at = record->at + field->offset,
        .path = path};
}

edai_slot edai_builder_item(const edai_slot *list, size_t items, size_t index, edai_path *path)
{
    const eda_type *item = list->type->item;

    *path = (edai_path){.up = list->path, .index = index};
    return (edai_slot){.type = item,
        .bounds = {.range = list->bounds.range},
        .at = items + index * item->size,
        .path = path};
}

edai_slot edai_builder_some(edai_builder *self, const edai_slot *optional)
{
    const bool is_set = true;

    memcpy(self->block + optional->at, &is_set, sizeof is_set);
    return (edai_slot){.type = optional->type->item,
        .bounds = optional->bounds,
        .at = optional->at + optional->type->value_offset,
        .path = optional->path};
}

/* --- numbers --- */

static const char *kind_wants(eda_kind kind)
{
    static const char *const wants[] = {
        [EDA_KIND_BOOL] = "is not a bool",
        [EDA_KIND_I8] = "is not an integer",
        [EDA_KIND_I16] = "is not an integer",
        [EDA_KIND_I32] = "is not an integer",
        [EDA_KIND_I64] = "is not an integer",
        [EDA_KIND_U8] = "is not an integer",
        [EDA_KIND_U16] = "is not an integer",
        [EDA_KIND_U32] = "is not an integer",
        [EDA_KIND_U64] = "is not an integer",
        [EDA_KIND_F32] = "is not a number",
        [EDA_KIND_F64] = "is not a number",
        [EDA_KIND_STR] = "is not a string",
        [EDA_KIND_BYTES] = "is not bytes",
        [EDA_KIND_TIME] = "is not a time",
        [EDA_KIND_DURATION] = "is not a duration",
        [EDA_KIND_ENUM] = "is not a name",
        [EDA_KIND_RECORD] = "is not an object",
        [EDA_KIND_LIST] = "is not a list",
        [EDA_KIND_TEXT] = "is not a string",
        [EDA_KIND_OPAQUE] = "is of a type that cannot be decoded",
    };

    if ((size_t)kind < sizeof wants / sizeof wants[0] && wants[kind] != NULL) {
        return wants[kind];
    }
    return "is not what its type declares";
}

static eda_status wrong_kind(edai_builder *self, const edai_slot *slot)
{
    return edai_problem_set(
        self->problem, slot->path, EDA_EINVAL, "%s", kind_wants(slot->type->kind));
}

/* What stands in the slot, against the field's bounds. */
static eda_status check_number(edai_builder *self, const edai_slot *slot)
{
    if (slot->bounds.range == NULL && edai_kind_is_number(slot->type->kind)) {
        return EDA_OK;
    }
    return edai_scalar_check(
        slot->type, slot->bounds, self->block + slot->at, slot->path, self->problem);
}

typedef struct integer_kind {
    uint64_t max; /* 0: no integer */
    bool is_signed;
} integer_kind;

static integer_kind integer_kind_of(eda_kind kind)
{
    static const integer_kind kinds[] = {
        [EDA_KIND_I8] = {INT8_MAX, true},
        [EDA_KIND_I16] = {INT16_MAX, true},
        [EDA_KIND_I32] = {INT32_MAX, true},
        [EDA_KIND_I64] = {INT64_MAX, true},
        [EDA_KIND_U8] = {UINT8_MAX, false},
        [EDA_KIND_U16] = {UINT16_MAX, false},
        [EDA_KIND_U32] = {UINT32_MAX, false},
        [EDA_KIND_U64] = {UINT64_MAX, false},
        [EDA_KIND_TIME] = {INT64_MAX, true},
        [EDA_KIND_DURATION] = {INT64_MAX, true},
        [EDA_KIND_OPAQUE] = {0, false},
    };

    return (size_t)kind < sizeof kinds / sizeof kinds[0] ? kinds[kind] : (integer_kind){0};
}

static eda_status integer_problem(
    edai_builder *self, const edai_slot *slot, bool is_negative, uint64_t raw)
{
    integer_kind kind = integer_kind_of(slot->type->kind);
    long double low_number = kind.is_signed ? -(long double)kind.max - 1 : 0;
    long double high_number = (long double)kind.max;
    char low[EDAI_PROBLEM_NUMBER_SIZE];
    char high[EDAI_PROBLEM_NUMBER_SIZE];
    char is[EDAI_PROBLEM_NUMBER_SIZE];

    if (slot->bounds.range != NULL) {
        low_number = slot->bounds.range[0];
        high_number = slot->bounds.range[1];
    }
    edai_problem_number(low_number, low);
    edai_problem_number(high_number, high);
    if (is_negative && raw == UINT64_MAX) {
        (void)snprintf(is, sizeof is, "-18446744073709551616");
    } else {
        (void)snprintf(
            is, sizeof is, "%s%" PRIu64, is_negative ? "-" : "", is_negative ? raw + 1 : raw);
    }
    return edai_problem_set(
        self->problem, slot->path, EDA_ERANGE, "is %s; allowed: %s to %s", is, low, high);
}

/* `bits` is the number in two's complement and fits. The kinds differ in nothing but their width.
 */
static void store_integer(unsigned char *at, size_t size, uint64_t bits)
{
    uint8_t u8 = (uint8_t)bits;
    uint16_t u16 = (uint16_t)bits;
    uint32_t u32 = (uint32_t)bits;

    switch (size) {
    case 1:
        memcpy(at, &u8, sizeof u8);
        break;
    case 2:
        memcpy(at, &u16, sizeof u16);
        break;
    case 4:
        memcpy(at, &u32, sizeof u32);
        break;
    default:
        EDA_ASSERT(size == 8, "integers have 1, 2, 4 or 8 bytes");
        memcpy(at, &bits, sizeof bits);
    }
}

bool edai_builder_store_integer(
    edai_builder *self, const eda_type *type, size_t at, bool is_negative, uint64_t raw)
{
    integer_kind fits = integer_kind_of(type->kind);

    if (raw > fits.max || fits.max == 0 || (is_negative && !fits.is_signed)) {
        return false;
    }
    store_integer(self->block + at, type->size, is_negative ? ~raw : raw);
    return true;
}

eda_status edai_builder_put_integer(
    edai_builder *self, const edai_slot *slot, bool is_negative, uint64_t raw)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_F32 || kind == EDA_KIND_F64) {
        double real = is_negative ? -1.0 - (double)raw : (double)raw;
        if (is_negative && raw < UINT64_C(1) << 63) {
            real = (double)(-1 - (int64_t)raw); /* rounded once, not twice */
        }
        return edai_builder_put_real(self, slot, real);
    }
    if (!edai_builder_store_integer(self, slot->type, slot->at, is_negative, raw)) {
        return integer_kind_of(kind).max == 0 ? wrong_kind(self, slot)
                                              : integer_problem(self, slot, is_negative, raw);
    }
    return check_number(self, slot);
}

eda_status edai_builder_put_real(edai_builder *self, const edai_slot *slot, double value)
{
    unsigned char *at = self->block + slot->at;

    if (slot->type->kind != EDA_KIND_F32 && slot->type->kind != EDA_KIND_F64) {
        return wrong_kind(self, slot);
    }
    if (!isfinite(value)) {
        return edai_problem_set(
            self->problem, slot->path, EDA_EINVAL, "is NaN or infinite, which no field may be");
    }
    if (slot->type->kind == EDA_KIND_F64) {
        memcpy(at, &value, sizeof value);
        return check_number(self, slot);
    }
    float single = (float)value;
    if (!isfinite(single)) {
        return edai_problem_set(self->problem, slot->path, EDA_ERANGE,
            "is %.9g; allowed: %.9g to %.9g", value, -(double)FLT_MAX, (double)FLT_MAX);
    }
    memcpy(at, &single, sizeof single);
    return check_number(self, slot);
}

eda_status edai_builder_put_bool(edai_builder *self, const edai_slot *slot, bool value)
{
    if (slot->type->kind != EDA_KIND_BOOL) {
        return wrong_kind(self, slot);
    }
    memcpy(self->block + slot->at, &value, sizeof value);
    return check_number(self, slot);
}

/* --- strings, bytes, names --- */

static eda_status put_name(edai_builder *self, const edai_slot *slot, eda_str name)
{
    int value;

    if (!edai_scalar_enum_value(slot->type, name, &value)) {
        int len = name.len < 40 ? (int)name.len : 40;
        return edai_problem_set(self->problem, slot->path, EDA_EINVAL,
            "is \"%.*s\", which is no name of %s", len, name.ptr, slot->type->name);
    }
    memcpy(self->block + slot->at, &value, sizeof value);
    return EDA_OK;
}

static void store_span(edai_builder *self, const edai_slot *slot, size_t start, size_t len)
{
    /* An offset for now; finish makes a pointer of it. */
    uintptr_t offset = start;
    unsigned char *at = self->block + slot->at;

    memcpy(at + offsetof(edai_span, ptr), &offset, sizeof offset);
    memcpy(at + offsetof(edai_span, len), &len, sizeof len);
}

static eda_status put_span(edai_builder *self, const edai_slot *slot, edai_span span)
{
    size_t at;

    if (!edai_scalar_span_is_good(slot->type->kind, slot->bounds, span)) {
        return edai_scalar_check(slot->type, slot->bounds, &span, slot->path, self->problem);
    }
    if (self->borrows) {
        memcpy(self->block + slot->at, &span, sizeof span);
        return EDA_OK;
    }
    EDA_TRY(take(self, slot->path, span.len, &at));
    if (span.len > 0) {
        memcpy(self->block + at, span.ptr, span.len);
    }
    store_span(self, slot, at, span.len);
    return EDA_OK;
}

eda_status edai_builder_put_text(edai_builder *self, const edai_slot *slot, eda_str text)
{
    if (slot->type->kind == EDA_KIND_ENUM) {
        return put_name(self, slot, text);
    }
    if (!kind_is_text(slot->type->kind)) {
        return wrong_kind(self, slot);
    }
    return put_span(self, slot, (edai_span){.ptr = text.ptr, .len = text.len});
}

eda_status edai_builder_put_bytes(edai_builder *self, const edai_slot *slot, eda_bytes bytes)
{
    if (slot->type->kind != EDA_KIND_BYTES) {
        return wrong_kind(self, slot);
    }
    return put_span(self, slot, (edai_span){.ptr = bytes.ptr, .len = bytes.len});
}

eda_status edai_builder_put_tail(edai_builder *self, const edai_slot *slot, size_t len)
{
    eda_kind kind = slot->type->kind;

    EDA_ASSERT(!self->borrows && len <= self->used, "the tail is part of the block");
    size_t start = self->used - len;
    edai_span span = {.ptr = self->block + start, .len = len};
    if (kind == EDA_KIND_ENUM) {
        eda_status status = put_name(self, slot, (eda_str){.ptr = span.ptr, .len = len});
        self->used = start;
        return status;
    }
    if (!kind_is_text(kind) && kind != EDA_KIND_BYTES) {
        return wrong_kind(self, slot);
    }
    EDA_TRY(edai_scalar_check(slot->type, slot->bounds, &span, slot->path, self->problem));
    store_span(self, slot, start, len);
    return EDA_OK;
}

/* --- lists --- */

eda_status edai_builder_put_list(
    edai_builder *self, const edai_slot *slot, size_t len, size_t *ret_items)
{
    size_t items = 0;

    EDA_ASSERT(slot->type->kind == EDA_KIND_LIST, "only lists have elements");
    EDA_TRY(edai_scalar_check_len(len, slot->bounds, slot->path, self->problem));
    if (len > 0) {
        EDA_TRY(extend_items(self, slot, len, &items));
    }
    store_span(self, slot, items, len);
    *ret_items = items;
    return EDA_OK;
}

eda_status edai_builder_push(edai_builder *self, const edai_slot *slot, size_t *io_items)
{
    size_t size = slot->type->item->size;
    size_t len;
    size_t items = *io_items;

    memcpy(&len, self->block + slot->at + offsetof(edai_span, len), sizeof len);
    EDA_TRY(edai_scalar_check_len(len + 1, slot->bounds, slot->path, self->problem));
    /* Full whenever the length is a power of two: then everything moves to twice the room. Offsets
     * within elements stay right, since none is relative to the element. */
    if ((len & (len - 1)) == 0) {
        EDA_TRY(extend_items(self, slot, len == 0 ? 1 : 2 * len, &items));
        memcpy(self->block + items, self->block + *io_items, len * size);
    }
    store_span(self, slot, items, len + 1);
    *io_items = items;
    return EDA_OK;
}

/* --- what the input lacks --- */

static eda_status put_declared(edai_builder *self, const edai_slot *slot, long double declared)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_BOOL) {
        return edai_builder_put_bool(self, slot, true);
    }
    if (kind == EDA_KIND_F32 || kind == EDA_KIND_F64) {
        return edai_builder_put_real(self, slot, (double)declared);
    }
    if (kind == EDA_KIND_ENUM && declared >= (long double)INT_MIN &&
        declared <= (long double)INT_MAX) {
        int value = (int)declared;
        memcpy(self->block + slot->at, &value, sizeof value);
        return check_number(self, slot);
    }
    if (declared > -9223372036854775809.0L && declared < 18446744073709551616.0L) {
        bool is_negative = declared < 0;
        uint64_t raw = is_negative ? ~(uint64_t)(int64_t)declared : (uint64_t)declared;
        return edai_builder_put_integer(self, slot, is_negative, raw);
    }
    return wrong_kind(self, slot);
}

eda_status edai_builder_put_missing(
    edai_builder *self, const edai_slot *slot, const eda_field *field)
{
    if (slot->type->kind == EDA_KIND_OPTIONAL) {
        return EDA_OK;
    }
    if (field->if_missing < 0 || field->if_missing > 0) {
        return put_declared(self, slot, field->if_missing);
    }
    if (field->may_miss) {
        return EDA_OK;
    }
    return edai_problem_set(self->problem, slot->path, EDA_EINVAL, "is missing");
}

/* --- offsets become pointers --- */

static void point(const edai_builder *self, const eda_type *type, unsigned char *at);

static void point_span(const edai_builder *self, const eda_type *type, unsigned char *at)
{
    uintptr_t offset;
    edai_span span;

    if (self->borrows && type->kind != EDA_KIND_LIST) {
        return; /* it points already */
    }
    memcpy(&offset, at + offsetof(edai_span, ptr), sizeof offset);
    memcpy(&span.len, at + offsetof(edai_span, len), sizeof span.len);
    if (type->kind == EDA_KIND_LIST && span.len == 0) {
        offset = 0;
        memcpy(at + offsetof(edai_span, ptr), &offset, sizeof offset);
        return;
    }
    unsigned char *start = self->block + offset;
    span.ptr = start;
    memcpy(at, &span, sizeof span);
    if (type->kind != EDA_KIND_LIST || edai_kind_is_number(type->item->kind)) {
        return;
    }
    for (size_t i = 0; i < span.len; i++) {
        point(self, type->item, start + i * type->item->size);
    }
}

static void point(const edai_builder *self, const eda_type *type, unsigned char *at)
{
    bool is_set;

    if (type->kind == EDA_KIND_LIST || edai_kind_is_span(type->kind)) {
        point_span(self, type, at);
    } else if (type->kind == EDA_KIND_OPTIONAL) {
        memcpy(&is_set, at, sizeof is_set);
        if (is_set) {
            point(self, type->item, at + type->value_offset);
        }
    } else if (type->kind == EDA_KIND_RECORD && type->fields != NULL) {
        for (const eda_field *field = type->fields; field->name != NULL; field++) {
            if (!edai_kind_is_number(field->type->kind)) {
                point(self, field->type, at + field->offset);
            }
        }
    }
}

void edai_builder_point(edai_builder *self, const eda_type *type)
{
    point(self, type, self->block);
}

void edai_builder_finish(edai_builder *self, const eda_type *type, void **ret_data)
{
    edai_builder_point(self, type);
    *ret_data = self->block;
    *self = (edai_builder){0};
}
