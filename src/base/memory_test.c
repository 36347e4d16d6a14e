#include "base/memory.h"

#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void memory_alloc_of_nothing_returns_a_block(void **state)
{
    (void)state;
    void *blocks[] = {
        edai_alloc(0), edai_calloc(0, 8), edai_calloc(8, 0), edai_alloc_aligned(64, 0)};
    for (size_t i = 0; i < sizeof blocks / sizeof blocks[0]; i++) {
        assert_non_null(blocks[i]);
        edai_free(blocks[i]);
    }
    edai_free(NULL);
}

static void memory_calloc_zeroes_and_refuses_overflow(void **state)
{
    (void)state;
    static const unsigned char zeros[64];
    unsigned char *block = edai_calloc(8, 8);
    assert_non_null(block);
    assert_memory_equal(block, zeros, sizeof zeros);
    edai_free(block);
    volatile size_t many = SIZE_MAX / 2; /* volatile: the compiler would warn of what is tested */
    assert_null(edai_calloc(many, 3));
}

static void memory_realloc_that_fails_keeps_the_block(void **state)
{
    (void)state;
    char *block = edai_realloc(NULL, 4);
    assert_non_null(block);
    memcpy(block, "abc", 4);
    edai_alloc_fail_at(1);
    assert_null(edai_realloc(block, 1000));
    assert_string_equal(block, "abc");
    char *larger = edai_realloc(block, 1000); /* the hook has fired: off */
    assert_non_null(larger);
    assert_string_equal(larger, "abc");
    char *smallest = edai_realloc(larger, 0);
    assert_non_null(smallest);
    free(smallest); /* as users do */
}

static void memory_alloc_aligned_is_aligned(void **state)
{
    (void)state;
    for (size_t align = 1; align <= 4096; align *= 2) {
        void *block = edai_alloc_aligned(align, 100);
        assert_non_null(block);
        assert_int_equal((uintptr_t)block % align, 0);
        edai_free(block);
    }
}

static void pages_alloc_is_zeroed_and_writable(void **state)
{
    (void)state;
    enum {
        SIZE = 3 * 4096 + 1
    };
    unsigned char *pages = edai_pages_alloc(SIZE);
    assert_non_null(pages);
    for (size_t i = 0; i < SIZE; i++) {
        assert_int_equal(pages[i], 0);
        pages[i] = 1;
    }
    edai_pages_free(pages, SIZE);
    edai_pages_free(NULL, SIZE);
    assert_null(edai_pages_alloc(SIZE_MAX / 4));
}

static void pages_ready_are_zeroed_and_writable(void **state)
{
    enum {
        SIZE = 64 * 1024
    };
    unsigned char *pages = edai_pages_alloc_ready(SIZE);
    size_t i;

    (void)state;
    assert_non_null(pages);
    for (i = 0; i < SIZE; i++) {
        assert_int_equal(pages[i], 0);
        pages[i] = 1;
    }
    edai_pages_free(pages, SIZE);
    edai_alloc_fail_at(1);
    assert_null(edai_pages_alloc_ready(SIZE));
    edai_alloc_fail_at(0);
}

/* One of each kind; returns how many there were. */
static unsigned alloc_each(void *ret_blocks[5])
{
    ret_blocks[0] = edai_alloc(1);
    ret_blocks[1] = edai_calloc(1, 1);
    ret_blocks[2] = edai_realloc(NULL, 1);
    ret_blocks[3] = edai_alloc_aligned(16, 1);
    ret_blocks[4] = edai_pages_alloc(4096);
    return 5;
}

static void free_each(void *blocks[5])
{
    for (unsigned i = 0; i < 4; i++) {
        edai_free(blocks[i]);
    }
    edai_pages_free(blocks[4], 4096);
}

