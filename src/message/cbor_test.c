/* cbor_test.c - the RFC's examples, what records accept and refuse, and what encoding writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "message/cbor.h"
#include "message/cbor_vectors.h"
#include "message/codec_sample.h"

#define COUNT(array_) (sizeof(array_) / sizeof((array_)[0]))

EDA_RECORD(vector_value,
    (eda_optional(bool), flag),
    (eda_optional(int64_t), i64),
    (eda_optional(uint64_t), u64),
    (eda_optional(double), f64),
    (eda_optional(eda_str), text),
    (eda_optional(eda_bytes), raw),
    (eda_list_of(int64_t), items, .may_miss = true));

EDA_RECORD(vector_spoken, (eda_optional(eda_time), at), (eda_optional(eda_duration), span),
    (eda_list_of(eda_bytes), raws, .may_miss = true));
EDA_RECORD(vector_ab, (int64_t, a), (eda_list_of(int64_t), b));
EDA_RECORD(vector_letters, (eda_str, a), (eda_str, b), (eda_str, c), (eda_str, d), (eda_str, e));
EDA_RECORD(vector_fun, (bool, Fun), (int8_t, Amt));

static uint8_t *unhex(const char *hex, uint8_t *to)
{
    for (; *hex != '\0'; hex += 2) {
        char pair[3] = {hex[0], hex[1], '\0'};
        *to++ = (uint8_t)strtoul(pair, NULL, 16);
    }
    return to;
}

/* A block of exactly that size, so that a sanitizer sees a read beyond it. */
static eda_bytes exact(const uint8_t *from, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);

    assert_non_null(copy);
    memcpy(copy, from, size);
    return (eda_bytes){.ptr = copy, .len = size};
}

static eda_bytes bytes_of(const char *hex)
{
    uint8_t buffer[512];

    return exact(buffer, (size_t)(unhex(hex, buffer) - buffer));
}

static void drop(eda_bytes bytes)
{
    void *block;

    memcpy(&block, &bytes.ptr, sizeof block); /* it was made by exact, which allocates */
    free(block);
}

static eda_status decode(
    const eda_type *type, const char *hex, void **ret_data, eda_problem *problem)
{
    eda_bytes bytes = bytes_of(hex);
    eda_status status = eda_cbor_decode(type, bytes, ret_data, problem);

    drop(bytes);
    return status;
}

/* One room for all, as nodes use it. */
static edai_cbor_room room;

static void assert_is_lent(const eda_type *type, const char *hex, const char *json)
{
    eda_bytes bytes = bytes_of(hex);
    const void *data;
    char *text;
    size_t len;

    assert_int_equal(edai_cbor_decode_lent(type, NULL, bytes, &room, &data), EDA_OK);
    assert_int_equal(eda_json_encode((eda_value){type, data}, &text, &len), EDA_OK);
    assert_string_equal(text, json);
    free(text);
    drop(bytes);
}

static int drop_room(void **state)
{
    (void)state;
    free(room.block);
    return 0;
}

static void assert_decodes(const eda_type *type, const char *hex, const char *json)
{
    void *data;
    char *text;
    size_t len;
    eda_problem problem = {.text = ""};

    assert_is_lent(type, hex, json);

    if (decode(type, hex, &data, &problem) != EDA_OK) {
        fail_msg("%s: %s", hex, problem.text);
    }
    assert_int_equal(eda_json_encode((eda_value){type, data}, &text, &len), EDA_OK);
    assert_string_equal(text, json);
    free(text);
    free(data);
}

static void assert_refused(
    const eda_type *type, const char *hex, eda_status status, const char *sentence)
{
    eda_problem problem = {.text = ""};
    void *data = &problem;

    assert_int_equal(decode(type, hex, &data, &problem), status);
    assert_string_equal(problem.text, sentence);
    assert_ptr_equal(data, &problem);
    assert_int_equal(decode(type, hex, &data, NULL), status);

    eda_bytes bytes = bytes_of(hex);
    const void *lent = &problem;
    assert_int_equal(edai_cbor_decode_lent(type, NULL, bytes, &room, &lent), status);
    assert_ptr_equal(lent, &problem);
    drop(bytes);
}

static void well_formed_examples_are_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cbor_vectors); i++) {
        eda_bytes bytes = bytes_of(cbor_vectors[i].hex);
        eda_problem problem;
        if (edai_cbor_well_formed(bytes, &problem) != EDA_OK) {
            fail_msg("%s: %s", cbor_vectors[i].hex, problem.text);
        }
        drop(bytes);
    }
}

