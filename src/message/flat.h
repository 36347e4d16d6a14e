/* flat.h - messages as one block: the struct, then everything its strings, bytes and lists point
 * to.
 *
 * Order: what a field points to stands behind the struct in the order of the fields, lists
 * 8-aligned. Threads: no shared state; what is copied must not change meanwhile. Memory: copy uses
 * the caller's block, clone the heap. eda_text is treated as eda_str, an opaque struct as bytes.
 * Empty strings point to the block, empty lists to NULL. */
#ifndef EDAI_FLAT_H
#define EDAI_FLAT_H

#include <edacious/codec.h>

#include <string.h>

/* Bound of any flat block; what comes out of the codecs is at most this. Publishing is bounded by
 * edai_flat_check. */
#define EDAI_FLAT_SIZE_MAX ((size_t)16 * EDA_CODEC_SIZE_MAX)

/* A string or bytes that lie in the struct itself, or in a record in it. */
typedef struct edai_shape_span {
    uint32_t offset;
    uint32_t kind;  /* eda_kind */
    size_t len_max; /* 0: the codec's bound */
} edai_shape_span;

#define EDAI_SHAPE_SPANS 4

/* What is asked of a type again and again, told once. */
typedef struct edai_shape {
    size_t size;      /* bytes of the struct */
    bool is_plain;    /* no pointers anywhere: memcpy is a copy */
    bool needs_check; /* ranges, lengths, UTF-8, enums: else edai_flat_check has nothing to find */
    bool needs_walk;  /* it may find something but in the spans */
    uint8_t span_count; /* 0: no pointers at all, or not only spans, or too many */
    edai_shape_span spans[EDAI_SHAPE_SPANS]; /* in the order of the fields */
} edai_shape;

/* Walks the descriptor, so callers keep the answer. */
edai_shape edai_shape_of(const eda_type *type);

/* As edai_flat_check, _size and _copy below, for the type that the shape is of: without a walk, if
 * it has no pointers but those few. */
EDA_CHECK eda_status edai_shape_check(
    const edai_shape *shape, const eda_type *type, const void *data, eda_problem *ret_problem);
/* Where there are pointers. */
EDA_CHECK eda_status edai_shape_size_apart(
    const edai_shape *shape, const eda_type *type, const void *data, size_t *ret_size);
void edai_shape_copy_apart(
    const edai_shape *shape, const eda_type *type, const void *data, void *block, size_t size);

/* Plain ones, as most are, without a call. */
EDA_CHECK static inline eda_status edai_shape_size(
    const edai_shape *shape, const eda_type *type, const void *data, size_t *ret_size)
{
    if (shape->is_plain) {
        *ret_size = shape->size;
        return EDA_OK;
    }
    return edai_shape_size_apart(shape, type, data, ret_size);
}

static inline void edai_shape_copy(
    const edai_shape *shape, const eda_type *type, const void *data, void *block, size_t size)
{
    if (shape->is_plain) {
        memcpy(block, data, shape->size);
    } else {
        edai_shape_copy_apart(shape, type, data, block, size);
    }
}

/* Checks what a publisher passes. EDA_ERANGE: outside a range or a length; nested deeper than
 * EDA_CODEC_DEPTH_MAX; over EDA_CODEC_LIST_MAX elements; a flat block of over EDA_CODEC_SIZE_MAX.
 * EDA_EINVAL: not UTF-8, an enum value without a name, NULL with a length. `ret_problem` may be
 * NULL; filled on failure: "door_unlock.attempt is 9; allowed: 1 to 3". */
EDA_CHECK eda_status edai_flat_check(
    const eda_type *type, const void *data, eda_problem *ret_problem);

/* The same with another bound on the flat block, at most EDAI_FLAT_SIZE_MAX: what came out of a
 * codec may be larger than what can be published. */
EDA_CHECK eda_status edai_flat_check_within(
    const eda_type *type, const void *data, size_t size_max, eda_problem *ret_problem);

/* Bytes of the flat block. EDA_ERANGE: over EDAI_FLAT_SIZE_MAX, or nested deeper than
 * EDA_CODEC_DEPTH_MAX. */
EDA_CHECK eda_status edai_flat_size(const eda_type *type, const void *data, size_t *ret_size);

/* Fills an 8-aligned block of exactly the size that edai_flat_size gave; asserts it. Gaps between
 * parts are zero, and so is what an unset optional with pointers held. */
void edai_flat_copy(const eda_type *type, const void *data, void *block, size_t size);

/* A flat copy on the heap; returns owned, free with edai_free. EDA_ENOMEM, EDA_ERANGE as
 * edai_flat_size. */
EDA_CHECK eda_status edai_flat_clone(const eda_type *type, const void *data, void **ret_data);

#endif
