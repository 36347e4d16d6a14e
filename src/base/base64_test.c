/* base64_test.c - the RFC's examples, every byte, and every way to be almost right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/base64.h"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

static bool decodes(const char *text)
{
    uint8_t bytes[64];
    size_t size;

    return edai_base64_decode(eda_str_from(text), bytes, &size);
}

static void base64_of_rfc_examples_matches(void **state)
{
    static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
        {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        char text[16];
        uint8_t bytes[16];
        size_t len = strlen(pairs[i][0]);
        size_t size = 99;
        edai_base64_encode((eda_bytes){(const uint8_t *)pairs[i][0], len}, text);
        assert_int_equal(edai_base64_len(len), strlen(pairs[i][1]));
        assert_memory_equal(text, pairs[i][1], strlen(pairs[i][1]));
        assert_true(edai_base64_decode(eda_str_from(pairs[i][1]), bytes, &size));
        assert_int_equal(size, len);
        assert_memory_equal(bytes, pairs[i][0], len);
    }
}

static void base64_of_all_pairs_of_bytes_comes_back(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 65536; i++) {
        uint8_t bytes[2] = {(uint8_t)(i >> 8), (uint8_t)i};
        uint8_t again[3];
        char text[4];
        size_t size;
        edai_base64_encode((eda_bytes){bytes, 2}, text);
        assert_true(edai_base64_decode((eda_str){text, 4}, again, &size));
        assert_true(size == 2 && memcmp(bytes, again, 2) == 0);
    }
}

static void base64_not_padded_or_not_canonical_is_refused(void **state)
{
    static const char *const wrong[] = {"Zg", "Zg=", "Zm8", "Z",
        "====", "Z===", "=g==", "Zg==Zg==", "Zh==", "Zm9=", "Zm 8", "Zm8=\n", "Zm-_", "Zg=a",
        "Zm=8", "\xc3\xbc\xc3\xbc"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        if (decodes(wrong[i])) {
            fail_msg("'%s' is accepted", wrong[i]);
        }
    }
}

static void base64_has_one_text_for_each_value(void **state)
{
    unsigned accepted = 0;

    (void)state;
    /* of all one-byte texts exactly 256 decode */
    for (unsigned a = 0; a < 256; a++) {
        for (unsigned b = 0; b < 256; b++) {
            char text[4] = {(char)a, (char)b, '=', '='};
            uint8_t bytes[3];
            size_t size;
            accepted += edai_base64_decode((eda_str){text, 4}, bytes, &size) ? 1 : 0;
        }
    }
    assert_int_equal(accepted, 256);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_of_rfc_examples_matches),
        cmocka_unit_test(base64_of_all_pairs_of_bytes_comes_back),
        cmocka_unit_test(base64_not_padded_or_not_canonical_is_refused),
        cmocka_unit_test(base64_has_one_text_for_each_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
