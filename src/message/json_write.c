/* json_write.c - encoding JSON; see json.h. Written straight from the struct: compact, fields in
 * the order of their declaration, unset optionals left out. */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/timetext.h"
#include "message/decimal.h"
#include "message/encode.h"
#include "message/json.h"

/* --- numbers --- */

#define NUMBER_SIZE 48

static void write_plain(edai_writer *writer, const char *text)
{
    edai_writer_put(writer, text, strlen(text));
}

static void write_integer(edai_writer *writer, eda_kind kind, const void *data)
{
    bool is_quoted = false;

    if (kind == EDA_KIND_U64) { /* more than readers with signed integers hold */
        is_quoted = edai_scalar_unsigned(kind, data) > INT64_MAX;
    }
    char *room = (char *)edai_writer_reserve(writer, NUMBER_SIZE);
    if (room == NULL) {
        return;
    }
    size_t len = 0;
    if (is_quoted) {
        room[len++] = '"';
    }
    len += edai_decimal_write(kind, data, room + len);
    if (is_quoted) {
        room[len++] = '"';
    }
    edai_writer_commit(writer, len);
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
        write_plain(writer, ".0");
    }
}

/* `digits` with a point before the last `places`, at least one of them in front of it. */
static void write_decimal(edai_writer *writer, bool is_negative, uint64_t digits, size_t places)
{
    char text[EDAI_DECIMAL_LEN_MAX];
    size_t len = edai_decimal_write(EDA_KIND_U64, &digits, text);
    size_t zeros = len > places ? 0 : places + 1 - len;
    char *room = (char *)edai_writer_reserve(writer, NUMBER_SIZE);
    char *at = room;

    if (room == NULL) {
        return;
    }
    *at = '-';
    at += is_negative ? 1 : 0;
    memset(at, '0', zeros);
    memcpy(at + zeros, text, len);
    at += zeros + len - places;
    memmove(at + 1, at, places);
    *at = '.';
    edai_writer_commit(writer, (size_t)(at - room) + 1 + places);
}

/* Most numbers have few digits, and need no search: both numbers of the quotient are exact, so that
 * it is the double which that decimal means, and no shorter one does. False: not one of those. */
static bool write_short_double(edai_writer *writer, double number)
{
    static const double powers[] = {1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
    double magnitude = fabs(number);

    if (FLT_EVAL_METHOD != 0 || (magnitude < 1e-4 && magnitude > 0)) {
        return false; /* small ones have an exponent */
    }
    for (size_t i = 0; i < sizeof powers / sizeof powers[0]; i++) {
        double scaled = magnitude * powers[i];
        if (scaled >= 1e15) { /* the digits that any double holds */
            return false;
        }
        uint64_t digits = (uint64_t)(scaled + 0.5);
        double again = (double)digits / powers[i];
        if (again == magnitude) {
            write_decimal(writer, signbit(number) != 0, digits, i + 1);
            return true;
        }
    }
    return false;
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
    if (write_short_double(writer, number)) {
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
    write_plain(writer, text);
}

static bool is_escaped(char c)
{
    return (unsigned char)c < 0x20 || c == '"' || c == '\\';
}

/* One of eight characters is escaped: at most 0x1f, or the same as another one. */
static bool has_escaped(const char *eight)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t text;

    memcpy(&text, eight, sizeof text);
    uint64_t quotes = text ^ (ones * '"');
    uint64_t slashes = text ^ (ones * '\\');
    uint64_t found = ((text - ones * 0x20) & ~text) | ((quotes - ones) & ~quotes) |
                     ((slashes - ones) & ~slashes);
    return (found & (ones * 0x80)) != 0;
}

/* Up to the first character that is escaped. */
static size_t plain_len(const char *text, size_t len)
{
    size_t at = 0;

    while (len - at >= sizeof(uint64_t) && !has_escaped(text + at)) {
        at += sizeof(uint64_t);
    }
    while (at < len && !is_escaped(text[at])) {
        at++;
    }
    return at;
}

static void write_string(edai_writer *writer, const char *text, size_t len)
{
    edai_writer_put_char(writer, '"');
    for (size_t at = 0; at < len; at++) {
        size_t plain = plain_len(text + at, len - at);
        edai_writer_put(writer, text + at, plain);
        at += plain;
        if (at < len) {
            write_escape(writer, text[at]);
        }
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

static void write_bool(edai_writer *writer, const void *data)
{
    bool value;

    memcpy(&value, data, sizeof value);
    write_plain(writer, value ? "true" : "false");
}

static void write_number(edai_writer *writer, eda_kind kind, const void *data)
{
    if (kind == EDA_KIND_BOOL) {
        write_bool(writer, data);
    } else if (kind == EDA_KIND_F32 || kind == EDA_KIND_F64) {
        write_real(writer, kind, data);
    } else if (kind == EDA_KIND_TIME || kind == EDA_KIND_DURATION) {
        write_time(writer, kind, data);
    } else {
        write_integer(writer, kind, data);
    }
}

static void write_open(edai_writer *writer, eda_kind kind, size_t count)
{
    (void)count;
    edai_writer_put_char(writer, kind == EDA_KIND_LIST ? '[' : '{');
}

static void write_close(edai_writer *writer, eda_kind kind)
{
    edai_writer_put_char(writer, kind == EDA_KIND_LIST ? ']' : '}');
}

static void write_next(edai_writer *writer)
{
    edai_writer_put_char(writer, ',');
}

static void write_key(edai_writer *writer, const char *name, bool is_first)
{
    if (!is_first) {
        write_next(writer);
    }
    write_string(writer, name, strlen(name));
    edai_writer_put_char(writer, ':');
}

static void write_null(edai_writer *writer)
{
    write_plain(writer, "null");
}

static void write_value(
    edai_encoder *encoder, const eda_type *type, edai_bounds bounds, const void *at);

static const edai_format format = {.value = write_value,
    .open = write_open,
    .close = write_close,
    .key = write_key,
    .next = write_next,
    .null = write_null,
    .number = write_number,
    .text = write_string,
    .bytes = write_bytes};

static void write_value(
    edai_encoder *encoder, const eda_type *type, edai_bounds bounds, const void *at)
{
    edai_encode_part(encoder, &format, type, bounds, at);
}

eda_status eda_json_encode(eda_value value, char **ret_text, size_t *ret_len)
{
    edai_encoder encoder;
    uint8_t *text;

    edai_encode(&encoder, &format, value);
    EDA_TRY(edai_encode_finish(&encoder, value, &text, ret_len));
    *ret_text = (char *)text;
    return EDA_OK;
}