static void well_formed_examples_cut_anywhere_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cbor_vectors); i++) {
        eda_bytes bytes = bytes_of(cbor_vectors[i].hex);
        for (size_t len = 0; len < bytes.len; len++) {
            eda_bytes cut = exact(bytes.ptr, len);
            assert_int_equal(edai_cbor_well_formed(cut, NULL), EDA_ESYNTAX);
            drop(cut);
        }
        drop(bytes);
    }
}

static void malformed_examples_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cbor_malformed); i++) {
        eda_bytes bytes = bytes_of(cbor_malformed[i]);
        if (edai_cbor_well_formed(bytes, NULL) != EDA_ESYNTAX) {
            fail_msg("%s is accepted", cbor_malformed[i]);
        }
        drop(bytes);
    }
}

/* {"field": vector} */
static size_t wrap(const char *field, const char *hex, uint8_t *buffer)
{
    size_t len = strlen(field);

    buffer[0] = 0xa1;
    buffer[1] = (uint8_t)(0x60 + len);
    memcpy(buffer + 2, field, len);
    return (size_t)(unhex(hex, buffer + 2 + len) - buffer);
}

static void assert_vector_value(const cbor_vector *vector, eda_bytes bytes)
{
    void *data;
    char wanted[200];
    char *text;
    size_t len;

    eda_status status = eda_cbor_decode(&eda_type_vector_value, bytes, &data, NULL);
    if (status != vector->status) {
        fail_msg("%s in %s gives %s", vector->hex, vector->field, eda_status_name(status));
    }
    if (status != EDA_OK) {
        return;
    }
    bool is_list = strcmp(vector->field, "items") == 0;
    (void)snprintf(wanted, sizeof wanted, "{\"%s\":%s%s}", vector->field, vector->json,
        is_list ? "" : ",\"items\":[]");
    assert_int_equal(
        eda_json_encode((eda_value){&eda_type_vector_value, data}, &text, &len), EDA_OK);
    assert_string_equal(text, wanted);
    free(text);
    free(data);
}

static void examples_in_fields_have_their_values(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cbor_vectors); i++) {
        const cbor_vector *vector = &cbor_vectors[i];
        uint8_t buffer[512];
        const char *field = vector->field != NULL ? vector->field : "unknown";
        size_t size = wrap(field, vector->hex, buffer);
        eda_bytes bytes = exact(buffer, size);
        if (vector->field != NULL) {
            assert_vector_value(vector, bytes);
        }
        drop(bytes);
        for (size_t len = 0; len < size; len++) {
            void *data;
            bytes = exact(buffer, len);
            assert_int_equal(
                eda_cbor_decode(&eda_type_vector_value, bytes, &data, NULL), EDA_ESYNTAX);
            drop(bytes);
        }
    }
}

static void examples_in_unknown_fields_are_skipped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(cbor_vectors) + COUNT(cbor_malformed); i++) {
        uint8_t buffer[512];
        bool is_good = i < COUNT(cbor_vectors);
        const char *hex = is_good ? cbor_vectors[i].hex : cbor_malformed[i - COUNT(cbor_vectors)];
        void *data;
        eda_bytes bytes = exact(buffer, wrap("other", hex, buffer));
        eda_status status = eda_cbor_decode(&eda_type_vector_value, bytes, &data, NULL);
        assert_int_equal(status, is_good ? EDA_OK : EDA_ESYNTAX);
        if (is_good) {
            free(data);
        }
        drop(bytes);
    }
}

static void example_maps_decode_as_records(void **state)
{
    (void)state;
    assert_decodes(&eda_type_vector_ab, "a26161016162820203", "{\"a\":1,\"b\":[2,3]}");
    assert_decodes(&eda_type_vector_ab, "bf61610161629f0203ffff", "{\"a\":1,\"b\":[2,3]}");
    assert_decodes(&eda_type_vector_letters, "a56161614161626142616361436164614461656145",
        "{\"a\":\"A\",\"b\":\"B\",\"c\":\"C\",\"d\":\"D\",\"e\":\"E\"}");
    assert_decodes(&eda_type_vector_fun, "bf6346756ef563416d7421ff", "{\"Fun\":true,\"Amt\":-2}");
    assert_decodes(&eda_type_vector_value, "a0", "{\"items\":[]}");
    assert_refused(&eda_type_vector_value, "a201020304", EDA_EINVAL,
        "vector_value has a key that is not text");
    assert_refused(&eda_type_vector_value, "80", EDA_EINVAL, "vector_value is not a map");
}

