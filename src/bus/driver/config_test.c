/* config_test.c - what a driver's configuration may say: a list that does not fit says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bus/driver/config.h"

static void names_that_do_not_all_fit_end_with_dots(void **state)
{
    (void)state;
    char text[8] = "";
    const edai_config_item items[] = {{"a_name_of_twenty_four_ch", text, sizeof text, NULL},
        {"b_name_of_twenty_four_ch", text, sizeof text, NULL},
        {"c_name_of_twenty_four_ch", text, sizeof text, NULL}};
    eda_bus_problem problem = {.text = ""};

    assert_int_equal(edai_config_read("{\"x\": \"1\"}", items, 3, &problem), EDA_EINVAL);
    assert_string_equal(problem.text,
        "configuration: \"x\" is unknown; known: \"a_name_of_twenty_four_ch\", "
        "\"b_name_of_twenty_four_ch\", \"c_name_of_twenty_fo...");
    assert_int_equal(edai_config_read("{\"x\": \"1\"}", items, 2, &problem), EDA_EINVAL);
    assert_string_equal(problem.text,
        "configuration: \"x\" is unknown; known: \"a_name_of_twenty_four_ch\", "
        "\"b_name_of_twenty_four_ch\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_do_not_all_fit_end_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
