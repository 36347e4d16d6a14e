/* cbor_plan_test.c - the short cut writes what the long way writes, reads what that reads, and
 * leaves to it what is not as it should be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include <edacious/declare.h>

#include "base/memory.h"
#include "message/cbor.h"
#include "message/cbor_plan.h"
#include "message/codec_sample.h"

EDA_RECORD(plan_spot, (int16_t, x), (int16_t, y, .range = {-5, 5}), (sample_badge, who));
EDA_RECORD(plan_walk, (plan_spot, from), (eda_str, way), (plan_spot, to));
EDA_RECORD(plan_nothing, .doc = "no field");

static edai_cbor_plan *plan_of(const eda_type *type)
{
    edai_cbor_plan *plan = edai_cbor_plan_new(type);

    assert_non_null(plan);
    return plan;
}

/* Written and read by both ways. */
static void assert_alike(eda_value value)
{
    edai_cbor_plan *plan = plan_of(value.type);
    edai_writer writer = {.data = NULL};
    void *planned = calloc(1, value.type->size);
    uint8_t *bytes = NULL;
    size_t len = 0;

    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_OK);
    assert_true(edai_cbor_plan_append(plan, &writer, value.data));
    assert_int_equal(writer.used, len);
    assert_memory_equal(writer.data, bytes, len);
    assert_true(edai_cbor_plan_decode(plan, (eda_bytes){.ptr = bytes, .len = len}, planned));
    assert_true(sample_equal(value.type, value.data, planned));
    while (len > 0) { /* cut short anywhere, and with a byte too much */
        len--;
        assert_false(edai_cbor_plan_decode(plan, (eda_bytes){.ptr = bytes, .len = len}, planned));
    }
    assert_false(edai_cbor_plan_decode(
        plan, (eda_bytes){.ptr = writer.data, .len = writer.used + 1}, planned));
    free(writer.data);
    free(bytes);
    free(planned);
    free(plan);
}

static void every_kind_is_written_and_read_as_by_the_long_way(void **state)
{
    const uint64_t numbers[] = {0, 23, 24, UINT8_MAX, UINT8_MAX + 1, UINT16_MAX, UINT16_MAX + 1,
        UINT32_MAX, (uint64_t)UINT32_MAX + 1, INT64_MAX, UINT64_MAX};

    (void)state;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        assert_alike(EDA_MSG(sample_scalars, .i8 = (int8_t)numbers[i], .i16 = (int16_t)numbers[i],
            .i32 = (int32_t)numbers[i], .i64 = (int64_t)numbers[i], .u8 = (uint8_t)numbers[i],
            .u16 = (uint16_t)numbers[i], .u32 = (uint32_t)numbers[i], .u64 = numbers[i]));
    }
    assert_alike(EDA_MSG(sample_scalars, .i8 = INT8_MIN, .i16 = INT16_MIN, .i32 = INT32_MIN,
        .i64 = INT64_MIN, .flag = true, .f32 = -FLT_MAX, .f64 = DBL_MIN, .at = -1,
        .lasts = INT64_MAX));
    assert_alike(EDA_MSG(plan_nothing));
}

static void strings_and_names_stand_where_they_are(void **state)
{
    char text[300];
    eda_str long_text = {.ptr = text, .len = sizeof text};

    (void)state;
    memset(text, 'x', sizeof text);
    assert_alike(EDA_MSG(
        sample_scalars, .text = EDA_STR("d\xc3\xb6r"), .raw = {(const uint8_t *)"\xff\x00", 2}));
    assert_alike(EDA_MSG(sample_scalars, .text = long_text, .mode = SAMPLE_HELD));
    assert_alike(
        EDA_MSG(plan_walk, .from = {1, -5, {EDA_STR("b"), 9}}, .way = long_text, .to = {.y = 5}));
}

static void what_is_not_valid_is_left_and_nothing_is_written(void **state)
{
    edai_cbor_plan *plan = plan_of(&eda_type_sample_scalars);
    edai_cbor_plan *walk = plan_of(&eda_type_plan_walk);
    edai_writer writer = {.data = NULL};
    const sample_scalars wrong[] = {{.f32 = NAN}, {.f64 = INFINITY}, {.text = {"\xff", 1}},
        {.raw = {NULL, 1}}, {.mode = (sample_mode)77},
        {.raw = {(const uint8_t *)&writer, EDA_CODEC_SIZE_MAX + 1}}};

    (void)state;
    edai_writer_put(&writer, "abc", 3);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_false(edai_cbor_plan_append(plan, &writer, &wrong[i]));
        assert_int_equal(writer.used, 3);
        assert_int_equal(writer.status, EDA_OK);
    }
    assert_false(edai_cbor_plan_append(walk, &writer, &(plan_walk){.to = {.y = 6}}));
    assert_int_equal(writer.used, 3);
    free(writer.data);
    free(walk);
    free(plan);
}

