/* codec_sample.h - types that hold every kind of field, and deep comparison, for the tests and fuzz
 * targets of flat messages and codecs. */
#ifndef EDAI_CODEC_SAMPLE_H
#define EDAI_CODEC_SAMPLE_H

#include <edacious/declare.h>
#include <edacious/value.h>

#include <string.h>

#include "message/scalar.h"

EDA_ENUM(sample_mode,
    (SAMPLE_LOCKED, "locked"),
    (SAMPLE_OPEN, "open"),
    (SAMPLE_HELD, "held"));

EDA_RECORD(sample_scalars,
    (bool, flag),
    (int8_t, i8),
    (int16_t, i16),
    (int32_t, i32),
    (int64_t, i64),
    (uint8_t, u8),
    (uint16_t, u16),
    (uint32_t, u32),
    (uint64_t, u64),
    (float, f32),
    (double, f64),
    (eda_str, text),
    (eda_bytes, raw),
    (eda_time, at),
    (eda_duration, lasts),
    (sample_mode, mode));

EDA_RECORD(sample_badge, (eda_str, id), (uint32_t, level, .range = {0, 9}));

EDA_MESSAGE(sample_unlock, "door/{door_id}/{floor}/unlock",
    (eda_str, door_id, .len_max = 32),
    (int32_t, floor),
    (sample_badge, holder),
    (eda_optional(uint32_t), hold_s),
    (eda_optional(sample_badge), last),
    (eda_list_of(sample_badge), guests, .len_max = 8),
    (uint8_t, attempt, .range = {1, 3}, .if_missing = 1),
    (bool, is_test, .may_miss = true));

EDA_RECORD(sample_tree,
    (eda_str, name, .may_miss = true),
    (eda_list_of(sample_tree), children, .may_miss = true));

/* Everything may miss, so that any map of known fields decodes. */
EDA_RECORD(sample_any,
    (eda_optional(bool), flag),
    (eda_optional(int8_t), i8),
    (eda_optional(uint16_t), u16),
    (eda_optional(int64_t), i64),
    (eda_optional(uint64_t), u64),
    (eda_optional(float), f32),
    (eda_optional(double), f64),
    (eda_optional(eda_str), text),
    (eda_optional(eda_bytes), raw),
    (eda_optional(eda_time), at),
    (eda_optional(eda_duration), lasts),
    (eda_optional(sample_mode), mode),
    (eda_optional(sample_badge), badge),
    (eda_list_of(bool), flags, .may_miss = true),
    (eda_list_of(uint8_t), u8s, .may_miss = true),
    (eda_list_of(int64_t), i64s, .may_miss = true),
    (eda_list_of(uint64_t), u64s, .may_miss = true),
    (eda_list_of(float), f32s, .may_miss = true),
    (eda_list_of(double), f64s, .may_miss = true),
    (eda_list_of(eda_str), texts, .may_miss = true),
    (eda_list_of(eda_bytes), raws, .may_miss = true),
    (eda_list_of(eda_time), times, .may_miss = true),
    (eda_list_of(eda_duration), durations, .may_miss = true),
    (eda_list_of(sample_mode), modes, .may_miss = true),
    (eda_list_of(sample_badge), badges, .may_miss = true),
    (eda_list_of(sample_tree), trees, .may_miss = true));

static bool sample_equal(const eda_type *type, const void *a, const void *b);

static bool sample_spans_equal(const eda_type *type, const void *a, const void *b)
{
    edai_span one;
    edai_span other;

    memcpy(&one, a, sizeof one);
    memcpy(&other, b, sizeof other);
    if (one.len != other.len) {
        return false;
    }
    if (type->kind != EDA_KIND_LIST) {
        return one.len == 0 || memcmp(one.ptr, other.ptr, one.len) == 0;
    }
    size_t size = type->item->size;
    for (size_t i = 0; i < one.len; i++) {
        if (!sample_equal(
                type->item, (const char *)one.ptr + i * size, (const char *)other.ptr + i * size)) {
            return false;
        }
    }
    return true;
}

/* The same value; for numbers the same bits. */
static bool sample_equal(const eda_type *type, const void *a, const void *b)
{
    if (type->kind == EDA_KIND_STR || type->kind == EDA_KIND_BYTES || type->kind == EDA_KIND_LIST) {
        return sample_spans_equal(type, a, b);
    }
    if (type->kind == EDA_KIND_OPTIONAL) {
        size_t at = type->value_offset;
        bool is_unset = edai_scalar_is_unset(type, a);
        return is_unset == edai_scalar_is_unset(type, b) &&
               (is_unset || sample_equal(type->item, (const char *)a + at, (const char *)b + at));
    }
    if (type->kind != EDA_KIND_RECORD) {
        return memcmp(a, b, type->size) == 0;
    }
    for (const eda_field *field = type->fields; field->name != NULL; field++) {
        if (!sample_equal(
                field->type, (const char *)a + field->offset, (const char *)b + field->offset)) {
            return false;
        }
    }
    return true;
}

#endif
