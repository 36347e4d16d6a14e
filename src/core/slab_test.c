/* slab_test.c - blocks for envelopes: classes, reuse, and chains that come home from other threads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/memory.h"
#include "base/thread.h"
#include "core/slab.h"

#define MANY 3000u

static void class_of_each_size_is_the_smallest_that_holds_it(void **state)
{
    size_t size;

    (void)state;
    for (size = 0; size <= EDAI_SLAB_SIZE_MAX; size++) {
        uint8_t class = edai_slab_class(size);

        assert_true(class < EDAI_SLAB_CLASSES);
        assert_true(edai_slab_class_size(class) >= size);
        assert_true(class == 0 || edai_slab_class_size((uint8_t)(class - 1)) < size);
    }
    assert_int_equal(edai_slab_class(EDAI_SLAB_SIZE_MAX + 1), EDAI_SLAB_HEAP);
    assert_int_equal(edai_slab_class(SIZE_MAX), EDAI_SLAB_HEAP);
}

static void block_of_each_class_is_writable_and_aligned(void **state)
{
    edai_slab slab;
    void *blocks[200];
    uint8_t class;
    size_t i;

    (void)state;
    edai_slab_init(&slab);
    for (class = 0; class < EDAI_SLAB_CLASSES; class ++) {
        for (i = 0; i < 200; i++) { /* over several chunks for the larger classes */
            blocks[i] = edai_slab_alloc(&slab, class);
            assert_non_null(blocks[i]);
            assert_int_equal((uintptr_t)blocks[i] % 16, 0);
            memset(blocks[i], (int)i, edai_slab_class_size(class));
        }
        for (i = 0; i < 200; i++) { /* none overlaps another */
            const unsigned char *bytes = blocks[i];

            assert_int_equal(bytes[0], (unsigned char)i);
            assert_int_equal(bytes[edai_slab_class_size(class) - 1], (unsigned char)i);
            edai_slab_free(&slab, blocks[i], class);
        }
    }
    edai_slab_fini(&slab);
}

static void block_freed_is_the_next_one_given(void **state)
{
    edai_slab slab;
    void *block;
    void *other;

    (void)state;
    edai_slab_init(&slab);
    block = edai_slab_alloc(&slab, 2);
    edai_slab_free(&slab, block, 2);
    other = edai_slab_alloc(&slab, 3);
    assert_ptr_not_equal(other, block); /* of another class */
    assert_ptr_equal(edai_slab_alloc(&slab, 2), block);
    edai_slab_fini(&slab); /* with blocks still out */
}

static void large_blocks_are_kept_within_bounds(void **state)
{
    enum {
        LEN = 5,
        CLASS = EDAI_SLAB_CLASSES - 2
    }; /* of 1 MiB each */
    edai_slab slab;
    void *blocks[LEN];
    size_t i;

    (void)state;
    assert_int_equal(edai_slab_class_size(CLASS), 1 << 20);
    edai_slab_init(&slab);
    for (i = 0; i < LEN; i++) {
        blocks[i] = edai_slab_alloc(&slab, CLASS);
        assert_non_null(blocks[i]);
    }
    for (i = 0; i < LEN; i++) {
        edai_slab_free(&slab, blocks[i], CLASS);
    }
    assert_int_equal(slab.spare_size, EDAI_SLAB_SPARE_MAX);
    assert_ptr_equal(edai_slab_alloc(&slab, CLASS), blocks[3]); /* the last went to the heap */
    assert_int_equal(slab.spare_size, EDAI_SLAB_SPARE_MAX - (1 << 20));
    edai_slab_return(&slab, edai_slab_block(blocks[3], CLASS), edai_slab_block(blocks[3], CLASS));
    for (i = 0; i < 3; i++) {
        assert_ptr_equal(edai_slab_alloc(&slab, CLASS), blocks[2 - i]);
    }
    assert_ptr_equal(edai_slab_alloc(&slab, CLASS), blocks[3]); /* which came home */
    assert_int_equal(slab.spare_size, 0);
    edai_alloc_fail_at(2); /* behind the hook of the block */
    assert_null(edai_slab_alloc(&slab, CLASS));
    edai_alloc_fail_at(0);
    edai_slab_fini(&slab); /* with blocks still out */
}

