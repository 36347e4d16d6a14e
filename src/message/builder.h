/* builder.h - puts decoded values into one flat block, whatever encoding they came in.
 *
 * While it is built, a block may move, so everything in it is named by its offset, and what will be
 * a pointer holds an offset; finish makes pointers of them. Bound: EDAI_FLAT_SIZE_MAX bytes.
 * Threads: no shared state. Memory: one block, handed over by finish, else freed by fini. */
#ifndef EDAI_BUILDER_H
#define EDAI_BUILDER_H

#include "message/flat.h"
#include "message/scalar.h"

typedef struct edai_builder {
    unsigned char *block;
    size_t used;
    size_t capacity;
    bool borrows;         /* strings and bytes stay where they are, in the input */
    eda_problem *problem; /* may be NULL */
} edai_builder;

/* Where a value goes and what it may be. */
typedef struct edai_slot {
    const eda_type *type;
    edai_bounds bounds;
    size_t at; /* offset of the value in the block */
    const edai_path *path;
} edai_slot;

/* Begins with a zeroed struct of the type at offset 0. `expected`: bytes that will probably follow.
 * EDA_ENOMEM. On failure nothing is to be freed. */
EDA_CHECK eda_status edai_builder_init(
    edai_builder *self, const eda_type *type, size_t expected, eda_problem *problem);
void edai_builder_fini(edai_builder *self);
/* The same in a block that the caller keeps, and whose strings and bytes are borrowed; it may move.
 * EDA_ENOMEM. */
EDA_CHECK eda_status edai_builder_init_in(
    edai_builder *self, const eda_type *type, unsigned char *block, size_t capacity);

/* Slots of the parts of a value. `path` must live as long as the slot; filled here. */
edai_slot edai_builder_field(const edai_slot *record, const eda_field *field, edai_path *path);
edai_slot edai_builder_item(const edai_slot *list, size_t items, size_t index, edai_path *path);
/* Marks an optional as set and gives the slot of its value. */
edai_slot edai_builder_some(edai_builder *self, const edai_slot *optional);

/* Put a decoded value into a slot of a fitting kind, checked against what the field allows.
 * EDA_EINVAL: the kind does not take such values. EDA_ERANGE: out of range, too long, too large.
 * EDA_ENOMEM. */
EDA_CHECK eda_status edai_builder_put_bool(edai_builder *self, const edai_slot *slot, bool value);
/* The number is -1 - raw where is_negative, else raw; also for floats, times and durations. */
EDA_CHECK eda_status edai_builder_put_integer(
    edai_builder *self, const edai_slot *slot, bool is_negative, uint64_t raw);
/* The same at an offset, against nothing but the type. False: that holds no such number. */
bool edai_builder_store_integer(
    edai_builder *self, const eda_type *type, size_t at, bool is_negative, uint64_t raw);
/* EDA_EINVAL for NaN and infinite ones. */
EDA_CHECK eda_status edai_builder_put_real(edai_builder *self, const edai_slot *slot, double value);
/* Text for strings and enums; bytes for bytes. Copied. */
EDA_CHECK eda_status edai_builder_put_text(edai_builder *self, const edai_slot *slot, eda_str text);
EDA_CHECK eda_status edai_builder_put_bytes(
    edai_builder *self, const edai_slot *slot, eda_bytes bytes);
/* The last `len` bytes of the block, put there by extend, become the slot's string or bytes, or
 * name an enum's value. */
EDA_CHECK eda_status edai_builder_put_tail(edai_builder *self, const edai_slot *slot, size_t len);

/* Zeroed elements of a list. EDA_ERANGE: too many. */
EDA_CHECK eda_status edai_builder_put_list(
    edai_builder *self, const edai_slot *slot, size_t len, size_t *ret_items);
/* Makes room for one more element of a list whose length was not known; it may move. */
EDA_CHECK eda_status edai_builder_push(edai_builder *self, const edai_slot *slot, size_t *io_items);

/* A field that the input lacks: unset, its declared value, zero, or EDA_EINVAL "x.y is missing". */
EDA_CHECK eda_status edai_builder_put_missing(
    edai_builder *self, const edai_slot *slot, const eda_field *field);

/* Zeroed bytes at the end. */
EDA_CHECK eda_status edai_builder_extend(
    edai_builder *self, const edai_path *path, size_t size, size_t *ret_at);

/* Makes the pointers; the block stays the builder's. */
void edai_builder_point(edai_builder *self, const eda_type *type);
/* Hands the block over, pointers and all; free with edai_free. */
void edai_builder_finish(edai_builder *self, const eda_type *type, void **ret_data);

#endif
