/* json_test.c - what JSON records accept and refuse, what is written, and what a topic presets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/codec_sample.h"
#include "message/json.h"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

EDA_RECORD(declared_values,
    (int8_t, number, .if_missing = -7),
    (uint64_t, large, .if_missing = 1e18L),
    (double, share, .if_missing = 0.5L),
    (bool, flag, .if_missing = 1),
    (sample_mode, mode, .if_missing = SAMPLE_HELD),
    (eda_duration, open_for, .if_missing = EDA_SEC(5)),
    (eda_str, text, .may_miss = true));
EDA_RECORD(must_have, (sample_badge, inner));
EDA_RECORD(keyed_by_optional, (eda_optional(uint16_t), id), (eda_optional(eda_str), name));

static eda_status decode(
    const eda_type *type, const char *text, void **ret_data, eda_problem *problem)
{
    /* of exactly that size, so that a sanitizer sees a read beyond it */
    size_t len = strlen(text);
    char *copy = malloc(len > 0 ? len : 1);

    assert_non_null(copy);
    memcpy(copy, text, len);
    eda_status status =
        eda_json_decode(type, (eda_str){.ptr = copy, .len = len}, ret_data, problem);
    free(copy);
    return status;
}

static void assert_encodes(eda_value value, const char *wanted)
{
    char *text;
    size_t len;

    assert_int_equal(eda_json_encode(value, &text, &len), EDA_OK);
    assert_string_equal(text, wanted);
    assert_int_equal(len, strlen(wanted));
    free(text);
}

static void assert_decodes(const eda_type *type, const char *text, const char *wanted)
{
    eda_problem problem = {.text = ""};
    void *data;

    if (decode(type, text, &data, &problem) != EDA_OK) {
        fail_msg("%s: %s", text, problem.text);
    }
    assert_encodes((eda_value){type, data}, wanted);
    free(data);
}

static void assert_refused(
    const eda_type *type, const char *text, eda_status status, const char *sentence)
{
    eda_problem problem = {.text = ""};
    void *data = &problem;

    eda_status got = decode(type, text, &data, &problem);
    if (got != status) {
        fail_msg("%s gives %s: %s", text, eda_status_name(got), problem.text);
    }
    if (sentence != NULL) {
        assert_string_equal(problem.text, sentence);
    }
    assert_ptr_equal(data, &problem);
    assert_int_equal(decode(type, text, &data, NULL), status);
}

static void encoding_is_compact_and_in_order(void **state)
{
    (void)state;
    assert_encodes(EDA_MSG(sample_unlock, .door_id = EDA_STR("front"), .floor = -1,
                       .holder = {.id = EDA_STR("7"), .level = 3}, .hold_s = EDA_SOME(uint32_t, 0),
                       .attempt = 1),
        "{\"door_id\":\"front\",\"floor\":-1,\"holder\":{\"id\":\"7\",\"level\":3},\"hold_s\":0,"
        "\"guests\":[],\"attempt\":1,\"is_test\":false}");
    assert_encodes(
        EDA_MSG(sample_scalars, .u64 = UINT64_MAX, .i64 = INT64_MIN, .f32 = 0.1F, .f64 = 1e100,
            .text = EDA_STR("\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xbc"), .raw = EDA_BYTES("\1\2"),
            .at = EDA_MS(1500), .lasts = EDA_MS(250), .mode = SAMPLE_HELD),
        "{\"flag\":false,\"i8\":0,\"i16\":0,\"i32\":0,\"i64\":-9223372036854775808,\"u8\":0,"
        "\"u16\":0,\"u32\":0,\"u64\":\"18446744073709551615\",\"f32\":0.1,\"f64\":1e+100,"
        "\"text\":\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xbc\",\"raw\":\"AQI=\","
        "\"at\":\"1970-01-01T00:00:01.5Z\",\"lasts\":\"250ms\",\"mode\":\"held\"}");
    assert_encodes((eda_value){&eda_type_eda_none, &(eda_none){0}}, "{}");
}

