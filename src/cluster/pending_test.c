/* pending_test.c - numbers given once, entries found, taken and bounded. */
#include "cluster/pending.h"

#include "base/memory.h"
#include "view/view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void entries_are_taken_once_by_their_number(void **state)
{
    edai_entries pending = {.places = NULL};
    uint64_t i;

    (void)state;
    for (i = 1; i <= 1000; i++) {
        edai_sent *sent = edai_pending_add(&pending, (uint16_t)(i % 7));

        assert_non_null(sent);
        assert_int_equal(sent->entry.number, i);
    }
    assert_null(edai_pending_take(&pending, 1001));
    for (i = 1000; i >= 1; i--) {
        edai_sent *sent = edai_pending_take(&pending, i);

        assert_non_null(sent);
        assert_int_equal(sent->slot, i % 7);
        assert_null(edai_pending_take(&pending, i));
        edai_free(sent);
    }
    assert_int_equal(pending.count, 0);
    edai_entries_fini(&pending);
}

static void entries_of_a_node_are_found_among_others(void **state)
{
    edai_entries pending = {.places = NULL};
    edai_sent *sent;
    uint32_t count = 0;
    uint32_t i;

    (void)state;
    for (i = 0; i < 100; i++) {
        assert_non_null(edai_pending_add(&pending, (uint16_t)(i % 2)));
    }
    while ((sent = edai_pending_take_of(&pending, 1)) != NULL) {
        assert_int_equal(sent->slot, 1);
        edai_free(sent);
        count++;
    }
    assert_int_equal(count, 50);
    while ((sent = edai_pending_take_of(&pending, EDAI_NOBODY)) != NULL) {
        edai_free(sent);
        count++;
    }
    assert_int_equal(count, 100);
    edai_entries_fini(&pending);
}

static void strangers_are_taken_and_swept(void **state)
{
    edai_entries strangers = {.places = NULL};
    edai_stranger *stranger = edai_strangers_add(&strangers, NULL);
    uint64_t first = stranger->entry.number;

    (void)state;
    assert_non_null(edai_strangers_add(&strangers, NULL));
    edai_free(edai_strangers_take(&strangers, first));
    assert_null(edai_strangers_take(&strangers, first));
    stranger = edai_strangers_take_any(&strangers);
    assert_non_null(stranger);
    edai_free(stranger);
    assert_null(edai_strangers_take_any(&strangers));
    edai_entries_fini(&strangers);
}

static void every_allocation_may_fail(void **state)
{
    edai_entries pending = {.places = NULL};
    uint32_t at;

    (void)state;
    for (at = 1; at <= 2; at++) {
        edai_alloc_fail_at(at);
        assert_null(edai_pending_add(&pending, 0));
        edai_alloc_fail_at(0);
        assert_int_equal(pending.count, 0);
    }
    edai_entries_fini(&pending);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(entries_are_taken_once_by_their_number),
        cmocka_unit_test(entries_of_a_node_are_found_among_others),
        cmocka_unit_test(strangers_are_taken_and_swept),
        cmocka_unit_test(every_allocation_may_fail),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
