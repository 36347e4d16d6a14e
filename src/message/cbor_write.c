/* cbor_write.c - encoding CBOR; see cbor.h. Definite lengths, heads as short as they can be, fields
 * in the order of their declaration, unset optionals left out. */
#include <cbor.h>
#include <math.h>
#include <string.h>

#include "message/cbor.h"
#include "message/cbor_number.h"
#include "message/flat.h"
#include "message/scalar.h"
#include "message/writer.h"

#define HEAD_SIZE_MAX 9

static void write_value(edai_writer *writer, const eda_type *type, const void *data);

/* --- heads: a major type and a number, in as few bytes as hold it --- */

typedef enum major {
    MAJOR_UNSIGNED,
    MAJOR_NEGATIVE,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_ARRAY,
    MAJOR_MAP
} major;

#define MAJOR_SHIFT 5
#define DIRECT_MAX 23 /* the number stands in the head byte */
#define CHAR_FALSE '\xf4'
#define CHAR_TRUE '\xf5'
#define CHAR_NULL '\xf6'
#define IN_1_BYTE 24 /* in the bytes behind it; one more: twice as many */

static void write_head(edai_writer *writer, major kind, uint64_t number)
{
    uint8_t *room = edai_writer_reserve(writer, HEAD_SIZE_MAX);
    uint8_t first = (uint8_t)((unsigned)kind << MAJOR_SHIFT);

    if (room == NULL) {
        return;
    }
    if (number <= DIRECT_MAX) {
        room[0] = (uint8_t)(first | number);
        edai_writer_commit(writer, 1);
        return;
    }
    unsigned power = number <= UINT8_MAX    ? 0
                     : number <= UINT16_MAX ? 1
                     : number <= UINT32_MAX ? 2
                                            : 3;
    size_t size = (size_t)1 << power;
    room[0] = (uint8_t)(first | (IN_1_BYTE + power));
    edai_cbor_put_number(room + 1, number, size);
    edai_writer_commit(writer, 1 + size);
}

static void write_signed(edai_writer *writer, int64_t number)
{
    if (number < 0) {
        write_head(writer, MAJOR_NEGATIVE, ~(uint64_t)number);
    } else {
        write_head(writer, MAJOR_UNSIGNED, (uint64_t)number);
    }
}

static void write_integer(edai_writer *writer, eda_kind kind, const void *data)
{
    if (edai_scalar_is_unsigned(kind)) {
        write_head(writer, MAJOR_UNSIGNED, edai_scalar_unsigned(kind, data));
    } else {
        write_signed(writer, edai_scalar_signed(kind, data));
    }
}

static void write_bool(edai_writer *writer, const void *data)
{
    bool value;

    memcpy(&value, data, sizeof value);
    edai_writer_put_char(writer, value ? CHAR_TRUE : CHAR_FALSE);
}

static void write_null(edai_writer *writer)
{
    edai_writer_put_char(writer, CHAR_NULL);
}

/* NaN and infinite numbers are refused although CBOR has them: what one codec takes, both take. */
static void write_real(edai_writer *writer, eda_kind kind, const void *data)
{
    float f32 = 0;
    double f64 = 0;

    if (kind == EDA_KIND_F32) {
        memcpy(&f32, data, sizeof f32);
    } else {
        memcpy(&f64, data, sizeof f64);
    }
    if (!isfinite(f32) || !isfinite(f64)) {
        edai_writer_fail(writer, EDA_EINVAL);
        return;
    }
    uint8_t *room = edai_writer_reserve(writer, HEAD_SIZE_MAX);
    if (room == NULL) {
        return;
    }
    if (kind == EDA_KIND_F32) {
        edai_writer_commit(writer, cbor_encode_single(f32, room, HEAD_SIZE_MAX));
    } else {
        edai_writer_commit(writer, cbor_encode_double(f64, room, HEAD_SIZE_MAX));
    }
}

/* --- strings and containers --- */