static void uint64_above_int64_is_a_string(void **state)
{
    (void)state;
    uint64_t border = INT64_MAX;
    assert_encodes((eda_value){&eda_type_uint64_t, &border}, "9223372036854775807");
    border++;
    assert_encodes((eda_value){&eda_type_uint64_t, &border}, "\"9223372036854775808\"");
    assert_decodes(&eda_type_uint64_t, "\"5\"", "5");
    assert_refused(&eda_type_uint64_t, "9223372036854775808", EDA_ERANGE, NULL);
    static const char *const wrong[] = {"\"\"", "\"-1\"", "\"05\"", "\"+5\"", "\" 5\"", "\"5 \"",
        "\"1e3\"", "\"18446744073709551616\"", "\"0x5\""};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(&eda_type_uint64_t, wrong[i], EDA_EINVAL,
            "uint64_t is not a decimal number of 64 bits");
    }
    assert_refused(&eda_type_int64_t, "\"5\"", EDA_EINVAL, "int64_t is not an integer");
}

static void integers_have_no_fraction_and_no_exponent(void **state)
{
    (void)state;
    assert_refused(
        &eda_type_sample_any, "{\"i8\":1.0}", EDA_EINVAL, "sample_any.i8 is not an integer");
    assert_refused(
        &eda_type_sample_any, "{\"i8\":1e1}", EDA_EINVAL, "sample_any.i8 is not an integer");
    assert_refused(&eda_type_sample_any, "{\"i8\":128}", EDA_ERANGE,
        "sample_any.i8 is 128; allowed: -128 to 127");
    assert_refused(&eda_type_sample_any, "{\"i8\":-129}", EDA_ERANGE,
        "sample_any.i8 is -129; allowed: -128 to 127");
    assert_refused(&eda_type_sample_any, "{\"u16\":-1}", EDA_ERANGE,
        "sample_any.u16 is -1; allowed: 0 to 65535");
    assert_refused(&eda_type_sample_any, "{\"u8s\":[0,256]}", EDA_ERANGE,
        "sample_any.u8s[1] is 256; allowed: 0 to 255");
    assert_refused(&eda_type_sample_any, "{\"i64\":9223372036854775808}", EDA_ERANGE, NULL);
    assert_refused(&eda_type_sample_any, "{\"unknown\":-9223372036854775809}", EDA_ERANGE, NULL);
}

/* Short decimals are written without printf, and must be what it would write. */
static void reals_of_few_digits_are_written_as_printf_does(void **state)
{
    const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8};

    (void)state;
    for (size_t places = 0; places < COUNT(powers); places++) {
        uint64_t digits = 0;
        for (uint64_t i = 0; i < 16; i++, digits = digits * 10 + i * 7 % 10) {
            double number = (double)digits / (i % 2 == 0 ? powers[places] : -powers[places]);
            char wanted[48];
            char *text = NULL;
            size_t len;
            int precision = 15;

            do {
                (void)snprintf(wanted, sizeof wanted - 2, "%.*g", precision++, number);
            } while (strtod(wanted, NULL) != number);
            if (strpbrk(wanted, ".e") == NULL) {
                memcpy(wanted + strlen(wanted), ".0", sizeof ".0");
            }
            assert_int_equal(
                eda_json_encode((eda_value){&eda_type_double, &number}, &text, &len), 0);
            assert_string_equal(text, wanted);
            assert_int_equal(len, strlen(wanted));
            free(text);
        }
    }
}

static void reals_accept_integers_and_stay_finite(void **state)
{
    (void)state;
    assert_decodes(&eda_type_double, "3", "3.0");
    assert_decodes(&eda_type_double, "-0.0", "-0.0");
    assert_decodes(&eda_type_double, "9007199254740993", "9007199254740992.0");
    assert_decodes(&eda_type_double, "4.9e-324", "5e-324");
    assert_decodes(&eda_type_float, "3.4028234663852886e38", "3.4028235e+38");
    assert_decodes(&eda_type_float, "1e-45", "1e-45");
    assert_refused(&eda_type_float, "3.5e38", EDA_ERANGE,
        "float is 3.5e+38; allowed: -3.40282347e+38 to 3.40282347e+38");
    assert_refused(&eda_type_double, "1e400", EDA_ERANGE, NULL);
    assert_refused(&eda_type_double, "NaN", EDA_ESYNTAX, NULL);
    assert_refused(&eda_type_double, "-Infinity", EDA_ESYNTAX, NULL);
}

