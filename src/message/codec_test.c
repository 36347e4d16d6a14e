/* codec_test.c - both codecs over the borders of every type: what goes in comes out, and an
 * allocation that fails leaks nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include <edacious/codec.h>

#include "base/memory.h"
#include "message/codec_sample.h"

/* Through both codecs and back. */
static void assert_round_trip(eda_value value)
{
    eda_problem problem = {.text = ""};
    char *text = NULL;
    uint8_t *bytes = NULL;
    size_t len = 0;
    void *again = NULL;

    assert_int_equal(eda_json_encode(value, &text, &len), EDA_OK);
    eda_status status =
        eda_json_decode(value.type, (eda_str){.ptr = text, .len = len}, &again, &problem);
    if (status != EDA_OK) {
        print_error("%s\n%s\n", text, problem.text);
    }
    assert_int_equal(status, EDA_OK);
    assert_true(sample_equal(value.type, value.data, again));
    free(again);
    free(text);

    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_OK);
    assert_int_equal(
        eda_cbor_decode(value.type, (eda_bytes){.ptr = bytes, .len = len}, &again, &problem),
        EDA_OK);
    assert_true(sample_equal(value.type, value.data, again));
    free(again);
    free(bytes);
}

static void integers_at_their_borders_come_back(void **state)
{
    (void)state;
    assert_round_trip(EDA_MSG(
        sample_scalars, .i8 = INT8_MIN, .i16 = INT16_MIN, .i32 = INT32_MIN, .i64 = INT64_MIN));
    assert_round_trip(EDA_MSG(sample_scalars, .flag = true, .i8 = INT8_MAX, .i16 = INT16_MAX,
        .i32 = INT32_MAX, .i64 = INT64_MAX, .u8 = UINT8_MAX, .u16 = UINT16_MAX, .u32 = UINT32_MAX,
        .u64 = UINT64_MAX));
    const uint64_t numbers[] = {0, 1, 23, 24, 255, 256, 65535, 65536, UINT32_MAX,
        (uint64_t)UINT32_MAX + 1, (UINT64_C(1) << 53) + 1, INT64_MAX, (uint64_t)INT64_MAX + 1,
        UINT64_MAX - 1};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_round_trip(EDA_MSG(
            sample_scalars, .u64 = numbers[i], .i64 = -1 - (int64_t)(numbers[i] & INT64_MAX)));
    }
}

static void reals_come_back_bit_by_bit(void **state)
{
    (void)state;
    const double numbers[] = {0.0, -0.0, 1.0, -1.0, 0.1, 1.0 / 3, 1e15, 1e16, 1e21, 1e22, 1e23,
        123456789012345680.0, 9007199254740993.0, DBL_MAX, -DBL_MAX, DBL_MIN, DBL_TRUE_MIN,
        -DBL_TRUE_MIN, DBL_MIN - DBL_TRUE_MIN, DBL_EPSILON, 5e-310, 2.2250738585072011e-308};
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_round_trip(EDA_MSG(sample_scalars, .f64 = numbers[i]));
    }
    const float singles[] = {0.0F, -0.0F, 0.1F, 1.0F / 3, FLT_MAX, -FLT_MAX, FLT_MIN, FLT_TRUE_MIN,
        FLT_MIN - FLT_TRUE_MIN, 16777217.0F, 3.4028233e38F, 1e10F};
    for (size_t i = 0; i < sizeof singles / sizeof singles[0]; i++) {
        assert_round_trip(EDA_MSG(sample_scalars, .f32 = singles[i]));
    }
}

/* A cheap generator, for bit patterns nobody would think of. */
static void reals_of_any_bits_come_back(void **state)
{
    uint64_t bits = UINT64_C(0x9e3779b97f4a7c15);

    (void)state;
    for (int i = 0; i < 2000; i++) {
        sample_scalars sample = {.i8 = 0};
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        uint32_t half = (uint32_t)(bits >> 17);
        memcpy(&sample.f64, &bits, sizeof bits);
        memcpy(&sample.f32, &half, sizeof half);
        sample.f64 = isfinite(sample.f64) ? sample.f64 : 0;
        sample.f32 = isfinite(sample.f32) ? sample.f32 : 0;
        memcpy(&sample.at, &bits, sizeof bits);
        sample.lasts = sample.at >> (bits & 63);
        assert_round_trip((eda_value){.type = &eda_type_sample_scalars, .data = &sample});
    }
}

