/* cbor_plan.c - see cbor_plan.h. */
#include "message/cbor_plan.h"

#include "base/memory.h"
#include "message/builder.h"
#include "message/cbor_head.h"
#include "message/cbor_reader.h"

#include <math.h>

#define STEPS_MAX 64u
#define BYTES_MAX 4096u
#define CHAR_FALSE 0xf4
#define CHAR_TRUE 0xf5
#define CHAR_FLOAT 0xfa
#define CHAR_DOUBLE 0xfb

/* Bytes that are known, then a value. */
typedef struct step {
    const eda_field *field; /* NULL: no value; the last step */
    uint32_t bytes_at;
    uint32_t bytes_len;
    uint32_t offset; /* of the value in the message's struct */
    uint16_t kind;
    bool has_range;
} step;

struct edai_cbor_plan {
    const eda_type *type;
    const uint8_t *bytes;
    size_t size_max; /* what it takes, but for the contents of strings */
    uint32_t step_count;
    step steps[]; /* and the bytes behind them */
};

/* --- making -------------------------------------------------------------------------------- */

/* The steps and bytes of a type, on their way into a plan. */
typedef struct maker {
    step steps[STEPS_MAX];
    uint8_t bytes[BYTES_MAX];
    uint32_t step_count;
    uint32_t bytes_len;
    uint32_t step_at; /* where the bytes of the next step begin */
} maker;

static bool put_head(maker *self, edai_cbor_major major, uint64_t number)
{
    if (BYTES_MAX - self->bytes_len < EDAI_CBOR_HEAD_SIZE_MAX) {
        return false;
    }
    self->bytes_len += (uint32_t)edai_cbor_put_head(self->bytes + self->bytes_len, major, number);
    return true;
}

static bool put_name(maker *self, const char *name)
{
    size_t len = strlen(name);

    if (!put_head(self, EDAI_CBOR_MAJOR_TEXT, len) || len > BYTES_MAX - self->bytes_len) {
        return false;
    }
    memcpy(self->bytes + self->bytes_len, name, len);
    self->bytes_len += (uint32_t)len;
    return true;
}

static bool put_step(maker *self, const eda_field *field, size_t offset)
{
    if (self->step_count == STEPS_MAX) {
        return false;
    }
    self->steps[self->step_count++] = (step){.field = field,
        .bytes_at = self->step_at,
        .bytes_len = self->bytes_len - self->step_at,
        .offset = (uint32_t)offset,
        .kind = field != NULL ? (uint16_t)field->type->kind : 0,
        .has_range = field != NULL && edai_bounds_of(field).range != NULL};
    self->step_at = self->bytes_len;
    return true;
}

static bool put_fields(maker *self, const eda_type *type, size_t offset);

/* Those of a record within the message stand among its own: it has at most STEPS_MAX. */
static bool put_field(maker *self, const eda_field *field, size_t offset)
{
    eda_kind kind = field->type->kind;

    if (!put_name(self, field->name)) {
        return false;
    }
    if (kind == EDA_KIND_RECORD) {
        return put_fields(self, field->type, offset + field->offset);
    }
    return (kind == EDA_KIND_STR || kind == EDA_KIND_BYTES || kind == EDA_KIND_ENUM ||
               edai_kind_is_number(kind)) &&
           put_step(self, field, offset + field->offset);
}

static bool put_fields(maker *self, const eda_type *type, size_t offset)
{
    const eda_field *field;
    uint64_t count = 0;

    for (field = type->fields; field != NULL && field->name != NULL; field++) {
        count++;
    }
    if (!put_head(self, EDAI_CBOR_MAJOR_MAP, count)) {
        return false;
    }
    for (field = type->fields; count > 0; field++, count--) {
        if (!put_field(self, field, offset)) {
            return false;
        }
    }
    return true;
}

static edai_cbor_plan *make(const maker *made, const eda_type *type)
{
    size_t steps_size = made->step_count * sizeof(step);
    edai_cbor_plan *plan = edai_alloc(sizeof(*plan) + steps_size + made->bytes_len);
    uint8_t *bytes;

    if (plan == NULL) {
        return NULL;
    }
    bytes = (uint8_t *)plan->steps + steps_size;
    memcpy(plan->steps, made->steps, steps_size);
    memcpy(bytes, made->bytes, made->bytes_len);
    plan->type = type;
    plan->bytes = bytes;
    plan->step_count = made->step_count;
    plan->size_max = made->bytes_len + made->step_count * EDAI_CBOR_HEAD_SIZE_MAX;
    return plan;
}

edai_cbor_plan *edai_cbor_plan_new(const eda_type *type)
{
    maker *self = type->kind == EDA_KIND_RECORD ? edai_calloc(1, sizeof(*self)) : NULL;
    edai_cbor_plan *plan = NULL;

    if (self != NULL && put_fields(self, type, 0) && put_step(self, NULL, 0)) {
        plan = make(self, type);
    }
    edai_free(self);
    return plan;
}

