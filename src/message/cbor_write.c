/* cbor_write.c - encoding CBOR; see cbor.h. Definite lengths, heads as short as they can be, fields
 * in the order of their declaration, unset optionals left out. */
#include <math.h>
#include <string.h>

#include "message/cbor.h"
#include "message/cbor_head.h"
#include "message/encode.h"

#define HEAD_SIZE_MAX EDAI_CBOR_HEAD_SIZE_MAX

/* --- heads --- */

#define CHAR_FALSE '\xf4'
#define CHAR_TRUE '\xf5'
#define CHAR_NULL '\xf6'
#define CHAR_FLOAT '\xfa'
#define CHAR_DOUBLE '\xfb'

static void write_head(edai_writer *writer, edai_cbor_major kind, uint64_t number);

/* Apart, so that the usual way has nothing to keep over a call. */
static EDAI_COLD void grow_for_head(edai_writer *writer, edai_cbor_major kind, uint64_t number)
{
    if (edai_writer_grow(writer, HEAD_SIZE_MAX) != NULL) {
        write_head(writer, kind, number);
    }
}

static void write_head(edai_writer *writer, edai_cbor_major kind, uint64_t number)
{
    if (!edai_writer_has(writer, HEAD_SIZE_MAX)) {
        grow_for_head(writer, kind, number);
        return;
    }
    writer->used += edai_cbor_put_head(writer->data + writer->used, kind, number);
}

static void write_signed(edai_writer *writer, int64_t number)
{
    if (number < 0) {
        write_head(writer, EDAI_CBOR_MAJOR_NEGATIVE, ~(uint64_t)number);
    } else {
        write_head(writer, EDAI_CBOR_MAJOR_UNSIGNED, (uint64_t)number);
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

static void write_bits(edai_writer *writer, char first, uint64_t bits, size_t size)
{
    uint8_t *room = edai_writer_reserve(writer, HEAD_SIZE_MAX);

    if (room != NULL) {
        room[0] = (uint8_t)first;
        edai_cbor_put_number(room + 1, bits, size);
        edai_writer_commit(writer, 1 + size);
    }
}

/* NaN and infinite numbers are refused although CBOR has them: what one codec takes, both take. */
static void write_float(edai_writer *writer, const void *data)
{
    float number;
    uint32_t bits;

    memcpy(&number, data, sizeof number);
    memcpy(&bits, data, sizeof bits);
    if (isfinite(number)) {
        write_bits(writer, CHAR_FLOAT, bits, sizeof bits);
    } else {
        edai_writer_fail(writer, EDA_EINVAL);
    }
}

static void write_double(edai_writer *writer, const void *data)
{
    double number;
    uint64_t bits;

    memcpy(&number, data, sizeof number);
    memcpy(&bits, data, sizeof bits);
    if (isfinite(number)) {
        write_bits(writer, CHAR_DOUBLE, bits, sizeof bits);
    } else {
        edai_writer_fail(writer, EDA_EINVAL);
    }
}

/* One jump: what the kind says of size and sign is known behind it. */
static void write_number(edai_writer *writer, eda_kind kind, const void *data)
{
    switch ((int)kind) {
    case EDA_KIND_BOOL:
        write_bool(writer, data);
        break;
    case EDA_KIND_F32:
        write_float(writer, data);
        break;
    case EDA_KIND_F64:
        write_double(writer, data);
        break;
    case EDA_KIND_U8:
    case EDA_KIND_U16:
        write_head(writer, EDAI_CBOR_MAJOR_UNSIGNED, edai_scalar_unsigned(kind, data));
        break;
    case EDA_KIND_U32:
        write_head(writer, EDAI_CBOR_MAJOR_UNSIGNED, edai_scalar_unsigned(EDA_KIND_U32, data));
        break;
    case EDA_KIND_U64:
        write_head(writer, EDAI_CBOR_MAJOR_UNSIGNED, edai_scalar_unsigned(EDA_KIND_U64, data));
        break;
    case EDA_KIND_I8:
    case EDA_KIND_I16:
        write_signed(writer, edai_scalar_signed(kind, data));
        break;
    case EDA_KIND_I32:
        write_signed(writer, edai_scalar_signed(EDA_KIND_I32, data));
        break;
    default:
        write_signed(writer, edai_scalar_signed(EDA_KIND_I64, data)); /* times and durations, too */
    }
}

/* --- strings and containers --- */

static __attribute__((noinline)) void write_long_string(
    edai_writer *writer, edai_cbor_major kind, const void *bytes, size_t len)
{
    write_head(writer, kind, len);
    edai_writer_put(writer, bytes, len);
}

static void write_string(edai_writer *writer, edai_cbor_major kind, const void *bytes, size_t len)
{
    if (len > EDAI_CBOR_DIRECT_MAX || !edai_writer_has(writer, 1 + len)) {
        write_long_string(writer, kind, bytes, len);
        return;
    }
    uint8_t *room = writer->data + writer->used;
    room[0] = (uint8_t)((unsigned)kind << EDAI_CBOR_MAJOR_SHIFT | len);
    edai_writer_copy(room + 1, bytes, len);
    writer->used += 1 + len;
}

static void write_text(edai_writer *writer, const char *text, size_t len)
{
    write_string(writer, EDAI_CBOR_MAJOR_TEXT, text, len);
}

static void write_bytes(edai_writer *writer, eda_bytes bytes)
{
    write_string(writer, EDAI_CBOR_MAJOR_BYTES, bytes.ptr, bytes.len);
}

static void write_key(edai_writer *writer, const char *name, bool is_first)
{
    (void)is_first;
    write_text(writer, name, strlen(name));
}

static void write_open(edai_writer *writer, eda_kind kind, size_t count)
{
    write_head(writer, kind == EDA_KIND_LIST ? EDAI_CBOR_MAJOR_ARRAY : EDAI_CBOR_MAJOR_MAP, count);
}

static void write_close(edai_writer *writer, eda_kind kind)
{
    (void)writer;
    (void)kind;
}

static void write_next(edai_writer *writer)
{
    (void)writer;
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
    .text = write_text,
    .bytes = write_bytes};

static void write_value(
    edai_encoder *encoder, const eda_type *type, edai_bounds bounds, const void *at)
{
    edai_encode_part(encoder, &format, type, bounds, at);
}

eda_status eda_cbor_encode(eda_value value, uint8_t **ret_bytes, size_t *ret_size)
{
    edai_encoder encoder;

    edai_encode(&encoder, &format, value);
    return edai_encode_finish(&encoder, value, ret_bytes, ret_size);
}

eda_status edai_cbor_append(edai_writer *writer, eda_value value)
{
    edai_encoder encoder = {.writer = *writer};
    size_t start = writer->used;

    encoder.writer.start = start;
    edai_encode_more(&encoder, &format, value);
    if (encoder.writer.used - start > EDA_CODEC_SIZE_MAX) {
        edai_writer_fail(&encoder.writer, EDA_ERANGE);
    }
    eda_status status = encoder.writer.status;
    *writer = encoder.writer;
    writer->start = 0;
    if (status != EDA_OK) {
        writer->used = start;
        writer->status = EDA_OK;
        EDA_TRY(edai_flat_check_within(value.type, value.data, EDAI_FLAT_SIZE_MAX, NULL));
    }
    return status;
}
