/* conform_test.c - the memory store conforms; stores that are broken in one way each are caught
 * with the sentence that says which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edacious/store.h>

#include "base/thread.h"

/* One way to be wrong: what a store around the memory store does to what passes through it. */
typedef enum state_fault {
    FAULT_NONE,
    FAULT_NO_NAME,
    FAULT_KEEPS_WRITERS_MEMORY,
    FAULT_GIVES_OWN_MEMORY,
    FAULT_EPOCH_FROM_0,
    FAULT_NEVER_REFUSES,
    FAULT_WRITES_UNCLAIMED,
    FAULT_CREATES_TWICE,
    FAULT_TAKES_OLD_VERSIONS,
    FAULT_WRITES_WHAT_IT_REFUSES,
    FAULT_EPOCH_STANDS,
    FAULT_TAKES_OLD_EPOCHS,
    FAULT_JOINS_KEYS,
    FAULT_FOLDS_CASE,
    FAULT_CUTS_AT_ZERO,
    FAULT_CUTS_KEYS,
    FAULT_NO_SINGLETONS,
    FAULT_FORGETS_EMPTY,
    FAULT_TEXT_ONLY,
    FAULT_64_KIB,
    FAULT_EPOCH_TWICE,
    FAULT_BOTH_WIN,
    FAULT_NOBODY_WINS,
    FAULT_5000_RECORDS
} state_fault;

typedef struct state_broken {
    eda_store store; /* first */
    eda_store *inner;
    state_fault fault;
    edai_mutex mutex;
    char last[600]; /* the key that was claimed last, and what that claim found */
    uint64_t epoch;
    uint64_t version;
    const uint8_t *kept; /* the writer's memory */
    size_t kept_size;
    uint8_t *own; /* given out twice */
    uint64_t claim_count;
    uint32_t record_count;
    char joined[600]; /* a key made of another */
} state_broken;

static bool is_actor(const eda_store_key *key, const char *name)
{
    return eda_str_equal(key->actor, eda_str_from(name));
}

static size_t len_to_zero(const void *bytes, size_t len)
{
    const char *zero = memchr(bytes, 0, len);

    return zero != NULL ? (size_t)(zero - (const char *)bytes) : len;
}

static void describe(const eda_store_key *key, char *buffer)
{
    (void)snprintf(
        buffer, 600, "%.*s/%zu:%.*s", EDA_STR_ARG(key->actor), key->key.len, EDA_STR_ARG(key->key));
}

static bool is_last(state_broken *self, const eda_store_key *key)
{
    char now[600];

    describe(key, now);
    return strcmp(now, self->last) == 0;
}

