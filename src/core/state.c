/* state.c - see state.h. */
#include "core/state.h"

#include "base/assert.h"
#include "base/memory.h"
#include "base/planted.h"
#include "core/system.h"

#include <string.h>

static edai_text_block *block_of(const eda_text *text)
{
    return (edai_text_block *)(void *)(text->ptr - offsetof(edai_text_block, chars));
}

static void text_unlink(edai_extra *extra, edai_text_block *block)
{
    if (block->prev == NULL) {
        extra->texts = block->next;
    } else {
        block->prev->next = block->next;
    }
    if (block->next != NULL) {
        block->next->prev = block->prev;
    }
}

eda_status edai_state_text_set(edai_activation *activation, eda_text *text, eda_str value)
{
    edai_extra *extra = edai_activation_extra(activation);
    edai_text_block *block;

    if (value.len > EDAI_TEXT_LEN_MAX) {
        return EDA_ERANGE;
    }
    if (extra == NULL) {
        return EDA_ENOMEM;
    }
    block = edai_alloc(sizeof(*block) + value.len + 1);
    if (block == NULL) {
        return EDA_ENOMEM;
    }
    if (value.len > 0) {
        memcpy(block->chars, value.ptr, value.len);
    }
    block->chars[value.len] = '\0';
    if (text->ptr != NULL) {
        edai_text_block *old = block_of(text);

        text_unlink(extra, old);
        edai_free(old);
    }
    block->prev = NULL;
    block->next = extra->texts;
    if (extra->texts != NULL) {
        extra->texts->prev = block;
    }
    extra->texts = block;
    *text = (eda_text){.ptr = block->chars, .len = value.len};
    return EDA_OK;
}

void edai_state_clear(edai_activation *activation)
{
    edai_extra *extra = activation->extra;

    memset(activation->state, 0, activation->type->actor->size);
    if (extra == NULL) {
        return;
    }
    while (extra->texts != NULL) {
        edai_text_block *next = extra->texts->next;

        edai_free(extra->texts);
        extra->texts = next;
    }
    edai_free(extra->saved);
    extra->saved = NULL;
    extra->saved_size = 0;
    extra->is_unwritten = false;
}

/* Sets the saved fields from a struct of the same layout whose texts are plain strings. */
static eda_status apply(edai_activation *activation, const void *decoded)
{
    const eda_field *field;

    for (field = activation->type->actor->saves; field->name != NULL; field++) {
        const char *from = (const char *)decoded + field->offset;
        void *to = activation->state + field->offset;

        if (field->type->kind == EDA_KIND_TEXT) {
            eda_str value;

            memcpy(&value, from, sizeof(value));
            EDA_TRY(edai_state_text_set(activation, to, value));
        } else {
            memcpy(to, from, field->type->size);
        }
    }
    return EDA_OK;
}

static eda_status decode_into(edai_activation *activation, const uint8_t *bytes, size_t size)
{
    void *decoded = NULL;
    eda_status status = eda_cbor_decode(
        &activation->type->saved, (eda_bytes){.ptr = bytes, .len = size}, &decoded, NULL);

    if (status != EDA_OK) {
        return status;
    }
    status = apply(activation, decoded);
    edai_free(decoded);
    return status;
}

static eda_store_key key_of(const edai_activation *activation, char *buffer)
{
    return (eda_store_key){.actor = eda_str_from(activation->type->actor->name),
        .key = edai_activation_key(activation, buffer)};
}

eda_status edai_state_load(edai_worker *worker, edai_activation *activation)
{
    eda_store *store = worker->sys->store;
    edai_extra *extra = edai_activation_extra(activation);
    char buffer[24];
    eda_store_key key = key_of(activation, buffer);
    eda_record record = {.bytes = NULL};
    eda_status status;

    if (extra == NULL) {
        return EDA_ENOMEM;
    }
    EDA_ASSERT(extra->saved == NULL, "a state is loaded once");
    EDA_TRY(store->claim(store->self, &key, &record));
    extra->epoch = record.epoch;
    extra->version = record.version;
    if (record.version == 0) {
        activation->flags |= EDAI_IS_NEW;
        return EDA_OK;
    }
    status = decode_into(activation, record.bytes, record.size);
    if (status != EDA_OK) {
        edai_free(record.bytes);
        return status;
    }
    extra->saved = record.bytes;
    extra->saved_size = record.size;
    return EDA_OK;
}

eda_status edai_state_rollback(edai_activation *activation)
{
    const edai_extra *extra = activation->extra;

    if (extra == NULL || extra->saved == NULL) {
        return EDA_OK;
    }
    return decode_into(activation, extra->saved, extra->saved_size);
}

