/* flat.c - see flat.h. Three walks over the same fields in the same order: check, size, copy. */
#include "message/flat.h"

#include <string.h>

#include "base/assert.h"
#include "base/memory.h"
#include "message/scalar.h"

/* A record without fields has a placeholder and may have no array either. */
static const eda_field no_fields = {.name = NULL};

static const eda_field *first_field(const eda_type *type)
{
    return type->fields != NULL ? type->fields : &no_fields;
}

static bool kind_is_nested(eda_kind kind)
{
    return kind == EDA_KIND_RECORD || kind == EDA_KIND_LIST || kind == EDA_KIND_OPTIONAL;
}

static size_t align_up(size_t offset)
{
    return (offset + 7) & ~(size_t)7;
}

/* --- shape --- */

/* Ends for every type: a struct cannot hold itself by value, and a list, through which it can, ends
 * the walk. */
static bool is_plain(const eda_type *type)
{
    if (type->kind == EDA_KIND_LIST || edai_kind_is_span(type->kind)) {
        return false;
    }
    if (type->kind == EDA_KIND_OPTIONAL) {
        return is_plain(type->item);
    }
    if (type->kind == EDA_KIND_RECORD) {
        for (const eda_field *field = first_field(type); field->name != NULL; field++) {
            if (!is_plain(field->type)) {
                return false;
            }
        }
    }
    return true;
}

static bool needs_check(const eda_type *type)
{
    if (type->kind == EDA_KIND_LIST || type->kind == EDA_KIND_ENUM ||
        edai_kind_is_span(type->kind)) {
        return true;
    }
    if (type->kind == EDA_KIND_OPTIONAL) {
        return needs_check(type->item);
    }
    if (type->kind == EDA_KIND_RECORD) {
        for (const eda_field *field = first_field(type); field->name != NULL; field++) {
            if (edai_bounds_of(field).range != NULL || needs_check(field->type)) {
                return true;
            }
        }
    }
    return false;
}

/* False: there are pointers that are no spans of the struct's own, or too many. */
static bool find_spans(edai_shape *shape, const eda_type *type, size_t offset)
{
    for (const eda_field *field = first_field(type); field->name != NULL; field++) {
        const eda_type *inner = field->type;
        size_t at = offset + field->offset;
        if (is_plain(inner)) {
            shape->needs_walk |= edai_bounds_of(field).range != NULL || needs_check(inner);
        } else if (edai_kind_is_span(inner->kind)) {
            if (shape->span_count == EDAI_SHAPE_SPANS || at > UINT32_MAX) {
                return false;
            }
            shape->spans[shape->span_count++] = (edai_shape_span){.offset = (uint32_t)at,
                .kind = (uint32_t)inner->kind,
                .len_max = edai_bounds_of(field).len_max};
        } else if (inner->kind != EDA_KIND_RECORD || !find_spans(shape, inner, at)) {
            return false;
        }
    }
    return true;
}

edai_shape edai_shape_of(const eda_type *type)
{
    edai_shape shape = {
        .size = type->size, .is_plain = is_plain(type), .needs_check = needs_check(type)};

    if (type->kind != EDA_KIND_RECORD || type->size > EDA_CODEC_SIZE_MAX ||
        !find_spans(&shape, type, 0)) {
        shape.span_count = 0;
    }
    shape.needs_walk |= shape.span_count == 0;
    return shape;
}

/* --- check --- */

typedef struct checker {
    eda_problem *problem;
    size_t size_max;
    size_t used; /* bytes of the flat block so far; at most size_max */
    int depth;   /* records and lists that are open */
} checker;

static eda_status check_nested(checker *self, const eda_type *type, edai_bounds bounds,
    const void *data, const edai_path *path);

static eda_status check_too_large(checker *self, const edai_path *path)
{
    return edai_problem_set(self->problem, path, EDA_ERANGE,
        "brings the message above %zu bytes in all", self->size_max);
}

static eda_status check_single(checker *self, const eda_type *type, edai_bounds bounds,
    const void *data, const edai_path *path)
{
    edai_span span;

    EDA_TRY(edai_scalar_check(type, bounds, data, path, self->problem));
    if (edai_kind_is_span(type->kind)) {
        memcpy(&span, data, sizeof span);
        if (span.len > self->size_max - self->used) {
            return check_too_large(self, path);
        }
        self->used += span.len;
    }
    return EDA_OK;
}