static void alloc_fail_at_fails_the_nth_of_every_kind_once(void **state)
{
    (void)state;
    void *blocks[5];
    for (unsigned nth = 1; nth <= 6; nth++) {
        uint64_t failed = edai_alloc_failed_count();
        edai_alloc_fail_at(nth);
        unsigned len = alloc_each(blocks);
        edai_alloc_fail_at(0);
        for (unsigned i = 0; i < len; i++) {
            assert_int_equal(blocks[i] == NULL, i + 1 == nth);
        }
        assert_int_equal(edai_alloc_failed_count() - failed, nth <= len);
        free_each(blocks);
    }
}

static void alloc_count_counts_while_armed(void **state)
{
    (void)state;
    void *blocks[5];
    uint64_t before = edai_alloc_count();
    (void)alloc_each(blocks);
    free_each(blocks);
    assert_int_equal(edai_alloc_count(), before);
    edai_alloc_fail_at(UINT64_MAX);
    unsigned len = alloc_each(blocks);
    edai_alloc_fail_at(0);
    free_each(blocks);
    assert_int_equal(edai_alloc_count(), before + len);
    (void)alloc_each(blocks);
    free_each(blocks);
    assert_int_equal(edai_alloc_count(), before + len);
}

static bool every_second(void *arg)
{
    unsigned *asked = arg;
    (*asked)++;
    return *asked % 2 == 0;
}

static void alloc_hook_decides_each_call(void **state)
{
    (void)state;
    unsigned asked = 0;
    void *blocks[5];
    edai_alloc_set_hook(every_second, &asked);
    unsigned len = alloc_each(blocks);
    edai_alloc_set_hook(NULL, NULL);
    assert_int_equal(asked, len);
    for (unsigned i = 0; i < len; i++) {
        assert_int_equal(blocks[i] == NULL, i % 2 == 1);
    }
    free_each(blocks);
    assert_false(edai_alloc_should_fail());
}

enum {
    PER_THREAD = 1000
};

static void *alloc_many(void *arg)
{
    unsigned *failed = arg;
    for (unsigned i = 0; i < PER_THREAD; i++) {
        void *block = edai_alloc(8);
        *failed += block == NULL;
        edai_free(block);
    }
    return NULL;
}

static void alloc_fail_process_fails_one_of_all_threads(void **state)
{
    (void)state;
    enum {
        LEN = 4
    };
    edai_thread threads[LEN];
    unsigned failed[LEN] = {0};
    edai_alloc_fail_process(2 * PER_THREAD + 7);
    for (size_t i = 0; i < LEN; i++) {
        assert_int_equal(edai_thread_start(&threads[i], alloc_many, &failed[i], "alloc"), EDA_OK);
    }
    unsigned sum = 0;
    for (size_t i = 0; i < LEN; i++) {
        (void)edai_thread_join(&threads[i]);
        sum += failed[i];
    }
    assert_int_equal(sum, 1);
    edai_alloc_fail_process(0);
    (void)alloc_many(&sum);
    assert_int_equal(sum, 1);
}

static void alloc_fail_at_spares_other_threads(void **state)
{
    (void)state;
    unsigned mine = 0;
    unsigned others = 0;
    edai_alloc_fail_at(1);
    edai_thread thread;
    assert_int_equal(edai_thread_start(&thread, alloc_many, &others, NULL), EDA_OK);
    (void)edai_thread_join(&thread);
    (void)alloc_many(&mine);
    assert_int_equal(others, 0);
    assert_int_equal(mine, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_alloc_of_nothing_returns_a_block),
        cmocka_unit_test(memory_calloc_zeroes_and_refuses_overflow),
        cmocka_unit_test(memory_realloc_that_fails_keeps_the_block),
        cmocka_unit_test(memory_alloc_aligned_is_aligned),
        cmocka_unit_test(pages_alloc_is_zeroed_and_writable),
        cmocka_unit_test(pages_ready_are_zeroed_and_writable),
        cmocka_unit_test(alloc_fail_at_fails_the_nth_of_every_kind_once),
        cmocka_unit_test(alloc_count_counts_while_armed),
        cmocka_unit_test(alloc_hook_decides_each_call),
        cmocka_unit_test(alloc_fail_process_fails_one_of_all_threads),
        cmocka_unit_test(alloc_fail_at_spares_other_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