static void integers_outside_their_kind_are_refused(void **state)
{
    (void)state;
    assert_refused(&eda_type_vector_fun, "a26346756ef563416d741880", EDA_ERANGE,
        "vector_fun.Amt is 128; allowed: -128 to 127");
    assert_refused(&eda_type_vector_fun, "a26346756ef563416d743bffffffffffffffff", EDA_ERANGE,
        "vector_fun.Amt is -18446744073709551616; allowed: -128 to 127");
    assert_decodes(&eda_type_vector_value, "a16369363425", "{\"i64\":-6,\"items\":[]}");
    assert_refused(&eda_type_vector_value, "a163693634f93c00", EDA_EINVAL,
        "vector_value.i64 is not an integer");
    assert_refused(&eda_type_vector_value, "a16375363420", EDA_ERANGE,
        "vector_value.u64 is -1; allowed: 0 to 18446744073709551615");
    assert_refused(&eda_type_vector_value, "a1636936341bffffffffffffffff", EDA_ERANGE,
        "vector_value.i64 is 18446744073709551615; allowed: -9223372036854775808 to "
        "9223372036854775807");
}

static void reals_accept_integers(void **state)
{
    (void)state;
    assert_decodes(&eda_type_vector_value, "a16366363403", "{\"f64\":3.0,\"items\":[]}");
    assert_decodes(&eda_type_vector_value, "a1636636343b7fffffffffffffff",
        "{\"f64\":-9.223372036854776e+18,\"items\":[]}");
    assert_decodes(&eda_type_vector_value, "a1636636343bffffffffffffffff",
        "{\"f64\":-1.8446744073709552e+19,\"items\":[]}");
}

static void floats_refuse_what_overflows_them(void **state)
{
    (void)state;
    assert_refused(&eda_type_sample_any, "a163663332fb7e37e43c8800759c", EDA_ERANGE,
        "sample_any.f32 is 1e+300; allowed: -3.40282347e+38 to 3.40282347e+38");
}

static void keys_twice_are_refused(void **state)
{
    (void)state;
    assert_refused(&eda_type_vector_ab, "a3616101616280616102", EDA_ESYNTAX,
        "vector_ab has the key \"a\" twice");
    assert_refused(&eda_type_vector_value, "a3617801617902617803", EDA_ESYNTAX,
        "vector_value has the key \"x\" twice");
    /* once in one piece, once in chunks */
    assert_refused(&eda_type_vector_value, "bf63787879017f6178627879ff02ff", EDA_ESYNTAX,
        "vector_value has the key \"xxy\" twice");
    assert_decodes(&eda_type_vector_value, "bf627878017f6178627879ff02ff", "{\"items\":[]}");
    /* two records may have the same unknown key */
    assert_decodes(&eda_type_sample_tree, "a2617801686368696c6472656e81a1617802",
        "{\"name\":\"\",\"children\":[{\"name\":\"\",\"children\":[]}]}");
}

static void keys_in_chunks_are_found(void **state)
{
    (void)state;
    assert_decodes(&eda_type_vector_value, "bf7f6169623634ff05ff", "{\"i64\":5,\"items\":[]}");
    assert_decodes(&eda_type_vector_value, "bf7fff05ff", "{\"items\":[]}");
}

static void text_that_is_not_utf8_is_refused(void **state)
{
    (void)state;
    /* as value, in an unknown field, as key, and a sequence split over two chunks */
    assert_refused(&eda_type_vector_value, "a1647465787461ff", EDA_ESYNTAX,
        "CBOR is malformed at byte 6 of 8");
    assert_refused(
        &eda_type_vector_value, "a1617862c328", EDA_ESYNTAX, "CBOR is malformed at byte 3 of 6");
    assert_refused(
        &eda_type_vector_value, "a161ff01", EDA_ESYNTAX, "CBOR is malformed at byte 1 of 4");
    assert_refused(&eda_type_vector_value, "a164746578747f61c361bcff", EDA_ESYNTAX,
        "CBOR is malformed at byte 7 of 12");
}