static void strings_come_back_with_every_character(void **state)
{
    (void)state;
    assert_round_trip(EDA_MSG(sample_scalars, .text = EDA_STR("")));
    assert_round_trip(EDA_MSG(sample_scalars, .text = EDA_STR("a\0b"), .raw = EDA_BYTES("\0\xff")));
    assert_round_trip(EDA_MSG(sample_scalars,
        .text = EDA_STR("\x01\x02\x1f \" \\ / \b\f\n\r\t \x7f \xc3\xbc \xe2\x82\xac "
                        "\xf4\x8f\xbf\xbf \xee\x80\x80 \xed\x9f\xbf")));
    uint8_t raw[256];
    for (size_t i = 0; i < sizeof raw; i++) {
        raw[i] = (uint8_t)i;
    }
    for (size_t len = 0; len <= sizeof raw; len++) {
        assert_round_trip(EDA_MSG(sample_scalars, .raw = {raw, len}));
    }
}

static void times_come_back_over_all_of_int64(void **state)
{
    (void)state;
    const int64_t times[] = {0, 1, -1, 999999999, -999999999, INT64_C(1000000000), INT64_MAX,
        INT64_MIN, INT64_MAX - 854775807, INT64_MIN + 854775808, EDA_SEC(-62), EDA_SEC(951782400)};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        assert_round_trip(EDA_MSG(sample_scalars, .at = times[i], .lasts = times[i]));
    }
}

static void optionals_unset_differ_from_zero(void **state)
{
    (void)state;
    assert_round_trip(EDA_MSG(sample_any));
    assert_round_trip(EDA_MSG(sample_any, .flag = EDA_SOME(bool, false), .i8 = EDA_SOME(int8_t, 0),
        .u16 = EDA_SOME(uint16_t, 0), .i64 = EDA_SOME(int64_t, 0), .u64 = EDA_SOME(uint64_t, 0),
        .f32 = EDA_SOME(float, 0), .f64 = EDA_SOME(double, 0), .text = EDA_SOME(eda_str, {NULL, 0}),
        .raw = EDA_SOME(eda_bytes, {NULL, 0}), .at = EDA_SOME(eda_time, 0),
        .lasts = EDA_SOME(eda_duration, 0), .mode = EDA_SOME(sample_mode, SAMPLE_LOCKED),
        .badge = EDA_SOME(sample_badge, {.level = 0})));
}

static void lists_of_everything_come_back(void **state)
{
    const sample_tree leaves[] = {{.name = EDA_STR("b")}, {.name = EDA_STR("")}};
    const sample_tree roots[] = {
        {.name = EDA_STR("a"), .children = {leaves, 2}}, {.name = {NULL, 0}}};
    const sample_badge badges[] = {
        {.id = EDA_STR("7"), .level = 9}, {.id = EDA_STR("\xf0\x9f\x94\x91")}};

    (void)state;
    assert_round_trip(EDA_MSG(sample_any, .flags = EDA_LIST(bool, true, false),
        .u8s = EDA_LIST(uint8_t, 0, 255), .i64s = EDA_LIST(int64_t, INT64_MIN, 0, INT64_MAX),
        .u64s = EDA_LIST(uint64_t, UINT64_MAX), .f32s = EDA_LIST(float, -0.0F, FLT_MAX),
        .f64s = EDA_LIST(double, DBL_TRUE_MIN, -DBL_MAX),
        .texts = EDA_LIST(eda_str, EDA_STR("x"), EDA_STR(""), EDA_STR("longer than eight")),
        .raws = EDA_LIST(eda_bytes, EDA_BYTES("\xff"), EDA_BYTES("")),
        .times = EDA_LIST(eda_time, INT64_MIN, 0),
        .durations = EDA_LIST(eda_duration, INT64_MAX, -1),
        .modes = EDA_LIST(sample_mode, SAMPLE_HELD, SAMPLE_LOCKED), .badges = {badges, 2},
        .trees = {roots, 2}));
}

