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

static void fills(edai_encoding encoding, const void *bytes, size_t len)
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

static eda_status refuses(edai_encoding encoding, const void *bytes, size_t len)
{
    const eda_bytes payload = {.ptr = bytes, .len = len};
    eda_problem problem = {.text = ""};
    void *data = NULL;
    eda_status status = edai_topic_fill(
        &msg, EDA_STR("gate/front/-2/18446744073709551615"), encoding, payload, &data, &problem);

    assert_null(data);
    assert_true(status == EDA_OK || problem.text[0] != '\0');
    return status;
}

static void json_and_cbor_are_filled_alike(void **state)
{
    static const uint8_t definite[] = {0xa1, 0x64, 'h', 'o', 'l', 'd', 5};
    static const uint8_t open[] = {0xbf, 0x64, 'h', 'o', 'l', 'd', 5, 0xff};
    static const uint8_t both[] = {
        0xa2, 0x64, 'h', 'o', 'l', 'd', 5, 0x65, 'f', 'l', 'o', 'o', 'r', 0x21};

    (void)state;
    fills(EDAI_ENCODING_JSON, "{\"hold\":5}", 10);
    fills(EDAI_ENCODING_JSON, "{\"hold\":5,\"floor\":-2}", 21);
    fills(EDAI_ENCODING_CBOR, definite, sizeof(definite));
    fills(EDAI_ENCODING_CBOR, open, sizeof(open));
    fills(EDAI_ENCODING_CBOR, both, sizeof(both));
}

static void what_differs_from_the_topic_is_refused(void **state)
{
    static const uint8_t other[] = {
        0xa2, 0x64, 'h', 'o', 'l', 'd', 5, 0x65, 'f', 'l', 'o', 'o', 'r', 0x20};
    static const uint8_t twice[] = {0xa2, 0x64, 'h', 'o', 'l', 'd', 5, 0x64, 'h', 'o', 'l', 'd', 5};
    static const uint8_t no_map[] = {0x81, 5};

    (void)state;
    assert_int_equal(refuses(EDAI_ENCODING_JSON, "{\"hold\":5,\"floor\":-1}", 21), EDA_EINVAL);
    assert_int_equal(refuses(EDAI_ENCODING_CBOR, other, sizeof(other)), EDA_EINVAL);
    assert_int_not_equal(refuses(EDAI_ENCODING_CBOR, twice, sizeof(twice)), EDA_OK);
    assert_int_equal(refuses(EDAI_ENCODING_CBOR, no_map, sizeof(no_map)), EDA_EINVAL);
    assert_int_equal(refuses(EDAI_ENCODING_CBOR, "\xa1", 1), EDA_ESYNTAX);
    assert_int_equal(refuses(EDAI_ENCODING_JSON, "", 0), EDA_EINVAL); /* hold is missing */
    assert_int_equal(refuses(EDAI_ENCODING_CBOR, "", 0), EDA_EINVAL);
    assert_int_equal(refuses(EDAI_ENCODING_OTHER, "x", 1), EDA_EINVAL);
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