static void bytes_behind_the_item_are_refused(void **state)
{
    (void)state;
    assert_refused(&eda_type_vector_value, "a000", EDA_ESYNTAX, "CBOR is malformed at byte 1 of 2");
    assert_refused(&eda_type_vector_value, "", EDA_ESYNTAX, "CBOR is empty");
}

static void lengths_near_the_end_of_64_bits_are_refused(void **state)
{
    char hex[40];

    (void)state;
    for (unsigned low = 0; low < 256; low++) {
        const char *const heads[] = {"5b", "7b", "9b", "bb"};
        for (size_t i = 0; i < COUNT(heads); i++) {
            (void)snprintf(hex, sizeof hex, "%sffffffffffffff%02x0000", heads[i], low);
            eda_bytes bytes = bytes_of(hex);
            assert_int_equal(edai_cbor_well_formed(bytes, NULL), EDA_ESYNTAX);
            drop(bytes);
        }
        (void)snprintf(hex, sizeof hex, "bb80000000000000%02x0000", low);
        eda_bytes bytes = bytes_of(hex);
        assert_int_equal(edai_cbor_well_formed(bytes, NULL), EDA_ESYNTAX);
        drop(bytes);
    }
}

static void nesting_beyond_the_bound_is_refused(void **state)
{
    char hex[200];
    size_t len = 0;

    (void)state;
    for (int i = 0; i < EDA_CODEC_DEPTH_MAX; i++) {
        len += (size_t)snprintf(hex + len, sizeof hex - len, "81");
    }
    (void)snprintf(hex + len, sizeof hex - len, "00");
    eda_bytes bytes = bytes_of(hex);
    assert_int_equal(edai_cbor_well_formed(bytes, NULL), EDA_OK);
    drop(bytes);
    (void)snprintf(hex + len, sizeof hex - len, "8100");
    assert_refused(&eda_type_vector_value, hex, EDA_ERANGE, "CBOR is nested deeper than 32 levels");
}

static void null_is_for_optionals_only(void **state)
{
    (void)state;
    assert_decodes(&eda_type_vector_value, "a163693634f6", "{\"items\":[]}");
    assert_refused(&eda_type_vector_ab, "a26161f6616280", EDA_EINVAL, "vector_ab.a is null");
    assert_refused(&eda_type_vector_ab, "a1616280", EDA_EINVAL, "vector_ab.a is missing");
}

/* As JSON has them: who makes CBOR of it does not know the types. */
static void bytes_times_and_durations_may_be_text(void **state)
{
    (void)state;
    assert_decodes(
        &eda_type_vector_value, "a163726177644151493d", "{\"raw\":\"AQI=\",\"items\":[]}");
    assert_decodes(&eda_type_vector_value, "a16372617760", "{\"raw\":\"\",\"items\":[]}");
    assert_decodes(&eda_type_vector_value, "a1637536346137", "{\"u64\":7,\"items\":[]}");
    assert_decodes(&eda_type_vector_spoken,
        "a3"
        "62617476323032362d31312d32325431333a34323a32322e355a"
        "647370616e64312e3573"
        "64726177738242ff00644151493d",
        "{\"at\":\"2026-11-22T13:42:22.5Z\",\"span\":\"1.5s\",\"raws\":[\"/wA=\",\"AQI=\"]}");
    assert_decodes(&eda_type_vector_spoken, /* tag 0 */
        "a1"
        "626174c076323032362d31312d32325431333a34323a32322e355a",
        "{\"at\":\"2026-11-22T13:42:22.5Z\",\"raws\":[]}");
}

static void text_that_says_no_such_value_is_refused(void **state)
{
    (void)state;
    assert_refused(
        &eda_type_vector_value, "a16372617763415149", EDA_EINVAL, "vector_value.raw is not base64");
    assert_refused(&eda_type_vector_value, "a163753634622d37", EDA_EINVAL,
        "vector_value.u64 is not a decimal number of 64 bits");
    assert_refused(
        &eda_type_vector_value, "a1636936346137", EDA_EINVAL, "vector_value.i64 is not an integer");
    assert_refused(&eda_type_vector_spoken, "a1626174646e6f6f6e", EDA_EINVAL,
        "vector_spoken.at is not a time such as \"2026-11-22T13:42:22.5Z\"");
    assert_refused(
        &eda_type_vector_spoken, "a1626174c100", EDA_EINVAL, "vector_spoken.at is tagged");
    assert_refused(
        &eda_type_vector_spoken, "a1626174c000", EDA_EINVAL, "vector_spoken.at is tagged");
    assert_refused(&eda_type_vector_spoken, "a1647370616ec0623173", EDA_EINVAL,
        "vector_spoken.span is tagged");
    assert_refused(&eda_type_vector_spoken, "a1647370616e64736f6f6e", EDA_EINVAL,
        "vector_spoken.span is not a duration such as \"250ms\" or \"1h30m0s\"");
}