static bool is_in_range(const step *what, const void *data)
{
    return edai_scalar_check(what->field->type, edai_bounds_of(what->field),
               (const char *)data + what->offset, NULL, NULL) == EDA_OK;
}

/* --- writing ------------------------------------------------------------------------------- */

static uint8_t *write_signed(uint8_t *at, int64_t number)
{
    return at + (number < 0 ? edai_cbor_put_head(at, EDAI_CBOR_MAJOR_NEGATIVE, ~(uint64_t)number)
                            : edai_cbor_put_head(at, EDAI_CBOR_MAJOR_UNSIGNED, (uint64_t)number));
}

/* NULL: neither NaN nor what is infinite is written. */
static uint8_t *write_real(uint8_t *at, unsigned kind, const void *value)
{
    uint64_t bits = 0;
    uint32_t half;
    double real;
    float single;

    if (kind == EDA_KIND_F32) {
        memcpy(&single, value, sizeof(single));
        memcpy(&half, value, sizeof(half));
        *at = CHAR_FLOAT;
        edai_cbor_put_number(at + 1, half, sizeof(half));
        return isfinite(single) ? at + 1 + sizeof(half) : NULL;
    }
    memcpy(&real, value, sizeof(real));
    memcpy(&bits, value, sizeof(bits));
    *at = CHAR_DOUBLE;
    edai_cbor_put_number(at + 1, bits, sizeof(bits));
    return isfinite(real) ? at + 1 + sizeof(bits) : NULL;
}

static uint8_t *write_number(uint8_t *at, const step *what, const void *value)
{
    const eda_kind kind = (eda_kind)what->kind;
    bool flag;

    switch (what->kind) {
    case EDA_KIND_BOOL:
        memcpy(&flag, value, sizeof(flag));
        *at = flag ? CHAR_TRUE : CHAR_FALSE;
        return at + 1;
    case EDA_KIND_F32:
    case EDA_KIND_F64:
        return write_real(at, kind, value);
    case EDA_KIND_U8:
    case EDA_KIND_U16:
    case EDA_KIND_U32:
    case EDA_KIND_U64:
        return at +
               edai_cbor_put_head(at, EDAI_CBOR_MAJOR_UNSIGNED, edai_scalar_unsigned(kind, value));
    default:
        return write_signed(at, edai_scalar_signed(kind, value)); /* times, too */
    }
}

/* False: it is not valid. */
static bool find_span(const step *what, const void *value, edai_span *ret_span)
{
    const char *name;
    int number;

    if (what->kind == EDA_KIND_ENUM) {
        memcpy(&number, value, sizeof(number));
        name = edai_scalar_enum_name(what->field->type, number);
        *ret_span = (edai_span){.ptr = name, .len = name != NULL ? strlen(name) : 0};
        return name != NULL;
    }
    memcpy(ret_span, value, sizeof(*ret_span));
    return edai_scalar_span_is_good((eda_kind)what->kind, edai_bounds_of(what->field), *ret_span);
}

/* Before what is long: the little that was written of the value moves, not all of it later. */
static uint8_t *leave_gap(edai_writer *writer, uint8_t *at)
{
    uint8_t *start = writer->data + writer->start;
    size_t gap = writer->gap;

    memmove(start + gap, start, (size_t)(at - start));
    writer->start += gap;
    writer->gap = 0;
    return at + gap;
}

/* Returns where the next goes; `at` is in the writer, which makes room for the contents and for as
 * much as before. NULL: not valid, or out of memory. */
static uint8_t *write_span(const edai_cbor_plan *plan, const step *what, edai_writer *writer,
    uint8_t *at, const void *value)
{
    edai_cbor_major major =
        what->kind == EDA_KIND_BYTES ? EDAI_CBOR_MAJOR_BYTES : EDAI_CBOR_MAJOR_TEXT;
    edai_span span;

    if (!find_span(what, value, &span)) {
        return NULL;
    }
    at += edai_cbor_put_head(at, major, span.len);
    writer->used = (size_t)(at - writer->data);
    at = edai_writer_reserve(writer, plan->size_max + span.len + writer->gap);
    if (at == NULL) {
        return NULL;
    }
    if (EDAI_UNLIKELY(span.len > UINT16_MAX && writer->gap > 0)) {
        at = leave_gap(writer, at);
    }
    edai_writer_copy(at, span.ptr, span.len);
    return at + span.len;
}

static uint8_t *write_steps(const edai_cbor_plan *plan, edai_writer *writer, const void *data)
{
    uint8_t *at = edai_writer_reserve(writer, plan->size_max);
    const step *what = plan->steps;

    for (; at != NULL; what++) {
        const void *value = (const char *)data + what->offset;

        edai_writer_copy(at, plan->bytes + what->bytes_at, what->bytes_len);
        at += what->bytes_len;
        if (what->field == NULL) {
            break;
        }
        if (what->has_range && !is_in_range(what, data)) {
            return NULL;
        }
        at = edai_kind_is_number((eda_kind)what->kind) ? write_number(at, what, value)
                                                       : write_span(plan, what, writer, at, value);
    }
    return at;
}

