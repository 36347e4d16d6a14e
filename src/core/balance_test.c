/* balance_test.c - who shares a thread with whom. */
#include "core/balance.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void cheap_turns_stay_together(void **state)
{
    (void)state;
    assert_false(edai_balance_spreads(
        &(edai_balance){.is_first = true, .busy = 1000, .turn_ns = EDAI_SPREAD_TURN_NS - 1}));
}

static void costly_turns_are_spread_when_the_thread_has_no_time_left(void **state)
{
    edai_balance known = {.is_first = true, .busy = 1000, .turn_ns = EDAI_SPREAD_TURN_NS};

    (void)state;
    assert_true(edai_balance_spreads(&known));
    known.busy = 500;
    assert_false(edai_balance_spreads(&known));
}

static void first_seat_gathers_nowhere(void **state)
{
    (void)state;
    assert_false(edai_balance_gathers(&(edai_balance){.is_first = true}));
}

static void seats_that_are_bored_come_together(void **state)
{
    edai_balance known = {.busy = 100, .first_busy = 300, .turn_ns = 50000, .first_turn_ns = 50000};

    (void)state;
    assert_true(edai_balance_gathers(&known));
    known.first_busy = 900;
    assert_false(edai_balance_gathers(&known));
}

static void seats_with_cheap_turns_come_together_however_busy(void **state)
{
    edai_balance known = {.busy = 1000, .first_busy = 1000, .turn_ns = 50, .first_turn_ns = 50};

    (void)state;
    assert_true(edai_balance_gathers(&known));
    known.first_turn_ns = EDAI_SPREAD_TURN_NS; /* they would only be spread again */
    assert_false(edai_balance_gathers(&known));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheap_turns_stay_together),
        cmocka_unit_test(costly_turns_are_spread_when_the_thread_has_no_time_left),
        cmocka_unit_test(first_seat_gathers_nowhere),
        cmocka_unit_test(seats_that_are_bored_come_together),
        cmocka_unit_test(seats_with_cheap_turns_come_together_however_busy),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