static void write_text(edai_writer *writer, const char *text, size_t len)
{
    uint8_t *room = len <= DIRECT_MAX ? edai_writer_reserve(writer, 1 + len) : NULL;

    if (room != NULL) { /* short, as names are */
        room[0] = (uint8_t)((unsigned)MAJOR_TEXT << MAJOR_SHIFT | len);
        if (len > 0) {
            memcpy(room + 1, text, len);
        }
        edai_writer_commit(writer, 1 + len);
        return;
    }
    write_head(writer, MAJOR_TEXT, len);
    edai_writer_put(writer, text, len);
}

static void write_span(edai_writer *writer, eda_kind kind, const void *data)
{
    edai_span span;

    memcpy(&span, data, sizeof span);
    if (kind == EDA_KIND_BYTES) {
        write_head(writer, MAJOR_BYTES, span.len);
        edai_writer_put(writer, span.ptr, span.len);
    } else {
        write_text(writer, span.ptr, span.len);
    }
}

static void write_enum(edai_writer *writer, const eda_type *type, const void *data)
{
    int value;

    memcpy(&value, data, sizeof value);
    const char *name = edai_scalar_enum_name(type, value);
    if (name == NULL) {
        edai_writer_fail(writer, EDA_EINVAL);
        return;
    }
    write_text(writer, name, strlen(name));
}

static void write_list(edai_writer *writer, const eda_type *type, const void *data)
{
    edai_span list;

    memcpy(&list, data, sizeof list);
    write_head(writer, MAJOR_ARRAY, list.len);
    for (size_t i = 0; i < list.len && writer->status == EDA_OK; i++) {
        write_value(writer, type->item, (const unsigned char *)list.ptr + i * type->item->size);
    }
}

static size_t count_fields(const eda_type *type, const void *data)
{
    size_t count = 0;

    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        if (!edai_scalar_is_unset(field->type, (const unsigned char *)data + field->offset)) {
            count++;
        }
    }
    return count;
}

static void write_record(edai_writer *writer, const eda_type *type, const void *data)
{
    write_head(writer, MAJOR_MAP, count_fields(type, data));
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        const void *value = (const unsigned char *)data + field->offset;
        if (!edai_scalar_is_unset(field->type, value)) {
            write_text(writer, field->name, strlen(field->name));
            write_value(writer, field->type, value);
        }
    }
}

static void write_optional(edai_writer *writer, const eda_type *type, const void *data)
{
    if (edai_scalar_is_unset(type, data)) {
        write_null(writer); /* only where it is no field: those are left out */
        return;
    }
    write_value(writer, type->item, (const unsigned char *)data + type->value_offset);
}

static void write_value(edai_writer *writer, const eda_type *type, const void *data)
{
    switch (type->kind) {
    case EDA_KIND_BOOL:
        write_bool(writer, data);
        break;
    case EDA_KIND_I8:
    case EDA_KIND_I16:
    case EDA_KIND_I32:
    case EDA_KIND_I64:
    case EDA_KIND_U8:
    case EDA_KIND_U16:
    case EDA_KIND_U32:
    case EDA_KIND_U64:
    case EDA_KIND_TIME:
    case EDA_KIND_DURATION:
        write_integer(writer, type->kind, data);
        break;
    case EDA_KIND_F32:
    case EDA_KIND_F64:
        write_real(writer, type->kind, data);
        break;
    case EDA_KIND_STR:
    case EDA_KIND_BYTES:
    case EDA_KIND_TEXT:
        write_span(writer, type->kind, data);
        break;
    case EDA_KIND_ENUM:
        write_enum(writer, type, data);
        break;
    case EDA_KIND_RECORD:
        write_record(writer, type, data);
        break;
    case EDA_KIND_LIST:
        write_list(writer, type, data);
        break;
    case EDA_KIND_OPTIONAL:
        write_optional(writer, type, data);
        break;
    case EDA_KIND_OPAQUE:
        edai_writer_fail(writer, EDA_EINVAL);
        break;
    }
}

eda_status eda_cbor_encode(eda_value value, uint8_t **ret_bytes, size_t *ret_size)
{
    edai_writer writer = {0};

    EDA_TRY(edai_flat_check_within(value.type, value.data, EDAI_FLAT_SIZE_MAX, NULL));
    write_value(&writer, value.type, value.data);
    return edai_writer_finish(&writer, ret_bytes, ret_size);
}
