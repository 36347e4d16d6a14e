/* decimal_test.c - every 8- and 16-bit number there and back, the borders of the wider ones, and
 * what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "message/decimal.h"

static bool reads(eda_kind kind, const char *text)
{
    int64_t number;
    uint64_t unsigned_number;

    return edai_decimal_read(kind, eda_str_from(text), &number, &unsigned_number);
}

static void check_signed(eda_kind kind, const void *data, int64_t value)
{
    char expected[32];
    char buffer[EDAI_DECIMAL_LEN_MAX];
    int64_t number = 7;
    uint64_t unsigned_number = 7;

    snprintf(expected, sizeof(expected), "%" PRId64, value);
    size_t len = edai_decimal_write(kind, data, buffer);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(buffer, expected, len);
    assert_true(edai_decimal_read(kind, (eda_str){buffer, len}, &number, &unsigned_number));
    assert_true(number == value && unsigned_number == 0);
}

static void check_unsigned(eda_kind kind, const void *data, uint64_t value)
{
    char expected[32];
    char buffer[EDAI_DECIMAL_LEN_MAX];
    int64_t number = 7;
    uint64_t unsigned_number = 7;

    snprintf(expected, sizeof(expected), "%" PRIu64, value);
    size_t len = edai_decimal_write(kind, data, buffer);
    assert_int_equal(len, strlen(expected));
    assert_memory_equal(buffer, expected, len);
    assert_true(edai_decimal_read(kind, (eda_str){buffer, len}, &number, &unsigned_number));
    assert_true(unsigned_number == value && number == 0);
}

static void decimal_every_narrow_number_comes_back(void **state)
{
    (void)state;
    for (int32_t i = INT16_MIN; i <= UINT16_MAX; i++) {
        int8_t i8 = (int8_t)i;
        int16_t i16 = (int16_t)i;
        uint8_t u8 = (uint8_t)i;
        uint16_t u16 = (uint16_t)i;
        check_signed(EDA_KIND_I8, &i8, i8);
        check_signed(EDA_KIND_I16, &i16, i16);
        check_unsigned(EDA_KIND_U8, &u8, u8);
        check_unsigned(EDA_KIND_U16, &u16, u16);
    }
}

static void decimal_wide_borders_come_back(void **state)
{
    static const int64_t numbers[] = {
        0, 1, -1, 9, 10, INT32_MIN, INT32_MAX, INT64_MIN, INT64_MIN + 1, INT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        int32_t i32 = (int32_t)numbers[i];
        uint32_t u32 = (uint32_t)numbers[i];
        uint64_t u64 = (uint64_t)numbers[i];
        check_signed(EDA_KIND_I32, &i32, i32);
        check_signed(EDA_KIND_I64, &numbers[i], numbers[i]);
        check_unsigned(EDA_KIND_U32, &u32, u32);
        check_unsigned(EDA_KIND_U64, &u64, u64);
    }
}

static void decimal_read_not_canonical_is_refused(void **state)
{
    static const char *const texts[] = {"", "-", "+1", "-0", "00", "01", "-01", " 1", "1 ", "1.0",
        "1e3", "0x1", "--1", "a", "1-", "000000000000000000001", "\xd9\xa1"};

    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        assert_false(reads(EDA_KIND_I64, texts[i]));
        assert_false(reads(EDA_KIND_U64, texts[i]));
    }
    assert_false(reads(EDA_KIND_U64, "-1"));
}

static void decimal_read_out_of_range_is_refused(void **state)
{
    (void)state;
    assert_true(reads(EDA_KIND_I8, "127") && reads(EDA_KIND_I8, "-128"));
    assert_false(reads(EDA_KIND_I8, "128") || reads(EDA_KIND_I8, "-129"));
    assert_true(reads(EDA_KIND_U8, "255"));
    assert_false(reads(EDA_KIND_U8, "256"));
    assert_false(reads(EDA_KIND_I32, "2147483648") || reads(EDA_KIND_I32, "-2147483649"));
    assert_false(reads(EDA_KIND_U32, "4294967296"));
    assert_false(reads(EDA_KIND_I64, "9223372036854775808"));
    assert_false(reads(EDA_KIND_I64, "-9223372036854775809"));
    assert_false(reads(EDA_KIND_U64, "18446744073709551616"));
    assert_false(reads(EDA_KIND_U64, "99999999999999999999"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decimal_every_narrow_number_comes_back),
        cmocka_unit_test(decimal_wide_borders_come_back),
        cmocka_unit_test(decimal_read_not_canonical_is_refused),
        cmocka_unit_test(decimal_read_out_of_range_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
