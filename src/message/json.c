/* json.c - decoding JSON; see json.h. Encoding is in json_write.c.
 *
 * What json_direct.c does not take as it stands goes this way, and so all errors are told here.
 * jansson makes a tree of the text, which is bounded before: its parser recurses, and every empty
 * list of two bytes costs it a hundred. */
#include "message/json.h"

#include <string.h>

#include "base/memory.h"
#include "message/json_direct.h"
#include "message/json_value.h"

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

static eda_status decode_value(edai_json_decoder *self, const edai_slot *slot, const json_t *json);

static eda_str string_of(const json_t *json)
{
    return (eda_str){.ptr = json_string_value(json), .len = json_string_length(json)};
}

static eda_status decode_list(edai_json_decoder *self, const edai_slot *slot, const json_t *json)
{
    size_t len = json_array_size(json);
    size_t items;

    if (!json_is_array(json)) {
        return edai_json_value_refuse(self, slot, "is not a list");
    }
    EDA_TRY(edai_builder_put_list(&self->builder, slot, len, &items));
    for (size_t i = 0; i < len; i++) {
        edai_path path;
        edai_slot item = edai_builder_item(slot, items, i, &path);
        EDA_TRY(decode_value(self, &item, json_array_get(json, i)));
    }
    return EDA_OK;
}

static eda_status decode_field(
    edai_json_decoder *self, const edai_slot *slot, const eda_field *field, const json_t *json)
{
    const edai_preset *preset = edai_json_value_find_preset(self, field);

    if (json != NULL) {
        EDA_TRY(decode_value(self, slot, json));
        return preset != NULL ? edai_json_value_compare(self, slot, preset) : EDA_OK;
    }
    if (preset != NULL) {
        return edai_json_value_chunk(self, slot, preset->text);
    }
    return edai_builder_put_missing(&self->builder, slot, field);
}

static eda_status decode_record(edai_json_decoder *self, const edai_slot *slot, const json_t *json)
{
    if (!json_is_object(json)) {
        return edai_json_value_refuse(self, slot, "is not an object");
    }
    for (const eda_field *field = slot->type->fields; field != NULL && field->name != NULL;
         field++) {
        edai_path path;
        edai_slot value = edai_builder_field(slot, field, &path);
        EDA_TRY(decode_field(self, &value, field, json_object_get(json, field->name)));
    }
    return EDA_OK;
}

static eda_status decode_nested(edai_json_decoder *self, const edai_slot *slot, const json_t *json)
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

static eda_status decode_value(edai_json_decoder *self, const edai_slot *slot, const json_t *json)
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
        return edai_json_value_integer(self, slot, json_integer_value(json));
    }
    if (json_is_real(json)) {
        return edai_builder_put_real(&self->builder, slot, json_real_value(json));
    }
    if (json_is_string(json)) {
        return edai_json_value_string(self, slot, string_of(json));
    }
    return edai_json_value_refuse(
        self, slot, json_is_null(json) ? "is null" : "is not of the declared type");
}

/* --- entries --- */

static eda_status decode(edai_json_decoder *self, const eda_type *type, size_t expected,
    const json_t *json, eda_problem *problem, void **ret_data)
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
    edai_json_decoder self = {.presets = presets, .preset_count = preset_count};

    return decode(&self, type, EXPECTED_SIZE, object, ret_problem, ret_data);
}

eda_status edai_json_decode_preset(const eda_type *type, eda_str text, const edai_preset *presets,
    size_t preset_count, void **ret_data, eda_problem *ret_problem)
{
    edai_json_decoder self = {.presets = presets, .preset_count = preset_count};
    edai_json_decoder direct = self;
    json_t *json = NULL;

    if (edai_json_direct(&direct, type, text, ret_data)) {
        return EDA_OK;
    }
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