static void tree_of_depth(size_t levels, sample_tree *trees)
{
    for (size_t i = 0; i + 1 < levels; i++) {
        trees[i].children = (eda_list_sample_tree){.items = &trees[i + 1], .len = 1};
    }
}

static void nesting_at_the_bound_comes_back_and_above_is_refused(void **state)
{
    sample_tree trees[17] = {{.name = {NULL, 0}}};
    char *text;
    uint8_t *bytes;
    size_t len;

    (void)state;
    /* a level is a record and a list: the 16th one's list of children is the 32nd container */
    tree_of_depth(16, trees);
    eda_value value = {.type = &eda_type_sample_tree, .data = trees};
    assert_round_trip(value);
    tree_of_depth(17, trees);
    assert_int_equal(eda_json_encode(value, &text, &len), EDA_ERANGE);
    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_ERANGE);
}

static void lists_at_the_bound_come_back_and_above_are_refused(void **state)
{
    uint8_t *items = calloc(EDA_CODEC_LIST_MAX + 1, 1);
    char *text;
    uint8_t *bytes;
    size_t len;

    (void)state;
    assert_non_null(items);
    assert_round_trip(EDA_MSG(sample_any, .u8s = {items, EDA_CODEC_LIST_MAX}));
    eda_value value = EDA_MSG(sample_any, .u8s = {items, EDA_CODEC_LIST_MAX + 1});
    assert_int_equal(eda_json_encode(value, &text, &len), EDA_ERANGE);
    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_ERANGE);
    free(items);
}

static void encodings_above_the_size_bound_are_refused(void **state)
{
    char *letters = malloc(EDA_CODEC_SIZE_MAX);
    char *text;
    uint8_t *bytes;
    size_t len;

    (void)state;
    assert_non_null(letters);
    memset(letters, 'x', EDA_CODEC_SIZE_MAX);
    eda_value value = EDA_MSG(sample_tree, .name = {letters, EDA_CODEC_SIZE_MAX});
    assert_int_equal(eda_json_encode(value, &text, &len), EDA_ERANGE);
    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_ERANGE);
    /* {"name":"...","children":[]}: 25 bytes around the name */
    value = EDA_MSG(sample_tree, .name = {letters, EDA_CODEC_SIZE_MAX - 24});
    assert_int_equal(eda_json_encode(value, &text, &len), EDA_ERANGE);
    assert_round_trip(EDA_MSG(sample_tree, .name = {letters, EDA_CODEC_SIZE_MAX - 25}));
    free(letters);
}

static void values_no_codec_takes_are_refused(void **state)
{
    const eda_value bad[] = {
        EDA_MSG(sample_scalars, .f64 = (double)NAN),
        EDA_MSG(sample_scalars, .f64 = (double)INFINITY),
        EDA_MSG(sample_scalars, .f32 = NAN),
        EDA_MSG(sample_scalars, .f32 = -INFINITY),
        EDA_MSG(sample_scalars, .text = {"\xff", 1}),
        EDA_MSG(sample_scalars, .text = {NULL, 1}),
        EDA_MSG(sample_scalars, .mode = (sample_mode)7),
    };
    char *text;
    uint8_t *bytes;
    size_t len;

    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(eda_json_encode(bad[i], &text, &len), EDA_EINVAL);
        assert_int_equal(eda_cbor_encode(bad[i], &bytes, &len), EDA_EINVAL);
    }
    eda_value beyond = EDA_MSG(sample_badge, .level = 10);
    assert_int_equal(eda_json_encode(beyond, &text, &len), EDA_ERANGE);
    assert_int_equal(eda_cbor_encode(beyond, &bytes, &len), EDA_ERANGE);
}

EDA_RECORD(many, (eda_list_of(sample_any), all));

/* 60,000 times next to nothing on the wire, and hundreds of bytes each in memory. */
#define MANY 60000