static void count_error(edai_worker *worker, const edai_activation *activation)
{
    edai_bump(&edai_worker_holding(worker, activation->type)->state_errors);
}

/* The state struct as the codec sees it: the same bytes, eda_text read as eda_str, which has its
 * layout. */
static eda_status encode(
    edai_worker *worker, const edai_activation *activation, uint8_t **ret_bytes, size_t *ret_size)
{
    eda_status status;

    _Static_assert(
        sizeof(eda_text) == sizeof(eda_str) && offsetof(eda_text, len) == offsetof(eda_str, len),
        "an eda_text is read as an eda_str");
    status =
        eda_cbor_encode((eda_value){.type = &activation->type->saved, .data = activation->state},
            ret_bytes, ret_size);
    if (status != EDA_OK) {
        count_error(worker, activation);
    }
    return status;
}

static bool is_saved(const edai_extra *extra, const uint8_t *bytes, size_t size)
{
    return extra->saved != NULL && extra->saved_size == size &&
           memcmp(extra->saved, bytes, size) == 0;
}

/* Takes the bytes. */
static void set_saved(edai_extra *extra, uint8_t *bytes, size_t size, bool is_unwritten)
{
    edai_free(extra->saved);
    extra->saved = bytes;
    extra->saved_size = size;
    extra->is_unwritten = is_unwritten;
}

eda_status edai_state_keep(edai_worker *worker, edai_activation *activation)
{
    edai_extra *extra = activation->extra;
    uint8_t *bytes = NULL;
    size_t size = 0;

    EDA_ASSERT(extra != NULL, "loading made it");
    EDA_TRY(encode(worker, activation, &bytes, &size));
    if (is_saved(extra, bytes, size)) {
        edai_free(bytes);
    } else {
        set_saved(extra, bytes, size, true);
    }
    return EDA_OK;
}

static eda_status write_record(
    edai_worker *worker, edai_activation *activation, const uint8_t *bytes, size_t size)
{
    eda_store *store = worker->sys->store;
    edai_extra *extra = activation->extra;
    char buffer[24];
    const eda_write write = {.key = key_of(activation, buffer),
        .epoch = extra->epoch,
        .version = extra->version,
        .bytes = {.ptr = bytes, .len = size}};
    eda_status status = store->write(store->self, &write);

    if (status != EDA_OK) {
        count_error(worker, activation);
        return status;
    }
    extra->version++;
    if (worker->port->event != NULL) {
        worker->port->event(worker->port->self, worker->sys, EDAI_EVENT_COMMIT,
            activation->type->index, extra->version);
    }
    return EDA_OK;
}

/* A planted fault: takes the record back from whoever claimed it, without looking at what is in it
 * now. */
static eda_status write_all_the_same(
    edai_worker *worker, edai_activation *activation, const uint8_t *bytes, size_t size)
{
    eda_store *store = worker->sys->store;
    char buffer[24];
    eda_store_key key = key_of(activation, buffer);
    eda_record record = {.bytes = NULL};

    EDA_TRY(store->claim(store->self, &key, &record));
    edai_free(record.bytes);
    activation->extra->epoch = record.epoch;
    activation->extra->version = record.version;
    return write_record(worker, activation, bytes, size);
}

eda_status edai_state_commit(edai_worker *worker, edai_activation *activation)
{
    edai_extra *extra = activation->extra;
    uint8_t *bytes = NULL;
    size_t size = 0;
    eda_status status;

    EDA_ASSERT(extra != NULL, "loading made it");
    EDA_TRY(encode(worker, activation, &bytes, &size));
    if (is_saved(extra, bytes, size) && !extra->is_unwritten) {
        edai_free(bytes);
        return EDA_OK;
    }
    status = write_record(worker, activation, bytes, size);
    if (EDAI_PLANTED(STALE_EPOCH) && status == EDA_ESTALE && activation->head != NULL) {
        status = write_all_the_same(worker, activation, bytes, size);
    }
    if (status != EDA_OK) {
        edai_free(bytes);
        return status;
    }
    set_saved(extra, bytes, size, false);
    return EDA_OK;
}

eda_status edai_state_flush(edai_worker *worker, edai_activation *activation)
{
    edai_extra *extra = activation->extra;

    if (extra == NULL || !extra->is_unwritten) {
        return EDA_OK;
    }
    EDA_TRY(write_record(worker, activation, extra->saved, extra->saved_size));
    extra->is_unwritten = false;
    return EDA_OK;
}
