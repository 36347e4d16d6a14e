/* json.c - decoding JSON; see json.h. Encoding is in json_write.c.
 *
 * jansson makes a tree of the text, which is bounded before: its parser recurses, and every empty
 * list of two bytes costs it a hundred. */
#include "message/json.h"

#include <string.h>

#include "base/base64.h"
#include "base/memory.h"
#include "base/timetext.h"
#include "message/builder.h"
#include "message/decimal.h"

/* --- text --- */

typedef struct scanner {
    const char *at;
    const char *end;
    size_t commas[EDA_CODEC_DEPTH_MAX]; /* of the open lists and objects */
    size_t depth;
} scanner;

static void skip_string(scanner *self)
{
    for (self->at++; self->at < self->end && *self->at != '"'; self->at++) {
        if (*self->at == '\\' && self->end - self->at > 1) {
            self->at++;
        }
    }
}

/* Depth and elements only: what is wrong otherwise, the parser finds. */
static eda_status check_bounds(eda_str text, eda_problem *problem)
{
    scanner self = {.at = text.ptr, .end = text.ptr + text.len};

    for (; self.at < self.end; self.at++) {
        char c = *self.at;
        if (c == '"') {
            skip_string(&self);
            if (self.at == self.end) {
                break; /* the string has no end */
            }
        } else if (c == '[' || c == '{') {
            if (self.depth == EDA_CODEC_DEPTH_MAX) {
                return edai_problem_set(problem, NULL, EDA_ERANGE,
                    "JSON is nested deeper than %d levels", EDA_CODEC_DEPTH_MAX);
            }
            self.commas[self.depth++] = 0;
        } else if ((c == ']' || c == '}') && self.depth > 0) {
            self.depth--;
        } else if (c == ',' && self.depth > 0 &&
                   ++self.commas[self.depth - 1] >= EDA_CODEC_LIST_MAX) {
            return edai_problem_set(problem, NULL, EDA_ERANGE,
                "JSON has a list or object of more than %d elements", EDA_CODEC_LIST_MAX);
        }
    }
    return EDA_OK;
}

static bool begins_with(const char *text, const char *start)
{
    return strncmp(text, start, strlen(start)) == 0;
}

/* jansson reports some failed allocations as no error at all, and those within a string as if it
 * had not found a string where it has just read one. */
static bool is_out_of_memory(const json_error_t *error, eda_str text)
{
    size_t read = error->position > 0 ? (size_t)error->position : 0;

    if (json_error_code(error) == json_error_out_of_memory || error->text[0] == '\0') {
        return true;
    }
    if (read == 0 || read > text.len || text.ptr[read - 1] != '"') {
        return false;
    }
    return begins_with(error->text, "string or '}' expected") ||
           begins_with(error->text, "invalid token");
}

static eda_status parse_problem(const json_error_t *error, eda_str text, eda_problem *problem)
{
    if (is_out_of_memory(error, text)) {
        return edai_problem_set(problem, NULL, EDA_ENOMEM, "out of memory");
    }
    bool is_overflow = json_error_code(error) == json_error_numeric_overflow;
    return edai_problem_set(problem, NULL, is_overflow ? EDA_ERANGE : EDA_ESYNTAX,
        "JSON, line %d, column %d: %s", error->line, error->column, error->text);
}

