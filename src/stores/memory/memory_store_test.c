/* memory_store_test.c - what the conformance suite does not see: growing, shared systems' threads,
 * and no memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <edacious/store.h>

#include "base/memory.h"
#include "base/thread.h"

static eda_status claim(eda_store *store, const char *key, eda_record *ret_record)
{
    const eda_store_key whose = {.actor = EDA_STR_INIT("actor"), .key = eda_str_from(key)};

    return store->claim(store->self, &whose, ret_record);
}

static eda_status put(
    eda_store *store, const char *key, const eda_record *claimed, const char *bytes)
{
    const eda_write write = {.key = {.actor = EDA_STR_INIT("actor"), .key = eda_str_from(key)},
        .epoch = claimed->epoch,
        .version = claimed->version,
        .bytes = {.ptr = (const uint8_t *)bytes, .len = strlen(bytes)}};

    return store->write(store->self, &write);
}

static void memory_store_describes_itself(void **state)
{
    eda_store *store = eda_store_memory_new();

    (void)state;
    assert_non_null(store);
    assert_int_equal(store->struct_size, sizeof(eda_store));
    assert_string_equal(store->name, "memory");
    assert_false(store->is_shared); /* between processes it is not */
    eda_store_free(store);
    eda_store_free(NULL);
}

static void memory_store_outputs_are_untouched_on_failure(void **state)
{
    eda_store *store = eda_store_memory_new();
    eda_record record = {.epoch = 99, .version = 98, .bytes = NULL, .size = 97};

    (void)state;
    edai_alloc_fail_at(1);
    assert_int_equal(claim(store, "k", &record), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(record.epoch, 99);
    assert_int_equal(record.version, 98);
    assert_int_equal(record.size, 97);
    eda_store_free(store);
}

/* Creates a store, two records of it, and reads one again. */
static eda_status use(eda_store **ret_store)
{
    eda_store *store = eda_store_memory_new();
    eda_record record = {.bytes = NULL};

    if (store == NULL) {
        return EDA_ENOMEM;
    }
    *ret_store = store;
    EDA_TRY(claim(store, "a", &record));
    EDA_TRY(put(store, "a", &record, "one"));
    EDA_TRY(claim(store, "b", &record));
    EDA_TRY(put(store, "b", &record, "two"));
    EDA_TRY(claim(store, "a", &record));
    assert_memory_equal(record.bytes, "one", 3);
    free(record.bytes);
    return EDA_OK;
}

static void memory_store_without_memory_fails_cleanly(void **state)
{
    uint64_t nth;
    bool has_failed = true;

    (void)state;
    for (nth = 1; has_failed; nth++) {
        eda_store *store = NULL;
        uint64_t failed = edai_alloc_failed_count();
        eda_status status;

        edai_alloc_fail_at(nth);
        status = use(&store);
        edai_alloc_fail_at(0);
        has_failed = edai_alloc_failed_count() != failed;
        assert_int_equal(status, has_failed ? EDA_ENOMEM : EDA_OK);
        eda_store_free(store);
    }
    assert_int_equal(nth, 8 + 1);
}

static void memory_store_write_without_memory_keeps_the_record(void **state)
{
    eda_store *store = eda_store_memory_new();
    eda_record record = {.bytes = NULL};

    (void)state;
    assert_int_equal(claim(store, "k", &record), EDA_OK);
    assert_int_equal(put(store, "k", &record, "old"), EDA_OK);
    record.version = 1;
    edai_alloc_fail_at(1);
    assert_int_equal(put(store, "k", &record, "new"), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(
        put(store, "k", &record, "newer"), EDA_OK); /* still the owner, still version 1 */
    assert_int_equal(claim(store, "k", &record), EDA_OK);
    assert_int_equal(record.version, 2);
    assert_int_equal(record.size, 5);
    free(record.bytes);
    eda_store_free(store);
}

/* Where the table cannot grow its chains get longer. */
static bool fails_large(void *arg)
{
    uint32_t *count = arg;

    return ++*count % 3 == 0;
}

static void memory_store_that_cannot_grow_goes_on(void **state)
{
    eda_store *store = eda_store_memory_new();
    uint32_t count = 0;
    uint32_t made = 0;
    uint32_t i;
    char key[16];

    (void)state;
    edai_alloc_set_hook(fails_large, &count);
    for (i = 0; i < 1000; i++) {
        eda_record record = {.bytes = NULL};

        (void)snprintf(key, sizeof(key), "%u", i);
        made += claim(store, key, &record) == EDA_OK && put(store, key, &record, key) == EDA_OK;
    }
    edai_alloc_set_hook(NULL, NULL);
    assert_true(made > 100 && made < 1000);
    for (i = 0; i < 1000; i++) {
        eda_record record = {.bytes = NULL};

        (void)snprintf(key, sizeof(key), "%u", i);
        assert_int_equal(claim(store, key, &record), EDA_OK);
        if (record.version == 1) {
            made--;
            assert_memory_equal(record.bytes, key, strlen(key));
        }
        free(record.bytes);
    }
    assert_int_equal(made, 0);
    eda_store_free(store);
}

typedef struct creator {
    eda_store *store;
    uint32_t from;
    uint32_t failed;
} creator;

static void *create_many(void *arg)
{
    creator *self = arg;
    uint32_t i;
    char key[16];

    for (i = 0; i < 2000; i++) {
        eda_record record = {.bytes = NULL};

        (void)snprintf(key, sizeof(key), "%u", self->from + i);
        self->failed += claim(self->store, key, &record) != EDA_OK ||
                        put(self->store, key, &record, key) != EDA_OK;
    }
    return NULL;
}

static void memory_store_takes_new_keys_from_several_threads(void **state)
{
    eda_store *store = eda_store_memory_new();
    creator creators[3] = {
        {.store = store}, {.store = store, .from = 2000}, {.store = store, .from = 4000}};
    edai_thread threads[3];
    uint32_t i;

    (void)state;
    for (i = 0; i < 3; i++) {
        assert_int_equal(edai_thread_start(&threads[i], create_many, &creators[i], NULL), EDA_OK);
    }
    for (i = 0; i < 3; i++) {
        (void)edai_thread_join(&threads[i]);
        assert_int_equal(creators[i].failed, 0);
    }
    for (i = 0; i < 6000; i++) {
        eda_record record = {.bytes = NULL};
        char key[16];

        (void)snprintf(key, sizeof(key), "%u", i);
        assert_int_equal(claim(store, key, &record), EDA_OK);
        assert_int_equal(record.version, 1);
        assert_memory_equal(record.bytes, key, strlen(key));
        free(record.bytes);
    }
    eda_store_free(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_store_describes_itself),
        cmocka_unit_test(memory_store_outputs_are_untouched_on_failure),
        cmocka_unit_test(memory_store_without_memory_fails_cleanly),
        cmocka_unit_test(memory_store_write_without_memory_keeps_the_record),
        cmocka_unit_test(memory_store_that_cannot_grow_goes_on),
        cmocka_unit_test(memory_store_takes_new_keys_from_several_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
