#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEN_OCLOCK INT64_C(1795341600000000000) /* 2026-11-22T10:00:00Z */

typedef struct output {
    char text[2 * EDAI_LOG_SIZE_MAX];
    size_t size; /* what the line may use */
    edai_log_head head;
} output;

static void EDA_PRINTF(2, 3) format(output *to, const char *text, ...)
{
    memset(to->text, '#', sizeof to->text);
    va_list args;
    va_start(args, text);
    edai_log_format(to->text, to->size, &to->head, text, args);
    va_end(args);
    assert_true(memchr(to->text, 0, to->size) != NULL);
    assert_int_equal(to->text[to->size], '#');
}

static output output_of(size_t size)
{
    return (output){
        .size = size, .head = {.at = TEN_OCLOCK, .system = "home", .who = "door[front]"}};
}

static void log_line_has_time_system_who_and_text(void **state)
{
    (void)state;
    output out = output_of(EDAI_LOG_SIZE_MAX);
    out.head.at += 999999999;
    format(&out, "opened %d times", 3);
    assert_string_equal(out.text, "2026-11-22T10:00:00Z home door[front]: opened 3 times");
}

static void log_line_without_names_leaves_them_out(void **state)
{
    (void)state;
    output out = output_of(EDAI_LOG_SIZE_MAX);
    out.head.system = NULL;
    format(&out, "ready");
    assert_string_equal(out.text, "2026-11-22T10:00:00Z door[front]: ready");
    out.head.who = "";
    format(&out, "ready");
    assert_string_equal(out.text, "2026-11-22T10:00:00Z: ready");
}

static void log_line_before_1970_counts_whole_seconds(void **state)
{
    (void)state;
    output out = output_of(EDAI_LOG_SIZE_MAX);
    out.head.system = out.head.who = NULL;
    out.head.at = -1;
    format(&out, "old");
    assert_string_equal(out.text, "1969-12-31T23:59:59Z: old");
    out.head.at = INT64_MIN;
    format(&out, "oldest");
    assert_string_equal(out.text, "1677-09-21T00:12:43.145224192Z: oldest");
    out.head.at = INT64_MAX;
    format(&out, "newest");
    assert_string_equal(out.text, "2262-04-11T23:47:16Z: newest");
}

static void log_line_escapes_control_characters_everywhere(void **state)
{
    (void)state;
    output out = output_of(EDAI_LOG_SIZE_MAX);
    out.head.who = "door[a\nb]";
    format(&out, "%s", "x\n\r\t\x01\x1b[2J\x7f\xc2\x9b \xc2\xa0 T\xc3\xbcr");
    assert_string_equal(out.text, "2026-11-22T10:00:00Z home door[a\\nb]: "
                                  "x\\n\\r\\t\\x01\\x1b[2J\\x7f\\xc2\\x9b \xc2\xa0 T\xc3\xbcr");
}

static void log_line_keeps_bytes_that_are_no_text(void **state)
{
    (void)state;
    output out = output_of(EDAI_LOG_SIZE_MAX);
    out.head.system = out.head.who = NULL;
    format(&out, "%s", "\x80\xff\xc3");
    assert_string_equal(out.text, "2026-11-22T10:00:00Z: \x80\xff\xc3");
}

static void log_line_too_long_ends_in_dots(void **state)
{
    (void)state;
    static char text[5000];
    memset(text, 'a', sizeof text - 1);
    output out = output_of(EDAI_LOG_SIZE_MAX);
    format(&out, "%s", text);
    assert_int_equal(strlen(out.text), EDAI_LOG_SIZE_MAX - 1);
    assert_string_equal(out.text + EDAI_LOG_SIZE_MAX - 1 - 5, "aa...");
    out.size = EDAI_LOG_SIZE_MAX + 500; /* more room does not make lines longer */
    format(&out, "%s", text);
    assert_int_equal(strlen(out.text), EDAI_LOG_SIZE_MAX - 1);
}

static void log_line_that_just_fits_is_not_cut(void **state)
{
    (void)state;
    output out = output_of(64);
    out.head.system = out.head.who = NULL;
    const char *fits = "0123456789012345678901234567890123456789X"; /* 22 + 41 = 63 */
    format(&out, "%s", fits);
    assert_string_equal(out.text + 22, fits);
    format(&out, "%sY", fits);
    assert_string_equal(out.text + 22, "01234567890123456789012345678901234567...");
}

/* Wherever the end falls, neither an escape nor a character is cut in half. */
static void log_line_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 8; lead++) {
        output out = output_of(64);
        out.head.system = out.head.who = NULL;
        format(&out, "%.*s%s", (int)lead, "01234567",
            "\xe2\x82\xac\x1b\xe2\x82\xac\x1b\xe2\x82\xac\x1b\xe2\x82\xac\x1b"
            "\xe2\x82\xac\x1b\xe2\x82\xac\x1b\xe2\x82\xac\x1b\xe2\x82\xac\x1b");
        size_t len = strlen(out.text);
        assert_string_equal(out.text + len - 3, "...");
        const char *end = out.text + len - 3;
        assert_true(memcmp(end - 4, "\\x1b", 4) == 0 || memcmp(end - 3, "\xe2\x82\xac", 3) == 0);
        assert_in_range(len, 60, 63);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_line_has_time_system_who_and_text),
        cmocka_unit_test(log_line_without_names_leaves_them_out),
        cmocka_unit_test(log_line_before_1970_counts_whole_seconds),
        cmocka_unit_test(log_line_escapes_control_characters_everywhere),
        cmocka_unit_test(log_line_keeps_bytes_that_are_no_text),
        cmocka_unit_test(log_line_too_long_ends_in_dots),
        cmocka_unit_test(log_line_that_just_fits_is_not_cut),
        cmocka_unit_test(log_line_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
