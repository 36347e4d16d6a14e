/* attachment.c - what goes with a message beside its payload; see wire.h. */
#include "wire/wire_put.h"
#include "wire/wire_take.h"

#include "message/json.h"

#define VERSION 1

void edai_wire_attachment(edai_buffer *buffer, const edai_attachment *attachment)
{
    size_t room = 7 * EDAI_CBOR_HEAD_SIZE_MAX + attachment->type.len + attachment->source.len;
    unsigned count = 1U + (attachment->type.len > 0) + (attachment->source.len > 0);
    uint8_t *at = edai_buffer_reserve(buffer, room);

    if (at == NULL) {
        return;
    }
    at = edai_wire_put_head(at, EDAI_CBOR_MAJOR_MAP, count);
    at = edai_wire_put_number(edai_wire_put_text(at, EDA_STR("v")), VERSION);
    if (attachment->type.len > 0) {
        at = edai_wire_put_text(edai_wire_put_text(at, EDA_STR("t")), attachment->type);
    }
    if (attachment->source.len > 0) {
        at = edai_wire_put_text(edai_wire_put_text(at, EDA_STR("src")), attachment->source);
    }
    edai_buffer_commit(buffer, at);
}

/* --- CBOR --- */

static bool take_value(edai_cbor_reader *reader, eda_str key, edai_attachment *attachment)
{
    uint64_t version = 0;

    if (eda_str_equal(key, EDA_STR("v"))) {
        return edai_wire_take_number(reader, VERSION, &version) && version == VERSION;
    }
    if (eda_str_equal(key, EDA_STR("t"))) {
        return edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &attachment->type);
    }
    if (eda_str_equal(key, EDA_STR("src"))) {
        return edai_wire_take_text(reader, EDAI_WIRE_TEXT_MAX, &attachment->source);
    }
    return edai_wire_pass_over(reader, 1);
}

static eda_status read_cbor(eda_bytes bytes, edai_attachment *ret_attachment)
{
    edai_cbor_reader reader = {.at = bytes.ptr, .end = bytes.ptr + bytes.len};
    edai_attachment attachment = {.type = {"", 0}, .source = {"", 0}};
    edai_wire_map map;
    edai_wire_step step;
    eda_str key;

    if (!edai_wire_take_map(&reader, &map)) {
        return EDA_ESYNTAX;
    }
    while ((step = edai_wire_take_key(&reader, &map, &key)) == EDAI_WIRE_PAIR) {
        if (!take_value(&reader, key, &attachment)) {
            return EDA_ESYNTAX;
        }
    }
    if (step == EDAI_WIRE_BROKEN || reader.at != reader.end) {
        return EDA_ESYNTAX;
    }
    *ret_attachment = attachment;
    return EDA_OK;
}

/* --- JSON --- */

/* A member's text; empty: it is not there. False: it is something else. */
static bool text_of(const json_t *object, const char *key, eda_str *ret_text)
{
    const json_t *value = json_object_get(object, key);

    if (value == NULL) {
        *ret_text = (eda_str){.ptr = "", .len = 0};
        return true;
    }
    if (!json_is_string(value)) {
        return false;
    }
    *ret_text = (eda_str){.ptr = json_string_value(value), .len = json_string_length(value)};
    return true;
}

static bool is_version(const json_t *value)
{
    return value == NULL || (json_is_integer(value) && json_integer_value(value) == VERSION);
}

/* Both texts into the buffer, since the tree does not last. */
static eda_status copy(edai_buffer *buffer, eda_str type, eda_str source, edai_attachment *ret)
{
    edai_buffer_clear(buffer);
    uint8_t *at = edai_buffer_reserve(buffer, type.len + source.len + 1);
    if (at == NULL) {
        return EDA_ENOMEM;
    }
    edai_writer_copy(at, type.ptr, type.len);
    edai_writer_copy(at + type.len, source.ptr, source.len);
    edai_buffer_commit(buffer, at + type.len + source.len);
    ret->type = (eda_str){.ptr = (const char *)at, .len = type.len};
    ret->source = (eda_str){.ptr = (const char *)at + type.len, .len = source.len};
    return EDA_OK;
}

static eda_status read_json(eda_str text, edai_buffer *buffer, edai_attachment *ret_attachment)
{
    json_t *json;
    eda_str type;
    eda_str source;
    eda_status status = edai_json_parse(text, &json, NULL);

    if (status != EDA_OK) {
        return status == EDA_ENOMEM ? EDA_ENOMEM : EDA_ESYNTAX;
    }
    status = EDA_ESYNTAX;
    if (json_is_object(json) && is_version(json_object_get(json, "v")) &&
        text_of(json, "t", &type) && text_of(json, "src", &source)) {
        status = copy(buffer, type, source, ret_attachment);
    }
    json_decref(json);
    return status;
}

eda_status edai_wire_read_attachment(
    eda_bytes bytes, edai_buffer *buffer, edai_attachment *ret_attachment)
{
    if (bytes.len == 0 || bytes.len > EDAI_WIRE_TEXT_MAX) {
        return EDA_ESYNTAX;
    }
    if (bytes.ptr[0] == '{') {
        eda_str text = {.ptr = (const char *)bytes.ptr, .len = bytes.len};
        return read_json(text, buffer, ret_attachment);
    }
    return read_cbor(bytes, ret_attachment);
}