static void blocks_above_the_memory_bound_are_refused(void **state)
{
    uint8_t *bytes = malloc(MANY + 16);
    char *text = malloc((size_t)3 * MANY + 16);
    eda_problem problem;
    void *data = state;

    assert_non_null(bytes);
    assert_non_null(text);
    assert_true(MANY * sizeof(sample_any) > (size_t)16 * EDA_CODEC_SIZE_MAX);
    memcpy(bytes,
        "\xa1\x63"
        "all\x9f",
        6);
    memset(bytes + 6, 0xa0, MANY);
    bytes[6 + MANY] = 0xff;
    eda_bytes open = {.ptr = bytes, .len = MANY + 7};
    assert_int_equal(eda_cbor_decode(&eda_type_many, open, &data, &problem), EDA_ERANGE);
    assert_string_equal(problem.text, "many.all brings the message above 16777216 bytes in memory");
    memcpy(text, "{\"all\":[{}", 10);
    for (size_t i = 1; i < MANY; i++) {
        memcpy(text + 7 + 3 * i, ",{}", 3);
    }
    memcpy(text + 7 + (size_t)3 * MANY, "]}", 2);
    eda_str json = {.ptr = text, .len = (size_t)3 * MANY + 9};
    assert_int_equal(eda_json_decode(&eda_type_many, json, &data, &problem), EDA_ERANGE);
    assert_string_equal(problem.text, "many.all brings the message above 16777216 bytes in memory");
    assert_ptr_equal(data, state);
    free(text);
    free(bytes);
}

static void optionals_outside_of_records_are_null_or_their_value(void **state)
{
    eda_opt_uint32_t number = {.is_set = false};

    (void)state;
    assert_round_trip((eda_value){.type = &eda_type_eda_opt_uint32_t, .data = &number});
    number = EDA_SOME(uint32_t, 0);
    assert_round_trip((eda_value){.type = &eda_type_eda_opt_uint32_t, .data = &number});
}

EDA_RECORD(saved_state, (eda_text, note), (uint32_t, count));

static void texts_of_states_are_strings(void **state)
{
    char note[] = "kept \xe2\x82\xac";
    saved_state saved = {.note = {.ptr = note, .len = 8}, .count = 3};
    char *text;
    uint8_t *bytes;
    size_t len;
    void *again;

    (void)state;
    eda_value value = {.type = &eda_type_saved_state, .data = &saved};
    assert_int_equal(eda_json_encode(value, &text, &len), EDA_OK);
    assert_string_equal(text, "{\"note\":\"kept \xe2\x82\xac\",\"count\":3}");
    assert_int_equal(
        eda_json_decode(value.type, (eda_str){.ptr = text, .len = len}, &again, NULL), EDA_OK);
    assert_true(
        eda_str_equal(eda_text_str(((saved_state *)again)->note), eda_text_str(saved.note)));
    free(again);
    free(text);
    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_OK);
    assert_int_equal(
        eda_cbor_decode(value.type, (eda_bytes){.ptr = bytes, .len = len}, &again, NULL), EDA_OK);
    assert_true(
        eda_str_equal(eda_text_str(((saved_state *)again)->note), eda_text_str(saved.note)));
    free(again);
    free(bytes);
}

typedef struct machine {
    void *handle;
} machine;
EDA_OPAQUE(machine);

static void opaque_structs_have_no_encoding(void **state)
{
    machine it = {.handle = state};
    char *text = NULL;
    uint8_t *bytes = NULL;
    size_t len;
    void *data = state;

    eda_value value = {.type = &eda_type_machine, .data = &it};
    assert_int_equal(eda_json_encode(value, &text, &len), EDA_EINVAL);
    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_EINVAL);
    assert_int_equal(eda_json_decode(value.type, EDA_STR("1"), &data, NULL), EDA_EINVAL);
    assert_int_equal(eda_cbor_decode(value.type, EDA_BYTES("\x01"), &data, NULL), EDA_EINVAL);
    assert_ptr_equal(data, state);
}

/* --- allocations that fail --- */

#define ALLOCATIONS_MAX 200

static const char rich_text[] =
    "{\"texts\":[\"a\",\"b\",\"c\"],\"trees\":[{\"name\":\"x\",\"children\":[{},{}]}],"
    "\"badges\":[{\"id\":\"7\",\"level\":3}],\"raws\":[\"AAAA\"],\"u64s\":[1,2,3]}";

