/* payload.c - see payload.h. */
#include "cli/payload.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/text.h"
#include "message/cbor.h"
#include "message/cbor_reader.h"
#include "message/json.h"
#include "wire/wire_put.h"

bool edai_payload_is_json(eda_str encoding)
{
    static const char *const names[] = {"", "application/json", "text/json", "zenoh/bytes",
        "zenoh/string", "text/plain", "application/octet-stream"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (eda_str_equal(encoding, eda_str_from(names[i]))) {
            return true;
        }
    }
    return false;
}

bool edai_payload_is_cbor(eda_str encoding)
{
    return eda_str_equal(encoding, EDA_STR("application/cbor"));
}

/* --- JSON --- */

eda_status edai_payload_put_json(edai_buffer *text, eda_str json, eda_problem *ret_problem)
{
    json_t *tree = NULL;
    bool is_quoted = false;

    EDA_TRY(edai_json_parse(json, &tree, ret_problem));
    json_decref(tree);
    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];

        if (is_quoted && c == '\\') {
            edai_text_put(text, json.ptr + i, 2); /* the parser has seen that one follows */
            i++;
            continue;
        }
        if (c == '"') {
            is_quoted = !is_quoted;
        }
        if (is_quoted || strchr(" \t\r\n", c) == NULL) {
            edai_text_put(text, &c, 1);
        }
    }
    return EDA_OK;
}

/* --- CBOR as JSON --- */

static void put_item(edai_buffer *text, edai_cbor_reader *reader);

static void put_real(edai_buffer *text, double real)
{
    char digits[40];
    int precision = 15; /* what every double holds; 17 tell any two apart */

    if (!isfinite(real)) {
        edai_text_add(text, "null");
        return;
    }
    do {
        (void)snprintf(digits, sizeof digits, "%.*g", precision, real);
    } while (strtod(digits, NULL) != real && ++precision <= 17);
    edai_text_add(text, digits);
    if (strpbrk(digits, ".e") == NULL) {
        edai_text_add(text, ".0");
    }
}

static void put_negative(edai_buffer *text, uint64_t number)
{
    if (number == UINT64_MAX) {
        edai_text_add(text, "-18446744073709551616");
    } else {
        edai_text_format(text, "-%" PRIu64, number + 1);
    }
}

/* The pieces of a string until the break, put together. */
static void put_chunks(edai_buffer *text, edai_cbor_reader *reader, bool is_text)
{
    edai_buffer whole = {.size = 0};
    edai_cbor_token token;

    while (edai_cbor_reader_next(reader, &token) && token.head != EDAI_CBOR_BREAK) {
        edai_text_put(&whole, (const char *)token.ptr, (size_t)token.number);
    }
    if (is_text) {
        edai_text_string(text, edai_text_str(&whole));
    } else {
        edai_text_base64(text, (eda_bytes){.ptr = whole.bytes, .len = whole.size});
    }
    text->is_broken = text->is_broken || whole.is_broken;
    edai_buffer_fini(&whole);
}

static bool is_break(edai_cbor_reader *reader)
{
    edai_cbor_reader ahead = *reader;
    edai_cbor_token token;

    if (edai_cbor_reader_next(&ahead, &token) && token.head != EDAI_CBOR_BREAK) {
        return false;
    }
    *reader = ahead;
    return true;
}

/* JSON's keys are strings: others become their JSON between quotes. */
static void put_key(edai_buffer *text, edai_cbor_reader *reader)
{
    edai_buffer key = {.size = 0};

    put_item(&key, reader);
    if (key.size > 0 && key.bytes[0] == '"') {
        edai_text_put(text, (const char *)key.bytes, key.size);
    } else {
        edai_text_string(text, edai_text_str(&key));
    }
    text->is_broken = text->is_broken || key.is_broken;
    edai_buffer_fini(&key);
}

static void put_list(
    edai_buffer *text, edai_cbor_reader *reader, const edai_cbor_token *head, bool is_map)
{
    bool is_open = head->head == EDAI_CBOR_ARRAY_OPEN || head->head == EDAI_CBOR_MAP_OPEN;

    edai_text_add(text, is_map ? "{" : "[");
    for (uint64_t i = 0; is_open ? !is_break(reader) : i < head->number; i++) {
        if (i > 0) {
            edai_text_add(text, ",");
        }
        if (is_map) {
            put_key(text, reader);
            edai_text_add(text, ":");
        }
        put_item(text, reader);
    }
    edai_text_add(text, is_map ? "}" : "]");
}