eda_status edai_json_parse(eda_str text, json_t **ret_json, eda_problem *ret_problem)
{
    json_error_t error = {.line = 0};

    if (text.len > EDA_CODEC_SIZE_MAX) {
        return edai_problem_set(ret_problem, NULL, EDA_ERANGE, "JSON has %zu bytes; allowed: %u",
            text.len, EDA_CODEC_SIZE_MAX);
    }
    if (text.len == 0) {
        return edai_problem_set(ret_problem, NULL, EDA_ESYNTAX, "JSON is empty");
    }
    EDA_TRY(check_bounds(text, ret_problem));
    json_t *json = json_loadb(
        text.ptr, text.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (json == NULL) {
        return parse_problem(&error, text, ret_problem);
    }
    *ret_json = json;
    return EDA_OK;
}

/* --- values --- */

typedef struct decoder {
    edai_builder builder;
    const edai_preset *presets; /* of the outermost record */
    size_t preset_count;
    int depth; /* lists and records that are open */
} decoder;

static eda_status decode_value(decoder *self, const edai_slot *slot, const json_t *json);

static eda_status refuse(decoder *self, const edai_slot *slot, const char *why)
{
    return edai_problem_set(self->builder.problem, slot->path, EDA_EINVAL, "%s", why);
}

static eda_str string_of(const json_t *json)
{
    return (eda_str){.ptr = json_string_value(json), .len = json_string_length(json)};
}

/* The canonical decimal of an integer field, in a topic or in a string. */
static eda_status decode_decimal(
    decoder *self, const edai_slot *slot, eda_str text, const char *why)
{
    int64_t number;
    uint64_t magnitude;

    if (!edai_decimal_is_integer(slot->type->kind) ||
        !edai_decimal_read(slot->type->kind, text, &number, &magnitude)) {
        return refuse(self, slot, why);
    }
    uint64_t raw = number < 0 ? ~(uint64_t)number : (uint64_t)number | magnitude;
    return edai_builder_put_integer(&self->builder, slot, number < 0, raw);
}

static eda_status decode_nanoseconds(decoder *self, const edai_slot *slot, int64_t number)
{
    return edai_builder_put_integer(
        &self->builder, slot, number < 0, number < 0 ? ~(uint64_t)number : (uint64_t)number);
}

static eda_status decode_ms(decoder *self, const edai_slot *slot, int64_t ms)
{
    if (ms > INT64_MAX / 1000000 || ms < INT64_MIN / 1000000) {
        return edai_problem_set(self->builder.problem, slot->path, EDA_ERANGE,
            "is %lld ms; allowed: %lld to %lld", (long long)ms, (long long)(INT64_MIN / 1000000),
            (long long)(INT64_MAX / 1000000));
    }
    return decode_nanoseconds(self, slot, ms * 1000000);
}

static eda_status decode_time(decoder *self, const edai_slot *slot, eda_str text)
{
    bool is_time = slot->type->kind == EDA_KIND_TIME;
    int64_t number = 0;

    eda_status status =
        is_time ? edai_timetext_parse(text, &number) : edai_timetext_parse_duration(text, &number);
    if (status == EDA_ERANGE) {
        return edai_problem_set(self->builder.problem, slot->path, EDA_ERANGE,
            "is beyond what 64 bits of nanoseconds hold");
    }
    if (status != EDA_OK) {
        return refuse(self, slot,
            is_time ? "is not a time such as \"2026-11-22T13:42:22.5Z\""
                    : "is not a duration such as \"250ms\" or \"1h30m0s\"");
    }
    return decode_nanoseconds(self, slot, number);
}

static eda_status decode_bytes(decoder *self, const edai_slot *slot, eda_str text)
{
    size_t size;
    size_t at;

    EDA_TRY(edai_builder_extend(&self->builder, slot->path, edai_base64_size_max(text.len), &at));
    if (!edai_base64_decode(text, self->builder.block + at, &size)) {
        return refuse(self, slot, "is not base64");
    }
    self->builder.used = at + size;
    return edai_builder_put_tail(&self->builder, slot, size);
}

static eda_status decode_string(decoder *self, const edai_slot *slot, eda_str text)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_BYTES) {
        return decode_bytes(self, slot, text);
    }
    if (kind == EDA_KIND_TIME || kind == EDA_KIND_DURATION) {
        return decode_time(self, slot, text);
    }
    if (kind == EDA_KIND_U64) {
        return decode_decimal(self, slot, text, "is not a decimal number of 64 bits");
    }
    return edai_builder_put_text(&self->builder, slot, text);
}