static eda_status check_record(
    checker *self, const eda_type *type, const void *data, const edai_path *path)
{
    for (const eda_field *field = first_field(type); field->name != NULL; field++) {
        edai_bounds bounds = edai_bounds_of(field);
        if (bounds.range == NULL && edai_kind_is_number(field->type->kind)) {
            continue;
        }
        edai_path here = {.up = path, .name = field->name};
        const void *value = (const unsigned char *)data + field->offset;
        if (kind_is_nested(field->type->kind)) {
            EDA_TRY(check_nested(self, field->type, bounds, value, &here));
        } else {
            EDA_TRY(check_single(self, field->type, bounds, value, &here));
        }
    }
    return EDA_OK;
}

static eda_status check_list(checker *self, const eda_type *type, edai_bounds bounds,
    const void *data, const edai_path *path)
{
    const eda_type *item = type->item;
    edai_span list;

    memcpy(&list, data, sizeof list);
    EDA_TRY(edai_scalar_check_len(list.len, bounds, path, self->problem));
    if (list.len == 0) {
        return EDA_OK;
    }
    if (list.ptr == NULL) {
        return edai_problem_set(
            self->problem, path, EDA_EINVAL, "is NULL with a length of %zu", list.len);
    }
    size_t start = align_up(self->used);
    if (start > self->size_max || list.len > (self->size_max - start) / item->size) {
        return check_too_large(self, path);
    }
    self->used = start + list.len * item->size;
    edai_bounds item_bounds = {.range = bounds.range};
    if (item_bounds.range == NULL && edai_kind_is_number(item->kind)) {
        return EDA_OK;
    }
    for (size_t i = 0; i < list.len; i++) {
        edai_path here = {.up = path, .index = i};
        const void *value = (const unsigned char *)list.ptr + i * item->size;
        if (kind_is_nested(item->kind)) {
            EDA_TRY(check_nested(self, item, item_bounds, value, &here));
        } else {
            EDA_TRY(check_single(self, item, item_bounds, value, &here));
        }
    }
    return EDA_OK;
}

static eda_status check_optional(checker *self, const eda_type *type, edai_bounds bounds,
    const void *data, const edai_path *path)
{
    const void *value = (const unsigned char *)data + type->value_offset;
    bool is_set;

    memcpy(&is_set, data, sizeof is_set);
    if (!is_set) {
        return EDA_OK;
    }
    if (kind_is_nested(type->item->kind)) {
        return check_nested(self, type->item, bounds, value, path);
    }
    return check_single(self, type->item, bounds, value, path);
}

static eda_status check_nested(checker *self, const eda_type *type, edai_bounds bounds,
    const void *data, const edai_path *path)
{
    eda_status status;

    if (type->kind == EDA_KIND_OPTIONAL) {
        return check_optional(self, type, bounds, data, path);
    }
    if (self->depth >= EDA_CODEC_DEPTH_MAX) {
        return edai_problem_set(self->problem, path, EDA_ERANGE, "is nested deeper than %d levels",
            EDA_CODEC_DEPTH_MAX);
    }
    self->depth++;
    if (type->kind == EDA_KIND_LIST) {
        status = check_list(self, type, bounds, data, path);
    } else {
        status = check_record(self, type, data, path);
    }
    self->depth--;
    return status;
}

eda_status edai_flat_check(const eda_type *type, const void *data, eda_problem *ret_problem)
{
    return edai_flat_check_within(type, data, EDA_CODEC_SIZE_MAX, ret_problem);
}

eda_status edai_flat_check_within(
    const eda_type *type, const void *data, size_t size_max, eda_problem *ret_problem)
{
    edai_path path = {.name = type->name};
    checker self = {.problem = ret_problem, .size_max = size_max, .used = type->size};

    EDA_ASSERT(size_max <= EDAI_FLAT_SIZE_MAX, "sums of lengths stay far from overflow");
    if (type->size > size_max) {
        return check_too_large(&self, &path);
    }
    if (kind_is_nested(type->kind)) {
        return check_nested(&self, type, (edai_bounds){0}, data, &path);
    }
    return check_single(&self, type, (edai_bounds){0}, data, &path);
}

