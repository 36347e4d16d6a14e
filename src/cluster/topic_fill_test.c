/* topic_fill_test.c - payloads that leave out what the topic says. */
#include "cluster/topic_fill.h"

#include "base/memory.h"
#include <edacious/declare.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

EDA_MESSAGE(gate, "gate/{name}/{floor}/{number}", (eda_str, name), (int16_t, floor),
    (uint64_t, number), (uint32_t, hold));

static edai_msg msg;

static int set_up(void **state)
{
    (void)state;
    msg = (edai_msg){.type = &eda_type_gate};
    return edai_template_new(&eda_type_gate, &msg.template, NULL) == EDA_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    edai_template_free(msg.template);
    return 0;
}

static void fills(eda_str encoding, const void *bytes, size_t len)
{
    const eda_bytes payload = {.ptr = bytes, .len = len};
    eda_problem problem = {.text = ""};
    void *data = NULL;
    const gate *made;

    if (edai_topic_fill(&msg, EDA_STR("gate/front/-2/18446744073709551615"), encoding, payload,
            &data, &problem) != EDA_OK) {
        fail_msg("%s", problem.text);
    }
    made = data;
    assert_true(eda_str_equal(made->name, EDA_STR("front")));
    assert_int_equal(made->floor, -2);
    assert_true(made->number == UINT64_MAX);
    assert_int_equal(made->hold, 5);
    edai_free(data);
}

static eda_status refuses(eda_str encoding, const void *bytes, size_t len)
{
    const eda_bytes payload = {.ptr = bytes, .len = len};
    eda_problem problem = {.text = ""};
    void *data = NULL;
    eda_status status = edai_topic_fill(
        &msg, EDA_STR("gate/front/-2/18446744073709551615"), encoding, payload, &data, &problem);

    assert_null(data);
    assert_true(status == EDA_OK || problem.text[0] != '\0');
    if (eda_str_equal(encoding, EDA_STR("image/png"))) {
        assert_non_null(strstr(problem.text, "application/cbor, and this is image/png"));
    }
    return status;
}

static void json_and_cbor_are_filled_alike(void **state)
{
    static const uint8_t definite[] = {0xa1, 0x64, 'h', 'o', 'l', 'd', 5};
    static const uint8_t open[] = {0xbf, 0x64, 'h', 'o', 'l', 'd', 5, 0xff};
    static const uint8_t both[] = {
        0xa2, 0x64, 'h', 'o', 'l', 'd', 5, 0x65, 'f', 'l', 'o', 'o', 'r', 0x21};

    (void)state;
    fills(EDA_STR("application/json"), "{\"hold\":5}", 10);
    fills(EDA_STR("application/json"), "{\"hold\":5,\"floor\":-2}", 21);
    fills(EDA_STR("application/cbor"), definite, sizeof(definite));
    fills(EDA_STR("application/cbor"), open, sizeof(open));
    fills(EDA_STR("application/cbor"), both, sizeof(both));
}

static void what_differs_from_the_topic_is_refused(void **state)
{
    static const uint8_t other[] = {
        0xa2, 0x64, 'h', 'o', 'l', 'd', 5, 0x65, 'f', 'l', 'o', 'o', 'r', 0x20};
    static const uint8_t twice[] = {0xa2, 0x64, 'h', 'o', 'l', 'd', 5, 0x64, 'h', 'o', 'l', 'd', 5};
    static const uint8_t no_map[] = {0x81, 5};

    (void)state;
    assert_int_equal(
        refuses(EDA_STR("application/json"), "{\"hold\":5,\"floor\":-1}", 21), EDA_EINVAL);
    assert_int_equal(refuses(EDA_STR("application/cbor"), other, sizeof(other)), EDA_EINVAL);
    assert_int_not_equal(refuses(EDA_STR("application/cbor"), twice, sizeof(twice)), EDA_OK);
    assert_int_equal(refuses(EDA_STR("application/cbor"), no_map, sizeof(no_map)), EDA_EINVAL);
    assert_int_equal(refuses(EDA_STR("application/cbor"), "\xa1", 1), EDA_ESYNTAX);
    assert_int_equal(refuses(EDA_STR("application/json"), "", 0), EDA_EINVAL); /* hold is missing */
    assert_int_equal(refuses(EDA_STR("application/cbor"), "", 0), EDA_EINVAL);
    assert_int_equal(refuses(EDA_STR("image/png"), "x", 1), EDA_EINVAL);
}

static void encodings_are_told_by_their_mime_type(void **state)
{
    (void)state;
    assert_int_equal(edai_encoding_of(EDA_STR("")), EDAI_ENCODING_JSON);
    assert_int_equal(
        edai_encoding_of(EDA_STR("application/json; charset=utf-8")), EDAI_ENCODING_JSON);
    assert_int_equal(
        edai_encoding_of(EDA_STR("application/x-www-form-urlencoded")), EDAI_ENCODING_JSON);
    assert_int_equal(edai_encoding_of(EDA_STR("application/cbor")), EDAI_ENCODING_CBOR);
    assert_int_equal(edai_encoding_of(EDA_STR("application/cdr")), EDAI_ENCODING_OTHER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_and_cbor_are_filled_alike),
        cmocka_unit_test(what_differs_from_the_topic_is_refused),
        cmocka_unit_test(encodings_are_told_by_their_mime_type),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
