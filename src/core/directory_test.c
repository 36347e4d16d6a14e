/* directory_test.c - finding activations by identity, against a table without any cleverness. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/random.h"
#include "core/activation.h"
#include "core/directory.h"

#define LEN 500u

/* Enough of activations to be compared with keys. */
static edai_activation *activations[LEN];
static edai_pool pool;

static int setup(void **state)
{
    size_t i;

    (void)state;
    edai_pool_init(&pool, 0, false, false);
    for (i = 0; i < LEN; i++) {
        activations[i] = edai_pool_take(&pool);
        if (activations[i] == NULL) {
            return -1;
        }
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    edai_pool_fini(&pool);
    return 0;
}

static void directory_empty_finds_nothing(void **state)
{
    edai_directory directory = {.slots = NULL};
    const eda_str text = EDA_STR("x");

    (void)state;
    assert_null(edai_directory_find(&directory, 0, NULL));
    assert_null(edai_directory_find(&directory, 77, &text));
    edai_directory_fini(&directory);
}

/* Hashes whose bits choose few homes, so that most removals shift others back. */
static uint64_t clustered(size_t i)
{
    return (uint64_t)(i % 5) << 61 | (uint64_t)i << 16;
}

static uint64_t spread(size_t i)
{
    return edai_hash_u64(i);
}

/* The number whose hash it is: the mix backwards. */
static uint64_t unmix(uint64_t hash)
{
    uint64_t value = hash ^ hash >> 31 ^ hash >> 62;

    value *= UINT64_C(0x319642b2d24d8ec3);
    value = value ^ value >> 27 ^ value >> 54;
    value *= UINT64_C(0x96de1b173f119089);
    return value ^ value >> 30 ^ value >> 60;
}

static void identify(uint64_t (*hash_of)(size_t i))
{
    size_t i;

    for (i = 0; i < LEN; i++) {
        activations[i]->identity = unmix(hash_of(i));
        assert_int_equal(edai_hash_u64(activations[i]->identity), hash_of(i));
    }
}

static void compare_with_naive(uint64_t (*hash_of)(size_t i), uint64_t seed)
{
    edai_directory directory = {.slots = NULL};
    bool is_in[LEN] = {false};
    edai_random random;
    size_t step;
    size_t i;

    identify(hash_of);
    edai_random_seed(&random, seed);
    for (step = 0; step < 20000; step++) {
        i = (size_t)(edai_random_next(&random) % LEN);
        if (is_in[i]) {
            assert_ptr_equal(edai_directory_find(&directory, hash_of(i), NULL), activations[i]);
            edai_directory_remove(&directory, hash_of(i), activations[i]);
        } else {
            assert_null(edai_directory_find(&directory, hash_of(i), NULL));
            assert_int_equal(edai_directory_add(&directory, hash_of(i), activations[i]), EDA_OK);
        }
        is_in[i] = !is_in[i];
        if (step % 1000 == 0) {
            for (i = 0; i < LEN; i++) {
                assert_ptr_equal(edai_directory_find(&directory, hash_of(i), NULL),
                    is_in[i] ? activations[i] : NULL);
            }
        }
    }
    edai_directory_fini(&directory);
    assert_int_equal(directory.capacity, 0);
}

static void directory_after_many_changes_is_what_a_naive_table_is(void **state)
{
    (void)state;
    compare_with_naive(spread, 1);
    compare_with_naive(clustered, 2);
    compare_with_naive(clustered, 3);
}

static void text_keys_of_one_hash_are_told_apart(void **state)
{
    edai_directory directory = {.slots = NULL};
    char front[] = "front";
    char back[] = "back";
    edai_extra extras[2] = {{.key = front, .key_len = 5}, {.key = back, .key_len = 4}};
    const eda_str keys[3] = {EDA_STR_INIT("front"), EDA_STR_INIT("back"), EDA_STR_INIT("fron")};
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++) {
        activations[i]->flags = EDAI_IS_TEXT_KEY;
        activations[i]->identity = 42;
        activations[i]->extra = &extras[i];
        assert_int_equal(edai_directory_add(&directory, 42, activations[i]), EDA_OK);
    }
    activations[2]->identity = unmix(42);
    assert_int_equal(edai_directory_add(&directory, 42, activations[2]), EDA_OK); /* a number */
    assert_ptr_equal(edai_directory_find(&directory, 42, &keys[0]), activations[0]);
    assert_ptr_equal(edai_directory_find(&directory, 42, &keys[1]), activations[1]);
    assert_null(edai_directory_find(&directory, 42, &keys[2]));
    assert_ptr_equal(edai_directory_find(&directory, 42, NULL), activations[2]);
    edai_directory_remove(&directory, 42, activations[0]);
    assert_null(edai_directory_find(&directory, 42, &keys[0]));
    assert_ptr_equal(edai_directory_find(&directory, 42, &keys[1]), activations[1]);
    edai_directory_fini(&directory);
}

