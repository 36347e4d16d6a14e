/* problem_test.c - sentences name their place, and are cut without splitting a character. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/utf8.h"
#include "message/problem.h"

static void problem_with_path_names_every_part(void **state)
{
    const edai_path root = {.name = "door_unlock"};
    const edai_path list = {.up = &root, .name = "guests"};
    const edai_path item = {.up = &list, .index = 65535};
    const edai_path leaf = {.up = &item, .name = "id"};
    eda_problem problem;

    (void)state;
    assert_int_equal(edai_problem_set(&problem, &leaf, EDA_EINVAL, "is %s", "missing"), EDA_EINVAL);
    assert_string_equal(problem.text, "door_unlock.guests[65535].id is missing");
    assert_int_equal(edai_problem_set(&problem, NULL, EDA_ESYNTAX, "is empty"), EDA_ESYNTAX);
    assert_string_equal(problem.text, "is empty");
    assert_int_equal(edai_problem_set(NULL, &leaf, EDA_ERANGE, "is 3"), EDA_ERANGE);
}

static void problem_with_long_path_keeps_its_ends(void **state)
{
    edai_path path[40] = {{.name = "tree"}};
    eda_problem problem;

    (void)state;
    for (size_t i = 1; i < 40; i++) {
        path[i] = (edai_path){.up = &path[i - 1], .name = "children"};
    }
    (void)edai_problem_set(&problem, &path[39], EDA_ERANGE, "is too deep");
    assert_memory_equal(problem.text, "tree...children.", 16);
    assert_non_null(strstr(problem.text, ".children is too deep"));
}

static void problem_too_long_is_cut_between_characters(void **state)
{
    char filler[220];
    eda_problem problem;

    (void)state;
    for (size_t len = 180; len < 210; len++) {
        memset(filler, 'x', len);
        filler[len] = '\0';
        (void)edai_problem_set(
            &problem, NULL, EDA_EINVAL, "%s\xf0\x9f\x94\x91\xe2\x82\xac\xc3\xbc", filler);
        size_t size = strlen(problem.text);
        assert_true(size < sizeof problem.text);
        assert_true(size >= sizeof problem.text - 4 || size == len + 9);
        assert_true(edai_utf8_valid((eda_str){problem.text, size}));
    }
}

static void problem_number_is_exact_where_it_is_whole(void **state)
{
    char text[EDAI_PROBLEM_NUMBER_SIZE];

    (void)state;
    edai_problem_number(-9223372036854775808.0L, text);
    assert_string_equal(text, "-9223372036854775808");
    edai_problem_number(18446744073709551615.0L, text);
    assert_string_equal(text, "18446744073709551615");
    edai_problem_number(0.5L, text);
    assert_string_equal(text, "0.5");
    edai_problem_number(0.1L, text);
    assert_string_equal(text, "0.1");
    edai_problem_number(-3, text);
    assert_string_equal(text, "-3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(problem_with_path_names_every_part),
        cmocka_unit_test(problem_with_long_path_keeps_its_ends),
        cmocka_unit_test(problem_too_long_is_cut_between_characters),
        cmocka_unit_test(problem_number_is_exact_where_it_is_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
