/* cbor.c - a reading to and from CBOR with libcbor's encoders and its streaming decoder: no tree of
 * items is built, which would take an allocation for each of them. */
#define _POSIX_C_SOURCE 200809L

#include "reading.h"

#include <cbor.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_SIZE_MAX 9u
#define KEY_SIZE_MAX 16u

/* --- encode --- */

typedef struct output {
    unsigned char *bytes;
    size_t at;
    size_t size; /* enough for all: never checked against */
} output;

static void put_text(output *out, const char *text)
{
    size_t len = strlen(text);

    out->at += cbor_encode_string_start(len, out->bytes + out->at, out->size - out->at);
    memcpy(out->bytes + out->at, text, len);
    out->at += len;
}

static void put_uint(output *out, uint64_t value)
{
    out->at += cbor_encode_uint(value, out->bytes + out->at, out->size - out->at);
}

static void put_int(output *out, int64_t value)
{
    if (value >= 0) {
        put_uint(out, (uint64_t)value);
    } else {
        out->at += cbor_encode_negint(~(uint64_t)value, out->bytes + out->at, out->size - out->at);
    }
}

static void put_key(output *out, reading_field field)
{
    put_text(out, reading_field_names[field]);
}

static void put_samples(output *out, const reading *self)
{
    size_t i;

    out->at +=
        cbor_encode_array_start(READING_SAMPLES_LEN, out->bytes + out->at, out->size - out->at);
    for (i = 0; i < READING_SAMPLES_LEN; i++) {
        put_uint(out, self->samples[i]);
    }
}

bool reading_to_cbor(const reading *self, unsigned char **ret_bytes, size_t *ret_size)
{
    output out = {.size = READING_FIELDS * (KEY_SIZE_MAX + HEAD_SIZE_MAX) +
                          READING_SAMPLES_LEN * HEAD_SIZE_MAX + strlen(self->site) +
                          strlen(self->device) + sizeof(self->note) + KEY_SIZE_MAX};

    out.bytes = malloc(out.size);
    if (out.bytes == NULL) {
        return false;
    }
    out.at = cbor_encode_map_start(READING_FIELDS, out.bytes, out.size);
    put_key(&out, FIELD_IS_VALID);
    out.at += cbor_encode_bool(self->is_valid, out.bytes + out.at, out.size - out.at);
    put_key(&out, FIELD_TAG);
    put_uint(&out, self->tag);
    put_key(&out, FIELD_OFFSET);
    put_int(&out, self->offset);
    put_key(&out, FIELD_SEQUENCE);
    put_uint(&out, self->sequence);
    put_key(&out, FIELD_VALUE);
    out.at += cbor_encode_double(self->value, out.bytes + out.at, out.size - out.at);
    put_key(&out, FIELD_MODE);
    put_text(&out, reading_mode_text(self->mode));
    put_key(&out, FIELD_SITE);
    put_text(&out, self->site);
    put_key(&out, FIELD_DEVICE);
    put_text(&out, self->device);
    put_key(&out, FIELD_NOTE);
    put_text(&out, self->note);
    put_key(&out, FIELD_SAMPLES);
    put_samples(&out, self);
    *ret_bytes = out.bytes;
    *ret_size = out.at;
    return true;
}

/* --- decode: keys and values come as calls, one after the other --- */

typedef enum place {
    BEFORE_MAP,
    AT_KEY,
    AT_VALUE,
    IN_SAMPLES
} place;

typedef struct input {
    reading *to;
    place at;
    reading_field field; /* at its value, or in its samples */
    unsigned seen;       /* a bit for each field */
    size_t samples_len;
    bool is_bad;
} input;

static void end_value(input *in)
{
    in->at = AT_KEY;
}

static void take_sample(input *in, uint64_t value)
{
    if (value > UINT32_MAX) {
        in->is_bad = true;
        return;
    }
    in->to->samples[in->samples_len++] = (uint32_t)value;
    if (in->samples_len == READING_SAMPLES_LEN) {
        end_value(in);
    }
}

static void take_uint(input *in, uint64_t value)
{
    if (in->at == IN_SAMPLES) {
        take_sample(in, value);
        return;
    }
    if (in->at == AT_VALUE && in->field == FIELD_TAG && value <= UINT32_MAX) {
        in->to->tag = (uint32_t)value;
    } else if (in->at == AT_VALUE && in->field == FIELD_OFFSET && value <= INT64_MAX) {
        in->to->offset = (int64_t)value;
    } else if (in->at == AT_VALUE && in->field == FIELD_SEQUENCE) {
        in->to->sequence = value;
    } else {
        in->is_bad = true;
    }
    end_value(in);
}

/* The number is -1 - value. */
static void take_negint(input *in, uint64_t value)
{
    if (in->at == AT_VALUE && in->field == FIELD_OFFSET && value <= INT64_MAX) {
        in->to->offset = -1 - (int64_t)value;
    } else {
        in->is_bad = true;
    }
    end_value(in);
}

