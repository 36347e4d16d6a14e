#include "base/choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void choose_gives_the_one_or_the_other(void **state)
{
    int one = 1;
    int other = 2;

    (void)state;
    assert_ptr_equal(edai_choose(true, &one, &other), &one);
    assert_ptr_equal(edai_choose(false, &one, &other), &other);
    assert_ptr_equal(edai_choose(true, NULL, &other), NULL);
    assert_ptr_equal(edai_choose(false, &one, NULL), NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(choose_gives_the_one_or_the_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