static void text_that_is_not_json_is_refused(void **state)
{
    static const char *const wrong[] = {"", " ", "{", "}", "[", "{\"a\"}", "{\"a\":}", "{\"a\":1,}",
        "{'a':1}", "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{} {}", "{}x",
        "{\"a\":tru}", "{\"text\":\"\\ud800\"}", "{\"text\":\"\\udc00\\ud800\"}",
        "{\"text\":\"\xff\"}", "{\"text\":\"\xed\xa0\x80\"}", "{\"text\":\"\x01\"}",
        "{\"text\":\"abc}", "{\"text\":\"abc\\", "{\"a\":1,\"a\":2}", "{\"x\":{\"a\":1,\"a\":2}}",
        "{\"i8\":1,\"\\u0069\\u0038\":2}", "// no\n{}", "\xef\xbb\xbf{}"};
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_refused(&eda_type_sample_any, wrong[i], EDA_ESYNTAX, NULL);
    }
    assert_refused(&eda_type_sample_any, "{\"i8\":1,\"i8\":2}", EDA_ESYNTAX,
        "JSON, line 1, column 12: duplicate object key near '\"i8\"'");
    void *data;
    assert_int_equal(
        eda_json_decode(&eda_type_sample_any, (eda_str){"{}\0", 3}, &data, NULL), EDA_ESYNTAX);
}

static void nul_is_a_character_like_others(void **state)
{
    void *data;

    (void)state;
    assert_int_equal(decode(&eda_type_eda_str, "\"a\\u0000b\"", &data, NULL), EDA_OK);
    assert_int_equal(((eda_str *)data)->len, 3);
    assert_memory_equal(((eda_str *)data)->ptr, "a\0b", 3);
    free(data);
}

static void values_of_another_kind_are_refused(void **state)
{
    (void)state;
    assert_refused(&eda_type_sample_any, "[]", EDA_EINVAL, "sample_any is not an object");
    assert_refused(
        &eda_type_sample_any, "{\"flag\":1}", EDA_EINVAL, "sample_any.flag is not a bool");
    assert_refused(
        &eda_type_sample_any, "{\"text\":1}", EDA_EINVAL, "sample_any.text is not a string");
    assert_refused(
        &eda_type_sample_any, "{\"text\":true}", EDA_EINVAL, "sample_any.text is not a string");
    assert_refused(
        &eda_type_sample_any, "{\"flags\":{}}", EDA_EINVAL, "sample_any.flags is not a list");
    assert_refused(&eda_type_sample_any, "{\"text\":[]}", EDA_EINVAL,
        "sample_any.text is not of the declared type");
    assert_refused(
        &eda_type_sample_any, "{\"badge\":3}", EDA_EINVAL, "sample_any.badge is not an object");
    assert_refused(&eda_type_sample_any, "{\"mode\":\"shut\"}", EDA_EINVAL,
        "sample_any.mode is \"shut\", which is no name of sample_mode");
    assert_refused(
        &eda_type_sample_any, "{\"mode\":1}", EDA_EINVAL, "sample_any.mode is not a name");
    assert_refused(
        &eda_type_sample_any, "{\"raw\":\"AA=\"}", EDA_EINVAL, "sample_any.raw is not base64");
}

static void times_and_durations_are_text_or_ms(void **state)
{
    (void)state;
    assert_decodes(&eda_type_eda_time, "\"1970-01-01T01:00:00+01:00\"", "\"1970-01-01T00:00:00Z\"");
    assert_decodes(&eda_type_eda_time, "1500", "\"1970-01-01T00:00:01.5Z\"");
    assert_decodes(&eda_type_eda_duration, "\"90s\"", "\"1m30s\"");
    assert_decodes(&eda_type_eda_duration, "-250", "\"-250ms\"");
    assert_refused(&eda_type_eda_duration, "9223372036855", EDA_ERANGE,
        "eda_duration is 9223372036855 ms; allowed: -9223372036854 to 9223372036854");
    assert_refused(&eda_type_eda_duration, "1.5", EDA_EINVAL, "eda_duration is not a duration");
    assert_refused(&eda_type_eda_duration, "\"5\"", EDA_EINVAL,
        "eda_duration is not a duration such as \"250ms\" or \"1h30m0s\"");
    assert_refused(&eda_type_eda_time, "\"2016-12-31T23:59:60Z\"", EDA_EINVAL,
        "eda_time is not a time such as \"2026-11-22T13:42:22.5Z\"");
    assert_refused(&eda_type_eda_time, "\"2262-04-11T23:47:16.854775808Z\"", EDA_ERANGE,
        "eda_time is beyond what 64 bits of nanoseconds hold");
}

