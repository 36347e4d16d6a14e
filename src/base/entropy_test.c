#include "base/entropy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void entropy_twice_differs(void **state)
{
    (void)state;
    unsigned char one[32] = {0};
    unsigned char two[32] = {0};
    assert_true(edai_entropy(one, sizeof one));
    assert_true(edai_entropy(two, sizeof two));
    assert_memory_not_equal(one, two, sizeof one);
}

static void entropy_fills_large_buffers_to_the_end(void **state)
{
    (void)state;
    enum {
        SIZE = 100000,
        TAIL = 32
    };
    static unsigned char bytes[SIZE];
    static const unsigned char zeros[TAIL];
    assert_true(edai_entropy(bytes, SIZE));
    assert_memory_not_equal(bytes + SIZE - TAIL, zeros, TAIL);
    assert_true(edai_entropy(NULL, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entropy_twice_differs),
        cmocka_unit_test(entropy_fills_large_buffers_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
