/* link_test.c - what stands in a link's ring, and when its batches are due. */
#include "cluster/link.h"

#include "base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#define SELF EDA_STR("self/0123456789abcdef")

static edai_link *make(void)
{
    char *key = edai_alloc(2);
    edai_link *link;

    assert_non_null(key);
    memcpy(key, "k", 2);
    link = edai_link_new(3, "peer/0123456789abcdef", key);
    assert_non_null(link);
    return link;
}

static eda_status note(edai_link *link, const edai_route *route, uint64_t corr, uint32_t size)
{
    const edai_link_sent sent = {.route = route, .corr = corr, .size = size, .count = 1};

    return edai_link_note(link, &sent);
}

/* Routes serve as marks. */
static edai_route routes[4];

static void ring_grows_and_keeps_its_order(void **state)
{
    edai_link *link = make();
    edai_link_sent oldest;
    uint64_t i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        assert_int_equal(note(link, &routes[i % 4], i, 1), EDA_OK);
        if (i % 3 == 0) { /* the peer tells of some meanwhile: the ring turns */
            assert_true(edai_link_take(link, 1, &oldest));
            assert_ptr_equal(oldest.route, &routes[link->told % 4]);
            assert_int_equal(oldest.corr, link->told);
            link->told++;
        }
    }
    assert_int_equal(edai_link_under_way(link), 1000 - 334);
    while (edai_link_take(link, 1, &oldest)) {
        assert_int_equal(oldest.corr, link->told);
        link->told++;
    }
    assert_int_equal(link->told, 1000);
    edai_link_free(link);
}

/* Of one route and size, and nobody waits for their end. */
static void what_is_alike_in_a_row_stands_once(void **state)
{
    edai_link *link = make();
    edai_link_sent oldest;
    uint32_t i;

    (void)state;
    for (i = 0; i < 1000; i++) {
        assert_int_equal(note(link, &routes[0], 0, 7), EDA_OK);
    }
    assert_int_equal(link->ring_end - link->ring_first, 1);
    assert_int_equal(note(link, &routes[0], 0, 8), EDA_OK);
    assert_int_equal(note(link, &routes[1], 0, 8), EDA_OK);
    assert_int_equal(note(link, &routes[1], 5, 8), EDA_OK);
    assert_int_equal(note(link, &routes[1], 5, 8), EDA_OK);
    assert_int_equal(note(link, &routes[1], 0, 8), EDA_OK);
    assert_int_equal(link->ring_end - link->ring_first, 6);
    assert_int_equal(link->size, 7040);
    assert_true(edai_link_take(link, 400, &oldest));
    assert_int_equal(oldest.count, 400);
    assert_int_equal(link->size, 4240);
    assert_true(edai_link_take(link, 1000, &oldest));
    assert_int_equal(oldest.count, 600);
    assert_int_equal(oldest.size, 7);
    link->told = 1000;
    assert_false(edai_link_take(link, 0, &oldest));
    for (i = 0; i < 5; i++) {
        assert_true(edai_link_take(link, UINT64_MAX, &oldest));
        assert_int_equal(oldest.count, 1);
        link->told++;
    }
    assert_false(edai_link_take(link, UINT64_MAX, &oldest));
    assert_int_equal(link->size, 0);
    edai_link_free(link);
}

static void window_and_size_bound_what_is_under_way(void **state)
{
    edai_link *link = make();
    edai_link_sent oldest;
    uint32_t i;

    (void)state;

    for (i = 0; i < EDAI_LINK_WINDOW; i++) {
        assert_true(edai_link_has_room(link, true));
        assert_int_equal(note(link, &routes[0], 0, 1), EDA_OK);
    }
    assert_false(edai_link_has_room(link, false));
    assert_true(edai_link_take(link, 1, &oldest));
    link->told = 1;
    assert_true(edai_link_has_room(link, true));
    assert_int_equal(note(link, &routes[0], 0, EDAI_LINK_SIZE_EASY), EDA_OK);
    assert_true(edai_link_take(link, 1, &oldest));
    link->told = 2;
    assert_false(edai_link_has_room(link, true)); /* the rest may go on */
    assert_true(edai_link_has_room(link, false));
    assert_int_equal(note(link, &routes[0], 0, EDAI_LINK_SIZE_MAX), EDA_OK);
    assert_true(edai_link_take(link, 1, &oldest));
    link->told = 3;
    assert_false(edai_link_has_room(link, false));
    while (edai_link_take(link, 1, &oldest)) {
        link->told++;
    }
    assert_int_equal(link->size, 0);
    assert_true(edai_link_has_room(link, true));
    edai_link_free(link);
}

static void half_of_what_may_be_under_way_makes_it_tight(void **state)
{
    edai_link *link = make();
    edai_envelope waiting = {.next = NULL};
    edai_link_sent oldest;
    uint32_t i;

    (void)state;
    for (i = 0; i < EDAI_LINK_WINDOW / 2; i++) {
        assert_false(edai_link_is_tight(link));
        assert_int_equal(note(link, &routes[0], 0, 1), EDA_OK);
    }
    assert_true(edai_link_is_tight(link));
    assert_true(edai_link_take(link, 1, &oldest));
    link->told = 1;
    assert_false(edai_link_is_tight(link));
    assert_int_equal(note(link, &routes[0], 0, EDAI_LINK_SIZE_EASY / 2), EDA_OK);
    assert_true(edai_link_is_tight(link));
    while (edai_link_take(link, 1, &oldest)) {
        link->told++;
    }
    assert_false(edai_link_is_tight(link));
    edai_line_add(&link->waiting, &waiting, &waiting);
    assert_true(edai_link_is_tight(link));
    (void)edai_line_take_all(&link->waiting);
    edai_link_free(link);
}

static void small_batches_wait_while_much_is_under_way(void **state)
{
    edai_link *link = make();
    uint32_t i;

    (void)state;
    assert_false(edai_link_is_due(link)); /* nothing to send */
    (void)edai_link_batch(link, SELF);
    assert_true(edai_link_is_due(link));
    for (i = 0; i < EDAI_LINK_EAGER; i++) {
        assert_int_equal(note(link, &routes[0], 0, 1), EDA_OK);
    }
    link->left = link->written;
    assert_false(edai_link_is_due(link));
    link->is_pressing = true;
    assert_true(edai_link_is_due(link));
    link->is_pressing = false;
    link->told = 1;
    assert_true(edai_link_is_due(link));
    edai_link_free(link);
}

static void every_allocation_may_fail(void **state)
{
    edai_link *link = make();
    uint32_t i;

    (void)state;
    edai_alloc_fail_at(1);
    assert_int_equal(note(link, &routes[0], 7, 1), EDA_ENOMEM);
    edai_alloc_fail_at(0);
    assert_int_equal(edai_link_under_way(link), 0);
    for (i = 0; i < 64; i++) {
        assert_int_equal(note(link, &routes[0], i, 1), EDA_OK);
    }
    edai_alloc_fail_at(1);
    assert_int_equal(note(link, &routes[0], 64, 1), EDA_ENOMEM); /* it would have to grow */
    edai_alloc_fail_at(0);
    assert_int_equal(edai_link_under_way(link), 64);
    edai_link_free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ring_grows_and_keeps_its_order),
        cmocka_unit_test(what_is_alike_in_a_row_stands_once),
        cmocka_unit_test(window_and_size_bound_what_is_under_way),
        cmocka_unit_test(half_of_what_may_be_under_way_makes_it_tight),
        cmocka_unit_test(small_batches_wait_while_much_is_under_way),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
