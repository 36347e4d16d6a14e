/* scalar.h - one value that is no container: its number, and what a field's declaration allows it
 * to be.
 *
 * Shared by the flat check and by both decoders. Threads: no shared state. Memory: none. */
#ifndef EDAI_SCALAR_H
#define EDAI_SCALAR_H

#include <float.h>
#include <string.h>

#include "base/utf8.h"
#include "message/problem.h"

/* What a field allows. For elements of a list the range holds, the length does not. */
typedef struct edai_bounds {
    const long double *range; /* {low, high}; NULL: whatever the C type holds */
    size_t len_max;           /* 0: the codec's bound */
} edai_bounds;

/* Exact zeros: no range was declared. A number of x87 is zero where its mantissa is, which stands
 * first and is looked at without the unit that reckons with such numbers. */
static inline bool edai_range_is_open(const long double *range)
{
#if LDBL_MANT_DIG == 64
    uint64_t low;
    uint64_t high;

    memcpy(&low, &range[0], sizeof low);
    memcpy(&high, &range[1], sizeof high);
    return (low | high) == 0;
#else
    return range[0] == 0 && range[1] == 0;
#endif
}

static inline edai_bounds edai_bounds_of(const eda_field *field)
{
    const long double *range = edai_range_is_open(field->range) ? NULL : field->range;

    return (edai_bounds){.range = range, .len_max = field->len_max};
}

/* Nothing a value of this kind holds could be wrong by itself: numbers and bool. */
static inline bool edai_kind_is_number(eda_kind kind)
{
    const unsigned numbers = ((2U << EDA_KIND_F64) - (1U << EDA_KIND_BOOL)) | 1U << EDA_KIND_TIME |
                             1U << EDA_KIND_DURATION;

    return (numbers >> kind & 1U) != 0;
}

static inline bool edai_kind_is_span(eda_kind kind)
{
    const unsigned spans = 1U << EDA_KIND_STR | 1U << EDA_KIND_BYTES | 1U << EDA_KIND_TEXT;

    return (spans >> kind & 1U) != 0;
}

/* What lists and strings look like in memory, whatever they point to. Read and written with memcpy:
 * the struct of a declared list is another type. */
typedef struct edai_span {
    const void *ptr;
    size_t len;
} edai_span;

/* Integers by their kind; bool reads as 0 or 1. */
static inline bool edai_scalar_is_unsigned(eda_kind kind)
{
    return kind == EDA_KIND_BOOL || (kind >= EDA_KIND_U8 && kind <= EDA_KIND_U64);
}

static inline int64_t edai_scalar_signed(eda_kind kind, const void *data)
{
    int8_t i8;
    int16_t i16;
    int32_t i32;
    int64_t i64;

    if (kind == EDA_KIND_I8) {
        memcpy(&i8, data, sizeof i8);
        return i8;
    }
    if (kind == EDA_KIND_I16) {
        memcpy(&i16, data, sizeof i16);
        return i16;
    }
    if (kind == EDA_KIND_I32) {
        memcpy(&i32, data, sizeof i32);
        return i32;
    }
    memcpy(&i64, data, sizeof i64);
    return i64;
}

static inline uint64_t edai_scalar_unsigned(eda_kind kind, const void *data)
{
    uint8_t u8;
    uint16_t u16;
    uint32_t u32;
    uint64_t u64;

    if (kind == EDA_KIND_U8 || kind == EDA_KIND_BOOL) {
        memcpy(&u8, data, sizeof u8);
        return u8;
    }
    if (kind == EDA_KIND_U16) {
        memcpy(&u16, data, sizeof u16);
        return u16;
    }
    if (kind == EDA_KIND_U32) {
        memcpy(&u32, data, sizeof u32);
        return u32;
    }
    memcpy(&u64, data, sizeof u64);
    return u64;
}

/* The type is an optional, and this one is not set. */
static inline bool edai_scalar_is_unset(const eda_type *type, const void *data)
{
    bool is_set = true;

    if (type->kind == EDA_KIND_OPTIONAL) {
        memcpy(&is_set, data, sizeof is_set);
    }
    return !is_set;
}

static inline size_t edai_scalar_bytes_max(edai_bounds bounds)
{
    return bounds.len_max > 0 ? bounds.len_max : EDA_CODEC_SIZE_MAX;
}

static inline size_t edai_scalar_items_max(edai_bounds bounds)
{
    return bounds.len_max > 0 && bounds.len_max < EDA_CODEC_LIST_MAX ? bounds.len_max
                                                                     : EDA_CODEC_LIST_MAX;
}

/* A string or bytes that edai_scalar_check takes. */
static inline bool edai_scalar_span_is_good(eda_kind kind, edai_bounds bounds, edai_span span)
{
    if (span.len == 0) {
        return true;
    }
    if (span.len > edai_scalar_bytes_max(bounds) || span.ptr == NULL) {
        return false;
    }
    return kind == EDA_KIND_BYTES || edai_utf8_valid((eda_str){.ptr = span.ptr, .len = span.len});
}

/* Checks anything but records, lists and optionals. EDA_ERANGE: out of range, too long. EDA_EINVAL:
 * not UTF-8, no name for an enum's value, NULL with a length. */
EDA_CHECK eda_status edai_scalar_check(const eda_type *type, edai_bounds bounds, const void *data,
    const edai_path *path, eda_problem *problem);

/* Elements of a list against its bounds. */
EDA_CHECK eda_status edai_scalar_check_len(
    size_t len, edai_bounds bounds, const edai_path *path, eda_problem *problem);

/* The name an enum's value travels by, NULL if it has none. */
const char *edai_scalar_enum_name(const eda_type *type, int value);
/* The value of a name; false if there is none. */
bool edai_scalar_enum_value(const eda_type *type, eda_str name, int *ret_value);

#endif
