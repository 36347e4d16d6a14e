/* value_test.c - comparing and borrowing text. */
#include <edacious/value.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void str_from_text_borrows_it(void **state)
{
    (void)state;
    const char *text = "door";
    eda_str str = eda_str_from(text);
    assert_ptr_equal(str.ptr, text);
    assert_int_equal(str.len, 4);
    assert_int_equal(eda_str_from("").len, 0);
}

static void str_from_null_is_empty(void **state)
{
    (void)state;
    eda_str str = eda_str_from(NULL);
    assert_null(str.ptr);
    assert_int_equal(str.len, 0);
}

static void str_equal_compares_bytes_not_pointers(void **state)
{
    (void)state;
    char copy[] = {'a', '\0', 'b'};
    assert_true(eda_str_equal((eda_str){copy, 3}, EDA_STR("a\0b")));
    assert_false(eda_str_equal((eda_str){copy, 3}, EDA_STR("a\0c")));
    assert_false(eda_str_equal(EDA_STR("a"), EDA_STR("ab")));
}

static void str_equal_of_empty_texts_is_true(void **state)
{
    (void)state;
    assert_true(eda_str_equal(EDA_STR(""), eda_str_from(NULL)));
    assert_true(eda_str_equal((eda_str){0}, (eda_str){0}));
    assert_false(eda_str_equal((eda_str){0}, EDA_STR("a")));
}

static void str_compare_orders_bytewise(void **state)
{
    (void)state;
    assert_true(eda_str_compare(EDA_STR("a"), EDA_STR("b")) < 0);
    assert_true(eda_str_compare(EDA_STR("b"), EDA_STR("a")) > 0);
    assert_int_equal(eda_str_compare(EDA_STR("ab"), EDA_STR("ab")), 0);
    assert_true(eda_str_compare(EDA_STR("\xc3\xa4"), EDA_STR("z")) > 0); /* bytes are unsigned */
}

static void str_compare_of_prefix_puts_shorter_first(void **state)
{
    (void)state;
    assert_true(eda_str_compare(EDA_STR("a"), EDA_STR("ab")) < 0);
    assert_true(eda_str_compare(EDA_STR("ab"), EDA_STR("a")) > 0);
    assert_true(eda_str_compare(eda_str_from(NULL), EDA_STR("a")) < 0);
    assert_int_equal(eda_str_compare(eda_str_from(NULL), EDA_STR("")), 0);
}

static void text_str_borrows_the_text(void **state)
{
    (void)state;
    char bytes[] = "open";
    eda_str str = eda_text_str((eda_text){bytes, 4});
    assert_ptr_equal(str.ptr, bytes);
    assert_true(eda_str_equal(str, EDA_STR("open")));
    assert_int_equal(eda_text_str((eda_text){0}).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(str_from_text_borrows_it),
        cmocka_unit_test(str_from_null_is_empty),
        cmocka_unit_test(str_equal_compares_bytes_not_pointers),
        cmocka_unit_test(str_equal_of_empty_texts_is_true),
        cmocka_unit_test(str_compare_orders_bytewise),
        cmocka_unit_test(str_compare_of_prefix_puts_shorter_first),
        cmocka_unit_test(text_str_borrows_the_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