static void add_without_memory_leaves_everything_found(void **state)
{
    edai_directory directory = {.slots = NULL};
    size_t added = 0;
    size_t i;

    (void)state;
    identify(spread);
    for (i = 0; i < LEN; i++) {
        edai_alloc_fail_at(1);
        if (edai_directory_add(&directory, spread(i), activations[i]) != EDA_OK) {
            assert_null(edai_directory_find(&directory, spread(i), NULL));
            edai_alloc_fail_at(0);
            assert_int_equal(edai_directory_add(&directory, spread(i), activations[i]), EDA_OK);
            added++;
        }
        edai_alloc_fail_at(0);
    }
    assert_true(added > 3); /* it grew, and so failed, that often */
    for (i = 0; i < LEN; i++) {
        assert_ptr_equal(edai_directory_find(&directory, spread(i), NULL), activations[i]);
    }
    edai_directory_fini(&directory);
}

/* An actor is found by the first look if it stands where it belongs: small tables see to that. */
static void small_table_is_at_most_an_eighth_full(void **state)
{
    edai_directory directory = {.slots = NULL};
    size_t i;

    (void)state;
    identify(spread);
    for (i = 0; i < 256; i++) {
        assert_int_equal(edai_directory_add(&directory, spread(i), activations[i]), EDA_OK);
        assert_true(directory.len * 8 <= directory.capacity);
    }
    edai_directory_fini(&directory);
}

/* Large tables are moved bit by bit: in each phase of a move everything is found where it is, what
 * goes in it is gone, and what comes is there. */
static void large_table_finds_everything_while_it_moves(void **state)
{
    enum {
        COUNT = 60000,
        KEPT = 4
    };
    edai_directory directory = {.slots = NULL};
    edai_pool large;
    edai_activation **all = edai_calloc(COUNT, sizeof(edai_activation *));
    uint32_t phases = 0;
    size_t i;
    size_t j;

    (void)state;
    assert_non_null(all);
    edai_pool_init(&large, 0, false, false);
    for (i = 0; i < COUNT; i++) {
        all[i] = edai_pool_take(&large);
        assert_non_null(all[i]);
        all[i]->identity = i;
        assert_int_equal(edai_directory_add(&directory, spread(i), all[i]), EDA_OK);
        phases += directory.old != NULL ? 1 : 0;
        if (i % KEPT != 0) { /* older ones go, whichever table they are in */
            j = i - i / 2;
            if (j % KEPT != 0 && all[j] != NULL) {
                edai_directory_remove(&directory, spread(j), all[j]);
                assert_null(edai_directory_find(&directory, spread(j), NULL));
                all[j] = NULL;
            }
        }
        for (j = i % 64; directory.old != NULL && j <= i; j += (size_t)64 * KEPT) {
            assert_ptr_equal(edai_directory_find(&directory, spread(j), NULL), all[j]);
        }
    }
    assert_true(phases > 1000);
    for (i = 0; i < COUNT; i++) {
        assert_ptr_equal(edai_directory_find(&directory, spread(i), NULL), all[i]);
    }
    edai_directory_fini(&directory);
    edai_pool_fini(&large);
    edai_free(all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(directory_empty_finds_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(
            directory_after_many_changes_is_what_a_naive_table_is, setup, teardown),
        cmocka_unit_test_setup_teardown(text_keys_of_one_hash_are_told_apart, setup, teardown),
        cmocka_unit_test_setup_teardown(
            add_without_memory_leaves_everything_found, setup, teardown),
        cmocka_unit_test_setup_teardown(small_table_is_at_most_an_eighth_full, setup, teardown),
        cmocka_unit_test(large_table_finds_everything_while_it_moves),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
