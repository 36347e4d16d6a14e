/* json_direct_test.c - what is decoded without a tree, what is left to it, and that both agree. */
#include "message/json_direct.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>

#include "message/codec_sample.h"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

static bool decodes(const eda_type *type, const char *text, void **ret_data)
{
    edai_json_decoder decoder = {.preset_count = 0};

    return edai_json_direct(&decoder, type, eda_str_from(text), ret_data);
}

/* Decoded without a tree, and to what the tree's way gives. */
static void assert_agrees(const eda_type *type, const char *text)
{
    json_t *tree;
    void *direct;
    void *by_tree;

    if (!decodes(type, text, &direct)) {
        fail_msg("left to the tree: %s", text);
    }
    assert_int_equal(edai_json_parse(eda_str_from(text), &tree, NULL), EDA_OK);
    assert_int_equal(edai_json_from(type, tree, NULL, 0, &by_tree, NULL), EDA_OK);
    if (!sample_equal(type, direct, by_tree)) {
        fail_msg("the tree gives something else: %s", text);
    }
    json_decref(tree);
    free(direct);
    free(by_tree);
}

static void common_text_is_decoded_like_its_tree(void **state)
{
    static const char *const texts[] = {
        "{}",
        " { \"flag\" : true ,\n\t\"i8\" : -128 , \"u16\":65535}\r\n",
        "{\"i64\":-9223372036854775808,\"u64\":9223372036854775807}",
        "{\"u64\":\"18446744073709551615\"}",
        "{\"i64\":999999999999999999,\"i8\":-0}",
        "{\"f64\":0.1,\"f32\":-0.5}",
        "{\"f64\":-0.0,\"f32\":3}",
        "{\"f64\":123456789012.345}",
        "{\"f64\":1.7976931348623157e308,\"f32\":1E-3}",
        "{\"f64\":0.1234567890123456789012345}",
        "{\"f64s\":[0.000000000000001,5e-324,2.5,10.0]}",
        "{\"text\":\"\",\"raw\":\"AQID\"}",
        "{\"text\":\"\\u00e4\\n\\\"\\\\\",\"texts\":[\"a,]\",\"\\\"],\",\"\xc3\xa4\"]}",
        "{\"at\":\"2026-11-22T13:42:22.5Z\",\"lasts\":\"250ms\",\"mode\":\"held\"}",
        "{\"at\":1000,\"lasts\":-5}",
        "{\"flag\":null,\"badge\":null,\"i8\":1}",
        "{\"badge\":{\"level\":9,\"id\":\"x\"}}",
        "{\"badges\":[{\"id\":\"a\",\"level\":1}, {\"id\":\"b\",\"level\":2}]}",
        "{\"flags\":[ ],\"u8s\":[1,2,3 , 4],\"modes\":[\"open\"],\"raws\":[\"\",\"AA==\"]}",
        "{\"trees\":[{\"name\":\"a\",\"children\":[{\"name\":\"b\"},{}]},{\"name\":\"c\"}]}",
        "{\"trees\":[],\"flag\":false}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_agrees(&eda_type_sample_any, texts[i]);
    }
    assert_agrees(&eda_type_double, "1.25");
}

static void wrong_text_is_left_to_the_tree(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "{}}",
        "[]",
        "{,}",
        "{\"flag\"}",
        "{\"flag\":}",
        "{\"flag\":true,}",
        "{\"flag\":truer}",
        "{\"flag\":tru",
        "{\"flag\":1}",
        "{\"flag\":true \"i8\":1}",
        "{\"i8\":128}",
        "{\"i8\":01}",
        "{\"i8\":1.5}",
        "{\"i8\":+1}",
        "{\"i8\":-}",
        "{\"f64\":1.}",
        "{\"f64\":.5}",
        "{\"f64\":1e999}",
        "{\"f64\":1.5.5}",
        "{\"f64\":1-2}",
        "{\"text\":\"a\nb\"}",
        "{\"text\":\"a",
        "{\"text\":\"a\\",
        "{\"text\":\"\\x\"}",
        "{\"text\":\"\xff\"}",
        "{\"u8s\":[1,2}",
        "{\"u8s\":[1,,2]}",
        "{\"u8s\":[1,2,]}",
        "{\"u8s\":[1 2]}",
        "{\"u8s\":[1",
        "{\"u8s\":[\"a]",
        "{\"u8s\":{}}",
        "{\"badge\":{\"id\":\"x\"}}",
        "{\"flag\":true,\"flag\":true}",
        "{\"mode\":\"ajar\"}",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        void *data;
        if (decodes(&eda_type_sample_any, texts[i], &data)) {
            fail_msg("decoded: %s", texts[i]);
        }
    }
}

static void unknown_fields_are_left_to_the_tree(void **state)
{
    void *data;

    (void)state;
    assert_false(decodes(&eda_type_sample_any, "{\"nobody\":1}", &data));
    assert_false(decodes(&eda_type_sample_any, "{\"flag\":true,\"nobody\":1}", &data));
    assert_int_equal(
        eda_json_decode(&eda_type_sample_any, EDA_STR("{\"nobody\":[{}],\"i8\":1}"), &data, NULL),
        EDA_OK);
    free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_text_is_decoded_like_its_tree),
        cmocka_unit_test(wrong_text_is_left_to_the_tree),
        cmocka_unit_test(unknown_fields_are_left_to_the_tree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
