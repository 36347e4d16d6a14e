/* encode.h - one walk over a value for all encodings: its order, its checks and its bounds.
 *
 * A format says how the parts are written. Its functions are known when the walk is compiled into
 * its file, so none is called through a pointer; what stands in something else comes back through
 * `value`. Checks what edai_flat_check_within checks, in passing; what that would say is asked when
 * something failed. Threads: no shared state. Memory: the writer's block. */
#ifndef EDAI_ENCODE_H
#define EDAI_ENCODE_H

#include "message/flat.h"
#include "message/scalar.h"
#include "message/writer.h"

#define EDAI_ENCODE_INLINE static inline __attribute__((always_inline))

typedef struct edai_encoder {
    edai_writer writer;
    size_t flat_size; /* of what was met, as one block; at most EDAI_FLAT_SIZE_MAX */
    int depth;        /* records and lists that are open */
} edai_encoder;

typedef struct edai_format {
    /* The format's edai_encode_part. */
    void (*value)(edai_encoder *encoder, const eda_type *type, edai_bounds bounds, const void *at);
    /* A record of `count` fields that are set, or a list of as many elements. */
    void (*open)(edai_writer *writer, eda_kind kind, size_t count);
    void (*close)(edai_writer *writer, eda_kind kind);
    void (*key)(edai_writer *writer, const char *name, bool is_first);
    void (*next)(edai_writer *writer); /* between two elements */
    void (*null)(edai_writer *writer);
    /* bool, integers, reals, times, durations */
    void (*number)(edai_writer *writer, eda_kind kind, const void *at);
    void (*text)(edai_writer *writer, const char *text, size_t len); /* UTF-8 */
    void (*bytes)(edai_writer *writer, eda_bytes bytes);
} edai_format;

/* Writes one value from outside: all of it, or the encoder's writer has failed. */
void edai_encode(edai_encoder *self, const edai_format *format, eda_value value);

/* The same behind what stands in the writer already; `flat_size` and `depth` are 0. */
void edai_encode_more(edai_encoder *self, const edai_format *format, eda_value value);

/* Hands the bytes over as edai_writer_finish. What the check of the value says goes first:
 * EDA_EINVAL, EDA_ERANGE as edai_flat_check_within. */
EDA_CHECK eda_status edai_encode_finish(
    edai_encoder *self, eda_value value, uint8_t **ret_bytes, size_t *ret_size);

EDAI_ENCODE_INLINE void edai_encode_span(edai_encoder *self, const edai_format *format,
    const eda_type *type, edai_bounds bounds, const void *at)
{
    edai_span span;

    memcpy(&span, at, sizeof span);
    if (!edai_scalar_span_is_good(type->kind, bounds, span) ||
        span.len > EDAI_FLAT_SIZE_MAX - self->flat_size) {
        edai_writer_fail(&self->writer, EDA_EINVAL);
        return;
    }
    self->flat_size += span.len;
    if (type->kind == EDA_KIND_BYTES) {
        format->bytes(&self->writer, (eda_bytes){.ptr = span.ptr, .len = span.len});
    } else {
        format->text(&self->writer, span.ptr, span.len);
    }
}

EDAI_ENCODE_INLINE void edai_encode_enum(
    edai_encoder *self, const edai_format *format, const eda_type *type, const void *at)
{
    int value;

    memcpy(&value, at, sizeof value);
    const char *name = edai_scalar_enum_name(type, value);
    if (name == NULL) {
        edai_writer_fail(&self->writer, EDA_EINVAL);
        return;
    }
    format->text(&self->writer, name, strlen(name));
}

EDAI_ENCODE_INLINE void edai_encode_number(edai_encoder *self, const edai_format *format,
    const eda_type *type, edai_bounds bounds, const void *at)
{
    if (bounds.range != NULL && edai_scalar_check(type, bounds, at, NULL, NULL) != EDA_OK) {
        edai_writer_fail(&self->writer, EDA_ERANGE);
        return;
    }
    format->number(&self->writer, type->kind, at);
}

/* False: too many elements, none where some should be, or too large; else they count. */
static inline bool edai_encode_list_is_good(
    edai_encoder *self, const eda_type *item, edai_bounds bounds, edai_span list)
{
    size_t start = (self->flat_size + 7) & ~(size_t)7;

    if (list.len == 0) {
        return true;
    }
    if (list.len > edai_scalar_items_max(bounds) || list.ptr == NULL ||
        item->size > EDAI_FLAT_SIZE_MAX || list.len * item->size > EDAI_FLAT_SIZE_MAX - start) {
        return false;
    }
    self->flat_size = start + list.len * item->size;
    return true;
}