static eda_status decode_integer(decoder *self, const edai_slot *slot, int64_t number)
{
    if (slot->type->kind == EDA_KIND_TIME || slot->type->kind == EDA_KIND_DURATION) {
        return decode_ms(self, slot, number);
    }
    return decode_nanoseconds(self, slot, number);
}

static eda_status decode_list(decoder *self, const edai_slot *slot, const json_t *json)
{
    size_t len = json_array_size(json);
    size_t items;

    if (!json_is_array(json)) {
        return refuse(self, slot, "is not a list");
    }
    EDA_TRY(edai_builder_put_list(&self->builder, slot, len, &items));
    for (size_t i = 0; i < len; i++) {
        edai_path path;
        edai_slot item = edai_builder_item(slot, items, i, &path);
        EDA_TRY(decode_value(self, &item, json_array_get(json, i)));
    }
    return EDA_OK;
}

/* --- records and what their topic said --- */

static const edai_preset *find_preset(const decoder *self, const eda_field *field)
{
    if (self->depth > 1) {
        return NULL;
    }
    for (size_t i = 0; i < self->preset_count; i++) {
        const eda_field *preset = self->presets[i].field;
        if (preset == field || strcmp(preset->name, field->name) == 0) {
            return &self->presets[i];
        }
    }
    return NULL;
}

static eda_status decode_chunk(decoder *self, const edai_slot *slot, eda_str text)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_OPTIONAL) {
        edai_slot value = edai_builder_some(&self->builder, slot);
        return decode_chunk(self, &value, text);
    }
    if (kind == EDA_KIND_STR || kind == EDA_KIND_TEXT || kind == EDA_KIND_ENUM) {
        return edai_builder_put_text(&self->builder, slot, text);
    }
    return decode_decimal(self, slot, text, "is not what its type declares in the topic");
}

static bool slots_are_equal(const decoder *self, const edai_slot *a, const edai_slot *b)
{
    const unsigned char *block = self->builder.block;
    edai_span spans[2];

    if (a->type->kind == EDA_KIND_OPTIONAL) {
        bool is_set;
        edai_slot value_a = *a;
        edai_slot value_b = *b;
        memcpy(&is_set, block + a->at, sizeof is_set);
        value_a.type = value_b.type = a->type->item;
        value_a.at += a->type->value_offset;
        value_b.at += a->type->value_offset;
        return is_set && slots_are_equal(self, &value_a, &value_b);
    }
    if (a->type->kind != EDA_KIND_STR && a->type->kind != EDA_KIND_TEXT) {
        return memcmp(block + a->at, block + b->at, a->type->size) == 0;
    }
    /* while a block is built, its pointers are offsets */
    for (size_t i = 0; i < 2; i++) {
        uintptr_t offset;
        const unsigned char *at = block + (i == 0 ? a->at : b->at);
        memcpy(&offset, at + offsetof(edai_span, ptr), sizeof offset);
        memcpy(&spans[i].len, at + offsetof(edai_span, len), sizeof spans[i].len);
        spans[i].ptr = block + offset;
    }
    return spans[0].len == spans[1].len && memcmp(spans[0].ptr, spans[1].ptr, spans[0].len) == 0;
}

/* The object's value stands in the slot; the topic's is decoded behind it, compared, and dropped.
 */
static eda_status compare_preset(decoder *self, const edai_slot *slot, const edai_preset *preset)
{
    edai_slot other = *slot;
    size_t used = self->builder.used;
    size_t gap = (8 - (used & 7)) & 7;

    EDA_TRY(edai_builder_extend(&self->builder, slot->path, gap + slot->type->size, &other.at));
    other.at += gap;
    EDA_TRY(decode_chunk(self, &other, preset->text));
    if (!slots_are_equal(self, slot, &other)) {
        return refuse(self, slot, "differs from the topic");
    }
    self->builder.used = used;
    return EDA_OK;
}

static eda_status decode_field(
    decoder *self, const edai_slot *slot, const eda_field *field, const json_t *json)
{
    const edai_preset *preset = find_preset(self, field);

    if (json != NULL) {
        EDA_TRY(decode_value(self, slot, json));
        return preset != NULL ? compare_preset(self, slot, preset) : EDA_OK;
    }
    if (preset != NULL) {
        return decode_chunk(self, slot, preset->text);
    }
    return edai_builder_put_missing(&self->builder, slot, field);
}

