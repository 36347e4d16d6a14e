/* reach_test.c - each pair once, and bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/memory.h"
#include "message/reach.h"

static void reach_pair_added_twice_is_there_once(void **state)
{
    edai_reach reach = {0};

    (void)state;
    assert_int_equal(edai_reach_add(&reach, &eda_type_bool, &eda_type_eda_str), EDA_OK);
    assert_int_equal(edai_reach_add(&reach, &eda_type_eda_str, &eda_type_bool), EDA_OK);
    assert_int_equal(edai_reach_add(&reach, &eda_type_bool, &eda_type_eda_str), EDA_OK);
    assert_int_equal(reach.len, 2);
    assert_ptr_equal(reach.pairs[0].a, &eda_type_bool);
    assert_ptr_equal(reach.pairs[0].b, &eda_type_eda_str);
    edai_reach_fini(&reach);
    assert_int_equal(reach.len, 0);
}

static void reach_over_its_bound_returns_elimit(void **state)
{
    static eda_type types[EDAI_REACH_LEN_MAX + 1];
    edai_reach reach = {0};

    (void)state;
    for (size_t i = 0; i < EDAI_REACH_LEN_MAX; i++) {
        assert_int_equal(edai_reach_add(&reach, &types[i], &types[i]), EDA_OK);
    }
    assert_int_equal(edai_reach_add(&reach, &types[0], &types[0]), EDA_OK);
    assert_int_equal(edai_reach_add(&reach, &types[EDAI_REACH_LEN_MAX], &types[0]), EDA_ELIMIT);
    assert_int_equal(reach.len, EDAI_REACH_LEN_MAX);
    edai_reach_fini(&reach);
}

static void reach_without_memory_returns_enomem(void **state)
{
    edai_reach reach = {0};

    (void)state;
    edai_alloc_fail_at(1);
    assert_int_equal(edai_reach_add(&reach, &eda_type_bool, &eda_type_bool), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(reach.len, 0);
    edai_reach_fini(&reach);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reach_pair_added_twice_is_there_once),
        cmocka_unit_test(reach_over_its_bound_returns_elimit),
        cmocka_unit_test(reach_without_memory_returns_enomem),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