static void chain_returned_with_mixed_classes_is_sorted_again(void **state)
{
    edai_slab slab;
    void *small;
    void *large;
    edai_free_block *first;
    edai_free_block *last;

    (void)state;
    edai_slab_init(&slab);
    small = edai_slab_alloc(&slab, 0);
    large = edai_slab_alloc(&slab, 5);
    first = edai_slab_block(small, 0);
    last = edai_slab_block(large, 5);
    first->next = last;
    edai_slab_return(&slab, first, last);
    assert_ptr_equal(edai_slab_alloc(&slab, 5), large);
    memset(large, 1, (size_t)64 << 5);
    assert_ptr_equal(edai_slab_alloc(&slab, 0), small);
    memset(small, 1, 64);
    edai_slab_fini(&slab);
}

static void allocation_that_fails_gives_null_and_leaves_the_slab_usable(void **state)
{
    edai_slab slab;
    uint64_t nth;

    (void)state;
    edai_slab_init(&slab);
    for (nth = 1; nth <= 2; nth++) { /* the hook of the block, then the chunk behind it */
        edai_alloc_fail_at(nth);
        assert_null(edai_slab_alloc(&slab, 4));
        edai_alloc_fail_at(0);
    }
    assert_non_null(edai_slab_alloc(&slab, 4));
    edai_alloc_fail_at(1);
    assert_null(edai_slab_alloc(&slab, 4)); /* though one is there */
    edai_alloc_fail_at(0);
    edai_slab_fini(&slab);
}

typedef struct returner {
    edai_slab *slab;
    void **blocks;
    size_t len;
} returner;

static void *return_all(void *arg)
{
    returner *self = arg;
    size_t i;

    for (i = 0; i + 1 < self->len; i += 2) { /* in chains of two */
        edai_free_block *first = edai_slab_block(self->blocks[i], 1);
        edai_free_block *last = edai_slab_block(self->blocks[i + 1], 1);

        first->next = last;
        edai_slab_return(self->slab, first, last);
    }
    return NULL;
}

static void chains_returned_by_threads_lose_no_block(void **state)
{
    static void *blocks[MANY];
    static void *again[MANY];
    edai_slab slab;
    edai_thread threads[2];
    returner parts[2];
    size_t i;
    size_t taken = 0;
    size_t known = 0;

    (void)state;
    edai_slab_init(&slab);
    for (i = 0; i < MANY; i++) {
        blocks[i] = edai_slab_alloc(&slab, 1);
        assert_non_null(blocks[i]);
    }
    for (i = 0; i < 2; i++) {
        parts[i] = (returner){.slab = &slab, .blocks = blocks + i * (MANY / 2), .len = MANY / 2};
        assert_int_equal(edai_thread_start(&threads[i], return_all, &parts[i], "returner"), EDA_OK);
    }
    for (i = 0; i < MANY / 2; i++) { /* the owner takes meanwhile */
        again[taken++] = edai_slab_alloc(&slab, 1);
    }
    for (i = 0; i < 2; i++) {
        assert_int_equal(edai_thread_join(&threads[i]), EDA_OK);
    }
    while (taken < MANY) {
        again[taken++] = edai_slab_alloc(&slab, 1);
    }
    for (i = 0; i < MANY; i++) {
        assert_non_null(again[i]);
        *(size_t *)again[i] = i; /* each is ours alone: nobody else's write appears below */
    }
    for (i = 0; i < MANY; i++) {
        known += *(size_t *)again[i] == i ? 1 : 0;
    }
    assert_int_equal(known, MANY);
    edai_slab_fini(&slab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(class_of_each_size_is_the_smallest_that_holds_it),
        cmocka_unit_test(block_of_each_class_is_writable_and_aligned),
        cmocka_unit_test(block_freed_is_the_next_one_given),
        cmocka_unit_test(large_blocks_are_kept_within_bounds),
        cmocka_unit_test(chain_returned_with_mixed_classes_is_sorted_again),
        cmocka_unit_test(allocation_that_fails_gives_null_and_leaves_the_slab_usable),
        cmocka_unit_test(chains_returned_by_threads_lose_no_block),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
