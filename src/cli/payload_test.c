/* payload_test.c - payloads of any kind as a line of JSON, and JSON as CBOR. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "cli/payload.h"
#include "cli/text.h"

static void assert_shown(const char *encoding, const void *payload, size_t len, const char *json)
{
    edai_buffer text = {.size = 0};

    edai_payload_put(
        &text, eda_str_from(encoding), (eda_bytes){.ptr = (const uint8_t *)payload, .len = len});
    edai_text_put(&text, "", 1);
    assert_false(text.is_broken);
    assert_string_equal((const char *)text.bytes, json);
    edai_buffer_fini(&text);
}

#define JSON_AS(encoding_, text_, json_) assert_shown(encoding_, text_, sizeof(text_) - 1, json_)
#define CBOR_AS(bytes_, json_) assert_shown("application/cbor", bytes_, sizeof(bytes_) - 1, json_)

static void json_is_shown_as_it_is_on_one_line(void **state)
{
    (void)state;
    JSON_AS("application/json", "{\n \"a b\": [1.10, 1e5 ,\"x \\\" y\\\\\"]\t}",
        "{\"a b\":[1.10,1e5,\"x \\\" y\\\\\"]}");
    JSON_AS("", "7", "7");
    JSON_AS("zenoh/string", " null ", "null");
    JSON_AS("text/plain", "\"ä\"", "\"ä\"");
}

static void what_is_neither_is_text_or_base64(void **state)
{
    (void)state;
    JSON_AS("application/json", "{\"a\"", "{\"text\":\"{\\\"a\\\"\"}");
    JSON_AS("text/plain", "hello\n\x01", "{\"text\":\"hello\\n\\u0001\"}");
    JSON_AS("image/png", "7", "{\"text\":\"7\"}");
    JSON_AS("", "", "{\"text\":\"\"}");
    JSON_AS("image/png", "\xff\x00", "{\"base64\":\"/wA=\"}");
    CBOR_AS("\xff", "{\"base64\":\"/w==\"}");
}

static void cbor_is_shown_as_json(void **state)
{
    (void)state;
    CBOR_AS("\xa2\x61"
            "a\x01\x61"
            "b\x82\x20\xf5",
        "{\"a\":1,\"b\":[-1,true]}");
    CBOR_AS("\xbf\x61"
            "a\x9f\x01\xff\xff",
        "{\"a\":[1]}");
    CBOR_AS("\x42\x01\x02", "\"AQI=\"");
    CBOR_AS("\x5f\x41\x01\x41\x02\xff", "\"AQI=\"");
    CBOR_AS("\x7f\x61"
            "a\x61"
            "\"\xff",
        "\"a\\\"\"");
    CBOR_AS("\xa1\x01\xf6", "{\"1\":null}");
    CBOR_AS("\xc1\x1a\x00\x00\x00\x05", "5");
    CBOR_AS("\xfb\x3f\xb9\x99\x99\x99\x99\x99\x9a", "0.1");
    CBOR_AS("\xfb\x40\x00\x00\x00\x00\x00\x00\x00", "2.0");
    CBOR_AS("\xf9\x7e\x00", "null");
    CBOR_AS("\x3b\xff\xff\xff\xff\xff\xff\xff\xff", "-18446744073709551616");
    CBOR_AS("\x1b\xff\xff\xff\xff\xff\xff\xff\xff", "18446744073709551615");
}

static void json_becomes_cbor_and_back(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"a\":[1,-5,300,70000,5000000000,0.5,\"x\",true,false,null,{}]}", "[]", "7",
        "-9223372036854775808"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        edai_buffer bytes = {.size = 0};

        assert_int_equal(edai_payload_to_cbor(&bytes, eda_str_from(texts[i]), NULL), EDA_OK);
        assert_shown("application/cbor", bytes.bytes, bytes.size, texts[i]);
        edai_buffer_fini(&bytes);
    }
}

static void bad_json_becomes_nothing(void **state)
{
    (void)state;
    edai_buffer bytes = {.size = 0};
    eda_problem problem = {.text = ""};

    assert_int_equal(edai_payload_to_cbor(&bytes, EDA_STR("{"), &problem), EDA_ESYNTAX);
    assert_int_equal(edai_payload_put_json(&bytes, EDA_STR("1 2"), &problem), EDA_ESYNTAX);
    assert_non_null(strstr(problem.text, "JSON, line 1"));
    assert_int_equal(bytes.size, 0);
}

static void strings_that_are_no_utf8_are_mended(void **state)
{
    (void)state;
    edai_buffer text = {.size = 0};

    edai_text_string(&text, (eda_str){.ptr = "a\xc3\xa4\xff\xc3", .len = 5});
    edai_text_put(&text, "", 1);
    assert_string_equal((const char *)text.bytes, "\"a\xc3\xa4\xef\xbf\xbd\xef\xbf\xbd\"");
    edai_buffer_fini(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_is_shown_as_it_is_on_one_line),
        cmocka_unit_test(what_is_neither_is_text_or_base64),
        cmocka_unit_test(cbor_is_shown_as_json),
        cmocka_unit_test(json_becomes_cbor_and_back),
        cmocka_unit_test(bad_json_becomes_nothing),
        cmocka_unit_test(strings_that_are_no_utf8_are_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
