/* status_test.c - names and texts of statuses. */
#include <edacious/status.h>

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void status_of_the_list_has_its_name_and_text(void **state)
{
    (void)state;
    assert_string_equal(eda_status_name(EDA_OK), "EDA_OK");
    assert_string_equal(eda_status_text(EDA_OK), "success");
    assert_string_equal(eda_status_name(EDA_EDEAD), "EDA_EDEAD");
#define CHECK_ENTRY(name_, number_, text_)                                                         \
    assert_string_equal(eda_status_name(number_), #name_);                                         \
    assert_string_equal(eda_status_text(name_), text_);
    EDA_STATUS_LIST(CHECK_ENTRY)
#undef CHECK_ENTRY
}

static void status_numbers_of_the_list_are_distinct(void **state)
{
    (void)state;
    static const int numbers[] = {
#define NUMBER(name_, number_, text_) number_,
        EDA_STATUS_LIST(NUMBER)
#undef NUMBER
    };
    size_t len = sizeof(numbers) / sizeof(numbers[0]);
    for (size_t i = 0; i < len; i++) {
        assert_in_range(numbers[i], 0, EDA_STATUS_USER - 1);
        for (size_t k = i + 1; k < len; k++) {
            assert_int_not_equal(numbers[i], numbers[k]);
        }
    }
}

static void status_of_the_application_is_named_so(void **state)
{
    (void)state;
    assert_string_equal(eda_status_name(EDA_STATUS_USER), "application");
    assert_string_equal(eda_status_name(INT_MAX), "application");
    assert_true(strlen(eda_status_text(EDA_STATUS_USER + 7)) > 0);
}

static void status_outside_the_list_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(eda_status_name(-1), "unknown");
    assert_string_equal(eda_status_name(EDA_STATUS_USER - 1), "unknown");
    assert_true(strlen(eda_status_text(INT_MIN)) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_of_the_list_has_its_name_and_text),
        cmocka_unit_test(status_numbers_of_the_list_are_distinct),
        cmocka_unit_test(status_of_the_application_is_named_so),
        cmocka_unit_test(status_outside_the_list_is_unknown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