/* --- size --- */

static bool size_nested(const eda_type *type, const void *data, size_t *used, int depth);

static bool size_span(const void *data, size_t *used)
{
    edai_span span;

    memcpy(&span, data, sizeof span);
    if (span.len > EDAI_FLAT_SIZE_MAX - *used) {
        return false;
    }
    *used += span.len;
    return true;
}

static bool size_value(const eda_type *type, const void *data, size_t *used, int depth)
{
    if (edai_kind_is_span(type->kind)) {
        return size_span(data, used);
    }
    return !kind_is_nested(type->kind) || size_nested(type, data, used, depth);
}

static bool size_list(const eda_type *type, const void *data, size_t *used, int depth)
{
    const eda_type *item = type->item;
    edai_span list;

    memcpy(&list, data, sizeof list);
    if (list.len == 0) {
        return true;
    }
    size_t start = align_up(*used);
    if (start > EDAI_FLAT_SIZE_MAX || list.len > (EDAI_FLAT_SIZE_MAX - start) / item->size) {
        return false;
    }
    *used = start + list.len * item->size;
    if (is_plain(item)) {
        return true;
    }
    for (size_t i = 0; i < list.len; i++) {
        if (!size_value(item, (const unsigned char *)list.ptr + i * item->size, used, depth)) {
            return false;
        }
    }
    return true;
}

static bool size_nested(const eda_type *type, const void *data, size_t *used, int depth)
{
    bool is_set;

    if (type->kind == EDA_KIND_OPTIONAL) {
        memcpy(&is_set, data, sizeof is_set);
        return !is_set || size_value(type->item, (const unsigned char *)data + type->value_offset,
                              used, depth);
    }
    if (depth >= EDA_CODEC_DEPTH_MAX) {
        return false;
    }
    if (type->kind == EDA_KIND_LIST) {
        return size_list(type, data, used, depth + 1);
    }
    for (const eda_field *field = first_field(type); field->name != NULL; field++) {
        const void *value = (const unsigned char *)data + field->offset;
        if (!size_value(field->type, value, used, depth + 1)) {
            return false;
        }
    }
    return true;
}

eda_status edai_flat_size(const eda_type *type, const void *data, size_t *ret_size)
{
    size_t used = type->size;

    if (used > EDAI_FLAT_SIZE_MAX || !size_value(type, data, &used, 0)) {
        return EDA_ERANGE;
    }
    *ret_size = used;
    return EDA_OK;
}

/* --- copy --- */

typedef struct copier {
    unsigned char *block;
    size_t size;
    size_t used;
} copier;

static void copy_nested(copier *self, const eda_type *type, unsigned char *at);

/* `at` stands in the block: a copy of the source's struct, whose pointers are still the source's.
 */
static void copy_span(copier *self, unsigned char *at)
{
    edai_span span;

    memcpy(&span, at, sizeof span);
    EDA_ASSERT(span.len <= self->size - self->used, "the message changed while it was copied");
    unsigned char *to = self->block + self->used;
    if (span.len > 0) {
        memcpy(to, span.ptr, span.len);
        self->used += span.len;
    }
    span.ptr = to;
    memcpy(at, &span, sizeof span);
}

static void copy_value(copier *self, const eda_type *type, unsigned char *at)
{
    if (edai_kind_is_span(type->kind)) {
        copy_span(self, at);
    } else if (kind_is_nested(type->kind)) {
        copy_nested(self, type, at);
    }
}

static void copy_list(copier *self, const eda_type *type, unsigned char *at)
{
    const eda_type *item = type->item;
    edai_span list;

    memcpy(&list, at, sizeof list);
    if (list.len == 0) {
        list.ptr = NULL;
        memcpy(at, &list, sizeof list);
        return;
    }
    size_t start = align_up(self->used);
    EDA_ASSERT(start <= self->size && list.len <= (self->size - start) / item->size,
        "the message changed while it was copied");
    memset(self->block + self->used, 0, start - self->used);
    unsigned char *items = self->block + start;
    memcpy(items, list.ptr, list.len * item->size);
    self->used = start + list.len * item->size;
    list.ptr = items;
    memcpy(at, &list, sizeof list);
    if (is_plain(item)) {
        return;
    }
    for (size_t i = 0; i < list.len; i++) {
        copy_value(self, item, items + i * item->size);
    }
}