static void fields_that_miss_get_what_is_declared(void **state)
{
    (void)state;
    assert_decodes(&eda_type_declared_values, "{}",
        "{\"number\":-7,\"large\":1000000000000000000,\"share\":0.5,\"flag\":true,\"mode\":"
        "\"held\","
        "\"open_for\":\"5s\",\"text\":\"\"}");
    assert_refused(&eda_type_must_have, "{}", EDA_EINVAL, "must_have.inner is missing");
    assert_refused(&eda_type_must_have, "{\"inner\":{\"level\":1}}", EDA_EINVAL,
        "must_have.inner.id is missing");
    assert_refused(
        &eda_type_must_have, "{\"inner\":null}", EDA_EINVAL, "must_have.inner is not an object");
    assert_refused(&eda_type_declared_values, "{\"number\":null}", EDA_EINVAL,
        "declared_values.number is null");
}

static void unknown_fields_are_ignored(void **state)
{
    (void)state;
    assert_decodes(&eda_type_sample_tree, "{\"other\":[{\"a\":[1.5,null]}],\"name\":\"x\"}",
        "{\"name\":\"x\",\"children\":[]}");
}

static void bounds_of_fields_hold(void **state)
{
    (void)state;
    const char *fine =
        "{\"door_id\":\"a\",\"floor\":0,\"holder\":{\"id\":\"7\",\"level\":3},\"guests\":[]";
    char text[400];
    (void)snprintf(text, sizeof text, "%s,\"attempt\":9}", fine);
    assert_refused(
        &eda_type_sample_unlock, text, EDA_ERANGE, "sample_unlock.attempt is 9; allowed: 1 to 3");
    (void)snprintf(text, sizeof text, "%s,\"attempt\":300}", fine);
    assert_refused(
        &eda_type_sample_unlock, text, EDA_ERANGE, "sample_unlock.attempt is 300; allowed: 1 to 3");
    assert_refused(&eda_type_sample_unlock, "{\"door_id\":\"123456789012345678901234567890123\"}",
        EDA_ERANGE, "sample_unlock.door_id has 33 bytes; allowed: 32");
    int start = (int)strlen(fine) - 1; /* before the bracket that closes the guests */
    (void)snprintf(text, sizeof text, "%.*s0,0,0,0,0,0,0,0,0]}", start, fine);
    assert_refused(&eda_type_sample_unlock, text, EDA_ERANGE,
        "sample_unlock.guests has 9 elements; allowed: 8");
}

static void nesting_beyond_the_bound_is_refused(void **state)
{
    char text[200] = "{\"x\":\"[[[[\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"}";

    (void)state;
    assert_decodes(&eda_type_sample_tree, text, "{\"name\":\"\",\"children\":[]}");
    memset(text, '[', 33);
    text[33] = '\0';
    assert_refused(&eda_type_sample_tree, text, EDA_ERANGE, "JSON is nested deeper than 32 levels");
    text[32] = '\0';
    assert_refused(&eda_type_sample_tree, text, EDA_ESYNTAX, NULL);
}

static void tree_of_another_maker_is_bounded_too(void **state)
{
    json_t *json = json_object();
    eda_problem problem;
    void *data;

    (void)state;
    for (int i = 0; i < 16; i++) {
        json = json_pack("{s:[o]}", "children", json);
        assert_non_null(json);
    }
    assert_int_equal(
        edai_json_from(&eda_type_sample_tree, json, NULL, 0, &data, &problem), EDA_ERANGE);
    assert_non_null(strstr(problem.text, "is nested deeper than 32 levels"));
    assert_int_equal(
        edai_json_from(&eda_type_sample_tree, json_array_get(json_object_get(json, "children"), 0),
            NULL, 0, &data, NULL),
        EDA_OK);
    free(data);
    json_decref(json);
}

