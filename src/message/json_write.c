/* json_write.c - encoding JSON; see json.h. Written straight from the struct: compact, fields in
 * the order of their declaration, unset optionals left out. */
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/timetext.h"
#include "message/flat.h"
#include "message/json.h"
#include "message/scalar.h"
#include "message/writer.h"

static void write_value(edai_writer *writer, const eda_type *type, const void *data);

/* --- numbers --- */

#define NUMBER_SIZE 48

static void write_text(edai_writer *writer, const char *text)
{
    edai_writer_put(writer, text, strlen(text));
}

static void write_unsigned(edai_writer *writer, uint64_t number)
{
    char text[NUMBER_SIZE];

    if (number > INT64_MAX) { /* more than readers with signed integers hold */
        (void)snprintf(text, sizeof text, "\"%" PRIu64 "\"", number);
    } else {
        (void)snprintf(text, sizeof text, "%" PRIu64, number);
    }
    write_text(writer, text);
}

static void write_signed(edai_writer *writer, int64_t number)
{
    char text[NUMBER_SIZE];

    (void)snprintf(text, sizeof text, "%" PRId64, number);
    write_text(writer, text);
}

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
}

/* printf writes the program's locale: whatever stands for the point becomes one. A whole number
 * gets
 * ".0", so that it stays a real for every reader. */
static void write_real_text(edai_writer *writer, const char *text)
{
    bool is_real = false;

    for (const char *at = text; *at != '\0';) {
        if (is_number_char(*at)) {
            is_real = is_real || *at == 'e';
            edai_writer_put_char(writer, *at++);
            continue;
        }
        while (*at != '\0' && !is_number_char(*at)) {
            at++;
        }
        is_real = true;
        edai_writer_put_char(writer, '.');
    }
    if (!is_real) {
        write_text(writer, ".0");
    }
}

/* Every decimal of DBL_DIG digits survives a normal double, so the first try is the shortest where
 * it reads back; denormal numbers have fewer digits and are tried from one on. */
static void write_double(edai_writer *writer, double number)
{
    char text[NUMBER_SIZE];

    if (!isfinite(number)) {
        edai_writer_fail(writer, EDA_EINVAL);
        return;
    }
    int digits = number > -DBL_MIN && number < DBL_MIN ? 1 : DBL_DIG;
    for (; digits <= DBL_DECIMAL_DIG; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
        double again = strtod(text, NULL);
        if (again == number) {
            break;
        }
    }
    write_real_text(writer, text);
}

/* Read back as the decoder does: as a double, then rounded. */
static void write_float(edai_writer *writer, float number)
{
    char text[NUMBER_SIZE];

    if (!isfinite(number)) {
        edai_writer_fail(writer, EDA_EINVAL);
        return;
    }
    int digits = number > -FLT_MIN && number < FLT_MIN ? 1 : FLT_DIG;
    for (; digits <= FLT_DECIMAL_DIG; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)number);
        float again = (float)strtod(text, NULL);
        if (again == number) {
            break;
        }
    }
    write_real_text(writer, text);
}

/* --- strings --- */

static void write_escape(edai_writer *writer, char c)
{
    static const char letters[] = "\"\"\\\\\bb\ff\nn\rr\tt"; /* pairs: character, letter */
    char text[8];

    for (size_t i = 0; i + 1 < sizeof letters; i += 2) {
        if (letters[i] == c) {
            edai_writer_put_char(writer, '\\');
            edai_writer_put_char(writer, letters[i + 1]);
            return;
        }
    }
    (void)snprintf(text, sizeof text, "\\u%04x", (unsigned)(unsigned char)c);
    write_text(writer, text);
}

