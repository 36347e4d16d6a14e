#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void random_seed_follows_the_published_filler(void **state)
{
    (void)state;
    static const uint64_t expected[] = {UINT64_C(6457827717110365317),
        UINT64_C(3203168211198807973), UINT64_C(9817491932198370423),
        UINT64_C(4593380528125082431)};
    edai_random random;
    edai_random_seed(&random, 1234567);
    assert_memory_equal(random.state, expected, sizeof expected);
}

static void random_next_follows_the_published_generator(void **state)
{
    (void)state;
    static const uint64_t expected[] = {11520, 0, 1509978240, UINT64_C(1215971899390074240)};
    edai_random random = {.state = {1, 2, 3, 4}};
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assert_int_equal(edai_random_next(&random), expected[i]);
    }
}

static void random_below_reaches_everything_and_no_more(void **state)
{
    (void)state;
    enum {
        N = 7,
        DRAWS = 70000
    };
    unsigned counts[N] = {0};
    edai_random random;
    edai_random_seed(&random, 0);
    for (unsigned i = 0; i < DRAWS; i++) {
        uint64_t value = edai_random_below(&random, N);
        assert_true(value < N);
        counts[value]++;
    }
    for (unsigned i = 0; i < N; i++) {
        assert_in_range(counts[i], DRAWS / N - 500, DRAWS / N + 500);
    }
    assert_int_equal(edai_random_below(&random, 1), 0);
}

/* A plain remainder would give the lower third twice as often as the rest. */
static void random_below_a_large_bound_is_unbiased(void **state)
{
    (void)state;
    enum {
        DRAWS = 30000
    };
    const uint64_t n = UINT64_MAX / 4 * 3;
    unsigned low = 0;
    edai_random random;
    edai_random_seed(&random, 1);
    for (unsigned i = 0; i < DRAWS; i++) {
        uint64_t value = edai_random_below(&random, n);
        assert_true(value < n);
        low += value < n / 3;
    }
    assert_in_range(low, DRAWS / 3 - 500, DRAWS / 3 + 500);
}

static void random_split_depends_on_key_and_not_on_order(void **state)
{
    (void)state;
    edai_random parent;
    edai_random_seed(&parent, 5);
    edai_random before = parent;
    edai_random one;
    edai_random two;
    edai_random again;
    edai_random_split(&parent, 1, &one);
    edai_random_split(&parent, 2, &two);
    edai_random_split(&parent, 1, &again);
    assert_memory_equal(&parent, &before, sizeof parent);
    assert_memory_equal(&one, &again, sizeof one);
    assert_int_not_equal(edai_random_next(&one), edai_random_next(&two));
    (void)edai_random_next(&parent);
    edai_random later;
    edai_random_split(&parent, 1, &later);
    assert_memory_not_equal(&later, &again, sizeof later);
}

static void random_split_is_pinned(void **state)
{
    (void)state;
    edai_random parent;
    edai_random child;
    edai_random_seed(&parent, 1);
    edai_random_split(&parent, 42, &child);
    assert_int_equal(edai_random_next(&child), UINT64_C(0x6544a843ec38286f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_seed_follows_the_published_filler),
        cmocka_unit_test(random_next_follows_the_published_generator),
        cmocka_unit_test(random_below_reaches_everything_and_no_more),
        cmocka_unit_test(random_below_a_large_bound_is_unbiased),
        cmocka_unit_test(random_split_depends_on_key_and_not_on_order),
        cmocka_unit_test(random_split_is_pinned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