bool edai_cbor_plan_append(const edai_cbor_plan *plan, edai_writer *writer, const void *data)
{
    const size_t start = writer->used;
    const uint8_t gap = writer->gap;
    const uint8_t *end;
    size_t from;

    writer->start = start; /* the bound is on the message alone */
    end = write_steps(plan, writer, data);
    from = writer->start;
    writer->start = 0;
    if (end == NULL || (size_t)(end - writer->data) - from > EDA_CODEC_SIZE_MAX) {
        writer->used = start;
        writer->gap = gap;
        writer->status = EDA_OK;
        return false;
    }
    writer->used = (size_t)(end - writer->data);
    return true;
}

/* --- reading ------------------------------------------------------------------------------- */

/* Text, or bytes, and nothing else. */
static bool read_string(edai_cbor_reader *reader, bool is_text, edai_span *ret_span)
{
    edai_cbor_token token;
    eda_bytes bytes;

    if (EDAI_LIKELY(edai_cbor_reader_short(reader, is_text ? 0x60 : 0x40, &bytes))) {
        *ret_span = (edai_span){.ptr = bytes.ptr, .len = bytes.len};
        return true;
    }
    if (!edai_cbor_reader_next(reader, &token) ||
        token.head != (is_text ? EDAI_CBOR_TEXT : EDAI_CBOR_BYTES)) {
        return false;
    }
    *ret_span = (edai_span){.ptr = token.ptr, .len = (size_t)token.number};
    return true;
}

static bool read_span(edai_cbor_reader *reader, const step *what, void *value)
{
    edai_span span;
    int number = 0;

    if (!read_string(reader, what->kind != EDA_KIND_BYTES, &span)) {
        return false;
    }
    if (what->kind == EDA_KIND_ENUM) {
        const eda_str name = {.ptr = span.ptr, .len = span.len};
        bool is_known = edai_scalar_enum_value(what->field->type, name, &number);

        memcpy(value, &number, sizeof(number));
        return is_known;
    }
    memcpy(value, &span, sizeof(span));
    return edai_scalar_span_is_good((eda_kind)what->kind, edai_bounds_of(what->field), span);
}

static bool read_real(edai_cbor_reader *reader, const step *what, void *value)
{
    uint64_t bits;
    uint32_t half;
    float single;
    double real;

    if (what->kind == EDA_KIND_F64) {
        if (!edai_cbor_reader_double(reader, &real) || !isfinite(real)) {
            return false;
        }
        memcpy(value, &real, sizeof(real));
        return true;
    }
    if ((size_t)(reader->end - reader->at) < 1 + sizeof(half) || *reader->at != CHAR_FLOAT) {
        return false;
    }
    bits = edai_cbor_get_number(reader->at + 1, sizeof(half), sizeof(half));
    half = (uint32_t)bits;
    memcpy(&single, &half, sizeof(single));
    memcpy(value, &single, sizeof(single));
    reader->at += 1 + sizeof(half);
    return isfinite(single);
}

static bool read_integer(edai_cbor_reader *reader, const step *what, edai_builder *into)
{
    edai_cbor_token token;

    return edai_cbor_reader_next(reader, &token) &&
           (token.head == EDAI_CBOR_UNSIGNED || token.head == EDAI_CBOR_NEGATIVE) &&
           edai_builder_store_integer(into, what->field->type, what->offset,
               token.head == EDAI_CBOR_NEGATIVE, token.number);
}

static bool read_value(edai_cbor_reader *reader, const step *what, edai_builder *into)
{
    void *value = into->block + what->offset;
    bool flag;

    switch (what->kind) {
    case EDA_KIND_STR:
    case EDA_KIND_BYTES:
    case EDA_KIND_ENUM:
        return read_span(reader, what, value);
    case EDA_KIND_F32:
    case EDA_KIND_F64:
        return read_real(reader, what, value);
    case EDA_KIND_BOOL:
        if (!edai_cbor_reader_bool(reader, &flag)) {
            return false;
        }
        memcpy(value, &flag, sizeof(flag));
        return true;
    default:
        return read_integer(reader, what, into);
    }
}

bool edai_cbor_plan_decode(const edai_cbor_plan *plan, eda_bytes bytes, void *data)
{
    edai_cbor_reader reader = {.at = bytes.ptr, .end = bytes.ptr + bytes.len};
    edai_builder into = {.block = data}; /* only its block is used */
    const step *what = plan->steps;

    if (bytes.len > EDA_CODEC_SIZE_MAX) {
        return false;
    }
    memset(data, 0, plan->type->size);
    for (;; what++) {
        if ((size_t)(reader.end - reader.at) < what->bytes_len ||
            memcmp(reader.at, plan->bytes + what->bytes_at, what->bytes_len) != 0) {
            return false;
        }
        reader.at += what->bytes_len;
        if (what->field == NULL) {
            return reader.at == reader.end;
        }
        if (!read_value(&reader, what, &into) || (what->has_range && !is_in_range(what, data))) {
            return false;
        }
    }
}