static bool is_escaped(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

static void write_string(edai_writer *writer, const char *text, size_t len)
{
    size_t start = 0;

    edai_writer_put_char(writer, '"');
    for (size_t i = 0; i < len; i++) {
        if (is_escaped(text[i])) {
            edai_writer_put(writer, text + start, i - start);
            write_escape(writer, text[i]);
            start = i + 1;
        }
    }
    if (len > start) {
        edai_writer_put(writer, text + start, len - start);
    }
    edai_writer_put_char(writer, '"');
}

static void write_bytes(edai_writer *writer, eda_bytes bytes)
{
    size_t len = edai_base64_len(bytes.len);

    edai_writer_put_char(writer, '"');
    uint8_t *room = edai_writer_reserve(writer, len);
    if (room != NULL) {
        edai_base64_encode(bytes, (char *)room);
        edai_writer_commit(writer, len);
    }
    edai_writer_put_char(writer, '"');
}

/* --- kinds --- */

static void write_integer(edai_writer *writer, eda_kind kind, const void *data)
{
    if (edai_scalar_is_unsigned(kind)) {
        write_unsigned(writer, edai_scalar_unsigned(kind, data));
    } else {
        write_signed(writer, edai_scalar_signed(kind, data));
    }
}

static void write_time(edai_writer *writer, eda_kind kind, const void *data)
{
    char text[EDAI_TIMETEXT_SIZE];
    int64_t number;
    size_t len;

    memcpy(&number, data, sizeof number);
    if (kind == EDA_KIND_TIME) {
        len = edai_timetext_format(number, text);
    } else {
        len = edai_timetext_format_duration(number, text);
    }
    write_string(writer, text, len);
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
    write_string(writer, name, strlen(name));
}

static void write_span(edai_writer *writer, eda_kind kind, const void *data)
{
    edai_span span;

    memcpy(&span, data, sizeof span);
    if (kind == EDA_KIND_BYTES) {
        write_bytes(writer, (eda_bytes){.ptr = span.ptr, .len = span.len});
    } else {
        write_string(writer, span.ptr, span.len);
    }
}

static void write_real(edai_writer *writer, eda_kind kind, const void *data)
{
    float f32;
    double f64;

    if (kind == EDA_KIND_F32) {
        memcpy(&f32, data, sizeof f32);
        write_float(writer, f32);
    } else {
        memcpy(&f64, data, sizeof f64);
        write_double(writer, f64);
    }
}

static void write_list(edai_writer *writer, const eda_type *type, const void *data)
{
    edai_span list;

    memcpy(&list, data, sizeof list);
    edai_writer_put_char(writer, '[');
    for (size_t i = 0; i < list.len && writer->status == EDA_OK; i++) {
        if (i > 0) {
            edai_writer_put_char(writer, ',');
        }
        write_value(writer, type->item, (const unsigned char *)list.ptr + i * type->item->size);
    }
    edai_writer_put_char(writer, ']');
}

static void write_record(edai_writer *writer, const eda_type *type, const void *data)
{
    bool is_first = true;

    edai_writer_put_char(writer, '{');
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        const void *value = (const unsigned char *)data + field->offset;
        if (edai_scalar_is_unset(field->type, value)) {
            continue;
        }
        if (!is_first) {
            edai_writer_put_char(writer, ',');
        }
        is_first = false;
        write_string(writer, field->name, strlen(field->name));
        edai_writer_put_char(writer, ':');
        write_value(writer, field->type, value);
    }
    edai_writer_put_char(writer, '}');
}

static void write_optional(edai_writer *writer, const eda_type *type, const void *data)
{
    if (edai_scalar_is_unset(type, data)) {
        write_text(writer, "null"); /* only where it is no field: those are left out */
        return;
    }
    write_value(writer, type->item, (const unsigned char *)data + type->value_offset);
}

static void write_bool(edai_writer *writer, const void *data)
{
    bool value;

    memcpy(&value, data, sizeof value);
    write_text(writer, value ? "true" : "false");
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
    case EDA_KIND_TIME:
    case EDA_KIND_DURATION:
        write_time(writer, type->kind, data);
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

eda_status eda_json_encode(eda_value value, char **ret_text, size_t *ret_len)
{
    edai_writer writer = {0};
    uint8_t *text;

    EDA_TRY(edai_flat_check_within(value.type, value.data, EDAI_FLAT_SIZE_MAX, NULL));
    write_value(&writer, value.type, value.data);
    EDA_TRY(edai_writer_finish(&writer, &text, ret_len));
    *ret_text = (char *)text;
    return EDA_OK;
}
