/* topic_fill.c - see topic_fill.h. */
#include "cluster/topic_fill.h"

#include "base/memory.h"
#include "message/cbor.h"
#include "message/cbor_reader.h"
#include "message/decimal.h"
#include "message/json.h"
#include "message/problem.h"
#include <edacious/topic.h>

#include "wire/wire_put.h"

#include <string.h>

#define MIME_SHOWN_MAX 60

static const struct {
    const char *mime;
    edai_encoding encoding;
} encodings[] = {{"", EDAI_ENCODING_JSON}, {"application/json", EDAI_ENCODING_JSON},
    {"text/json", EDAI_ENCODING_JSON}, {"application/cbor", EDAI_ENCODING_CBOR},
    {"zenoh/bytes", EDAI_ENCODING_JSON}, {"zenoh/string", EDAI_ENCODING_JSON},
    {"text/plain", EDAI_ENCODING_JSON}, {"application/octet-stream", EDAI_ENCODING_JSON},
    {"application/x-www-form-urlencoded", EDAI_ENCODING_JSON} /* what curl says of any data */};

edai_encoding edai_encoding_of(eda_str mime)
{
    const char *end = mime.len > 0 ? memchr(mime.ptr, ';', mime.len) : NULL;
    size_t i;

    if (end != NULL) {
        mime.len = (size_t)(end - mime.ptr);
    }
    for (i = 0; i < sizeof(encodings) / sizeof(encodings[0]); i++) {
        if (eda_str_equal(eda_str_from(encodings[i].mime), mime)) {
            return encodings[i].encoding;
        }
    }
    return EDAI_ENCODING_OTHER;
}

/* --- CBOR ---------------------------------------------------------------------------------- */

/* The pairs of the outermost map, without its head and end. */
typedef struct pairs {
    eda_bytes bytes;
    uint64_t seen; /* bit i: values[i] is there */
} pairs;

static void note_key(
    const edai_cbor_token *key, const edai_template_value *values, size_t count, pairs *out)
{
    const eda_str text = {.ptr = (const char *)key->ptr, .len = (size_t)key->number};
    size_t i;

    for (i = 0; key->head == EDAI_CBOR_TEXT && i < count; i++) {
        if (eda_str_equal(eda_str_from(values[i].field->name), text)) {
            out->seen |= UINT64_C(1) << i;
        }
    }
}

/* The bytes are well-formed. False: no map, or too odd a one to be looked into. */
static bool read_pairs(eda_bytes bytes, const edai_template_value *values, size_t count, pairs *out)
{
    edai_cbor_reader reader = {.at = bytes.ptr, .end = bytes.ptr + bytes.len};
    edai_cbor_token token;
    const uint8_t *from;

    if (!edai_cbor_reader_next(&reader, &token) ||
        (token.head != EDAI_CBOR_MAP && token.head != EDAI_CBOR_MAP_OPEN)) {
        return false;
    }
    *out = (pairs){.seen = 0};
    from = reader.at;
    if (token.head == EDAI_CBOR_MAP_OPEN) {
        reader.end--; /* its break is the last byte */
    }
    while (reader.at < reader.end) {
        if (!edai_cbor_reader_next(&reader, &token) || token.head != EDAI_CBOR_TEXT ||
            edai_cbor_reader_skip(&reader) != EDA_OK) {
            return false;
        }
        note_key(&token, values, count, out);
    }
    out->bytes = (eda_bytes){.ptr = from, .len = (size_t)(reader.end - from)};
    return true;
}

static uint8_t *put_value(uint8_t *at, const edai_template_value *value)
{
    at = edai_wire_put_text(at, eda_str_from(value->field->name));
    if (value->field->type->kind == EDA_KIND_STR) {
        return edai_wire_put_text(at, value->chunk);
    }
    if (value->chunk.len > 0 && value->chunk.ptr[0] == '-') {
        return edai_wire_put_head(at, EDAI_CBOR_MAJOR_NEGATIVE, (uint64_t)(-1 - value->number));
    }
    return edai_wire_put_number(
        at, value->number > 0 ? (uint64_t)value->number : value->unsigned_number);
}

/* The same map with what the topic says and the payload does not. */
static eda_status fill(
    edai_buffer *buffer, const pairs *from, const edai_template_value *values, size_t count)
{
    size_t size = from->bytes.len + 2;
    uint8_t *at;
    size_t i;

    for (i = 0; i < count; i++) {
        size += strlen(values[i].field->name) + values[i].chunk.len + 24;
    }
    at = edai_buffer_reserve(buffer, size);
    if (at == NULL) {
        return EDA_ENOMEM;
    }
    *at++ = 0xbf;
    for (i = 0; i < count; i++) {
        if ((from->seen >> i & 1) == 0) {
            at = put_value(at, &values[i]);
        }
    }
    if (from->bytes.len > 0) {
        memcpy(at, from->bytes.ptr, from->bytes.len);
    }
    at += from->bytes.len;
    *at++ = 0xff;
    edai_buffer_commit(buffer, at);
    return EDA_OK;
}