static void copy_optional(copier *self, const eda_type *type, unsigned char *at)
{
    unsigned char *value = at + type->value_offset;
    bool is_set;

    memcpy(&is_set, at, sizeof is_set);
    if (is_set) {
        copy_value(self, type->item, value);
    } else if (!is_plain(type->item)) {
        memset(value, 0, type->item->size); /* no pointer out of the block, not even a dead one */
    }
}

static void copy_nested(copier *self, const eda_type *type, unsigned char *at)
{
    if (type->kind == EDA_KIND_LIST) {
        copy_list(self, type, at);
        return;
    }
    if (type->kind == EDA_KIND_OPTIONAL) {
        copy_optional(self, type, at);
        return;
    }
    for (const eda_field *field = first_field(type); field->name != NULL; field++) {
        copy_value(self, field->type, at + field->offset);
    }
}

void edai_flat_copy(const eda_type *type, const void *data, void *block, size_t size)
{
    copier self = {.block = block, .size = size, .used = type->size};

    EDA_ASSERT(((uintptr_t)block & 7) == 0, "lists in the block are 8-aligned with it");
    EDA_ASSERT(size >= type->size, "the block holds the struct at least");
    memcpy(block, data, type->size);
    copy_value(&self, type, block);
    EDA_ASSERT(self.used == size, "the message changed while it was copied");
}

/* --- by the shape --- */

static edai_span span_at(const void *struct_data, const edai_shape_span *where)
{
    edai_span span;

    memcpy(&span, (const unsigned char *)struct_data + where->offset, sizeof span);
    return span;
}

static bool are_spans_good(const edai_shape *shape, const void *data)
{
    size_t used = shape->size;

    for (unsigned i = 0; i < shape->span_count; i++) {
        const edai_shape_span *where = &shape->spans[i];
        const edai_bounds bounds = {.len_max = where->len_max};
        edai_span span = span_at(data, where);
        if (!edai_scalar_span_is_good((eda_kind)where->kind, bounds, span) ||
            span.len > EDA_CODEC_SIZE_MAX - used) {
            return false;
        }
        used += span.len;
    }
    return true;
}

eda_status edai_shape_check(
    const edai_shape *shape, const eda_type *type, const void *data, eda_problem *ret_problem)
{
    if (!shape->needs_walk && are_spans_good(shape, data)) {
        return EDA_OK;
    }
    return edai_flat_check(type, data, ret_problem); /* which says what is wrong */
}

eda_status edai_shape_size_apart(
    const edai_shape *shape, const eda_type *type, const void *data, size_t *ret_size)
{
    size_t used = shape->size;

    if (shape->span_count == 0) {
        return edai_flat_size(type, data, ret_size);
    }
    for (unsigned i = 0; i < shape->span_count; i++) {
        size_t len = span_at(data, &shape->spans[i]).len;
        if (len > EDAI_FLAT_SIZE_MAX - used) {
            return EDA_ERANGE;
        }
        used += len;
    }
    *ret_size = used;
    return EDA_OK;
}

void edai_shape_copy_apart(
    const edai_shape *shape, const eda_type *type, const void *data, void *block, size_t size)
{
    copier self = {.block = block, .size = size, .used = shape->size};

    if (shape->span_count == 0) {
        edai_flat_copy(type, data, block, size);
        return;
    }
    memcpy(block, data, shape->size);
    for (unsigned i = 0; i < shape->span_count; i++) {
        copy_span(&self, self.block + shape->spans[i].offset);
    }
    EDA_ASSERT(self.used == size, "the message changed while it was copied");
}

eda_status edai_flat_clone(const eda_type *type, const void *data, void **ret_data)
{
    size_t size;

    EDA_TRY(edai_flat_size(type, data, &size));
    void *block = edai_alloc(size);
    if (block == NULL) {
        return EDA_ENOMEM;
    }
    edai_flat_copy(type, data, block, size);
    *ret_data = block;
    return EDA_OK;
}