static void on_uint8(void *context, uint8_t value)
{
    take_uint(context, value);
}

static void on_uint16(void *context, uint16_t value)
{
    take_uint(context, value);
}

static void on_uint32(void *context, uint32_t value)
{
    take_uint(context, value);
}

static void on_uint64(void *context, uint64_t value)
{
    take_uint(context, value);
}

static void on_negint8(void *context, uint8_t value)
{
    take_negint(context, value);
}

static void on_negint16(void *context, uint16_t value)
{
    take_negint(context, value);
}

static void on_negint32(void *context, uint32_t value)
{
    take_negint(context, value);
}

static void on_negint64(void *context, uint64_t value)
{
    take_negint(context, value);
}

static void on_double(void *context, double value)
{
    input *in = context;

    in->is_bad |= in->at != AT_VALUE || in->field != FIELD_VALUE;
    in->to->value = value;
    end_value(in);
}

static void on_float(void *context, float value)
{
    on_double(context, (double)value);
}

static void on_bool(void *context, bool value)
{
    input *in = context;

    in->is_bad |= in->at != AT_VALUE || in->field != FIELD_IS_VALID;
    in->to->is_valid = value;
    end_value(in);
}

static void take_key(input *in, const char *text, size_t len)
{
    unsigned i;

    for (i = 0; i < READING_FIELDS; i++) {
        if (strlen(reading_field_names[i]) == len &&
            memcmp(reading_field_names[i], text, len) == 0) {
            break;
        }
    }
    if (i == READING_FIELDS || (in->seen & 1u << i) != 0) {
        in->is_bad = true; /* unknown, or given twice */
        return;
    }
    in->seen |= 1u << i;
    in->field = (reading_field)i;
    in->at = AT_VALUE;
}

static void take_text(input *in, const char *text, size_t len)
{
    switch ((int)in->field) {
    case FIELD_MODE:
        in->is_bad |= !reading_mode_parse(text, len, &in->to->mode);
        break;
    case FIELD_SITE:
        in->to->site = strndup(text, len);
        in->is_bad |= in->to->site == NULL;
        break;
    case FIELD_DEVICE:
        in->to->device = strndup(text, len);
        in->is_bad |= in->to->device == NULL;
        break;
    case FIELD_NOTE:
        if (len < sizeof(in->to->note)) {
            memcpy(in->to->note, text, len);
            in->to->note[len] = '\0';
            break;
        }
        in->is_bad = true;
        break;
    default:
        in->is_bad = true;
    }
    end_value(in);
}

static void on_string(void *context, cbor_data data, size_t len)
{
    input *in = context;

    if (in->at == AT_KEY) {
        take_key(in, (const char *)data, len);
    } else if (in->at == AT_VALUE) {
        take_text(in, (const char *)data, len);
    } else {
        in->is_bad = true;
    }
}

static void on_map(void *context, size_t len)
{
    input *in = context;

    in->is_bad |= in->at != BEFORE_MAP || len != READING_FIELDS;
    in->at = AT_KEY;
}

static void on_array(void *context, size_t len)
{
    input *in = context;

    in->is_bad |= in->at != AT_VALUE || in->field != FIELD_SAMPLES || len != READING_SAMPLES_LEN;
    in->at = IN_SAMPLES;
}

static void on_other(void *context)
{
    input *in = context;

    in->is_bad = true;
}

static void on_other_bytes(void *context, cbor_data data, size_t len)
{
    (void)data;
    (void)len;
    on_other(context);
}

static void on_tag(void *context, uint64_t tag)
{
    (void)tag;
    on_other(context);
}

static const struct cbor_callbacks callbacks = {
    .uint8 = on_uint8,
    .uint16 = on_uint16,
    .uint32 = on_uint32,
    .uint64 = on_uint64,
    .negint8 = on_negint8,
    .negint16 = on_negint16,
    .negint32 = on_negint32,
    .negint64 = on_negint64,
    .byte_string_start = on_other,
    .byte_string = on_other_bytes,
    .string = on_string,
    .string_start = on_other,
    .indef_array_start = on_other,
    .array_start = on_array,
    .indef_map_start = on_other,
    .map_start = on_map,
    .tag = on_tag,
    .float2 = on_float,
    .float4 = on_float,
    .float8 = on_double,
    .undefined = on_other,
    .null = on_other,
    .boolean = on_bool,
    .indef_break = on_other,
};

bool reading_from_cbor(const unsigned char *bytes, size_t size, reading *ret_reading)
{
    reading got = {.site = NULL};
    input in = {.to = &got};
    size_t at = 0;

    while (at < size && !in.is_bad) {
        struct cbor_decoder_result result =
            cbor_stream_decode(bytes + at, size - at, &callbacks, &in);

        in.is_bad |= result.status != CBOR_DECODER_FINISHED;
        at += result.read;
    }
    if (in.is_bad || in.at != AT_KEY || in.seen != (1u << READING_FIELDS) - 1) {
        reading_fini(&got);
        return false;
    }
    *ret_reading = got;
    return true;
}