static void lists_and_texts_above_the_bound_are_refused(void **state)
{
    size_t len = EDA_CODEC_SIZE_MAX + 1;
    char *text = malloc(len);
    eda_problem problem;
    void *data;

    (void)state;
    assert_non_null(text);
    memset(text, ' ', len);
    memcpy(text, "{}", 2);
    assert_int_equal(
        eda_json_decode(&eda_type_sample_tree, (eda_str){text, len}, &data, &problem), EDA_ERANGE);
    assert_string_equal(problem.text, "JSON has 1048577 bytes; allowed: 1048576");
    assert_int_equal(
        eda_json_decode(&eda_type_sample_tree, (eda_str){text, len - 1}, &data, NULL), EDA_OK);
    free(data);
    memcpy(text, "{\"x\":[1", 7);
    for (size_t i = 0; i < EDA_CODEC_LIST_MAX; i++) {
        memcpy(text + 7 + 2 * i, ",1", 2);
    }
    memcpy(text + 7 + (size_t)2 * EDA_CODEC_LIST_MAX, "]}", 2);
    assert_int_equal(
        eda_json_decode(&eda_type_sample_tree, (eda_str){text, len - 1}, &data, &problem),
        EDA_ERANGE);
    assert_string_equal(problem.text, "JSON has a list or object of more than 65536 elements");
    memcpy(text + 7, "  ", 2);
    assert_int_equal(
        eda_json_decode(&eda_type_sample_tree, (eda_str){text, len - 1}, &data, NULL), EDA_OK);
    free(data);
    free(text);
}

/* --- presets --- */

static const edai_preset door_presets[] = {
    {.field = NULL, .text = {"front", 5}}, {.field = NULL, .text = {"-1", 2}}};

static eda_status decode_door(
    const char *text, const char *floor, void **ret_data, eda_problem *problem)
{
    edai_preset presets[COUNT(door_presets)];

    memcpy(presets, door_presets, sizeof presets);
    presets[0].field = &eda_type_sample_unlock.fields[0];
    presets[1].field = &eda_type_sample_unlock.fields[1];
    presets[1].text = eda_str_from(floor);
    return edai_json_decode_preset(
        &eda_type_sample_unlock, eda_str_from(text), presets, 2, ret_data, problem);
}

#define REST "\"holder\":{\"id\":\"7\",\"level\":3},\"guests\":[]"

static void fields_of_the_topic_may_miss(void **state)
{
    void *data;

    (void)state;
    assert_int_equal(decode_door("{" REST "}", "-1", &data, NULL), EDA_OK);
    const sample_unlock *unlock = data;
    assert_true(eda_str_equal(unlock->door_id, EDA_STR("front")));
    assert_int_equal(unlock->floor, -1);
    free(data);
    assert_int_equal(
        decode_door("{\"floor\":-1,\"door_id\":\"front\"," REST "}", "-1", &data, NULL), EDA_OK);
    unlock = data;
    assert_true(eda_str_equal(unlock->door_id, EDA_STR("front")));
    assert_true(eda_str_equal(unlock->holder.id, EDA_STR("7")));
    free(data);
}

static void fields_that_differ_from_the_topic_are_refused(void **state)
{
    eda_problem problem;
    void *data = state;

    assert_int_equal(
        decode_door("{\"door_id\":\"frond\"," REST "}", "-1", &data, &problem), EDA_EINVAL);
    assert_string_equal(problem.text, "sample_unlock.door_id differs from the topic");
    assert_int_equal(decode_door("{\"floor\":1," REST "}", "-1", &data, &problem), EDA_EINVAL);
    assert_string_equal(problem.text, "sample_unlock.floor differs from the topic");
    static const char *const wrong[] = {"01", "+1", "-0", "", "1.0", "2147483648", "x"};
    for (size_t i = 0; i < COUNT(wrong); i++) {
        assert_int_equal(decode_door("{" REST "}", wrong[i], &data, &problem), EDA_EINVAL);
        assert_string_equal(
            problem.text, "sample_unlock.floor is not what its type declares in the topic");
    }
    assert_ptr_equal(data, state);
}