/* The key as a store takes it that is wrong about keys. */
static eda_store_key bend(state_broken *self, const eda_store_key *key)
{
    eda_store_key bent = *key;
    size_t i;

    if (self->fault == FAULT_JOINS_KEYS) {
        (void)snprintf(self->joined, sizeof(self->joined), "%.*s%.*s", EDA_STR_ARG(key->actor),
            EDA_STR_ARG(key->key));
        bent = (eda_store_key){.actor = eda_str_from(self->joined)};
    } else if (self->fault == FAULT_FOLDS_CASE) {
        for (i = 0; i < key->key.len; i++) {
            char c = key->key.ptr[i];

            self->joined[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        }
        bent.key.ptr = self->joined;
    } else if (self->fault == FAULT_CUTS_AT_ZERO && key->key.len > 0) {
        bent.key.len = len_to_zero(key->key.ptr, key->key.len);
    } else if (self->fault == FAULT_CUTS_KEYS && key->key.len > 200) {
        bent.key.len = 200;
    }
    return bent;
}

/* What a store that is wrong about claims makes of one. */
static eda_status spoil_claim(state_broken *self, const eda_store_key *key, eda_record *record)
{
    if (self->fault == FAULT_EPOCH_FROM_0) {
        record->epoch--;
    } else if (self->fault == FAULT_EPOCH_STANDS) {
        record->epoch = 1;
    } else if (self->fault == FAULT_EPOCH_TWICE && is_actor(key, "conform_rivals")) {
        record->epoch = self->claim_count++ / 2 + 1;
    } else if (self->fault == FAULT_FORGETS_EMPTY && record->size == 0) {
        record->version = 0;
    } else if (self->fault == FAULT_KEEPS_WRITERS_MEMORY && self->kept != NULL) {
        memcpy(record->bytes, self->kept, self->kept_size);
    } else if (self->fault == FAULT_GIVES_OWN_MEMORY && record->bytes != NULL) {
        if (self->own == NULL) {
            self->own = record->bytes;
        } else {
            free(record->bytes);
            record->bytes = self->own;
        }
    } else if (self->fault == FAULT_NO_SINGLETONS && key->key.len == 0 &&
               is_actor(key, "conform_singleton")) {
        return EDA_EIO;
    }
    return EDA_OK;
}

static eda_status claim_locked(state_broken *self, const eda_store_key *key, eda_record *ret_record)
{
    const eda_store_key bent = bend(self, key);
    eda_record record = {.bytes = NULL};
    eda_status status = self->inner->claim(self->inner->self, &bent, &record);

    if (status == EDA_OK) {
        describe(key, self->last);
        self->epoch = record.epoch;
        self->version = record.version;
        status = spoil_claim(self, key, &record);
    }
    if (status == EDA_OK) {
        *ret_record = record;
    }
    return status;
}

static eda_status broken_claim(void *arg, const eda_store_key *key, eda_record *ret_record)
{
    state_broken *self = arg;
    eda_status status;

    edai_mutex_lock(&self->mutex);
    status = claim_locked(self, key, ret_record);
    edai_mutex_unlock(&self->mutex);
    return status;
}

static eda_status write_inner(state_broken *self, const eda_write *write)
{
    eda_status status = self->inner->write(self->inner->self, write);

    if (status == EDA_OK) {
        self->version = write->version + 1;
    }
    return status;
}

/* What a store writes that is wrong about writes. */
static eda_write spoil_write(state_broken *self, const eda_write *write)
{
    const bool is_known = is_last(self, &write->key);
    eda_write spoilt = *write;

    spoilt.key = bend(self, &write->key);
    if (self->fault == FAULT_EPOCH_FROM_0) {
        spoilt.epoch++;
    } else if (is_known && (self->fault == FAULT_TAKES_OLD_EPOCHS ||
                               (self->fault == FAULT_EPOCH_STANDS && write->epoch == 1))) {
        spoilt.epoch = self->epoch;
    } else if (is_known && self->fault == FAULT_TAKES_OLD_VERSIONS &&
               write->version < self->version) {
        spoilt.version = self->version;
    } else if (is_known && self->fault == FAULT_CREATES_TWICE && self->version == 0) {
        spoilt.version = 0;
    } else if (self->fault == FAULT_TEXT_ONLY && write->bytes.len > 0) {
        spoilt.bytes.len = len_to_zero(write->bytes.ptr, write->bytes.len);
    } else if (self->fault == FAULT_KEEPS_WRITERS_MEMORY) {
        self->kept = write->bytes.ptr;
        self->kept_size = write->bytes.len;
    }
    return spoilt;
}

static eda_status write_unclaimed(state_broken *self, const eda_write *write)
{
    eda_record record = {.bytes = NULL};
    eda_write claimed = *write;

    if (self->inner->claim(self->inner->self, &write->key, &record) != EDA_OK) {
        return EDA_EIO;
    }
    free(record.bytes);
    claimed.epoch = record.epoch;
    return self->inner->write(self->inner->self, &claimed);
}

static eda_status write_locked(state_broken *self, const eda_write *write)
{
    const eda_write spoilt = spoil_write(self, write);
    eda_write again = spoilt;
    eda_status status;

    if (self->fault == FAULT_64_KIB && write->bytes.len > 65536) {
        return EDA_EIO;
    }
    if (self->fault == FAULT_5000_RECORDS && is_actor(&write->key, "conform_many") &&
        ++self->record_count > 5000) {
        return EDA_OK;
    }
    status = write_inner(self, &spoilt);
    if (status != EDA_ESTALE) {
        return status;
    }
    if (self->fault == FAULT_WRITES_WHAT_IT_REFUSES && self->version > 0) {
        again.epoch = self->epoch;
        again.version = self->version;
        (void)!write_inner(self, &again);
    }
    if (self->fault == FAULT_WRITES_UNCLAIMED && !is_last(self, &write->key)) {
        return write_unclaimed(self, &spoilt);
    }
    if (self->fault == FAULT_NOBODY_WINS) {
        return EDA_EIO;
    }
    return self->fault == FAULT_NEVER_REFUSES ||
                   (self->fault == FAULT_BOTH_WIN && is_actor(&write->key, "conform_rivals"))
               ? EDA_OK
               : status;
}

static eda_status broken_write(void *arg, const eda_write *write)
{
    state_broken *self = arg;
    eda_status status;

    edai_mutex_lock(&self->mutex);
    status = self->fault == FAULT_NOBODY_WINS && !is_actor(&write->key, "conform_rivals")
                 ? self->inner->write(self->inner->self, write)
                 : write_locked(self, write);
    edai_mutex_unlock(&self->mutex);
    return status;
}

static void broken_close(void *arg)
{
    state_broken *self = arg;

    eda_store_free(self->inner);
    edai_mutex_fini(&self->mutex);
    free(self->own);
    free(self);
}

static eda_store *broken_new(state_fault fault)
{
    state_broken *self = calloc(1, sizeof(*self));

    assert_non_null(self);
    self->fault = fault;
    self->inner = eda_store_memory_new();
    assert_non_null(self->inner);
    edai_mutex_init(&self->mutex);
    self->store = (eda_store){.struct_size = sizeof(eda_store),
        .name = fault == FAULT_NO_NAME ? "" : "broken",
        .self = self,
        .claim = broken_claim,
        .write = broken_write,
        .close = broken_close};
    return &self->store;
}

static void memory_store_conforms(void **state)
{
    const char *problem = "untouched";
    eda_store *store = eda_store_memory_new();

    (void)state;
    assert_non_null(store);
    assert_int_equal(eda_store_conform(store, &problem), EDA_OK);
    assert_string_equal(problem, "untouched");
    eda_store_free(store);
}

static void store_around_another_conforms(void **state)
{
    const char *problem = NULL;
    eda_store *store = broken_new(FAULT_NONE);

    (void)state;
    assert_int_equal(eda_store_conform(store, &problem), EDA_OK);
    eda_store_free(store);
}

static void store_that_is_not_fresh_is_told_so(void **state)
{
    const char *problem = NULL;
    eda_store *store = eda_store_memory_new();

    (void)state;
    assert_int_equal(eda_store_conform(store, &problem), EDA_OK);
    assert_int_equal(eda_store_conform(store, &problem), EDA_EFAILED);
    assert_string_equal(
        problem, "the record of a new key cannot be created; the suite wants a fresh, empty store");
    eda_store_free(store);
}

static const struct {
    state_fault fault;
    const char *sentence;
} caught[] = {
    {FAULT_NO_NAME, "the store has no name"},
    {FAULT_KEEPS_WRITERS_MEMORY, "the store kept the writer's memory instead of a copy"},
    {FAULT_GIVES_OWN_MEMORY, "two claims returned the same memory; each caller owns what it gets"},
    {FAULT_EPOCH_FROM_0, "the first claim of a key did not give epoch 1"},
    {FAULT_NEVER_REFUSES,
        "a write that follows version 1 of a key without a record was not refused with EDA_ESTALE"},
    {FAULT_CREATES_TWICE,
        "a write that follows version 1 of a key without a record was not refused with EDA_ESTALE"},
    {FAULT_WRITES_UNCLAIMED,
        "a write to a key that nobody claimed was not refused with EDA_ESTALE"},
    {FAULT_TAKES_OLD_VERSIONS, "a write of an old version was not refused with EDA_ESTALE"},
    {FAULT_WRITES_WHAT_IT_REFUSES,
        "after 50 writes and 3 refused ones a claim does not find version 50 with its bytes"},
    {FAULT_EPOCH_STANDS, "a claim did not raise the epoch by one"},
    {FAULT_TAKES_OLD_EPOCHS, "a write of an old epoch was not refused with EDA_ESTALE"},
    {FAULT_JOINS_KEYS, "two different pairs of actor and key share a record, or one of them cannot "
                       "be created"},
    {FAULT_FOLDS_CASE, "two different pairs of actor and key share a record, or one of them cannot "
                       "be created"},
    {FAULT_CUTS_AT_ZERO, "keys are compared only to their first zero byte"},
    {FAULT_NO_SINGLETONS, "the record of an empty key, as singletons have it, cannot be created"},
    {FAULT_CUTS_KEYS, "keys of 255 bytes that differ in the last one share a record"},
    {FAULT_FORGETS_EMPTY, "an empty record is not found again as version 1 of size 0"},
    {FAULT_TEXT_ONLY, "binary bytes are not found again as they were written"},
    {FAULT_64_KIB, "a record of 1 MiB cannot be written"},
    {FAULT_EPOCH_TWICE, "two threads that claimed one key at once were given the same epoch"},
    {FAULT_BOTH_WIN, "two threads wrote one version at once, and both won"},
    {FAULT_NOBODY_WINS,
        "of two threads that wrote one version at once, one got neither EDA_OK nor EDA_ESTALE"},
    {FAULT_5000_RECORDS, "one of 10,000 records is not found again"},
};

static void store_that_is_broken_is_caught_with_its_sentence(void **state)
{
    size_t i;

    (void)state;
    for (i = 0; i < sizeof(caught) / sizeof(caught[0]); i++) {
        const char *problem = NULL;
        eda_store *store = broken_new(caught[i].fault);

        assert_int_equal(eda_store_conform(store, &problem), EDA_EFAILED);
        assert_string_equal(problem, caught[i].sentence);
        eda_store_free(store);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_store_conforms),
        cmocka_unit_test(store_around_another_conforms),
        cmocka_unit_test(store_that_is_not_fresh_is_told_so),
        cmocka_unit_test(store_that_is_broken_is_caught_with_its_sentence),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