static void strings_and_bytes_are_not_each_other(void **state)
{
    (void)state;
    assert_refused(
        &eda_type_vector_value, "a1647465787440", EDA_EINVAL, "vector_value.text is not a string");
    assert_refused(&eda_type_vector_value,
        "a163726177"
        "7f6161ff",
        EDA_EINVAL, "vector_value.raw is not bytes");
    assert_refused(&eda_type_vector_value,
        "a16474657874"
        "5f4161ff",
        EDA_EINVAL, "vector_value.text is not of the declared type");
}

static void enums_travel_by_name(void **state)
{
    void *data;

    (void)state;
    assert_int_equal(decode(&eda_type_sample_any, "a1646d6f6465646f70656e", &data, NULL), EDA_OK);
    assert_true(((sample_any *)data)->mode.is_set);
    assert_int_equal(((sample_any *)data)->mode.value, SAMPLE_OPEN);
    free(data);
    assert_int_equal(
        decode(&eda_type_sample_any, "a1646d6f64657f626f7062656eff", &data, NULL), EDA_OK);
    assert_int_equal(((sample_any *)data)->mode.value, SAMPLE_OPEN);
    free(data);
    assert_refused(&eda_type_sample_any, "a1646d6f64656473687574", EDA_EINVAL,
        "sample_any.mode is \"shut\", which is no name of sample_mode");
}

static void encoding_is_short_and_in_order(void **state)
{
    static const uint8_t wanted[] = "\xa6"
                                    "\x67"
                                    "door_id"
                                    "\x65"
                                    "front"
                                    "\x65"
                                    "floor"
                                    "\x20"
                                    "\x66"
                                    "holder"
                                    "\xa2\x62"
                                    "id\x61"
                                    "7\x65"
                                    "level\x03"
                                    "\x66"
                                    "guests"
                                    "\x80"
                                    "\x67"
                                    "attempt"
                                    "\x01"
                                    "\x67"
                                    "is_test"
                                    "\xf5";
    uint8_t *bytes;
    size_t size;

    (void)state;
    assert_int_equal(eda_cbor_encode(EDA_MSG(sample_unlock, .door_id = EDA_STR("front"),
                                         .floor = -1, .holder = {.id = EDA_STR("7"), .level = 3},
                                         .attempt = 1, .is_test = true),
                         &bytes, &size),
        EDA_OK);
    assert_int_equal(size, sizeof wanted - 1);
    assert_memory_equal(bytes, wanted, size);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(well_formed_examples_are_accepted),
        cmocka_unit_test(well_formed_examples_cut_anywhere_are_refused),
        cmocka_unit_test(malformed_examples_are_refused),
        cmocka_unit_test(examples_in_fields_have_their_values),
        cmocka_unit_test(examples_in_unknown_fields_are_skipped),
        cmocka_unit_test(example_maps_decode_as_records),
        cmocka_unit_test(integers_outside_their_kind_are_refused),
        cmocka_unit_test(reals_accept_integers),
        cmocka_unit_test(floats_refuse_what_overflows_them),
        cmocka_unit_test(keys_twice_are_refused),
        cmocka_unit_test(keys_in_chunks_are_found),
        cmocka_unit_test(text_that_is_not_utf8_is_refused),
        cmocka_unit_test(bytes_behind_the_item_are_refused),
        cmocka_unit_test(lengths_near_the_end_of_64_bits_are_refused),
        cmocka_unit_test(nesting_beyond_the_bound_is_refused),
        cmocka_unit_test(null_is_for_optionals_only),
        cmocka_unit_test(bytes_times_and_durations_may_be_text),
        cmocka_unit_test(text_that_says_no_such_value_is_refused),
        cmocka_unit_test(strings_and_bytes_are_not_each_other),
        cmocka_unit_test(enums_travel_by_name),
        cmocka_unit_test(encoding_is_short_and_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, drop_room);
}
