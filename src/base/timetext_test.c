/* timetext_test.c - times and durations as text: exact, at every border, and nothing else read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "base/timetext.h"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

typedef struct pair {
    int64_t ns;
    const char *text;
} pair;

static void times_have_their_texts(void **state)
{
    static const pair pairs[] = {
        {0, "1970-01-01T00:00:00Z"},
        {1, "1970-01-01T00:00:00.000000001Z"},
        {-1, "1969-12-31T23:59:59.999999999Z"},
        {INT64_C(951782400000000000), "2000-02-29T00:00:00Z"},
        {INT64_C(1709251199500000000), "2024-02-29T23:59:59.5Z"},
        {INT64_C(-2203891200000000000), "1900-03-01T00:00:00Z"},
        {INT64_MAX, "2262-04-11T23:47:16.854775807Z"},
        {INT64_MIN, "1677-09-21T00:12:43.145224192Z"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        char text[EDAI_TIMETEXT_SIZE];
        eda_time time = 42;
        assert_int_equal(edai_timetext_format(pairs[i].ns, text), strlen(pairs[i].text));
        assert_string_equal(text, pairs[i].text);
        assert_int_equal(edai_timetext_parse(eda_str_from(text), &time), EDA_OK);
        assert_true(time == pairs[i].ns);
    }
}

static void times_with_offset_are_moved_to_utc(void **state)
{
    static const pair pairs[] = {
        {0, "1970-01-01T01:30:00+01:30"},
        {0, "1969-12-31T12:01:00-11:59"},
        {0, "1970-01-01T00:00:00-00:00"},
        {0, "1970-01-01t00:00:00.000000000z"},
        {INT64_C(500000000), "1970-01-01T00:00:00.50Z"},
        {INT64_MAX, "2262-04-12T23:46:16.854775807+23:59"},
        {INT64_MIN, "1677-09-20T00:13:43.145224192-23:59"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        eda_time time = 42;
        assert_int_equal(edai_timetext_parse(eda_str_from(pairs[i].text), &time), EDA_OK);
        assert_true(time == pairs[i].ns);
    }
}

static void times_beyond_int64_return_erange(void **state)
{
    static const char *const beyond[] = {"2262-04-11T23:47:16.854775808Z",
        "1677-09-21T00:12:43.145224191Z", "2262-04-11T23:47:17Z", "1677-09-21T00:12:43Z",
        "9999-12-31T23:59:59Z", "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59"};
    (void)state;
    for (size_t i = 0; i < COUNT(beyond); i++) {
        eda_time time = 42;
        assert_int_equal(edai_timetext_parse(eda_str_from(beyond[i]), &time), EDA_ERANGE);
        assert_true(time == 42);
    }
}

static void texts_that_are_no_times_return_einval(void **state)
{
    static const char *const wrong[] = {"", "1970", "1970-01-01", "1970-01-01T00:00:00",
        "1970-01-01 00:00:00Z", "1970-1-01T00:00:00Z", "1970-13-01T00:00:00Z",
        "1970-00-01T00:00:00Z", "1970-01-00T00:00:00Z", "1970-01-32T00:00:00Z",
        "1970-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "1970-04-31T00:00:00Z",
        "1970-01-01T24:00:00Z", "1970-01-01T00:60:00Z", "1970-01-01T00:00:60Z",
        "2016-12-31T23:59:60Z", "1970-01-01T00:00:00.Z", "1970-01-01T00:00:00.0000000000Z",
        "1970-01-01T00:00:00+24:00", "1970-01-01T00:00:00+01:60", "1970-01-01T00:00:00+0100",
        "1970-01-01T00:00:00+01", "1970-01-01T00:00:00ZZ", "1970-01-01T00:00:00Z ",
        " 1970-01-01T00:00:00Z", "+1970-01-01T00:00:00Z", "-001-01-01T00:00:00Z",
        "1970-01-01T00:00:00,5Z", "1970-01-01T00:00Z"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        eda_time time = 42;
        if (edai_timetext_parse(eda_str_from(wrong[i]), &time) != EDA_EINVAL) {
            fail_msg("'%s' is accepted", wrong[i]);
        }
        assert_true(time == 42);
    }
}

/* Counts the calendar on by hand and compares it with every day that int64 nanoseconds reach. */
static void times_of_every_day_come_back(void **state)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year = 1677;
    int month = 9;
    int day = 22;
    int64_t ns = INT64_C(-9223286400) * 1000000000;

    (void)state;
    for (; year < 2262 || month < 4 || day < 11; ns += INT64_C(86400000000000)) {
        char text[EDAI_TIMETEXT_SIZE];
        char wanted[EDAI_TIMETEXT_SIZE];
        eda_time time;
        (void)edai_timetext_format(ns, text);
        (void)snprintf(wanted, sizeof wanted, "%04d-%02d-%02dT00:00:00Z", year, month, day);
        assert_string_equal(text, wanted);
        assert_int_equal(edai_timetext_parse(eda_str_from(text), &time), EDA_OK);
        assert_true(time == ns);
        bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        int last = days[month - 1] + (month == 2 && is_leap ? 1 : 0);
        day = day == last ? 1 : day + 1;
        month += day == 1 ? 1 : 0;
        year += month == 13 ? 1 : 0;
        month = month == 13 ? 1 : month;
    }
}