EDAI_ENCODE_INLINE void edai_encode_list(edai_encoder *self, const edai_format *format,
    const eda_type *item, edai_bounds bounds, const void *at)
{
    edai_span list;

    memcpy(&list, at, sizeof list);
    if (!edai_encode_list_is_good(self, item, bounds, list)) {
        edai_writer_fail(&self->writer, EDA_ERANGE);
        return;
    }
    format->open(&self->writer, EDA_KIND_LIST, list.len);
    for (size_t i = 0; i < list.len && self->writer.status == EDA_OK; i++) {
        const void *value = (const unsigned char *)list.ptr + i * item->size;
        if (i > 0) {
            format->next(&self->writer);
        }
        if (edai_kind_is_number(item->kind)) {
            edai_encode_number(self, format, item, (edai_bounds){.range = bounds.range}, value);
        } else {
            format->value(self, item, (edai_bounds){.range = bounds.range}, value);
        }
    }
    format->close(&self->writer, EDA_KIND_LIST);
}

static inline size_t edai_encode_count_set(const eda_type *type, const void *at)
{
    size_t count = 0;

    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        if (!edai_scalar_is_unset(field->type, (const unsigned char *)at + field->offset)) {
            count++;
        }
    }
    return count;
}

EDAI_ENCODE_INLINE void edai_encode_record(
    edai_encoder *self, const edai_format *format, const eda_type *type, const void *at)
{
    bool is_first = true;

    format->open(&self->writer, EDA_KIND_RECORD, edai_encode_count_set(type, at));
    for (const eda_field *field = type->fields; field != NULL && field->name != NULL; field++) {
        const void *value = (const unsigned char *)at + field->offset;
        const eda_type *inner = field->type;
        if (edai_kind_is_number(inner->kind)) {
            format->key(&self->writer, field->name, is_first);
            edai_encode_number(self, format, inner, edai_bounds_of(field), value);
            is_first = false;
        } else if (!edai_scalar_is_unset(inner, value)) {
            format->key(&self->writer, field->name, is_first);
            format->value(self, inner, edai_bounds_of(field), value);
            is_first = false;
        }
    }
    format->close(&self->writer, EDA_KIND_RECORD);
}

EDAI_ENCODE_INLINE void edai_encode_nested(edai_encoder *self, const edai_format *format,
    const eda_type *type, edai_bounds bounds, const void *at)
{
    if (self->depth >= EDA_CODEC_DEPTH_MAX) {
        edai_writer_fail(&self->writer, EDA_ERANGE);
        return;
    }
    self->depth++;
    if (type->kind == EDA_KIND_LIST) {
        edai_encode_list(self, format, type->item, bounds, at);
    } else {
        edai_encode_record(self, format, type, at);
    }
    self->depth--;
}

/* An optional that is no field has null where nothing is set; fields are left out then. */
EDAI_ENCODE_INLINE void edai_encode_optional(edai_encoder *self, const edai_format *format,
    const eda_type *type, edai_bounds bounds, const void *at)
{
    if (edai_scalar_is_unset(type, at)) {
        format->null(&self->writer);
    } else {
        format->value(self, type->item, bounds, (const unsigned char *)at + type->value_offset);
    }
}

EDAI_ENCODE_INLINE void edai_encode_part(edai_encoder *self, const edai_format *format,
    const eda_type *type, edai_bounds bounds, const void *at)
{
    if (edai_kind_is_number(type->kind)) {
        edai_encode_number(self, format, type, bounds, at);
    } else if (edai_kind_is_span(type->kind)) {
        edai_encode_span(self, format, type, bounds, at);
    } else if (type->kind == EDA_KIND_ENUM) {
        edai_encode_enum(self, format, type, at);
    } else if (type->kind == EDA_KIND_OPTIONAL) {
        edai_encode_optional(self, format, type, bounds, at);
    } else if (type->kind == EDA_KIND_RECORD || type->kind == EDA_KIND_LIST) {
        edai_encode_nested(self, format, type, bounds, at);
    } else {
        edai_writer_fail(&self->writer, EDA_EINVAL); /* opaque */
    }
}

#endif
