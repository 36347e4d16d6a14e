#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void clock_monotonic_never_goes_back(void **state)
{
    (void)state;
    int64_t before = edai_clock_monotonic_ns();
    assert_true(before >= 0);
    for (unsigned i = 0; i < 1000; i++) {
        int64_t now = edai_clock_monotonic_ns();
        assert_true(now >= before);
        before = now;
    }
}

static void clock_wall_is_in_this_century(void **state)
{
    (void)state;
    const int64_t start_of_2020 = INT64_C(1577836800000000000);
    assert_true(edai_clock_wall_ns() > start_of_2020);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_monotonic_never_goes_back),
        cmocka_unit_test(clock_wall_is_in_this_century),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