/* Of well-formed input within the codec's depth. */
static void put_item(edai_buffer *text, edai_cbor_reader *reader)
{
    edai_cbor_token token;

    do {
        if (!edai_cbor_reader_next(reader, &token)) {
            edai_text_add(text, "null");
            return;
        }
    } while (token.head == EDAI_CBOR_TAG);
    switch (token.head) {
    case EDAI_CBOR_UNSIGNED:
        edai_text_format(text, "%" PRIu64, token.number);
        break;
    case EDAI_CBOR_NEGATIVE:
        put_negative(text, token.number);
        break;
    case EDAI_CBOR_BYTES:
        edai_text_base64(text, (eda_bytes){.ptr = token.ptr, .len = (size_t)token.number});
        break;
    case EDAI_CBOR_TEXT:
        edai_text_string(
            text, (eda_str){.ptr = (const char *)token.ptr, .len = (size_t)token.number});
        break;
    case EDAI_CBOR_BYTES_CHUNKS:
    case EDAI_CBOR_TEXT_CHUNKS:
        put_chunks(text, reader, token.head == EDAI_CBOR_TEXT_CHUNKS);
        break;
    case EDAI_CBOR_ARRAY:
    case EDAI_CBOR_ARRAY_OPEN:
        put_list(text, reader, &token, false);
        break;
    case EDAI_CBOR_MAP:
    case EDAI_CBOR_MAP_OPEN:
        put_list(text, reader, &token, true);
        break;
    case EDAI_CBOR_REAL:
        put_real(text, token.real);
        break;
    case EDAI_CBOR_BOOL:
        edai_text_add(text, token.number != 0 ? "true" : "false");
        break;
    case EDAI_CBOR_TAG:
    case EDAI_CBOR_NULL:
    case EDAI_CBOR_SIMPLE:
    case EDAI_CBOR_BREAK:
        edai_text_add(text, "null");
        break;
    }
}

eda_status edai_payload_put_cbor(edai_buffer *text, eda_bytes cbor)
{
    edai_cbor_reader reader = {.at = cbor.ptr, .end = cbor.ptr + cbor.len};

    EDA_TRY(edai_cbor_well_formed(cbor, NULL));
    put_item(text, &reader);
    return EDA_OK;
}

void edai_payload_put(edai_buffer *text, eda_str encoding, eda_bytes payload)
{
    eda_str chars = {.ptr = (const char *)payload.ptr, .len = payload.len};

    if (edai_payload_is_json(encoding) && edai_payload_put_json(text, chars, NULL) == EDA_OK) {
        return;
    }
    if (edai_payload_is_cbor(encoding) && edai_payload_put_cbor(text, payload) == EDA_OK) {
        return;
    }
    if (edai_utf8_valid(chars)) {
        edai_text_add(text, "{\"text\":");
        edai_text_string(text, chars);
    } else {
        edai_text_add(text, "{\"base64\":");
        edai_text_base64(text, payload);
    }
    edai_text_add(text, "}");
}

/* --- JSON as CBOR --- */

static void put_head(edai_buffer *bytes, edai_cbor_major major, uint64_t number)
{
    uint8_t *at = edai_buffer_reserve(bytes, EDAI_CBOR_HEAD_SIZE_MAX);

    if (at != NULL) {
        edai_buffer_commit(bytes, edai_wire_put_head(at, major, number));
    }
}

static void put_byte(edai_buffer *bytes, unsigned byte)
{
    char c = (char)byte;

    edai_text_put(bytes, &c, 1);
}

static void put_double(edai_buffer *bytes, double real)
{
    uint8_t *at = edai_buffer_reserve(bytes, 9);
    uint64_t bits;

    memcpy(&bits, &real, sizeof bits);
    if (at != NULL) {
        at[0] = 0xfb;
        edai_cbor_put_number(at + 1, bits, 8);
        edai_buffer_commit(bytes, at + 9);
    }
}

static void put_tree(edai_buffer *bytes, json_t *tree)
{
    const char *key;
    json_t *value;
    size_t index;

    if (json_is_object(tree)) {
        put_head(bytes, EDAI_CBOR_MAJOR_MAP, json_object_size(tree));
        json_object_foreach(tree, key, value)
        {
            put_head(bytes, EDAI_CBOR_MAJOR_TEXT, strlen(key));
            edai_text_add(bytes, key);
            put_tree(bytes, value);
        }
    } else if (json_is_array(tree)) {
        put_head(bytes, EDAI_CBOR_MAJOR_ARRAY, json_array_size(tree));
        json_array_foreach(tree, index, value)
        {
            put_tree(bytes, value);
        }
    } else if (json_is_string(tree)) {
        put_head(bytes, EDAI_CBOR_MAJOR_TEXT, json_string_length(tree));
        edai_text_put(bytes, json_string_value(tree), json_string_length(tree));
    } else if (json_is_integer(tree)) {
        int64_t number = json_integer_value(tree);

        put_head(bytes, number < 0 ? EDAI_CBOR_MAJOR_NEGATIVE : EDAI_CBOR_MAJOR_UNSIGNED,
            number < 0 ? ~(uint64_t)number : (uint64_t)number);
    } else if (json_is_real(tree)) {
        put_double(bytes, json_real_value(tree));
    } else {
        put_byte(bytes, json_is_true(tree) ? 0xf5 : json_is_false(tree) ? 0xf4 : 0xf6);
    }
}

eda_status edai_payload_to_cbor(edai_buffer *bytes, eda_str json, eda_problem *ret_problem)
{
    json_t *tree = NULL;

    EDA_TRY(edai_json_parse(json, &tree, ret_problem));
    put_tree(bytes, tree);
    json_decref(tree);
    return EDA_OK;
}
