/* pool_test.c - slots of activations: reuse, generations, the order of use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "core/activation.h"

static edai_pool pool_of(size_t state_size, bool has_order)
{
    edai_pool pool;

    edai_pool_init(&pool, state_size, has_order, has_order);
    return pool;
}

static void slot_taken_is_zeroed_aligned_and_of_its_own(void **state)
{
    edai_pool pool = pool_of(100, false);
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
    edai_pool pool = pool_of(65536, false);
    edai_activation *slot = edai_pool_take(&pool);

    (void)state;
    assert_non_null(slot);
    memset(slot->state, 1, 65536);
    assert_non_null(edai_pool_take(&pool));
    edai_pool_fini(&pool);
}

static void slot_given_back_is_reused_with_a_later_generation(void **state)
{
    edai_pool pool = pool_of(8, false);
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
    edai_pool pool = pool_of(8, false);
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
    edai_activation *at = pool->used_first;
    const edai_activation *before = NULL;
    size_t i;

    for (i = 0; i < len; i++) {
        assert_ptr_equal(at, slots[expected[i]]);
        assert_ptr_equal(edai_pool_links(pool, at)->used_prev, before);
        before = at;
        at = edai_pool_links(pool, at)->used_next;
    }
    assert_null(at);
    assert_ptr_equal(pool->used_last, before);
    assert_int_equal(pool->live_count, len);
}

static void touch_moves_to_the_end_unlink_takes_out(void **state)
{
    edai_pool pool = pool_of(8, true);
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

/* Among more than the chunks from the heap, so that huge pages come into it. */
static void walk_meets_each_live_one_once_though_others_come_and_go(void **state)
{
    enum {
        LEN = 2000
    };
    edai_pool pool = pool_of(1000, false);
    edai_activation *slots[LEN];
    edai_pool_walk walk = {.chunk = NULL};
    uint64_t seen = 0;
    uint32_t calls = 0;
    size_t i;

    (void)state;
    assert_null(edai_pool_next(&pool, &walk, 1));
    assert_true(walk.is_over);
    for (i = 0; i < LEN; i++) {
        slots[i] = edai_pool_take(&pool);
        assert_non_null(slots[i]);
        assert_int_equal(slots[i]->state[999], 0);
        slots[i]->identity = i;
        if (i % 3 != 0) {
            edai_pool_link(&pool, slots[i]);
        }
    }
    assert_true(pool.chunks != NULL && pool.live_count == LEN - (LEN + 2) / 3);
    walk = (edai_pool_walk){.chunk = NULL};
    while (!walk.is_over) {
        edai_activation *at = edai_pool_next(&pool, &walk, 7);

        calls++;
        if (at == NULL) {
            continue;
        }
        assert_true(at->identity % 3 != 0);
        seen += at->identity;
        edai_pool_unlink(&pool, at); /* the one that was met goes */
        edai_pool_give(&pool, at);
    }
    for (i = 0; i < LEN; i++) {
        seen -= i % 3 != 0 ? i : 0;
    }
    assert_int_equal(seen, 0);
    assert_int_equal(pool.live_count, 0);
    assert_true(calls > LEN / 7);
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
        cmocka_unit_test(walk_meets_each_live_one_once_though_others_come_and_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
