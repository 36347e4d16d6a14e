/* pool_test.c - slots of activations: reuse, generations, the order of use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "core/activation.h"

static size_t slot_size(size_t state_size)
{
    return (sizeof(edai_activation) + state_size + 15) & ~(size_t)15;
}

static void slot_taken_is_zeroed_aligned_and_of_its_own(void **state)
{
    edai_pool pool = {.slot_size = slot_size(100)};
    edai_activation *slots[1000];
    size_t i;

    (void)state;
    for (i = 0; i < 1000; i++) { /* several chunks */
        slots[i] = edai_pool_take(&pool);
        assert_non_null(slots[i]);
        assert_int_equal((uintptr_t)slots[i]->state % 16, 0);
        assert_int_equal(slots[i]->generation, 1);
        assert_int_equal(slots[i]->state[99], 0);
        memset(slots[i]->state, (int)i, 100);
    }
    for (i = 0; i < 1000; i++) {
        assert_int_equal(slots[i]->state[0], (unsigned char)i);
        assert_int_equal(slots[i]->state[99], (unsigned char)i);
    }
    edai_pool_fini(&pool);
}

static void slot_larger_than_a_chunk_is_given(void **state)
{
    edai_pool pool = {.slot_size = slot_size(65536)};
    edai_activation *slot = edai_pool_take(&pool);

    (void)state;
    assert_non_null(slot);
    memset(slot->state, 1, 65536);
    assert_non_null(edai_pool_take(&pool));
    edai_pool_fini(&pool);
}

static void slot_given_back_is_reused_with_a_later_generation(void **state)
{
    edai_pool pool = {.slot_size = slot_size(8)};
    edai_activation *slot = edai_pool_take(&pool);
    uint32_t generation = slot->generation;

    (void)state;
    slot->state[0] = 7;
    edai_pool_give(&pool, slot);
    assert_int_not_equal(slot->generation, generation); /* stale pointers tell at once */
    assert_ptr_equal(edai_pool_take(&pool), slot);
    assert_int_not_equal(slot->generation, generation);
    assert_int_equal(slot->state[0], 0);
    edai_pool_fini(&pool);
}

static void take_that_fails_gives_null_and_leaves_the_pool_usable(void **state)
{
    edai_pool pool = {.slot_size = slot_size(8)};
    uint64_t nth;

    (void)state;
    for (nth = 1; nth <= 2; nth++) {
        edai_alloc_fail_at(nth);
        assert_null(edai_pool_take(&pool));
        edai_alloc_fail_at(0);
    }
    assert_non_null(edai_pool_take(&pool));
    edai_pool_fini(&pool);
}

/* The list from the least recently used on, as indexes into slots. */
static void assert_order(
    const edai_pool *pool, edai_activation *const *slots, const size_t *expected, size_t len)
{
    const edai_activation *at = pool->idle_first;
    const edai_activation *before = NULL;
    size_t i;

    for (i = 0; i < len; i++) {
        assert_ptr_equal(at, slots[expected[i]]);
        assert_ptr_equal(at->idle_prev, before);
        before = at;
        at = at->idle_next;
    }
    assert_null(at);
    assert_ptr_equal(pool->idle_last, before);
    assert_int_equal(pool->live_count, len);
}

static void touch_moves_to_the_end_unlink_takes_out(void **state)
{
    edai_pool pool = {.slot_size = slot_size(8)};
    edai_activation *slots[4];
    size_t i;

    (void)state;
    for (i = 0; i < 4; i++) {
        slots[i] = edai_pool_take(&pool);
        edai_pool_link(&pool, slots[i]);
    }
    assert_order(&pool, slots, (const size_t[]){0, 1, 2, 3}, 4);
    edai_pool_touch(&pool, slots[3]); /* already last */
    assert_order(&pool, slots, (const size_t[]){0, 1, 2, 3}, 4);
    edai_pool_touch(&pool, slots[0]);
    edai_pool_touch(&pool, slots[2]);
    assert_order(&pool, slots, (const size_t[]){1, 3, 0, 2}, 4);
    edai_pool_unlink(&pool, slots[3]);
    edai_pool_unlink(&pool, slots[2]);
    edai_pool_unlink(&pool, slots[1]);
    assert_order(&pool, slots, (const size_t[]){0}, 1);
    edai_pool_unlink(&pool, slots[0]);
    assert_order(&pool, slots, NULL, 0);
    edai_pool_fini(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(slot_taken_is_zeroed_aligned_and_of_its_own),
        cmocka_unit_test(slot_larger_than_a_chunk_is_given),
        cmocka_unit_test(slot_given_back_is_reused_with_a_later_generation),
        cmocka_unit_test(take_that_fails_gives_null_and_leaves_the_pool_usable),
        cmocka_unit_test(touch_moves_to_the_end_unlink_takes_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
