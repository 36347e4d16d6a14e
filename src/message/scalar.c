/* scalar.c - see scalar.h. */
#include "message/scalar.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static double real_of(eda_kind kind, const void *data)
{
    float f32;
    double f64;

    if (kind == EDA_KIND_F32) {
        memcpy(&f32, data, sizeof f32);
        return (double)f32;
    }
    memcpy(&f64, data, sizeof f64);
    return f64;
}

static void number_text(eda_kind kind, const void *data, char *text, size_t size)
{
    if (kind == EDA_KIND_F32 || kind == EDA_KIND_F64) {
        (void)snprintf(text, size, "%.9g", real_of(kind, data));
    } else if (edai_scalar_is_unsigned(kind)) {
        (void)snprintf(text, size, "%" PRIu64, edai_scalar_unsigned(kind, data));
    } else {
        (void)snprintf(text, size, "%" PRId64, edai_scalar_signed(kind, data));
    }
}

static bool number_is_within(eda_kind kind, const long double *range, const void *data)
{
    long double number;

    if (kind == EDA_KIND_F32 || kind == EDA_KIND_F64) {
        number = (long double)real_of(kind, data);
    } else if (edai_scalar_is_unsigned(kind)) {
        number = (long double)edai_scalar_unsigned(kind, data);
    } else {
        number = (long double)edai_scalar_signed(kind, data);
    }
    return number >= range[0] && number <= range[1]; /* false for NaN */
}

static eda_status number_problem(const eda_type *type, const long double *range, const void *data,
    const edai_path *path, eda_problem *problem)
{
    char low[EDAI_PROBLEM_NUMBER_SIZE];
    char high[EDAI_PROBLEM_NUMBER_SIZE];
    char is[EDAI_PROBLEM_NUMBER_SIZE];

    edai_problem_number(range[0], low);
    edai_problem_number(range[1], high);
    number_text(type->kind, data, is, sizeof is);
    return edai_problem_set(problem, path, EDA_ERANGE, "is %s; allowed: %s to %s", is, low, high);
}

static eda_status check_span(const eda_type *type, edai_bounds bounds, const void *data,
    const edai_path *path, eda_problem *problem)
{
    edai_span span;

    memcpy(&span, data, sizeof span);
    if (edai_scalar_span_is_good(type->kind, bounds, span)) {
        return EDA_OK;
    }
    if (span.len > edai_scalar_bytes_max(bounds)) {
        return edai_problem_set(problem, path, EDA_ERANGE, "has %zu bytes; allowed: %zu", span.len,
            edai_scalar_bytes_max(bounds));
    }
    if (span.ptr == NULL) {
        return edai_problem_set(
            problem, path, EDA_EINVAL, "is NULL with a length of %zu", span.len);
    }
    return edai_problem_set(problem, path, EDA_EINVAL, "is not UTF-8");
}

eda_status edai_scalar_check(const eda_type *type, edai_bounds bounds, const void *data,
    const edai_path *path, eda_problem *problem)
{
    int value;

    if (edai_kind_is_number(type->kind)) {
        if (bounds.range == NULL || number_is_within(type->kind, bounds.range, data)) {
            return EDA_OK;
        }
        return number_problem(type, bounds.range, data, path, problem);
    }
    if (edai_kind_is_span(type->kind)) {
        return check_span(type, bounds, data, path, problem);
    }
    if (type->kind == EDA_KIND_ENUM) {
        memcpy(&value, data, sizeof value);
        if (edai_scalar_enum_name(type, value) == NULL) {
            return edai_problem_set(
                problem, path, EDA_EINVAL, "is %d, which no name of %s has", value, type->name);
        }
    }
    return EDA_OK;
}

eda_status edai_scalar_check_len(
    size_t len, edai_bounds bounds, const edai_path *path, eda_problem *problem)
{
    size_t len_max = edai_scalar_items_max(bounds);

    if (len > len_max) {
        return edai_problem_set(
            problem, path, EDA_ERANGE, "has %zu elements; allowed: %zu", len, len_max);
    }
    return EDA_OK;
}

const char *edai_scalar_enum_name(const eda_type *type, int value)
{
    for (const eda_enumerator *one = type->enumerators; one != NULL && one->name != NULL; one++) {
        if (one->value == value) {
            return one->name;
        }
    }
    return NULL;
}

bool edai_scalar_enum_value(const eda_type *type, eda_str name, int *ret_value)
{
    for (const eda_enumerator *one = type->enumerators; one != NULL && one->name != NULL; one++) {
        if (strlen(one->name) == name.len && memcmp(one->name, name.ptr, name.len) == 0) {
            *ret_value = one->value;
            return true;
        }
    }
    return false;
}
