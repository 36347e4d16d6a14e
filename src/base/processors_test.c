#include "base/processors.h"

#include "base/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static edai_processors set_of(unsigned a, unsigned b)
{
    edai_processors set = {{0}};

    edai_processors_add(&set, a);
    edai_processors_add(&set, b);
    return set;
}

static void without_leaves_the_others(void **state)
{
    const edai_processors all = set_of(3, 700);
    const edai_processors less = set_of(700, 5);
    const edai_processors wanted = set_of(3, 3);
    const edai_processors got = edai_processors_without(&all, &less);

    (void)state;
    assert_true(edai_processors_are_equal(&got, &wanted));
    assert_false(edai_processors_are_equal(&got, &all));
}

static void without_leaves_all_if_none_were_left(void **state)
{
    const edai_processors all = set_of(3, 700);
    const edai_processors got = edai_processors_without(&all, &all);

    (void)state;
    assert_true(edai_processors_are_equal(&got, &all));
}

static void a_processor_beyond_the_set_is_left_out(void **state)
{
    const edai_processors wanted = set_of(EDAI_PROCESSORS_MAX - 1, EDAI_PROCESSORS_MAX - 1);
    const edai_processors got = set_of(EDAI_PROCESSORS_MAX - 1, EDAI_PROCESSORS_MAX);

    (void)state;
    assert_true(edai_processors_are_equal(&got, &wanted));
}

/* It runs, so it is on one that it may run on. */
static void a_thread_that_runs_is_told_where(void **state)
{
    const int number = edai_thread_number();
    const int processor = edai_processor_of(number);
    edai_processors mine = {{0}};

    (void)state;
    if (processor < 0 || !edai_processors_of(number, &mine)) {
        skip();
    }
    assert_true((mine.words[processor / 64] >> processor % 64 & 1) != 0);
}

static void *confine_itself(void *arg)
{
    edai_processors *ret_set = arg;
    const int number = edai_thread_number();
    const int processor = edai_processor_of(number);
    edai_processors one = {{0}};

    if (processor >= 0) {
        edai_processors_add(&one, (unsigned)processor);
        if (!edai_processors_confine(number, &one) || edai_processor_of(number) != processor ||
            !edai_processors_of(number, ret_set) || !edai_processors_are_equal(ret_set, &one)) {
            *ret_set = (edai_processors){{0}};
        }
    }
    edai_thread_hasten(); /* nothing that could be seen */
    return NULL;
}

static void a_confined_thread_stays_where_it_may(void **state)
{
    static const edai_processors none;
    edai_processors set = {{0}};
    edai_thread thread;

    (void)state;
    if (edai_processor_of(edai_thread_number()) < 0) {
        skip();
    }
    assert_int_equal(edai_thread_start(&thread, confine_itself, &set, NULL), EDA_OK);
    (void)edai_thread_join(&thread);
    assert_false(edai_processors_are_equal(&set, &none));
}

static void who_is_no_thread_of_the_process_is_nowhere(void **state)
{
    (void)state;
    assert_int_equal(edai_processor_of(0), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_leaves_the_others),
        cmocka_unit_test(without_leaves_all_if_none_were_left),
        cmocka_unit_test(a_processor_beyond_the_set_is_left_out),
        cmocka_unit_test(a_thread_that_runs_is_told_where),
        cmocka_unit_test(a_confined_thread_stays_where_it_may),
        cmocka_unit_test(who_is_no_thread_of_the_process_is_nowhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