static void presets_reach_optionals_and_no_inner_record(void **state)
{
    const edai_preset presets[] = {
        {.field = &eda_type_keyed_by_optional.fields[0], .text = {"7", 1}},
        {.field = &eda_type_keyed_by_optional.fields[1], .text = {"x", 1}}};
    const edai_preset inner = {.field = &eda_type_sample_badge.fields[0], .text = {"7", 1}};
    eda_problem problem;
    void *data;

    (void)state;
    assert_int_equal(edai_json_decode_preset(&eda_type_keyed_by_optional,
                         EDA_STR("{\"name\":\"x\"}"), presets, 2, &data, NULL),
        EDA_OK);
    assert_encodes((eda_value){&eda_type_keyed_by_optional, data}, "{\"id\":7,\"name\":\"x\"}");
    free(data);
    assert_int_equal(edai_json_decode_preset(&eda_type_keyed_by_optional, EDA_STR("{\"id\":null}"),
                         presets, 2, &data, &problem),
        EDA_EINVAL);
    assert_string_equal(problem.text, "keyed_by_optional.id differs from the topic");
    assert_int_equal(edai_json_decode_preset(&eda_type_must_have,
                         EDA_STR("{\"inner\":{\"level\":1}}"), &inner, 1, &data, &problem),
        EDA_EINVAL);
    assert_string_equal(problem.text, "must_have.inner.id is missing");
}

/* --- the surroundings --- */

static size_t allocations_left;

static void *failing_malloc(size_t size)
{
    if (allocations_left == 0) {
        return NULL;
    }
    allocations_left--;
    return malloc(size);
}

static void parser_without_memory_returns_enomem(void **state)
{
    const char *text =
        "{\"a key longer than jansson's first buffer holds, and then some\":\"\\u00fc\","
        "\"text\":\"abc\",\"i64s\":[1,2,3,4,5,6,7,8,9,10],\"x\":{\"a\":1.5}}";
    eda_status status = EDA_ENOMEM;

    (void)state;
    for (size_t n = 0; n < 200 && status != EDA_OK; n++) {
        eda_problem problem;
        void *data;
        json_set_alloc_funcs(failing_malloc, free);
        allocations_left = n;
        status = decode(&eda_type_sample_any, text, &data, &problem);
        json_set_alloc_funcs(malloc, free);
        if (status == EDA_OK) {
            free(data);
        } else {
            assert_int_equal(status, EDA_ENOMEM);
            assert_string_equal(problem.text, "out of memory");
        }
    }
    assert_int_equal(status, EDA_OK);
}

static void locale_with_a_comma_changes_nothing(void **state)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "fr_FR"};
    const char *found = NULL;

    (void)state;
    for (size_t i = 0; i < COUNT(names) && found == NULL; i++) {
        found = setlocale(LC_NUMERIC, names[i]); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    if (found == NULL) {
        skip();
    }
    assert_decodes(&eda_type_double, "1.5", "1.5");
    assert_decodes(&eda_type_double, "1e22", "1e+22");
    assert_decodes(&eda_type_float, "0.1", "0.1");
    (void)setlocale(LC_NUMERIC, "C"); /* NOLINT(concurrency-mt-unsafe): one thread */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(encoding_is_compact_and_in_order),
        cmocka_unit_test(uint64_above_int64_is_a_string),
        cmocka_unit_test(integers_have_no_fraction_and_no_exponent),
        cmocka_unit_test(reals_of_few_digits_are_written_as_printf_does),
        cmocka_unit_test(reals_accept_integers_and_stay_finite),
        cmocka_unit_test(text_that_is_not_json_is_refused),
        cmocka_unit_test(nul_is_a_character_like_others),
        cmocka_unit_test(values_of_another_kind_are_refused),
        cmocka_unit_test(times_and_durations_are_text_or_ms),
        cmocka_unit_test(fields_that_miss_get_what_is_declared),
        cmocka_unit_test(unknown_fields_are_ignored),
        cmocka_unit_test(bounds_of_fields_hold),
        cmocka_unit_test(nesting_beyond_the_bound_is_refused),
        cmocka_unit_test(tree_of_another_maker_is_bounded_too),
        cmocka_unit_test(lists_and_texts_above_the_bound_are_refused),
        cmocka_unit_test(fields_of_the_topic_may_miss),
        cmocka_unit_test(fields_that_differ_from_the_topic_are_refused),
        cmocka_unit_test(presets_reach_optionals_and_no_inner_record),
        cmocka_unit_test(parser_without_memory_returns_enomem),
        cmocka_unit_test(locale_with_a_comma_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
