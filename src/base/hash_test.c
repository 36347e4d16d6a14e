#include "base/hash.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void hash_u64_follows_the_published_mix(void **state)
{
    (void)state;
    /* The first number of SplitMix64 seeded with 1234567 is the mix of that plus its constant. */
    assert_int_equal(edai_hash_u64(UINT64_C(1234567) + UINT64_C(0x9e3779b97f4a7c15)),
        UINT64_C(6457827717110365317));
    assert_int_equal(edai_hash_u64(0), 0);
    assert_int_equal(edai_hash_u64(1), UINT64_C(0x5692161d100b05e5));
    assert_int_equal(edai_hash_u64(UINT64_MAX), UINT64_C(0xb4d055fcf2cbbd7b));
}

static void hash_bytes_is_the_mix_of_published_fnv(void **state)
{
    (void)state;
    assert_int_equal(edai_hash_bytes(NULL, 0), edai_hash_u64(UINT64_C(0xcbf29ce484222325)));
    assert_int_equal(edai_hash_bytes("a", 1), edai_hash_u64(UINT64_C(0xaf63dc4c8601ec8c)));
    assert_int_equal(edai_hash_bytes("foobar", 6), edai_hash_u64(UINT64_C(0x85944171f73967e8)));
    assert_int_equal(edai_hash_bytes("front", 5), UINT64_C(0xf2f7673461325042));
    assert_int_equal(edai_hash_bytes("\xff\x00\x80", 3), UINT64_C(0x386053f1efb4a7f5));
}

static void hash_join_counts_order(void **state)
{
    (void)state;
    uint64_t one_two = edai_hash_join(edai_hash_join(0, 1), 2);
    uint64_t two_one = edai_hash_join(edai_hash_join(0, 2), 1);
    assert_int_not_equal(one_two, two_one);
    assert_int_equal(one_two, UINT64_C(0x7364873d37c39199));
}

static void hash_u64_spreads_consecutive_numbers(void **state)
{
    (void)state;
    enum {
        SHARDS = 256,
        KEYS = 256 * 64
    };
    unsigned low[SHARDS] = {0};
    unsigned high[SHARDS] = {0};
    for (uint64_t key = 0; key < KEYS; key++) {
        uint64_t hash = edai_hash_u64(key);
        low[hash % SHARDS]++;
        high[hash >> 56]++;
    }
    for (unsigned i = 0; i < SHARDS; i++) {
        assert_in_range(low[i], 24, 104); /* 64 with five standard deviations either way */
        assert_in_range(high[i], 24, 104);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hash_u64_follows_the_published_mix),
        cmocka_unit_test(hash_bytes_is_the_mix_of_published_fnv),
        cmocka_unit_test(hash_join_counts_order),
        cmocka_unit_test(hash_u64_spreads_consecutive_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
