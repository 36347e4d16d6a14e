/* utf8_test.c - every code point, every pair of bytes, and every border of longer sequences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define CODE_POINT_MAX 0x10FFFFu

static bool is_valid(const char *text, size_t size)
{
    return edai_utf8_valid((eda_str){text, size});
}

/* Plain encoder without any checks: also makes surrogates, and overlong forms where size asks for
 * them. */
static void encode(uint32_t code, size_t size, char *ret_bytes)
{
    static const uint8_t leads[] = {0, 0x00, 0xC0, 0xE0, 0xF0};

    for (size_t i = size; i-- > 1;) {
        ret_bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    ret_bytes[0] = (char)(leads[size] | code);
}

static size_t shortest(uint32_t code)
{
    if (code < 0x80) {
        return 1;
    }
    if (code < 0x800) {
        return 2;
    }
    return code < 0x10000 ? 3 : 4;
}

static void utf8_every_code_point_is_valid_but_surrogates(void **state)
{
    (void)state;
    for (uint32_t code = 0; code <= CODE_POINT_MAX; code++) {
        char bytes[4];
        size_t size = shortest(code);
        bool is_surrogate = code >= 0xD800 && code <= 0xDFFF;
        encode(code, size, bytes);
        assert_int_equal(is_valid(bytes, size), !is_surrogate);
    }
}

static void utf8_overlong_forms_are_refused(void **state)
{
    (void)state;
    for (uint32_t code = 0; code < 0x10000; code++) {
        for (size_t size = shortest(code) + 1; size <= 4; size++) {
            char bytes[4];
            encode(code, size, bytes);
            assert_false(is_valid(bytes, size));
        }
    }
}

static void utf8_over_the_last_code_point_is_refused(void **state)
{
    (void)state;
    for (uint32_t code = CODE_POINT_MAX + 1; code <= 0x1FFFFF; code++) {
        char bytes[4];
        encode(code, 4, bytes);
        assert_false(is_valid(bytes, 4));
    }
}

static void utf8_every_single_byte_and_pair_follows_the_table(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 256; first++) {
        char bytes[2] = {(char)first, 0};
        assert_int_equal(is_valid(bytes, 1), first < 0x80);
        for (unsigned second = 0; second < 256; second++) {
            bool both_ascii = first < 0x80 && second < 0x80;
            bool is_pair = first >= 0xC2 && first <= 0xDF && second >= 0x80 && second <= 0xBF;
            bytes[1] = (char)second;
            assert_int_equal(is_valid(bytes, 2), both_ascii || is_pair);
        }
    }
}

static void utf8_cut_sequence_is_refused(void **state)
{
    static const char *const sequences[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x9A\xAA"};

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        for (size_t size = 1; size < strlen(sequences[i]); size++) {
            assert_false(is_valid(sequences[i], size));
        }
    }
}

static void utf8_bad_later_byte_is_refused(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        bool is_continuation = byte >= 0x80 && byte <= 0xBF;
        char three[3] = {'\xE2', '\x82', (char)byte};
        char four_a[4] = {'\xF0', '\x9F', (char)byte, '\xAA'};
        char four_b[4] = {'\xF0', '\x9F', '\x9A', (char)byte};
        assert_int_equal(is_valid(three, 3), is_continuation);
        assert_int_equal(is_valid(four_a, 4), is_continuation);
        assert_int_equal(is_valid(four_b, 4), is_continuation);
    }
}

/* The fast path takes eight bytes at a time: one bad byte must be seen at every place, whatever
 * stands around it. */
static void utf8_bad_byte_at_any_place_is_seen(void **state)
{
    char text[40];

    (void)state;
    for (size_t size = 0; size <= sizeof(text); size++) {
        memset(text, 'a', sizeof(text));
        assert_true(is_valid(text, size));
        for (size_t at = 0; at < size; at++) {
            text[at] = '\xFF';
            assert_false(is_valid(text, size));
            text[at] = 'a';
        }
        for (size_t at = 0; at + 3 <= size; at++) {
            memcpy(text + at, "\xE2\x82\xAC", 3);
            assert_true(is_valid(text, size));
            assert_false(is_valid(text, at + 2));
            memset(text + at, 'a', 3);
        }
    }
}

static void utf8_empty_text_is_valid(void **state)
{
    (void)state;
    assert_true(is_valid(NULL, 0));
    assert_true(is_valid("", 1)); /* U+0000 */
}

static void utf8_tamed_text_is_one_line(void **state)
{
    static const char *const cases[][2] = {
        {"the drawer is stuck", "the drawer is stuck"},
        {"two\nlines\r\tand \x7f", "two lines  and  "},
        {"\x1b[31mred", " [31mred"},
        {"\xc2\x9b"
         "31mred",
            "  31mred"},
        {"na\xc3\xafve \xe2\x82\xac \xc2\xa0", "na\xc3\xafve \xe2\x82\xac \xc2\xa0"},
        {"latin \xfc", "latin ?"},
        {"cut \xe2\x82", "cut ??"},
        {"\xed\xa0\x80", "???"},
        {"", ""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[64];

        (void)snprintf(text, sizeof(text), "%s", cases[i][0]);
        edai_utf8_tame(text, strlen(text));
        assert_string_equal(text, cases[i][1]);
    }
    for (unsigned pair = 0; pair < 65536; pair++) {
        char text[2] = {(char)(pair >> 8), (char)(pair & 255)};

        edai_utf8_tame(text, 2);
        assert_true(is_valid(text, 2));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(utf8_every_code_point_is_valid_but_surrogates),
        cmocka_unit_test(utf8_overlong_forms_are_refused),
        cmocka_unit_test(utf8_over_the_last_code_point_is_refused),
        cmocka_unit_test(utf8_every_single_byte_and_pair_follows_the_table),
        cmocka_unit_test(utf8_cut_sequence_is_refused),
        cmocka_unit_test(utf8_bad_later_byte_is_refused),
        cmocka_unit_test(utf8_bad_byte_at_any_place_is_seen),
        cmocka_unit_test(utf8_empty_text_is_valid),
        cmocka_unit_test(utf8_tamed_text_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