static eda_status check_agreement(
    const edai_msg *msg, eda_str topic, const void *data, eda_problem *problem)
{
    char buffer[EDA_TOPIC_LEN_MAX];
    size_t len = 0;

    EDA_TRY(edai_template_format(msg->template, data, buffer, sizeof(buffer), &len));
    if (!eda_str_equal((eda_str){.ptr = buffer, .len = len}, topic)) {
        return edai_problem_set(
            problem, NULL, EDA_EINVAL, "a field of %s differs from the topic", msg->type->name);
    }
    return EDA_OK;
}

/* A payload, and what its topic says. */
typedef struct topical {
    const edai_msg *msg;
    eda_str topic;
    eda_bytes payload;
    edai_template_value values[EDAI_TEMPLATE_VALUES_MAX];
    size_t count;
} topical;

static eda_status decode_cbor(const topical *from_topic, void **ret_data, eda_problem *problem)
{
    const edai_msg *msg = from_topic->msg;
    const edai_template_value *values = from_topic->values;
    eda_bytes payload = from_topic->payload;
    size_t count = from_topic->count;
    edai_buffer buffer = {.size = 0};
    pairs from;
    void *data = NULL;
    eda_status status = edai_cbor_well_formed(payload, problem);

    if (status != EDA_OK) {
        return status;
    }
    if (!read_pairs(payload, values, count, &from)) {
        return eda_cbor_decode(msg->type, payload, ret_data, problem); /* says what is wrong */
    }
    status = fill(&buffer, &from, values, count);
    if (status == EDA_OK) {
        const eda_bytes whole = {.ptr = buffer.bytes, .len = buffer.size};

        status = eda_cbor_decode(msg->type, whole, &data, problem);
    }
    edai_buffer_fini(&buffer);
    if (status == EDA_OK) {
        status = check_agreement(msg, from_topic->topic, data, problem);
    }
    if (status != EDA_OK) {
        edai_free(data);
        return status;
    }
    *ret_data = data;
    return EDA_OK;
}

/* --- both ---------------------------------------------------------------------------------- */

static eda_status decode_json(const topical *from_topic, void **ret_data, eda_problem *problem)
{
    const edai_template_value *values = from_topic->values;
    eda_bytes payload = from_topic->payload;
    size_t count = from_topic->count;
    const eda_str text = {.ptr = (const char *)payload.ptr, .len = payload.len};
    edai_preset presets[EDAI_TEMPLATE_VALUES_MAX];
    size_t i;

    for (i = 0; i < count; i++) {
        presets[i] = (edai_preset){.field = values[i].field, .text = values[i].chunk};
    }
    return edai_json_decode_preset(from_topic->msg->type, payload.len > 0 ? text : EDA_STR("{}"),
        presets, count, ret_data, problem);
}

eda_status edai_topic_fill(const edai_msg *msg, eda_str topic, eda_str mime, eda_bytes payload,
    void **ret_data, eda_problem *ret_problem)
{
    static const uint8_t empty[] = {0xa0};
    topical from_topic = {.msg = msg, .topic = topic, .payload = payload};
    edai_encoding encoding = edai_encoding_of(mime);

    if (edai_template_parse(msg->template, topic, from_topic.values, EDAI_TEMPLATE_VALUES_MAX,
            &from_topic.count) != EDA_OK) {
        return edai_problem_set(ret_problem, NULL, EDA_ENOTYPE, "%.*s is no topic of %s",
            topic.len > 80 ? 80 : (int)topic.len, topic.ptr, msg->type->name);
    }
    if (encoding == EDAI_ENCODING_JSON) {
        return decode_json(&from_topic, ret_data, ret_problem);
    }
    if (encoding == EDAI_ENCODING_OTHER) {
        return edai_problem_set(ret_problem, NULL, EDA_EINVAL,
            "%s is read from application/json or application/cbor, and this is %.*s",
            msg->type->name, mime.len > MIME_SHOWN_MAX ? MIME_SHOWN_MAX : (int)mime.len, mime.ptr);
    }
    if (payload.len == 0) {
        from_topic.payload = (eda_bytes){.ptr = empty, .len = sizeof(empty)};
    }
    return decode_cbor(&from_topic, ret_data, ret_problem);
}
