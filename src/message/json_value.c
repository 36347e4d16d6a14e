/* json_value.c - see json_value.h. */
#include "message/json_value.h"

#include <string.h>

#include "message/textual.h"

eda_status edai_json_value_refuse(edai_json_decoder *self, const edai_slot *slot, const char *why)
{
    return edai_problem_set(self->builder.problem, slot->path, EDA_EINVAL, "%s", why);
}

static eda_status decode_nanoseconds(edai_json_decoder *self, const edai_slot *slot, int64_t number)
{
    return edai_builder_put_integer(
        &self->builder, slot, number < 0, number < 0 ? ~(uint64_t)number : (uint64_t)number);
}

static eda_status decode_ms(edai_json_decoder *self, const edai_slot *slot, int64_t ms)
{
    if (ms > INT64_MAX / 1000000 || ms < INT64_MIN / 1000000) {
        return edai_problem_set(self->builder.problem, slot->path, EDA_ERANGE,
            "is %lld ms; allowed: %lld to %lld", (long long)ms, (long long)(INT64_MIN / 1000000),
            (long long)(INT64_MAX / 1000000));
    }
    return decode_nanoseconds(self, slot, ms * 1000000);
}

eda_status edai_json_value_string(edai_json_decoder *self, const edai_slot *slot, eda_str text)
{
    return edai_textual_put(&self->builder, slot, text);
}

eda_status edai_json_value_integer(edai_json_decoder *self, const edai_slot *slot, int64_t number)
{
    if (slot->type->kind == EDA_KIND_TIME || slot->type->kind == EDA_KIND_DURATION) {
        return decode_ms(self, slot, number);
    }
    return decode_nanoseconds(self, slot, number);
}

/* --- records and what their topic said --- */

const edai_preset *edai_json_value_find_preset(
    const edai_json_decoder *self, const eda_field *field)
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

eda_status edai_json_value_chunk(edai_json_decoder *self, const edai_slot *slot, eda_str text)
{
    eda_kind kind = slot->type->kind;

    if (kind == EDA_KIND_OPTIONAL) {
        edai_slot value = edai_builder_some(&self->builder, slot);
        return edai_json_value_chunk(self, &value, text);
    }
    if (kind == EDA_KIND_STR || kind == EDA_KIND_TEXT || kind == EDA_KIND_ENUM) {
        return edai_builder_put_text(&self->builder, slot, text);
    }
    return edai_textual_decimal(
        &self->builder, slot, text, "is not what its type declares in the topic");
}

static bool slots_are_equal(const edai_json_decoder *self, const edai_slot *a, const edai_slot *b)
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
eda_status edai_json_value_compare(
    edai_json_decoder *self, const edai_slot *slot, const edai_preset *preset)
{
    edai_slot other = *slot;
    size_t used = self->builder.used;
    size_t gap = (8 - (used & 7)) & 7;

    EDA_TRY(edai_builder_extend(&self->builder, slot->path, gap + slot->type->size, &other.at));
    other.at += gap;
    EDA_TRY(edai_json_value_chunk(self, &other, preset->text));
    if (!slots_are_equal(self, slot, &other)) {
        return edai_json_value_refuse(self, slot, "differs from the topic");
    }
    self->builder.used = used;
    return EDA_OK;
}
