/* names_test.c - what was added is found, also under hashes that meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "core/names.h"

#define COUNT 1000u

static size_t count_of(const edai_names *names, uint64_t hash, const void *value)
{
    const void *found;
    size_t count = 0;
    size_t at = 0;

    while ((found = edai_names_next(names, hash, &at)) != NULL) {
        count += found == value ? 1 : 0;
    }
    return count;
}

static void names_find_each_value_under_its_hash_alone(void **state)
{
    static char values[COUNT];
    edai_names names = {0};

    (void)state;
    assert_int_equal(count_of(&names, 7, &values[0]), 0);
    for (size_t i = 0; i < COUNT; i++) { /* every slot of a run has another hash */
        assert_int_equal(edai_names_add(&names, i * 32, &values[i]), EDA_OK);
    }
    for (size_t i = 0; i < COUNT; i++) {
        assert_int_equal(count_of(&names, i * 32, &values[i]), 1);
        assert_int_equal(count_of(&names, i * 32 + 1, &values[i]), 0);
        assert_int_equal(count_of(&names, (i + 1) * 32, &values[i]), 0);
    }
    edai_names_fini(&names);
}

static void names_keep_several_of_one_hash(void **state)
{
    static char values[100];
    edai_names names = {0};

    (void)state;
    for (size_t i = 0; i < sizeof values; i++) {
        assert_int_equal(edai_names_add(&names, UINT64_MAX, &values[i]), EDA_OK);
    }
    for (size_t i = 0; i < sizeof values; i++) {
        assert_int_equal(count_of(&names, UINT64_MAX, &values[i]), 1);
    }
    edai_names_fini(&names);
}

static void names_without_memory_stay_as_they_were(void **state)
{
    static char values[17];
    edai_names names = {0};

    (void)state;
    for (size_t i = 0; i < 16; i++) {
        assert_int_equal(edai_names_add(&names, i, &values[i]), EDA_OK);
    }
    edai_alloc_fail_at(1);
    assert_int_equal(edai_names_add(&names, 16, &values[16]), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(count_of(&names, 3, &values[3]), 1);
    assert_int_equal(count_of(&names, 16, &values[16]), 0);
    assert_int_equal(edai_names_add(&names, 16, &values[16]), EDA_OK);
    assert_int_equal(count_of(&names, 16, &values[16]), 1);
    edai_names_fini(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_find_each_value_under_its_hash_alone),
        cmocka_unit_test(names_keep_several_of_one_hash),
        cmocka_unit_test(names_without_memory_stay_as_they_were),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
