#include <edacious/bus.h>

#include <dlfcn.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void find_expect_refusal(const char *name, eda_status status, const char *part)
{
    const eda_bus_driver *driver = NULL;
    eda_bus_problem problem = {.text = {0}};

    assert_int_equal(eda_bus_find(name, &driver, &problem), status);
    assert_null(driver);
    if (strstr(problem.text, part) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", problem.text, part);
    }
}

static void find_built_in_returns_its_table(void **state)
{
    (void)state;
    const eda_bus_driver *driver = NULL;
    eda_bus_problem problem;
    assert_int_equal(eda_bus_find("inproc", &driver, &problem), EDA_OK);
    assert_ptr_equal(driver, &eda_bus_inproc);
}

static void find_unknown_names_what_was_sought(void **state)
{
    (void)state;
    find_expect_refusal("nowhere", EDA_ENOENT, "libedacious-nowhere.so is neither in /");
    find_expect_refusal("/no/driver.so", EDA_ENOENT, "/no/driver.so: no such file");
    find_expect_refusal("", EDA_EINVAL, "\"\" names no bus driver");
    find_expect_refusal("Zenoh", EDA_EINVAL, "small letters");
    find_expect_refusal("..", EDA_EINVAL, "names no bus driver");
}

static void find_library_beside_the_program_is_loaded_once(void **state)
{
    (void)state;
    const eda_bus_driver *first = NULL;
    const eda_bus_driver *second = NULL;
    eda_bus_problem problem = {.text = {0}};
    eda_status status = eda_bus_find("sound", &first, &problem);
    assert_string_equal(problem.text, "");
    assert_int_equal(status, EDA_OK);
    assert_string_equal(first->name, "sound");
    assert_int_equal(eda_bus_find("sound", &second, &problem), EDA_OK);
    assert_ptr_equal(first, second);
    assert_null(dlsym(RTLD_DEFAULT, EDA_BUS_SYMBOL)); /* its names are its own */
}

static void find_library_that_is_no_driver_says_why(void **state)
{
    (void)state;
    find_expect_refusal("old", EDA_EINVAL, "a driver of version 1");
    find_expect_refusal("old", EDA_EINVAL, "build it with this edacious/bus.h");
    find_expect_refusal("hollow", EDA_EINVAL, "is NULL; fill every member");
    find_expect_refusal("stranger", EDA_EINVAL, "does not export eda_bus_driver_table");
    find_expect_refusal("/etc/passwd", EDA_EINVAL, "cannot be loaded");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(find_built_in_returns_its_table),
        cmocka_unit_test(find_unknown_names_what_was_sought),
        cmocka_unit_test(find_library_beside_the_program_is_loaded_once),
        cmocka_unit_test(find_library_that_is_no_driver_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