static void durations_have_their_texts(void **state)
{
    static const pair pairs[] = {{0, "0s"}, {1, "1ns"}, {-1, "-1ns"}, {999, "999ns"}, {1000, "1us"},
        {1500, "1.5us"}, {1000000, "1ms"}, {250000000, "250ms"}, {999999999, "999.999999ms"},
        {1000000000, "1s"}, {1500000000, "1.5s"}, {INT64_C(5000000000), "5s"},
        {INT64_C(59999999999), "59.999999999s"}, {INT64_C(60000000000), "1m0s"},
        {INT64_C(3600000000000), "1h0m0s"}, {INT64_C(3723500000000), "1h2m3.5s"},
        {INT64_C(-3723500000000), "-1h2m3.5s"}, {INT64_MAX, "2562047h47m16.854775807s"},
        {INT64_MIN, "-2562047h47m16.854775808s"}};
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        char text[EDAI_TIMETEXT_SIZE];
        eda_duration duration = 42;
        assert_int_equal(edai_timetext_format_duration(pairs[i].ns, text), strlen(pairs[i].text));
        assert_string_equal(text, pairs[i].text);
        assert_int_equal(edai_timetext_parse_duration(eda_str_from(text), &duration), EDA_OK);
        assert_true(duration == pairs[i].ns);
    }
}

static void durations_are_sums_of_any_units(void **state)
{
    static const pair pairs[] = {{INT64_C(5400000000000), "1.5h"}, {INT64_C(90000000000), "90s"},
        {INT64_C(61000000000), "1s1m"}, {2001, "1\xc2\xb5s1ns1us"}, {1000, "1\xce\xbcs"},
        {0, "-0s"}, {INT64_C(360000000000), "0.1h"}, {INT64_C(1198800000000), "0.333h"},
        {1000000000, "01.000000000000000000000s"}, {500, "0.5us"},
        {INT64_MIN, "-9223372036854775808ns"}, {INT64_MAX, "9223372036854775807ns"},
        {9, "0.0000000000025h"}};
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        eda_duration duration = 42;
        assert_int_equal(
            edai_timetext_parse_duration(eda_str_from(pairs[i].text), &duration), EDA_OK);
        assert_true(duration == pairs[i].ns);
    }
}

static void durations_beyond_int64_return_erange(void **state)
{
    static const char *const beyond[] = {"9223372036854775808ns", "-9223372036854775809ns",
        "2562047h47m16.854775808s", "2562048h", "18446744073709551616ns",
        "99999999999999999999999999h", "9223372036854775807ns0.5us1ns", "99999999h1ns"};
    (void)state;
    for (size_t i = 0; i < COUNT(beyond); i++) {
        eda_duration duration = 42;
        assert_int_equal(
            edai_timetext_parse_duration(eda_str_from(beyond[i]), &duration), EDA_ERANGE);
        assert_true(duration == 42);
    }
}

static void texts_that_are_no_durations_return_einval(void **state)
{
    static const char *const wrong[] = {"", "-", "5", "0", "s", ".5s", "5.s", "+5s", "--5s", "5 s",
        "5s ", " 5s", "5s-1s", "1d", "5S", "5s5", "0.5ns", "1.0000000001s", "0.00000000000001h",
        "1e3s", "5ms5", "1,5s", "9999999999999999999999999999", "0.0000000002777777777h"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        eda_duration duration = 42;
        if (edai_timetext_parse_duration(eda_str_from(wrong[i]), &duration) != EDA_EINVAL) {
            fail_msg("'%s' is accepted", wrong[i]);
        }
        assert_true(duration == 42);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_their_texts),
        cmocka_unit_test(times_with_offset_are_moved_to_utc),
        cmocka_unit_test(times_beyond_int64_return_erange),
        cmocka_unit_test(texts_that_are_no_times_return_einval),
        cmocka_unit_test(times_of_every_day_come_back),
        cmocka_unit_test(durations_have_their_texts),
        cmocka_unit_test(durations_are_sums_of_any_units),
        cmocka_unit_test(durations_beyond_int64_return_erange),
        cmocka_unit_test(texts_that_are_no_durations_return_einval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