static eda_status decode_record(decoder *self, const edai_slot *slot, const json_t *json)
{
    if (!json_is_object(json)) {
        return refuse(self, slot, "is not an object");
    }
    for (const eda_field *field = slot->type->fields; field != NULL && field->name != NULL;
         field++) {
        edai_path path;
        edai_slot value = edai_builder_field(slot, field, &path);
        EDA_TRY(decode_field(self, &value, field, json_object_get(json, field->name)));
    }
    return EDA_OK;
}

static eda_status decode_nested(decoder *self, const edai_slot *slot, const json_t *json)
{
    /* bounded here too: a tree that somebody else made has no bound of ours */
    if (self->depth >= EDA_CODEC_DEPTH_MAX) {
        return edai_problem_set(self->builder.problem, slot->path, EDA_ERANGE,
            "is nested deeper than %d levels", EDA_CODEC_DEPTH_MAX);
    }
    self->depth++;
    eda_status status = slot->type->kind == EDA_KIND_LIST ? decode_list(self, slot, json)
                                                          : decode_record(self, slot, json);
    self->depth--;
    return status;
}

static eda_status decode_value(decoder *self, const edai_slot *slot, const json_t *json)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_OPTIONAL) {
        if (json_is_null(json)) {
            return EDA_OK;
        }
        edai_slot value = edai_builder_some(&self->builder, slot);
        return decode_value(self, &value, json);
    }
    if (kind == EDA_KIND_LIST || kind == EDA_KIND_RECORD) {
        return decode_nested(self, slot, json);
    }
    if (json_is_boolean(json)) {
        return edai_builder_put_bool(&self->builder, slot, json_is_true(json));
    }
    if (json_is_integer(json)) {
        return decode_integer(self, slot, json_integer_value(json));
    }
    if (json_is_real(json)) {
        return edai_builder_put_real(&self->builder, slot, json_real_value(json));
    }
    if (json_is_string(json)) {
        return decode_string(self, slot, string_of(json));
    }
    return refuse(self, slot, json_is_null(json) ? "is null" : "is not of the declared type");
}

/* --- entries --- */

static eda_status decode(decoder *self, const eda_type *type, size_t expected, const json_t *json,
    eda_problem *problem, void **ret_data)
{
    edai_path path = {.name = type->name};
    edai_slot slot = {.type = type, .path = &path};

    EDA_TRY(edai_builder_init(&self->builder, type, expected, problem));
    eda_status status = decode_value(self, &slot, json);
    if (status == EDA_OK) {
        edai_builder_finish(&self->builder, type, ret_data);
    } else {
        edai_builder_fini(&self->builder);
    }
    return status;
}

/* Room for a few strings; from text it is known better. */
#define EXPECTED_SIZE 256

eda_status edai_json_from(const eda_type *type, const json_t *object, const edai_preset *presets,
    size_t preset_count, void **ret_data, eda_problem *ret_problem)
{
    decoder self = {.presets = presets, .preset_count = preset_count};

    return decode(&self, type, EXPECTED_SIZE, object, ret_problem, ret_data);
}

eda_status edai_json_decode_preset(const eda_type *type, eda_str text, const edai_preset *presets,
    size_t preset_count, void **ret_data, eda_problem *ret_problem)
{
    decoder self = {.presets = presets, .preset_count = preset_count};
    json_t *json = NULL;

    EDA_TRY(edai_json_parse(text, &json, ret_problem));
    eda_status status = decode(&self, type, text.len, json, ret_problem, ret_data);
    json_decref(json);
    return status;
}

eda_status eda_json_decode(
    const eda_type *type, eda_str text, void **ret_data, eda_problem *ret_problem)
{
    return edai_json_decode_preset(type, text, NULL, 0, ret_data, ret_problem);
}