/* {"from": {"x": ., "y": Y, ...}, ...} with one byte changed is refused, or read as the long way
 * reads it. */
static void a_byte_changed_is_refused_or_means_what_it_says(void **state)
{
    const eda_value value = EDA_MSG(
        plan_walk, .from = {300, 3, {EDA_STR("b"), 9}}, .way = EDA_STR("up"), .to = {.y = -4});
    edai_cbor_plan *plan = plan_of(value.type);
    plan_walk planned;
    uint8_t *bytes = NULL;
    size_t len = 0;

    (void)state;
    assert_int_equal(eda_cbor_encode(value, &bytes, &len), EDA_OK);
    for (size_t i = 0; i < 256 * len; i++) {
        uint8_t before = bytes[i / 256];
        void *decoded = NULL;

        bytes[i / 256] = (uint8_t)i;
        if (edai_cbor_plan_decode(plan, (eda_bytes){.ptr = bytes, .len = len}, &planned)) {
            assert_int_equal(
                eda_cbor_decode(value.type, (eda_bytes){.ptr = bytes, .len = len}, &decoded, NULL),
                EDA_OK);
            assert_true(sample_equal(value.type, decoded, &planned));
            free(decoded);
        }
        bytes[i / 256] = before;
    }
    free(bytes);
    free(plan);
}

/* A batch may hold more than a message may be large. */
static void what_stands_before_does_not_count(void **state)
{
    static const uint8_t kilobyte[1024];
    edai_cbor_plan *plan = plan_of(&eda_type_sample_scalars);
    const sample_scalars message = {.raw = {kilobyte, sizeof kilobyte}, .i32 = 7};
    edai_writer writer = {.data = NULL};
    sample_scalars again;
    size_t before = 0;

    (void)state;
    while (writer.used < (size_t)3 * EDA_CODEC_SIZE_MAX) {
        before = writer.used;
        assert_true(edai_cbor_plan_append(plan, &writer, &message));
        assert_int_equal(writer.start, 0);
    }
    assert_true(edai_cbor_plan_decode(
        plan, (eda_bytes){.ptr = writer.data + before, .len = writer.used - before}, &again));
    assert_true(sample_equal(&eda_type_sample_scalars, &message, &again));
    free(writer.data);
    free(plan);
}

static void types_with_lists_or_optionals_have_none(void **state)
{
    (void)state;
    assert_null(edai_cbor_plan_new(&eda_type_sample_unlock));
    assert_null(edai_cbor_plan_new(&eda_type_sample_tree));
    assert_null(edai_cbor_plan_new(&eda_type_uint32_t));
}

static void without_memory_nothing_is_lost(void **state)
{
    edai_cbor_plan *plan = plan_of(&eda_type_plan_spot);
    edai_writer writer = {.data = NULL};
    const plan_spot spot = {.x = 1};

    (void)state;
    edai_alloc_fail_at(1);
    assert_null(edai_cbor_plan_new(&eda_type_plan_spot));
    edai_alloc_fail_at(2);
    assert_null(edai_cbor_plan_new(&eda_type_plan_spot));
    edai_alloc_fail_at(1);
    assert_false(edai_cbor_plan_append(plan, &writer, &spot));
    edai_alloc_fail_at(0);
    assert_true(edai_cbor_plan_append(plan, &writer, &spot));
    free(writer.data);
    free(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_is_written_and_read_as_by_the_long_way),
        cmocka_unit_test(strings_and_names_stand_where_they_are),
        cmocka_unit_test(what_is_not_valid_is_left_and_nothing_is_written),
        cmocka_unit_test(a_byte_changed_is_refused_or_means_what_it_says),
        cmocka_unit_test(what_stands_before_does_not_count),
        cmocka_unit_test(types_with_lists_or_optionals_have_none),
        cmocka_unit_test(without_memory_nothing_is_lost),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