/* The same in CBOR with open lists, strings and keys in chunks, and keys nobody knows. */
static const uint8_t rich_bytes[] = "\xbf"
                                    "\x7f\x64trax\xff\x01"
                                    "\x64tray\x02"
                                    "\x7f\x63tex\x62ts\xff\x9f\x61"
                                    "a\x7f\x61z\xff\x61"
                                    "c\xff"
                                    "\x65trees\x9f\xa0\xa0\xa0\xa0\xff"
                                    "\xff";

static void decode_without_memory_returns_enomem(void **state)
{
    eda_status status[2] = {EDA_ENOMEM, EDA_ENOMEM};

    (void)state;
    for (uint64_t n = 1; n < ALLOCATIONS_MAX; n++) {
        for (int codec = 0; codec < 2; codec++) {
            eda_problem problem;
            void *data = &problem;
            edai_alloc_fail_at(n);
            status[codec] =
                codec == 0 ? eda_json_decode(
                                 &eda_type_sample_any, eda_str_from(rich_text), &data, &problem)
                           : eda_cbor_decode(&eda_type_sample_any,
                                 (eda_bytes){rich_bytes, sizeof rich_bytes - 1}, &data, &problem);
            edai_alloc_fail_at(0);
            if (status[codec] == EDA_OK) {
                free(data);
                continue;
            }
            assert_int_equal(status[codec], EDA_ENOMEM);
            assert_string_equal(problem.text + strlen(problem.text) - 13, "out of memory");
            assert_ptr_equal(data, &problem);
        }
    }
    assert_int_equal(status[0], EDA_OK);
    assert_int_equal(status[1], EDA_OK);
}

static void encode_without_memory_returns_enomem(void **state)
{
    char letters[3000];
    eda_status status[2] = {EDA_ENOMEM, EDA_ENOMEM};

    (void)state;
    memset(letters, 'x', sizeof letters);
    eda_value value = EDA_MSG(sample_badge, .id = {letters, sizeof letters});
    for (uint64_t n = 1; n < ALLOCATIONS_MAX; n++) {
        char *text = letters;
        uint8_t *bytes = NULL;
        size_t len = 77;
        edai_alloc_fail_at(n);
        status[0] = eda_json_encode(value, &text, &len);
        edai_alloc_fail_at(n);
        status[1] = eda_cbor_encode(value, &bytes, &len);
        edai_alloc_fail_at(0);
        if (status[0] == EDA_OK) {
            free(text);
        } else {
            assert_int_equal(status[0], EDA_ENOMEM);
            assert_ptr_equal(text, letters);
        }
        if (status[1] == EDA_OK) {
            free(bytes);
        } else {
            assert_int_equal(status[1], EDA_ENOMEM);
            assert_null(bytes);
        }
    }
    assert_int_equal(status[0], EDA_OK);
    assert_int_equal(status[1], EDA_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_at_their_borders_come_back),
        cmocka_unit_test(reals_come_back_bit_by_bit),
        cmocka_unit_test(reals_of_any_bits_come_back),
        cmocka_unit_test(strings_come_back_with_every_character),
        cmocka_unit_test(times_come_back_over_all_of_int64),
        cmocka_unit_test(optionals_unset_differ_from_zero),
        cmocka_unit_test(lists_of_everything_come_back),
        cmocka_unit_test(nesting_at_the_bound_comes_back_and_above_is_refused),
        cmocka_unit_test(lists_at_the_bound_come_back_and_above_are_refused),
        cmocka_unit_test(encodings_above_the_size_bound_are_refused),
        cmocka_unit_test(values_no_codec_takes_are_refused),
        cmocka_unit_test(blocks_above_the_memory_bound_are_refused),
        cmocka_unit_test(optionals_outside_of_records_are_null_or_their_value),
        cmocka_unit_test(texts_of_states_are_strings),
        cmocka_unit_test(opaque_structs_have_no_encoding),
        cmocka_unit_test(decode_without_memory_returns_enomem),
        cmocka_unit_test(encode_without_memory_returns_enomem),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
